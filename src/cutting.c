#include "src/cutting.h"

#include "src/batch.h"

/* Frames of 10 ms of the published models' window of 30 s. */
enum { WHOLE = 3000 };

static int scaled(int frames, int whole)
{
    int own = frames * whole / WHOLE;
    return own > 1 ? own : 1;
}

/* A Whisper's encoder hears 30 s whatever they hold, so a window is filled: it ends at a pause once two thirds are in
 * it, or at a silence that parts what is said. One frame of slack: the last window of a stream takes the samples after
 * the last whole frame, too. */
static void fill_whisper(struct cutter_params *params, int whole, bool early)
{
    *params = (struct cutter_params){.longest = whole - 1,
                                     .context = scaled(30, whole),
                                     .long_pause = scaled(early ? 40 : 300, whole),
                                     .short_pause = scaled(early ? 20 : 25, whole),
                                     .settled = scaled(early ? 200 : 2000, whole),
                                     .overlap = scaled(100, whole)};
}

bool cutting_choose(struct cutter_params *params, const struct utter_model *model, const struct decoding *decoding,
                    int batch)
{
    if (decoding->sequential)
        return false;
    cutter_params_default(params);
    int64_t longest = batch_longest(model);
    if (longest)
        fill_whisper(params, (int)(longest * 100 / WINDOW_RATE), batch == 1 || decoding->constraint);
    if (decoding->constraint) /* one for each window: no hesitation parts it */
        params->short_pause = params->long_pause;
    return true;
}
