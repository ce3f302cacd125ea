#include "decoder/search/whisper_hypotheses.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

bool hypotheses_open(struct hypotheses *h, int capacity, int length)
{
    *h = (struct hypotheses){.capacity = capacity};
    h->items = memory_new((size_t)capacity, sizeof *h->items);
    bool whole = h->items != NULL;
    for (int i = 0; whole && i < capacity; i++) {
        h->items[i].tokens = memory_new((size_t)length + 1, sizeof *h->items[i].tokens);
        h->items[i].log_probabilities = memory_new((size_t)length + 1, sizeof *h->items[i].log_probabilities);
        whole = h->items[i].tokens && h->items[i].log_probabilities;
    }
    return whole;
}

void hypotheses_close(struct hypotheses *h)
{
    for (int i = 0; h->items && i < h->capacity; i++) {
        free(h->items[i].tokens);
        free(h->items[i].log_probabilities);
    }
    free(h->items);
    *h = (struct hypotheses){0};
}

struct hypothesis *hypotheses_add(struct hypotheses *h, const struct hypothesis *from, int token, double score)
{
    struct hypothesis *to = &h->items[h->count++];
    if (from->count) {
        memcpy(to->tokens, from->tokens, from->count * sizeof *to->tokens);
        memcpy(to->log_probabilities, from->log_probabilities, from->count * sizeof *to->log_probabilities);
    }
    to->count = from->count;
    to->sum = from->sum + score;
    to->row = from->row;
    to->gap = from->gap;
    to->spoken = from->spoken;
    to->guided = from->guided;
    if (token >= 0) {
        to->tokens[to->count] = token;
        to->log_probabilities[to->count++] = (float)score;
    }
    return to;
}
