/* test_ops.c - every op of the CPU at every level against plain C, on random shapes with ragged lengths and tails.
 *
 * Outputs begin as NaN and are followed by guard elements that must stay as they were. Tolerances are relative to
 * 1 + |expected|: for f32 outputs 1e-5 (2e-5 where the inputs of a product are rounded first and a sum is long), for
 * 16-bit outputs one step of bf16, 2^-7, or f16, 2^-10, since both sides round the same sum, here and there to
 * different neighbours. All tests of ops run twice, with either type; f16 on the devices that have it. */
#include "devices.h"

enum { GUARD = 64, ARENA = 12 << 20 };

static uint64_t seed = 1;

static uint64_t next_random(void)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return seed >> 33;
}

static int pick(int low, int high)
{
    return low + (int)(next_random() % (uint64_t)(high - low + 1));
}

static enum tensor_type pick_type(void)
{
    return pick(0, 1) ? half : TENSOR_F32;
}

/* n floats, uniform in [-size, size]. */
static float *noise(int64_t n, float size)
{
    float *values = memory_new((size_t)n, sizeof *values);
    assert_non_null(values);
    for (int64_t i = 0; i < n; i++)
        values[i] = size * ((float)pick(-1000000, 1000000) / 1e6f);
    return values;
}

/* ---- one call on two devices ---- */

/* What an op under test is called with. in: host values, uploaded on each device. */
struct call {
    int inputs;
    struct tensor in[5]; /* shapes and types */
    const float *host[5];
    struct tensor out;
    bool in_place; /* out is in[0] */
    const int *lengths;
    float scale;
    int heads;
    bool flag;
    /* weights, on the device of the call */
    struct linear linear;
    struct norm norm;
    struct conv2d conv2d;
    struct conv1d conv1d;
    float *u, *w;
    struct attention_window window;
    void (*run)(struct context *c, struct call *call);
};

static struct tensor shaped(enum tensor_type type, int rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (struct tensor){.type = type, .rank = rank, .shape = {a, b, c, d}};
}

static struct tensor guarded(struct context *c, const struct tensor *like)
{
    int64_t count = tensor_count(like) + GUARD;
    struct tensor block = tensor_new(c, like->type, 1, &count), view = *like;
    poison(c, block.data, tensor_bytes(&block));
    view.data = block.data;
    return view;
}

static void check_guard(struct context *c, const struct tensor *t)
{
    size_t size = tensor_bytes(t), all = size + GUARD * tensor_type_size(t->type);
    unsigned char *bytes = read_bytes(c, t->data, all);
    for (size_t i = size; i < all; i++)
        assert_int_equal(bytes[i], 0xff);
    free(bytes);
}

/* The small weights of a call, that are given as host floats, are brought to the device, or let go. */
enum { SMALL = 10 };

static void prepare_small(const struct device *d, struct call *call, float **kept)
{
    struct fault fault = {0};
    float **all[SMALL] = {&call->norm.weight,
                          &call->norm.bias,
                          &call->conv2d.weight,
                          &call->conv2d.bias,
                          &call->conv1d.weight,
                          &call->conv1d.bias,
                          &call->u,
                          &call->w,
                          &call->window.keys,
                          &call->window.values};
    const int64_t taps = (int64_t)call->conv2d.kernel * call->conv2d.kernel;
    const int64_t width = call->u ? call->in[0].shape[call->in[0].rank - 1] : 0;
    const int64_t distances = call->window.keys ? (2 * call->window.reach + 1) * call->in[0].shape[2] / call->heads : 0;
    const int64_t counts[SMALL] = {call->norm.width,
                                   call->norm.width,
                                   call->conv2d.channels * taps,
                                   call->conv2d.channels,
                                   call->conv1d.channels * call->conv1d.kernel,
                                   call->conv1d.channels,
                                   width,
                                   width,
                                   distances,
                                   distances};
    for (int i = 0; i < SMALL; i++) {
        assert_int_equal(floats_prepare(d, &kept[i], *all[i], counts[i], &fault), 0);
        *all[i] = kept[i];
    }
}

static void release_small(const struct device *d, float **kept)
{
    for (int i = 0; i < SMALL; i++)
        floats_release(d, &kept[i]);
}

