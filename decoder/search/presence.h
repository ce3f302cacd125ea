/* presence.h - whether what a CTC model heard was spoken at all, or is made of noise: a logistic map (Platt 1999) of
 * what its scores and its text say. Noise gives few letters for all the mass that left the blank, that mass lies on
 * many tokens at once, and no word is sure. Fitted by models/training/presence.py. */
#ifndef DECODER_PRESENCE_H
#define DECODER_PRESENCE_H

#include "decoder/search/words.h"

/* What is known of one stretch between pauses. */
struct presence_evidence {
    double acoustic; /* the mean .acoustic of its words, weighted by their durations */
    double letters;  /* code points of its words, at least 1 */
    double seconds;
    double mass;    /* of all tokens but the blank, summed over frames */
    double entropy; /* of a frame's probabilities, natural, mean over frames */
};

/* Of log(p / (1 - p)), p the probability that it was spoken. */
struct presence_weights {
    double bias;
    double acoustic; /* of log(a / (1 - a)) */
    double letters;  /* of the natural logarithm, as the next two */
    double seconds;
    double mass;
    double entropy;   /* of it as it is */
    double threshold; /* probability from which on the text is believed, in [0, 1] */
};

struct presence {
    struct presence_weights guided; /* where a language model had a say in which words were found */
    struct presence_weights alone;  /* where the sound alone decided */
};

/* Reads a presence.json. Errors: MODEL (*presence undefined). */
int presence_read(struct presence *presence, const char *json, size_t length, const char *name, struct fault *fault);

/* scores [frames, vocabulary]: natural log-probabilities; one that is not finite counts as impossible. words: at least
 * one, found in them. */
void presence_gather(struct presence_evidence *evidence, const float *scores, int frames, int vocabulary, int blank,
                     double seconds, const struct word_list *words);

/* The probability that it was spoken. */
double presence_probability(const struct presence_weights *weights, const struct presence_evidence *evidence);

#endif
