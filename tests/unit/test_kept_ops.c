/* The ops of growing sequences: every level of the CPU against plain C, on random shapes with tails, f32 with bf16 and
 * with f16. Outputs begin as NaN and are followed by guard elements that must stay as they were. */
#include "devices.h"

enum { GUARD = 32, ARENA = 24 << 20, SPANS = 4 };

static uint64_t seed = 5;

static int pick(int low, int high)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return low + (int)((seed >> 33) % (uint64_t)(high - low + 1));
}

/* What an op is called with: tensors of these shapes, filled with noise of this seed. */
struct call {
    struct tensor in[3], out;
    int inputs, heads, kernel, stride, spans;
    int rows[64];
    struct query_span span[SPANS];
    void (*run)(struct context *c, const struct call *call, const struct tensor *in, struct tensor out);
};

static struct tensor shaped(enum tensor_type type, int rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
    return (struct tensor){.type = type, .rank = rank, .shape = {a, b, c, d}};
}

static struct tensor fill(struct context *c, const struct tensor *like, uint32_t state)
{
    struct tensor t = tensor_new(c, like->type, like->rank, like->shape);
    int64_t count = tensor_count(&t);
    float *host = memory_new((size_t)count, sizeof *host);
    assert_non_null(host);
    for (int64_t i = 0; i < count; i++) {
        state = state * 1664525u + 1013904223u;
        host[i] = (float)(state >> 8) / 8388608.0f - 1;
    }
    tensor_upload(c, t, host, count);
    free(host);
    return t;
}

static float *run_on(const struct device *d, const struct call *call)
{
    struct context c;
    struct fault fault = {0};
    struct tensor in[3] = {0}, out = call->out;
    assert_int_equal(context_open(&c, d, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, ARENA, &fault), 0);
    for (int i = 0; i < call->inputs; i++)
        in[i] = fill(&c, &call->in[i], (uint32_t)i + 77);
    int64_t count = tensor_count(&out), guarded = count + GUARD;
    struct tensor block = tensor_new(&c, out.type, 1, &guarded);
    poison(&c, block.data, tensor_bytes(&block));
    out.data = block.data;
    call->run(&c, call, in, out);
    if (c.fault.code)
        fail_msg("%s: %s", d->name, c.fault.message);
    float *result = memory_new((size_t)count, sizeof *result);
    assert_non_null(result);
    tensor_download(&c, result, out, count);
    unsigned char *bytes = read_bytes(&c, block.data, tensor_bytes(&block));
    for (size_t i = tensor_bytes(&out); i < tensor_bytes(&block); i++)
        assert_int_equal(bytes[i], 0xff);
    free(bytes);
    context_close(&c);
    return result;
}

/* NaN stays where nothing is to be written. */
static void compare_levels(const struct call *call)
{
    float *expected = run_on(plain, call);
    double tolerance = call->out.type == half ? half_step() : 2e-5;
    for (int level = 0; level < devices; level++) {
        if (!has_half(fast[level]))
            continue;
        float *got = run_on(fast[level], call);
        for (int64_t i = 0; i < tensor_count(&call->out); i++) {
            double e = (double)expected[i], g = (double)got[i];
            if (isnan(e) ? !isnan(g) : !(fabs(e - g) <= tolerance * (1 + fabs(e))))
                fail_msg("%s: element %lld is %.9g instead of %.9g", fast[level]->name, (long long)i, g, e);
        }
        free(got);
    }
    free(expected);
}

static enum tensor_type pick_type(void)
{
    return pick(0, 1) ? half : TENSOR_F32;
}

/* ---- copies ---- */

static void run_unfold(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    unfold(c, out, in[0], call->kernel, call->stride);
}

static void run_gather(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    gather_rows(c, out, in[0], call->rows);
}

static void run_scatter(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    scatter_rows(c, out, in[0], call->rows);
}

static void run_split(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    split_heads(c, out, in[0], call->heads);
}

