/* spoken_text.h - text to be spoken, plain or SSML, to sentences of words to say.
 *
 * The text comes in pieces of any size, and any way to cut it gives the same sentences. English is normalised: numbers,
 * money, dates, times, units, abbreviations, initials, addresses and signs become the words that a reader would say;
 * what is ambiguous is decided by what stands around it. Of other languages only sentences and words are found. */
#ifndef DECODER_SPOKEN_TEXT_H
#define DECODER_SPOKEN_TEXT_H

#include "decoder/spoken/spoken.h"
#include "decoder/spoken/spoken_rules.h"
#include "src/base/error.h"

enum spoken_markup {
    SPOKEN_PLAIN, /* an empty line ends a paragraph */
    SPOKEN_SSML   /* a subset of W3C SSML 1.1: speak, p, s, break, prosody, emphasis, voice, phoneme, sub, say-as, mark;
                     of any other element (lang, audio) the text is said, except of desc, lexicon, meta and metadata.
                     No DOCTYPE; at most 64 deep. */
};

/* What a voice is, for markup that asks. Borrowed. */
struct spoken_voice {
    int speakers;             /* that it has */
    const char *const *names; /* [speakers], theirs, NULL for one without; NULL: they have none */
    const float *hertz;       /* [speakers], what they speak at on average; NULL: it is not known */
};

struct spoken_options {
    enum spoken_markup markup;
    bool verbatim;          /* the text is not English: words are passed as they are written, with their digits, and
                               say-as is ignored */
    struct prosody prosody; /* what the text's own prosody is relative to, and who speaks it */
    struct spoken_voice voice;
    const struct say_rules *rules; /* compiled before, which must outlive the reader; NULL: it compiles its own */
};

struct spoken_reader;

/* Errors: ARGUMENT (prosody outside its ranges), MEMORY. One thread at a time. */
int spoken_reader_open(struct spoken_reader **reader, const struct spoken_options *options, struct fault *fault);
void spoken_reader_close(struct spoken_reader **reader);
/* Back to the state after opening: offsets count from 0 again. */
void spoken_reader_reset(struct spoken_reader *reader);

/* Takes size bytes of UTF-8, copied; control characters are spaces. Errors: ARGUMENT (not UTF-8, with the offset of
 * the first byte that is wrong), STATE (after finish), MEMORY. Memory grows by what is fed before it is read by
 * spoken_reader_next, and by nothing else. */
int spoken_reader_feed(struct spoken_reader *reader, const char *text, size_t size, struct fault *fault);
/* No more text follows. Errors: ARGUMENT where the text ends inside a character; STATE when called twice. */
int spoken_reader_finish(struct spoken_reader *reader, struct fault *fault);

/* The next sentence: 1 and *sentence, which is the reader's until its next call; 0 when more text is needed or, after
 * finish, none is left. A sentence has at least one item, but the last may have marks alone; one of more than 250
 * characters or 40 words comes in parts. A sentence is complete once the character after it is known, so a text that
 * waits for an answer should end in an empty line or be finished. Errors: ARGUMENT (SSML that is malformed, unclosed or
 * has impossible values: line, column and element are named), UNSUPPORTED (a value that is well formed but not known
 * here), MEMORY. Sentences before the place of an error are given first; after an error every call fails the same way.
 */
int spoken_reader_next(struct spoken_reader *reader, struct spoken_sentence *sentence, struct fault *fault);

#endif
