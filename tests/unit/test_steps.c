/* Steps that a device may do as one (step_begin, step_end) against plain C, which knows nothing of them: a decoder's
 * layer over keys in slots, with other rows, lists and uploads from step to step; on the GPU's kernels, emulated, also
 * how often a graph was launched instead. */
#include "devices.h"

enum {
    WIDTH = 32,
    HEADS = 2,
    WINDOWS = 3,
    POSITIONS = 20,
    SLOTS = 160,
    VOCABULARY = 24,
    MOST_ROWS = 8,
    ARENA = 16 << 20
};

#ifdef UTTER_CUDA_EMULATED
extern int emulation_graphs_launched, emulation_captures_begun;
extern bool emulation_captures_fail;
#endif

static uint32_t state = 1;

static int pick(int below)
{
    state = state * 1664525u + 1013904223u;
    return (int)((state >> 8) % (uint32_t)below);
}

static void draw(float *out, int64_t count)
{
    for (int64_t i = 0; i < count; i++)
        out[i] = (float)pick(2001) / 1000.0f - 1.0f;
}

/* A layer on one device. */
struct layer {
    const struct device *device;
    struct context context;
    struct linear query, key, output;
    struct norm norm;
    struct tensor embedding, keys, values, cross_keys, cross_values;
    size_t behind_kept;
};

/* What a step asks for. */
struct asked {
    int rows, length; /* length: of the lists */
    int tokens[MOST_ROWS], slots[MOST_ROWS], last[MOST_ROWS];
    int lists[MOST_ROWS][SLOTS], others[MOST_ROWS][SLOTS];
    struct query_span self[MOST_ROWS], other[MOST_ROWS], cross[MOST_ROWS];
    float added[MOST_ROWS * WIDTH];
};

static struct tensor kept(struct layer *l, int rank, int64_t a, int64_t b, int64_t c, int64_t d)
{
    struct tensor t = tensor_new(&l->context, TENSOR_F32, rank, (int64_t[]){a, b, c, d});
    float *host = memory_new((size_t)tensor_count(&t), sizeof *host);
    assert_non_null(host);
    draw(host, tensor_count(&t));
    tensor_upload(&l->context, t, host, tensor_count(&t));
    free(host);
    return t;
}

static void prepare(const struct device *d, struct linear *l, int64_t out)
{
    float weight[WIDTH * WIDTH], bias[WIDTH];
    struct fault fault = {0};
    draw(weight, out * WIDTH);
    draw(bias, out);
    for (int64_t i = 0; i < out * WIDTH; i++)
        weight[i] *= 0.2f;
    assert_int_equal(linear_prepare(d, l, weight, bias, out, WIDTH, TENSOR_F32, &fault), 0);
}

/* The same numbers on every device. */
static void open_layer(struct layer *l, const struct device *d)
{
    float ones[WIDTH];
    struct fault fault = {0};
    state = 7;
    *l = (struct layer){.device = d, .norm = {WIDTH, 1e-5f, NULL, NULL}};
    prepare(d, &l->query, WIDTH);
    prepare(d, &l->key, WIDTH);
    prepare(d, &l->output, VOCABULARY);
    for (int i = 0; i < WIDTH; i++)
        ones[i] = 1.0f;
    assert_int_equal(floats_prepare(d, &l->norm.weight, ones, WIDTH, &fault), 0);
    assert_int_equal(floats_prepare(d, &l->norm.bias, ones, WIDTH, &fault), 0);
    assert_int_equal(context_open(&l->context, d, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&l->context, ARENA, &fault), 0);
    l->embedding = kept(l, 2, VOCABULARY, WIDTH, 0, 0);
    l->keys = kept(l, 2, SLOTS, WIDTH, 0, 0);
    l->values = kept(l, 2, SLOTS, WIDTH, 0, 0);
    l->cross_keys = kept(l, 4, WINDOWS, HEADS, POSITIONS, WIDTH / HEADS);
    l->cross_values = kept(l, 4, WINDOWS, HEADS, POSITIONS, WIDTH / HEADS);
    l->behind_kept = arena_mark(&l->context);
}

