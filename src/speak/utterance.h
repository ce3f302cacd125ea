/* utterance.h - what is said in one breath: an acoustic model's tokens, how each is to be said, and which word of the
 * text each belongs to. */
#ifndef SRC_SPEAK_UTTERANCE_H
#define SRC_SPEAK_UTTERANCE_H

#include "decoder/spoken/spoken.h"
#include "src/base/error.h"

struct utterance_token {
    int id;
    int word;          /* of the utterance's words; -1: of none, as the mark at the end */
    const char *phone; /* as the voice spells it, which outlives the utterance; NULL: a blank, or a mark */
    struct prosody prosody;
    int frames; /* that it lasts, once it has been rendered */
};

struct utterance_word {
    size_t text; /* where its text begins in the utterance's */
    size_t begin, end;
};

struct utterance {
    struct utterance *next; /* in a queue */
    struct utterance_token *tokens;
    size_t count, capacity;
    struct utterance_word *words;
    size_t word_count, word_capacity;
    char *text; /* the words', each with a NUL */
    size_t text_length, text_capacity;
    struct spoken_mark *marks; /* in the order of the text; their names are the utterance's */
    size_t mark_count, mark_capacity;
    int speaker;
    double silence;     /* seconds before it */
    bool opens, closes; /* the first, the last of its sentence */
    size_t begin, end;  /* the sentence, in bytes of the text */
};

/* An empty one; NULL: memory ran out. */
struct utterance *utterance_new(void);
/* NULL is allowed. */
void utterance_free(struct utterance *utterance);

/* Adds a word; tokens that are added next may name it (word_count - 1). Errors: MEMORY. */
int utterance_add_word(struct utterance *utterance, const char *text, size_t begin, size_t end, struct fault *fault);
/* Adds a token of the last word (word: true) or of none. Errors: MEMORY. */
int utterance_add_token(struct utterance *utterance, int id, const char *phone, bool word,
                        const struct prosody *prosody, struct fault *fault);

/* Adds a mark of the user's, whose name is the utterance's from then on. Errors: MEMORY. */
int utterance_add_mark(struct utterance *utterance, struct spoken_mark *mark, struct fault *fault);

#endif
