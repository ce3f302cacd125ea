/* The likeliest of many scores on every device: against sorting, with equals, holes, and nothing at all. */
#include "devices.h"

enum { ROWS = 3, PER_ROW = 4, WIDEST = 3000, ARENA = 1 << 20 };

static uint32_t state = 1;

static int pick(int low, int high)
{
    state = state * 1664525u + 1013904223u;
    return low + (int)((state >> 8) % (uint32_t)(high - low + 1));
}

struct asked {
    int width, count;
    float scores[ROWS * WIDEST];
    struct score_range ranges[ROWS * PER_ROW];
    uint32_t barred[(WIDEST + 31) / 32];
};

/* Coarse numbers, so that many are equal; some are nothing. */
static void ask(struct asked *a, int width, int count)
{
    a->width = width;
    a->count = count;
    for (int i = 0; i < ROWS * width; i++)
        a->scores[i] = pick(0, 9) ? (float)pick(-60, 60) / 4.0f : -INFINITY;
    memset(a->barred, 0, sizeof a->barred);
    for (int i = pick(0, width); i > 0; i -= 2) {
        const int element = pick(0, width - 1);
        a->barred[element / 32] |= UINT32_C(1) << element % 32;
    }
    for (int i = 0; i < ROWS * PER_ROW; i++) {
        const int begin = pick(0, width), end = pick(0, 4) ? pick(begin, width) : begin;
        a->ranges[i] = (struct score_range){begin, i % PER_ROW ? end : width};
    }
}

static void run_on(const struct device *d, const struct asked *a, float *found)
{
    struct context c;
    struct fault fault = {0};
    assert_int_equal(context_open(&c, d, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, ARENA, &fault), 0);
    struct tensor x = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){ROWS, a->width});
    struct tensor out = tensor_new(&c, TENSOR_F32, 3, (int64_t[]){ROWS, PER_ROW, 1 + 2 * a->count});
    tensor_upload(&c, x, a->scores, tensor_count(&x));
    poison(&c, out.data, tensor_bytes(&out));
    likeliest(&c, out, x, a->ranges, PER_ROW, a->barred, a->count);
    tensor_download(&c, found, out, tensor_count(&out));
    if (c.fault.code)
        fail_msg("%s: %s", d->name, c.fault.message);
    context_close(&c);
}

/* By taking the largest of what is left, again and again. */
static void expect(const struct device *d, const struct asked *a, int i, const float *found)
{
    static bool gone[WIDEST];
    const float *x = a->scores + i / PER_ROW * a->width;
    const struct score_range range = a->ranges[i];
    double sum = 0;
    memset(gone, 0, sizeof gone);
    for (int k = range.begin; k < range.end; k++) {
        gone[k] = !(x[k] > -INFINITY) || (a->barred[k / 32] >> k % 32 & 1);
        sum += gone[k] ? 0 : exp((double)x[k]);
    }
    if (sum > 0 ? !(fabs((double)found[0] - log(sum)) < 1e-4) : found[0] != -INFINITY)
        fail_msg("%s: a sum of %g instead of %g", d->name, (double)found[0], log(sum));
    for (int k = 0; k < a->count; k++) {
        int best = -1;
        for (int e = range.begin; e < range.end; e++)
            if (!gone[e] && (best < 0 || x[e] > x[best]))
                best = e;
        if ((int)found[1 + a->count + k] != best || found[1 + k] != (best < 0 ? -INFINITY : x[best]))
            fail_msg("%s: place %d is %g at %g, not element %d", d->name, k, (double)found[1 + k],
                     (double)found[1 + a->count + k], best);
        if (best >= 0)
            gone[best] = true;
    }
}

static void test_against_sorting(void **unused)
{
    (void)unused;
    struct asked *a = memory_new(1, sizeof *a);
    float found[ROWS * PER_ROW * (1 + 2 * LIKELIEST_MOST)];
    assert_non_null(a);
    for (int round = 0; round < 24; round++) {
        ask(a, round % 3 ? pick(1, 700) : pick(701, WIDEST), 1 + round % LIKELIEST_MOST);
        for (int d = -1; d < devices; d++) {
            run_on(d < 0 ? plain : fast[d], a, found);
            for (int i = 0; i < ROWS * PER_ROW; i++)
                expect(d < 0 ? plain : fast[d], a, i, found + i * (1 + 2 * a->count));
        }
    }
    free(a);
}

static void test_refusals(void **unused)
{
    (void)unused;
    struct context c;
    struct fault fault = {0};
    const uint32_t barred[1] = {0};
    const struct score_range good = {0, 8}, bad[] = {{-1, 3}, {4, 3}, {0, 9}};
    assert_int_equal(context_open(&c, plain, TENSOR_F32, &fault), 0);
    assert_int_equal(context_reserve(&c, 1 << 12, &fault), 0);
    struct tensor x = tensor_new(&c, TENSOR_F32, 2, (int64_t[]){1, 8});
    struct tensor out = tensor_new(&c, TENSOR_F32, 3, (int64_t[]){1, 1, 5});
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        likeliest(&c, out, x, &bad[i], 1, barred, 2);
        assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
        fault_clear(&c.fault);
    }
    likeliest(&c, out, x, &good, 1, barred, 1); /* as much as out has no room for */
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    fault_clear(&c.fault);
    likeliest(&c, out, x, &good, 1, barred, LIKELIEST_MOST + 1);
    assert_int_equal(c.fault.code, UTTER_ERROR_ARGUMENT);
    context_close(&c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_against_sorting),
        cmocka_unit_test(test_refusals),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
