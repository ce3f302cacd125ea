#include "src/window_tokens.h"

#include "src/base/memory.h"
#include "src/nbest.h"

#include <stdlib.h>
#include <string.h>

static void shift_words(struct word_list *list, double seconds)
{
    for (size_t i = 0; i < list->count; i++) {
        list->words[i].start += seconds;
        list->words[i].end += seconds;
    }
}

static int add_alternative(const struct tokenizer *tokenizer, const struct ctc_hypothesis *h, struct nbest *nbest,
                           struct fault *fault)
{
    struct nbest_token *tokens = memory_new(h->count + 1, sizeof *tokens);
    int *ids = memory_new(h->count + 1, sizeof *ids);
    char *text = NULL;
    for (size_t i = 0; tokens && ids && i < h->count; i++) {
        const char *piece = tokenizer_piece(tokenizer, h->tokens[i].id);
        ids[i] = h->tokens[i].id;
        tokens[i] = (struct nbest_token){.id = ids[i],
                                         .log_probability = h->tokens[i].log_probability,
                                         .bytes = piece ? piece : "",
                                         .length = piece ? strlen(piece) : 0};
    }
    size_t size = tokens && ids ? tokenizer_decode(tokenizer, ids, h->count, NULL, 0) + 1 : 0;
    if (size && (text = memory_new(size, 1))) {
        tokenizer_decode(tokenizer, ids, h->count, text, size);
        nbest_add(nbest, text, h->score, tokens, h->count, fault);
    } else {
        fail_memory(fault, "a stretch's alternatives");
    }
    free(text);
    free(ids);
    free(tokens);
    return fault->code;
}

int window_take_words(struct window *w, const struct utter_model *model, const struct ctc_hypothesis *best,
                      struct fault *fault)
{
    if (!words_from_tokens(model->tokenizer, best, model->frame_seconds, (double)w->count / WINDOW_RATE, &w->words,
                           fault))
        shift_words(&w->words, (double)w->begin / WINDOW_RATE);
    return fault->code;
}

void window_forget_tokens(struct window *w)
{
    words_free(&w->words);
    free(w->dropped);
    w->dropped = NULL;
    w->reason = UTTER_REASON_NONE;
}

/* The text of a hypothesis as what would have been said. */
static int keep_dropped(const struct tokenizer *tokenizer, const struct ctc_hypothesis *h, struct window *w,
                        struct fault *fault)
{
    int *ids = memory_new(h->count + 1, sizeof *ids);
    for (size_t i = 0; ids && i < h->count; i++)
        ids[i] = h->tokens[i].id;
    size_t size = ids ? tokenizer_decode(tokenizer, ids, h->count, NULL, 0) + 1 : 0;
    w->dropped = size ? memory_new(size, 1) : NULL;
    if (w->dropped)
        tokenizer_decode(tokenizer, ids, h->count, w->dropped, size);
    free(ids);
    return w->dropped ? 0 : fail_memory(fault, "a window's text");
}

int window_take_sentence(struct window *w, const struct utter_model *model, const struct constraint *constraint,
                         const struct ctc_result *result, const struct ctc_hypothesis *heard, struct fault *fault)
{
    static const struct ctc_hypothesis none = {0};
    const struct ctc_hypothesis *best = result->count ? &result->best[0] : &none;
    if (!heard->count)
        return 0;
    float confidence = result->count ? sentence_confidence(best->sound, best->count, heard->sound, heard->count) : 0.0f;
    constraint_judge(constraint, confidence, w);
    return w->reason == UTTER_REASON_NO_MATCH ? keep_dropped(model->tokenizer, best, w, fault)
                                              : window_take_words(w, model, best, fault);
}

int window_drop_words(struct window *w, enum utter_reason reason, struct fault *fault)
{
    size_t size = 1;
    for (size_t i = 0; i < w->words.count; i++)
        size += strlen(w->words.words[i].text) + 1;
    char *end = memory_new(size, 1);
    if (!end)
        return fail_memory(fault, "a window's text");
    w->dropped = end;
    w->reason = reason;
    for (size_t i = 0; i < w->words.count; i++) {
        const struct word *word = &w->words.words[i];
        if (i && !word->joined)
            *end++ = ' ';
        size_t length = strlen(word->text);
        memcpy(end, word->text, length + 1);
        end += length;
    }
    words_free(&w->words);
    return 0;
}

int window_keep_alternatives(struct window *w, const struct utter_model *model, const struct ctc_result *result,
                             struct fault *fault)
{
    nbest_free(w->nbest);
    w->nbest = nbest_new(w, result->count);
    if (!w->nbest)
        return fail_memory(fault, "a stretch's alternatives");
    for (size_t i = 0; i < result->count && !fault->code; i++)
        add_alternative(model->tokenizer, &result->best[i], w->nbest, fault);
    return fault->code;
}
