/* tokenizer_parts.h - what a tokenizer is made of, for the files that read it and run it. */
#ifndef DECODER_TOKENIZER_PARTS_H
#define DECODER_TOKENIZER_PARTS_H

#include "decoder/pattern.h"
#include "decoder/tokens/bpe.h"
#include "decoder/tokens/charsmap.h"
#include "decoder/tokens/tokenizer.h"
#include "decoder/tokens/unigram.h"
#include "decoder/tokens/vocabulary.h"

#include <cjson/cJSON.h>

enum step_kind {
    /* normalizers */
    STEP_REPLACE, /* pattern -> content; a decoder too */
    STEP_PREPEND, /* content before a text that is not empty */
    STEP_STRIP_SPACE,
    STEP_LOWERCASE,
    STEP_UNICODE, /* NFC and its kin: nothing to do on ASCII */
    STEP_CHARSMAP,
    /* pre-tokenizers */
    STEP_METASPACE,  /* a decoder too */
    STEP_BYTE_LEVEL, /* a decoder too */
    STEP_SPLIT,
    /* decoders */
    STEP_BYTE_FALLBACK,
    STEP_FUSE,
    STEP_STRIP,
    STEP_SUFFIX
};

enum split_behavior {
    SPLIT_REMOVED,
    SPLIT_ISOLATED,
    SPLIT_MERGED_WITH_PREVIOUS,
    SPLIT_MERGED_WITH_NEXT,
    SPLIT_CONTIGUOUS
};

enum prepend_scheme { PREPEND_ALWAYS, PREPEND_FIRST, PREPEND_NEVER };

/* One step of a normalizer, a pre-tokenizer or a decoder; sequences are laid out flat. */
struct step {
    enum step_kind kind;
    struct pattern *pattern; /* REPLACE, SPLIT; METASPACE and BYTE_LEVEL where they split, else NULL */
    char *content;           /* REPLACE, PREPEND; METASPACE: what stands for a space; STRIP: the character */
    struct charsmap *charsmap;
    enum split_behavior behavior;
    bool invert;      /* SPLIT: what does not match is the delimiter */
    bool left, right; /* STRIP_SPACE */
    bool composed;    /* UNICODE: the form is NFC */
    bool add_space;   /* BYTE_LEVEL: a space before a text that has none */
    enum prepend_scheme prepend;
    size_t start, stop; /* STRIP: how many at either end */
};

struct steps {
    struct step *steps;
    size_t count, capacity;
};

/* A token that is recognised in the text before anything else is done to it. */
struct added {
    char *content;
    size_t length;
    char *normal; /* what is looked for in the normalized text; NULL: content, in the text as given */
    int id;
    bool special, single_word, left, right; /* left, right: white space there belongs to it */
};

struct tokenizer {
    struct vocabulary vocabulary; /* the model's own pieces */
    struct added *added;
    size_t added_count, added_capacity;
    uint32_t *added_of; /* [size] index + 1 of the added token of an id, or 0 */
    bool *begins;       /* [size] */
    int size;
    bool is_unigram;
    struct bpe bpe;
    struct unigram unigram;
    struct steps normalizer, pre_tokenizer, decoder;
    bool has_decoder;
};

/* tokenizer_read.c and steps_read.c: from JSON. */
int tokenizer_read(struct tokenizer *t, const cJSON *root, const char *name, struct fault *fault);
int steps_read_normalizer(struct steps *steps, const cJSON *item, const char *name, struct fault *fault);
int steps_read_pre_tokenizer(struct steps *steps, const cJSON *item, const char *name, struct fault *fault);
int steps_read_decoder(struct steps *steps, const cJSON *item, const char *name, struct fault *fault);
void steps_free(struct steps *steps);

/* Members of an object of the JSON tree; NULL or the default where they are missing, null or of another type. */
const cJSON *json_member(const cJSON *object, const char *key);
const char *json_text(const cJSON *object, const char *key);
bool json_true(const cJSON *object, const char *key, bool otherwise);

/* normalize.c: the text as the model's vocabulary spells it. Errors: UNSUPPORTED, MEMORY. */
int normalize(const struct steps *steps, const char *text, size_t length, struct text *out, struct fault *fault);
/* split.c: appends the text's words for the model; at_start: the text is the beginning of the input. */
int split(const struct steps *steps, const char *text, size_t length, bool at_start, struct pieces *out,
          struct fault *fault);
/* join.c: tokens to one text. tokens is used up. Errors: UNSUPPORTED (a costly pattern), MEMORY. */
int join(const struct tokenizer *t, struct pieces *tokens, struct text *out, struct fault *fault);

/* byte_level.c: the letters that stand for bytes in byte-level vocabularies (GPT-2). */
uint32_t byte_to_letter(unsigned char byte);
int letter_to_byte(uint32_t code); /* -1: none */

#endif
