#include "models/fastspeech/durations.h"

#include <math.h>

/* At a rate of 1 rounded before the model's speed as after it, as the reference does; else once. */
static float round_one(float logarithm, float rate, float speed)
{
    const float frames = expf(logarithm) - 1;
    if (rate != 1)
        return fmaxf(rintf(frames * speed / rate), 0);
    const float whole = fmaxf(rintf(frames), 0);
    return speed != 1 ? rintf(whole * speed) : whole;
}

static int check_sum(double sum, int max_frames, int row, struct fault *fault)
{
    if (sum <= max_frames)
        return 0;
    return fail(fault, UTTER_ERROR_MODEL, "row %d of a batch would be spoken for %.0f frames, beyond %d", row, sum,
                max_frames);
}

int fastspeech_round(const float *logarithms, const float *rate, float speed, int count, int max_frames, int row,
                     int *durations, int *frames, struct fault *fault)
{
    double sum = 0;
    for (int i = 0; i < count; i++) {
        if (!isfinite(logarithms[i]))
            return fail(fault, UTTER_ERROR_MODEL, "the duration of token %d in row %d of a batch is not finite", i,
                        row);
        const float one = round_one(logarithms[i], rate ? rate[i] : 1, speed);
        sum += (double)one;
        durations[i] = one <= (float)max_frames ? (int)one : max_frames;
    }
    for (int i = 0; i < count && sum == 0; i++)
        durations[i] = 1;
    sum = sum == 0 ? count : sum;
    *frames = sum <= max_frames ? (int)sum : 0;
    return check_sum(sum, max_frames, row, fault);
}

void fastspeech_spread(const int *durations, int count, int first, int *token, int room)
{
    int frame = 0;
    for (int i = 0; i < count; i++)
        for (int j = 0; j < durations[i] && frame < room; j++)
            token[frame++] = first + i;
    while (frame < room)
        token[frame++] = first;
}
