/* blocks.c - ggml's quantized blocks of 32 elements, to f32. A block begins with its scale d as a half; *_1 types have
 * a minimum m as well; q5 types the fifth bits as 32 bits; the low four bits of elements i and i + 16 share byte i. */
#include "models/load/blocks.h"

#include <string.h>

enum { BLOCK = 32, HALF = BLOCK / 2 };

struct layout {
    int minimum_at, fifth_at, low_at; /* -1: none */
    float offset;                     /* taken from the element where there is no minimum */
};

static struct layout layout_of(enum stored_type type)
{
    switch (type) {
    case STORED_Q4_0:
        return (struct layout){-1, -1, 2, 8};
    case STORED_Q4_1:
        return (struct layout){2, -1, 4, 0};
    case STORED_Q5_0:
        return (struct layout){-1, 2, 6, 16};
    default:
        return (struct layout){2, 4, 8, 0};
    }
}

static float half_at(const unsigned char *block, int at)
{
    uint16_t bits;
    memcpy(&bits, block + at, sizeof bits);
    return stored_half(bits);
}

static void convert_q8(const unsigned char *block, float *out)
{
    float d = half_at(block, 0);
    for (int i = 0; i < BLOCK; i++)
        out[i] = d * (float)(int8_t)block[2 + i];
}

void blocks_convert(enum stored_type type, const unsigned char *block, float out[BLOCK])
{
    if (type == STORED_Q8_0) {
        convert_q8(block, out);
        return;
    }
    struct layout l = layout_of(type);
    float d = half_at(block, 0), m = l.minimum_at < 0 ? 0 : half_at(block, l.minimum_at);
    uint32_t fifth = 0;
    if (l.fifth_at >= 0)
        memcpy(&fifth, block + l.fifth_at, sizeof fifth);
    for (int i = 0; i < BLOCK; i++) {
        unsigned low = block[l.low_at + i % HALF] >> (i < HALF ? 0 : 4) & 15;
        unsigned value = low | (l.fifth_at < 0 ? 0 : (fifth >> i & 1) << 4);
        out[i] = d * ((float)value - l.offset) + m;
    }
}
