/* stored.c - the element types of checkpoints, and their conversion to f32. */
#include "models/load/checkpoint.h"
#include "models/load/cursor.h"
#include "models/tensor/float8.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;  /* bytes of a block */
    size_t block; /* elements */
} TYPES[STORED_TYPES] = {
    [STORED_F64] = {"F64", 8, 1},     [STORED_F32] = {"F32", 4, 1},         [STORED_F16] = {"F16", 2, 1},
    [STORED_BF16] = {"BF16", 2, 1},   [STORED_I64] = {"I64", 8, 1},         [STORED_I32] = {"I32", 4, 1},
    [STORED_I16] = {"I16", 2, 1},     [STORED_I8] = {"I8", 1, 1},           [STORED_U64] = {"U64", 8, 1},
    [STORED_U32] = {"U32", 4, 1},     [STORED_U16] = {"U16", 2, 1},         [STORED_U8] = {"U8", 1, 1},
    [STORED_BOOL] = {"BOOL", 1, 1},   [STORED_F8_E4M3] = {"F8_E4M3", 1, 1}, [STORED_F8_E5M2] = {"F8_E5M2", 1, 1},
    [STORED_Q4_0] = {"Q4_0", 18, 32}, [STORED_Q4_1] = {"Q4_1", 20, 32},     [STORED_Q5_0] = {"Q5_0", 22, 32},
    [STORED_Q5_1] = {"Q5_1", 24, 32}, [STORED_Q8_0] = {"Q8_0", 34, 32},
};

const char *stored_type_name(enum stored_type type)
{
    return (unsigned)type < STORED_TYPES ? TYPES[type].name : "?";
}

size_t stored_type_size(enum stored_type type)
{
    return (unsigned)type < STORED_TYPES ? TYPES[type].size : 0;
}

size_t stored_type_block(enum stored_type type)
{
    return (unsigned)type < STORED_TYPES ? TYPES[type].block : 1;
}

/* Tensors lie at any byte, so an element is copied out before it is read. */
#define CONVERT(TYPE, EXPRESSION)                                                                                      \
    for (int64_t i = 0; i < count; i++) {                                                                              \
        TYPE v;                                                                                                        \
        memcpy(&v, from + (size_t)i * sizeof v, sizeof v);                                                             \
        out[i] = (EXPRESSION);                                                                                         \
    }                                                                                                                  \
    return 0

static int convert_floats(enum stored_type type, const unsigned char *from, int64_t count, float *out)
{
    switch (type) {
    case STORED_F32:
        memcpy(out, from, (size_t)count * sizeof *out);
        return 0;
    case STORED_F16:
        CONVERT(uint16_t, f16_to_float(v));
    case STORED_BF16:
        CONVERT(uint16_t, float_of_bits((uint32_t)v << 16));
    case STORED_F64:
        CONVERT(double, (float)v);
    case STORED_F8_E4M3:
        CONVERT(uint8_t, e4m3_to_float(v));
    default: /* E5M2 is the upper byte of a half */
        CONVERT(uint8_t, f16_to_float((uint16_t)(v << 8)));
    }
}

static int convert_integers(enum stored_type type, const unsigned char *from, int64_t count, float *out)
{
    switch (type) {
    case STORED_I64:
        CONVERT(int64_t, (float)v);
    case STORED_I32:
        CONVERT(int32_t, (float)v);
    case STORED_I16:
        CONVERT(int16_t, (float)v);
    case STORED_I8:
        CONVERT(int8_t, (float)v);
    case STORED_U64:
        CONVERT(uint64_t, (float)v);
    case STORED_U32:
        CONVERT(uint32_t, (float)v);
    case STORED_U16:
        CONVERT(uint16_t, (float)v);
    default:
        CONVERT(uint8_t, (float)v);
    }
}

/* ---- blocks of 32 ---- */

enum { BLOCK = 32 };

static float half_at(const unsigned char *from)
{
    return f16_to_float((uint16_t)(from[0] | from[1] << 8));
}

/* Element i of the first 16 is the lower half of byte i, element 16 + i the upper one. */
static void convert_nibbles(const unsigned char *packed, float scale, float offset, float out[BLOCK])
{
    for (int i = 0; i < BLOCK / 2; i++) {
        out[i] = (float)(packed[i] & 15) * scale + offset;
        out[BLOCK / 2 + i] = (float)(packed[i] >> 4) * scale + offset;
    }
}

/* As nibbles, with bit i of the 32 in front of them as the fifth bit of element i. */
static void convert_fives(const unsigned char *packed, float scale, float offset, float out[BLOCK])
{
    uint32_t high = (uint32_t)cursor_number(packed, 4);
    for (int i = 0; i < BLOCK / 2; i++) {
        int low = (packed[4 + i] & 15) | (int)(high >> i & 1) << 4;
        int up = packed[4 + i] >> 4 | (int)(high >> (BLOCK / 2 + i) & 1) << 4;
        out[i] = (float)low * scale + offset;
        out[BLOCK / 2 + i] = (float)up * scale + offset;
    }
}

/* A block begins with its scale; of the _1 types the smallest value follows, of the _0 types zero is in the middle of
 * the range. Whole numbers times a half are exact in a float, and so is the shift by 8 or 16 of them. */
static void convert_block(enum stored_type type, const unsigned char *from, float out[BLOCK])
{
    float scale = half_at(from);
    if (type == STORED_Q4_0)
        convert_nibbles(from + 2, scale, -8 * scale, out);
    else if (type == STORED_Q4_1)
        convert_nibbles(from + 4, scale, half_at(from + 2), out);
    else if (type == STORED_Q5_0)
        convert_fives(from + 2, scale, -16 * scale, out);
    else if (type == STORED_Q5_1)
        convert_fives(from + 4, scale, half_at(from + 2), out);
    else
        for (int i = 0; i < BLOCK; i++)
            out[i] = (float)(int8_t)from[2 + i] * scale;
}

static int convert_blocks(const struct stored_tensor *t, int64_t first, int64_t count, float *out)
{
    float block[BLOCK];
    while (count > 0) {
        int64_t skip = first % BLOCK, taken = BLOCK - skip < count ? BLOCK - skip : count;
        const unsigned char *from = (const unsigned char *)t->data + (size_t)(first / BLOCK) * TYPES[t->type].size;
        convert_block(t->type, from, taken == BLOCK ? out : block);
        if (taken < BLOCK)
            memcpy(out, block + skip, (size_t)taken * sizeof *out);
        out += taken;
        first += taken;
        count -= taken;
    }
    return 0;
}

int stored_floats(const struct stored_tensor *t, int64_t first, int64_t count, float *out, struct fault *fault)
{
    if (first < 0 || count < 0 || first > t->count || count > t->count - first)
        return fail(fault, UTTER_ERROR_ARGUMENT, "elements outside of a tensor were asked for");
    if ((unsigned)t->type >= STORED_TYPES)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "tensor '%.100s' has a type that we do not read", t->name);
    if (!count)
        return 0;
    if (stored_type_block(t->type) > 1)
        return convert_blocks(t, first, count, out);
    const unsigned char *from = (const unsigned char *)t->data + (size_t)first * stored_type_size(t->type);
    bool integer = t->type >= STORED_I64 && t->type <= STORED_BOOL;
    return integer ? convert_integers(t->type, from, count, out) : convert_floats(t->type, from, count, out);
}
