#include "decoder/tokens/merge_heap.h"

static bool sooner(const struct chance *a, const struct chance *b)
{
    return a->rank != b->rank ? a->rank < b->rank : a->at < b->at;
}

void merge_heap_push(struct merge_heap *h, struct chance chance)
{
    size_t at = h->count++;
    for (; at > 0 && sooner(&chance, &h->items[(at - 1) / 2]); at = (at - 1) / 2)
        h->items[at] = h->items[(at - 1) / 2];
    h->items[at] = chance;
}

struct chance merge_heap_pop(struct merge_heap *h)
{
    struct chance top = h->items[0], moved = h->items[--h->count];
    size_t at = 0;
    while (2 * at + 1 < h->count) {
        size_t low = 2 * at + 1;
        if (low + 1 < h->count && sooner(&h->items[low + 1], &h->items[low]))
            low++;
        if (!sooner(&h->items[low], &moved))
            break;
        h->items[at] = h->items[low];
        at = low;
    }
    h->items[at] = moved;
    return top;
}