/* Uploads, runs, downloads. */
static float *run_on(const struct device *d, struct call call)
{
    struct context c;
    struct fault fault = {0};
    float *kept[SMALL];
    prepare_small(d, &call, kept);
    assert_int_equal(context_open(&c, d, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, ARENA, &fault), 0);
    for (int i = 0; i < call.inputs; i++) {
        call.in[i] = guarded(&c, &call.in[i]);
        tensor_upload(&c, call.in[i], call.host[i], tensor_count(&call.in[i]));
    }
    call.out = call.in_place ? call.in[0] : guarded(&c, &call.out);
    call.run(&c, &call);
    int64_t count = tensor_count(&call.out);
    float *result = memory_new((size_t)count, sizeof *result);
    assert_non_null(result);
    tensor_download(&c, result, call.out, count);
    if (c.fault.code)
        fail_msg("%s: %s", d->name, c.fault.message);
    for (int i = 0; i < call.inputs; i++)
        check_guard(&c, &call.in[i]);
    check_guard(&c, &call.out);
    context_close(&c);
    release_small(d, kept);
    return result;
}

static void compare(const float *expected, const float *got, int64_t count, double tolerance, const char *name)
{
    for (int64_t i = 0; i < count; i++) {
        double error = fabs((double)expected[i] - got[i]) / (1 + fabs((double)expected[i]));
        if (!(error <= tolerance))
            fail_msg("%s: element %lld is %.9g instead of %.9g", name, (long long)i, got[i], expected[i]);
    }
}

static double tolerance_of(const struct tensor *out, double f32)
{
    return out->type == half ? half_step() + f32 : f32;
}

static struct {
    float *weight, *bias;
    int64_t out, in;
    enum tensor_type type;
    bool few; /* prepared for few rows */
} matrix;

static void prepare_linear(const struct device *d, struct call *call);

/* prepare and release set up the weights of `call` for a device; either may be NULL. */
static void compare_levels(struct call call, double f32_tolerance,
                           void (*prepare)(const struct device *d, struct call *call),
                           void (*release)(const struct device *d, struct call *call))
{
    struct call on = call;
    if (prepare)
        prepare(plain, &on);
    float *expected = run_on(plain, on);
    if (release)
        release(plain, &on);
    for (int level = 0; level < devices; level++) {
        if ((level >= LEVELS && prepare == prepare_linear && matrix.type == TENSOR_I8) || !has_half(fast[level]))
            continue; /* no int8 on a GPU */
        on = call;
        if (prepare)
            prepare(fast[level], &on);
        float *got = run_on(fast[level], on);
        if (release)
            release(fast[level], &on);
        const struct tensor *out = call.in_place ? &call.in[0] : &call.out;
        compare(expected, got, tensor_count(out), tolerance_of(out, f32_tolerance), fast[level]->name);
        free(got);
    }
    free(expected);
}

/* ---- matrix products ---- */

/* oneDNN's own answer: what is computed below AVX-512 differs in two ways, both told in docs/models.md. */
static bool below_avx512(void)
{
    const char *held = getenv("ONEDNN_MAX_CPU_ISA");
    return (held && strncmp(held, "AVX512", 6) != 0) || !__builtin_cpu_supports("avx512vnni");
}

/* Of a product. Without VNNI oneDNN's 8-bit weights keep 7 bits: half a step, at random, of each of `in` weights up to
 * 2/√in; and what bf16 rounds is not rounded where f32 stands in for it. */
static double tolerance_of_product(void)
{
    return half == TENSOR_BF16 && matrix.type != TENSOR_F32 && below_avx512() ? 4 * 2.0 / 127 : 2e-5;
}

static void prepare_linear(const struct device *d, struct call *call)
{
    struct fault fault = {0};
    int code = (matrix.few ? linear_prepare_few_rows : linear_prepare)(d, &call->linear, matrix.weight, matrix.bias,
                                                                       matrix.out, matrix.in, matrix.type, &fault);
    if (code)
        fail_msg("%s", fault.message);
}

static void release_linear(const struct device *d, struct call *call)
{
    linear_release(d, &call->linear);
}

static void run_linear(struct context *c, struct call *call)
{
    static void (*const ops[])(struct context *, struct tensor, struct tensor,
                               const struct linear *) = {linear, linear_relu, linear_silu, linear_gelu};
    if (call->inputs == 2 && !call->in_place)
        linear_add(c, call->out, call->in[0], &call->linear, call->scale, call->in[1]);
    else if (call->inputs == 2)
        linear_add(c, call->out, call->in[1], &call->linear, call->scale, call->in[0]);
    else
        ops[call->heads](c, call->out, call->in[0], &call->linear);
}

static void new_matrix(int64_t out, int64_t in, enum tensor_type type, bool bias, bool few)
{
    matrix.few = few;
    matrix.out = out;
    matrix.in = in;
    matrix.type = type;
    matrix.weight = noise(out * in, 2 / sqrtf((float)in));
    matrix.bias = bias ? noise(out, 1) : NULL;
}

static void free_matrix(void)
{
    free(matrix.weight);
    free(matrix.bias);
}

