/* PyTorch, GGUF and ggml files (tests/golden/make_checkpoints.py) give the tensors that went into them; and what is not
 * one of them, cut off or changed gives one sentence. Run under AddressSanitizer, where a byte read behind a file ends
 * the test. */
#include "models/load/checkpoint.h"
#include "models/load/formats.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/checkpoints/"

enum { BAD = UTTER_ERROR_MODEL, OTHER = UTTER_ERROR_UNSUPPORTED, LIMIT = 1 << 20 };

static struct checkpoint *open_golden(const char *name)
{
    struct checkpoint *c = NULL;
    struct fault fault = {0};
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", name);
    if (checkpoint_open(&c, path, &fault))
        fail_msg("%s", fault.message);
    return c;
}

/* What make_checkpoints.py calls values(), from element first on. */
static float value(int64_t i)
{
    return (float)(i % 13 - 6) / 4;
}

static void expect_tensor(const struct checkpoint *c, const char *name, enum stored_type type, int rank,
                          const int64_t *shape, int64_t first, double off)
{
    const struct stored_tensor *t = checkpoint_find(c, name);
    if (!t)
        fail_msg("%s is missing", name);
    assert_int_equal(t->type, type);
    assert_int_equal(t->rank, rank);
    for (int i = 0; i < rank; i++)
        assert_int_equal(t->shape[i], shape[i]);
    float *values = NULL;
    struct fault fault = {0};
    if (checkpoint_floats(c, name, rank, shape, &values, &fault))
        fail_msg("%s", fault.message);
    for (int64_t i = 0; i < t->count; i++)
        if (!(fabs((double)values[i] - (double)value(first + i)) <= off))
            fail_msg("%s[%d] is %g, not %g", name, (int)i, (double)values[i], (double)value(first + i));
    free(values);
}

static void expect_facts(const struct checkpoint *c, const char *format, size_t tokens)
{
    int64_t number = 0;
    const char *bytes;
    size_t length;
    assert_string_equal(checkpoint_format(c), format);
    assert_true(checkpoint_number(c, "n_audio_state", &number));
    assert_int_equal(number, 64);
    assert_true(checkpoint_number(c, "n_mels", &number));
    assert_int_equal(number, 3);
    assert_false(checkpoint_number(c, "n_nothing", &number));
    assert_int_equal(checkpoint_token_count(c), tokens);
    assert_false(checkpoint_token(c, tokens, &bytes, &length));
    if (!tokens)
        return;
    assert_true(checkpoint_token(c, 1, &bytes, &length));
    assert_int_equal(length, 4);
    assert_memory_equal(bytes, " the", 4);
}

/* ---- what is whole ---- */

static void pytorch_is_read(void **unused)
{
    (void)unused;
    struct checkpoint *c = open_golden("small.pt");
    expect_facts(c, "pytorch", 0);
    assert_int_equal(checkpoint_count(c), 6);
    expect_tensor(c, "encoder.conv1.weight", STORED_F16, 3, (int64_t[]){2, 3, 3}, 0, 0);
    expect_tensor(c, "encoder.conv1.bias", STORED_F32, 1, (int64_t[]){2}, 0, 0);
    expect_tensor(c, "decoder.whole", STORED_F32, 2, (int64_t[]){4, 6}, 0, 0);
    expect_tensor(c, "decoder.rows", STORED_F32, 2, (int64_t[]){2, 6}, 6, 0);
    expect_tensor(c, "half", STORED_BF16, 2, (int64_t[]){4, 6}, 0, 0);
    assert_int_equal(checkpoint_find(c, "count")->rank, 0);
    checkpoint_close(&c);
}

/* A quantized element is off by half a step of its block of values from -1.5 to 1.5. */
static void expect_quantized(const struct checkpoint *c)
{
    const int64_t shape[] = {2, 64};
    expect_tensor(c, "q4_0", STORED_Q4_0, 2, shape, 0, 0.20);
    expect_tensor(c, "q4_1", STORED_Q4_1, 2, shape, 0, 0.11);
    expect_tensor(c, "q5_0", STORED_Q5_0, 2, shape, 0, 0.10);
    expect_tensor(c, "q5_1", STORED_Q5_1, 2, shape, 0, 0.06);
    expect_tensor(c, "q8_0", STORED_Q8_0, 2, shape, 0, 0.01);
}

static void gguf_is_read(void **unused)
{
    (void)unused;
    struct checkpoint *c = open_golden("small.gguf");
    expect_facts(c, "gguf", 4);
    expect_tensor(c, "encoder.conv1.weight", STORED_F16, 3, (int64_t[]){2, 3, 3}, 0, 0);
    expect_quantized(c);
    checkpoint_close(&c);
}

