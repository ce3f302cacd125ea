/* bpe.c - merges in the order of their ranks, with a heap of candidates over a linked list of pieces. */
#include "decoder/tokens/bpe.h"

#include "decoder/tokens/merge_heap.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void ids_add(struct ids *ids, int id)
{
    void *grown = ids->ids;
    if (ids->failed || !memory_grow(&grown, &ids->capacity, ids->count + 1, sizeof *ids->ids)) {
        ids->failed = true;
        return;
    }
    ids->ids = grown;
    ids->ids[ids->count++] = id;
}

void find_byte_pieces(const struct vocabulary *v, int *bytes)
{
    for (unsigned b = 0; b < 256; b++) {
        char piece[8];
        snprintf(piece, sizeof piece, "<0x%02X>", b);
        bytes[b] = vocabulary_find(v, piece, 6);
    }
}

/* ---- the table of merges -------------------------------------------------------------------------- */

static size_t merge_place(const struct bpe *bpe, uint64_t pair)
{
    uint64_t hash = pair * UINT64_C(0x9E3779B97F4A7C15);
    size_t at = (size_t)(hash >> 32) & (bpe->merge_places - 1);
    while (bpe->merges[at].id >= 0 && bpe->merges[at].pair != pair)
        at = (at + 1) & (bpe->merge_places - 1);
    return at;
}

bool bpe_reserve(struct bpe *bpe, size_t count)
{
    bpe->merge_places = 16;
    while (bpe->merge_places < count * 2)
        bpe->merge_places *= 2;
    bpe->merges = memory_new(bpe->merge_places, sizeof *bpe->merges);
    for (size_t i = 0; bpe->merges && i < bpe->merge_places; i++)
        bpe->merges[i].id = -1;
    return bpe->merges != NULL;
}

static uint64_t pair_of(int left, int right)
{
    return (uint64_t)(uint32_t)left << 32 | (uint32_t)right;
}

void bpe_add_merge(struct bpe *bpe, int left, int right, uint32_t rank, int merged)
{
    size_t at = merge_place(bpe, pair_of(left, right));
    bpe->merge_count += bpe->merges[at].id < 0;
    bpe->merges[at] = (struct merge){pair_of(left, right), rank, merged};
}

static const struct merge *find_merge(const struct bpe *bpe, int left, int right)
{
    const struct merge *merge = &bpe->merges[merge_place(bpe, pair_of(left, right))];
    return merge->id >= 0 ? merge : NULL;
}

void bpe_free(struct bpe *bpe)
{
    free(bpe->merges);
    free(bpe->prefix);
    free(bpe->suffix);
    *bpe = (struct bpe){0};
}

/* ---- one word ------------------------------------------------------------------------------------- */

/* A piece of the word being merged; merged away pieces have id -1. */
struct symbol {
    int id;
    ptrdiff_t before, after; /* its neighbours, or -1 */
};

struct merging {
    struct symbol *symbols;
    struct merge_heap heap; /* room for three per symbol: two neighbours per merge and the pairs of the beginning */
    size_t count;
};

static void consider(const struct bpe *bpe, struct merging *m, ptrdiff_t at)
{
    if (at < 0 || m->symbols[at].after < 0)
        return;
    const struct merge *merge = find_merge(bpe, m->symbols[at].id, m->symbols[m->symbols[at].after].id);
    if (merge)
        merge_heap_push(&m->heap, (struct chance){merge->rank, merge->id, (size_t)at, 0});
}

static void merge_all(const struct bpe *bpe, struct merging *m)
{
    for (size_t i = 0; i + 1 < m->count; i++)
        consider(bpe, m, (ptrdiff_t)i);
    while (m->heap.count) {
        struct chance top = merge_heap_pop(&m->heap);
        struct symbol *left = &m->symbols[top.at];
        if (left->id < 0 || left->after < 0)
            continue;
        const struct merge *merge = find_merge(bpe, left->id, m->symbols[left->after].id);
        if (!merge || merge->id != top.id)
            continue; /* a neighbour has changed since */
        struct symbol *right = &m->symbols[left->after];
        left->id = top.id;
        left->after = right->after;
        right->id = -1;
        if (left->after >= 0)
            m->symbols[left->after].before = (ptrdiff_t)top.at;
        consider(bpe, m, left->before);
        consider(bpe, m, (ptrdiff_t)top.at);
    }
}

