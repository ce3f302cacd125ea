#include "decoder/guide/token_trie.h"

#include "decoder/lower.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct token_trie {
    struct pieces bytes; /* [count] by token */
    int32_t *sorted;     /* [sorted_count] tokens that write something, by their bytes, then by id */
    int32_t sorted_count;
    struct token_trie_node *nodes;
    size_t node_count, node_capacity;
    uint32_t *codes; /* [code_count] characters that tokens hold, in order */
    size_t code_count, code_capacity;
    bool single[256]; /* bytes that are tokens */
    bool small;
};

const char *token_trie_bytes(const struct token_trie *s, int token, size_t *length)
{
    *length = 0;
    if (token < 0 || (size_t)token >= s->bytes.count)
        return "";
    size_t begin = piece_begin(&s->bytes, (size_t)token);
    *length = s->bytes.ends[token] - begin;
    return *length ? s->bytes.text.bytes + begin : "";
}

const struct token_trie_node *token_trie_nodes(const struct token_trie *s)
{
    return s->nodes;
}

int32_t token_trie_token(const struct token_trie *s, int32_t index)
{
    return s->sorted[index];
}

bool token_trie_small(const struct token_trie *s)
{
    return s->small;
}

/* ---- characters ---- */

static int by_code(const void *a, const void *b)
{
    const uint32_t *x = a, *y = b;
    return (*x > *y) - (*x < *y);
}

static bool spelled_in_bytes(const struct token_trie *s, uint32_t code)
{
    struct text text = {0};
    text_add_code(&text, code);
    bool all = !text.failed;
    for (size_t i = 0; i < text.length; i++)
        all = all && s->single[(unsigned char)text.bytes[i]];
    text_free(&text);
    return all;
}

bool token_trie_have(const struct token_trie *s, uint32_t code)
{
    return (s->code_count && bsearch(&code, s->codes, s->code_count, sizeof code, by_code)) ||
           spelled_in_bytes(s, code);
}

bool token_trie_have_any(const struct token_trie *s, uint32_t first, uint32_t last)
{
    size_t low = 0, high = s->code_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (s->codes[middle] < first)
            low = middle + 1;
        else
            high = middle;
    }
    return (low < s->code_count && s->codes[low] <= last) || spelled_in_bytes(s, first);
}

static bool is_capital(const char *bytes, size_t length)
{
    char lower[LOWER_BYTES];
    size_t size = lower_character(bytes, length, lower);
    return size && (size != length || memcmp(lower, bytes, length) != 0);
}

static bool add_codes(struct token_trie *s, const char *bytes, size_t length)
{
    for (size_t i = 0, n; i < length; i += n ? n : 1) {
        n = utf8_length(bytes + i, length - i);
        void *codes = s->codes;
        if (!n)
            continue;
        if (!memory_grow(&codes, &s->code_capacity, s->code_count + 1, sizeof *s->codes))
            return false;
        s->codes = codes;
        s->codes[s->code_count++] = utf8_code(bytes + i, n);
    }
    return true;
}

/* Sorted, each once; and whether there are capitals among them. */
static void settle_codes(struct token_trie *s)
{
    size_t kept = 0;
    qsort(s->codes, s->code_count, sizeof *s->codes, by_code);
    for (size_t i = 0; i < s->code_count; i++)
        if (!kept || s->codes[kept - 1] != s->codes[i])
            s->codes[kept++] = s->codes[i];
    s->code_count = kept;
    s->small = true;
    for (size_t i = 0; i < kept && s->small; i++) {
        struct text text = {0};
        text_add_code(&text, s->codes[i]);
        s->small = text.failed || !is_capital(text.bytes, text.length);
        text_free(&text);
    }
}

static bool gather_codes(struct token_trie *s)
{
    for (size_t i = 0; i < s->bytes.count; i++) {
        size_t length;
        const char *bytes = token_trie_bytes(s, (int)i, &length);
        if (length == 1)
            s->single[(unsigned char)bytes[0]] = true;
        if (!add_codes(s, bytes, length))
            return false;
    }
    if (s->code_count)
        settle_codes(s);
    return true;
}

/* ---- the trie ---- */

struct sort_key {
    const char *bytes;
    size_t length;
    int32_t token;
};

static int by_bytes(const void *a, const void *b)
{
    const struct sort_key *x = a, *y = b;
    size_t common = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->bytes, y->bytes, common);
    if (order)
        return order;
    if (x->length != y->length)
        return x->length < y->length ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

