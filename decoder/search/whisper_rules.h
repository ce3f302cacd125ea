/* whisper_rules.h - which tokens may come next, and what they score: the suppression and timestamp rules of
 * openai/whisper's decoding.py, in the one pass over the logits that also normalises them. */
#ifndef DECODER_WHISPER_RULES_H
#define DECODER_WHISPER_RULES_H

#include "decoder/search/whisper_search.h"

struct whisper_rules {
    const struct whisper_vocabulary *vocabulary;
    const struct whisper_special *special;
    int size;         /* of the vocabulary */
    uint32_t *barred; /* bit i of word i / 32: token i is never to come out */
    int blank;        /* the token of " ", or -1: blanks may begin */
    bool timestamps;
    int latest_initial; /* the last timestamp token that may come first, or -1 */
    int latest;         /* the last timestamp token of the window */
    int force;          /* no end before so many tokens */
};

int whisper_rules_open(struct whisper_rules *rules, const struct whisper_vocabulary *vocabulary,
                       const struct whisper_search_params *params, struct fault *fault);
void whisper_rules_close(struct whisper_rules *rules);

/* Which tokens may follow those sampled so far, barred ones apart: ranges [WHISPER_RANGES], of which the last one is of
 * timestamps and the others of none. Those may yet turn out to be so likely that it must be one. */
void whisper_rules_allow(const struct whisper_rules *rules, const int *sampled, size_t count,
                         struct whisper_range *ranges);

/* Tokens that may not follow those sampled so far get -infinity in logits [size]. Returns the logarithm of the sum of
 * the exponentials of the rest: a token's log-probability is its logit minus that. */
double whisper_rules_apply(const struct whisper_rules *rules, float *logits, const int *sampled, size_t count);

/* The same from what was found in the ranges (struct whisper_ask): the likeliest tokens, best first, with their logits;
 * *most, which is what was asked for of each range, becomes how many there are. */
double whisper_rules_choose(const struct whisper_rules *rules, const float *found, int *tokens, float *logits,
                            int *most);

/* The probability of one token among all of logits [size]. */
double whisper_rules_probability(const struct whisper_rules *rules, const float *logits, int token);

#endif