static void test_linear(void **state)
{
    (void)state;
    const enum tensor_type types[] = {TENSOR_F32, half, TENSOR_I8};
    for (int i = 0; i < rounds(120); i++) {
        int64_t rows = i % 4 ? pick(1, 300) : pick(0, 9), in = pick(1, 400),
                out = i % 5 ? pick(1, 300) : pick(1000, 2100);
        new_matrix(out, in, types[i % 3], pick(0, 1), i >= 60);
        float *x = noise(rows * in, 2);
        struct call call = {.inputs = 1, .host = {x}, .run = run_linear, .heads = pick(0, 3)};
        call.in[0] = shaped(pick_type(), 2, rows, in, 0, 0);
        call.out = shaped(pick_type(), 2, rows, out, 0, 0);
        compare_levels(call, tolerance_of_product(), prepare_linear, release_linear);
        free(x);
        free_matrix();
    }
}

static void test_linear_add(void **state)
{
    (void)state;
    const enum tensor_type types[] = {TENSOR_F32, half, TENSOR_I8};
    for (int i = 0; i < rounds(72); i++) {
        int64_t rows = pick(1, 300), in = pick(1, 300), out = pick(1, 300);
        new_matrix(out, in, types[i % 3], pick(0, 1), i >= 36);
        float *x = noise(rows * in, 2), *residual = noise(rows * out, 1);
        bool in_place = i % 2;
        struct call call = {.inputs = 2, .run = run_linear, .scale = 0.5f, .in_place = in_place};
        call.in[in_place] = shaped(pick_type(), 2, rows, in, 0, 0);
        call.in[!in_place] = call.out = shaped(TENSOR_F32, 2, rows, out, 0, 0);
        call.host[in_place] = x;
        call.host[!in_place] = residual;
        compare_levels(call, tolerance_of_product(), prepare_linear, release_linear);
        free(x);
        free(residual);
        free_matrix();
    }
}

/* A row gives the same bits wherever in whatever number of rows it stands: but for rounding, where oneDNN has only its
 * oldest products, whose order of additions follows the number of rows. */
static void test_linear_rows_alone(void **state)
{
    (void)state;
    static const enum tensor_type types[] = {TENSOR_F32, TENSOR_BF16, TENSOR_I8};
    static const int edges[] = {127, 128, 129, 1, 7, 8, 9}; /* of the fast op's two orders, and of its blocks */
    for (int i = 0; i < rounds(12); i++) {
        int64_t rows = 600, in = i % 6 < 3 ? 192 : 1500, out = 333;
        new_matrix(out, in, types[i % 3], true, i >= 6);
        float *x = noise(rows * in, 2);
        enum tensor_type type = types[i % 3] == TENSOR_BF16 ? TENSOR_BF16 : TENSOR_F32;
        struct call call = {.inputs = 1, .host = {x}, .run = run_linear, .heads = 2};
        prepare_linear(fast[CPU_BEST], &call);
        call.in[0] = shaped(type, 2, rows, in, 0, 0);
        call.out = shaped(type, 2, rows, out, 0, 0);
        float *all = run_on(fast[CPU_BEST], call);
        size_t run = 0;
        for (int64_t from = 0, n = 0; from < rows; from += n) {
            n = run < sizeof edges / sizeof *edges ? edges[run++] : pick(1, 40);
            n = n < rows - from ? n : rows - from;
            call.host[0] = x + from * in;
            call.in[0].shape[0] = call.out.shape[0] = n;
            float *some = run_on(fast[CPU_BEST], call);
            if (matrix.few || !below_avx512())
                assert_memory_equal(some, all + from * out, (size_t)(n * out) * sizeof(float));
            else
                compare(all + from * out, some, n * out, tolerance_of(&call.out, 1e-5), "alone");
            free(some);
        }
        release_linear(fast[CPU_BEST], &call);
        free(all);
        free(x);
        free_matrix();
    }
}

/* ---- pointwise and norms ---- */

static void run_norm(struct context *c, struct call *call)
{
    layer_norm(c, call->out, call->in[0], &call->norm);
}

static void test_layer_norm(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(40); i++) {
        int64_t rows = pick(0, 50), width = i % 3 ? pick(1, 70) : pick(200, 1100);
        if (i % 2)
            width = i % 3 ? 8 * pick(1, 40) : 8 * pick(40, 270); /* as the models have; a few too wide for a warp */
        float *x = noise(rows * width, 3), *weight = noise(width, 2), *bias = noise(width, 1);
        for (int64_t k = 0; k < rows * width; k++)
            x[k] += 5; /* a mean that matters */
        struct call call = {.inputs = 1, .host = {x}, .run = run_norm, .in_place = i % 4 == 0};
        call.norm = (struct norm){width, 1e-5f, weight, i % 5 ? bias : NULL};
        call.in[0] = shaped(TENSOR_F32, 2, rows, width, 0, 0);
        call.out = shaped(pick_type(), 2, rows, width, 0, 0);
        compare_levels(call, 1e-5, NULL, NULL);
        free(x);
        free(weight);
        free(bias);
    }
}

