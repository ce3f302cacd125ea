/* test_fuzz_hifigan_config.c - hostile config.json of a vocoder: a golden one, cut and changed everywhere.
 */
#include "fuzz_hifigan_config.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[1024];
static size_t length;

static int read_text(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/golden/hifigan/pairs/config.json", "rb");
    if (!file)
        return -1;
    length = fread(text, 1, sizeof text, file);
    fclose(file);
    return 0;
}

/* In a block of just its size, so that a read past the end is seen. */
static void run(const char *bytes, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    LLVMFuzzerTestOneInput(copy, size);
    free(copy);
}

static void cut_anywhere(void **state)
{
    (void)state;
    for (size_t i = 0; i <= length; i++)
        run(text, i);
}

static void changed_anywhere(void **state)
{
    (void)state;
    static const char signs[] = "0-9e.\"[]{},: \\\xff";
    for (size_t i = 0; i < length; i++)
        for (size_t j = 0; j < sizeof signs; j++) {
            const char before = text[i];
            text[i] = signs[j];
            run(text, length);
            text[i] = before;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(changed_anywhere),
    };
    return cmocka_run_group_tests_name("fuzz_hifigan_config", tests, read_text, NULL);
}
