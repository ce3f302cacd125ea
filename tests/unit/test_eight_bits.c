/* Weights in 8 bits, as a GPU has them. Whole numbers, which only few rows meet as such: against plain C's products, in
 * f32, of what the bytes stand for, and with more rows against its products of that in bf16. E4M3 against its own. */
#include "devices.h"

enum { ARENA = 4 << 20, GUARD = 64 };

static uint32_t state = 1;

static int pick(int low, int high)
{
    state = state * 1664525u + 1013904223u;
    return low + (int)((state >> 8) % (uint32_t)(high - low + 1));
}

static float *noise(int64_t count, float size)
{
    float *values = memory_new((size_t)count + 1, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < count; i++)
        values[i] = size * (float)pick(-10000, 10000) / 1e4f;
    return values;
}

/* To the nearest bf16, such that f32 and bf16 hold the same. */
static float short_of(float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&value, &bits, sizeof bits);
    return value;
}

struct product {
    int64_t rows, in, out;
    float *x, *weight, *bias, *residual;
    enum tensor_type x_type, out_type;
    int op;
    float scale;
};

enum { ADD = 4, OPS };

static void new_product(struct product *p, int most_rows)
{
    p->rows = pick(0, most_rows);
    p->in = pick(0, 9) ? 8 * pick(1, 90) : pick(1, 200);
    p->out = pick(0, 5) ? pick(1, 300) : pick(1000, 1500);
    p->out = pick(0, 1) ? (p->out + 15) / 16 * 16 : p->out;
    p->x = noise(p->rows * p->in, 2);
    for (int64_t i = 0; i < p->rows * p->in; i++)
        p->x[i] = short_of(p->x[i]);
    p->weight = noise(p->out * p->in, 0.2f);
    for (int64_t i = 0; pick(0, 3) == 0 && i < p->in; i++)
        p->weight[i] = 0; /* an output of nothing */
    p->bias = pick(0, 1) ? noise(p->out, 1) : NULL;
    p->residual = noise(p->rows * p->out, 1);
    p->op = pick(0, OPS - 1);
    p->scale = pick(0, 1) ? 1 : 0.5f;
    p->x_type = pick(0, 1) ? TENSOR_BF16 : TENSOR_F32;
    p->out_type = p->op != ADD && pick(0, 1) ? TENSOR_BF16 : TENSOR_F32;
}

static void free_product(struct product *p)
{
    free(p->x);
    free(p->weight);
    free(p->bias);
    free(p->residual);
}

/* out, for the caller to free; what lies behind it must stay as it was. */
static float *run_on(const struct device *d, const struct product *p, enum tensor_type type, bool few)
{
    static void (*const ops[])(struct context *, struct tensor, struct tensor,
                               const struct linear *) = {linear, linear_relu, linear_silu, linear_gelu};
    struct context c;
    struct fault fault = {0};
    struct linear l;
    if ((few ? linear_prepare_few_rows : linear_prepare)(d, &l, p->weight, p->bias, p->out, p->in, type, &fault))
        fail_msg("%s: %s", d->name, fault.message);
    assert_int_equal(context_open(&c, d, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, ARENA, &fault), 0);
    const int64_t count = p->rows * p->out, guarded = count + GUARD;
    struct tensor x = tensor_new(&c, p->x_type, 2, (int64_t[]){p->rows, p->in});
    struct tensor block = tensor_new(&c, p->out_type, 1, &guarded), out = block;
    out = tensor_2d(p->out_type, block.data, p->rows, p->out);
    poison(&c, block.data, tensor_bytes(&block));
    tensor_upload(&c, x, p->x, tensor_count(&x));
    if (p->op == ADD) {
        tensor_upload(&c, out, p->residual, count);
        linear_add(&c, out, x, &l, p->scale, out);
    } else {
        ops[p->op](&c, out, x, &l);
    }
    float *result = memory_new((size_t)guarded, sizeof *result);
    assert_non_null(result);
    tensor_download(&c, result, block, guarded);
    if (c.fault.code)
        fail_msg("%s: %s", d->name, c.fault.message);
    for (int64_t i = count; i < guarded; i++)
        assert_true(isnan(result[i]));
    context_close(&c);
    linear_release(d, &l);
    return result;
}

/* Every row of weights becomes what 8 bits have of it. */
static void quantize(const struct product *p)
{
    for (int64_t n = 0; n < p->out; n++) {
        float *row = p->weight + n * p->in, most = 0;
        for (int64_t k = 0; k < p->in; k++)
            most = fmaxf(most, fabsf(row[k]));
        for (int64_t k = 0; k < p->in && most > 0; k++)
            row[k] = rintf(row[k] * (127.0f / most)) * (most / 127.0f);
    }
}

static void compare(const struct device *d, const struct product *p, const float *expected, const float *got)
{
    const double tolerance = p->out_type == TENSOR_BF16 ? 1.0 / 128 + 2e-5 : 2e-5;
    for (int64_t i = 0; i < p->rows * p->out; i++)
        if (!(fabs((double)got[i] - expected[i]) <= tolerance * (1 + fabs((double)expected[i]))))
            fail_msg("%s: element %lld of [%lld, %lld] by %lld is %.9g instead of %.9g", d->name, (long long)i,
                     (long long)p->rows, (long long)p->in, (long long)p->out, got[i], expected[i]);
}

