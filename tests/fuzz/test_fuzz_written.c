/* test_fuzz_written.c - hostile words to be written: random ones, cut and changed everywhere. */
#include "fuzz_written.c"

#include "src/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const char *const corpus[] = {
    "a hundred and five dollars and twenty cents , on the twenty first of march twenty twenty six",
    "my card number is four one one one uh one one one one (555) 555-0199, $5,000.00 3.14 -- ... '' \"a\"",
    "half past three p m at quarter to four o'clock seventy-five-six -twenty twenty- one-two-three",
    "john dot smith at example dot com slash a dot b w w w dot dot com at at dot f b i t v's",
    "minus point five percent of nine hundred ninety nine quadrillion nine hundred ninety nine trillion and one",
    "double double triple oh oh plus plus plus one hundred hundred thousand thousand million point point and and and",
};

/* In a block of just its size, so that a read past the end is seen. */
static void run_bytes(unsigned char flags, const void *bytes, size_t size)
{
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    copy[0] = flags;
    memcpy(copy + 1, bytes, size);
    LLVMFuzzerTestOneInput(copy, size + 1);
    free(copy);
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++)
        for (size_t size = 0; size <= strlen(corpus[i]); size += 3)
            for (unsigned flags = 0; flags < 256; flags += 37)
                run_bytes((unsigned char)flags, corpus[i], size);
}

static void random_words(void **state)
{
    (void)state;
    uint32_t block[4];
    uint8_t bytes[64];
    for (uint64_t seed = 0; seed < 20000; seed++) {
        for (size_t i = 0; i < sizeof bytes; i += 16) {
            random_block(3, seed, i / 16, block);
            memcpy(bytes + i, block, 16);
        }
        for (size_t i = 1; i < sizeof bytes; i++) /* mostly words of the vocabulary */
            bytes[i] |= bytes[i] % 16 ? 128 : 0;
        run_bytes((unsigned char)(seed % 256), bytes, sizeof bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(random_words),
    };
    return cmocka_run_group_tests_name("fuzz_written", tests, NULL, NULL);
}
