/* redact.c - a recording of a call, without the numbers of cards, telephones and social security: its text, and a copy
 * of its sound, where each channel is silent while it says one.
 *   redact RECORDING COPY [MODEL]
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <utter.h>

static int redact(utter_model *model, const struct utter_source *source, const struct utter_sink_params *copy)
{
    struct utter_transcribe_params params;
    struct utter_text_params text;
    struct utter_cover_params cover;
    struct utter_transcript *transcript = NULL;
    utter_transcribe_params_init(&params);
    utter_text_params_init(&text);
    utter_cover_params_init(&cover);
    params.channels = cover.channels = UTTER_CHANNELS_SPLIT;
    params.text = &text;
    text.redact = UTTER_REDACT_ALL;
    int error = utter_transcribe(model, source, &params, &transcript);
    if (error < 0)
        return error;
    for (size_t i = 0; i < transcript->segment_count; i++)
        printf("%d  %s\n", transcript->segments[i].channel, transcript->segments[i].text);
    for (size_t i = 0; i < transcript->redacted_count; i++)
        fprintf(stderr, "%s on channel %d, %.2f to %.2f s\n", utter_redact_name(transcript->redacted[i].kind),
                transcript->redacted[i].channel, transcript->redacted[i].start, transcript->redacted[i].end);
    error = utter_cover(source, transcript->redacted, transcript->redacted_count, &cover, copy);
    utter_transcript_free(&transcript);
    return error;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    struct utter_source source;
    struct utter_sink_params copy;

    if (argc < 3) {
        fprintf(stderr, "usage: %s RECORDING COPY [MODEL]\n", argv[0]);
        return 2;
    }
    utter_source_init(&source);
    utter_sink_params_init(&copy);
    source.path = argv[1];
    copy.path = argv[2];
    int failed = utter_engine_open(&engine, NULL) < 0 ||
                 utter_model_open(engine, argc > 3 ? argv[3] : NULL, NULL, &model) < 0 ||
                 redact(model, &source, &copy) < 0;
    if (failed)
        fprintf(stderr, "%s\n", utter_error_message());
    utter_model_close(&model);
    utter_engine_close(&engine);
    return failed;
}