static void close_layer(struct layer *l)
{
    context_close(&l->context);
    linear_release(l->device, &l->query);
    linear_release(l->device, &l->key);
    linear_release(l->device, &l->output);
    floats_release(l->device, &l->norm.weight);
    floats_release(l->device, &l->norm.bias);
}

static struct tensor rows_of(struct context *c, int rows, int64_t width)
{
    return tensor_new(c, TENSOR_F32, 2, (int64_t[]){rows, width});
}

/* adds: how many additions there are behind the layer, for steps that differ. */
static void run(struct layer *l, const struct asked *a, int adds, float *logits)
{
    struct context *c = &l->context;
    arena_release(c, l->behind_kept);
    struct tensor x = rows_of(c, a->rows, WIDTH), h = rows_of(c, a->rows, WIDTH), q = rows_of(c, a->rows, WIDTH),
                  k = rows_of(c, a->rows, WIDTH), out = rows_of(c, a->rows, VOCABULARY);
    step_begin(c);
    gather_rows(c, x, l->embedding, a->tokens);
    tensor_upload(c, h, a->added, tensor_count(&h));
    add(c, x, x, 0.5f, h);
    layer_norm(c, h, x, &l->norm);
    linear(c, q, h, &l->query);
    linear_silu(c, k, h, &l->key);
    scatter_rows(c, l->keys, k, a->slots);
    scatter_rows(c, l->values, k, a->slots);
    kept_attention(c, h, q, l->keys, l->values, HEADS, 0.2f, a->self, a->rows);
    add(c, x, x, 1, h);
    kept_attention(c, h, q, l->keys, l->values, HEADS, 0.2f, a->other, a->rows); /* as much is sent, of other slots */
    add(c, x, x, 1, h);
    kept_attention(c, h, q, l->keys, l->values, HEADS, 0.3f, a->self, a->rows); /* the same is sent again */
    add(c, x, x, 1, h);
    kept_attention(c, h, q, l->cross_keys, l->cross_values, HEADS, 0.2f, a->cross, a->rows);
    linear_add(c, x, h, &l->query, 0.5f, x);
    for (int i = 0; i < adds; i++)
        add(c, x, x, 0.1f, h);
    gather_rows(c, h, x, a->last);
    linear(c, out, h, &l->output);
    step_end(c);
    tensor_download(c, logits, out, tensor_count(&out));
}

/* Rows with lists of about this length. */
static void ask(struct asked *a, int rows, int length)
{
    a->rows = rows;
    for (int r = 0; r < rows; r++) {
        const int own = length - pick(length < 5 ? length : 5);
        a->tokens[r] = pick(VOCABULARY);
        a->slots[r] = r * (SLOTS / MOST_ROWS) + pick(SLOTS / MOST_ROWS);
        a->last[r] = pick(rows);
        for (int i = 0; i < own; i++) {
            a->lists[r][i] = pick(SLOTS);
            a->others[r][i] = pick(SLOTS);
        }
        a->self[r] = (struct query_span){r, 1, own, 0, a->lists[r]};
        a->other[r] = (struct query_span){r, 1, own, 0, a->others[r]};
        a->cross[r] = (struct query_span){r, 1, POSITIONS - pick(9), pick(WINDOWS), NULL};
    }
    draw(a->added, (int64_t)rows * WIDTH);
}

static void expect_same(struct layer *one, struct layer *two, const struct asked *a, int adds)
{
    float expected[MOST_ROWS * VOCABULARY], got[MOST_ROWS * VOCABULARY];
    run(one, a, adds, expected);
    run(two, a, adds, got);
    if (one->context.fault.code || two->context.fault.code)
        fail_msg("%s%s", one->context.fault.message, two->context.fault.message);
    for (int i = 0; i < a->rows * VOCABULARY; i++)
        if (!(fabsf(expected[i] - got[i]) <= 1e-4f * (1 + fabsf(expected[i]))))
            fail_msg("%s: element %d is %.7g instead of %.7g", two->device->name, i, (double)got[i],
                     (double)expected[i]);
}

