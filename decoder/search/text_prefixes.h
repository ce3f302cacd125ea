/* text_prefixes.h - the token sequences that a search has met, kept by what they write. Sequences that write the same
 * text ("▁he llo", "▁hel lo") are different prefixes of one text: what may follow a text, and what a guide says of it,
 * is kept once. A prefix is a text with the token that it ends in, since CTC drops that token where it is repeated; so
 * every prefix by a token comes from one text only. Ids are dense, from 0, and stay. */
#ifndef DECODER_TEXT_PREFIXES_H
#define DECODER_TEXT_PREFIXES_H

#include "decoder/guide/guide.h"

enum { PREFIX_NONE = -1, PREFIX_ROOT = 0 /* the empty sequence, and its text */ };

struct text_prefix {
    int32_t text;
    int32_t from;    /* the text that it came from by its token; NONE: the root */
    int32_t before;  /* the likeliest prefix of that when this one was made */
    int32_t token;   /* NONE: the root */
    int32_t sibling; /* the next prefix that came from the same text */
    int32_t born;    /* the frame that made it */
    int32_t slot;    /* in the beam, or NONE: the search's */
};

struct text_node {
    int32_t letter;         /* the last one: a byte, or a token that writes nothing */
    int32_t child, sibling; /* texts with a letter more: the first; the next of the same length */
    int32_t grown;          /* the first prefix that came from this text */
    int32_t guided;         /* NONE: no prefix has this text, or there is no guide */
    int32_t slot;           /* the first in the beam, or NONE: the search's */
};

struct text_prefixes {
    const struct spelling *spelling; /* NULL: every token writes a text of its own */
    const struct guide *guide;       /* NULL: nothing is asked */
    struct text_prefix *list;
    struct text_node *texts;
    struct guided *guided;
    size_t count, capacity, text_count, text_capacity, guided_count, guided_capacity;
};

/* The root. Errors: MEMORY. What was made is freed by text_prefixes_close, also after a failure. */
bool text_prefixes_open(struct text_prefixes *prefixes, const struct spelling *spelling, const struct guide *guide);
void text_prefixes_close(struct text_prefixes *prefixes);

/* The prefix that text and a token more make; NONE where it was never made. */
int32_t text_prefixes_find(const struct text_prefixes *prefixes, int32_t text, int32_t token);
/* Makes it. before: of text. NONE when memory ran out. */
int32_t text_prefixes_add(struct text_prefixes *prefixes, int32_t text, int32_t token, int32_t before, int32_t born);

/* What the guide says of a text that has a prefix; there must be a guide. Valid until the next addition. */
struct guided *text_prefixes_guided(struct text_prefixes *prefixes, int32_t text);

#endif