static void test_unfold(void **state)
{
    (void)state;
    for (int round = 0; round < rounds(40); round++) {
        int batch = pick(1, 3), time = pick(1, 40), width = pick(1, 70), kernel = 2 * pick(0, 3) + 1;
        struct call call = {.inputs = 1, .run = run_unfold, .kernel = kernel, .stride = pick(1, 3)};
        call.in[0] = shaped(pick_type(), 3, batch, time, width, 0);
        call.out = shaped(pick_type(), 3, batch, (time - 1) / call.stride + 1, kernel * width, 0);
        compare_levels(&call);
    }
}

static void test_gather_and_scatter(void **state)
{
    (void)state;
    for (int round = 0; round < rounds(40); round++) {
        int m = pick(1, 50), n = pick(1, m), width = pick(1, 90);
        struct call call = {.inputs = 1, .run = run_gather};
        for (int i = 0; i < n; i++)
            call.rows[i] = pick(0, m - 1);
        call.in[0] = shaped(pick_type(), 2, m, width, 0, 0);
        call.out = shaped(pick_type(), 2, n, width, 0, 0);
        compare_levels(&call);
        call.run = run_scatter;
        call.in[0] = call.out;
        call.out = shaped(call.in[0].type, 2, m, width, 0, 0);
        for (int i = 0; i < n; i++)
            call.rows[i] = (i * 7 + round) % m;
        compare_levels(&call);
    }
}

static void test_split_heads(void **state)
{
    (void)state;
    for (int round = 0; round < rounds(40); round++) {
        int batch = pick(1, 3), time = pick(1, 40), heads = pick(1, 5), width = pick(1, 40);
        struct call call = {.inputs = 1, .run = run_split, .heads = heads};
        call.in[0] = shaped(pick_type(), 3, batch, time, heads * width, 0);
        call.out = shaped(pick_type(), 4, batch, heads, time, width);
        compare_levels(&call);
    }
}

/* ---- attention ---- */

static void run_kept(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    kept_attention(c, out, in[0], in[1], in[2], call->heads, 0.5f, call->span, call->spans);
}

static void run_weights(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    kept_attention_weights(c, out, in[0], in[1], call->heads, 0.5f, call->span);
}

/* Of keys: some are more than a block of the GPU takes at once. */
static int time_of(bool longest)
{
    return longest ? pick(1537, 1700) : pick(1, 90);
}

static int length_of(int time)
{
    return pick(0, 1) ? time : pick(1, time);
}

/* Widths that are whole vectors and that are not; one to eight queries per span; keys in rows. */
static void test_attention_to_rows(void **state)
{
    (void)state;
    static const int widths[] = {64, 64, 32, 128, 24, 7, 1, 80};
    for (int round = 0; round < rounds(60); round++) {
        const bool longest = round % 15 == 0;
        int heads = pick(1, longest ? 2 : 4), width = longest ? 64 : widths[pick(0, 7)], rows = pick(1, 3),
            n = pick(1, 20), time = time_of(longest);
        struct call call = {.inputs = 3, .run = run_kept, .heads = heads};
        call.in[0] = shaped(pick_type(), 2, n, heads * width, 0, 0);
        call.in[1] = call.in[2] = shaped(pick_type(), 4, rows, heads, time, width);
        call.out = shaped(pick_type(), 2, n, heads * width, 0, 0);
        for (int at = 0; call.spans < SPANS && at < n; call.spans++) {
            int count = pick(1, n - at);
            call.span[call.spans] = (struct query_span){at, count, length_of(time), pick(0, rows - 1), NULL};
            at += count;
        }
        compare_levels(&call);
        call.run = run_weights;
        call.inputs = 2;
        call.out = shaped(TENSOR_F32, 3, heads, call.span[0].count, call.span[0].length, 0);
        compare_levels(&call);
    }
}

/* Keys and values are first brought into 8 bits. in: q, keys and values [rows, time, heads·d] */
static void run_kept_i8(struct context *c, const struct call *call, const struct tensor *in, struct tensor out)
{
    struct tensor kept[2];
    for (int i = 0; i < 2; i++) {
        const struct tensor *x = &in[i + 1];
        kept[i] =
            tensor_new(c, TENSOR_I8, 4,
                       (int64_t[]){x->shape[0], call->heads, x->shape[1], x->shape[2] / call->heads + KEPT_SCALE});
        poison(c, kept[i].data, tensor_bytes(&kept[i]));
        split_heads(c, kept[i], *x, call->heads);
    }
    if (out.rank == 2)
        kept_attention(c, out, in[0], kept[0], kept[1], call->heads, 0.5f, call->span, call->spans);
    else
        kept_attention_weights(c, out, in[0], kept[0], call->heads, 0.5f, call->span);
}

