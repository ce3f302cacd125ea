/* confidence.h - how likely a word is right: a logistic map (Platt 1999) of what the sound says of it and of its
 * neighbours, how long it is, and what a language model thinks of it there. Fitted by models/training/confidence.py. */
#ifndef DECODER_CONFIDENCE_H
#define DECODER_CONFIDENCE_H

#include "decoder/guide/ngram.h"
#include "decoder/search/words.h"

/* Of log(p / (1 - p)), p the probability that the word is right. */
struct confidence_weights {
    double bias;
    double acoustic;       /* of log(a / (1 - a)), a the word's .acoustic */
    double mean;           /* … the same of the mean of all words of the list */
    double letters;        /* of the word's code points */
    double language_model; /* of the natural log probability of the word behind those before it, from <s> on */
    double known;          /* of 1 where the model knows the word, else 0 */
};

struct confidence {
    struct confidence_weights guided; /* where a language model had a say in which words were found */
    struct confidence_weights alone;  /* where the sound alone decided */
};

/* Reads a confidence.json. Errors: MODEL, MEMORY (*confidence undefined). */
int confidence_read(struct confidence *confidence, const char *json, size_t length, const char *name,
                    struct fault *fault);

/* Sets every word's confidence. ngram: the model that the weights were fitted with. */
void confidence_set(const struct confidence_weights *weights, const struct ngram *ngram, struct word_list *words);

#endif
