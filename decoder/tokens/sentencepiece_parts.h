/* sentencepiece_parts.h - what a SentencePiece model is made of, for the files that read it and run it. */
#ifndef DECODER_SENTENCEPIECE_PARTS_H
#define DECODER_SENTENCEPIECE_PARTS_H

#include "decoder/tokens/charsmap.h"
#include "decoder/tokens/sentencepiece.h"
#include "decoder/tokens/vocabulary.h"

struct piece {
    float score;
    enum sentencepiece_type type;
};

struct sentencepiece {
    enum sentencepiece_model kind;
    struct vocabulary vocabulary;
    struct piece *pieces; /* [vocabulary.size] */
    size_t capacity;
    int unknown;
    size_t longest_user;       /* bytes of the longest piece of type USER; 0: there is none */
    struct charsmap *charsmap; /* NULL: characters stay what they are */
    bool add_dummy_prefix, remove_extra_whitespaces, escape_whitespaces, space_behind;
};

/* A text by the model's rules (sentencepiece's normalizer.cc says which): appended to out. */
void sentencepiece_normalize(const struct sentencepiece *m, const char *text, size_t length, struct text *out);

/* How many bytes of a piece of type USER begin here, the longest one; 0: none. */
size_t sentencepiece_user(const struct sentencepiece *m, const char *text, size_t length);

#endif
