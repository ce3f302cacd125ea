/* spoken.h - what a text sounds like before it is sound: sentences of words to say, breaks and markup, then phones.
 * What reads text (plain or SSML) makes sentences of items; what pronounces gives every item its phones; what speaks
 * (src) turns phones, or the spelled words, into an acoustic model's tokens. */
#ifndef DECODER_SPOKEN_H
#define DECODER_SPOKEN_H

#include <stdbool.h>
#include <stddef.h>

/* How a stretch is to be said, relative to the voice. */
struct prosody {
    float rate;   /* times the voice's speed: 1 is its own; 0.2 to 5 */
    float pitch;  /* semitones above the voice's own; -24 to 24 */
    float volume; /* dB above the voice's own; -60 to 20 */
    int speaker;  /* of the voice's, from 0 */
};

enum spoken_kind {
    SPOKEN_WORD,   /* text is to be said */
    SPOKEN_PHONES, /* phones are given; text is what stands in the source, for marks */
    SPOKEN_BREAK   /* silence of `pause` seconds; no text */
};

struct spoken_item {
    enum spoken_kind kind;
    const char *text;  /* WORD: letters in lower case and apostrophes, UTF-8: "doctor", "don't"; a letter to be said by
                          its name is one upper-case letter: "B" */
    const char *given; /* PHONES: as they were written: ARPAbet ("K AE1 T") or IPA, told apart by what reads them */
    char after;        /* the mark that follows: ',' '.' '?' '!' ';' ':' '-' (a dash), or 0 */
    double pause;      /* BREAK: seconds, 0 to 60 */
    size_t begin, end; /* bytes of the stream of text that it was made from, counted from its beginning */
    struct prosody prosody;
};

/* A place in the text that the user gave a name. */
struct spoken_mark {
    char *name;
    size_t at; /* byte of the stream of text */
};

/* A sentence, or as much of one as is said in one breath where it is too long. */
struct spoken_sentence {
    struct spoken_item *items;
    size_t count;
    const struct spoken_mark *marks; /* before its end, and after the end of the sentence before it */
    size_t mark_count;
    size_t begin, end; /* bytes of the stream of text */
    bool paragraph;    /* the last one of its paragraph: a longer pause follows */
};

#endif
