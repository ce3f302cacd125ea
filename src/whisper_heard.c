#include "src/whisper_heard.h"

#include "decoder/search/whisper_segments.h"
#include "src/base/memory.h"
#include "src/nbest.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double window_seconds(const struct window *w)
{
    return (double)w->count / WINDOW_RATE;
}

/* ---- a hypothesis as it was found ---- */

/* Its text without spaces in front; the caller's. NULL when memory ran out. */
static char *text_of(const struct whisper_heard *h, const struct whisper_hypothesis *hypothesis)
{
    const struct whisper_vocabulary *vocabulary = h->model->vocabulary;
    size_t length = whisper_vocabulary_decode(vocabulary, hypothesis->tokens, hypothesis->count, NULL, 0);
    char *text = memory_new(length + 1, 1);
    if (!text)
        return NULL;
    whisper_vocabulary_decode(vocabulary, hypothesis->tokens, hypothesis->count, text, length + 1);
    size_t blanks = strspn(text, " ");
    memmove(text, text + blanks, strlen(text) - blanks + 1);
    return text;
}

static void describe_token(struct nbest_token *token, const struct whisper_heard *h, int id, float log_probability)
{
    const int begin = whisper_vocabulary_special(h->model->vocabulary)->timestamp_begin;
    *token = (struct nbest_token){.id = id, .log_probability = log_probability};
    token->bytes = whisper_vocabulary_bytes(h->model->vocabulary, id, &token->length);
    if (id < begin)
        return;
    token->bytes = NULL;
    snprintf(token->label, sizeof token->label, "<|%.2f|>", (id - begin) * h->model->frame_seconds);
}

static int add_alternative(const struct whisper_heard *h, const struct whisper_hypothesis *hypothesis,
                           struct nbest *nbest, struct fault *fault)
{
    char *text = text_of(h, hypothesis);
    struct nbest_token *tokens = memory_new(hypothesis->count + 1, sizeof *tokens);
    for (size_t i = 0; tokens && i < hypothesis->count; i++)
        describe_token(&tokens[i], h, hypothesis->tokens[i], hypothesis->log_probabilities[i]);
    if (text && tokens)
        nbest_add(nbest, text, hypothesis->sum, tokens, hypothesis->count, fault);
    else
        fail_memory(fault, "a stretch's alternatives");
    free(text);
    free(tokens);
    return fault->code;
}

static int keep_nbest(const struct whisper_heard *h, struct window *w, struct fault *fault)
{
    if (!h->decoding->nbest)
        return 0;
    w->nbest = nbest_new(w, h->result->count);
    if (!w->nbest)
        return fail_memory(fault, "a stretch's alternatives");
    for (size_t i = 0; i < h->result->count && !fault->code; i++)
        add_alternative(h, &h->result->best[i], w->nbest, fault);
    return fault->code;
}

/* ---- text that is not given out ---- */

static enum utter_reason reason_of(const struct decoding *decoding, enum whisper_verdict verdict)
{
    switch (verdict) {
    case WHISPER_SILENCE:
        return UTTER_REASON_SILENCE;
    case WHISPER_REPETITION:
        return UTTER_REASON_REPETITION;
    case WHISPER_DOUBTFUL:
        return decoding->drop_doubtful ? UTTER_REASON_DOUBTFUL : UTTER_REASON_NONE;
    case WHISPER_FINE:
    case WHISPER_NO_SENTENCE: /* judge_sentence's affair */
        break;
    }
    return UTTER_REASON_NONE;
}

/* Where a grammar says what may be said: whether it was. Text that is none, as of a silence, is no sentence. */
static void judge_sentence(const struct whisper_heard *h, struct window *w)
{
    const struct whisper_hypothesis *best = &h->result->best[0];
    bool finished = h->result->verdict != WHISPER_NO_SENTENCE;
    if (h->decoding->constraint && w->reason == UTTER_REASON_NONE)
        constraint_judge(h->decoding->constraint, finished ? (float)exp(best->gap) : 0.0f, w);
}

static int keep_dropped(const struct whisper_heard *h, struct window *w, struct fault *fault)
{
    w->dropped = text_of(h, &h->result->best[0]);
    if (!w->dropped)
        return fail_memory(fault, "a window's text");
    w->seek = window_seconds(w);
    return 0;
}

/* ---- segments ---- */

static bool is_text(const struct utter_model *model, int token)
{
    return token < whisper_vocabulary_special(model->vocabulary)->eot;
}

static size_t text_tokens(const struct utter_model *model, const struct whisper_hypothesis *h, size_t first, size_t end)
{
    size_t count = 0;
    for (size_t i = first; i < end; i++)
        count += is_text(model, h->tokens[i]);
    return count;
}

/* In sequential mode what follows the last pair of timestamps is heard again by the next window. A window that was cut
 * at a silence has no next one: the rest is a segment of its own. */
static int keep_rest(const struct whisper_heard *h, const struct window *w, struct whisper_segment_list *list,
                     struct fault *fault)
{
    const struct whisper_hypothesis *best = &h->result->best[0];
    const struct whisper_segment *last = list->count ? &list->segments[list->count - 1] : NULL;
    size_t first = last ? last->first + last->count : 0;
    int begin = whisper_vocabulary_special(h->model->vocabulary)->timestamp_begin;
    /* Segments that were left out are not the rest. */
    for (size_t i = first + 1; i < best->count; i++)
        if (best->tokens[i - 1] >= begin && best->tokens[i] >= begin)
            first = i;
    if (!text_tokens(h->model, best, first, best->count))
        return 0;
    struct whisper_segment *grown = realloc(list->segments, (list->count + 1) * sizeof *grown);
    if (!grown)
        return fail_memory(fault, "a window's segments");
    list->segments = grown;
    double start = last ? list->segments[list->count - 1].end : 0;
    if (best->tokens[first] >= begin)
        start = (best->tokens[first] - begin) * h->model->frame_seconds;
    double end = window_seconds(w);
    if (start >= end)
        return 0;
    grown[list->count++] = (struct whisper_segment){first, best->count - first, start, end};
    return 0;
}