static void compare_few_rows(const struct device *d)
{
    struct product p;
    new_product(&p, pick(0, 3) ? d->i8_rows : 3 * d->i8_rows);
    float *got = run_on(d, &p, pick(0, 1) && d->has_e4m3 ? TENSOR_E4M3 : TENSOR_I8, true);
    const bool in_8_bits = p.in % 8 == 0;
    if (in_8_bits)
        quantize(&p);
    float *expected = run_on(plain, &p, in_8_bits && p.rows <= d->i8_rows ? TENSOR_F32 : TENSOR_BF16, true);
    compare(d, &p, expected, got);
    free(got);
    free(expected);
    free_product(&p);
}

static void few_rows_meet_8_bits(void **unused)
{
    (void)unused;
    int compared = 0;
    for (int level = 0; level < devices; level++)
        for (int i = 0; fast[level]->i8_rows < INT_MAX && i < 60; i++, compared++)
            compare_few_rows(fast[level]);
    if (!compared)
        skip();
}

/* Of x some numbers are beyond the largest E4M3, and some below the smallest; the bias is one that bf16 holds. */
static void compare_e4m3(const struct device *d)
{
    struct product p;
    new_product(&p, 60);
    for (int64_t i = 0; i < p.rows * p.in; i++)
        p.x[i] = short_of(p.x[i] * (pick(0, 9) ? 1.0f : pick(0, 1) ? 300.0f : 1e-3f));
    for (int64_t n = 0; p.bias && n < p.out; n++)
        p.bias[n] = short_of(p.bias[n]);
    float *got = run_on(d, &p, TENSOR_E4M3, false);
    float *expected = run_on(plain, &p, p.in % 16 || p.out % 16 ? TENSOR_BF16 : TENSOR_E4M3, false);
    compare(d, &p, expected, got);
    free(got);
    free(expected);
    free_product(&p);
}

static void many_rows_meet_e4m3(void **unused)
{
    (void)unused;
    int compared = 0;
    for (int level = 0; level < devices; level++)
        for (int i = 0; fast[level]->has_e4m3 && i < 80; i++, compared++)
            compare_e4m3(fast[level]);
    if (!compared)
        skip();
}

/* The yardstick of a pass: for types that many rows do not meet, what they meet instead. */
static void rates_are_taken(void **unused)
{
    (void)unused;
    static const enum tensor_type types[] = {TENSOR_BF16, TENSOR_I8, TENSOR_E4M3};
    for (int level = 0; level < devices; level++)
        for (int i = 0; i < (fast[level]->has_e4m3 ? 6 : 0); i++) {
            double rate = 0;
            struct fault fault = {0};
            if (device_matmul_rate(fast[level], 9, 32, i % 2 ? 16 : 17, types[i / 2], 2, &rate, &fault))
                fail_msg("%s", fault.message);
            assert_true(rate > 0);
        }
}

static void e4m3_is_refused_where_there_is_none(void **unused)
{
    (void)unused;
    const float weight[256] = {0};
    for (int level = 0; level < devices; level++) {
        struct linear l;
        struct fault fault = {0};
        const int code = linear_prepare(fast[level], &l, weight, NULL, 16, 16, TENSOR_E4M3, &fault);
        assert_int_equal(code, fast[level]->has_e4m3 ? 0 : UTTER_ERROR_UNSUPPORTED);
        linear_release(fast[level], &l);
    }
}

/* What a row gives does not depend on the rows beside it, as long as these are few. */
static void a_row_gives_what_it_gives_alone(void **unused)
{
    (void)unused;
    for (int level = 0; level < devices; level++) {
        const struct device *d = fast[level];
        struct product p;
        if (d->i8_rows == INT_MAX)
            continue;
        do {
            new_product(&p, d->i8_rows);
            if (p.rows < 2 || p.in % 8)
                free_product(&p);
        } while (p.rows < 2 || p.in % 8);
        float *all = run_on(d, &p, TENSOR_I8, true);
        struct product last = p;
        last.rows = 1;
        last.x += (p.rows - 1) * p.in;
        last.residual += (p.rows - 1) * p.out;
        float *alone = run_on(d, &last, TENSOR_I8, true);
        assert_memory_equal(alone, all + (p.rows - 1) * p.out, (size_t)p.out * sizeof *alone);
        free(all);
        free(alone);
        free_product(&p);
    }
}

static void many_rows_have_no_8_bits(void **unused)
{
    (void)unused;
    const float weight[64] = {0};
    for (int level = 0; level < devices; level++) {
        struct linear l;
        struct fault fault = {0};
        if (fast[level]->i8_rows == INT_MAX)
            continue;
        assert_int_equal(linear_prepare(fast[level], &l, weight, NULL, 8, 8, TENSOR_I8, &fault),
                         UTTER_ERROR_UNSUPPORTED);
        assert_non_null(strstr(fault.message, "int8"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(few_rows_meet_8_bits),
        cmocka_unit_test(a_row_gives_what_it_gives_alone),
        cmocka_unit_test(many_rows_have_no_8_bits),
        cmocka_unit_test(many_rows_meet_e4m3),
        cmocka_unit_test(e4m3_is_refused_where_there_is_none),
        cmocka_unit_test(rates_are_taken),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
