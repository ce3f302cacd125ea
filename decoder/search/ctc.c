/* ctc.c - arguments, the best path, and results. The beam is in beam.c. */
#include "decoder/search/ctc.h"

#include "decoder/search/beam.h"
#include "decoder/search/ctc_scores.h"
#include "decoder/search/spotting.h"
#include "src/base/memory.h"

#include <stdlib.h>

static int row_find(const float *row, int vocabulary, float value)
{
    int i = 0;
    for (; i + ROW_LANES <= vocabulary; i += ROW_LANES) {
        int hits = 0;
        for (int j = 0; j < ROW_LANES; j++)
            hits += row[i + j] == value;
        if (hits)
            break;
    }
    while (i < vocabulary && row[i] != value)
        i++;
    return i;
}

/* The frame's likeliest token, the lowest id among equals; the blank, with score 0, where no score is finite. */
static int best_token(const float *row, int vocabulary, int blank, double *score)
{
    float best = row_maximum(row, vocabulary);
    if (best <= FLT_MAX && best >= -FLT_MAX) {
        *score = best;
        return row_find(row, vocabulary, best);
    }
    int found = blank;
    *score = score_of_blank(row, vocabulary, blank);
    for (int i = 0; i < vocabulary; i++)
        if (score_of(row, i) > *score || (score_of(row, i) == *score && *score > -INFINITY && i < found)) {
            *score = score_of(row, i);
            found = i;
        }
    return found;
}

static bool append(struct ctc_hypothesis *h, size_t *capacity, struct ctc_token token)
{
    void *tokens = h->tokens;
    bool grown = memory_grow(&tokens, capacity, h->count + 1, sizeof token);
    h->tokens = tokens;
    if (grown)
        h->tokens[h->count++] = token;
    return grown;
}

static int greedy(const float *scores, int frames, int vocabulary, int blank, struct ctc_hypothesis *out,
                  struct fault *fault)
{
    size_t capacity = 0;
    int previous = blank;
    double sum = 0.0; /* of the token being spanned: a float would lose digits over a long one */
    for (int t = 0; t < frames; t++) {
        double score;
        int id = best_token(scores + (size_t)t * (size_t)vocabulary, vocabulary, blank, &score);
        out->score = out->sound += score;
        if (id != blank && id == previous) {
            struct ctc_token *token = &out->tokens[out->count - 1];
            sum += score;
            token->last = t;
            token->log_probability = (float)(sum / (t - token->first + 1));
        } else if (id != blank) {
            sum = score;
            if (!append(out, &capacity, (struct ctc_token){id, t, t, (float)score}))
                return fail_memory(fault, "the tokens of a recording");
        }
        previous = id;
    }
    return 0;
}

static int check_arguments(const float *scores, int frames, int vocabulary, const struct ctc_params *p,
                           struct fault *fault)
{
    if (frames < 0 || vocabulary < 1 || (frames > 0 && !scores))
        return fail(fault, UTTER_ERROR_ARGUMENT, "there are no scores to decode: %d frames of %d tokens", frames,
                    vocabulary);
    if (p->blank < 0 || p->blank >= vocabulary)
        return fail(fault, UTTER_ERROR_ARGUMENT, "the blank, token %d, is outside the vocabulary of %d", p->blank,
                    vocabulary);
    if (p->beam < 0 || p->beam > CTC_BEAM_MAXIMUM)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a beam of %d is not between 1 and %d", p->beam, CTC_BEAM_MAXIMUM);
    if (p->nbest < 0 || p->nbest > (p->beam ? p->beam : 1))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d hypotheses cannot come from a beam of %d", p->nbest, p->beam);
    if (!(p->prune >= 0.0f))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the pruning threshold is negative or not a number");
    if (!isfinite(p->blank_penalty))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the blank's penalty is not a number");
    return 0;
}

int ctc_decode(const float *scores, int frames, int vocabulary, const struct ctc_params *params,
               struct ctc_result *result, struct fault *fault)
{
    struct ctc_result made = {0};
    int error = check_arguments(scores, frames, vocabulary, params, fault);
    if (error)
        return error;
    if (params->beam > 1) {
        error = ctc_beam(scores, frames, vocabulary, params, &made, fault);
        if (!error && params->guide && params->guide->spotting && !params->guide->grammar)
            error = spotting_apply(params->guide->spotting, scores, frames, vocabulary, params, &made, fault);
    } else {
        made.best = memory_new(1, sizeof *made.best);
        made.count = made.best ? 1 : 0;
        error = made.best ? greedy(scores, frames, vocabulary, params->blank, made.best, fault)
                          : fail_memory(fault, "the tokens of a recording");
    }
    if (error)
        ctc_free(&made);
    else
        *result = made;
    return error;
}

void ctc_free(struct ctc_result *result)
{
    for (size_t i = 0; i < result->count; i++)
        free(result->best[i].tokens);
    free(result->best);
    free(result->plain.tokens);
    *result = (struct ctc_result){0};
}
