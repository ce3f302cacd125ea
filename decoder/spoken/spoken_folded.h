/* spoken_folded.h - a text to be spoken, in one byte per character: what the splitter and the rules look at.
 *
 * The alphabet is Windows-1252 (ASCII, Latin-1's signs, dashes, the euro), with letters that have diacritics folded to
 * their base letters, curly quotes to straight ones, and signs that have a name to that name. Every byte knows where
 * in the stream it came from, which character it was, and how it is to be said. */
#ifndef DECODER_SPOKEN_FOLDED_H
#define DECODER_SPOKEN_FOLDED_H

#include "decoder/spoken/spoken.h"

#include <stdint.h>

enum folded_byte {
    FOLDED_OBJECT = 1,    /* something that is not text: its style has the object */
    FOLDED_SENTENCE = 2,  /* a sentence ends here, by markup */
    FOLDED_PARAGRAPH = 3, /* a paragraph ends here, by markup or by an empty line */
    FOLDED_EURO = 0x80,
    FOLDED_LETTER = 0x81, /* of a script that is not read */
    FOLDED_RUPEE = 0x8D,
    FOLDED_BULLET = 0x95,
    FOLDED_EN_DASH = 0x96,
    FOLDED_EM_DASH = 0x97,
    FOLDED_CENT = 0xA2,
    FOLDED_POUND = 0xA3,
    FOLDED_YEN = 0xA5,
    FOLDED_SECTION = 0xA7,
    FOLDED_DEGREE = 0xB0,
    FOLDED_PLUS_MINUS = 0xB1,
    FOLDED_SQUARED = 0xB2,
    FOLDED_CUBED = 0xB3,
    FOLDED_MICRO = 0xB5,
    FOLDED_TIMES = 0xD7,
    FOLDED_DIVIDED = 0xF7
};

/* How many bytes without a space are kept; the rest of such a word is left out. */
enum { FOLDED_WORD_BYTES = 200 };

struct place {
    size_t begin;    /* in the stream */
    uint32_t length; /* bytes of the stream; characters that came from one source share their place */
    uint32_t code;   /* the character as it was */
    uint32_t style;  /* see folded_style */
};

enum spoken_object_kind { OBJECT_NONE, OBJECT_BREAK, OBJECT_PHONEME, OBJECT_SAY_AS };

/* An element that stands for its text. */
struct spoken_object {
    enum spoken_object_kind kind;
    double pause;       /* BREAK: seconds */
    char given[256];    /* PHONEME: the phones */
    char text[1024];    /* PHONEME, SAY_AS: what stands in the element, UTF-8 */
    char interpret[24]; /* SAY_AS */
    char format[16];
};

struct style {
    struct prosody prosody;
    struct spoken_object *object; /* owned; of a FOLDED_OBJECT */
};

struct folded {
    char *bytes; /* those of [head, count) are alive */
    struct place *places;
    size_t head, count, bytes_capacity, places_capacity;
    struct style *styles; /* in the order of the text; the last one is the one that holds now */
    size_t style_count, style_capacity;
    uint32_t style_base; /* number of the first style */
    bool raw;            /* letters and signs stay what they are: another language's text */
    bool raised;         /* the last character was a raised digit or minus of a power */
    bool flat;           /* line ends are spaces: marked-up text */
    char space;          /* ' ' or '\n' where one is due before the next character */
    struct place space_from;
    unsigned char last;    /* byte appended last, whether alive or not */
    size_t same, unbroken; /* how often it came in a row; how many bytes since the last space */
    bool failed;           /* memory ran out */
};

/* Appends a character; [begin, end) is where it stands in the stream. */
void folded_add(struct folded *f, uint32_t code, size_t begin, size_t end);
/* Appends the end of a sentence or of a paragraph; several at one place are one, the stronger. */
void folded_end(struct folded *f, enum folded_byte boundary, size_t at);
/* Appends an object, which is copied, in the prosody that holds. */
void folded_object(struct folded *f, const struct spoken_object *object, size_t begin, size_t end);
/* From here on the text is said so. */
void folded_prosody(struct folded *f, const struct prosody *prosody);
const struct style *folded_style(const struct folded *f, size_t at);
/* The first count bytes that are alive are used up. */
void folded_consume(struct folded *f, size_t count);
void folded_free(struct folded *f);

/* What a code point becomes: at most size - 1 bytes and a NUL; "" where it is left out, " " where it is a space or a
 * sign that is not read. */
void fold_code(uint32_t code, char *out, size_t size);

#endif
