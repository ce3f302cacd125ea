/* whisper.cpp's files: what is in a small one, and the faults that they may have. */
#include "models/load/ggml.h"
#include "tests/unit/checkpoint_check.h"

enum { BAD = UTTER_ERROR_MODEL, OTHER = UTTER_ERROR_UNSUPPORTED };

static struct bytes b;

static void test_what_is_in_it(void **state)
{
    (void)state;
    build_ggml(&b);
    struct checkpoint *c = open_good(&b, "ggml-small.bin", "ggml");
    expect_sample(c, true);
    expect_number(c, "n_vocab", 3);
    expect_number(c, "n_audio_ctx", 2);
    expect_number(c, "n_audio_state", 3);
    expect_number(c, "n_text_layer", 9);
    expect_number(c, "n_mels", 10);
    expect_number(c, "ftype", 0);
    assert_int_equal(checkpoint_token_count(c), 3);
    expect_token(c, 0, "a", 1);
    expect_token(c, 1, "", 0);
    expect_token(c, 2, "\0\377", 2);
    assert_false(checkpoint_token(c, 3, &(const char *){0}, &(size_t){0}));
    assert_int_equal(checkpoint_find(c, "q.weight")->type, STORED_Q8_0);
    checkpoint_close(&c);
}

static void test_the_content_decides(void **state)
{
    (void)state;
    build_ggml(&b);
    struct checkpoint *c = open_good(&b, "model.safetensors", "ggml");
    checkpoint_close(&c);
    put_ggml_head(&b);
    c = open_good(&b, "ggml-base-no-tensors.bin", "ggml");
    assert_int_equal(checkpoint_count(c), 0);
    checkpoint_close(&c);
    struct fault fault = {0};
    b.data[0] = 'x';
    assert_int_equal(open_bytes(&c, &b, "ggml.bin", &fault), OTHER);
    assert_non_null(strstr(fault.message, "neither safetensors nor"));
}

static void test_biases(void **state)
{
    (void)state;
    put_ggml_head(&b);
    put_ggml_tensor(&b, "one.bias", 0, 2, (int[]){1, 1}, SAMPLE_BIAS, 4);
    put_ggml_tensor(&b, "two.bias", 0, 3, (int[]){1, 2, 1}, SAMPLE_BIAS, 8);
    put_ggml_tensor(&b, "two.weight", 0, 2, (int[]){1, 2}, SAMPLE_BIAS, 8);
    put_ggml_tensor(&b, "bias", 0, 2, (int[]){1, 2}, SAMPLE_BIAS, 8);
    struct checkpoint *c = open_good(&b, "ggml.bin", "ggml");
    expect_floats(c, "one.bias", 1, (int64_t[]){1}, SAMPLE_BIAS, 1);
    expect_floats(c, "two.bias", 1, (int64_t[]){2}, SAMPLE_BIAS, 2);
    expect_floats(c, "two.weight", 2, (int64_t[]){2, 1}, SAMPLE_BIAS, 2);
    expect_floats(c, "bias", 2, (int64_t[]){2, 1}, SAMPLE_BIAS, 2);
    checkpoint_close(&c);
}

static void test_faults_in_the_head(void **state)
{
    (void)state;
    put_ggml_head(&b);
    const struct change changes[] = {
        {0, 4, 0x67676a74, OTHER, "not a ggml file"},
        {3, 0, 0, OTHER, "not a ggml file"},
        {4, 4, 0, BAD, "n_vocab is 0"},
        {4, 4, 0xffffffff, BAD, "n_vocab is -1"},
        {4, 4, 2, BAD, "more tokens than n_vocab"},
        {40, 4, 0x7fffffff, BAD, "n_mels is 2147483647"},
        {46, 0, 0, BAD, "ends in the hyperparameters"},
        {20, 0, 0, BAD, "ends in the hyperparameters"},
        {50, 0, 0, BAD, "ends before the mel filters"},
        {48, 4, 0xffffffff, BAD, "more mel filters"},
        {48, 8, 0x800000008000, BAD, "ends in the mel filters"},
        {60, 0, 0, BAD, "ends in the mel filters"},
        {66, 0, 0, BAD, "ends before the vocabulary"},
        {73, 4, 0x7fffffff, BAD, "the file ends in the vocabulary, at token 1 of 3"},
        {68, 4, 0xffffffff, BAD, "the file ends in the vocabulary, at token 0 of 3"},
        {64, 4, 0xffffffff, BAD, "more tokens than n_vocab"},
        {b.size - 1, 0, 0, BAD, "the file ends in the vocabulary, at token 2 of 3"},
    };
    expect_changes(ggml_read, &b, changes, sizeof changes / sizeof *changes);
}