static void ggml_is_read(void **unused)
{
    (void)unused;
    struct checkpoint *c = open_golden("small.bin");
    expect_facts(c, "ggml", 4);
    expect_tensor(c, "encoder.conv1.weight", STORED_F16, 3, (int64_t[]){2, 3, 3}, 0, 0);
    expect_tensor(c, "encoder.conv1.bias", STORED_F32, 1, (int64_t[]){2}, 0, 0);
    expect_quantized(c);
    checkpoint_close(&c);
}

/* The same blocks give the same floats whichever elements are asked for. */
static void any_part_of_blocks_is_the_same(void **unused)
{
    (void)unused;
    struct checkpoint *c = open_golden("small.bin");
    static const char *const names[] = {"q4_0", "q4_1", "q5_0", "q5_1", "q8_0"};
    float whole[128], part[128];
    for (size_t n = 0; n < 5; n++) {
        const struct stored_tensor *t = checkpoint_find(c, names[n]);
        assert_int_equal(stored_floats(t, 0, 128, whole, NULL), 0);
        for (int64_t first = 0; first < 128; first += 7)
            for (int64_t count = 0; count <= 128 - first; count += 11) {
                assert_int_equal(stored_floats(t, first, count, part, NULL), 0);
                assert_memory_equal(part, whole + first, (size_t)count * sizeof *part);
            }
    }
    checkpoint_close(&c);
}

/* ---- what is not ---- */

