/* spoken_phonemes.h - reads text that is written in phones: "HH AH0 L OW1 | W ER1 L D." A sentence a line. */
#ifndef DECODER_SPOKEN_PHONEMES_H
#define DECODER_SPOKEN_PHONEMES_H

#include "decoder/spoken/spoken.h"
#include "src/base/error.h"

struct phoneme_reader;

/* Every item is of kind PHONES, with the prosody. Errors: MEMORY. */
int phoneme_reader_open(struct phoneme_reader **reader, const struct prosody *prosody, struct fault *fault);
void phoneme_reader_close(struct phoneme_reader **reader);
void phoneme_reader_reset(struct phoneme_reader *reader);

/* Adds text in pieces of any size. A line of more than 64 KiB is an error. Errors: ARGUMENT, MEMORY. */
int phoneme_reader_feed(struct phoneme_reader *reader, const char *text, size_t size, struct fault *fault);
int phoneme_reader_finish(struct phoneme_reader *reader, struct fault *fault);

/* Hands out the next line that has words: 1 and a sentence, valid until the next call; 0: none until more is fed.
 * Words end at "|", at a mark of punctuation and at the end of the line. What the phones are is not looked at.
 * Errors: MEMORY. */
int phoneme_reader_next(struct phoneme_reader *reader, struct spoken_sentence *sentence, struct fault *fault);

#endif
