/* written.h - a transcript as people write it: numbers, dates, times, money and addresses in their written form
 * (inverse text normalisation of English: Ebden and Sproat 2015, "The Kestrel TTS text normalization system", read
 * backwards), words masked, and numbers redacted.
 *
 * What goes in is a stretch of words whose text is final, as a segment; nothing is kept between two calls. A number
 * that two stretches share is written in two parts, each as if it were alone. */
#ifndef DECODER_WRITTEN_H
#define DECODER_WRITTEN_H

#include "decoder/search/words.h"
#include "decoder/written/mask.h"
#include "decoder/written/redact.h"

struct written_params {
    bool numbers;            /* and dates, …, in their written form */
    const struct mask *mask; /* NULL: no word is masked */
};

/* What words became: word i of the list stands for the source words [sources[i], sources[i + 1]), at least one. */
struct written {
    struct word_list words;
    size_t *sources; /* [words.count + 1] */
};

/* A word that stands for several begins where the first of them does and ends where the last does; its confidence is
 * their geometric mean, weighted by their durations. heard: of the same words; redactions: in order, without overlap,
 * each becomes its tag. Errors: MEMORY. Freed with written_free. */
int write_words(const struct word *words, size_t count, const struct heard_list *heard,
                const struct redaction *redactions, size_t redaction_count, const struct written_params *params,
                struct written *out, struct fault *fault);
void written_free(struct written *written);

#endif
