/* Sound that goes out: clamped before and after it is resampled, channel by channel, mono to as many as are wanted. */
#include "audio/outgoing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct outgoing *open_one(int from, int to, int channels, int out_channels, bool live)
{
    struct outgoing *o = NULL;
    struct fault fault = {0};
    const struct outgoing_params params = {from, to, channels, out_channels, live};
    assert_int_equal(outgoing_open(&o, &params, &fault), 0);
    return o;
}

/* All of x, [frames, channels], in odd pieces, and its end; as [*made, out_channels]. */
static float *convert(struct outgoing *o, const float *x, int64_t frames, int channels, int out_channels, int64_t *made)
{
    float *y = malloc(sizeof *y * (size_t)(frames * 8 + 1000) * (size_t)out_channels);
    struct fault fault = {0};
    const float *out;
    int64_t count;
    *made = 0;
    for (int64_t at = 0, piece; at < frames; at += piece) {
        piece = frames - at < 777 ? frames - at : 777;
        count = outgoing_feed(o, x + at * channels, piece, &out, &fault);
        assert_true(count >= 0);
        memcpy(y + *made * out_channels, out, (size_t)(count * out_channels) * sizeof *y);
        *made += count;
    }
    while ((count = outgoing_finish(o, &out, &fault)) > 0) {
        memcpy(y + *made * out_channels, out, (size_t)(count * out_channels) * sizeof *y);
        *made += count;
    }
    assert_int_equal(count, 0);
    return y;
}

static void test_clamped(void **state)
{
    (void)state;
    static const float x[] = {0.25f, 1, -1, 1.0001f, -7, INFINITY, -INFINITY, NAN};
    static const float right[] = {0.25f, 1, -1, 1, -1, 1, -1, 0};
    int64_t made;
    struct outgoing *o = open_one(16000, 16000, 2, 2, false);
    float *y = convert(o, x, 4, 2, 2, &made);
    assert_int_equal(made, 4);
    assert_memory_equal(y, right, sizeof right);
    assert_int_equal(outgoing_clipped(o), 5);
    outgoing_close(&o);
    assert_null(o);
    outgoing_close(&o);
    free(y);
}

/* A square wave of full scale overshoots when it is resampled. */
static void test_overshoot(void **state)
{
    (void)state;
    enum { COUNT = 4000 };
    float x[COUNT];
    int64_t made;
    for (int i = 0; i < COUNT; i++)
        x[i] = i / 40 % 2 ? 1 : -1;
    for (int live = 0; live < 2; live++) {
        struct outgoing *o = open_one(16000, 22050, 1, 1, live);
        float *y = convert(o, x, COUNT, 1, 1, &made);
        float most = 0;
        for (int64_t i = 0; i < made; i++)
            most = fmaxf(most, fabsf(y[i]));
        assert_true(most == 1);
        assert_int_equal(outgoing_clipped(o), 0);
        outgoing_close(&o);
        free(y);
    }
}

/* Two channels stay apart; one becomes two alike; after a reset it all comes again. */
static void test_channels(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    float *x = malloc(sizeof *x * 2 * COUNT);
    int64_t made, again;
    for (int i = 0; i < COUNT; i++) {
        x[2 * i] = (float)(0.5 * sin(0.1 * i));
        x[2 * i + 1] = 0;
    }
    struct outgoing *o = open_one(22050, 44100, 2, 2, true);
    float *y = convert(o, x, COUNT, 2, 2, &made);
    assert_int_equal(made, 2 * COUNT);
    double left = 0;
    for (int64_t i = 0; i < made; i++) {
        left += (double)y[2 * i] * (double)y[2 * i];
        assert_true(y[2 * i + 1] == 0);
    }
    assert_true(left / (double)made > 0.12 && left / (double)made < 0.13);
    outgoing_reset(o);
    float *z = convert(o, x, COUNT, 2, 2, &again);
    assert_int_equal(again, made);
    assert_memory_equal(z, y, (size_t)(2 * made) * sizeof *y);
    outgoing_close(&o);
    free(y), free(z);

    o = open_one(22050, 8000, 1, 2, true);
    y = convert(o, x, COUNT, 1, 2, &made);
    assert_int_equal(made, llround(COUNT * 8000.0 / 22050));
    for (int64_t i = 0; i < made; i++)
        assert_true(y[2 * i] == y[2 * i + 1]);
    outgoing_close(&o);
    free(x), free(y);
}

static void test_refused(void **state)
{
    (void)state;
    struct outgoing *o = NULL;
    struct fault fault = {0};
    const struct outgoing_params params = {999, 16000, 1, 1, false};
    assert_int_equal(outgoing_open(&o, &params, &fault), UTTER_ERROR_ARGUMENT);
    assert_null(o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_clamped),
        cmocka_unit_test(test_overshoot),
        cmocka_unit_test(test_channels),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
