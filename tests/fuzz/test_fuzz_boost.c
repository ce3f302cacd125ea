/* test_fuzz_boost.c - lists of phrases cut and changed everywhere: refused, or asked without harm (under the
 * sanitizers). */
#include "decoder/guide/boost_list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define LLVMFuzzerTestOneInput fuzz_boost
#include "fuzz_boost.c"

static const char *const corpus[] = {
    "\xEF\xBB\xBF# names\r\nab ba\t2\r\nba\r\n",
    "a\nb\nab\nba\naba\nbab\naa bb aa\nbb aa bb\naa bb\n",
    "手手手手\n手\na手b\n手手\té\n",
    "\xC3\xA9 \xC3\t19.99\n\xC3\xA9\xC3\xA9\xC3\xA9\t.5",
    "A B, (A) b-a.\t1.\n\t\n",
};

static void test_changed(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, '\t', '\n', ' ', '#', '9', 'a', 0x80, 0xC3, 0xFF};
    for (size_t i = 0; i < sizeof corpus / sizeof *corpus; i++) {
        size_t size = strlen(corpus[i]);
        unsigned char *bytes = malloc(size + 1);
        assert_non_null(bytes);
        for (size_t at = 0; at <= size; at++) {
            memcpy(bytes, corpus[i], size);
            fuzz_boost(bytes, at);
            for (size_t k = 0; at < size && k < sizeof values; k++) {
                bytes[at] = values[k];
                fuzz_boost(bytes, size);
            }
        }
        free(bytes);
    }
}

/* Whatever the bytes: by a generator that likes letters. */
static void test_drawn(void **state)
{
    (void)state;
    uint32_t seed = 3;
    static const unsigned char liked[] = {'a', 'b', ' ', '\n', '\t', '#', '1', 0xC3};
    unsigned char bytes[64];
    for (int round = 0; round < 20000; round++) {
        size_t size = (size_t)round % sizeof bytes;
        for (size_t i = 0; i < size; i++) {
            seed = seed * 1664525u + 1013904223u;
            bytes[i] = seed >> 30 ? liked[seed >> 24 & 7] : (unsigned char)(seed >> 16);
        }
        fuzz_boost(bytes, size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_changed), cmocka_unit_test(test_drawn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