static const struct device *the_gpu(void)
{
    if (devices <= LEVELS)
        skip();
    return fast[LEVELS];
}

/* What the emulation counted; nothing where there is none. */
struct counts {
    int launched, captured;
};

static struct counts counts(void)
{
#ifdef UTTER_CUDA_EMULATED
    if (!getenv("UTTER_TEST_GPU"))
        return (struct counts){emulation_graphs_launched, emulation_captures_begun};
#endif
    return (struct counts){-1, -1};
}

/* Since then, so many graphs were launched, and so many begun. */
static void expect_graphs(struct counts before, int launched, int captured)
{
    const struct counts now = counts();
    if (now.launched < 0)
        return;
    assert_int_equal(now.launched - before.launched, launched);
    assert_int_equal(now.captured - before.captured, captured);
}

static void let_captures_fail(bool fail_them)
{
#ifdef UTTER_CUDA_EMULATED
    emulation_captures_fail = fail_them;
#else
    (void)fail_them;
#endif
}

static void on_both(void (*steps)(struct layer *one, struct layer *two, struct asked *a))
{
    const struct device *gpu = the_gpu();
    struct layer one, two;
    struct asked *a = memory_new(1, sizeof *a);
    assert_non_null(a);
    open_layer(&one, plain);
    open_layer(&two, gpu);
    steps(&one, &two, a);
    close_layer(&one);
    close_layer(&two);
    free(a);
}

/* Lists that grow by a slot a step: a graph serves until they need more room. */
static void growing(struct layer *one, struct layer *two, struct asked *a)
{
    const struct counts before = counts();
    for (int i = 0; i < 100; i++) {
        ask(a, 3, 20 + i);
        expect_same(one, two, a, 0);
    }
    expect_graphs(before, 98, 2); /* room for 64 and for 128 slots: each is first met once */
}

static void steps_are_what_they_are_alone(void **unused)
{
    (void)unused;
    on_both(growing);
}

/* Every number of rows, as a batch ends and begins anew: the graphs of the first pass serve the later ones. */
static void of_all_rows(struct layer *one, struct layer *two, struct asked *a)
{
    const struct counts before = counts();
    for (int pass = 0; pass < 4; pass++)
        for (int rows = MOST_ROWS; rows > 0; rows--) {
            ask(a, rows, 40);
            expect_same(one, two, a, 0);
        }
    expect_graphs(before, 3 * MOST_ROWS, MOST_ROWS);
}

static void rows_come_and_go(void **unused)
{
    (void)unused;
    on_both(of_all_rows);
}

/* More lists than there is room for graphs, then again; one that comes every other time keeps its own. */
static void many_graphs(struct layer *one, struct layer *two, struct asked *a)
{
    enum { OTHERS = 70 };
    const struct counts before = counts();
    for (int pass = 0; pass < 3; pass++)
        for (int adds = 0; adds < OTHERS; adds++) {
            ask(a, 1, 5);
            expect_same(one, two, a, adds);
            ask(a, 2, 5);
            expect_same(one, two, a, 0);
        }
    expect_graphs(before, 3 * OTHERS - 1 + 2 * OTHERS, 1 + 2 * OTHERS);
}

static void the_oldest_graph_goes(void **unused)
{
    (void)unused;
    on_both(many_graphs);
}

/* More is sent than there is room for on its way: the step is issued in parts. */
static void crowded(struct layer *one, struct layer *two, struct asked *a)
{
    enum { PARTS = 3, COUNT = 600 * 1024 };
    float *host = memory_new(COUNT, sizeof *host), *results[2];
    struct layer *layers[] = {one, two};
    assert_non_null(host);
    ask(a, 2, 30);
    for (int d = 0; d < 2; d++) {
        struct context *c = &layers[d]->context;
        results[d] = memory_new(COUNT, sizeof *host);
        assert_non_null(results[d]);
        state = 11;
        arena_release(c, layers[d]->behind_kept);
        struct tensor x = rows_of(c, 1, COUNT), y = rows_of(c, 1, COUNT);
        step_begin(c);
        for (int i = 0; i < PARTS; i++) {
            draw(host, COUNT);
            tensor_upload(c, i ? y : x, host, COUNT);
            if (i)
                add(c, x, x, 1, y);
        }
        step_end(c);
        tensor_download(c, results[d], x, COUNT);
        assert_int_equal(c->fault.code, 0);
    }
    assert_memory_equal(results[0], results[1], COUNT * sizeof *host);
    free(host);
    free(results[0]);
    free(results[1]);
    for (int i = 0; i < 3; i++)
        expect_same(one, two, a, 0);
}