/* The tokens of the segments that are kept, as the prompt of the next window, and a hypothesis of them alone. */
static int keep_tokens(const struct whisper_heard *h, struct whisper_segment_list *list, struct window *w,
                       struct whisper_hypothesis *kept, struct fault *fault)
{
    const struct whisper_hypothesis *best = &h->result->best[0];
    w->tokens = memory_new(best->count, sizeof *w->tokens);
    kept->log_probabilities = memory_new(best->count, sizeof *kept->log_probabilities);
    if (!w->tokens || !kept->log_probabilities)
        return fail_memory(fault, "a window's tokens");
    for (size_t i = 0; i < list->count; i++) {
        struct whisper_segment *s = &list->segments[i];
        memcpy(w->tokens + w->token_count, best->tokens + s->first, s->count * sizeof *w->tokens);
        memcpy(kept->log_probabilities + w->token_count, best->log_probabilities + s->first,
               s->count * sizeof *kept->log_probabilities);
        s->first = w->token_count;
        w->token_count += s->count;
    }
    kept->tokens = w->tokens;
    kept->count = w->token_count;
    return 0;
}

/* ---- words ---- */

/* The sequence whose cross-attention places the words: the beginning, no timestamps, the text, its end. Returns how
 * many tokens it has and, through *skip, how many come before the text. */
static int attended_sequence(const struct whisper_heard *h, const struct whisper_hypothesis *kept, int *tokens,
                             int *skip)
{
    const struct whisper_special *special = whisper_vocabulary_special(h->model->vocabulary);
    int count = 0;
    tokens[count++] = special->sot;
    if (h->language >= 0) {
        tokens[count++] = h->language;
        tokens[count++] = h->decoding->search.translate ? special->translate : special->transcribe;
    }
    tokens[count++] = special->no_timestamps;
    *skip = count;
    for (size_t i = 0; i < kept->count && count < h->decoding->search.text_positions - 1; i++)
        if (is_text(h->model, kept->tokens[i]))
            tokens[count++] = kept->tokens[i];
    tokens[count++] = special->eot;
    return count;
}

/* Attention is asked for by whoever wants it, and where the window's words are to be stitched to a neighbour's. */
static int attend(const struct whisper_heard *h, const struct window *w, const struct whisper_hypothesis *kept,
                  struct whisper_words_params *params, float **weights, struct fault *fault)
{
    if (!h->decoding->word_times && !w->seam_before && !w->seam_after)
        return 0;
    int limit = h->decoding->search.text_positions;
    int *tokens = memory_new((size_t)limit + 8, sizeof *tokens);
    if (!tokens)
        return fail_memory(fault, "a window's words");
    params->rows = attended_sequence(h, kept, tokens, &params->skip);
    params->heads = whisper_alignment_heads(h->model->whisper);
    params->positions = whisper_get_config(h->model->whisper)->positions;
    *weights = memory_new((size_t)params->heads * (size_t)params->rows * (size_t)params->positions, sizeof **weights);
    if (*weights)
        whisper_attend(h->pass, h->row, tokens, params->rows, *weights, fault);
    else
        fail_memory(fault, "a window's words");
    params->attention = *weights;
    free(tokens);
    return fault->code;
}

static int fill_words(const struct whisper_heard *h, const struct whisper_segment_list *list,
                      const struct whisper_hypothesis *kept, struct window *w, struct fault *fault)
{
    struct whisper_words_params params = {
        .language = h->language >= 0 ? whisper_vocabulary_language_code(h->model->vocabulary, h->language) : "en",
        .duration = window_seconds(w),
        .position_seconds = h->model->frame_seconds,
    };
    if (h->decoding->search.translate)
        params.language = "en";
    float *weights = NULL;
    if (!attend(h, w, kept, &params, &weights, fault) &&
        !whisper_words(h->model->vocabulary, kept, list, &params, &w->words, fault))
        for (size_t i = 0; i < w->words.count; i++) {
            w->words.words[i].start += (double)w->begin / WINDOW_RATE;
            w->words.words[i].end += (double)w->begin / WINDOW_RATE;
        }
    free(weights);
    return fault->code;
}

int whisper_heard_fill(const struct whisper_heard *h, struct window *w, struct fault *fault)
{
    struct whisper_segment_list list = {0};
    struct whisper_hypothesis kept = {0};
    w->temperature = h->result->temperature;
    w->reason = reason_of(h->decoding, h->result->verdict);
    judge_sentence(h, w);
    if (keep_nbest(h, w, fault))
        return fault->code;
    if (w->reason != UTTER_REASON_NONE)
        return keep_dropped(h, w, fault);
    if (whisper_segments(h->model->vocabulary, &h->result->best[0], window_seconds(w), &list, fault))
        return fault->code;
    w->seek = list.seek;
    if (!h->decoding->sequential && keep_rest(h, w, &list, fault)) {
        whisper_segments_free(&list);
        return fault->code;
    }
    if (!keep_tokens(h, &list, w, &kept, fault) && kept.count)
        fill_words(h, &list, &kept, w, fault);
    free(kept.log_probabilities);
    whisper_segments_free(&list);
    return fault->code;
}
