/* test_fuzz_tiktoken.c - hostile .tiktoken files: each is refused with one sentence. */
#include "decoder/tokens/whisper_vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* In a block of just its size, so that a read past the end is seen. No file this short can be whole. */
static void expect_refused(const char *bytes, size_t length)
{
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    char *copy = malloc(length ? length : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, length);
    assert_int_equal(whisper_vocabulary_open_tiktoken(&v, 51865, copy, length, "hostile", &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "hostile"));
    assert_null(v);
    fault_clear(&fault);
    assert_int_equal(whisper_vocabulary_open_json(&v, 51865, copy, length, "hostile", &fault), UTTER_ERROR_MODEL);
    assert_null(v);
    free(copy);
}

static void test_corpus(void **state)
{
    (void)state;
    static const char *const corpus[] = {
        "",
        "\n\n\n",
        "IQ==",
        "IQ== ",
        " 0",
        "IQ== -1",
        "IQ== 50257",
        "IQ== 1 2",
        "I 0",
        "!!!! 0",
        "IQ==  0",
        "IQ== 0x1",
        "====  ",
        "IQ== 0\nIg== 0",
        "IQ== 1e3",
        "IQ==\t0",
        "= 50256",
        "IQ== 00000000",
        "\xFF\xFE 3",
        "IQ==0",
        "IQ== 99999999999999999999",
        "{\"model\":{\"vocab\":{\"a\":0,\"b\":0}}}",
        "{\"model\":{\"vocab\":{\"\xE4\xB8\x80\":0}}}",
        "{\"model\":{\"vocab\":{\"a\":1e9}}}",
        "{\"model\":{\"vocab\":[]}}",
    };
    for (size_t i = 0; i < sizeof corpus / sizeof corpus[0]; i++)
        expect_refused(corpus[i], strlen(corpus[i]));
}

static void test_cut_and_flipped(void **state)
{
    (void)state;
    char whole[] = "IQ== 0\nIg== 1\r\nIw== 2\nIHRoZQ== 262\n5Zy6 50255\n= 50256\n";
    for (size_t cut = 0; cut < sizeof whole; cut++)
        expect_refused(whole, cut);
    for (size_t at = 0; at + 1 < sizeof whole; at++)
        for (int bit = 0; bit < 8; bit++) {
            whole[at] = (char)(whole[at] ^ 1 << bit);
            expect_refused(whole, sizeof whole - 1);
            whole[at] = (char)(whole[at] ^ 1 << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_cut_and_flipped),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
