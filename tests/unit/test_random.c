/* Random numbers that a seed fixes: the published answers of Philox, and normal deviates that are what they should be.
 */
#include "src/base/random.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The known answers of Salmon et al.'s Random123, kat_vectors. */
static void test_published_answers(void **state)
{
    (void)state;
    static const struct {
        uint64_t seed, stream, block;
        uint32_t words[4];
    } known[] = {
        {0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX, UINT64_MAX, UINT64_MAX, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {0x299f31d0a4093822, 0x0370734413198a2e, 0x85a308d3243f6a88, {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        uint32_t words[4];
        random_block(known[i].seed, known[i].stream, known[i].block, words);
        assert_memory_equal(words, known[i].words, sizeof words);
    }
}

/* Each pair against libm. */
static void test_normals_are_box_and_mullers(void **state)
{
    (void)state;
    for (uint64_t block = 0; block < 20000; block++) {
        uint32_t words[4];
        float got[4];
        random_block(7, 3, block, words);
        random_normals(7, 3, 4 * block, 4, got);
        for (int pair = 0; pair < 4; pair += 2) {
            double radius = sqrt(-2 * log((words[pair] + 0.5) / 4294967296.0));
            double angle = words[pair + 1] / 4294967296.0 * 2 * acos(-1);
            assert_true(fabs(got[pair] - radius * cos(angle)) < 1e-6);
            assert_true(fabs(got[pair + 1] - radius * sin(angle)) < 1e-6);
        }
    }
}

static void test_moments(void **state)
{
    (void)state;
    enum { N = 1 << 18 };
    float *x = malloc(N * sizeof *x);
    double sums[5] = {0};
    assert_non_null(x);
    random_normals(1, 0, 0, N, x);
    for (int i = 0; i < N; i++)
        for (int power = 1; power <= 4; power++)
            sums[power] += pow((double)x[i], power) / N;
    assert_true(fabs(sums[1]) < 0.01 && fabs(sums[2] - 1) < 0.015 && fabs(sums[3]) < 0.03 && fabs(sums[4] - 3) < 0.1);
    free(x);
}

/* To the bit, on every machine: a voice with a seed says a sentence the same way everywhere. */
static void test_bits(void **state)
{
    (void)state;
    static const uint32_t expected[6] = {0x400a53f3, 0xbed108e0, 0xbfd472ca, 0x40015d4b, 0xbddda09e, 0x3ea52dfa};
    float x[6];
    random_normals(42, 1, 1, 6, x);
    assert_memory_equal(x, expected, sizeof expected);
}

static void test_pieces_are_the_whole(void **state)
{
    (void)state;
    float whole[100], piece[100], other[100];
    random_normals(5, 1, 0, 100, whole);
    for (int from = 0; from < 100; from += 7)
        random_normals(5, 1, (uint64_t)from, from + 7 <= 100 ? 7 : (size_t)(100 - from), piece + from);
    assert_memory_equal(whole, piece, sizeof whole);
    random_normals(5, 2, 0, 100, other);
    assert_true(memcmp(whole, other, sizeof whole) != 0);
    random_normals(6, 1, 0, 100, other);
    assert_true(memcmp(whole, other, sizeof whole) != 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_published_answers),
        cmocka_unit_test(test_normals_are_box_and_mullers),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_bits),
        cmocka_unit_test(test_pieces_are_the_whole),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
