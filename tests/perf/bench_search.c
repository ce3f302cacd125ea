/* bench_search.c - the CTC search alone over scores that ctc_scores.c wrote: texts and times, for peers_ctc.py.
 *
 *     bench_search MODEL SCORES BEAM LM|none [WEIGHT BONUS UNKNOWN LETTER PENALTY [REPEATS]]
 *
 * Prints a line of text for each recording, and on standard error the processor's seconds of the fastest of REPEATS (3)
 * runs over all of them, one thread, texts included. */
#include "decoder/search/ctc.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"
#include "src/model.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct recording {
    int32_t frames, vocabulary;
    const float *scores; /* [frames, vocabulary] */
};

static struct recording *recordings;
static size_t recording_count;

static int read_scores(const char *path)
{
    struct mapping *mapping = memory_new(1, sizeof *mapping); /* for as long as the program runs */
    struct fault fault = {0};
    if (!mapping || mapping_open(mapping, path, &fault))
        return -1;
    const unsigned char *at = mapping->data, *end = at + mapping->size;
    size_t capacity = 0;
    while ((size_t)(end - at) >= 2 * sizeof(int32_t)) {
        void *grown = recordings;
        struct recording r;
        memcpy(&r, at, 2 * sizeof(int32_t));
        at += 2 * sizeof(int32_t);
        size_t bytes = (size_t)r.frames * (size_t)r.vocabulary * sizeof(float);
        if (bytes > (size_t)(end - at) || !memory_grow(&grown, &capacity, recording_count + 1, sizeof r))
            return -1;
        r.scores = (const float *)(const void *)at;
        recordings = grown;
        recordings[recording_count++] = r;
        at += bytes;
    }
    return 0;
}

/* Of this process: others may have the processor in between. */
static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int search(const struct tokenizer *tokenizer, const struct recording *r, const struct ctc_params *params,
                  bool print)
{
    struct ctc_result result;
    struct fault fault = {0};
    static char text[65536];
    if (ctc_decode(r->scores, r->frames, r->vocabulary, params, &result, &fault)) {
        fprintf(stderr, "bench_search: %s\n", fault.message);
        return -1;
    }
    const struct ctc_hypothesis *h = &result.best[0];
    int *ids = memory_new(h->count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < h->count; i++)
        ids[i] = h->tokens[i].id;
    if (ids)
        tokenizer_decode(tokenizer, ids, h->count, text, sizeof text);
    if (print)
        puts(text);
    free(ids);
    ctc_free(&result);
    return ids ? 0 : -1;
}

static int search_all(const struct utter_model *model, const struct ctc_params *params, int repeats)
{
    double best = INFINITY;
    for (int i = 0; i < repeats; i++) {
        double began = processor_seconds();
        for (size_t k = 0; k < recording_count; k++)
            if (search(model->tokenizer, &recordings[k], params, i == 0))
                return 1;
        best = fmin(best, processor_seconds() - began);
    }
    fprintf(stderr, "%.6f\n", best);
    return 0;
}

static int run(const struct utter_model *model, int argc, char **argv)
{
    struct language_model *lm = NULL;
    struct fault fault = {0};
    struct guide guide = {.weights = {.weight = 0.3, .bonus = 0.3, .unknown = -12.0, .letter = 0.3}};
    struct ctc_params params = {.blank = fastconformer_get_config(model->network)->blank,
                                .beam = atoi(argv[3]),
                                .guide = &guide,
                                .spelling = model->spelling,
                                .blank_penalty = 0.7,
                                .recombine = true};
    if (argc > 9) {
        guide.weights = (struct fusion_params){atof(argv[5]), atof(argv[6]), atof(argv[7]), atof(argv[8])};
        params.blank_penalty = atof(argv[9]);
    }
    if (strcmp(argv[4], "none") && language_model_open(&lm, argv[4], model->spelling, false, &fault)) {
        fprintf(stderr, "bench_search: %s\n", fault.message);
        return 1;
    }
    guide.fusion = lm ? language_model_fusion(lm) : NULL;
    int status = search_all(model, &params, argc > 10 ? atoi(argv[10]) : 3);
    language_model_close(&lm);
    return status;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    if (argc < 5 || read_scores(argv[2])) {
        fprintf(stderr,
                "usage: bench_search MODEL SCORES BEAM LM|none [WEIGHT BONUS UNKNOWN LETTER PENALTY [REPEATS]]\n");
        return 2;
    }
    int status = 1;
    if (utter_engine_open(&engine, NULL) < 0 || utter_model_open(engine, argv[1], NULL, &model) < 0 || !model->network)
        fprintf(stderr, "bench_search: %s\n", utter_error_message());
    else
        status = run(model, argc, argv);
    utter_model_close(&model);
    utter_engine_close(&engine);
    free(recordings);
    return status;
}
