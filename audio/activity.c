/* activity.c - see activity.h.
 *
 * Each frame gives the level of about 100 Hz to 2 kHz, where voices have most of their energy and white noise an
 * eighth of its own: means of four samples, then a one-pole high-pass at a quarter of the rate. The noise floor is the
 * least smoothed level of the last five seconds (after R. Martin, Noise power spectral density estimation based on
 * optimal smoothing and minimum statistics, 2001, without its bias terms): speech always pauses, noise does not. A run
 * of frames above floor and threshold is speech, with a lead before it and a hangover after it. */
#include "audio/activity.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Frames: smoothed for the verdict and for the floor; in one block of the floor's memory; blocks. */
enum { SMOOTH_VERDICT = 3, SMOOTH_FLOOR = 5, BLOCK = 50, BLOCKS = 10 };
enum { GROUP = 4, GROUPS = ACTIVITY_HOP / GROUP };
static const float silence_db = -120;
/* Digital silence says nothing about the room: frames below this leave the floor alone. */
static const float digital_db = -100;
/* exp(-2π · 100 Hz / 4 kHz) */
static const float high_pass = 0.8546f;

struct activity {
    struct activity_params params;
    float frame[ACTIVITY_HOP];
    int filled;
    float last_in, last_out;        /* of the high-pass */
    float power[SMOOTH_FLOOR];      /* band power of the last frames, a ring */
    int64_t frames;                 /* measured so far */
    float levels[BLOCK];            /* smoothed, of the first frames, until the floor is known */
    float minimum[BLOCKS], current; /* least smoothed level of each past block, and of this one */
    int64_t judged;                 /* frames with a verdict, final or not */
    int run, hang;                  /* active frames in a row; frames of hangover left */
    struct activity_frame *queue;   /* [begin, end): verdicts not taken yet */
    size_t begin, end, capacity;
    bool finished;
};

void activity_params_default(struct activity_params *params)
{
    *params = (struct activity_params){
        .floor_dbfs = -60, .above_noise_db = 6, .hangover_frames = 30, .lead_frames = 20, .minimum_frames = 4};
}

int activity_open(struct activity **activity, const struct activity_params *params, struct fault *fault)
{
    *activity = NULL;
    const struct activity_params *p = params;
    if (!(p->floor_dbfs >= -200 && p->floor_dbfs <= 0) || !(p->above_noise_db >= 0 && p->above_noise_db <= 100))
        return fail(fault, UTTER_ERROR_ARGUMENT, "voice activity: a level is out of range");
    if (p->hangover_frames < 0 || p->hangover_frames > 10000 || p->lead_frames < 0 || p->lead_frames > 10000 ||
        p->minimum_frames < 1 || p->minimum_frames > 1000)
        return fail(fault, UTTER_ERROR_ARGUMENT, "voice activity: a number of frames is out of range");
    struct activity *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "voice activity");
    new->params = *params;
    activity_reset(new);
    *activity = new;
    return 0;
}

void activity_close(struct activity **activity)
{
    if (!*activity)
        return;
    free((*activity)->queue);
    free(*activity);
    *activity = NULL;
}

void activity_reset(struct activity *a)
{
    const struct activity keep = *a;
    *a = (struct activity){.params = keep.params, .queue = keep.queue, .capacity = keep.capacity, .current = INFINITY};
    for (int i = 0; i < BLOCKS; i++)
        a->minimum[i] = INFINITY;
}

static float decibels(float power)
{
    return power > 1e-12f && power < INFINITY ? 10 * log10f(power) : silence_db;
}

/* Means of four samples, and the sum of all squares. */
static float fold(const float *frame, float means[GROUPS])
{
    float squares[GROUPS], total = 0;
    for (int g = 0; g < GROUPS; g++) {
        const float *x = frame + g * GROUP;
        means[g] = ((x[0] + x[1]) + (x[2] + x[3])) / GROUP;
        squares[g] = (x[0] * x[0] + x[1] * x[1]) + (x[2] * x[2] + x[3] * x[3]);
    }
    for (int g = 0; g < GROUPS; g++)
        total += squares[g];
    return total;
}

static float level_of(const float means[GROUPS], float total)
{
    float sum = 0;
    for (int g = 0; g < GROUPS; g++)
        sum += means[g];
    sum /= GROUPS;
    return decibels(total / ACTIVITY_HOP - sum * sum);
}

float activity_level(const float *frame)
{
    float means[GROUPS];
    const float total = fold(frame, means);
    return level_of(means, total);
}

/* Level of the whole frame, and power of its band. */
static float measure(struct activity *a, float *band)
{
    float means[GROUPS], in = a->last_in, out = a->last_out, energy = 0;
    const float total = fold(a->frame, means);
    for (int g = 0; g < GROUPS; g++) {
        out = means[g] - in + high_pass * out;
        in = means[g];
        energy += out * out;
    }
    *band = energy / GROUPS;
    const bool good = *band < INFINITY && total < INFINITY; /* false, too, for what is not a number */
    a->last_in = good ? in : 0;
    a->last_out = good ? out : 0;
    *band = good ? *band : 0;
    return good ? level_of(means, total) : silence_db;
}

/* Mean power of the last frames, in dB. */
static float smoothed(const struct activity *a, int frames)
{
    float sum = 0;
    int count = 0;
    for (; count < frames && count < a->frames; count++)
        sum += a->power[(a->frames - 1 - count) % SMOOTH_FLOOR];
    return decibels(sum / (float)count);
}

static float noise_floor(const struct activity *a)
{
    float least = a->current;
    for (int i = 0; i < BLOCKS; i++)
        least = fminf(least, a->minimum[i]);
    return least;
}

