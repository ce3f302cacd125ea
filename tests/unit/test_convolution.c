/* test_convolution.c - convolutions over time: every device against plain C on random shapes with ragged lengths, plain
 * C against sums by hand; a row alone and in a batch; shapes that are refused. Outputs begin as NaN and are followed by
 * guard elements that must stay as they were. */
#include "devices.h"

enum { GUARD = 64, ARENA = 16 << 20, BATCH = 3 };

static uint64_t seed = 11;

static int pick(int low, int high)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return low + (int)((seed >> 33) % (uint64_t)(high - low + 1));
}

static enum tensor_type pick_type(void)
{
    return pick(0, 1) ? half : TENSOR_F32;
}

static float *noise(int64_t n, float size)
{
    float *values = memory_new((size_t)n, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++)
        values[i] = size * ((float)pick(-1000000, 1000000) / 1e6f);
    return values;
}

/* ---- one call on two devices ---- */

enum how { PLAINLY, WITH_RELU, WITH_TANH, OF_LEAKY, OF_LEAKY_TANH, OF_LEAKY_ADD, OF_LEAKY_LEAKY, HOWS };

struct call {
    struct convolution k; /* the shape */
    int64_t batch, time;
    enum tensor_type x_type, out_type;
    enum how how;
    float slope, factor;
    const int *lengths;
    const float *x, *weight, *bias, *residual;
};

static int64_t out_steps(const struct call *call)
{
    struct convolution k = call->k;
    return convolution_steps(&k, call->time);
}

static int64_t out_count(const struct call *call)
{
    return call->batch * out_steps(call) * call->k.out;
}

static void run(struct context *c, const struct call *call, struct tensor out, struct tensor x,
                const struct convolution *k)
{
    switch (call->how) {
    case WITH_RELU:
        convolve_relu(c, out, x, k, call->lengths);
        break;
    case WITH_TANH:
        convolve_tanh(c, out, x, k, call->lengths);
        break;
    case OF_LEAKY:
        convolve_leaky(c, out, x, k, call->slope, call->lengths);
        break;
    case OF_LEAKY_TANH:
        convolve_leaky_tanh(c, out, x, k, call->slope, call->lengths);
        break;
    case OF_LEAKY_ADD: /* in place: out holds the residual */
        tensor_upload(c, out, call->residual, out_count(call));
        convolve_leaky_add(c, out, x, k, call->slope, call->factor, out, call->lengths);
        break;
    case OF_LEAKY_LEAKY:
        convolve_leaky_leaky(c, out, x, k, call->slope, call->lengths);
        break;
    default:
        convolve(c, out, x, k, call->lengths);
    }
}

static void check_guard(struct context *c, const struct tensor *out, const struct tensor *block)
{
    unsigned char *bytes = read_bytes(c, block->data, tensor_bytes(block));
    for (size_t i = tensor_bytes(out); i < tensor_bytes(block); i++)
        assert_int_equal(bytes[i], 0xff);
    free(bytes);
}

