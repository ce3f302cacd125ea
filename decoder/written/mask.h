/* mask.h - words that are not to be shown: their first letter and stars are. */
#ifndef DECODER_MASK_H
#define DECODER_MASK_H

#include "src/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct mask;

/* The words of a file, one a line: letters of any script (of ASCII in any case), no blank inside; "*" at the end: with
 * any ending;
 * "#" begins a comment; empty lines and repeated words do nothing. Without bytes: a list of our own, of English. A word
 * has its usual endings ("-s", "-ing") whatever the list, and is never looked for inside of others. name: what messages
 * call the file. Errors: ARGUMENT (with the line: not UTF-8, a blank inside, longer than 60 bytes, more than 100000
 * words), MEMORY. */
int mask_open(struct mask **mask, const char *bytes, size_t size, const char *name, struct fault *fault);
void mask_close(struct mask **mask);

/* Whether the word, in lower case and without marks, is to be masked. Any thread. */
bool mask_has(const struct mask *mask, const char *word, size_t length);

/* The first character, and a star for each of the others, in place; how many bytes are left. */
size_t mask_word(char *word, size_t length);

#endif