static void run_add(struct context *c, struct call *call)
{
    add(c, call->out, call->in[0], call->scale, call->in[1]);
}

static void test_add(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(20); i++) {
        int64_t rows = pick(0, 200), width = pick(1, 500);
        float *a = noise(rows * width, 3), *b = noise(rows * width, 3);
        struct call call = {.inputs = 2, .host = {a, b}, .run = run_add, .scale = 0.7f, .in_place = i % 2};
        call.in[0] = call.out = shaped(TENSOR_F32, 2, rows, width, 0, 0);
        call.in[1] = shaped(pick_type(), 2, rows, width, 0, 0);
        compare_levels(call, 1e-6, NULL, NULL);
        free(a);
        free(b);
    }
}

static void run_scale(struct context *c, struct call *call)
{
    scale(c, call->out, call->in[0], call->scale);
}

static void run_glu(struct context *c, struct call *call)
{
    glu(c, call->out, call->in[0]);
}

static void run_gated_tanh(struct context *c, struct call *call)
{
    gated_tanh(c, call->out, call->in[0]);
}

/* heads: which */
static void run_activate(struct context *c, struct call *call)
{
    if (call->heads == ACTIVATION_LEAKY)
        leaky_relu(c, call->out, call->in[0], call->scale);
    else
        activate(c, call->out, call->in[0], (enum activation)call->heads);
}

static void test_activations(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(70); i++) {
        int64_t rows = pick(0, 60), width = pick(1, 100);
        float *x = noise(rows * width * 2, i % 7 ? 6 : 90);
        struct call call = {.inputs = 1, .host = {x}, .scale = 0.1f, .run = run_activate, .in_place = i % 4 == 0};
        call.heads = i % (ACTIVATION_LEAKY + 1);
        if (call.heads == ACTIVATION_EXP)
            call.run = i % 2 ? run_gated_tanh : run_activate;
        call.in_place = call.in_place && call.run == run_activate;
        call.out = shaped(pick_type(), 2, rows, width, 0, 0);
        call.in[0] = call.in_place ? call.out : shaped(pick_type(), 2, rows, width, 0, 0);
        call.in[0].shape[1] = call.run == run_gated_tanh ? 2 * width : width;
        compare_levels(call, 1e-5, NULL, NULL);
        free(x);
    }
}

static void run_pair(struct context *c, struct call *call)
{
    if (call->flag)
        add_to_steps(c, call->out, call->in[0], call->in[1]);
    else
        multiply(c, call->out, call->in[0], call->in[1]);
}

static void test_multiply_and_add_to_steps(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(40); i++) {
        int64_t batch = pick(1, 4), steps = pick(1, 40), width = pick(1, 90);
        float *a = noise(batch * steps * width, 3), *b = noise(batch * steps * width, 3);
        struct call call = {.inputs = 2, .host = {a, b}, .run = run_pair, .flag = i % 2, .in_place = i % 4 > 1};
        call.in[0] = call.out = shaped(pick_type(), 3, batch, steps, width, 0);
        if (!call.in_place)
            call.out.type = pick_type();
        call.in[1] = call.flag ? shaped(pick_type(), 2, batch, width, 0, 0) : call.out;
        compare_levels(call, 1e-6, NULL, NULL);
        free(a);
        free(b);
    }
}

static void run_softmax(struct context *c, struct call *call)
{
    (call->flag ? log_softmax : softmax)(c, call->out, call->in[0]);
}

static void test_scale_glu_softmax(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(60); i++) {
        int64_t rows = pick(0, 60), width = i % 5 ? pick(1, 100) : pick(500, 1100);
        width = i % 2 ? (width + 7) / 8 * 8 : width; /* as the models have */
        float *x = noise(rows * width * 2, i % 7 ? 6 : 90);
        struct call call = {.inputs = 1, .host = {x}, .scale = -1.25f, .flag = pick(0, 1)};
        call.in[0] = shaped(pick_type(), 2, rows, i % 3 == 1 ? 2 * width : width, 0, 0);
        call.out = shaped(i % 3 == 2 ? TENSOR_F32 : pick_type(), 2, rows, width, 0, 0);
        call.run = i % 3 == 0 ? run_scale : i % 3 == 1 ? run_glu : run_softmax;
        compare_levels(call, 1e-5, NULL, NULL);
        free(x);
    }
}

