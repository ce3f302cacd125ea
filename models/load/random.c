#include "models/load/random.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

/* FNV-1a (Fowler, Noll, Vo). */
static uint64_t hash(uint64_t seed, const char *name)
{
    uint64_t h = 14695981039346656037u ^ seed * 0x9e3779b97f4a7c15u;
    for (; *name; name++)
        h = (h ^ (unsigned char)*name) * 1099511628211u;
    return h;
}

/* splitmix64 (Steele, Lea, Flood 2014, "Fast splittable pseudorandom number generators"): a counter, scrambled. */
static uint64_t scramble(uint64_t z)
{
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

static void fill(float *out, int64_t count, float value)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = value;
}

/* Each 16-bit part is uniform with variance 65536²/12, so four of them have deviation 65536/sqrt(3). */
static void fill_bell(float *out, int64_t count, uint64_t start, float deviation)
{
    const float factor = deviation * 1.7320508f / 65536;
    for (int64_t i = 0; i < count; i++) {
        uint64_t z = scramble(start + (uint64_t)i * 0x9e3779b97f4a7c15u);
        int sum = (int)(z & 0xffff) + (int)(z >> 16 & 0xffff) + (int)(z >> 32 & 0xffff) + (int)(z >> 48);
        out[i] = (float)(sum - 2 * 65535) * factor;
    }
}

void random_floats(uint64_t seed, const char *name, int rank, const int64_t *shape, int64_t count, float *out)
{
    double fan_in = 1;
    for (int i = 1; i < rank; i++)
        fan_in *= (double)shape[i];
    if (ends_with(name, ".bias") || ends_with(name, "running_mean"))
        fill(out, count, 0);
    else if (rank < 2 || ends_with(name, "running_var"))
        fill(out, count, 1);
    else
        fill_bell(out, count, hash(seed, name), (float)(1 / sqrt(fan_in > 1 ? fan_in : 1)));
}
