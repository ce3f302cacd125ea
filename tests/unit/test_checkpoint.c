/* Reading safetensors: what is in the files, and how element types become f32. */
#include "models/load/checkpoint.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/"

/* A file of the test's own, removed by close_file. */
struct file {
    char path[64];
    struct checkpoint *checkpoint;
};

static struct file open_file(const char *header, const void *data, size_t size)
{
    struct file f = {.path = "/tmp/utter-checkpoint-XXXXXX.safetensors"};
    struct fault fault = {0};
    FILE *out = fdopen(mkstemps(f.path, 12), "wb");
    assert_non_null(out);
    uint64_t length = strlen(header);
    fwrite(&length, 8, 1, out);
    fwrite(header, 1, length, out);
    fwrite(data, 1, size, out);
    fclose(out);
    if (checkpoint_open(&f.checkpoint, f.path, &fault))
        fail_msg("%s", fault.message);
    return f;
}

static void close_file(struct file *f)
{
    checkpoint_close(&f->checkpoint);
    assert_null(f->checkpoint);
    remove(f->path);
}

static void test_names_shapes_and_order(void **state)
{
    (void)state;
    struct checkpoint *c;
    struct fault fault = {0};
    assert_int_equal(checkpoint_open(&c, GOLDEN "fastconformer", &fault), 0);
    assert_string_equal(checkpoint_path(c), GOLDEN "fastconformer");
    for (size_t i = 1; i < checkpoint_count(c); i++)
        assert_true(strcmp(checkpoint_at(c, i - 1)->name, checkpoint_at(c, i)->name) < 0);
    assert_null(checkpoint_at(c, checkpoint_count(c)));
    assert_null(checkpoint_find(c, "ctc_head"));
    const struct stored_tensor *t = checkpoint_find(c, "ctc_head.weight");
    assert_non_null(t);
    assert_string_equal(t->file, "model.safetensors");
    assert_int_equal(t->type, STORED_F32);
    assert_int_equal(t->rank, 3);
    assert_true(t->shape[0] == 33 && t->shape[1] == 48 && t->shape[2] == 1);
    assert_true(t->count == 33 * 48 && t->bytes == 33 * 48 * 4);
    t = checkpoint_find(c, "encoder.layers.0.conv.norm.num_batches_tracked");
    assert_non_null(t);
    assert_true(t->type == STORED_I64 && t->rank == 0 && t->count == 1);
    checkpoint_close(&c);
    assert_int_equal(checkpoint_open(&c, GOLDEN "fastconformer/model.safetensors", &fault), 0);
    checkpoint_close(&c);
}

static void test_shards(void **state)
{
    (void)state;
    struct checkpoint *c;
    struct fault fault = {0};
    const char *const paths[] = {GOLDEN "fastconformer_sharded",
                                 GOLDEN "fastconformer_sharded/model.safetensors.index.json"};
    for (int i = 0; i < 2; i++) {
        assert_int_equal(checkpoint_open(&c, paths[i], &fault), 0);
        size_t in_first = 0, in_second = 0;
        for (size_t t = 0; t < checkpoint_count(c); t++) {
            in_first += !strcmp(checkpoint_at(c, t)->file, "model-00001-of-00002.safetensors");
            in_second += !strcmp(checkpoint_at(c, t)->file, "model-00002-of-00002.safetensors");
        }
        assert_true(in_first > 10 && in_second > 10 && in_first + in_second == checkpoint_count(c));
        checkpoint_close(&c);
    }
}

/* A file may be written with tensors in any order, with none, with empty ones, and with spaces behind the header. */
static void test_odd_but_good_files(void **state)
{
    (void)state;
    const float data[] = {1, 2, 3};
    struct file f = open_file("{\"b\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[4,12]},"
                              "\"__metadata__\":{\"format\":\"pt\"},"
                              "\"e\":{\"dtype\":\"F32\",\"shape\":[0,9007199254740992],\"data_offsets\":[4,4]},"
                              "\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}   ",
                              data, sizeof data);
    float *values;
    struct fault fault = {0};
    assert_int_equal(checkpoint_count(f.checkpoint), 3);
    assert_int_equal(checkpoint_floats(f.checkpoint, "b", 1, (int64_t[]){2}, &values, &fault), 0);
    assert_true(values[0] == 2 && values[1] == 3);
    free(values);
    assert_int_equal(checkpoint_floats(f.checkpoint, "a", 0, NULL, &values, &fault), 0);
    assert_true(values[0] == 1);
    free(values);
    close_file(&f);
    f = open_file("{}", "", 0);
    assert_int_equal(checkpoint_count(f.checkpoint), 0);
    assert_null(checkpoint_find(f.checkpoint, "a"));
    close_file(&f);
}

