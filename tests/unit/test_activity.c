/* Voice activity: silence and steady noise are not speech, a voice in noise is; chunks do not matter; recordings are
 * cut where they are quiet. The real recordings of ../shared/speech are used where they are. */
#include "audio/activity.h"
#include "audio/file.h"
#include "audio/resample.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SECONDS = 12, COUNT = SECONDS * ACTIVITY_RATE, FRAMES = COUNT / ACTIVITY_HOP };

static uint32_t random_state = 1;
static float random_sample(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (float)(random_state >> 8) / 8388608.0f - 1;
}

/* Uniform noise of a given RMS. */
static float *make_noise(float rms)
{
    float *x = malloc(COUNT * sizeof *x);
    for (int i = 0; i < COUNT; i++)
        x[i] = rms * 1.7320508f * random_sample();
    return x;
}

/* Whether second s of the test sound has a voice: 2 to 5 and 8 to 10. */
static bool has_voice(int frame)
{
    return (frame >= 200 && frame < 500) || (frame >= 800 && frame < 1000);
}

/* Adds a buzz with two formants, in syllables of a quarter of a second. */
static void add_voice(float *x, float rms)
{
    for (int i = 0; i < COUNT; i++) {
        if (!has_voice(i / ACTIVITY_HOP))
            continue;
        const double t = (double)i / ACTIVITY_RATE, syllable = 0.55 + 0.45 * sin(2 * 3.14159265 * 4 * t);
        double sum = 0;
        for (int k = 1; k < 25; k++) {
            const double f = 120.0 * k, a = 1 / (1 + pow((f - 500) / 200, 2)) + 0.5 / (1 + pow((f - 1500) / 300, 2));
            sum += a * sin(2 * 3.14159265 * f * t);
        }
        x[i] += (float)(rms * syllable * sum);
    }
}

static struct activity *open_default(void)
{
    struct activity_params params;
    struct activity *a;
    struct fault fault = {0};
    activity_params_default(&params);
    assert_int_equal(activity_open(&a, &params, &fault), 0);
    return a;
}

/* All verdicts on x, fed in chunks and taken as they come. */
static int judge(struct activity *a, const float *x, int64_t count, int64_t chunk, struct activity_frame *out)
{
    struct fault fault = {0};
    int frames = 0;
    for (int64_t at = 0, step; at < count; at += step) {
        step = chunk < count - at ? chunk : count - at;
        assert_int_equal(activity_feed(a, x + at, step, &fault), 0);
        frames += activity_take(a, out + frames, 7);
    }
    activity_finish(a);
    for (int got = 1; got; frames += got)
        got = activity_take(a, out + frames, 100);
    return frames;
}

static int count_speech(const float *x, int64_t count)
{
    struct activity *a = open_default();
    struct activity_frame *out = malloc((size_t)(count / ACTIVITY_HOP + 1) * sizeof *out);
    const int frames = judge(a, x, count, 1600, out);
    int speech = 0;
    assert_int_equal(frames, count / ACTIVITY_HOP);
    for (int i = 0; i < frames; i++)
        speech += out[i].speech;
    free(out);
    activity_close(&a);
    return speech;
}

static void quiet_is_not_speech(void **state)
{
    (void)state;
    static const float levels[] = {0, 1e-5f, 1e-4f, 1e-3f, 1e-2f};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        float *x = make_noise(levels[i]);
        assert_int_equal(count_speech(x, COUNT), 0);
        for (int k = 0; k < COUNT; k++) /* an offset, and a hum, are no voice either */
            x[k] += 0.05f + 0.01f * sinf(6.2831853f * 50 * (float)k / ACTIVITY_RATE);
        assert_int_equal(count_speech(x, COUNT), 0);
        free(x);
    }
}

static void numbers_that_are_none_are_silence(void **state)
{
    (void)state;
    float *x = make_noise(1e-3f);
    for (int i = 0; i < COUNT; i += 3)
        x[i] = i % 2 ? NAN : INFINITY;
    assert_int_equal(count_speech(x, COUNT), 0);
    free(x);
}

/* The voice is found at several loudnesses, 10 dB above the noise, and little else is. */
static void finds_a_voice_in_noise(void **state)
{
    (void)state;
    static const float levels[] = {0.003f, 0.02f, 0.1f};
    struct activity_frame *out = malloc(FRAMES * sizeof *out);
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        struct activity *a = open_default();
        float *x = make_noise(levels[i] * 0.316f);
        int found = 0, voiced = 0, wrong = 0;
        add_voice(x, levels[i]);
        assert_int_equal(judge(a, x, COUNT, 1000, out), FRAMES);
        for (int k = 0; k < FRAMES; k++) {
            voiced += has_voice(k);
            found += has_voice(k) && out[k].speech;
            /* beyond what lead and hangover add */
            wrong += out[k].speech && !has_voice(k) && !(k > 20 && has_voice(k - 32)) && !has_voice(k + 24);
        }
        print_message("level %g: %d of %d voiced frames, %d others\n", (double)levels[i], found, voiced, wrong);
        assert_true(found >= voiced * 95 / 100);
        assert_true(wrong <= 20);
        free(x);
        activity_close(&a);
    }
    free(out);
}

static void levels_are_those_of_the_sound(void **state)
{
    (void)state;
    float x[ACTIVITY_HOP * 4];
    struct activity_frame out[4];
    struct activity *a = open_default();
    for (int i = 0; i < ACTIVITY_HOP * 4; i++)
        x[i] = (i / ACTIVITY_HOP == 3 ? 0 : 0.1f) * (i % 2 ? 1 : -1);
    assert_int_equal(judge(a, x, ACTIVITY_HOP * 4, 13, out), 4);
    assert_true(fabsf(out[0].level_dbfs + 20) < 0.01f);
    assert_true(out[3].level_dbfs == -120);
    activity_close(&a);
}

