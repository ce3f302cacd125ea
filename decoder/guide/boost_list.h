/* boost_list.h - a file of phrases to listen for.
 *
 * A text in UTF-8, one phrase a line, then, where it is to have another weight than the rest, a tab and that weight. A
 * line that begins with "#" is a comment.
 *
 *     # who may call
 *     Zephyrus Brown
 *     Nguyen	1.5
 */
#ifndef DECODER_BOOST_LIST_H
#define DECODER_BOOST_LIST_H

#include "decoder/guide/boost.h"
#include "decoder/text.h"

enum { BOOST_LIST_BYTES = 1 << 25 };

struct boost_list {
    struct boost_phrase *phrases; /* [count], their texts in text */
    size_t count, capacity;
    struct text text;
};

/* From length bytes, which are not needed afterwards; only weights are looked at (boost_open looks at the phrases).
 * name: what messages call it. Errors: ARGUMENT ("names.txt, line 3: …"; too many phrases, or none), MEMORY; the list
 * is empty then. Freed with boost_list_free. */
int boost_list_parse(struct boost_list *list, const char *text, size_t length, const char *name, struct fault *fault);
/* The same from a file. Errors also: IO (not there, not readable, larger than BOOST_LIST_BYTES). */
int boost_list_read(struct boost_list *list, const char *path, struct fault *fault);
void boost_list_free(struct boost_list *list);

#endif