static int merge_symbols(const struct bpe *bpe, const struct ids *symbols, struct ids *out, struct fault *fault)
{
    struct merging m = {.count = symbols->count};
    m.symbols = memory_new(m.count, sizeof *m.symbols);
    m.heap.items = memory_new(m.count + 1, 3 * sizeof *m.heap.items);
    if (!m.symbols || !m.heap.items) {
        free(m.symbols);
        free(m.heap.items);
        return fail_memory(fault, "the pieces of a word");
    }
    for (size_t i = 0; i < m.count; i++)
        m.symbols[i] = (struct symbol){symbols->ids[i], (ptrdiff_t)i - 1, i + 1 < m.count ? (ptrdiff_t)i + 1 : -1};
    merge_all(bpe, &m);
    for (size_t i = 0; i < m.count; i++)
        if (m.symbols[i].id >= 0)
            ids_add(out, m.symbols[i].id);
    free(m.symbols);
    free(m.heap.items);
    return 0;
}

/* The characters of a word as the vocabulary's pieces, before any merge. */
struct spelling {
    const struct bpe *bpe;
    const struct vocabulary *v;
    struct text scratch;
    struct ids ids;
    bool pending; /* an unknown piece waits to be written, so that more can be fused with it */
};

static bool spell_bytes(struct spelling *s)
{
    if (!s->bpe->byte_fallback)
        return false;
    for (size_t i = 0; i < s->scratch.length; i++)
        if (s->bpe->bytes[(unsigned char)s->scratch.bytes[i]] < 0)
            return false;
    for (size_t i = 0; i < s->scratch.length; i++)
        ids_add(&s->ids, s->bpe->bytes[(unsigned char)s->scratch.bytes[i]]);
    return true;
}

static void write_pending(struct spelling *s)
{
    if (s->pending)
        ids_add(&s->ids, s->bpe->unknown);
    s->pending = false;
}

static int spell_character(struct spelling *s, const char *character, size_t length, bool first, bool last,
                           struct fault *fault)
{
    s->scratch.length = 0;
    if (!first && s->bpe->prefix)
        text_add_string(&s->scratch, s->bpe->prefix);
    text_add(&s->scratch, character, length);
    if (last && s->bpe->suffix)
        text_add_string(&s->scratch, s->bpe->suffix);
    if (s->scratch.failed)
        return fail_memory(fault, "the pieces of a word");
    int id = vocabulary_find(s->v, s->scratch.bytes, s->scratch.length);
    if (id >= 0) {
        write_pending(s);
        ids_add(&s->ids, id);
    } else if (!spell_bytes(s) && s->bpe->has_unknown) {
        if (s->bpe->unknown < 0)
            return fail(fault, UTTER_ERROR_MODEL, "the tokenizer's unknown token is not in its vocabulary");
        if (!s->bpe->fuse_unknown)
            write_pending(s);
        s->pending = true;
    }
    return 0;
}

int bpe_encode(const struct bpe *bpe, const struct vocabulary *v, const char *word, size_t length, struct ids *out,
               struct fault *fault)
{
    struct spelling s = {.bpe = bpe, .v = v};
    int error = 0, whole = bpe->ignore_merges ? vocabulary_find(v, word, length) : -1;
    if (whole >= 0) {
        ids_add(out, whole);
        return out->failed ? fail_memory(fault, "the pieces of a word") : 0;
    }
    for (size_t i = 0, n; i < length && !error; i += n) {
        n = utf8_length(word + i, length - i);
        n = n ? n : 1;
        error = spell_character(&s, word + i, n, i == 0, i + n == length, fault);
    }
    write_pending(&s);
    if (!error)
        error = s.ids.failed ? fail_memory(fault, "the pieces of a word") : merge_symbols(bpe, &s.ids, out, fault);
    if (!error && out->failed)
        error = fail_memory(fault, "the pieces of a word");
    free(s.ids.ids);
    text_free(&s.scratch);
    return error;
}
