/* test_fuzz_lexicon.c - lexicons and lists of words cut and changed everywhere: refused, or asked without harm (under
 * the sanitizers). */
#include "decoder/spoken/lexicon.h"
#include "src/base/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LLVMFuzzerTestOneInput fuzz_lexicon
#include "fuzz_lexicon.c"
#undef LLVMFuzzerTestOneInput
#define LLVMFuzzerTestOneInput fuzz_user_lexicon
#include "fuzz_user_lexicon.c"

static unsigned char *read_small(size_t *size)
{
    struct mapping file;
    struct fault fault = {0};
    assert_int_equal(mapping_open(&file, TEST_DATA "/golden/pronounce/small.bin", &fault), 0);
    unsigned char *bytes = malloc(file.size);
    assert_non_null(bytes);
    memcpy(bytes, file.data, file.size);
    *size = file.size;
    mapping_close(&file);
    return bytes;
}

static void expect_refused(const unsigned char *bytes, size_t size, int code, const char *part)
{
    struct lexicon lexicon;
    struct fault fault = {0};
    assert_int_equal(lexicon_open(&lexicon, bytes, size, "hostile", &fault), code);
    if (!strstr(fault.message, "hostile: ") || !strstr(fault.message, part))
        fail_msg("%s", fault.message);
}

static void test_refused(void **state)
{
    (void)state;
    size_t size;
    unsigned char *bytes = read_small(&size);
    expect_refused(bytes, 0, UTTER_ERROR_MODEL, "not a lexicon");
    expect_refused(bytes, size - 8, UTTER_ERROR_MODEL, "its header says");
    bytes[8] = 9;
    expect_refused(bytes, size, UTTER_ERROR_UNSUPPORTED, "version 9");
    bytes[8] = 1;
    bytes[15] = 0xff; /* the words */
    expect_refused(bytes, size, UTTER_ERROR_MODEL, "the header");
    bytes[15] = 0;
    bytes[33] = 200; /* a phone of the first chunk, or the count of it */
    bytes[32] = 1;
    expect_refused(bytes, size, UTTER_ERROR_MODEL, "the tables");
    free(bytes);
}

static void test_lexicon(void **state)
{
    (void)state;
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    size_t size;
    unsigned char *bytes = read_small(&size);
    for (size_t at = 0; at < size; at += 3)
        fuzz_lexicon(bytes, at);
    for (size_t at = 0; at < size; at++) {
        unsigned char own = bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            bytes[at] = values[i];
            fuzz_lexicon(bytes, size);
        }
        bytes[at] = own;
    }
    free(bytes);
}

static void test_user_lexicon(void **state)
{
    (void)state;
    char whole[] = "# a\nword W ER1 D\n\tcafé  /kæˈfeɪ/\r\nx /t͡ʃɝn̩ɪə/ # y\nK AE T\nˈdʒʌdʒˌəʊ";
    for (size_t cut = 0; cut < sizeof whole; cut++) {
        char *copy = malloc(cut ? cut : 1); /* of just its size, so that a read past the end is seen */
        assert_non_null(copy);
        memcpy(copy, whole, cut);
        fuzz_user_lexicon((const uint8_t *)copy, cut);
        free(copy);
    }
    for (size_t at = 0; at + 1 < sizeof whole; at++)
        for (int bit = 0; bit < 8; bit++) {
            whole[at] = (char)(whole[at] ^ 1 << bit);
            fuzz_user_lexicon((const uint8_t *)whole, sizeof whole - 1);
            whole[at] = (char)(whole[at] ^ 1 << bit);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_refused), cmocka_unit_test(test_lexicon),
                                       cmocka_unit_test(test_user_lexicon)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
