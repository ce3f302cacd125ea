/* grammar_parts.h - what a grammar is made of, for the files that read it, check it, and make an automaton of it. */
#ifndef DECODER_GRAMMAR_PARTS_H
#define DECODER_GRAMMAR_PARTS_H

#include "decoder/guide/grammar.h"
#include "decoder/tokens/vocabulary.h"

/* ---- as it is written ---- */

enum grammar_kind {
    GRAMMAR_LITERAL,  /* codes [begin, end) one after the other, maybe none */
    GRAMMAR_CLASS,    /* one character of the ranges [begin, end); negated: of none of them */
    GRAMMAR_RULE,     /* a sentence of rule begin */
    GRAMMAR_SEQUENCE, /* all parts, maybe none */
    GRAMMAR_CHOICE,   /* one of the parts */
    GRAMMAR_REPEAT    /* its part, least to most times */
};

enum { GRAMMAR_NO_PART = -1, GRAMMAR_NO_LIMIT = -1 };

/* A part of a rule, with its parts in a list. */
struct grammar_part {
    enum grammar_kind kind;
    bool negated;
    int32_t parent; /* NO_PART: a rule's whole */
    int32_t rule;   /* that it belongs to */
    int32_t first, next;
    int32_t begin, end;
    int32_t least, most; /* most NO_LIMIT: any number */
    uint32_t offset;     /* in the text */
};

struct grammar_range {
    uint32_t first, last; /* code points */
};

struct grammar_rule {
    int32_t part;    /* NO_PART: named, and not there (yet) */
    uint32_t offset; /* of its name, or of where it is first named */
};

struct grammar_text {
    const char *text;
    size_t length;
    const char *name;
    struct vocabulary names; /* of rules, by number */
    struct grammar_rule *rules;
    size_t rule_count, rule_capacity;
    struct grammar_part *parts;
    size_t part_count, part_capacity;
    uint32_t *codes;
    size_t code_count, code_capacity;
    struct grammar_range *ranges;
    size_t range_count, range_capacity;
    int32_t root;
};

/* grammar_read.c. Errors as grammar_open. On failure g still needs grammar_text_free. */
int grammar_read(struct grammar_text *g, struct fault *fault);
void grammar_text_free(struct grammar_text *g);
/* fail() of code MODEL with the name, the line and the column of a place in the text in front. */
int grammar_fail(const struct grammar_text *g, size_t offset, struct fault *fault, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 4, 5)))
#endif
    ;

/* grammar_check.c: every rule is there, ends, and is not left-recursive. */
int grammar_sound(const struct grammar_text *g, struct fault *fault);

/* ---- as it is walked ---- */

enum grammar_node_kind {
    GRAMMAR_BYTE,  /* a byte from low to high, then to a */
    GRAMMAR_SPLIT, /* to a and to b */
    GRAMMAR_CALL,  /* to a, and back to b */
    GRAMMAR_RETURN /* back to where the rule was called from */
};

struct grammar_node {
    unsigned char kind, low, high;
    int32_t a, b;
};

struct grammar {
    struct grammar_node *nodes;
    size_t count, capacity;
    int32_t root;
    char *name; /* owned */
};

/* grammar_build.c. */
int grammar_build(struct grammar *grammar, const struct grammar_text *g, const struct token_trie *trie,
                  struct fault *fault);

#endif
