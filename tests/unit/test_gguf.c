/* GGUF: what is in a small file, every type of value, and the faults that it may have. */
#include "models/load/gguf.h"
#include "tests/unit/checkpoint_check.h"

enum { BAD = UTTER_ERROR_MODEL, OTHER = UTTER_ERROR_UNSUPPORTED };

static struct bytes b;

static void test_what_is_in_it(void **state)
{
    (void)state;
    for (unsigned char version = 2; version <= 3; version++) {
        build_gguf(&b);
        b.data[4] = version;
        struct checkpoint *c = open_good(&b, "whisper.gguf", "gguf");
        expect_sample(c, true);
        expect_number(c, "n_audio_state", 384);
        expect_number(c, "n_text_layer", 4);
        expect_number(c, "n_mels", 80);
        expect_number(c, "n_vocab", 0);
        assert_int_equal(checkpoint_token_count(c), 4);
        expect_token(c, 0, "a", 1);
        expect_token(c, 1, " b", 2);
        expect_token(c, 2, "\n", 1);
        expect_token(c, 3, "a b", 3);
        checkpoint_close(&c);
    }
}

/* All 256 bytes as GPT-2 spells them. */
static void test_spelt_bytes(void **state)
{
    (void)state;
    unsigned next = 256;
    put_gguf_head(&b, 3, 0, 2);
    put_gguf_array(&b, "tokenizer.ggml.tokens", 8, 256);
    for (unsigned i = 0; i < 256; i++) {
        bool plain = (i >= '!' && i <= '~') || (i >= 0xa1 && i <= 0xac) || (i >= 0xae && i <= 0xff);
        unsigned character = plain ? i : next++;
        const char text[] = {(char)(0xc0 | character >> 6), (char)(0x80 | (character & 63)), 0};
        const char ascii[] = {(char)character, 0};
        put_gguf_text(&b, character < 0x80 ? ascii : text);
    }
    put_gguf_text(&b, "tokenizer.ggml.model"), put_u32(&b, 8), put_gguf_text(&b, "gpt2");
    struct checkpoint *c = open_good(&b, "tokens.gguf", "gguf");
    for (unsigned i = 0; i < 256; i++)
        expect_token(c, i, &(char){(char)i}, 1);
    checkpoint_close(&c);
}

static void test_tokens_of_other_tokenizers_stay(void **state)
{
    (void)state;
    put_gguf_head(&b, 3, 0, 2);
    put_gguf_text(&b, "tokenizer.ggml.model"), put_u32(&b, 8), put_gguf_text(&b, "llama");
    put_gguf_array(&b, "tokenizer.ggml.tokens", 8, 1);
    put_gguf_text(&b, "\304\240b");
    struct checkpoint *c = open_good(&b, "tokens.gguf", "gguf");
    expect_token(c, 0, "\304\240b", 3);
    checkpoint_close(&c);
}

/* One file with one key, and what becomes of it. */
static void try_number(const char *key, uint32_t type, uint64_t number, int size, int code, const char *says)
{
    put_gguf_head(&b, 3, 0, 1);
    put_gguf_number(&b, key, type, number, size);
    expect_bytes(gguf_read, &b, code, says);
}

static void test_numbers(void **state)
{
    (void)state;
    const int sizes[] = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
    for (uint32_t type = 0; type < 13; type++)
        if (sizes[type]) {
            try_number("whisper.n_mels", type, 80, sizes[type], 0, "");
            try_number("other", type, UINT64_MAX, sizes[type], 0, "");
        }
    try_number("n_mels", 1, 0xff, 1, BAD, "n_mels is -1");
    try_number("n_mels", 3, 0x8000, 2, BAD, "n_mels is -32768");
    try_number("n_mels", 5, 0xfffffffe, 4, BAD, "n_mels is -2");
    try_number("n_mels", 11, (uint64_t)INT64_MIN, 8, BAD, "n_mels is -9223372036854775808");
    try_number("n_mels", 10, UINT64_MAX, 8, BAD, "n_mels is 9223372036854775807");
    try_number("n_mels", 4, 0, 4, BAD, "n_mels is 0");
    try_number("n_mels", 13, 0, 4, BAD, "key 'n_mels' has the unknown type 13");
    try_number("general.alignment", 4, 0, 4, BAD, "general.alignment is 0");
    try_number("general.alignment", 4, 24, 4, BAD, "general.alignment is 24");
    try_number("general.alignment", 4, 0x80000000, 4, BAD, "general.alignment is 2147483648");
    try_number("general.alignment", 10, UINT64_MAX, 3, BAD, "the file ends in a value");
}

static void test_keys_twice(void **state)
{
    (void)state;
    put_gguf_head(&b, 3, 0, 2);
    put_gguf_number(&b, "n_mels", 4, 80, 4);
    put_gguf_number(&b, "whisper.encoder.mels_count", 4, 80, 4);
    expect_bytes(gguf_read, &b, 0, "");
    b.data[b.size - 4] = 81;
    expect_bytes(gguf_read, &b, BAD, "n_mels is both 80 and 81");
    put_gguf_head(&b, 3, 0, 2);
    put_gguf_number(&b, "general.alignment", 4, 32, 4);
    put_gguf_number(&b, "general.alignment", 4, 32, 4);
    expect_bytes(gguf_read, &b, BAD, "general.alignment is there twice");
    put_gguf_head(&b, 3, 0, 2);
    for (int i = 0; i < 2; i++) {
        put_gguf_array(&b, "tokenizer.ggml.tokens", 8, 1);
        put_gguf_text(&b, "a");
    }
    expect_bytes(gguf_read, &b, BAD, "tokenizer.ggml.tokens is there twice");
}

