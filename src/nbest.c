#include "src/nbest.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct nbest *nbest_new(const struct window *window, size_t most)
{
    struct nbest *nbest = memory_new(1, sizeof *nbest);
    if (!nbest)
        return NULL;
    nbest->most = most;
    nbest->alternatives = memory_new(most, sizeof *nbest->alternatives);
    nbest->public = (struct utter_nbest){.start = (double)window->begin / WINDOW_RATE,
                                         .end = (double)(window->begin + window->count) / WINDOW_RATE,
                                         .channel = window->channel,
                                         .alternatives = nbest->alternatives};
    if (nbest->alternatives)
        return nbest;
    free(nbest);
    return NULL;
}

/* The tokens are at the head of an alternative's block. */
static void free_alternative(struct utter_alternative *alternative)
{
    free((void *)(uintptr_t)alternative->tokens);
}

void nbest_free(struct nbest *nbest)
{
    if (!nbest)
        return;
    for (size_t i = 0; i < nbest->public.alternative_count; i++)
        free_alternative(&nbest->alternatives[i]);
    free(nbest->alternatives);
    free(nbest);
}

static size_t length_of(const struct nbest_token *token)
{
    return token->bytes ? token->length : strlen(token->label);
}

static int make_alternative(struct utter_alternative *out, const char *text, double log_probability,
                            const struct nbest_token *tokens, size_t count, struct fault *fault)
{
    size_t size = count * sizeof(struct utter_token) + strlen(text) + 1;
    for (size_t i = 0; i < count; i++)
        size += length_of(&tokens[i]) + 1;
    struct utter_token *copies = memory_new(size, 1);
    if (!copies)
        return fail_memory(fault, "a stretch's alternatives");
    char *at = (char *)(copies + count);
    for (size_t i = 0; i < count; i++) {
        size_t length = length_of(&tokens[i]);
        copies[i] = (struct utter_token){
            .id = tokens[i].id, .log_probability = tokens[i].log_probability, .text = at, .length = length};
        memcpy(at, tokens[i].bytes ? tokens[i].bytes : tokens[i].label, length);
        at += length + 1;
    }
    memcpy(at, text, strlen(text) + 1);
    *out = (struct utter_alternative){
        .text = at, .log_probability = log_probability, .tokens = copies, .token_count = count};
    return 0;
}

int nbest_add(struct nbest *nbest, const char *text, double log_probability, const struct nbest_token *tokens,
              size_t count, struct fault *fault)
{
    if (nbest->public.alternative_count == nbest->most)
        return 0;
    const int code = make_alternative(&nbest->alternatives[nbest->public.alternative_count], text, log_probability,
                                      tokens, count, fault);
    nbest->public.alternative_count += code == 0;
    return code;
}

int nbest_rewrite(struct nbest *nbest, size_t at, const char *text, bool with_tokens, struct fault *fault)
{
    struct utter_alternative old = nbest->alternatives[at];
    struct nbest_token *tokens = memory_new(old.token_count, sizeof *tokens);
    if (!tokens)
        return fail_memory(fault, "a stretch's alternatives");
    for (size_t i = 0; i < old.token_count; i++)
        tokens[i] = (struct nbest_token){.id = old.tokens[i].id,
                                         .log_probability = old.tokens[i].log_probability,
                                         .bytes = old.tokens[i].text,
                                         .length = old.tokens[i].length};
    const int code = make_alternative(&nbest->alternatives[at], text, old.log_probability, tokens,
                                      with_tokens ? old.token_count : 0, fault);
    if (!code)
        free_alternative(&old);
    free(tokens);
    return code;
}

void nbest_queue_add(struct nbest_queue *queue, struct nbest *nbest)
{
    nbest->next = NULL;
    if (queue->last)
        queue->last->next = nbest;
    else
        queue->first = nbest;
    queue->last = nbest;
    queue->count++;
}

struct nbest *nbest_queue_take(struct nbest_queue *queue)
{
    struct nbest *nbest = queue->first;
    if (!nbest)
        return NULL;
    queue->first = nbest->next;
    if (!queue->first)
        queue->last = NULL;
    queue->count--;
    return nbest;
}

void nbest_queue_clear(struct nbest_queue *queue)
{
    for (struct nbest *nbest; (nbest = nbest_queue_take(queue));)
        nbest_free(nbest);
}
