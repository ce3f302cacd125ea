/* steps.h - a decoder's step as one: between step_begin and step_end (ops.h) nothing is launched. What is asked for is
 * written into a list (commands.h), and what the host sends gathers in pinned memory. At the end one copy brings the
 * numbers to the card, and the list is held against those of earlier steps: one that was asked for before is a CUDA
 * graph by now, and costs the host one launch instead of some hundreds. A list that is met for the first time is issued
 * as it is; at the second time it is issued under capture, which makes the graph.
 *
 * So that a step asks for the same as the one before it, what differs (rows, lengths, lists of slots) goes through
 * cuda_send, in sizes that change rarely, and never chooses a kernel or its grid. Where it does change, the list is
 * another one, and nothing is wrong. */
#ifndef MODELS_CUDA_STEPS_H
#define MODELS_CUDA_STEPS_H

#include "models/cuda/device.h"

/* A context's graphs. UTTER_CUDA_GRAPHS=0 in the environment: there are none, and steps are launched as they are asked
 * for. NULL: no memory. */
struct steps *steps_open(void);
void steps_close(struct steps *steps);

void cuda_step_begin(struct context *c);
void cuda_step_end(struct context *c);

/* In the middle of a step, since something must be waited for: what was asked for so far is issued, and the rest of the
 * step goes the ordinary way. */
void steps_interrupt(struct context *c);

/* Where the same bytes were sent in this step already: layers send the same lists. NULL: nowhere. */
void *steps_sent(const struct context *c, const void *host, size_t size);
void steps_note_sent(struct context *c, size_t at, size_t size); /* at: in the pinned memory */

#endif
