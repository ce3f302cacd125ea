/* whisper_hypotheses.h - texts under way, and the two ways to go on from them. Private to the search. */
#ifndef DECODER_WHISPER_HYPOTHESES_H
#define DECODER_WHISPER_HYPOTHESES_H

#include "decoder/guide/guide.h"
#include "decoder/search/whisper_rules.h"

/* A text under way or done, in memory for the longest there may be. */
struct hypothesis {
    int *tokens; /* sampled so far, without the end */
    float *log_probabilities;
    size_t count;
    double sum;           /* of the log-probabilities, the end's included */
    double gap;           /* with a grammar: sum of what whisper_hypothesis.gap is the mean of … */
    size_t spoken;        /* … and of how many */
    int row;              /* of the last step, whose logits are about this text; after an advance: of its parent */
    struct guided guided; /* where there is a guide */
};

struct hypotheses {
    struct hypothesis *items; /* [capacity] */
    int count, capacity;
};

/* What the model said of the rows of a step: their logits, or what it was asked for of the allowed ranges. */
struct scored {
    float *logits;      /* [rows, size]; spoiled by whoever looks at them … */
    const float *found; /* … or [rows, WHISPER_RANGES, 1 + 2·count], and not NULL */
    int count;
};

/* Room for capacity texts of at most length tokens. */
bool hypotheses_open(struct hypotheses *h, int capacity, int length);
void hypotheses_close(struct hypotheses *h);
/* Copies from into the next free place, which there must be, with one more token where token ≥ 0. */
struct hypothesis *hypotheses_add(struct hypotheses *h, const struct hypothesis *from, int token, double score);

/* A window on its way. */
struct search {
    const struct whisper_rules *rules;
    const struct guide *guide; /* NULL: the logits are all there is */
    int beam;                  /* hypotheses side by side; 1: greedy */
    int candidates;            /* beam: ends when so many are done */
    double temperature;        /* above 0: every hypothesis is sampled */
    uint64_t random;           /* state */
    struct hypotheses now, next, done;
};

/* A token that a text may go on with. */
struct choice {
    double score; /* of the whole text then, with what a guide adds */
    double log_probability;
    double gap;      /* with a grammar: how far its logit is below the largest of all that the rules allow */
    int token, from; /* from: the text, of now; token NO_CHOICE: there is none */
};

enum { CHOICES_MOST = WHISPER_BEAM_MAXIMUM + 1, NO_CHOICE = -1 };

/* How text `from` of now may go on, best first: with the beam + 1 likeliest tokens; with a guide, which may prefer what
 * is less likely, the CHOICES_MOST likeliest. Returns how many there are. */
int search_choices(const struct search *search, int from, const struct scored *scored, struct choice *out);
/* Of each range, how many likeliest tokens it takes for that: WHISPER_LIKELIEST_MOST at most, or 0 where it takes all.
 */
int search_asks_for(const struct search *search);
void choices_sort(struct choice *choices, int count); /* best first, equals in their order */
/* Takes a choice: into next, or, where it is the end, into done. */
void search_go_on(struct search *search, const struct choice *choice);

/* Text tokens that a grammar does not let follow h, the end where it may not be, and all others that are no times get
 * -infinity in logits [size], to which the rules have been applied. Returns the largest logit of before. Without a
 * grammar nothing is done. */
double search_hold(const struct search *search, const struct hypothesis *h, float *logits);
/* Whether the text may end where it is. */
bool search_may_end(const struct search *search, const struct hypothesis *h);

/* Goes on by a token: now becomes next, with texts that ended moved to done. */
void search_beam(struct search *s, const struct scored *scored);
void search_sample(struct search *s, const struct scored *scored);

#endif
