/* heard.h - the words of a transcript as the rules of writing, masking and redacting look at them: in lower case,
 * without the marks at their edges, and with what they mean as parts of numbers. */
#ifndef DECODER_HEARD_H
#define DECODER_HEARD_H

#include "decoder/search/words.h"
#include "decoder/spoken/number_names.h"
#include "decoder/text.h"

/* A word, or a part of one with hyphens whose parts are all names of numbers: "twenty-six" is two. */
struct heard {
    const char *text; /* lower case (ASCII), NUL-terminated */
    size_t length;
    struct number_name number;
    size_t word;       /* of the list it came from */
    bool begins, ends; /* its word does with it */
    bool apart;        /* a mark stands between it and the one before: no number goes on across */
};

struct heard_list {
    struct heard *items;
    size_t count, capacity;
    struct text strings;
};

/* Errors: MEMORY. Freed with heard_free, whether or not it fails. */
int heard_read(struct heard_list *list, const struct word *words, size_t count, struct fault *fault);
void heard_free(struct heard_list *list);

/* Bytes of marks at the beginning and at the end of a word: "(", ",". Of a word of nothing else all are at its end. */
size_t heard_prefix(const char *word);
size_t heard_suffix(const char *word);

/* The item at `at`; beyond the list one without text. */
const struct heard *heard_at(const struct heard_list *list, size_t at);
bool heard_is(const struct heard *heard, const char *word);
/* Whether a list as " the he she " has it. */
bool heard_in(const struct heard *heard, const char *list);

#endif
