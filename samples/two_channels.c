/* two_channels.c - a telephone call with a speaker on each channel, from a buffer in memory: prints a conversation in
 * order of time, and stops after as many segments as are asked for.
 *   two_channels CALL.wav [SEGMENTS]
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <utter.h>

struct conversation {
    long left; /* segments still wanted */
};

/* Called for each segment as it is finished; nonzero ends the transcription. */
static int on_segment(void *context, const struct utter_segment *segment)
{
    struct conversation *conversation = context;
    printf("%s %7.2f  %s\n", segment->channel == 0 ? "agent   " : "customer", segment->start, segment->text);
    return --conversation->left <= 0;
}

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    char *data = NULL;
    long length;
    if (file && fseek(file, 0, SEEK_END) == 0 && (length = ftell(file)) > 0 && fseek(file, 0, SEEK_SET) == 0)
        data = malloc((size_t)length);
    *size = data ? fread(data, 1, (size_t)length, file) : 0;
    if (file)
        fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    struct utter_transcript *transcript = NULL;
    struct utter_source source;
    struct utter_transcribe_params params;
    struct conversation conversation = {argc > 2 ? atol(argv[2]) : 1000000};

    utter_source_init(&source);
    source.data = argc > 1 ? read_file(argv[1], &source.size) : NULL;
    source.name = argc > 1 ? argv[1] : NULL;
    if (!source.data) {
        fprintf(stderr, "usage: %s CALL.wav [SEGMENTS]\n", argv[0]);
        return 2;
    }
    utter_transcribe_params_init(&params);
    params.channels = UTTER_CHANNELS_SPLIT;
    params.segment = on_segment;
    params.segment_context = &conversation;
    int error = utter_engine_open(&engine, NULL);
    if (error >= 0)
        error = utter_model_open(engine, NULL, NULL, &model);
    if (error >= 0)
        error = utter_transcribe(model, &source, &params, &transcript);
    if (error < 0 && error != UTTER_ERROR_CANCELLED)
        fprintf(stderr, "%s\n", utter_error_message());
    utter_transcript_free(&transcript);
    utter_model_close(&model);
    utter_engine_close(&engine);
    free((void *)source.data);
    return error < 0 && error != UTTER_ERROR_CANCELLED;
}
