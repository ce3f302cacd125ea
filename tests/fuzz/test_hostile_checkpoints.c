/* The small files of every format with each byte in turn cut off or changed, and with several changed at random: read,
 * or refused with one sentence that names the file. Run under AddressSanitizer, where a byte read behind a file or left
 * unfreed ends the test. */
#include "models/load/ggml.h"
#include "models/load/gguf.h"
#include "models/load/pytorch.h"
#include "tests/unit/checkpoint_check.h"

#define GOLDEN TEST_DATA "/golden/checkpoints/"

static struct bytes good, bad;

static unsigned long long seed = 88172645463325252u;

static unsigned below(unsigned n)
{
    seed ^= seed << 13; /* xorshift (Marsaglia 2003) */
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (unsigned)(seed >> 32) % n;
}

/* Whether it was refused, and with a proper sentence. */
static int refused(reader *read, const struct bytes *b)
{
    struct fault fault = {0};
    int code = read_bytes(read, b->data, b->size, &fault);
    assert_int_equal(code, fault.code);
    assert_true(!code == !fault.message[0]);
    if (code && strncmp(fault.message, "m.bin: ", 7) != 0)
        fail_msg("'%s' does not name the file", fault.message);
    for (const char *c = fault.message; *c; c++)
        if (*c < 0x20 || *c >= 0x7f)
            fail_msg("'%s' is not printable", fault.message);
    return code != 0;
}

/* Every length; how many were accepted. */
static int cut(reader *read)
{
    int accepted = 0;
    bad = good;
    for (bad.size = 0; bad.size < good.size; bad.size++)
        accepted += !refused(read, &bad);
    return accepted;
}

static void change_each(reader *read)
{
    static const unsigned char values[] = {0, 1, 0x7f, 0x80, 0xff, '(', '.', 'R'};
    bad = good;
    for (size_t i = 0; i < good.size; i++) {
        for (size_t k = 0; k < sizeof values; k++) {
            bad.data[i] = values[k];
            refused(read, &bad);
        }
        for (int bit = 0; bit < 8; bit++) {
            bad.data[i] = good.data[i] ^ (unsigned char)(1 << bit);
            refused(read, &bad);
        }
        bad.data[i] = good.data[i];
    }
}

/* Runs of bytes changed, moved within the file, or set to the numbers that overflow. */
static void change_some(reader *read)
{
    for (int round = 0; round < 5000; round++) {
        bad = good;
        for (unsigned n = 1 + below(4); n > 0; n--) {
            unsigned at = below((unsigned)good.size), from = below((unsigned)good.size);
            unsigned length = 1 + below(8);
            for (unsigned i = 0; i < length && at + i < good.size && from + i < good.size; i++)
                bad.data[at + i] = n & 1 ? good.data[from + i] : below(2) ? 0xff : (unsigned char)below(256);
        }
        bad.size -= below(4) ? 0 : below((unsigned)bad.size);
        refused(read, &bad);
    }
}

static void hurt(reader *read, int accepted_when_cut)
{
    assert_false(refused(read, &good));
    assert_int_equal(cut(read), accepted_when_cut);
    change_each(read);
    change_some(read);
}

static void load(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    good.size = fread(good.data, 1, sizeof good.data, file);
    fclose(file);
}

/* A file of whisper.cpp does not say how many tensors it has. */
static void test_ggml(void **state)
{
    (void)state;
    build_ggml(&good);
    hurt(ggml_read, 3);
}

static void test_gguf(void **state)
{
    (void)state;
    build_gguf(&good);
    hurt(gguf_read, 0);
    load(GOLDEN "types.gguf");
    hurt(gguf_read, 0);
}

static void test_pytorch(void **state)
{
    (void)state;
    build_pytorch(&good, "model_state_dict", 0);
    hurt(pytorch_read, 0);
    build_pytorch(&good, NULL, 1);
    hurt(pytorch_read, 0);
    load(GOLDEN "openai.pt");
    hurt(pytorch_read, 0);
    load(GOLDEN "before_1.6.pt");
    hurt(pytorch_read, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ggml),
        cmocka_unit_test(test_gguf),
        cmocka_unit_test(test_pytorch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