static float *run_on(const struct device *d, const struct call *call)
{
    struct context c;
    struct fault fault = {0};
    struct convolution k = call->k;
    const int64_t count = out_count(call), guarded = count + GUARD;
    if (convolution_prepare(d, &k, call->weight, call->bias, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(context_open(&c, d, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, ARENA, &fault), 0);
    struct tensor x = tensor_new(&c, call->x_type, 3, (int64_t[]){call->batch, call->time, k.in});
    struct tensor block = tensor_new(&c, call->out_type, 1, &guarded);
    struct tensor out = tensor_3d(call->out_type, block.data, call->batch, out_steps(call), k.out);
    tensor_upload(&c, x, call->x, tensor_count(&x));
    poison(&c, block.data, tensor_bytes(&block));
    run(&c, call, out, x, &k);
    float *result = memory_new((size_t)count, sizeof *result);
    assert_non_null(result);
    tensor_download(&c, result, out, count);
    if (c.fault.code)
        fail_msg("%s: %s", d->name, c.fault.message);
    check_guard(&c, &out, &block);
    context_close(&c);
    convolution_release(d, &k);
    return result;
}

static void compare(const float *expected, const float *got, int64_t count, double tolerance, const struct call *call,
                    const char *name)
{
    const struct convolution *k = &call->k;
    for (int64_t i = 0; i < count; i++)
        if (!(fabs((double)expected[i] - got[i]) <= tolerance * (1 + fabs((double)expected[i]))))
            fail_msg("%s: [%d, %d] to %d, kernel %d stride %d dilation %d padding %d groups %d%s, how %d, %s %s: "
                     "element %lld is %.9g instead of %.9g",
                     name, (int)call->time, (int)k->in, (int)k->out, k->kernel, k->stride, k->dilation, k->padding,
                     k->groups, k->transposed ? ", transposed" : "", (int)call->how, tensor_type_name(call->x_type),
                     tensor_type_name(k->type), (long long)i, got[i], expected[i]);
}

/* Of products in 16 bits, a device without them may round the weights alone, and what is near a half of a step may
 * round either way: each of the n products by a quarter of a step of its size, at random. Rounded outputs: one step. */
static double tolerance_of(const struct call *call)
{
    double tolerance = call->k.type == half ? 2 * half_step() : 2e-5;
    return call->out_type == half ? tolerance + half_step() : tolerance;
}

static void compare_devices(const struct call *call)
{
    float *expected = run_on(plain, call);
    for (int i = 0; i < devices; i++) {
        if (!has_half(fast[i]))
            continue;
        float *got = run_on(fast[i], call);
        compare(expected, got, out_count(call), tolerance_of(call), call, fast[i]->name);
        free(got);
    }
    free(expected);
}

/* Fills in what a call is computed from, compares, lets go. bound: of the weights, so that sums stay about 1. */
static void check_call(struct call *call)
{
    const struct convolution *k = &call->k;
    const int64_t taps = k->in / k->groups * k->kernel;
    int lengths[BATCH] = {pick(0, (int)call->time), (int)call->time, 0};
    float *x = noise(call->batch * call->time * k->in, 1), *weight = noise(taps * k->out, 2 / sqrtf((float)taps));
    float *bias = noise(k->out, 1), *residual = noise(out_count(call), 1);
    call->lengths = pick(0, 2) ? lengths : NULL;
    call->bias = pick(0, 3) ? bias : NULL;
    call->slope = 0.1f;
    call->factor = pick(0, 1) ? 1 : 0.5f;
    call->x = x;
    call->weight = weight;
    call->residual = residual;
    call->out_type = call->how == OF_LEAKY_ADD ? TENSOR_F32 : pick_type();
    compare_devices(call);
    free(x);
    free(weight);
    free(bias);
    free(residual);
}

static int pick_channels(void)
{
    static const int usual[] = {1, 8, 16, 32, 64};
    return pick(0, 1) ? usual[pick(0, 4)] : pick(1, 75);
}

static void test_convolve(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(160); i++) {
        struct call call = {.batch = BATCH, .time = pick(0, 70), .how = (enum how)(i % HOWS), .x_type = pick_type()};
        call.k = (struct convolution){pick_channels(),
                                      pick_channels(),
                                      pick(1, 11),
                                      pick(0, 4) ? 1 : pick(2, 3),
                                      pick(1, 5),
                                      0,
                                      1,
                                      false,
                                      pick_type(),
                                      NULL,
                                      NULL};
        call.k.padding = pick(0, 2) ? (call.k.kernel - 1) / 2 * call.k.dilation : pick(0, 20);
        check_call(&call);
    }
}

/* Many steps: several of whatever a device divides time into. */
static void test_convolve_long(void **state)
{
    (void)state;
    static const int kernels[] = {3, 7, 11};
    for (int i = 0; i < 6; i++) {
        struct call call = {.batch = 1 + i % 2, .time = pick(500, 900), .how = OF_LEAKY_ADD, .x_type = TENSOR_F32};
        int channels = pick(0, 1) ? 32 : 24, kernel = kernels[i % 3], dilation = 1 + 2 * pick(0, 2);
        call.k = (struct convolution){.in = channels,
                                      .out = channels,
                                      .kernel = kernel,
                                      .dilation = dilation,
                                      .stride = 1,
                                      .groups = 1,
                                      .padding = dilation * (kernel / 2)};
        check_call(&call);
    }
}

static void test_convolve_transposed_long(void **state)
{
    (void)state;
    for (int stride = 2; stride < 9; stride += 3) {
        struct call call = {.batch = 1 + stride % 2, .time = pick(300, 900), .how = OF_LEAKY, .x_type = TENSOR_F32};
        call.k = (struct convolution){.in = pick(16, 40), .out = pick(16, 40), .kernel = 2 * stride, .stride = stride};
        call.k.padding = pick(0, stride);
        call.k.dilation = call.k.groups = 1;
        call.k.transposed = true;
        check_call(&call);
    }
}

static void test_convolve_depthwise_long(void **state)
{
    (void)state;
    for (int dilation = 1; dilation < 28; dilation *= 3) {
        struct call call = {.batch = 2, .time = pick(300, 900), .how = PLAINLY, .x_type = TENSOR_F32};
        call.k = (struct convolution){.kernel = 3, .stride = 1, .dilation = dilation, .padding = dilation};
        call.k.in = call.k.out = call.k.groups = pick(150, 200);
        check_call(&call);
    }
}

static void test_convolve_groups(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(30); i++) {
        int groups = pick(1, 8);
        struct call call = {.batch = BATCH, .time = pick(1, 40), .how = (enum how)(i % HOWS), .x_type = pick_type()};
        call.k = (struct convolution){.in = groups * pick(1, 9), .out = groups * pick(1, 9), .kernel = pick(1, 7)};
        if (i / HOWS % 2)
            call.k.in = call.k.out = groups = pick(2, 90); /* depthwise */
        call.k.stride = 1;
        call.k.dilation = pick(1, 3);
        call.k.groups = groups;
        call.k.padding = pick(0, 9);
        call.k.type = pick_type();
        check_call(&call);
    }
}

