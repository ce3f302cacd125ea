/* test_fuzz_sentencepiece.c - hostile SentencePiece models: the golden ones, cut and changed everywhere. */
#include "fuzz_sentencepiece.c"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static char bytes[4096];

static size_t read_model(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, TEST_DATA "/golden/sentencepiece/%s.model", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    const size_t length = fread(bytes, 1, sizeof bytes, file);
    fclose(file);
    return length;
}

/* In a block of just its size, so that a read past the end is seen. */
static void run(size_t size)
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
    for (size_t length = read_model("rules"), i = 0; i <= length; i++)
        run(i);
}

static void changed_anywhere(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, 1, 2, 8, 0x0a, 0x12, 0x1a, 0x7f, 0x80, 0xff};
    const size_t length = read_model("rules");
    for (size_t i = 0; i < length; i++)
        for (size_t j = 0; j < sizeof values; j++) {
            const char before = bytes[i];
            bytes[i] = (char)values[j];
            run(length);
            bytes[i] = before;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(changed_anywhere),
    };
    return cmocka_run_group_tests_name("fuzz_sentencepiece", tests, NULL, NULL);
}
