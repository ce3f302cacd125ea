/* test_half.c - every f16 there is to a float and back, and what lies between two of them. */
#include "models/tensor/half.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_number_comes_back),
        cmocka_unit_test(test_to_nearest),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
