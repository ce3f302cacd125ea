/* repeat_batch DEVICE COUNT FILE: transcribes the file so many times on one device and compares every word, its times
 * and its confidence with the first run's, bit for bit. Status 1 where one differs. */
#include "src/include/utter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int same_words(const struct utter_segment *a, const struct utter_segment *b)
{
    if (a->word_count != b->word_count || strcmp(a->text, b->text) != 0)
        return 0;
    for (size_t i = 0; i < a->word_count; i++)
        if (a->words[i].start != b->words[i].start || a->words[i].end != b->words[i].end ||
            a->words[i].confidence != b->words[i].confidence)
            return 0;
    return 1;
}

static int same(const struct utter_transcript *a, const struct utter_transcript *b)
{
    if (a->segment_count != b->segment_count)
        return 0;
    for (size_t i = 0; i < a->segment_count; i++)
        if (!same_words(&a->segments[i], &b->segments[i]))
            return 0;
    return 1;
}

static int repeat(utter_model *model, const struct utter_source *source, int count)
{
    struct utter_transcript *first = NULL, *next = NULL;
    int differ = 0;
    if (utter_transcribe(model, source, NULL, &first) < 0)
        return -1;
    for (int i = 1; i < count; i++) {
        if (utter_transcribe(model, source, NULL, &next) < 0) {
            utter_transcript_free(&first);
            return -1;
        }
        differ += !same(first, next);
        utter_transcript_free(&next);
    }
    utter_transcript_free(&first);
    return differ;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    struct utter_engine_params params;
    struct utter_source source;
    if (argc != 4) {
        fprintf(stderr, "usage: repeat_batch DEVICE COUNT FILE\n");
        return 2;
    }
    utter_engine_params_init(&params);
    utter_source_init(&source);
    params.device = argv[1];
    source.path = argv[3];
    int count = atoi(argv[2]), differ = -1;
    if (utter_engine_open(&engine, &params) == 0 && utter_model_open(engine, NULL, NULL, &model) == 0)
        differ = repeat(model, &source, count);
    if (differ < 0)
        fprintf(stderr, "%s\n", utter_error_message());
    else
        printf("%d runs on %s, %d of them other than the first\n", count, argv[1], differ);
    utter_model_close(&model);
    utter_engine_close(&engine);
    return differ != 0;
}