static void test_convolve_transposed(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(80); i++) {
        int stride = pick(1, 8), kernel = pick(0, 2) ? 2 * stride : pick(1, 16), groups = i % 8 ? 1 : 3;
        struct call call = {.batch = BATCH, .time = pick(0, 40), .how = (enum how)(i % HOWS), .x_type = pick_type()};
        call.k = (struct convolution){.in = pick_channels() * groups, .out = pick_channels() * groups};
        call.k.kernel = kernel;
        call.k.stride = stride;
        call.k.dilation = pick(0, 3) ? 1 : 2;
        call.k.groups = groups;
        call.k.padding = kernel > stride ? (kernel - stride) / 2 : 0;
        call.k.transposed = true;
        call.k.type = pick_type();
        check_call(&call);
    }
}

/* ---- plain C by hand ---- */

/* x = 1, 2, 3, -4 on one channel; kernel (1, 10, 100), "same" padding, bias 0.5. */
static void test_by_hand(void **state)
{
    (void)state;
    const float x[] = {1, 2, 3, -4}, weight[] = {1, 10, 100}, bias[] = {0.5f};
    struct call call = {.batch = 1, .time = 4, .x = x, .weight = weight, .bias = bias, .slope = 0.5f};
    call.k = (struct convolution){.in = 1, .out = 1, .kernel = 3, .stride = 1, .dilation = 1, .padding = 1};
    call.k.groups = 1;
    float *y = run_on(plain, &call);
    const float expected[] = {210.5f, 321.5f, -367.5f, -36.5f};
    compare(expected, y, 4, 1e-6, &call, "by hand");
    free(y);
    call.how = OF_LEAKY;
    call.lengths = (const int[]){4};
    y = run_on(plain, &call);
    const float leaky[] = {210.5f, 321.5f, -167.5f, -16.5f};
    compare(leaky, y, 4, 1e-6, &call, "by hand, leaky");
    free(y);
}

/* Two steps, stride 2, kernel 4, padding 1: output t of x's step s by tap t + 1 - 2 s. */
static void test_transposed_by_hand(void **state)
{
    (void)state;
    const float x[] = {1, 2}, weight[] = {1, 10, 100, 1000};
    const float expected[] = {10, 100 + 2 * 1, 1000 + 2 * 10, 2 * 100};
    struct call call = {.batch = 1, .time = 2, .x = x, .weight = weight};
    call.k = (struct convolution){.in = 1, .out = 1, .kernel = 4, .stride = 2, .dilation = 1, .padding = 1};
    call.k.groups = 1;
    call.k.transposed = true;
    assert_int_equal((int)out_steps(&call), 4);
    float *y = run_on(plain, &call);
    compare(expected, y, 4, 1e-6, &call, "by hand, transposed");
    free(y);
}

/* ---- batches ---- */

/* A row gives the same bits alone and in a batch whose padding holds huge values. */
static void check_row_alone(const struct device *d, bool transposed, enum tensor_type type)
{
    enum { TIME = 61, CHANNELS = 20 };
    int lengths[BATCH] = {TIME, 33, 1};
    float *x = noise(BATCH * TIME * CHANNELS, 1), *weight = noise(CHANNELS * CHANNELS * 7, 0.2f);
    for (int row = 0; row < BATCH; row++)
        for (int i = lengths[row] * CHANNELS; i < TIME * CHANNELS; i++)
            x[row * TIME * CHANNELS + i] = 1e30f;
    struct call call = {.batch = BATCH, .time = TIME, .x = x, .weight = weight, .how = OF_LEAKY, .slope = 0.1f};
    call.k = (struct convolution){.in = CHANNELS, .out = CHANNELS, .kernel = 7, .stride = 1, .dilation = 2};
    call.k.padding = 6;
    call.k.groups = 1;
    call.k.type = type;
    if (transposed) {
        call.k.transposed = true;
        call.k.stride = 3;
        call.k.dilation = 1;
        call.k.padding = 2;
    }
    call.lengths = lengths;
    const int64_t all = out_steps(&call) * CHANNELS;
    float *together = run_on(d, &call);
    for (int row = 0; row < BATCH; row++) {
        call.batch = 1;
        call.time = lengths[row];
        call.x = x + row * TIME * CHANNELS;
        call.lengths = NULL;
        float *alone = run_on(d, &call);
        compare(alone, together + row * all, out_count(&call), 0, &call, d->name);
        free(alone);
    }
    free(together);
    free(x);
    free(weight);
}

