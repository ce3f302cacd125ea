/* transducer.h - from a neural transducer to token sequences (Graves 2012, arXiv 1211.3711), with durations (TDT, Xu et
 * al. 2023, arXiv 2304.06795) or without (RNN-T). The model is a callback; host floats only. Batched over windows: one
 * step serves all hypotheses of all windows.
 *
 * Greedy search is the one of transformers and NeMo: the likeliest token and the likeliest duration at each place.
 * The beam search goes through the sound frame by frame, all prefixes in step. Where durations let an alignment leap
 * over frames, a prefix has mass waiting at several frames to come; it competes with all of that, which is the
 * probability of its being the text that the sound up to here has given, the same sum over alignments for every prefix.
 * A token of no duration is followed within its frame, so a frame gives as many tokens as it has. */
#ifndef DECODER_TRANSDUCER_H
#define DECODER_TRANSDUCER_H

#include "decoder/search/ctc.h"

struct grammar_walk;
struct thread_pool;

enum { TRANSDUCER_BEAM_MAXIMUM = 64, TRANSDUCER_DURATION_MAXIMUM = 32, TRANSDUCER_DURATIONS_MAXIMUM = 16 };

/* The prediction network reads a token after what slot `from` has read (-1: nothing) and keeps the outcome in slot
 * `to`; the first token of all is the blank. */
struct transducer_search_prediction {
    int from, token, to;
};
/* The joint network over a frame of a window and what a slot has read, after the predictions of the same step. */
struct transducer_search_joint {
    int window, frame, slot;
};
struct transducer_search_ask {
    const struct transducer_search_prediction *predictions;
    int prediction_count;
    const struct transducer_search_joint *joints;
    int joint_count;
};

/* tokens [joint_count, vocabulary] and durations [joint_count, duration_count]: natural log-probabilities. Returns 0 or
 * the fault's code. */
typedef int (*transducer_search_step)(void *context, const struct transducer_search_ask *ask, float *tokens,
                                      float *durations, struct fault *fault);

struct transducer_search_params {
    int vocabulary, blank;
    int duration_count;                /* 0: an RNN-T */
    const int *durations;              /* [duration_count] frames, rising, 0 to TRANSDUCER_DURATION_MAXIMUM; borrowed */
    int max_symbols;                   /* tokens that one frame may give before the search moves on */
    int beam;                          /* 0 or 1: greedy; at most TRANSDUCER_BEAM_MAXIMUM */
    int nbest;                         /* 1 to beam; 0: 1. There may be fewer */
    int ahead;                         /* greedy: joints of one step, which frames that lie ahead may fill; 0: none */
    float prune;                       /* beam: what is this far (natural log) below the best is not followed; 0: 12 */
    const struct guide *guide;         /* beam: what is asked beside the scores; NULL: nothing. Borrowed */
    struct grammar_walk *const *walks; /* beam: [windows], each window's own way through a grammar, in place of the
                                          guide's; NULL: no grammar. Borrowed */
    struct thread_pool *threads;       /* that share the windows of a step; NULL: the caller alone */
};

/* Slots that a search of this many windows needs, and the most joints of one step. */
int transducer_search_slots(const struct transducer_search_params *params, int windows);
int transducer_search_joints(const struct transducer_search_params *params, int windows);

/* lengths [windows]: frames of each, 0 or more. results [windows] are filled, freed one by one with ctc_free; on an
 * error they are all empty. A token spans the frames from the one that gave it through its duration, or that one alone;
 * its log-probability is the token's own, without the duration. Scores sum the durations in. With a grammar all tokens
 * that may follow are tried, however unlikely.
 * A score that is not finite counts as impossible, a joint without any finite one as a certain blank. Equal scores are
 * ordered by the lower id. There is at least one hypothesis, which may have no tokens, but for a guide that lets none
 * end.
 * Errors: ARGUMENT, MEMORY, and what step gives. */
int transducer_search(const struct transducer_search_params *params, transducer_search_step step, void *context,
                      const int *lengths, int windows, struct ctc_result *results, struct fault *fault);

#endif