static void run_magnitudes(struct context *c, struct call *call)
{
    magnitudes(c, call->out, call->in[0]);
}

static void test_magnitudes(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(30); i++) {
        int64_t rows = pick(0, 20), width = pick(1, 150);
        float *x = noise(rows * width * 2, i % 3 ? 4 : 1e-6f);
        struct call call = {.inputs = 1, .host = {x}, .run = run_magnitudes};
        call.in[0] = shaped(pick_type(), 2, rows, 2 * width, 0, 0);
        call.out = shaped(pick_type(), 2, rows, width, 0, 0);
        compare_levels(call, 1e-6, NULL, NULL);
        free(x);
    }
}

/* in[0]: the cell's state. out has the new state behind the output, so that both are compared. */
static void run_lstm(struct context *c, struct call *call)
{
    const int64_t rows = call->in[0].shape[0], width = call->in[0].shape[1];
    struct tensor out = tensor_2d(TENSOR_F32, call->out.data, rows, width);
    struct tensor state = tensor_2d(TENSOR_F32, (float *)call->out.data + rows * width, rows, width);
    lstm_cell(c, out, call->in[0], call->in[1]);
    scale(c, state, call->in[0], 1);
}

static void test_lstm_cell(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(30); i++) {
        int64_t rows = pick(1, 20), width = pick(1, 150);
        float *cell = noise(rows * width, 3), *gates = noise(rows * width * 4, i % 5 ? 6 : 100);
        struct call call = {.inputs = 2, .host = {cell, gates}, .run = run_lstm};
        call.in[0] = shaped(TENSOR_F32, 2, rows, width, 0, 0);
        call.in[1] = shaped(TENSOR_F32, 2, rows, 4 * width, 0, 0);
        call.out = shaped(TENSOR_F32, 3, 2, rows, width, 0);
        compare_levels(call, 1e-6, NULL, NULL);
        free(cell);
        free(gates);
    }
}

static void run_mask(struct context *c, struct call *call)
{
    mask_rows(c, call->in[0], call->lengths);
}

static void test_mask_rows(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(12); i++) {
        int64_t steps = pick(1, 30), width = pick(1, 40);
        int lengths[3] = {pick(0, (int)steps), (int)steps, 0};
        float *x = noise(3 * steps * width * 2, 3);
        struct call call = {.inputs = 1, .host = {x}, .lengths = lengths, .in_place = true, .run = run_mask};
        call.in[0] = i % 2 ? shaped(pick_type(), 3, 3, steps, width, 0) : shaped(pick_type(), 4, 3, steps, 2, width);
        compare_levels(call, 0, NULL, NULL);
        free(x);
    }
}

/* ---- convolutions ---- */

static void run_conv2d(struct context *c, struct call *call)
{
    (call->flag ? conv2d_first_relu : conv2d_depthwise)(c, call->out, call->in[0], &call->conv2d);
}

static void test_conv2d(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(40); i++) {
        int kernel = i % 4 ? 3 : pick(1, 5), stride = pick(1, 2), padding = pick(0, kernel / 2), batch = pick(1, 3);
        int64_t time = pick(kernel, 20), width = pick(kernel, 20), channels = i % 3 ? pick(1, 70) : 8 * pick(1, 40);
        int64_t time_out = (time + 2 * padding - kernel) / stride + 1;
        int64_t width_out = (width + 2 * padding - kernel) / stride + 1;
        bool first = i % 2;
        float *x = noise(batch * time * width * channels, 2), *weight = noise(channels * kernel * kernel, 1);
        float *bias = noise(channels, 1);
        struct call call = {.inputs = 1, .host = {x}, .flag = first, .run = run_conv2d};
        call.conv2d = (struct conv2d){channels, kernel, stride, padding, weight, i % 5 ? bias : NULL};
        call.in[0] = shaped(pick_type(), first ? 3 : 4, batch, time, width, channels);
        call.out = shaped(pick_type(), 4, batch, time_out, width_out, channels);
        compare_levels(call, 1e-5, NULL, NULL);
        free(x);
        free(weight);
        free(bias);
    }
}

static void run_conv1d(struct context *c, struct call *call)
{
    conv1d_depthwise_silu(c, call->out, call->in[0], &call->conv1d, call->lengths);
}

