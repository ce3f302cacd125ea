/* hearing.h - what comes behind a session's way in: a recognizer, which gathers windows and gives segments, or live
 * lanes, which give events. One thread at a time. */
#ifndef SRC_HEARING_H
#define SRC_HEARING_H

#include "src/live.h"
#include "src/recognizer.h"

struct hearing {
    const struct utter_model *model;
    struct recognizer *recognizer; /* one of the two */
    struct live *live;
};

/* live: as the program gave it; NULL: a recognizer. Errors: theirs. */
int hearing_open(struct hearing *hearing, const struct utter_model *model, const struct utter_live_params *live,
                 const struct recognizer_params *params, struct fault *fault);
void hearing_close(struct hearing *hearing);
void hearing_reset(struct hearing *hearing);

/* Takes a window, or a block of live sound, over. Errors: MEMORY, DEVICE, CANCELLED. */
int hearing_take(struct hearing *hearing, struct window *window, struct fault *fault);
int hearing_finish(struct hearing *hearing, struct fault *fault);

struct dropped_queue *hearing_dropped(struct hearing *hearing);
struct nbest_queue *hearing_nbest(struct hearing *hearing);
/* Of a Whisper what it hears, else the model's own. */
const char *hearing_language(const struct hearing *hearing);
void hearing_add_timings(const struct hearing *hearing, struct utter_timings *timings);

#endif