/* ---- element types ---- */

/* By the definition: sign, exponent, fraction. */
static double half_value(unsigned h)
{
    double sign = h & 0x8000 ? -1 : 1, fraction = h & 0x3ff;
    int exponent = (int)(h >> 10 & 31);
    if (exponent == 31)
        return fraction != 0 ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24));
}

static double e4m3_value(unsigned b)
{
    double sign = b & 0x80 ? -1 : 1, fraction = b & 7;
    int exponent = (int)(b >> 3 & 15);
    if ((b & 0x7f) == 0x7f)
        return NAN;
    return sign * (exponent ? ldexp(8 + fraction, exponent - 10) : ldexp(fraction, -9));
}

static bool same(double a, double b)
{
    return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b);
}

static void convert(enum stored_type type, const void *data, int64_t count, float *out)
{
    struct stored_tensor t = {.name = "t", .type = type, .count = count, .data = data};
    struct fault fault = {0};
    assert_int_equal(stored_floats(&t, 0, count, out, &fault), 0);
}

static void test_every_half(void **state)
{
    (void)state;
    static unsigned char bytes[2 * 65536 + 1]; /* read from an odd address */
    static float out[65536];
    for (unsigned i = 0; i < 65536; i++) {
        bytes[1 + 2 * i] = (unsigned char)i;
        bytes[2 + 2 * i] = (unsigned char)(i >> 8);
    }
    convert(STORED_F16, bytes + 1, 65536, out);
    for (unsigned i = 0; i < 65536; i++)
        assert_true(same((double)out[i], half_value(i)));
    convert(STORED_BF16, bytes + 1, 65536, out);
    for (uint32_t i = 0; i < 65536; i++) {
        uint32_t bits;
        memcpy(&bits, &out[i], 4);
        assert_int_equal(bits, i << 16);
    }
}

static void test_every_eighth(void **state)
{
    (void)state;
    unsigned char bytes[256];
    float out[256];
    for (unsigned i = 0; i < 256; i++)
        bytes[i] = (unsigned char)i;
    convert(STORED_F8_E4M3, bytes, 256, out);
    for (unsigned i = 0; i < 256; i++)
        assert_true(same((double)out[i], e4m3_value(i)));
    convert(STORED_F8_E5M2, bytes, 256, out);
    for (unsigned i = 0; i < 256; i++)
        assert_true(same((double)out[i], half_value(i << 8)));
}

static void test_integers_and_doubles(void **state)
{
    (void)state;
    float out[2];
    convert(STORED_F64, (double[]){0.1, -1e300}, 2, out);
    assert_true(out[0] == 0.1f && out[1] == -INFINITY);
    convert(STORED_I64, (int64_t[]){-5, (int64_t)1 << 40}, 2, out);
    assert_true(out[0] == -5 && out[1] == 0x1p40f);
    convert(STORED_U64, (uint64_t[]){1, (uint64_t)1 << 63}, 2, out);
    assert_true(out[1] == 0x1p63f);
    convert(STORED_I32, (int32_t[]){-7, 9}, 2, out);
    assert_true(out[0] == -7 && out[1] == 9);
    convert(STORED_U32, (uint32_t[]){0, 4294967295u}, 2, out);
    assert_true(out[1] == 0x1p32f);
    convert(STORED_I16, (int16_t[]){-7, 9}, 2, out);
    assert_true(out[0] == -7);
    convert(STORED_U16, (uint16_t[]){65535, 9}, 2, out);
    assert_true(out[0] == 65535);
    convert(STORED_I8, (int8_t[]){-7, 9}, 2, out);
    assert_true(out[0] == -7);
    convert(STORED_U8, (uint8_t[]){255, 9}, 2, out);
    assert_true(out[0] == 255);
    convert(STORED_BOOL, (uint8_t[]){1, 0}, 2, out);
    assert_true(out[0] == 1 && out[1] == 0);
    for (int t = 0; t < STORED_TYPES; t++)
        assert_true(stored_type_size((enum stored_type)t) > 0 && stored_type_name((enum stored_type)t)[0] != '?');
}