static struct sort_key *sort_tokens(struct token_trie *s)
{
    struct sort_key *keys = memory_new(s->bytes.count + 1, sizeof *keys);
    s->sorted = memory_new(s->bytes.count + 1, sizeof *s->sorted);
    if (!keys || !s->sorted) {
        free(keys);
        return NULL;
    }
    for (size_t i = 0; i < s->bytes.count; i++) {
        struct sort_key key = {.token = (int32_t)i};
        key.bytes = token_trie_bytes(s, key.token, &key.length);
        if (key.length)
            keys[s->sorted_count++] = key;
    }
    if (s->sorted_count)
        qsort(keys, (size_t)s->sorted_count, sizeof *keys, by_bytes);
    for (int32_t i = 0; i < s->sorted_count; i++)
        s->sorted[i] = keys[i].token;
    return keys;
}

/* The keys that a node's string begins, and how long that string is. */
struct stretch {
    int32_t begin, end;
    size_t depth;
};

static bool add_node(struct token_trie *s, struct stretch **stretches, size_t *capacity, struct stretch stretch,
                     unsigned char byte)
{
    void *nodes = s->nodes, *all = *stretches;
    bool grown = memory_grow(&nodes, &s->node_capacity, s->node_count + 1, sizeof *s->nodes) &&
                 memory_grow(&all, capacity, s->node_count + 1, sizeof **stretches);
    s->nodes = nodes;
    *stretches = all;
    if (!grown)
        return false;
    s->nodes[s->node_count] = (struct token_trie_node){.byte = byte};
    (*stretches)[s->node_count++] = stretch;
    return true;
}

/* Node by node, each behind its elder sisters, so that a node's children lie side by side. */
static bool build_trie(struct token_trie *s, const struct sort_key *keys)
{
    struct stretch *stretches = NULL;
    size_t capacity = 0;
    bool whole = add_node(s, &stretches, &capacity, (struct stretch){0, s->sorted_count, 0}, 0);
    for (size_t n = 0; whole && n < s->node_count; n++) {
        struct stretch at = stretches[n];
        int32_t i = at.begin;
        s->nodes[n].token = i;
        while (i < at.end && keys[i].length == at.depth)
            i++;
        s->nodes[n].token_end = i;
        s->nodes[n].child = (int32_t)s->node_count;
        while (whole && i < at.end) {
            struct stretch child = {i, i, at.depth + 1};
            unsigned char byte = (unsigned char)keys[i].bytes[at.depth];
            while (i < at.end && (unsigned char)keys[i].bytes[at.depth] == byte)
                i++;
            child.end = i;
            whole = add_node(s, &stretches, &capacity, child, byte);
        }
        s->nodes[n].child_end = (int32_t)s->node_count;
    }
    free(stretches);
    return whole;
}

static int settle(struct token_trie **out, struct token_trie *s, struct fault *fault)
{
    bool whole = !s->bytes.text.failed && s->bytes.text.length < INT32_MAX && gather_codes(s);
    struct sort_key *keys = whole ? sort_tokens(s) : NULL;
    if (!keys || !build_trie(s, keys)) {
        token_trie_close(&s);
        fail_memory(fault, "a vocabulary's spellings");
    }
    free(keys);
    if (s)
        *out = s;
    return s ? 0 : UTTER_ERROR_MEMORY;
}

/* ---- where they come from ---- */

int token_trie_of_texts(struct token_trie **trie, const char *const *texts, int count, struct fault *fault)
{
    struct token_trie *s = memory_new(1, sizeof *s);
    if (!s)
        return fail_memory(fault, "a vocabulary's spellings");
    for (int i = 0; i < count; i++) {
        text_add_string(&s->bytes.text, texts[i] ? texts[i] : "");
        pieces_end(&s->bytes);
    }
    return settle(trie, s, fault);
}

int token_trie_open(struct token_trie **trie, const struct spelling *spelling, struct fault *fault)
{
    struct token_trie *s = memory_new(1, sizeof *s);
    if (!s)
        return fail_memory(fault, "a vocabulary's spellings");
    for (int i = 0; i < spelling_size(spelling); i++) {
        struct spelled spelled = spelling_of(spelling, i);
        if (spelled.length)
            text_add(&s->bytes.text, spelled.bytes, spelled.length);
        pieces_end(&s->bytes);
    }
    return settle(trie, s, fault);
}

void token_trie_close(struct token_trie **trie)
{
    struct token_trie *s = *trie;
    if (!s)
        return;
    pieces_free(&s->bytes);
    free(s->sorted);
    free(s->nodes);
    free(s->codes);
    free(s);
    *trie = NULL;
}