static void a_crowded_step_is_issued_in_parts(void **unused)
{
    (void)unused;
    on_both(crowded);
}

/* A download in the middle has what was asked for before it, and the rest goes on. */
static void interrupted(struct layer *one, struct layer *two, struct asked *a)
{
    float first[2][WIDTH], whole[2][WIDTH];
    struct layer *layers[] = {one, two};
    for (int i = 0; i < 4; i++) {
        ask(a, 1, 9);
        for (int d = 0; d < 2; d++) {
            struct context *c = &layers[d]->context;
            arena_release(c, layers[d]->behind_kept);
            struct tensor x = rows_of(c, 1, WIDTH);
            step_begin(c);
            gather_rows(c, x, layers[d]->embedding, a->tokens);
            tensor_download(c, first[d], x, WIDTH);
            add(c, x, x, 1, x);
            step_end(c);
            tensor_download(c, whole[d], x, WIDTH);
            assert_int_equal(c->fault.code, 0);
        }
        assert_memory_equal(first[0], first[1], sizeof first[0]);
        assert_memory_equal(whole[0], whole[1], sizeof whole[0]);
    }
}

static void a_download_ends_a_step(void **unused)
{
    (void)unused;
    on_both(interrupted);
}

/* An op that is refused in a step: nothing of it is left for the next one. */
static void refused(struct layer *one, struct layer *two, struct asked *a)
{
    for (int i = 0; i < 4; i++) {
        struct context *c = &two->context;
        ask(a, 2, 30);
        expect_same(one, two, a, 0);
        step_begin(c);
        gather_rows(c, rows_of(c, 2, WIDTH), two->embedding, a->tokens);
        add(c, rows_of(c, 2, WIDTH), rows_of(c, 3, WIDTH), 1, rows_of(c, 2, WIDTH));
        step_end(c);
        assert_int_equal(c->fault.code, UTTER_ERROR_ARGUMENT);
        fault_clear(&c->fault);
    }
}

static void a_refusal_leaves_nothing_behind(void **unused)
{
    (void)unused;
    on_both(refused);
}

/* Where a card makes no graph of a step, or none is wanted, it runs all the same, and no other is tried. */
static void without_graphs(struct layer *one, struct layer *two, struct asked *a)
{
    const struct counts before = counts();
    const int tried = !getenv("UTTER_CUDA_GRAPHS");
    let_captures_fail(true);
    for (int i = 0; i < 6; i++) {
        ask(a, 2, 30);
        expect_same(one, two, a, 0);
    }
    let_captures_fail(false);
    expect_graphs(before, 0, tried);
}

static void steps_do_without_graphs(void **unused)
{
    (void)unused;
    on_both(without_graphs);
}

static void the_environment_turns_them_off(void **unused)
{
    (void)unused;
    setenv("UTTER_CUDA_GRAPHS", "0", 1);
    on_both(without_graphs);
    unsetenv("UTTER_CUDA_GRAPHS");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_are_what_they_are_alone), cmocka_unit_test(rows_come_and_go),
        cmocka_unit_test(the_oldest_graph_goes),         cmocka_unit_test(a_crowded_step_is_issued_in_parts),
        cmocka_unit_test(a_download_ends_a_step),        cmocka_unit_test(a_refusal_leaves_nothing_behind),
        cmocka_unit_test(steps_do_without_graphs),       cmocka_unit_test(the_environment_turns_them_off),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