static void learn_floor(struct activity *a, float level)
{
    if (level > digital_db)
        a->current = fminf(a->current, level);
    if (a->frames % BLOCK == 0) {
        a->minimum[a->frames / BLOCK % BLOCKS] = a->current;
        a->current = INFINITY;
    }
}

/* Makes the frame back places before the next to be judged speech. What was taken already lay further back than any
 * mark reaches. */
static void mark(struct activity *a, int64_t back)
{
    const int64_t queued = (int64_t)(a->end - a->begin), ahead = a->frames - a->judged;
    const int64_t index = queued - ahead - back;
    if (index >= 0)
        a->queue[a->begin + (size_t)index].speech = true;
}

/* The verdict on the next frame, and on those before it that it makes speech. */
static void judge(struct activity *a, float level)
{
    const struct activity_params *p = &a->params;
    const float whole = a->queue[a->end - (size_t)(a->frames - a->judged)].level_dbfs;
    const bool active = whole > p->floor_dbfs && level > noise_floor(a) + p->above_noise_db;
    a->judged++;
    a->run = active ? a->run + (a->run < p->minimum_frames) : 0;
    if (a->run >= p->minimum_frames) {
        if (!a->hang)
            for (int back = 1; back < p->minimum_frames + p->lead_frames; back++)
                mark(a, back + 1);
        a->hang = p->hangover_frames + 1;
    }
    if (a->hang) {
        mark(a, 1);
        a->hang--;
    }
}

static void judge_first(struct activity *a)
{
    const int64_t count = a->frames < BLOCK ? a->frames : BLOCK;
    for (int64_t i = a->judged; i < count; i++)
        judge(a, a->levels[i]);
}

/* One whole frame; the queue has room for its verdict. */
static void take_frame(struct activity *a)
{
    float band;
    const float level = measure(a, &band);
    a->queue[a->end++] = (struct activity_frame){.level_dbfs = level};
    a->power[a->frames++ % SMOOTH_FLOOR] = band;
    learn_floor(a, smoothed(a, SMOOTH_FLOOR));
    if (a->frames > BLOCK)
        judge(a, smoothed(a, SMOOTH_VERDICT));
    else {
        a->levels[a->frames - 1] = smoothed(a, SMOOTH_VERDICT);
        if (a->frames == BLOCK)
            judge_first(a);
    }
}

static bool make_room(struct activity *a, size_t frames)
{
    if (a->begin && a->begin >= a->end / 2) {
        memmove(a->queue, a->queue + a->begin, (a->end - a->begin) * sizeof *a->queue);
        a->end -= a->begin;
        a->begin = 0;
    }
    return memory_grow((void **)&a->queue, &a->capacity, a->end + frames, sizeof *a->queue);
}

int activity_feed(struct activity *activity, const float *samples, int64_t count, struct fault *fault)
{
    struct activity *a = activity;
    if (a->finished)
        return fail(fault, UTTER_ERROR_STATE, "finished voice activity takes no more samples");
    if (count <= 0)
        return 0;
    if (!make_room(a, (size_t)(count / ACTIVITY_HOP) + 1))
        return fail_memory(fault, "voice activity");
    while (count) {
        const int64_t free_part = ACTIVITY_HOP - a->filled, part = count < free_part ? count : free_part;
        memcpy(a->frame + a->filled, samples, (size_t)part * sizeof *samples);
        a->filled += (int)part;
        samples += part;
        count -= part;
        if (a->filled == ACTIVITY_HOP) {
            take_frame(a);
            a->filled = 0;
        }
    }
    return 0;
}

void activity_finish(struct activity *activity)
{
    if (!activity->finished && activity->frames < BLOCK)
        judge_first(activity);
    activity->finished = true;
}

int activity_take(struct activity *activity, struct activity_frame *out, int count)
{
    struct activity *a = activity;
    const int64_t lag = a->finished ? 0 : a->params.lead_frames + a->params.minimum_frames + a->frames - a->judged;
    const int64_t settled = (int64_t)(a->end - a->begin) - lag;
    const int64_t taken = settled < count ? settled : count;
    if (taken <= 0)
        return 0;
    memcpy(out, a->queue + a->begin, (size_t)taken * sizeof *out);
    a->begin += (size_t)taken;
    return (int)taken;
}

/* Levels under this are equally quiet, and so are those within a margin of the quietest. */
static const float quiet_db = -70, quiet_margin_db = 3;
enum { STRETCH = 10 };

static float quietness(const struct activity_frame *frame)
{
    return frame->level_dbfs > quiet_db ? frame->level_dbfs : quiet_db;
}

/* Sum of the stretch of width frames that begins at index, from that of the one before. */
static double slide(const struct activity_frame *frames, int begin, int index, int width, double sum)
{
    if (index == begin) {
        sum = 0;
        for (int i = 0; i < width; i++)
            sum += (double)quietness(&frames[begin + i]);
        return sum;
    }
    return sum - (double)quietness(&frames[index - 1]) + (double)quietness(&frames[index + width - 1]);
}

int activity_quietest(const struct activity_frame *frames, int begin, int end)
{
    if (end <= begin)
        return begin;
    const int width = end - begin < STRETCH ? end - begin : STRETCH;
    double sum = 0, least = INFINITY;
    for (int i = begin; i + width <= end; i++) {
        sum = slide(frames, begin, i, width, sum);
        least = sum < least ? sum : least;
    }
    int best = begin, longest = 0, run = 0;
    for (int i = begin; i + width <= end; i++) {
        sum = slide(frames, begin, i, width, sum);
        run = sum <= least + (double)quiet_margin_db * width ? run + 1 : 0;
        if (run && run >= longest) {
            longest = run;
            best = i - (run - 1) / 2;
        }
    }
    return best + width / 2;
}
