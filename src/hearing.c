#include "src/hearing.h"

int hearing_open(struct hearing *hearing, const struct utter_model *model, const struct utter_live_params *live,
                 const struct recognizer_params *params, struct fault *fault)
{
    *hearing = (struct hearing){.model = model};
    if (live)
        return live_open(&hearing->live, model, live, params->lanes, params->decoding, params->writing, fault);
    return recognizer_open(&hearing->recognizer, model, params, fault);
}

void hearing_close(struct hearing *hearing)
{
    live_close(&hearing->live);
    recognizer_close(&hearing->recognizer);
}

void hearing_reset(struct hearing *hearing)
{
    if (hearing->live)
        live_reset(hearing->live);
    else
        recognizer_reset(hearing->recognizer);
}

int hearing_take(struct hearing *hearing, struct window *window, struct fault *fault)
{
    return hearing->live ? live_take(hearing->live, window, fault)
                         : recognizer_take(hearing->recognizer, window, fault);
}

int hearing_finish(struct hearing *hearing, struct fault *fault)
{
    return hearing->live ? live_finish(hearing->live, fault) : recognizer_finish(hearing->recognizer, fault);
}

struct dropped_queue *hearing_dropped(struct hearing *hearing)
{
    return hearing->live ? live_dropped(hearing->live) : recognizer_dropped(hearing->recognizer);
}

struct nbest_queue *hearing_nbest(struct hearing *hearing)
{
    return hearing->live ? live_nbest(hearing->live) : recognizer_nbest(hearing->recognizer);
}

const char *hearing_language(const struct hearing *hearing)
{
    if (!hearing->model->whisper)
        return hearing->model->language;
    return hearing->live ? live_language(hearing->live) : recognizer_language(hearing->recognizer);
}

void hearing_add_timings(const struct hearing *hearing, struct utter_timings *timings)
{
    if (hearing->live)
        live_add_timings(hearing->live, timings);
    else
        recognizer_add_timings(hearing->recognizer, timings);
}
