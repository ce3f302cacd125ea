#include "src/base/random.h"

#include <math.h>

enum { ROUNDS = 10, WORDS = 4 };

static void scramble(uint32_t x[WORDS], const uint32_t key[2])
{
    const uint64_t a = (uint64_t)x[0] * 0xd2511f53u, b = (uint64_t)x[2] * 0xcd9e8d57u;
    const uint32_t from_b = (uint32_t)(b >> 32) ^ x[1] ^ key[0], from_a = (uint32_t)(a >> 32) ^ x[3] ^ key[1];
    x[0] = from_b;
    x[1] = (uint32_t)b;
    x[2] = from_a;
    x[3] = (uint32_t)a;
}

void random_block(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[WORDS])
{
    uint32_t key[2] = {(uint32_t)seed, (uint32_t)(seed >> 32)};
    out[0] = (uint32_t)block;
    out[1] = (uint32_t)(block >> 32);
    out[2] = (uint32_t)stream;
    out[3] = (uint32_t)(stream >> 32);
    for (int round = 0; round < ROUNDS; round++) {
        scramble(out, key);
        key[0] += 0x9e3779b9u;
        key[1] += 0xbb67ae85u;
    }
}

/* ln((word + ½) / 2^32): the binary exponent, and of what is left in [√½, √2) the series of 2 artanh((m - 1) / (m +
 * 1)), below 1e-13 from its sixth term on. libm's logarithm may differ in its last bit from machine to machine. */
static double logarithm(uint32_t word)
{
    int exponent;
    double m = frexp(2 * (double)word + 1, &exponent);
    exponent -= 33;
    if (m < 0.70710678118654752) {
        m *= 2;
        exponent--;
    }
    const double t = (m - 1) / (m + 1), square = t * t;
    double sum = 0;
    for (int k = 15; k >= 1; k -= 2)
        sum = sum * square + 1.0 / k;
    return 2 * t * sum + exponent * 0.69314718055994531;
}

/* Sine and cosine of word / 2^32 turns: within a quarter by their series, whose last terms are below 1e-11. */
static void sine_and_cosine(uint32_t word, double *sine, double *cosine)
{
    const double angle = (double)(word & 0x3fffffffu) / 0x40000000u * 1.5707963267948966, square = angle * angle;
    double s = 1, c = 1;
    for (int k = 16; k >= 2; k -= 2) {
        s = 1 - s * square / (k * (k + 1));
        c = 1 - c * square / (k * (k - 1));
    }
    s *= angle;
    const double sines[4] = {s, c, -s, -c};
    *sine = sines[word >> 30];
    *cosine = sines[((word >> 30) + 1) & 3];
}

static void normal_block(uint64_t seed, uint64_t stream, uint64_t block, float out[WORDS])
{
    uint32_t words[WORDS];
    random_block(seed, stream, block, words);
    for (int pair = 0; pair < WORDS; pair += 2) {
        const double radius = sqrt(-2 * logarithm(words[pair]));
        double sine, cosine;
        sine_and_cosine(words[pair + 1], &sine, &cosine);
        out[pair] = (float)(radius * cosine);
        out[pair + 1] = (float)(radius * sine);
    }
}

void random_normals(uint64_t seed, uint64_t stream, uint64_t first, size_t count, float *out)
{
    float block[WORDS];
    for (size_t i = 0; i < count; i++) {
        const uint64_t at = first + i;
        if (i == 0 || at % WORDS == 0)
            normal_block(seed, stream, at / WORDS, block);
        out[i] = block[at % WORDS];
    }
}