/* Arrays of arrays, each of one. */
static void try_depth(int depth, int code, const char *says)
{
    put_gguf_head(&b, 3, 0, 1);
    put_gguf_array(&b, "k", depth > 1 ? 9 : 0, 1);
    for (int i = 2; i <= depth; i++) {
        put_u32(&b, i < depth ? 9 : 0);
        put_number(&b, 1, 8);
    }
    put(&b, "x", 1);
    expect_bytes(gguf_read, &b, code, says);
}

static void test_arrays(void **state)
{
    (void)state;
    try_depth(1, 0, "");
    try_depth(4, 0, "");
    try_depth(5, BAD, "deeper than 4 levels");
    try_depth(5000, BAD, "deeper than 4 levels");
    const struct {
        uint32_t type;
        uint64_t count;
        const char *says;
    } bad[] = {{13, 1, "array of an unknown type"},          {0, 1, "ends in an array"},
               {12, (uint64_t)1 << 61, "ends in an array"},  {10, UINT64_MAX, "ends in an array"},
               {8, UINT64_MAX, "ends in a list of strings"}, {9, UINT64_MAX, "ends in a value"}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        put_gguf_head(&b, 3, 0, 1);
        put_gguf_array(&b, "tokenizer.ggml.tokens", bad[i].type, bad[i].count);
        expect_bytes(gguf_read, &b, BAD, bad[i].says);
    }
}

static void test_faults_in_the_head(void **state)
{
    (void)state;
    put_gguf_head(&b, 3, 0, 1);
    put_gguf_number(&b, "n_mels", 4, 80, 4);
    const struct change changes[] = {
        {0, 4, 0, OTHER, "not a GGUF file"},       {3, 0, 0, OTHER, "not a GGUF file"},
        {7, 0, 0, BAD, "ends in its header"},      {23, 0, 0, BAD, "ends in its header"},
        {4, 4, 1, OTHER, "version 1 of GGUF"},     {4, 4, 4, OTHER, "version 4 of GGUF"},
        {4, 4, 0x03000000, OTHER, "big-endian"},   {8, 8, UINT64_MAX, BAD, "ends in the description of a tensor"},
        {16, 8, UINT64_MAX, BAD, "ends in a key"}, {24, 8, UINT64_MAX, BAD, "ends in a key"},
        {24, 8, 13, BAD, "ends in a key"},         {b.size - 1, 0, 0, BAD, "ends in a value"},
    };
    expect_changes(gguf_read, &b, changes, sizeof changes / sizeof *changes);
}

static void test_faults_in_tensors(void **state)
{
    (void)state;
    put_gguf_head(&b, 3, 2, 0);
    put_gguf_info(&b, "a", 2, (uint64_t[]){3, 2}, 0, 0); /* name at 32, rank 33, shape 37, type 53, offset 57 */
    put_gguf_info(&b, "b", 1, (uint64_t[]){2}, 0, 32);   /* length at 65, name at 73, offset at 90 */
    put_padding(&b, 32);
    put(&b, SAMPLE_WEIGHT, sizeof SAMPLE_WEIGHT);
    put_padding(&b, 32);
    put(&b, SAMPLE_BIAS, sizeof SAMPLE_BIAS);
    expect_bytes(gguf_read, &b, 0, "");
    const struct change changes[] = {
        {24, 8, 0, BAD, "more than 4"},
        {24, 8, (uint64_t)1 << 63, BAD, "ends in the description"},
        {32, 1, 7, BAD, "'?' is no name for a tensor"},
        {33, 4, 5, BAD, "tensor 'a' has 5 dimensions"},
        {33, 4, 0xffffffff, BAD, "tensor 'a' has 4294967295 dimensions"},
        {37, 8, UINT64_MAX, BAD, "tensor 'a' has a shape that overflows"},
        {37, 8, (uint64_t)1 << 56, BAD, "tensor 'a' has a shape that overflows"},
        {37, 8, 5, BAD, "overlaps another one"},
        {37, 8, 90, BAD, "tensor 'a' ends beyond the file"},
        {53, 4, 4, OTHER, "tensor 'a' has ggml's type 4"},
        {53, 4, 8, BAD, "blocks of 32"},
        {57, 8, 32, BAD, "tensor 'a' ends beyond the file"},
        {57, 8, 4, BAD, "tensor 'a' begins at an offset that is not aligned"},
        {57, 8, UINT64_MAX - 31, BAD, "tensor 'a' ends beyond the file"},
        {90, 8, 0, BAD, "overlaps another one"},
        {90, 8, 64, BAD, "tensor 'b' ends beyond the file"},
        {b.size - 1, 0, 0, BAD, "tensor 'b' ends beyond the file"},
        {97, 0, 0, BAD, "ends in the description"},
        {98, 0, 0, BAD, "tensor 'a' ends beyond the file"},
    };
    expect_changes(gguf_read, &b, changes, sizeof changes / sizeof *changes);
    b.data[73] = 'a';
    struct checkpoint *c;
    struct fault fault = {0};
    assert_int_equal(open_bytes(&c, &b, "m.gguf", &fault), BAD);
    assert_non_null(strstr(fault.message, "m.gguf: tensor 'a' is there twice"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_in_it),
        cmocka_unit_test(test_spelt_bytes),
        cmocka_unit_test(test_tokens_of_other_tokenizers_stay),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_keys_twice),
        cmocka_unit_test(test_arrays),
        cmocka_unit_test(test_faults_in_the_head),
        cmocka_unit_test(test_faults_in_tensors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
