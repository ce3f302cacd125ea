/* test_fuzz_whisper_config.c - hostile config.json and generation_config.json of a Whisper: the fuzz target's own
 * checks on whole files that were damaged, and files that a shape must not be read from. */
#include "fuzz_whisper_config.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static uint32_t state = 2463534242u;

/* Xorshift (Marsaglia 2003). */
static unsigned below(unsigned limit)
{
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    return state % limit;
}

/* In a block of just its size, so that a read past the end is seen. */
static void give(const char *bytes, size_t length)
{
    uint8_t *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    LLVMFuzzerTestOneInput(copy, length);
    free(copy);
}

/* A few bytes changed, mostly into what JSON is made of; the end cut off now and then. */
static void damage_and_give(const char *good, size_t size)
{
    static const char likely[] = "0123456789-.eE{}[]\",: \\u\n";
    char *bad = malloc(size);
    assert_non_null(bad);
    for (int i = 0; i < 3000; i++) {
        memcpy(bad, good, size);
        for (unsigned times = 1 + below(3); times > 0; times--)
            bad[below((unsigned)size)] = below(4) ? likely[below(sizeof likely - 1)] : (char)below(256);
        give(bad, below(3) ? size : below((unsigned)size));
    }
    free(bad);
}

static void test_damaged_configs(void **unused)
{
    (void)unused;
    char good[8192];
    FILE *file = fopen(TEST_DATA "/golden/whisper/small/config.json", "rb");
    assert_non_null(file);
    size_t size = fread(good, 1, sizeof good, file);
    fclose(file);
    assert_in_range(size, 100, sizeof good - 1);
    damage_and_give(good, size);
}

static void test_damaged_alignment(void **unused)
{
    (void)unused;
    static const char good[] = "{\"alignment_heads\": [[1, 0], [2, 5], [3, 3]], \"max_length\": 448}";
    damage_and_give(good, sizeof good - 1);
}

static void test_corpus(void **unused)
{
    (void)unused;
    static const char *const corpus[] = {
        "",
        "null",
        "[]",
        "{}",
        "\"\"",
        "{\"model_type\":\"whisper\"}",
        "{\"model_type\":[\"whisper\"]}",
        "{\"alignment_heads\":7}",
        "{\"alignment_heads\":\"1\"}",
        "{\"alignment_heads\":{\"a\":[1,1]}}",
        "{\"alignment_heads\":[{\"a\":1,\"b\":1}]}",
        "{\"alignment_heads\":[[1,1,1]]}",
        "{\"alignment_heads\":[[-1,0]]}",
        "{\"alignment_heads\":[[0,6]]}",
        "{\"alignment_heads\":[[4294967296,0]]}",
        "{\"alignment_heads\":[[1e300,0]]}",
        "{\"alignment_heads\":[[0.5,0]]}",
        "{\"alignment_heads\":[null]}",
        "{\"alignment_heads\":[[[[[1]]]]]}",
        "{\"alignment_heads\":[[0,0],[0,31],[63,0]]}",
    };
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++)
        give(corpus[i], strlen(corpus[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_damaged_configs),
        cmocka_unit_test(test_damaged_alignment),
        cmocka_unit_test(test_corpus),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