static void put_silero_head(struct bytes *bytes)
{
    static const uint32_t numbers[] = {6, 2, 0, 512, 64, 1, 129, 128, 3, 128, 128, 128, 1};
    bytes->size = 0;
    put_u32(bytes, 0x67676d6c);
    put_u32(bytes, 10);
    put_text(bytes, "silero-16k");
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        put_u32(bytes, numbers[i]);
}

static void test_silero(void **state)
{
    (void)state;
    put_silero_head(&b);
    const size_t at = b.size;
    put_ggml_tensor(&b, "w.weight", 0, 2, (int[]){2, 3}, SAMPLE_WEIGHT, sizeof SAMPLE_WEIGHT);
    put_ggml_tensor(&b, "w.bias", 0, 0, NULL, SAMPLE_BIAS, 4);
    struct checkpoint *c = open_good(&b, "silero.bin", "ggml");
    assert_int_equal(checkpoint_count(c), 2);
    expect_floats(c, "w.weight", 2, (int64_t[]){3, 2}, SAMPLE_WEIGHT, 6);
    expect_floats(c, "w.bias", 1, (int64_t[]){1}, SAMPLE_BIAS, 1);
    checkpoint_close(&c);
    const struct change changes[] = {
        {20, 0, 0, BAD, "ends in the numbers of Silero VAD"},
        {40, 0, 0, BAD, "ends in the numbers of Silero VAD"},
        {at - 1, 0, 0, BAD, "ends in the layers of Silero VAD"},
        {38, 4, 0xffffffff, BAD, "ends in the layers of Silero VAD"},
        {at, 4, 5, BAD, "tensor 0 has 5 dimensions"},
    };
    expect_changes(ggml_read, &b, changes, sizeof changes / sizeof *changes);
}

static void test_faults_in_tensors(void **state)
{
    (void)state;
    put_ggml_head(&b);
    size_t at = b.size;
    put_ggml_tensor(&b, "t.weight", 0, 2, (int[]){2, 3}, SAMPLE_WEIGHT, sizeof SAMPLE_WEIGHT);
    const struct change changes[] = {
        {at + 1, 0, 0, BAD, "ends in a tensor's header"},
        {at, 4, 0, BAD, "tensor 0 has 0 dimensions"},
        {at, 4, 5, BAD, "tensor 0 has 5 dimensions"},
        {at, 4, 0xffffffff, BAD, "tensor 0 has -1 dimensions"},
        {at + 4, 4, 0, BAD, "a tensor has no name"},
        {at + 4, 4, 0xffffffff, BAD, "ends in a tensor's name"},
        {at + 8, 4, 9, OTHER, "tensor 't.weight' has ggml's type 9"},
        {at + 8, 4, 0xffffffff, OTHER, "has ggml's type 4294967295"},
        {at + 8, 4, 2, BAD, "blocks of 32"},
        {at + 12, 4, 0, BAD, "a dimension of 0"},
        {at + 12, 4, 0xffffffff, BAD, "a dimension of -1"},
        {at + 16, 4, 0x80000000, BAD, "a dimension of -2147483648"},
        {at + 12, 8, 0x7fffffff7fffffff, BAD, "has a shape that overflows"},
        {at + 12, 4, 0x7fffffff, BAD, "ends beyond the file"},
        {at + 16, 4, 4, BAD, "tensor 't.weight' ends beyond the file"},
        {at + 16, 4, 2, BAD, "ends in a tensor's header"},
        {at + 18, 0, 0, BAD, "ends in a tensor's shape"},
        {at + 22, 0, 0, BAD, "ends in a tensor's name"},
        {at + 20, 1, 0, BAD, "'?.weight' is no name for a tensor"},
        {at + 20, 1, 0x1b, BAD, "'?.weight' is no name for a tensor"},
        {b.size - 1, 0, 0, BAD, "tensor 't.weight' ends beyond the file"},
    };
    expect_changes(ggml_read, &b, changes, sizeof changes / sizeof *changes);
    put_ggml_tensor(&b, "t.weight", 0, 1, (int[]){1}, SAMPLE_WEIGHT, 4);
    struct checkpoint *c;
    struct fault fault = {0};
    assert_int_equal(open_bytes(&c, &b, "ggml.bin", &fault), BAD);
    assert_non_null(strstr(fault.message, "ggml.bin: tensor 't.weight' is there twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_in_it),
        cmocka_unit_test(test_the_content_decides),
        cmocka_unit_test(test_biases),
        cmocka_unit_test(test_silero),
        cmocka_unit_test(test_faults_in_the_head),
        cmocka_unit_test(test_faults_in_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
