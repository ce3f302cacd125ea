/* grammar.h - which texts may come out: a grammar in GBNF, as llama.cpp and whisper.cpp write it, and a walk through it
 * by tokens.
 *
 *   root  ::= "call " who | digit+        a rule: a name, "::=", alternatives; the text is a sentence of root
 *   who   ::= ("mum" | "dad") " please"?  literals, groups, and one of * + ? {m} {m,} {m,n} behind what is repeated
 *   digit ::= [0-9]                       classes of characters, with ranges; [^…]: all others; . : any
 *
 * Escapes in literals and classes: \n \r \t \\ \" \[ \] \- \^, \x and two, \u and four, \U and eight hexadecimal digits
 * of a code point. "#" begins a comment. A rule ends with its line, but not within a group, behind "::=" or beside "|".
 *
 * The grammar becomes a pushdown automaton on bytes, so that a token may hold a part of a character. A state is the set
 * of all places in the grammar, each with the rules to return to, that a text may have led to: every reading is
 * followed at once, and no reading is ever gone back on (Thompson, CACM 11, 1968, with a stack for each place). A rule
 * that is a rule's last part returns to where that one does, so that right recursion needs no stack. Left recursion,
 * which would need one without end, is refused, as are rules without a finite sentence: a state is never a dead end. */
#ifndef DECODER_GRAMMAR_H
#define DECODER_GRAMMAR_H

#include "decoder/guide/token_trie.h"

enum {
    GRAMMAR_BYTES = 1 << 20,        /* of a grammar's text */
    GRAMMAR_REPETITIONS = 10000,    /* m and n of {m,n} */
    GRAMMAR_NESTING = 64,           /* groups within groups */
    GRAMMAR_NODES = 1 << 20,        /* of the automaton, repetitions written out */
    GRAMMAR_PLACES = 1 << 16,       /* of a state */
    GRAMMAR_MEMORY = 128 * 1 << 20, /* bytes that a walk remembers */
    GRAMMAR_WORK = 1 << 27          /* places looked at in one text: about a second */
};

/* Immutable; any thread. */
struct grammar;

/* Reads a grammar of at most GRAMMAR_BYTES. name: what messages call it. trie, borrowed during the call: what the
 * tokens can spell. Where none of them has a capital, capitals of the grammar up to U+05FF (Latin, Greek, Cyrillic),
 * but not those that [^…] leaves out, are met by small letters. NULL: whatever bytes there are. Errors, with line and
 * column: MODEL (not a grammar, left recursion, a rule that never ends, a character that no token spells, larger than
 * the bounds above), MEMORY. */
int grammar_open(struct grammar **grammar, const char *text, size_t length, const char *name,
                 const struct token_trie *trie, struct fault *fault);
void grammar_close(struct grammar **grammar);

/* A memory of the states that texts have led to. One thread at a time. */
struct grammar_walk;

enum { GRAMMAR_DEAD = -1 }; /* the state behind a text that begins no sentence */

/* grammar and trie are borrowed. Errors: MEMORY. */
int grammar_walk_open(struct grammar_walk **walk, const struct grammar *grammar, const struct token_trie *trie,
                      struct fault *fault);
void grammar_walk_close(struct grammar_walk **walk);

/* The state before the first token, where a space in front is free: "▁yes" and "yes" are both "yes". States of earlier
 * texts are void from here on. */
int32_t grammar_begin(struct grammar_walk *walk);

/* A token that may follow and the state behind it. */
struct grammar_token {
    int32_t token, state;
};
/* All of them, by token, valid until more is asked of the walk. Neither tokens that spell nothing are among them, nor
 * those behind which no token can spell what must follow. */
const struct grammar_token *grammar_tokens(struct grammar_walk *walk, int32_t state, size_t *count);
/* The state behind one more token, or GRAMMAR_DEAD; a token that spells nothing leaves it as it is. */
int32_t grammar_next(struct grammar_walk *walk, int32_t state, int32_t token);
/* The same by bytes, without the free space. */
int32_t grammar_next_bytes(struct grammar_walk *walk, int32_t state, const char *bytes, size_t length);
/* Whether the text is a sentence as it stands. */
bool grammar_may_end(const struct grammar_walk *walk, int32_t state);

/* Whether something failed since grammar_begin: then states are missing, and results are worth nothing. Errors:
 * UNSUPPORTED (the text has too many readings, or took GRAMMAR_WORK or GRAMMAR_MEMORY), MEMORY. */
int grammar_check(const struct grammar_walk *walk, struct fault *fault);

#endif
