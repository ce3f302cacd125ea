/* token_trie.h - the bytes that each token of a vocabulary stands for within a text, and a trie of them, so that what
 * may follow is found without trying every token. */
#ifndef DECODER_TOKEN_TRIE_H
#define DECODER_TOKEN_TRIE_H

#include "decoder/guide/spelling.h"

#include <stdint.h>

/* Immutable; any thread. */
struct token_trie;

/* Of all tokens that write something; their bytes are copied. Errors: MEMORY. */
int token_trie_open(struct token_trie **trie, const struct spelling *spelling, struct fault *fault);
/* texts [count], NULL where a token has none: for tests. */
int token_trie_of_texts(struct token_trie **trie, const char *const *texts, int count, struct fault *fault);
void token_trie_close(struct token_trie **trie);

/* The bytes of a token, not terminated; length 0: it writes nothing. */
const char *token_trie_bytes(const struct token_trie *trie, int token, size_t *length);
/* Whether tokens can spell the character: one holds it, or each of its bytes is one. */
bool token_trie_have(const struct token_trie *trie, uint32_t code);
/* Whether they can spell some character from first to last. */
bool token_trie_have_any(const struct token_trie *trie, uint32_t first, uint32_t last);
/* Whether no token holds a capital letter that has a small one. */
bool token_trie_small(const struct token_trie *trie);

/* A node of the trie stands for a string of bytes; node 0 for none. */
struct token_trie_node {
    int32_t child, child_end; /* nodes that go on by a byte: [child, child_end), by byte */
    int32_t token, token_end; /* tokens that are spelled so: indices for token_trie_token */
    unsigned char byte;       /* its last */
};
const struct token_trie_node *token_trie_nodes(const struct token_trie *trie);
int32_t token_trie_token(const struct token_trie *trie, int32_t index);

#endif
