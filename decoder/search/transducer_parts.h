/* transducer_parts.h - one window's search, greedy or beam, as transducer.c drives it: what it asks of the next step,
 * and what it makes of the answer. */
#ifndef DECODER_TRANSDUCER_PARTS_H
#define DECODER_TRANSDUCER_PARTS_H

#include "decoder/search/transducer.h"

/* What the windows ask of a step so far; there is room for what transducer_search_joints says, and as many
 * predictions. */
struct transducer_round {
    struct transducer_search_prediction *predictions;
    struct transducer_search_joint *joints;
    int prediction_count, joint_count;
};

static inline void ask_prediction(struct transducer_round *round, int from, int token, int to)
{
    round->predictions[round->prediction_count++] = (struct transducer_search_prediction){from, token, to};
}

static inline void ask_joint(struct transducer_round *round, int window, int frame, int slot)
{
    round->joints[round->joint_count++] = (struct transducer_search_joint){window, frame, slot};
}

/* The smallest duration above 0, which is what the blank moves on by where it has none. */
int transducer_smallest_duration(const struct transducer_search_params *params);

/* ---- greedy: one slot a window ---- */

struct transducer_greedy;
int transducer_greedy_open(struct transducer_greedy **greedy, const struct transducer_search_params *params, int window,
                           int frames, struct fault *fault);
void transducer_greedy_close(struct transducer_greedy **greedy);
/* Whether there is more to hear; asks for at most so many joints. */
bool transducer_greedy_ask(struct transducer_greedy *greedy, struct transducer_round *round, int joints);
/* The scores of what was asked for, in its order. Errors: MEMORY. */
int transducer_greedy_hear(struct transducer_greedy *greedy, const float *tokens, const float *durations,
                           struct fault *fault);
int transducer_greedy_finish(struct transducer_greedy *greedy, struct ctc_result *result, struct fault *fault);

/* ---- beam: 2 · beam slots a window, and at most beam joints ---- */

struct transducer_beam;
int transducer_beam_open(struct transducer_beam **beam, const struct transducer_search_params *params, int window,
                         int frames, struct fault *fault);
void transducer_beam_close(struct transducer_beam **beam);
bool transducer_beam_ask(struct transducer_beam *beam, struct transducer_round *round);
int transducer_beam_hear(struct transducer_beam *beam, const float *tokens, const float *durations,
                         struct fault *fault);
int transducer_beam_finish(struct transducer_beam *beam, struct ctc_result *result, struct fault *fault);

#endif
