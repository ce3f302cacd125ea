/* path.h - from durations to frames: how long each token is held, and the prior sampled along the way. On the host: a
 * few hundred tokens become a few hundred frames, with noise that is the same whatever the device. */
#ifndef MODELS_VITS_PATH_H
#define MODELS_VITS_PATH_H

#include "models/vits/vits.h"

/* The streams of a row's random numbers. */
enum { NOISE_OF_DURATIONS, NOISE_OF_PRIOR };

/* Noise of a row's durations: element [channel, t] of [2, count] from number 2·t + channel of its stream, or as it is
 * handed in; times the row's scale. first, second [count] are filled to length and zero behind it. */
void path_noise(float *first, float *second, const struct vits_control *row, int length, int count);

/* Durations of a row from their logarithms [length], rounded up, times 1 / rate; 0 behind length; no more than
 * most frames in all. Returns their sum, at least 1, or -1: a logarithm is not a number. */
int path_hold(int *durations, const float *logarithms, const struct vits_control *row, int length, int count, int most);

/* One row of the prior along its path. */
struct path {
    const float *prior; /* [count, 2 · size]: means, then logarithms of deviations */
    const int *durations;
    int count, frames, size;
    float scale;        /* of the noise */
    uint64_t seed;      /* frame t, channel c has number t · size + c of its stream … */
    const float *noise; /* … or is handed in, [frames, size] */
};
/* halves[2]: [frames, size / 2] each. */
void path_sample(const struct path *p, float *const halves[2]);

#endif