static unsigned char *read_golden(const char *name, size_t *size)
{
    char path[512];
    snprintf(path, sizeof path, GOLDEN "%s", name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    unsigned char *bytes = malloc(LIMIT);
    assert_non_null(bytes);
    *size = fread(bytes, 1, LIMIT, file);
    fclose(file);
    return bytes;
}

typedef int (*format_reader)(const struct file_reader *r);

/* Reads bytes in a block of exactly their size, and every element of every tensor that they give. */
static int read_exactly(format_reader read, const unsigned char *bytes, size_t size, struct fault *fault)
{
    struct stored_list list = {0};
    struct facts facts = {0};
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    const struct file_reader r = {copy, size, "m.bin", "m.bin", &list, &facts, fault};
    int code = read(&r);
    assert_int_equal(code, fault->code);
    if (code && !strstr(fault->message, "m.bin: "))
        fail_msg("\"%s\" does not name the file", fault->message);
    for (const char *c = fault->message; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7f);
    for (size_t i = 0; i < list.count && !code; i++) {
        struct stored_statistics s;
        stored_statistics(&list.items[i], &s);
    }
    stored_list_release(&list);
    facts_release(&facts);
    free(copy);
    return code;
}

static void cut_and_change(const char *name, format_reader read)
{
    size_t size;
    unsigned char *bytes = read_golden(name, &size);
    struct fault fault = {0};
    assert_int_equal(read_exactly(read, bytes, size, &fault), 0);
    size_t good = 0;
    for (size_t length = 0; length < size; length++) {
        fault_clear(&fault);
        good += read_exactly(read, bytes, length, &fault) == 0;
    }
    /* ggml says nowhere how many tensors there are: cut between two, it is whole; and GGUF ends with padding. */
    assert_true(good <= 31);
    static const unsigned char changes[] = {0, 1, 0x7f, 0x80, 0xff};
    for (size_t at = 0; at < size; at++)
        for (size_t k = 0; k < sizeof changes; k++) {
            unsigned char old = bytes[at];
            bytes[at] = changes[k];
            fault_clear(&fault);
            read_exactly(read, bytes, size, &fault);
            bytes[at] = old;
        }
    free(bytes);
}

static void pytorch_cut_and_changed(void **unused)
{
    (void)unused;
    cut_and_change("small.pt", pytorch_read);
}

static void gguf_cut_and_changed(void **unused)
{
    (void)unused;
    cut_and_change("small.gguf", gguf_read);
}

static void ggml_cut_and_changed(void **unused)
{
    (void)unused;
    cut_and_change("small.bin", ggml_read);
}

/* Replaces the bytes at the first place where from is found. */
static void expect_change(const char *name, format_reader read, const void *from, const void *to, size_t length,
                          int code, const char *says)
{
    size_t size, at = 0;
    unsigned char *bytes = read_golden(name, &size);
    struct fault fault = {0};
    while (at + length <= size && memcmp(bytes + at, from, length) != 0)
        at++;
    assert_true(at + length <= size);
    memcpy(bytes + at, to, length);
    assert_int_equal(read_exactly(read, bytes, size, &fault), code);
    if (!strstr(fault.message, says))
        fail_msg("\"%s\" does not say \"%s\"", fault.message, says);
    free(bytes);
}

static void pickles_call_nothing(void **unused)
{
    (void)unused;
    expect_change("small.pt", pytorch_read, "_rebuild_tensor_v2", "_rebuild_tensor_v9", 18, OTHER,
                  "wants torch._utils._rebuild_tensor_v9");
    expect_change("small.pt", pytorch_read, "ctorch\nHalfStorage", "cposix\nsystemXXXXX", 18, OTHER,
                  "wants posix.systemXXXXX");
    expect_change("small.pt", pytorch_read, "X\x07\0\0\0storage", "X\x07\0\0\0nothing", 12, BAD, "none of a tensor's");
    expect_change("small.pt", pytorch_read, "}q\0", "}i\0", 3, OTHER, "opcode 0x69");
}

static void absurd_sizes_are_named(void **unused)
{
    (void)unused;
    /* the dimensions of q4_0, innermost first: 64, 2 */
    expect_change("small.bin", ggml_read, "\x40\0\0\0\2\0\0\0q4_0", "\x40\0\0\0\xff\xff\xff\xffq4_0", 12, BAD,
                  "negative dimension");
    expect_change("small.bin", ggml_read, "\x40\0\0\0\2\0\0\0q4_0", "\xc0\xff\xff\x7f\xff\xff\xff\x7fq4_0", 12, BAD,
                  "overflows");
    expect_change("small.bin", ggml_read, "\x40\0\0\0\2\0\0\0q4_0", "\x40\0\0\0\2\0\0\x10q4_0", 12, BAD,
                  "ends beyond the file");
    expect_change("small.bin", ggml_read, "\x40\0\0\0\2\0\0\0q4_0", "\x21\0\0\0\2\0\0\0q4_0", 12, BAD, "blocks");
    expect_change("small.bin", ggml_read, "\4\0\0\0 the", "\4\0\0\xf0 the", 8, BAD, "vocabulary");
    expect_change("small.bin", ggml_read, "\2\0\0\0\4\0\0\0\2\0\0\0\x40", "\2\0\0\0\4\0\0\0\x5f\0\0\0\x40", 13, OTHER,
                  "type number 95");
    expect_change("small.gguf", gguf_read, "GGUF\3", "GGUF\7", 5, OTHER, "version 7");
    expect_change("small.gguf", gguf_read, "q4_0\2\0\0\0\x40\0\0\0\0\0\0\0\2", "q4_0\2\0\0\0\x40\0\0\0\0\0\0\x80\2", 17,
                  BAD, "negative dimension");
    expect_change("small.gguf", gguf_read, "q4_0\2\0\0\0\x40\0\0\0\0\0\0\0\2", "q4_0\2\0\0\0\x40\0\0\0\0\0\0\x40\2", 17,
                  BAD, "overflows");
}

static void expect_open(const char *bytes, size_t size, int code, const char *says)
{
    char path[] = "/tmp/utter-formats-XXXXXX";
    struct checkpoint *c = NULL;
    struct fault fault = {0};
    int descriptor = mkstemp(path);
    FILE *file = descriptor < 0 ? NULL : fdopen(descriptor, "wb");
    assert_non_null(file);
    fwrite(bytes, 1, size, file);
    fclose(file);
    assert_int_equal(checkpoint_open(&c, path, &fault), code);
    assert_null(c);
    if (!strstr(fault.message, says))
        fail_msg("\"%s\" does not say \"%s\"", fault.message, says);
    remove(path);
}

static void mislabelled_files_are_named(void **unused)
{
    (void)unused;
    expect_open("PK\3\4 but not much of a zip", 26, BAD, "zip archive without an end");
    expect_open("GGUF\3", 5, BAD, "no GGUF file, or cut off");
    expect_open("lmgg", 4, BAD, "cut off");
    expect_open("\x80\2}q", 4, OTHER, "before 1.6");
    expect_open("RIFF....WAVE", 12, OTHER, "not a safetensors file");
    expect_open("", 0, BAD, "empty");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pytorch_is_read),
        cmocka_unit_test(gguf_is_read),
        cmocka_unit_test(ggml_is_read),
        cmocka_unit_test(any_part_of_blocks_is_the_same),
        cmocka_unit_test(pytorch_cut_and_changed),
        cmocka_unit_test(gguf_cut_and_changed),
        cmocka_unit_test(ggml_cut_and_changed),
        cmocka_unit_test(pickles_call_nothing),
        cmocka_unit_test(absurd_sizes_are_named),
        cmocka_unit_test(mislabelled_files_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