static void test_attention_to_8_bits(void **state)
{
    (void)state;
    for (int round = 0; round < rounds(60); round++) {
        static const int widths[] = {64, 64, 128, 0};
        int heads = pick(1, 4), width = widths[pick(0, 3)], rows = pick(1, 3), n = pick(1, 9),
            time = time_of(round % 20 == 0);
        width = width ? width : pick(1, 90);
        struct call call = {.inputs = 3, .run = run_kept_i8, .heads = heads, .spans = 1};
        call.in[0] = shaped(pick_type(), 2, n, heads * width, 0, 0);
        call.in[1] = call.in[2] = shaped(pick_type(), 3, rows, time, heads * width, 0);
        call.out = shaped(pick_type(), 2, n, heads * width, 0, 0);
        call.span[0] = (struct query_span){0, n, length_of(time), pick(0, rows - 1), NULL};
        compare_levels(&call);
        call.out = shaped(TENSOR_F32, 3, heads, n, call.span[0].length, 0);
        compare_levels(&call);
    }
}

static void test_attention_to_slots(void **state)
{
    (void)state;
    static int slots[SPANS][64];
    for (int round = 0; round < rounds(60); round++) {
        int heads = pick(1, 4), width = pick(0, 1) ? 64 : pick(1, 40), count = pick(1, 120), n = pick(1, SPANS);
        struct call call = {.inputs = 3, .run = run_kept, .heads = heads, .spans = n};
        call.in[0] = shaped(pick_type(), 2, n, heads * width, 0, 0);
        call.in[1] = call.in[2] = shaped(pick_type(), 2, count, heads * width, 0, 0);
        call.out = shaped(pick_type(), 2, n, heads * width, 0, 0);
        for (int i = 0; i < n; i++) {
            int length = pick(1, 64);
            for (int k = 0; k < length; k++)
                slots[i][k] = pick(0, count - 1);
            call.span[i] = (struct query_span){i, 1, length, 0, slots[i]};
        }
        compare_levels(&call);
    }
}

/* ---- refusals ---- */

static void test_what_does_not_fit_is_refused(void **state)
{
    (void)state;
    struct context c;
    struct fault fault = {0};
    assert_int_equal(context_open(&c, plain, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, 1 << 16, &fault), 0);
    struct tensor q = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){2, 8});
    struct tensor keys = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){4, 8});
    struct tensor wide = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){4, 10});
    const int outside[] = {4}, inside[] = {3};
    const struct query_span bad[] = {
        {0, 3, 1, 0, inside}, {0, 1, 0, 0, inside}, {0, 1, 1, 0, outside}, {-1, 1, 1, 0, inside}, {0, 1, 1, 0, NULL}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fault_clear(&c.fault);
        kept_attention(&c, q, q, keys, keys, 2, 1, &bad[i], 1);
        assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    }
    fault_clear(&c.fault);
    kept_attention(&c, q, q, wide, wide, 2, 1, &(struct query_span){0, 1, 1, 0, inside}, 1);
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    fault_clear(&c.fault);
    gather_rows(&c, q, keys, (const int[]){0, 4});
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    fault_clear(&c.fault);
    scatter_rows(&c, keys, q, (const int[]){-1, 0});
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    context_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_unfold),
        cmocka_unit_test(test_gather_and_scatter),
        cmocka_unit_test(test_split_heads),
        cmocka_unit_test(test_attention_to_rows),
        cmocka_unit_test(test_attention_to_8_bits),
        cmocka_unit_test(test_attention_to_slots),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
    };
    int failed = cmocka_run_group_tests_name("bf16", tests, open_devices, close_devices);
    half = TENSOR_F16;
    return failed + cmocka_run_group_tests_name("f16", tests, open_devices, close_devices);
}
