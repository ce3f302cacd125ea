/* whisper_bpe.c - text to tokens as tiktoken does it: a word that is a token is that token; else, from its single
 * bytes, the two neighbours whose bytes together are the token of the lowest rank become that token, the leftmost
 * first, until none are. A heap of candidates over a linked list: n log n in the length of the word. */
#include "decoder/tokens/whisper_vocabulary_parts.h"

#include "decoder/tokens/merge_heap.h"
#include "src/base/memory.h"

#include <stdlib.h>

enum { NONE = -1 };

/* Bytes [begin, end) of the word, a token; end is 0 once it has gone into the one before it. */
struct part {
    size_t begin, end;
    ptrdiff_t before, after;
};

struct merging {
    const struct whisper_vocabulary *v;
    const char *word;
    struct part *parts;
    struct merge_heap heap; /* room for every first pair, and two per merge */
    size_t count;
};

static void consider(struct merging *m, ptrdiff_t at)
{
    if (at < 0 || m->parts[at].after < 0)
        return;
    size_t begin = m->parts[at].begin, end = m->parts[m->parts[at].after].end;
    int id = end - begin <= m->v->longest ? vocabulary_find(&m->v->pieces, m->word + begin, end - begin) : NONE;
    if (id >= 0)
        merge_heap_push(&m->heap, (struct chance){(uint32_t)id, id, (size_t)at, end});
}

static void merge_all(struct merging *m)
{
    for (size_t i = 0; i + 1 < m->count; i++)
        consider(m, (ptrdiff_t)i);
    while (m->heap.count) {
        struct chance top = merge_heap_pop(&m->heap);
        struct part *left = &m->parts[top.at];
        if (!left->end || left->after < 0 || m->parts[left->after].end != top.end)
            continue; /* one of the two has changed since */
        struct part *right = &m->parts[left->after];
        left->end = right->end;
        left->after = right->after;
        right->end = 0;
        if (left->after >= 0)
            m->parts[left->after].before = (ptrdiff_t)top.at;
        consider(m, left->before);
        consider(m, (ptrdiff_t)top.at);
    }
}

static int add_parts(const struct merging *m, struct ids *out, struct fault *fault)
{
    for (size_t i = 0; i < m->count; i++) {
        const struct part *part = &m->parts[i];
        if (!part->end)
            continue;
        int id = vocabulary_find(&m->v->pieces, m->word + part->begin, part->end - part->begin);
        if (id < 0)
            return fail(fault, UTTER_ERROR_MODEL, "the vocabulary has no token for the byte 0x%02X",
                        (unsigned char)m->word[part->begin]);
        ids_add(out, id);
    }
    return out->failed ? fail_memory(fault, "a text's tokens") : 0;
}

static int encode_word(const struct whisper_vocabulary *v, const char *word, size_t length, struct ids *out,
                       struct fault *fault)
{
    int whole = length <= v->longest ? vocabulary_find(&v->pieces, word, length) : NONE;
    if (whole >= 0) {
        ids_add(out, whole);
        return out->failed ? fail_memory(fault, "a text's tokens") : 0;
    }
    struct merging m = {.v = v, .word = word, .count = length};
    m.parts = memory_new(length, sizeof *m.parts);
    m.heap.items = memory_new(length, 3 * sizeof *m.heap.items);
    int error = m.parts && m.heap.items ? 0 : fail_memory(fault, "a text's tokens");
    if (!error) {
        for (size_t i = 0; i < length; i++)
            m.parts[i] = (struct part){i, i + 1, (ptrdiff_t)i - 1, i + 1 < length ? (ptrdiff_t)i + 1 : NONE};
        merge_all(&m);
        error = add_parts(&m, out, fault);
    }
    free(m.parts);
    free(m.heap.items);
    return error;
}

int whisper_bpe(const struct whisper_vocabulary *v, const char *text, size_t length, struct ids *out,
                struct fault *fault)
{
    struct matches *words = NULL;
    size_t begin = 0, end = 0;
    int more = matches_open(&words, v->words, text, length, fault);
    if (more)
        return more;
    while ((more = matches_next(words, &begin, &end, fault)) > 0) {
        int error = encode_word(v, text + begin, end - begin, out, fault);
        if (error) {
            matches_close(&words);
            return error;
        }
    }
    matches_close(&words);
    return more;
}