static void test_conv1d(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(30); i++) {
        int kernel = 2 * pick(0, 15) + 1;
        int64_t steps = pick(0, 90), channels = i % 2 ? pick(1, 70) : 8 * pick(1, 40);
        int lengths[3] = {pick(0, (int)steps), (int)steps, 0};
        float *x = noise(3 * steps * channels, 2), *weight = noise(channels * kernel, 1), *bias = noise(channels, 1);
        struct call call = {.inputs = 1, .host = {x}, .lengths = i % 3 ? lengths : NULL, .run = run_conv1d};
        call.conv1d = (struct conv1d){channels, kernel, weight, i % 5 ? bias : NULL};
        call.in[0] = shaped(pick_type(), 3, 3, steps, channels, 0);
        call.out = shaped(pick_type(), 3, 3, steps, channels, 0);
        compare_levels(call, 1e-5, NULL, NULL);
        free(x);
        free(weight);
        free(bias);
    }
}

/* ---- attention ---- */

static void run_attention(struct context *c, struct call *call)
{
    if (call->u)
        relative_attention(c, call->out, call->in[0], call->in[1], call->in[2], call->in[3], call->u, call->w,
                           call->heads, call->scale, call->lengths);
    else
        attention(c, call->out, call->in[0], call->in[1], call->in[2], call->heads, call->scale, call->lengths,
                  call->flag);
}

/* Tolerance of 16 bits in: at most a step of the values, |v| ≤ 1, where probabilities are rounded to it on the way. */
/* Of a head: any, and often those that have kernels of their own. */
static int pick_head(void)
{
    static const int usual[] = {64, 128};
    return pick(0, 1) ? usual[pick(0, 1)] : pick(1, 70);
}

static void test_attention(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(40); i++) {
        int64_t tq = i % 6 ? pick(1, 80) : pick(250, 400), tk = pick(0, 120), batch = pick(1, 3);
        int heads = pick(1, 4);
        int64_t width = heads * pick_head();
        int lengths[3] = {pick(0, (int)tk), (int)tk, 0};
        float *q = noise(batch * tq * width, 1), *k = noise(batch * tk * width, 1), *v = noise(batch * tk * width, 1);
        struct call call = {.inputs = 3, .host = {q, k, v}, .heads = heads, .scale = 0.2f, .run = run_attention};
        enum tensor_type type = pick_type();
        call.flag = pick(0, 1);
        call.lengths = i % 3 ? lengths : NULL;
        call.in[0] = call.out = shaped(type, 3, batch, tq, width, 0);
        call.in[1] = call.in[2] = shaped(type, 3, batch, tk, width, 0);
        compare_levels(call, 1e-5, NULL, NULL);
        free(q);
        free(k);
        free(v);
    }
}

static void test_relative_attention(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(40); i++) {
        int64_t t = i % 6 ? pick(1, 90) : pick(280, 400), batch = pick(1, 3);
        int heads = pick(1, 4);
        int64_t width = heads * pick_head();
        int lengths[3] = {pick(0, (int)t), (int)t, 0};
        float *q = noise(batch * t * width, 1), *k = noise(batch * t * width, 1), *v = noise(batch * t * width, 1);
        float *r = noise((2 * t - 1) * width, 1), *u = noise(width, 1), *w = noise(width, 1);
        struct call call = {.inputs = 4, .host = {q, k, v, r}, .heads = heads, .scale = 0.2f, .run = run_attention};
        enum tensor_type type = pick_type();
        call.u = u;
        call.w = w;
        call.lengths = i % 3 ? lengths : NULL;
        call.in[0] = call.in[1] = call.in[2] = call.out = shaped(type, 3, batch, t, width, 0);
        call.in[3] = shaped(type, 2, 2 * t - 1, width, 0, 0);
        compare_levels(call, 1e-5, NULL, NULL);
        free(q);
        free(k);
        free(v);
        free(r);
        free(u);
        free(w);
    }
}

static void run_windowed(struct context *c, struct call *call)
{
    windowed_attention(c, call->out, call->in[0], call->in[1], call->in[2], &call->window, call->heads, call->scale,
                       call->lengths);
}

static void test_windowed_attention(void **state)
{
    (void)state;
    for (int i = 0; i < rounds(40); i++) {
        int64_t t = i % 6 ? pick(1, 90) : pick(280, 400), batch = pick(1, 3), head = pick_head();
        int heads = pick(1, 4), reach = pick(0, 6);
        int64_t width = heads * head, distances = 2 * reach + 1;
        int lengths[3] = {pick(0, (int)t), (int)t, 0};
        float *q = noise(batch * t * width, 1), *k = noise(batch * t * width, 1), *v = noise(batch * t * width, 1);
        float *keys = noise(distances * head, 1), *values = noise(distances * head, 3);
        struct call call = {.inputs = 3, .host = {q, k, v}, .heads = heads, .scale = 0.3f, .run = run_windowed};
        enum tensor_type type = pick_type();
        call.window = (struct attention_window){reach, keys, values};
        call.lengths = i % 3 ? lengths : NULL;
        call.in[0] = call.in[1] = call.in[2] = call.out = shaped(type, 3, batch, t, width, 0);
        compare_levels(call, 1e-5, NULL, NULL);
        free(q);
        free(k);
        free(v);
        free(keys);
        free(values);
    }
}

