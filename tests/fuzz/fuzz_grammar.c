/* fuzz_grammar.c - libFuzzer: any bytes as a grammar, and some texts and tokens through it. Seeds: the .gbnf files of
 * samples and tests/perf. */
#include "decoder/guide/grammar.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void follow(struct grammar_walk *w, const char *text)
{
    int32_t at = grammar_begin(w);
    for (size_t i = 0; text[i] && at >= 0; i++) {
        size_t count;
        const struct grammar_token *allowed = grammar_tokens(w, at, &count);
        if (count)
            grammar_may_end(w, allowed[i % count].state);
        at = grammar_next_bytes(w, at, text + i, 1);
    }
    grammar_may_end(w, at);
    grammar_check(w, NULL);
}

static void try_grammar(const char *text, size_t size, const struct token_trie *trie, const struct token_trie *tokens)
{
    struct grammar *g = NULL;
    struct grammar_walk *w = NULL;
    struct fault fault = {0};
    if (grammar_open(&g, text, size, "fuzz", trie, &fault))
        return;
    if (!grammar_walk_open(&w, g, tokens, &fault)) {
        follow(w, "aaaaaaaaaaaaaaaaaaaaaaaaaaaa");
        follow(w, "one two \xC3\xA9 0");
        grammar_walk_close(&w);
    }
    grammar_close(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const spelled[] = {"a", " a", "one", " two", "\xC3", "\xA9", " ", "0", "ab", "aa", "é"};
    struct token_trie *trie = NULL;
    struct fault fault = {0};
    if (token_trie_of_texts(&trie, spelled, (int)(sizeof spelled / sizeof *spelled), &fault))
        return 0;
    try_grammar((const char *)data, size, NULL, trie);
    try_grammar((const char *)data, size, trie, trie);
    token_trie_close(&trie);
    return 0;
}
