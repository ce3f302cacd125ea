/* words.h - tokens with frames to words with times and confidence. */
#ifndef DECODER_WORDS_H
#define DECODER_WORDS_H

#include "decoder/search/ctc.h"
#include "decoder/tokens/tokenizer.h"

struct word {
    char *text;
    double start, end; /* seconds from the beginning of the scores */
    float acoustic;    /* in [0, 1]: geometric mean of its CTC tokens' probabilities, duration-weighted */
    float confidence; /* in [0, 1]: the same, until confidence.h knows better; of a Whisper's, see whisper_segments.h */
    bool joined;      /* no space goes before it, as in languages written without spaces */
    bool opens;       /* a segment of the model's own begins with it */
};

struct word_list {
    struct word *words;
    size_t count;
};

/* frame_seconds: time between two frames of scores. CTC emits a spike per token, so a word lasts from its first spike
 * to where the next word or a longer blank begins: ends are stretched by at most a few frames, never over the next
 * word's start or duration seconds. Words are in order, do not overlap, and lie in [0, duration].
 * Errors: MEMORY. Freed with words_free. */
int words_from_tokens(const struct tokenizer *tokenizer, const struct ctc_hypothesis *hypothesis, double frame_seconds,
                      double duration, struct word_list *out, struct fault *fault);
void words_free(struct word_list *list);

#endif
