/* test_fuzz_vits_vocabulary.c - hostile vocabularies: a good one with its configuration, cut and changed everywhere. */
#include "fuzz_vits_vocabulary.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static char text[] =
    "{\"k\": 0, \"th\": 1, \"\xC5\xA3\": 2, \" \": 3, \"<unk>\": 5}\0{\"language\": \"ron\", \"pad_token\": "
    "{\"content\": \"k\"}, \"phonemize\": false, \"add_blank\": true, \"unk_token\": \"<unk>\"}";

/* In a block of just its size, so that a read past the end is seen. */
static void run(size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, text, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof text; i++)
        run(i);
}

static void changed_anywhere(void **state)
{
    (void)state;
    static const char signs[] = "0-9e.\"[]{},: \\\xff\xC8";
    for (size_t i = 0; i < sizeof text - 1; i++)
        for (size_t j = 0; j < sizeof signs; j++) {
            const char before = text[i];
            text[i] = signs[j];
            run(sizeof text - 1);
            text[i] = before;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(changed_anywhere),
    };
    return cmocka_run_group_tests_name("fuzz_vits_vocabulary", tests, NULL, NULL);
}
