/* test_fuzz_ngram.c - language models cut and changed everywhere: refused, or queried without harm (under the
 * sanitizers). */
#include "decoder/guide/ngram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "fuzz_ngram.c"

static const char arpa[] =
    "\\data\\\nngram 1=5\nngram 2=3\nngram 3=2\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n-0.7\ta\t-0.2\n"
    "-0.9\tand\t-0.1\n-2\t<unk>\n\n\\2-grams:\n-0.3\t<s> a\t-0.2\n-0.4\ta and\t-0.1\n-0.5\tand </s>\n\n"
    "\\3-grams:\n-0.1\t<s> a and\n-0.2\ta and a\n\n\\end\\\n";

/* In a block of just its size, so that a read past the end is seen. */
static void try(const void *bytes, size_t size)
{
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void cut_and_change(unsigned char *bytes, size_t size)
{
    static const unsigned char values[] = {0x00, 0x01, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < size; at++)
        try(bytes, at);
    for (size_t at = 0; at < size; at++) {
        unsigned char own = bytes[at];
        for (size_t i = 0; i < sizeof values; i++) {
            bytes[at] = values[i];
            try(bytes, size);
        }
        bytes[at] = own;
    }
}

static void test_arpa(void **state)
{
    (void)state;
    unsigned char copy[sizeof arpa];
    memcpy(copy, arpa, sizeof arpa);
    cut_and_change(copy, sizeof arpa - 1);
}

static void test_binary(void **state)
{
    (void)state;
    for (int quantize = 0; quantize < 2; quantize++) {
        void *bytes;
        size_t size;
        struct fault fault = {0};
        if (ngram_parse_arpa(arpa, sizeof arpa - 1, "x", quantize, &bytes, &size, &fault))
            fail_msg("%s", fault.message);
        struct ngram *g = NULL;
        unsigned char first = *(unsigned char *)bytes;
        *(unsigned char *)bytes = 'X';
        assert_int_equal(ngram_open(&g, bytes, size, "hostile", &fault), UTTER_ERROR_MODEL);
        assert_string_equal(fault.message, "hostile: not a language model");
        *(unsigned char *)bytes = first;
        fault_clear(&fault);
        assert_int_equal(ngram_open(&g, bytes, size - 1, "hostile", &fault), UTTER_ERROR_MODEL);
        assert_non_null(strstr(fault.message, "its header says"));
        assert_null(g);
        cut_and_change(bytes, size);
        free(bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arpa),
        cmocka_unit_test(test_binary),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