static void chunks_do_not_matter(void **state)
{
    (void)state;
    static const int64_t chunks[] = {1, 37, 160, 1000, 40000};
    struct activity_frame *whole = calloc(FRAMES, sizeof *whole), *part = calloc(FRAMES, sizeof *part);
    struct activity *a = open_default();
    float *x = make_noise(0.003f);
    add_voice(x, 0.02f);
    assert_int_equal(judge(a, x, COUNT, COUNT, whole), FRAMES);
    for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        activity_reset(a);
        assert_int_equal(judge(a, x, COUNT, chunks[i], part), FRAMES);
        for (int k = 0; k < FRAMES; k++)
            assert_true(part[k].speech == whole[k].speech && part[k].level_dbfs == whole[k].level_dbfs);
    }
    free(whole), free(part), free(x);
    activity_close(&a);
}

static void short_and_finished(void **state)
{
    (void)state;
    struct fault fault = {0};
    struct activity_frame out[4];
    float x[ACTIVITY_HOP] = {0};
    struct activity *a = open_default();
    assert_int_equal(judge(a, x, 0, 1, out), 0);
    assert_int_equal(activity_feed(a, x, 1, &fault), UTTER_ERROR_STATE);
    activity_reset(a);
    assert_int_equal(judge(a, x, ACTIVITY_HOP - 1, 50, out), 0);
    activity_close(&a);
    struct activity_params params;
    activity_params_default(&params);
    params.lead_frames = -1;
    fault_clear(&fault);
    assert_int_equal(activity_open(&a, &params, &fault), UTTER_ERROR_ARGUMENT);
}

/* Frames at -20 dB with dips. */
static void dip(struct activity_frame *frames, int begin, int end, float level)
{
    for (int i = begin; i < end; i++)
        frames[i].level_dbfs = level;
}

static void cuts_where_it_is_quiet(void **state)
{
    (void)state;
    struct activity_frame frames[1000] = {0};
    dip(frames, 0, 1000, -20);
    dip(frames, 300, 330, -60);
    assert_in_range(activity_quietest(frames, 0, 1000), 312, 318);
    dip(frames, 600, 603, -90); /* too short to be a pause */
    assert_in_range(activity_quietest(frames, 0, 1000), 312, 318);
    dip(frames, 700, 760, -60); /* longer */
    assert_in_range(activity_quietest(frames, 0, 1000), 727, 733);
    dip(frames, 900, 960, -60); /* as long, and later */
    assert_in_range(activity_quietest(frames, 0, 1000), 927, 933);
    dip(frames, 100, 120, -69); /* quieter */
    assert_in_range(activity_quietest(frames, 0, 1000), 108, 112);
    assert_in_range(activity_quietest(frames, 400, 500), 400, 499);
    assert_int_equal(activity_quietest(frames, 5, 5), 5);
    assert_int_equal(activity_quietest(frames, 5, 6), 5);
}

/* Reads one recording, resamples it, and counts its frames and those called speech. */
static void judge_file(const char *path, long *frames, long *speech)
{
    struct fault fault = {0};
    struct audio_file *file;
    struct audio_file_info info;
    struct resampler *r;
    assert_int_equal(audio_file_open_path(&file, path, path, &fault), 0);
    audio_file_get_info(file, &info);
    assert_int_equal(info.channels, 1);
    const int64_t room = 60 * (int64_t)info.sample_rate;
    float *in = malloc((size_t)room * sizeof *in);
    const int64_t count = audio_file_read(file, in, room, &fault);
    assert_int_equal(resampler_open(&r, info.sample_rate, ACTIVITY_RATE, &fault), 0);
    float *out = malloc((size_t)(resampler_bound(r, count) + 2 * resampler_bound(r, 0)) * sizeof *out);
    int64_t total = resampler_feed(r, in, count, out, &fault);
    for (int64_t got = 1; got; total += got)
        got = resampler_finish(r, out + total, &fault);
    *frames += total / ACTIVITY_HOP;
    *speech += count_speech(out, total);
    free(in), free(out);
    resampler_close(&r);
    audio_file_close(&file);
}

static void finds_real_speech(void **state)
{
    (void)state;
    char line[512], path[700];
    long frames = 0, speech = 0;
    FILE *list = fopen(SOURCE_DIR "/../shared/speech/eval_an4.tsv", "r");
    if (!list) {
        print_message("skipped: ../shared/speech is not there\n");
        skip();
    }
    assert_non_null(fgets(line, sizeof line, list));
    for (int i = 0; i < 30 && fgets(line, sizeof line, list); i++) {
        line[strcspn(line, "\t")] = 0;
        snprintf(path, sizeof path, "%s/../shared/speech/eval_an4/%s", SOURCE_DIR, line);
        judge_file(path, &frames, &speech);
    }
    fclose(list);
    print_message("real recordings: %ld of %ld frames\n", speech, frames);
    assert_true(speech > frames * 8 / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quiet_is_not_speech),    cmocka_unit_test(numbers_that_are_none_are_silence),
        cmocka_unit_test(finds_a_voice_in_noise), cmocka_unit_test(levels_are_those_of_the_sound),
        cmocka_unit_test(chunks_do_not_matter),   cmocka_unit_test(short_and_finished),
        cmocka_unit_test(cuts_where_it_is_quiet), cmocka_unit_test(finds_real_speech),
    };
    return cmocka_run_group_tests_name("activity", tests, NULL, NULL);
}
