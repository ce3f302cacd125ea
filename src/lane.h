/* lane.h - one channel of a live session: from sound to utterances. */
#ifndef SRC_LANE_H
#define SRC_LANE_H

#include "src/cutter.h"
#include "src/event.h"
#include "src/live.h"
#include "src/passes.h"
#include "src/writing.h"

/* What the lanes of a session share. Samples are at WINDOW_RATE. */
struct live_setting {
    const struct utter_model *model;
    const struct decoding *decoding;
    const struct decoding *quick; /* for tentative texts */
    struct writing *writing;      /* NULL: words are handed out as they were heard */
    struct passes *passes;
    struct cutter_params cutting;
    int64_t nothing;  /* samples of silence that end an utterance without words */
    int64_t longest;  /* samples of an utterance */
    int64_t interval; /* samples between tentative passes; negative: none */
    int64_t tail;     /* samples that a tentative pass hears at most … */
    int64_t crowded;  /* … and where many streams are waiting for theirs */
};

/* Where results go. */
struct live_results {
    struct event_queue events;
    struct dropped_queue dropped;
    struct nbest_queue nbest;
    struct utter_timings timings;
    double time; /* of events, seconds */
};

struct lane;

/* setting and results are borrowed. Errors: MEMORY. */
int lane_open(struct lane **lane, int index, const struct live_setting *setting, struct live_results *results,
              struct fault *fault);
void lane_close(struct lane **lane);
void lane_reset(struct lane *lane);

/* Errors: MEMORY, DEVICE. */
int lane_feed(struct lane *lane, const float *samples, int64_t count, struct fault *fault);
/* Ends the utterance for the reason, FLUSHED or FINISHED; after the latter nothing more is fed before a reset. */
int lane_end(struct lane *lane, enum utter_end reason, struct fault *fault);

#endif