/* ---- batches ---- */

/* A row of `length` steps alone and in a padded batch, through the ops that mix time. Padding holds huge values. */
static void check_row_alone(const struct device *d, bool convolution, enum tensor_type type)
{
    enum { BATCH = 3, TIME = 70, WIDTH = 128, HEADS = 2 };
    int lengths[BATCH] = {70, 33, 1};
    float *x[3], *r = noise((2 * TIME - 1) * WIDTH, 1), *u = noise(WIDTH, 1), *w = noise(WIDTH * 9, 1);
    for (int i = 0; i < 3; i++) {
        x[i] = noise(BATCH * TIME * WIDTH, 1);
        for (int row = 0; row < BATCH; row++)
            for (int k = lengths[row] * WIDTH; k < TIME * WIDTH; k++)
                x[i][row * TIME * WIDTH + k] = 1e30f;
    }
    struct call call = {.inputs = convolution ? 1 : 4, .host = {x[0], x[1], x[2], r}, .heads = HEADS, .scale = 0.2f};
    call.run = convolution ? run_conv1d : run_attention;
    call.lengths = lengths;
    call.u = u;
    call.w = w;
    call.conv1d = (struct conv1d){WIDTH, 9, w, u};
    call.in[0] = call.in[1] = call.in[2] = call.out = shaped(type, 3, BATCH, TIME, WIDTH, 0);
    call.in[3] = shaped(type, 2, 2 * TIME - 1, WIDTH, 0, 0);
    float *together = run_on(d, call);
    for (int row = 0; row < BATCH; row++) {
        int length = lengths[row];
        for (int i = 0; i < 3; i++)
            call.host[i] = x[i] + row * TIME * WIDTH;
        call.host[3] = r + (TIME - length) * WIDTH;
        call.lengths = &lengths[row];
        call.in[0] = call.in[1] = call.in[2] = call.out = shaped(type, 3, 1, length, WIDTH, 0);
        call.in[3] = shaped(type, 2, 2 * length - 1, WIDTH, 0, 0);
        float *alone = run_on(d, call);
        compare(alone, together + row * TIME * WIDTH, length * WIDTH, type == half ? half_step() : 1e-6, d->name);
        free(alone);
    }
    free(together);
    for (int i = 0; i < 3; i++)
        free(x[i]);
    free(r);
    free(u);
    free(w);
}

static void test_rows_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        check_row_alone(plain, i % 2, i / 2 ? half : TENSOR_F32);
        for (int level = 0; level < devices; level++)
            if (has_half(fast[level]))
                check_row_alone(fast[level], i % 2, i / 2 ? half : TENSOR_F32);
    }
}

/* Sums beyond the largest f16 stay numbers through an activation, and so do zeros. */
static void test_f16_is_held(void **state)
{
    (void)state;
    for (int i = 0; i < 12; i++) {
        const int64_t in = 24, out = i % 2 ? 16 : 13;
        new_matrix(out, in, TENSOR_F16, i / 2 % 2, false);
        float *x = noise(9 * in, 60000);
        for (int64_t k = 0; k < out * in; k++)
            matrix.weight[k] *= 100;
        struct call call = {.inputs = 1, .host = {x}, .run = run_linear, .heads = 2 + i / 4 % 2};
        call.in[0] = shaped(TENSOR_F16, 2, 9, in, 0, 0);
        call.out = shaped(TENSOR_F16, 2, 9, out, 0, 0);
        compare_levels(call, 2e-5, prepare_linear, release_linear);
        free(x);
        free_matrix();
    }
}

/* ---- contexts ---- */

static void test_f16_is_refused_where_there_is_none(void **state)
{
    (void)state;
    struct context c;
    struct linear l;
    struct fault fault = {0};
    const float weight[6] = {0};
    assert_int_equal(linear_prepare(fast[0], &l, weight, NULL, 2, 3, TENSOR_F16, &fault), UTTER_ERROR_UNSUPPORTED);
    assert_int_equal(context_open(&c, fast[0], TENSOR_F32, &fault), 0);
    context_measure(&c, true);
    tensor_new(&c, TENSOR_F16, 2, (int64_t[]){2, 3});
    assert_int_equal(c.fault.code, UTTER_ERROR_UNSUPPORTED);
    context_close(&c);
}

