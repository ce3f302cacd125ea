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
