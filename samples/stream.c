/* stream.c - speech that is still going on: feeds sound as it arrives, prints each segment as soon as it is finished.
 *   arecord -q -f S16_LE -r 16000 -c 1 -t raw | stream [MODEL]
 * Standard input is raw 16-bit mono samples at 16 kHz, in the machine's byte order.
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <utter.h>

/* Prints what has become final; returns 0, or a negative enum utter_error. */
static int print_finished(utter_session *session)
{
    struct utter_segment segment;
    int got;
    while ((got = utter_session_next(session, &segment)) > 0) {
        printf("[%.2f] %s\n", segment.start, segment.text);
        fflush(stdout);
    }
    return got;
}

static int run(utter_session *session)
{
    int16_t samples[1600]; /* a tenth of a second; any other size gives the same text */
    size_t count;
    int error = 0;
    while (error >= 0 && (count = fread(samples, sizeof *samples, 1600, stdin)) > 0) {
        error = utter_session_feed_s16(session, samples, count);
        if (error >= 0)
            error = print_finished(session);
    }
    if (error >= 0)
        error = utter_session_finish(session);
    return error < 0 ? error : print_finished(session);
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    utter_session *session = NULL;
    struct utter_session_params params;

    utter_session_params_init(&params);
    params.sample_rate = 16000;
    params.batch = 1; /* a window at a time: the lowest latency */
    int error = utter_engine_open(&engine, NULL);
    if (error >= 0)
        error = utter_model_open(engine, argc > 1 ? argv[1] : NULL, NULL, &model);
    if (error >= 0)
        error = utter_session_open(model, &params, &session);
    if (error >= 0)
        error = run(session);
    if (error < 0)
        fprintf(stderr, "%s: %s\n", utter_error_name(error), utter_error_message());
    utter_session_close(&session);
    utter_model_close(&model);
    utter_engine_close(&engine);
    return error < 0;
}
