/* vits_vocabulary_parts.h - what a VITS vocabulary is made of, for the files that read it and use it. */
#ifndef DECODER_VITS_VOCABULARY_PARTS_H
#define DECODER_VITS_VOCABULARY_PARTS_H

#include "decoder/text.h"
#include "decoder/tokens/vits_vocabulary.h"
#include "decoder/tokens/vocabulary.h"

enum { VITS_PAD, VITS_UNKNOWN, VITS_SPECIALS };

struct vits_vocabulary {
    struct vocabulary symbols;
    struct pieces words;   /* the same symbols in the file's order, which decides what lowercasing spares */
    struct pieces special; /* [VITS_SPECIALS]: tokens that are taken whole from a text */
    char *language;
    struct vits_rules rules;
};

#endif
