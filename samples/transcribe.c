/* transcribe.c - the shortest way from a recording to its text.
 *   transcribe RECORDING [MODEL]
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <utter.h>

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    struct utter_transcript *transcript = NULL;
    struct utter_source source;
    int status = 1;

    if (argc < 2) {
        fprintf(stderr, "usage: %s RECORDING [MODEL]\n", argv[0]);
        return 2;
    }
    utter_source_init(&source);
    source.path = argv[1];
    if (utter_engine_open(&engine, NULL) < 0 || utter_model_open(engine, argc > 2 ? argv[2] : NULL, NULL, &model) < 0 ||
        utter_transcribe(model, &source, NULL, &transcript) < 0) {
        fprintf(stderr, "%s\n", utter_error_message());
        goto done;
    }
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct utter_segment *segment = &transcript->segments[i];
        printf("%8.2f %8.2f  %3.0f%%  %s\n", segment->start, segment->end, 100 * segment->confidence, segment->text);
    }
    if (transcript->warning[0])
        fprintf(stderr, "%s\n", transcript->warning);
    status = 0;
done:
    utter_transcript_free(&transcript);
    utter_model_close(&model);
    utter_engine_close(&engine);
    return status;
}