static void test_rows_alone(void **state)
{
    (void)state;
    for (int i = 0; i < devices; i++)
        for (int transposed = 0; transposed < 2 && has_half(fast[i]); transposed++) {
            check_row_alone(fast[i], transposed, TENSOR_F32);
            check_row_alone(fast[i], transposed, half);
        }
}

/* ---- what is refused, and what is counted ---- */

static void test_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    const float weight[64] = {0};
    struct convolution k = {.in = 4, .out = 4, .kernel = 0};
    assert_int_equal(convolution_prepare(plain, &k, weight, NULL, &fault), UTTER_ERROR_UNSUPPORTED);
    k = (struct convolution){.in = 4, .out = 4, .kernel = 3, .groups = 3};
    assert_int_equal(convolution_prepare(plain, &k, weight, NULL, &fault), UTTER_ERROR_UNSUPPORTED);
    k = (struct convolution){.in = 4, .out = 4, .kernel = 3, .type = TENSOR_F16};
    assert_int_equal(convolution_prepare(fast[0], &k, weight, NULL, &fault), UTTER_ERROR_UNSUPPORTED);
    k = (struct convolution){.in = 4, .out = 4, .kernel = 3, .type = TENSOR_I8};
    assert_int_equal(convolution_prepare(plain, &k, weight, NULL, &fault), 0);
    assert_int_equal((int)k.type, (int)plain->best);
    convolution_release(plain, &k);
}

static void test_checks(void **state)
{
    (void)state;
    struct context c;
    struct fault fault = {0};
    float *weight = noise(3 * 5 * 7, 1);
    struct convolution k = {.in = 3, .out = 5, .kernel = 7, .padding = 3};
    assert_int_equal(convolution_prepare(plain, &k, weight, NULL, &fault), 0);
    assert_int_equal(context_open(&c, plain, TENSOR_F32, &fault), 0);
    context_measure(&c, true);
    struct tensor x = tensor_new(&c, TENSOR_F32, 3, (int64_t[]){2, 10, 3});
    convolve(&c, tensor_new(&c, TENSOR_F32, 3, (int64_t[]){2, 10, 5}), x, &k, NULL);
    assert_int_equal(c.fault.code, 0);
    assert_int_equal((int)c.flops, 2 * 2 * 10 * 3 * 5 * 7);
    convolve(&c, tensor_new(&c, TENSOR_F32, 3, (int64_t[]){2, 9, 5}), x, &k, NULL);
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    context_close(&c);
    convolution_release(plain, &k);
    free(weight);
}

static void test_steps(void **state)
{
    (void)state;
    struct convolution k = {.in = 1, .out = 1, .kernel = 7, .stride = 1, .dilation = 3, .padding = 9};
    assert_int_equal((int)convolution_steps(&k, 20), 20);
    assert_int_equal((int)convolution_steps(&k, 0), 0);
    k = (struct convolution){.in = 1, .out = 1, .kernel = 16, .stride = 8, .dilation = 1, .padding = 4};
    k.transposed = true;
    assert_int_equal((int)convolution_steps(&k, 20), 160);
    k.padding = 100;
    assert_int_equal((int)convolution_steps(&k, 1), 0);
}

int main(void)
{
    const struct CMUnitTest ops[] = {
        cmocka_unit_test(test_convolve),
        cmocka_unit_test(test_convolve_long),
        cmocka_unit_test(test_convolve_groups),
        cmocka_unit_test(test_convolve_transposed),
        cmocka_unit_test(test_convolve_transposed_long),
        cmocka_unit_test(test_convolve_depthwise_long),
        cmocka_unit_test(test_rows_alone),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_by_hand), cmocka_unit_test(test_transposed_by_hand),
        cmocka_unit_test(test_refused), cmocka_unit_test(test_checks),
        cmocka_unit_test(test_steps),
    };
    int failed = cmocka_run_group_tests_name("bf16", ops, open_devices, close_devices);
    failed += cmocka_run_group_tests_name("others", others, open_devices, close_devices);
    half = TENSOR_F16;
    return failed + cmocka_run_group_tests_name("f16", ops, open_devices, close_devices);
}
