/* test_emphasis.c - what emphasis does to a word of the voice that ships, by ear of a machine: how long it lasts, how
 * high it is, how loud it is. */
#include "src/include/utter.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RATE = 22050, MOST = 10 * RATE, FRAME = RATE / 25, STEP = RATE / 100 };

struct heard {
    double seconds, hertz, decibels;
};

static void check(int code)
{
    if (code < 0)
        fail_msg("%s", utter_error_message());
}

/* Autocorrelation of a frame at a lag, of its own energy: 1 at a period. */
static double likeness(const float *x, int lag)
{
    double product = 0, before = 1e-9, after = 1e-9;
    for (int i = 0; i + lag < FRAME; i++) {
        product += (double)x[i] * (double)x[i + lag];
        before += (double)x[i] * (double)x[i];
        after += (double)x[i + lag] * (double)x[i + lag];
    }
    return product / sqrt(before * after);
}

/* A frame's pitch in Hz, 120 to 330, what a woman speaks at; 0 where it is not voiced. */
static double pitch_of(const float *x)
{
    int best = RATE / 330;
    double most = likeness(x, best);
    for (int lag = best + 1; lag <= RATE / 120; lag++) {
        const double here = likeness(x, lag);
        if (here > most) {
            most = here;
            best = lag;
        }
    }
    return most > 0.7 ? (double)RATE / best : 0;
}

static struct heard hear(const float *x, size_t count)
{
    double power = 0, sum = 0;
    int voiced = 0;
    for (size_t i = 0; i < count; i++)
        power += (double)x[i] * (double)x[i];
    for (size_t at = 0; at + FRAME <= count; at += STEP) {
        const double hertz = pitch_of(x + at);
        sum += hertz > 0 ? log(hertz) : 0;
        voiced += hertz > 0;
    }
    assert_true(count > 0 && voiced > 3);
    return (struct heard){(double)count / RATE, exp(sum / voiced), 10 * log10(power / (double)count)};
}

/* The word "seven" of a sentence, with that markup around it. */
static struct heard say(utter_voice *voice, const char *begin, const char *end)
{
    static float samples[MOST];
    char text[200];
    struct utter_speech_params params;
    struct utter_mark mark = {.struct_size = sizeof mark};
    size_t count = 0, got = 1;
    utter_speech *speech = NULL;
    utter_speech_params_init(&params);
    params.markup = UTTER_MARKUP_SSML;
    params.marks = 1;
    snprintf(text, sizeof text, "<speak>I saw %sseven%s birds in the garden.</speak>", begin, end);
    check(utter_speech_open(voice, &params, &speech));
    check(utter_speech_text(speech, text, strlen(text)));
    check(utter_speech_finish(speech));
    for (; got > 0; count += got)
        check(utter_speech_read(speech, samples + count, MOST - count, &got));
    do
        assert_int_equal(utter_speech_next_mark(speech, &mark), 1);
    while (mark.kind != UTTER_MARK_WORD || strcmp(mark.text, "seven") != 0);
    const size_t first = (size_t)(mark.start * RATE), last = (size_t)(mark.end * RATE);
    utter_speech_close(&speech);
    assert_true(last <= count);
    return hear(samples + first, last - first);
}

/* Each level is longer, higher and louder than the next, and none is as without any. */
static void test_levels(void **state)
{
    (void)state;
    static const char *const levels[] = {"strong", "moderate", "none", "reduced"};
    struct utter_engine_params params = {.struct_size = sizeof params, .device = "cpu"};
    utter_engine *engine = NULL;
    utter_voice *voice = NULL;
    setenv("UTTER_MODELS", SOURCE_DIR "/models/default", 1);
    check(utter_engine_open(&engine, &params));
    check(utter_voice_open(engine, NULL, NULL, &voice));
    struct heard before = {10, 1000, 100};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        char begin[40];
        snprintf(begin, sizeof begin, "<emphasis level='%s'>", levels[i]);
        const struct heard now = say(voice, begin, "</emphasis>");
        printf("%s: %.3f s, %.0f Hz, %.1f dB\n", levels[i], now.seconds, now.hertz, now.decibels);
        assert_true(now.seconds < 0.97 * before.seconds);
        assert_true(now.hertz < 0.98 * before.hertz);
        assert_true(now.decibels < before.decibels - 1);
        before = now;
        if (strcmp(levels[i], "none") == 0) {
            const struct heard plain = say(voice, "", "");
            assert_true(plain.seconds == now.seconds && plain.hertz == now.hertz && plain.decibels == now.decibels);
        }
    }
    utter_voice_close(&voice);
    utter_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