static void test_failures_stick(void **state)
{
    (void)state;
    struct context c;
    struct fault fault = {0};
    assert_int_equal(context_open(&c, fast[CPU_BEST], TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, 4096, &fault), 0);
    float ones[8] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct tensor a = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){2, 4}),
                  b = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){4, 2});
    tensor_upload(&c, a, ones, 8);
    tensor_upload(&c, b, ones, 8);
    add(&c, a, a, 1, b);
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(c.fault.message, "[2, 4]"));
    char first[FAULT_MESSAGE_SIZE];
    memcpy(first, c.fault.message, sizeof first);
    scale(&c, a, a, 5);
    log_softmax(&c, b, a);
    assert_string_equal(c.fault.message, first);
    assert_true(((float *)a.data)[0] == 1.0f);
    context_close(&c);
}

static void test_arena(void **state)
{
    (void)state;
    struct context c;
    struct fault fault = {0};
    assert_int_equal(context_open(&c, fast[CPU_BEST], TENSOR_F32, &fault), 0);
    context_measure(&c, true);
    size_t mark = arena_mark(&c);
    struct tensor x = tensor_new(&c, TENSOR_BF16, 2, (int64_t[]){10, 10});
    assert_null(x.data);
    struct tensor y = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){10, 10});
    scale(&c, y, x, 2);
    arena_release(&c, mark);
    assert_int_equal(c.fault.code, 0);
    assert_int_equal(c.arena.peak, 256 + 448);
    context_measure(&c, false);
    assert_int_equal(context_reserve(&c, 300, &fault), 0);
    x = tensor_new(&c, TENSOR_BF16, 2, (int64_t[]){10, 10});
    assert_non_null(x.data);
    y = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){10, 10});
    assert_null(y.data);
    assert_int_equal(c.fault.code, UTTER_ERROR_MEMORY);
    context_close(&c);
}

static void test_flops(void **state)
{
    (void)state;
    struct context c;
    struct fault fault = {0};
    struct linear l;
    float *weight = noise(6, 1);
    assert_int_equal(context_open(&c, plain, TENSOR_F32, &fault), 0);
    assert_int_equal(linear_prepare(plain, &l, weight, NULL, 2, 3, TENSOR_F32, &fault), 0);
    context_measure(&c, true);
    linear(&c, tensor_new(&c, TENSOR_F32, 2, (int64_t[]){5, 2}), tensor_new(&c, TENSOR_F32, 2, (int64_t[]){5, 3}), &l);
    assert_int_equal((int)c.flops, 2 * 5 * 2 * 3);
    linear_release(plain, &l);
    context_close(&c);
    free(weight);
}

static void test_matmul_rate(void **state)
{
    (void)state;
    struct fault fault = {0};
    double rate = 0;
    assert_int_equal(device_matmul_rate(fast[CPU_BEST], 64, 64, 64, TENSOR_F32, 3, &rate, &fault), 0);
    assert_true(rate > 0);
    assert_int_equal(device_matmul_rate(plain, 64, 64, 64, TENSOR_F32, 3, &rate, &fault), UTTER_ERROR_UNSUPPORTED);
}

int main(void)
{
    const struct CMUnitTest ops[] = {
        cmocka_unit_test(test_linear),
        cmocka_unit_test(test_linear_add),
        cmocka_unit_test(test_layer_norm),
        cmocka_unit_test(test_add),
        cmocka_unit_test(test_scale_glu_softmax),
        cmocka_unit_test(test_activations),
        cmocka_unit_test(test_multiply_and_add_to_steps),
        cmocka_unit_test(test_magnitudes),
        cmocka_unit_test(test_lstm_cell),
        cmocka_unit_test(test_mask_rows),
        cmocka_unit_test(test_conv2d),
        cmocka_unit_test(test_conv1d),
        cmocka_unit_test(test_attention),
        cmocka_unit_test(test_relative_attention),
        cmocka_unit_test(test_windowed_attention),
        cmocka_unit_test(test_rows_alone),
    };
    const struct CMUnitTest others[] = {
        cmocka_unit_test(test_linear_rows_alone),
        cmocka_unit_test(test_f16_is_refused_where_there_is_none),
        cmocka_unit_test(test_failures_stick),
        cmocka_unit_test(test_arena),
        cmocka_unit_test(test_flops),
        cmocka_unit_test(test_matmul_rate),
    };
    const struct CMUnitTest held[] = {cmocka_unit_test(test_f16_is_held)};
    int failed = cmocka_run_group_tests_name("bf16", ops, open_devices, close_devices);
    failed += cmocka_run_group_tests_name("others", others, open_devices, close_devices);
    half = TENSOR_F16;
    failed += cmocka_run_group_tests_name("f16", ops, open_devices, close_devices);
    return failed + cmocka_run_group_tests_name("f16 held", held, open_devices, close_devices);
}
