/* Checkpoints that PyTorch and the gguf package wrote (tests/golden/make_checkpoints.py). */
#include "models/load/checkpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/checkpoints/"

static struct checkpoint *open_golden(const char *path, const char *format)
{
    struct checkpoint *c;
    struct fault fault = {0};
    if (checkpoint_open(&c, path, &fault))
        fail_msg("%s", fault.message);
    assert_string_equal(checkpoint_format(c), format);
    return c;
}

static float *floats(const struct checkpoint *c, const char *name, int rank, const int64_t *shape)
{
    float *values;
    struct fault fault = {0};
    if (checkpoint_floats(c, name, rank, shape, &values, &fault))
        fail_msg("%s", fault.message);
    return values;
}

/* The first element, and a quarter more for each one behind it. */
static void expect_ramp(const struct checkpoint *c, const char *name, int rank, const int64_t *shape, float first)
{
    float *values = floats(c, name, rank, shape);
    for (int64_t i = 0; i < checkpoint_find(c, name)->count; i++)
        assert_true(values[i] == first + (float)i / 4);
    free(values);
}

static void test_pytorch(void **state)
{
    (void)state;
    const char *const paths[] = {GOLDEN "openai.pt", GOLDEN "protocol4.bin", GOLDEN "before_1.6.pt"};
    for (int i = 0; i < 3; i++) {
        int64_t value = 0;
        struct checkpoint *c = open_golden(paths[i], "pytorch");
        assert_int_equal(checkpoint_count(c), 6);
        expect_ramp(c, "encoder.conv1.weight", 3, (int64_t[]){2, 3, 3}, -1);
        expect_ramp(c, "encoder.conv1.bias", 1, (int64_t[]){2}, -1);
        expect_ramp(c, "encoder.ln_post.weight", 1, (int64_t[]){4}, -1);
        expect_ramp(c, "decoder.token_embedding.weight", 2, (int64_t[]){3, 2}, -0.5f);
        expect_ramp(c, "decoder.proj.weight", 1, (int64_t[]){10}, -1);
        expect_ramp(c, "steps", 0, NULL, 7);
        assert_int_equal(checkpoint_find(c, "encoder.ln_post.weight")->type, STORED_BF16);
        assert_int_equal(checkpoint_find(c, "steps")->type, STORED_I64);
        assert_true(checkpoint_number(c, "n_vocab", &value) == !i);
        assert_int_equal(value, i ? 0 : 51865);
        checkpoint_close(&c);
    }
}

static void test_gguf(void **state)
{
    (void)state;
    static const char *const types[] = {"F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0"};
    struct checkpoint *c = open_golden(GOLDEN "types.gguf", "gguf");
    const int64_t shape[] = {2, 64};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char name[32];
        strcpy(name, types[i]);
        assert_string_equal(stored_type_name(checkpoint_find(c, name)->type), name);
        float *values = floats(c, name, 2, shape), *expected = floats(c, strcat(name, ".expected"), 2, shape);
        for (int k = 0; k < 128; k++)
            assert_true(values[k] == expected[k]);
        free(values), free(expected);
    }
    const char *token;
    size_t length;
    int64_t value;
    assert_true(checkpoint_number(c, "n_audio_state", &value) && value == 384);
    assert_true(checkpoint_number(c, "n_mels", &value) && value == 80);
    assert_true(checkpoint_token(c, 1, &token, &length) && length == 2 && !memcmp(token, " b", 2));
    checkpoint_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_pytorch), cmocka_unit_test(test_gguf)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
