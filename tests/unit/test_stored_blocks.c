/* ggml's blocks of 32 against their definition, written out by hand with whole numbers and exact scales. */
#include "models/load/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { BLOCKS = 3, COUNT = 32 * BLOCKS };

/* Halves: the scales of the three blocks, and their smallest values. */
static const unsigned char SCALES[BLOCKS][2] = {{0x00, 0x3c}, {0x00, 0xb8}, {0x00, 0x40}}; /* 1, -0.5, 2 */
static const float SCALE_VALUES[BLOCKS] = {1, -0.5f, 2};
static const unsigned char MINIMA[BLOCKS][2] = {{0x00, 0x00}, {0x00, 0x3e}, {0x00, 0xc4}}; /* 0, 1.5, -4 */
static const float MINIMUM_VALUES[BLOCKS] = {0, 1.5f, -4};

/* A number without sign of up to 5 bits for each element. */
static int level(int element, int bits)
{
    return (element * 7 + 3 + element / 32) % (1 << bits);
}

/* Sets bit number of the block's fifth bits, or the half byte of an element. */
static void pack(unsigned char *high, unsigned char *nibbles, int element, int value)
{
    nibbles[element % 16] |= (unsigned char)((value & 15) << (element < 16 ? 0 : 4));
    if (high && value & 16)
        high[element / 8] |= (unsigned char)(1 << element % 8);
}

/* Every block of a type with a scale, perhaps a minimum, perhaps fifth bits, and nibbles. */
static void check_packed(enum stored_type type, int bits, bool minimum, int zero)
{
    size_t size = stored_type_size(type), high = minimum ? 4 : 2, nibbles = high + (bits == 5 ? 4 : 0);
    unsigned char *data = calloc(BLOCKS, size);
    float out[COUNT];
    struct fault fault = {0};
    assert_non_null(data);
    assert_int_equal(size, nibbles + 16);
    for (int b = 0; b < BLOCKS; b++) {
        unsigned char *block = data + (size_t)b * size;
        memcpy(block, SCALES[b], 2);
        if (minimum)
            memcpy(block + 2, MINIMA[b], 2);
        for (int i = 0; i < 32; i++)
            pack(bits == 5 ? block + high : NULL, block + nibbles, i, level(32 * b + i, bits));
    }
    struct stored_tensor t = {.name = "t", .type = type, .count = COUNT, .data = data};
    assert_int_equal(stored_floats(&t, 0, COUNT, out, &fault), 0);
    for (int i = 0; i < COUNT; i++) {
        int b = i / 32;
        float expected = (float)(level(i, bits) - zero) * SCALE_VALUES[b] + (minimum ? MINIMUM_VALUES[b] : 0);
        assert_true(out[i] == expected);
    }
    free(data);
}

static void test_packed(void **state)
{
    (void)state;
    check_packed(STORED_Q4_0, 4, false, 8);
    check_packed(STORED_Q4_1, 4, true, 0);
    check_packed(STORED_Q5_0, 5, false, 16);
    check_packed(STORED_Q5_1, 5, true, 0);
}

/* 3 blocks of 34 bytes, each in memory of its own size so that a byte read too far is seen. */
static unsigned char *eights(void)
{
    unsigned char *data = malloc(BLOCKS * 34);
    assert_non_null(data);
    for (int b = 0; b < BLOCKS; b++) {
        memcpy(data + 34 * b, SCALES[b], 2);
        for (int i = 0; i < 32; i++)
            data[34 * b + 2 + i] = (unsigned char)(5 * (32 * b + i) - 128);
    }
    return data;
}

static void test_eights_in_any_range(void **state)
{
    (void)state;
    unsigned char *data = eights();
    struct stored_tensor t = {.name = "t", .type = STORED_Q8_0, .count = COUNT, .data = data};
    struct fault fault = {0};
    for (int first = 0; first <= COUNT; first++)
        for (int count = 0; count <= COUNT - first; count++) {
            float *out = malloc((size_t)count * sizeof *out + 1);
            assert_non_null(out);
            assert_int_equal(stored_floats(&t, first, count, out, &fault), 0);
            for (int i = 0; i < count; i++) {
                int value = (signed char)(unsigned char)(5 * (first + i) - 128);
                assert_true(out[i] == (float)value * SCALE_VALUES[(first + i) / 32]);
            }
            free(out);
        }
    assert_int_equal(stored_floats(&t, 1, COUNT, NULL, &fault), UTTER_ERROR_ARGUMENT);
    free(data);
}

static void test_sizes(void **state)
{
    (void)state;
    const size_t bytes[] = {18, 20, 22, 24, 34};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(stored_type_size((enum stored_type)(STORED_Q4_0 + i)), bytes[i]);
        assert_int_equal(stored_type_block((enum stored_type)(STORED_Q4_0 + i)), 32);
    }
    assert_int_equal(stored_type_block(STORED_F32), 1);
    assert_int_equal(stored_type_block(STORED_F8_E5M2), 1);
    assert_string_equal(stored_type_name(STORED_Q5_1), "Q5_1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_packed),
        cmocka_unit_test(test_eights_in_any_range),
        cmocka_unit_test(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
