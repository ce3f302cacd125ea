/* live.h - a session whose text comes while it is spoken.
 *
 * Every channel is cut into windows like a recording, with a detector that answers at once and a silence of the
 * caller's choice. A window that ends is transcribed and its words are committed, so what is committed depends on the
 * sound alone. Between, as often as there is time, the open window's last seconds are transcribed as far as they have
 * come: that is the tentative text, which never becomes committed text but by the window's own pass. */
#ifndef SRC_LIVE_H
#define SRC_LIVE_H

#include "src/decoding.h"
#include "src/dropped.h"
#include "src/event.h"
#include "src/nbest.h"
#include "src/window.h"

struct live;
struct writing;

/* Samples of the longest window of a model that has no bound of its own. */
int64_t live_longest(void);

/* lanes: channels that sound comes from. given: as the program gave it, decoding and writing (which may be NULL):
 * borrowed. Errors: ARGUMENT, MEMORY,
 * and a detector's. */
int live_open(struct live **live, const struct utter_model *model, const struct utter_live_params *given, int lanes,
              const struct decoding *decoding, struct writing *writing, struct fault *fault);
void live_close(struct live **live);
void live_reset(struct live *live);

/* Takes a block of a lane's sound over: a window_sink. Errors: MEMORY, DEVICE. */
int live_take(void *live, struct window *sound, struct fault *fault);
/* Everything said so far is complete. Errors: MEMORY, DEVICE. */
int live_flush(struct live *live, struct fault *fault);
int live_finish(struct live *live, struct fault *fault);
/* A warning about the sound. Errors: MEMORY. */
int live_warn(struct live *live, const char *message, struct fault *fault);

/* The second of the stream that the events of the calls to come arise at. */
void live_set_time(struct live *live, double time);

struct event_queue *live_events(struct live *live);
struct dropped_queue *live_dropped(struct live *live);
struct nbest_queue *live_nbest(struct live *live);
const char *live_language(const struct live *live);
void live_add_timings(const struct live *live, struct utter_timings *timings);

#endif
