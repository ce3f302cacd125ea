#include "models/speecht5/dropout.h"

/* splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): a counter, scrambled. */
static uint64_t scramble(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

void speecht5_dropout(uint64_t seed, int step, int layer, int layers, float p, int count, float *out)
{
    const uint64_t first = ((uint64_t)step * (uint64_t)layers + (uint64_t)layer) * (uint64_t)count;
    for (int i = 0; i < count; i++) {
        const uint64_t z = scramble(seed + (first + (uint64_t)i + 1) * 0x9e3779b97f4a7c15u);
        out[i] = (float)(z >> 40) * 0x1p-24f < p ? 1 / (1 - p) : 0;
    }
}
