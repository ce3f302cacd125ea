/* Where a stream is cut into windows. */
#include "src/base/memory.h"
#include "src/cutter.h"

#include "tests/stream/sound.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOWS = 256 };

struct cuts {
    struct window windows[WINDOWS];
    size_t count;
};

static int keep(void *context, struct window *window, struct fault *fault)
{
    struct cuts *cuts = context;
    (void)fault;
    assert_true(cuts->count < WINDOWS);
    cuts->windows[cuts->count++] = *window;
    return 0;
}

static void cuts_free(struct cuts *cuts)
{
    for (size_t i = 0; i < cuts->count; i++)
        window_free(&cuts->windows[i]);
    cuts->count = 0;
}

/* chunk 0: pieces of random sizes. */
static void cut(struct cuts *cuts, const struct sound *sound, size_t chunk, uint32_t seed)
{
    struct fault fault = {0};
    struct cutter_params params;
    struct cutter *cutter = NULL;
    cutter_params_default(&params);
    assert_int_equal(cutter_open(&cutter, &params, 3, &fault), 0);
    struct sound dice = {.state = seed};
    for (size_t at = 0; at < sound->count;) {
        size_t count = chunk ? chunk : 1 + (size_t)((1 + (double)sound_noise(&dice)) * 5000);
        if (count > sound->count - at)
            count = sound->count - at;
        assert_int_equal(cutter_feed(cutter, sound->samples + at, (int64_t)count, keep, cuts, &fault), 0);
        at += count;
    }
    assert_int_equal(cutter_finish(cutter, keep, cuts, &fault), 0);
    cutter_close(&cutter);
}

static void check_samples(const struct cuts *cuts, const struct sound *sound)
{
    for (size_t i = 0; i < cuts->count; i++) {
        const struct window *w = &cuts->windows[i];
        assert_true(w->begin >= 0 && w->begin + w->count <= (int64_t)sound->count);
        assert_int_equal(w->channel, 3);
        assert_true(w->count <= 20 * WINDOW_RATE);
        assert_memory_equal(w->samples, sound->samples + w->begin, (size_t)w->count * sizeof(float));
    }
}

static void silence_makes_no_window(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 1};
    struct cuts cuts = {0};
    sound_pause(&sound, 30);
    cut(&cuts, &sound, 1600, 0);
    assert_int_equal(cuts.count, 0);
    sound_free(&sound);
}

static void pauses_part_windows(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 2};
    struct cuts cuts = {0};
    double begins[8];
    for (int i = 0; i < 8; i++) {
        sound_pause(&sound, 2.5);
        begins[i] = (double)sound.count;
        sound_speech(&sound, 3);
    }
    sound_pause(&sound, 2.5);
    cut(&cuts, &sound, 1600, 0);
    check_samples(&cuts, &sound);
    assert_int_equal(cuts.count, 8);
    for (int i = 0; i < 8; i++) {
        const struct window *w = &cuts.windows[i];
        assert_false(w->seam_before || w->seam_after);
        /* The whole stretch, with some context, and not much more. */
        assert_true((double)w->begin <= begins[i] - 0.1 * WINDOW_RATE);
        assert_true((double)(w->begin + w->count) >= begins[i] + 3.1 * WINDOW_RATE);
        assert_true((double)w->count <= 4.5 * WINDOW_RATE);
    }
    cuts_free(&cuts);
    sound_free(&sound);
}

static void running_speech_overlaps_at_seams(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 3};
    struct cuts cuts = {0};
    sound_speech(&sound, 90);
    cut(&cuts, &sound, 1600, 0);
    check_samples(&cuts, &sound);
    assert_true(cuts.count >= 5 && cuts.count <= 9);
    assert_true(cuts.windows[0].begin < WINDOW_RATE / 10);
    for (size_t i = 0; i + 1 < cuts.count; i++) {
        const struct window *w = &cuts.windows[i], *next = w + 1;
        assert_true(w->seam_after && next->seam_before);
        assert_true(w->begin + w->count - w->seam >= WINDOW_RATE);
        assert_true(w->seam - next->begin >= WINDOW_RATE);
    }
    const struct window *last = &cuts.windows[cuts.count - 1];
    assert_false(last->seam_after);
    assert_int_equal(last->begin + last->count, sound.count);
    cuts_free(&cuts);
    sound_free(&sound);
}

/* Pauses too short to end a window are where a long one is cut, and need no overlap. */
static void short_pauses_are_cut_at(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 4};
    struct cuts cuts = {0};
    for (int i = 0; i < 24; i++) {
        sound_speech(&sound, 3.5);
        sound_pause(&sound, 0.35);
    }
    cut(&cuts, &sound, 1600, 0);
    check_samples(&cuts, &sound);
    assert_true(cuts.count >= 4);
    for (size_t i = 0; i < cuts.count; i++) {
        const struct window *w = &cuts.windows[i];
        assert_false(w->seam_before || w->seam_after);
        if (!i)
            continue;
        /* Whether the beginning lies in a pause: 3.5 s of speech, then 0.35 s without. */
        double phase = fmod((double)w->begin / WINDOW_RATE, 3.85);
        assert_true(phase >= 3.45 || phase <= 0.05);
    }
    cuts_free(&cuts);
    sound_free(&sound);
}

static void chunks_do_not_matter(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 5};
    struct cuts whole = {0};
    for (int i = 0; i < 6; i++) {
        sound_speech(&sound, 2 + 7 * i);
        sound_pause(&sound, 0.3 + 0.4 * i);
    }
    sound_speech(&sound, 1.003);
    cut(&whole, &sound, sound.count, 0);
    for (uint32_t seed = 1; seed < 6; seed++) {
        struct cuts pieces = {0};
        cut(&pieces, &sound, seed == 1 ? 1 + 16 * 7 : 0, seed);
        assert_int_equal(pieces.count, whole.count);
        for (size_t i = 0; i < whole.count; i++) {
            const struct window *a = &whole.windows[i], *b = &pieces.windows[i];
            assert_true(a->begin == b->begin && a->count == b->count && a->seam == b->seam);
            assert_true(a->seam_before == b->seam_before && a->seam_after == b->seam_after);
        }
        cuts_free(&pieces);
    }
    cuts_free(&whole);
    sound_free(&sound);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silence_makes_no_window),
        cmocka_unit_test(pauses_part_windows),
        cmocka_unit_test(running_speech_overlaps_at_seams),
        cmocka_unit_test(short_pauses_are_cut_at),
        cmocka_unit_test(chunks_do_not_matter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
