/* test_half.c - every f16 and every E4M3 there is to a float and back, and what lies between two of them. */
#include "models/tensor/float8.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { INFINITE = 0x7c00, LARGEST = 0x7bff };

static void test_every_number_comes_back(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < INFINITE; bits++) {
        const float value = f16_to_float((uint16_t)bits);
        const int exponent = bits >> 10 ? (int)(bits >> 10) : 1;
        const float expected = ldexpf((float)((bits & 0x3ff) + (bits >> 10 ? 0x400 : 0)), exponent - 25);
        assert_true(value == expected);
        assert_int_equal(f16_from_float(value), bits);
        assert_int_equal(f16_from_float(-value), bits | 0x8000);
    }
}

/* Halfway goes to the even neighbour, anything beyond to the nearer one. */
static void test_to_nearest(void **state)
{
    (void)state;
    for (unsigned bits = 0; bits < LARGEST; bits++) {
        const float low = f16_to_float((uint16_t)bits), high = f16_to_float((uint16_t)(bits + 1));
        const float middle = (low + high) / 2;
        assert_int_equal(f16_from_float(middle), bits + (bits & 1));
        assert_int_equal(f16_from_float(nextafterf(middle, 0)), bits);
        assert_int_equal(f16_from_float(nextafterf(middle, INFINITY)), bits + 1);
    }
}

static void test_ends(void **state)
{
    (void)state;
    assert_true(f16_to_float(LARGEST) == 65504.0f);
    assert_int_equal(f16_from_float(65520.0f), LARGEST);
    assert_int_equal(f16_from_float(1e30f), LARGEST);
    assert_int_equal(f16_from_float(-INFINITY), LARGEST | 0x8000);
    assert_true(isinf(f16_to_float(INFINITE)) && f16_to_float(INFINITE | 0x8000) < 0);
    assert_true(isnan(f16_to_float(f16_from_float(NAN))));
    assert_true(isnan(f16_to_float(0xffff)));
}

static void test_e4m3(void **state)
{
    (void)state;
    enum { MOST = 0x7e };
    for (unsigned bits = 0; bits <= MOST; bits++) {
        const float value = e4m3_to_float((uint8_t)bits), next = e4m3_to_float((uint8_t)(bits + 1));
        const int exponent = bits >> 3 ? (int)(bits >> 3) : 1;
        assert_true(value == ldexpf((float)((bits & 7) + (bits >> 3 ? 8 : 0)), exponent - 10));
        assert_int_equal(e4m3_from_float(value), bits);
        assert_int_equal(e4m3_from_float(-value), bits | 0x80);
        if (bits == MOST)
            continue;
        const float middle = (value + next) / 2;
        assert_int_equal(e4m3_from_float(middle), bits + (bits & 1));
        assert_int_equal(e4m3_from_float(nextafterf(middle, 0)), bits);
        assert_int_equal(e4m3_from_float(nextafterf(middle, INFINITY)), bits + 1);
    }
    assert_true(e4m3_to_float(MOST) == E4M3_MOST);
    assert_int_equal(e4m3_from_float(1e30f), MOST);
    assert_int_equal(e4m3_from_float(-INFINITY), MOST | 0x80);
    assert_true(isnan(e4m3_to_float(e4m3_from_float(NAN))) && isnan(e4m3_to_float(0xff)));
}

static void test_scale_of_e4m3(void **state)
{
    (void)state;
    const float largest[] = {448, 448.1f, 224, 224.1f, 1, 3e-5f, 1e9f, 1e-44f};
    for (size_t i = 0; i < sizeof largest / sizeof *largest; i++) {
        const float values[] = {-largest[i] / 3, -largest[i], 0}, scale = e4m3_scale(values, 3);
        int exponent;
        assert_true(frexpf(scale, &exponent) == 0.5f);
        assert_true(scale * largest[i] <= E4M3_MOST);
        assert_true(scale * largest[i] > E4M3_MOST / 2 || largest[i] < 1e-30f);
    }
    const float nothing[2] = {0};
    assert_true(e4m3_scale(nothing, 2) == 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_comes_back),
        cmocka_unit_test(test_to_nearest),
        cmocka_unit_test(test_ends),
        cmocka_unit_test(test_e4m3),
        cmocka_unit_test(test_scale_of_e4m3),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
