#include "models/vits/path.h"

#include "src/base/random.h"

#include <math.h>
#include <string.h>

enum { PIECE = 256 }; /* of noise at once */

void path_noise(float *first, float *second, const struct vits_control *row, int length, int count)
{
    memset(first, 0, (size_t)count * sizeof *first);
    memset(second, 0, (size_t)count * sizeof *second);
    for (int t = 0; t < length; t++) {
        float pair[2];
        if (row->noise)
            memcpy(pair, (float[]){row->noise[t], row->noise[count + t]}, sizeof pair);
        else
            random_normals(row->seed, NOISE_OF_DURATIONS, 2 * (uint64_t)t, 2, pair);
        first[t] = pair[0] * row->noise_scale_duration;
        second[t] = pair[1] * row->noise_scale_duration;
    }
}

/* In f32 as the reference, whose rounding up is a cliff: what is a little above a whole number costs a frame. */
int path_hold(int *durations, const float *logarithms, const struct vits_control *row, int length, int count, int most)
{
    int sum = 0;
    memset(durations, 0, (size_t)count * sizeof *durations);
    for (int t = 0; t < length; t++) {
        const float rate = row->rates ? row->rate * row->rates[t] : row->rate;
        const float wanted = ceilf(expf(logarithms[t]) * (1 / rate));
        if (isnan(wanted))
            return -1;
        durations[t] = wanted < (float)(most - sum) ? (int)wanted : most - sum;
        sum += durations[t];
    }
    return sum > 0 ? sum : 1;
}

/* Channels [from, from + count) of a frame of noise. */
static void noise_of_frame(const struct path *p, int frame, int from, int count, float *out)
{
    const uint64_t at = (uint64_t)frame * (uint64_t)p->size + (uint64_t)from;
    if (p->noise)
        memcpy(out, p->noise + at, (size_t)count * sizeof *out);
    else
        random_normals(p->seed, NOISE_OF_PRIOR, at, (size_t)count, out);
}

/* prior: of the token that is held; NULL: of none, mean 0 and deviation 1. */
static void sample_frame(const struct path *p, const float *prior, int frame, float *const halves[2])
{
    const int half = p->size / 2;
    float noise[PIECE];
    for (int from = 0; from < p->size; from += PIECE) {
        const int count = p->size - from < PIECE ? p->size - from : PIECE;
        noise_of_frame(p, frame, from, count, noise);
        for (int i = 0, channel = from; i < count; i++, channel++) {
            const float mean = prior ? prior[channel] : 0, deviation = prior ? expf(prior[p->size + channel]) : 1;
            float *to = halves[channel >= half] + (int64_t)frame * half;
            to[channel % half] = mean + noise[i] * deviation * p->scale;
        }
    }
}

void path_sample(const struct path *p, float *const halves[2])
{
    int frame = 0;
    for (int token = 0; token < p->count; token++)
        for (int end = frame + p->durations[token]; frame < end; frame++)
            sample_frame(p, p->prior + (int64_t)token * 2 * p->size, frame, halves);
    for (; frame < p->frames; frame++)
        sample_frame(p, NULL, frame, halves);
}
