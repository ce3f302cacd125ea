/* config_anywhere.h - hostile config.json of a family: its golden one, cut and changed everywhere. Included behind the
 * family's fuzz target by its test, which defines GOLDEN_CONFIG, a path below tests/golden. */
#ifndef TESTS_FUZZ_CONFIG_ANYWHERE_H
#define TESTS_FUZZ_CONFIG_ANYWHERE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static char text[16384];
static size_t length;

static int read_text(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/golden/" GOLDEN_CONFIG, "rb");
    if (!file)
        return -1;
    length = fread(text, 1, sizeof text, file);
    fclose(file);
    return length > 0 && length < sizeof text ? 0 : -1;
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
    return cmocka_run_group_tests_name(GOLDEN_CONFIG, tests, read_text, NULL);
}

#endif
