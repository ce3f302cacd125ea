/* Resampling: tones come through clean and in place, at exact lengths, however the input is cut. */
#include "audio/resample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;

static float *make_tone(int rate, double hertz, int64_t count)
{
    float *x = malloc((size_t)(count + 1) * sizeof *x);
    for (int64_t i = 0; i < count; i++)
        x[i] = (float)(0.5 * sin(2 * pi * hertz * (double)i / rate + 0.3));
    return x;
}

/* The whole of x through r in chunks of chunk samples; *total is how many came out. */
static float *convert(struct resampler *r, const float *x, int64_t count, int64_t chunk, int64_t *total)
{
    struct fault fault = {0};
    size_t room = (size_t)resampler_bound(r, count) + (size_t)resampler_bound(r, 0) * 2;
    float *out = malloc(room * sizeof *out);
    *total = 0;
    for (int64_t at = 0, step; at < count; at += step) {
        step = chunk < count - at ? chunk : count - at;
        float *piece = malloc((size_t)resampler_bound(r, step) * sizeof *piece);
        const int64_t made = resampler_feed(r, x + at, step, piece, &fault);
        assert_in_range(made, 0, resampler_bound(r, step));
        memcpy(out + *total, piece, (size_t)made * sizeof *out);
        *total += made;
        free(piece);
    }
    for (int64_t made = 1; made; *total += made) {
        made = resampler_finish(r, out + *total, &fault);
        assert_in_range(made, 0, resampler_bound(r, 0));
    }
    return out;
}

/* Which of the two is under test: every test runs with both. */
static int (*open_resampler)(struct resampler **, int, int, struct fault *) = resampler_open;

static bool live(void)
{
    return open_resampler == resampler_open_live;
}

static struct resampler *open_rates(int from, int to)
{
    struct resampler *r;
    struct fault fault = {0};
    assert_int_equal(open_resampler(&r, from, to, &fault), 0);
    return r;
}

/* Signal over error in dB against the tone itself at the new rate, away from the ends. */
static double tone_quality(int from, int to, double hertz)
{
    const int64_t count = from / 2;
    int64_t total;
    struct resampler *r = open_rates(from, to);
    float *x = make_tone(from, hertz, count), *y = convert(r, x, count, 1000, &total);
    float *right = make_tone(to, hertz, total);
    double signal = 0, error = 0;
    for (int64_t i = total / 8; i < total - total / 8; i++) {
        const double d = (double)y[i] - (double)right[i];
        signal += (double)right[i] * (double)right[i];
        error += d * d;
    }
    free(x), free(y), free(right);
    resampler_close(&r);
    return 10 * log10(signal / error);
}

static void tones_come_through(void **state)
{
    (void)state;
    static const int rates[] = {8000, 11025, 22050, 24000, 32000, 44100, 48000, 96000, 768000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        const double edge = 0.9 * 0.5 * (rates[i] < 16000 ? rates[i] : 16000);
        double worst = 1000;
        for (int k = 1; k <= 8; k++)
            worst = fmin(worst, tone_quality(rates[i], 16000, edge * k / 8 - 50));
        print_message("%d to 16000 Hz: at least %.1f dB\n", rates[i], worst);
        assert_true(worst >= (live() ? 80 : 90));
    }
}

/* What lies above the new band does not fold into it. */
static void stop_band_is_quiet(void **state)
{
    (void)state;
    int64_t total;
    for (int hertz = 8200; hertz < 22000; hertz += 1300) {
        struct resampler *r = open_rates(44100, 16000);
        float *x = make_tone(44100, hertz, 22050), *y = convert(r, x, 22050, 22050, &total);
        double energy = 0;
        for (int64_t i = total / 8; i < total - total / 8; i++)
            energy += (double)y[i] * (double)y[i];
        assert_true(10 * log10(energy / (0.75 * (double)total) / 0.125 + 1e-30) < (live() ? -80 : -90));
        free(x), free(y);
        resampler_close(&r);
    }
}

static void lengths_are_exact(void **state)
{
    (void)state;
    static const int rates[][2] = {{8000, 16000},  {44100, 16000}, {48000, 16000},  {768000, 16000}, {1000, 16000},
                                   {16000, 16000}, {22050, 16000}, {16000, 768000}, {16001, 16000},  {11025, 48000}};
    static const int64_t counts[] = {0, 1, 2, 441, 5000, 44101};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        for (size_t k = 0; k < sizeof counts / sizeof *counts; k++) {
            struct resampler *r = open_rates(rates[i][0], rates[i][1]);
            float *x = make_tone(rates[i][0], 100, counts[k]);
            int64_t total;
            free(convert(r, x, counts[k], 777, &total));
            assert_int_equal(total, llround((double)counts[k] * rates[i][1] / rates[i][0]));
            free(x);
            resampler_close(&r);
        }
    }
}

static void chunks_do_not_matter(void **state)
{
    (void)state;
    static const int rates[] = {8000, 44100, 48000, 16000, 768000};
    static const int64_t chunks[] = {1, 7, 160, 4096, 30000};
    enum { COUNT = 30000 };
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct resampler *r = open_rates(rates[i], 16000);
        float *x = make_tone(rates[i], 440, COUNT);
        int64_t total, again;
        float *whole = convert(r, x, COUNT, COUNT, &total);
        for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
            resampler_reset(r);
            float *part = convert(r, x, COUNT, chunks[k], &again);
            assert_int_equal(again, total);
            assert_memory_equal(part, whole, (size_t)total * sizeof *part);
            free(part);
        }
        free(whole), free(x);
        resampler_close(&r);
    }
}

static void refuses_rates(void **state)
{
    (void)state;
    static const int rates[][2] = {{0, 16000}, {-8000, 16000}, {16000, 999}, {1000000000, 16000}, {16000, 768001}};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct resampler *r;
        struct fault fault = {0};
        assert_int_equal(resampler_open(&r, rates[i][0], rates[i][1], &fault), UTTER_ERROR_ARGUMENT);
        assert_null(r);
        assert_true(fault.message[0]);
    }
}

static void finished_takes_no_more(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct resampler *r = open_rates(8000, 16000);
    float x[10] = {0}, *out = malloc((size_t)resampler_bound(r, 10) * sizeof *out);
    assert_true(resampler_feed(r, x, 10, out, &fault) >= 0);
    while (resampler_finish(r, out, &fault))
        ;
    assert_int_equal(resampler_feed(r, x, 10, out, &fault), UTTER_ERROR_STATE);
    free(out);
    resampler_close(&r);
}

/* All but the filter's 16 ms is there at once. */
static void live_is_prompt(void **state)
{
    (void)state;
    static const int rates[] = {8000, 44100, 48000};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        struct fault fault = {0};
        struct resampler *r;
        assert_int_equal(resampler_open_live(&r, rates[i], 16000, &fault), 0);
        const int64_t count = rates[i] / 10;
        float *x = make_tone(rates[i], 440, count), *out = malloc((size_t)resampler_bound(r, count) * sizeof *out);
        assert_in_range(resampler_feed(r, x, count, out, &fault), 1600 - 258, 1600);
        free(x), free(out);
        resampler_close(&r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tones_come_through), cmocka_unit_test(stop_band_is_quiet),
        cmocka_unit_test(lengths_are_exact),  cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(refuses_rates),      cmocka_unit_test(finished_takes_no_more),
        cmocka_unit_test(live_is_prompt),
    };
    int failed = cmocka_run_group_tests_name("resample", tests, NULL, NULL);
    open_resampler = resampler_open_live;
    return failed + cmocka_run_group_tests_name("resample, live", tests, NULL, NULL);
}