static void test_ranges(void **state)
{
    (void)state;
    const float data[] = {1, 2, 3, 4};
    struct stored_tensor t = {.name = "t", .type = STORED_F32, .count = 4, .data = data};
    struct fault fault = {0};
    float out[4];
    assert_int_equal(stored_floats(&t, 2, 2, out, &fault), 0);
    assert_true(out[0] == 3 && out[1] == 4);
    assert_int_equal(stored_floats(&t, 4, 0, out, &fault), 0);
    const int64_t bad[][2] = {{-1, 1}, {0, -1}, {5, 0}, {3, 2}, {1, INT64_MAX}};
    for (int i = 0; i < 5; i++) {
        fault_clear(&fault);
        assert_int_equal(stored_floats(&t, bad[i][0], bad[i][1], out, &fault), UTTER_ERROR_ARGUMENT);
    }
}

/* ---- whole tensors ---- */

static void refuse(const struct checkpoint *c, const char *name, int rank, const int64_t *shape, const char *says)
{
    float *values;
    struct fault fault = {0};
    assert_int_equal(checkpoint_floats(c, name, rank, shape, &values, &fault), UTTER_ERROR_MODEL);
    assert_null(values);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_whole_tensors(void **state)
{
    (void)state;
    const float data[] = {1, NAN, 3, 4, 5, 6};
    struct file f = open_file("{\"a\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[0,8]},"
                              "\"b\":{\"dtype\":\"F32\",\"shape\":[2,2],\"data_offsets\":[8,24]}}",
                              data, sizeof data);
    refuse(f.checkpoint, "c", 1, (int64_t[]){2}, "tensor 'c' is missing");
    refuse(f.checkpoint, "a", 2, (int64_t[]){1, 2}, "tensor 'a' holds values that are not finite");
    refuse(f.checkpoint, "b", 2, (int64_t[]){2, 3}, "tensor 'b' has the shape [2, 2], not [2, 3]");
    refuse(f.checkpoint, "b", 1, (int64_t[]){4}, "tensor 'b' has the shape [2, 2], not [4]");
    refuse(f.checkpoint, "b", 1, (int64_t[]){4}, f.path);
    close_file(&f);
}

static void test_statistics(void **state)
{
    (void)state;
    static float data[10000];
    for (int i = 0; i < 10000; i++)
        data[i] = i % 2 ? 1003 : 1001;
    data[7] = NAN, data[5000] = -INFINITY, data[9999] = 0;
    struct stored_tensor t = {.name = "t", .type = STORED_F32, .count = 10000, .data = data};
    struct stored_statistics s;
    stored_statistics(&t, &s);
    assert_true(s.not_finite == 2 && s.zeros == 1 && s.minimum == 0 && s.maximum == 1003);
    assert_true(fabs(s.mean - 1001.9) < 0.01);
    assert_true(fabs(s.deviation - 10.07) < 0.01);
    t.count = 0;
    stored_statistics(&t, &s);
    assert_true(s.minimum == 0 && s.maximum == 0 && s.deviation == 0);
}

static void test_random(void **state)
{
    (void)state;
    struct checkpoint *c;
    struct fault fault = {0};
    const int64_t shape[] = {200, 400};
    float *first, *again, *other;
    assert_int_equal(checkpoint_open_random(&c, 1, &fault), 0);
    assert_int_equal(checkpoint_floats(c, "a.weight", 2, shape, &first, &fault), 0);
    assert_int_equal(checkpoint_floats(c, "b.weight", 2, shape, &other, &fault), 0);
    assert_int_equal(checkpoint_floats(c, "a.weight", 2, shape, &again, &fault), 0);
    assert_memory_equal(first, again, 80000 * sizeof(float));
    assert_memory_not_equal(first, other, 80000 * sizeof(float));
    struct stored_tensor t = {.name = "t", .type = STORED_F32, .count = 80000, .data = first};
    struct stored_statistics s;
    stored_statistics(&t, &s);
    assert_true(fabs(s.mean) < 1e-3 && fabs(s.deviation - 0.05) < 1e-3);
    free(first), free(again), free(other);
    assert_int_equal(checkpoint_floats(c, "a.bias", 1, shape, &first, &fault), 0);
    assert_int_equal(checkpoint_floats(c, "norm.weight", 1, shape, &other, &fault), 0);
    assert_true(first[3] == 0 && other[3] == 1);
    free(first), free(other);
    checkpoint_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_shapes_and_order),
        cmocka_unit_test(test_shards),
        cmocka_unit_test(test_odd_but_good_files),
        cmocka_unit_test(test_every_half),
        cmocka_unit_test(test_every_eighth),
        cmocka_unit_test(test_integers_and_doubles),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_whole_tensors),
        cmocka_unit_test(test_statistics),
        cmocka_unit_test(test_random),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
