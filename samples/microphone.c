/* microphone.c - what is said into a microphone, utterance by utterance; Ctrl-C ends it.
 *   microphone [NAME|NUMBER [MODEL]]
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <utter.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    interrupted = number;
}

/* Prints what is new; returns 0, or a negative enum utter_error. */
static int print_events(utter_session *session)
{
    struct utter_event event = {.struct_size = sizeof event};
    int got;
    while ((got = utter_session_next_event(session, &event)) > 0) {
        if (event.kind == UTTER_EVENT_COMMITTED) /* this text will not change any more */
            printf("%s\n", event.segment.text);
        fflush(stdout);
    }
    return got;
}

/* Listens until an interrupt, and then reads what was captured before it. */
static int listen(utter_microphone *microphone, utter_session *session, int channels)
{
    float samples[4096];
    size_t got = 1;
    int error = 0;
    while (error >= 0 && (!interrupted || got > 0)) {
        if (interrupted)
            utter_microphone_stop(microphone);
        error = utter_microphone_read(microphone, samples, 4096 / (size_t)channels, 100, &got);
        if (error >= 0 && got > 0)
            error = utter_session_feed(session, samples, got);
        if (error >= 0)
            error = print_events(session);
    }
    int finished = utter_session_finish(session); /* a microphone that goes away takes no words along */
    finished = finished < 0 ? finished : print_events(session);
    return error < 0 ? error : finished;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    utter_session *session = NULL;
    utter_microphone *microphone = NULL;
    struct utter_microphone_params input;
    struct utter_microphone_info info = {.struct_size = sizeof info};
    struct utter_session_params params;
    struct utter_live_params live = {.struct_size = sizeof live}; /* the defaults */

    utter_microphone_params_init(&input);
    utter_session_params_init(&params);
    input.device = argc > 1 ? argv[1] : NULL;
    params.live = &live;
    signal(SIGINT, on_interrupt);
    int error = utter_engine_open(&engine, NULL);
    if (error >= 0)
        error = utter_model_open(engine, argc > 2 ? argv[2] : NULL, NULL, &model);
    if (error >= 0 && (error = utter_microphone_open(&microphone, &input)) >= 0)
        error = utter_microphone_get_info(microphone, &info);
    params.sample_rate = info.sample_rate; /* the microphone's own, where it refused 16 kHz */
    params.channel_count = info.channel_count;
    if (error >= 0 && (error = utter_session_open(model, &params, &session)) >= 0)
        error = listen(microphone, session, info.channel_count);
    if (error < 0)
        fprintf(stderr, "%s: %s\n", utter_error_name(error), utter_error_message());
    utter_microphone_close(&microphone);
    utter_session_close(&session);
    utter_model_close(&model);
    utter_engine_close(&engine);
    return error < 0;
}
