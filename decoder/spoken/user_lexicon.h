/* user_lexicon.h - a user's own list of how words are said, which counts before all else.
 *
 * A text in UTF-8, one word a line: the word, blanks, then its phones in ARPAbet with or without stress, or IPA between
 * slashes; "#" begins a comment. Of a word that stands twice the last line counts. The case of A to Z does not matter.
 *
 *     # names
 *     nguyen    W IH1 N
 *     gnocchi   /ˈnjoʊki/
 */
#ifndef DECODER_USER_LEXICON_H
#define DECODER_USER_LEXICON_H

#include "decoder/spoken/arpabet.h"

enum { USER_LEXICON_BYTES = 1 << 26, USER_WORD_LONGEST = 255 };

struct user_lexicon; /* immutable; any thread */

/* From length bytes, which are not needed afterwards. name: what messages call it. Errors: ARGUMENT ("names.txt, line
 * 3: …"), MEMORY. */
int user_lexicon_parse(struct user_lexicon **lexicon, const char *text, size_t length, const char *name,
                       struct fault *fault);
/* The same from a file. Errors also: IO (not there, not readable, larger than USER_LEXICON_BYTES). */
int user_lexicon_read(struct user_lexicon **lexicon, const char *path, struct fault *fault);
void user_lexicon_close(struct user_lexicon **lexicon);

size_t user_lexicon_count(const struct user_lexicon *lexicon);

/* The phones of a word, *count of them; NULL where it is not in the list, or where there is no list. */
const unsigned char *user_lexicon_find(const struct user_lexicon *lexicon, const char *word, size_t length,
                                       size_t *count);

#endif
