/* Sessions: from sound to text with a model that understands the language of tones, so that the text is known. */
#include "src/include/utter.h"

#include "tests/stream/tiny.h"
#include "tests/stream/tones.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static utter_engine *engine;
static utter_model *model;

static int open_all(void **unused)
{
    (void)unused;
    return tiny_open(&engine, &model);
}

static int close_all(void **unused)
{
    (void)unused;
    utter_model_close(&model);
    utter_engine_close(&engine);
    return 0;
}

/* ---- what a session made of a stream ---- */

struct heard {
    char *text;
    size_t length, segments;
    double last_start, last_end;
};

static void hear_segment(struct heard *heard, const struct utter_segment *segment)
{
    size_t size = strlen(segment->text), joined = 0;
    heard->text = realloc(heard->text, heard->length + size + 2);
    assert_non_null(heard->text);
    if (heard->length)
        heard->text[heard->length++] = ' ';
    memcpy(heard->text + heard->length, segment->text, size + 1);
    heard->length += size;
    heard->segments++;

    assert_true(segment->word_count > 0);
    assert_true(segment->confidence >= 0 && segment->confidence <= 1);
    assert_true(segment->start == segment->words[0].start);
    assert_true(segment->end == segment->words[segment->word_count - 1].end);
    double at = segment->start;
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct utter_word *word = &segment->words[i];
        assert_true(word->start >= at && word->end >= word->start);
        assert_true(word->confidence >= 0 && word->confidence <= 1);
        joined += strlen(word->text) + 1;
        at = word->end;
    }
    assert_int_equal(joined, size + 1);
    heard->last_start = segment->start;
    heard->last_end = segment->end;
}

static void drain(utter_session *session, struct heard *heard, int channel)
{
    struct utter_segment segment;
    int got;
    while ((got = utter_session_next(session, &segment)) == 1) {
        assert_int_equal(segment.channel, channel);
        hear_segment(heard, &segment);
    }
    assert_int_equal(got, 0);
}

/* chunk 0: random sizes. */
static void feed_all(utter_session *session, const struct sound *sound, size_t chunk, uint32_t seed,
                     struct heard *heard)
{
    struct sound dice = {.state = seed};
    for (size_t at = 0; at < sound->count;) {
        size_t count = chunk ? chunk : (size_t)((1 + (double)sound_noise(&dice)) * 20000);
        if (count > sound->count - at)
            count = sound->count - at;
        assert_int_equal(utter_session_feed(session, sound->samples + at, count), 0);
        drain(session, heard, 0);
        at += count;
    }
    assert_int_equal(utter_session_finish(session), 0);
    drain(session, heard, 0);
    if (!heard->text)
        heard->text = calloc(1, 1);
}

static utter_session *open_session(int batch, int beam)
{
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.batch = batch;
    params.beam = beam;
    assert_int_equal(utter_session_open(model, &params, &session), 0);
    return session;
}

static void hear(const struct sound *sound, int batch, int beam, size_t chunk, uint32_t seed, struct heard *heard)
{
    utter_session *session = open_session(batch, beam);
    feed_all(session, sound, chunk, seed, heard);
    utter_session_close(&session);
}

/* ---- tests ---- */

static void sentences_become_text(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 11}};
    struct heard heard = {0};
    for (int i = 0; i < 12; i++) {
        tones_pause(&t, 1.5);
        tones_say(&t, 5 + i);
    }
    tones_pause(&t, 1);
    hear(&t.sound, 0, 1, 1600, 0, &heard);
    assert_true(tones_understood(heard.text, t.text));
    assert_int_equal(heard.segments, 12);
    free(heard.text);
    tones_free(&t);
}

/* Three minutes without a pause: no word is lost or doubled where windows meet. */
static void running_speech_is_stitched(void **unused)
{
    (void)unused;
    for (uint32_t seed = 1; seed <= 3; seed++) {
        struct tones t = {.sound = {.state = seed}};
        struct heard heard = {0};
        tones_pause(&t, 0.5);
        tones_say(&t, 420);
        tones_pause(&t, 0.5);
        hear(&t.sound, 0, 1, 16000, 0, &heard);
        assert_true(tones_understood(heard.text, t.text));
        assert_true(heard.segments >= 8);
        free(heard.text);
        tones_free(&t);
    }
}

static void some_minutes(struct tones *t, uint32_t seed)
{
    *t = (struct tones){.sound = {.state = seed}};
    for (int i = 0; i < 14; i++) {
        tones_pause(t, tones_dice(t, 0.1, 2.5));
        tones_say(t, (int)tones_dice(t, 5, i % 5 == 4 ? 90 : 15));
    }
}

static void chunks_and_batches_do_not_matter(void **unused)
{
    (void)unused;
    struct tones t;
    struct heard whole = {0};
    some_minutes(&t, 2);
    hear(&t.sound, 0, 1, t.sound.count, 0, &whole);
    assert_true(tones_understood(whole.text, t.text));
    static const int batches[] = {0, 1, 3, 8};
    for (uint32_t i = 0; i < 4; i++) {
        struct heard pieces = {0};
        hear(&t.sound, batches[i], 1, i == 1 ? 160 : 0, i, &pieces);
        assert_string_equal(pieces.text, whole.text);
        assert_true(fabs(pieces.last_start - whole.last_start) < 1e-9);
        assert_true(fabs(pieces.last_end - whole.last_end) < 1e-9);
        free(pieces.text);
    }
    free(whole.text);
    tones_free(&t);
}

static void the_beam_hears_the_same_words(void **unused)
{
    (void)unused;
    struct tones t;
    struct heard heard = {0};
    some_minutes(&t, 3);
    hear(&t.sound, 0, 8, 16000, 0, &heard);
    assert_true(tones_understood(heard.text, t.text));
    free(heard.text);
    tones_free(&t);
}

/* With one window per pass a segment is there soon after its sentence ended. */
static void words_come_early(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 4}};
    struct heard heard = {0};
    utter_session *session = open_session(1, 1);
    tones_pause(&t, 0.5);
    tones_say(&t, 8);
    tones_pause(&t, 2);
    assert_int_equal(utter_session_feed(session, t.sound.samples, t.sound.count), 0);
    drain(session, &heard, 0);
    assert_non_null(heard.text);
    assert_true(tones_understood(heard.text, t.text));
    free(heard.text);
    utter_session_close(&session);
    tones_free(&t);
}

static void quiet_and_hiss_stay_silent(void **unused)
{
    (void)unused;
    static const float levels[] = {0, 0.0001f, 0.003f};
    for (int i = 0; i < 3; i++) {
        struct sound sound = {.state = 5};
        struct heard heard = {0};
        for (size_t k = 0; k < 60 * 16000; k++)
            sound_add(&sound, levels[i] * sound_noise(&sound));
        hear(&sound, 0, 1, 16000, 0, &heard);
        assert_string_equal(heard.text, "");
        free(heard.text);
        sound_free(&sound);
    }
}

static void not_finite_is_silence(void **unused)
{
    (void)unused;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    struct sound sound = {0};
    struct heard heard = {0};
    for (size_t k = 0; k < 16000; k++)
        sound_add(&sound, bad[k % 3]);
    hear(&sound, 0, 1, 700, 0, &heard);
    assert_string_equal(heard.text, "");
    free(heard.text);
    sound_free(&sound);
}

static void reset_begins_anew(void **unused)
{
    (void)unused;
    struct tones first = {.sound = {.state = 6}}, second = {.sound = {.state = 7}};
    struct heard heard = {0};
    utter_session *session = open_session(0, 1);
    tones_say(&first, 70);
    tones_say(&second, 6);
    assert_int_equal(utter_session_feed(session, first.sound.samples, first.sound.count), 0);
    assert_int_equal(utter_session_reset(session), 0);
    feed_all(session, &second.sound, 5000, 0, &heard);
    assert_true(tones_understood(heard.text, second.text));
    assert_true(heard.last_start < 1);
    struct utter_timings timings;
    assert_int_equal(utter_session_get_timings(session, &timings), 0);
    assert_true(timings.model_seconds > 0 && timings.total_seconds >= timings.model_seconds);
    free(heard.text);
    utter_session_close(&session);
    tones_free(&first);
    tones_free(&second);
}

/* Interleaves three channels at 8 kHz, as s16: the first and the last speak. */
static void channels_are_told_apart(void **unused)
{
    (void)unused;
    enum { CHANNELS = 3 };
    struct tones t[CHANNELS] = {{.sound = {.state = 8}}, {.sound = {.state = 9}}, {.sound = {.state = 10}}};
    struct heard heard[CHANNELS] = {{0}};
    tones_say(&t[0], 9);
    tones_pause(&t[2], 2);
    tones_say(&t[2], 12);
    size_t frames = 10 * 8000;
    int16_t *mixed = calloc(frames * CHANNELS, sizeof *mixed);
    assert_non_null(mixed);
    for (size_t i = 0; i < frames; i++)
        for (int c = 0; c < CHANNELS; c++) /* the words lie under 2 kHz, so every second sample will do */
            if (2 * i < t[c].sound.count)
                mixed[i * CHANNELS + (size_t)c] = (int16_t)(t[c].sound.samples[2 * i] * 30000);
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.sample_rate = 8000;
    params.channel_count = CHANNELS;
    params.channels = UTTER_CHANNELS_SPLIT;
    assert_int_equal(utter_session_open(model, &params, &session), 0);
    assert_int_equal(utter_session_feed_s16(session, mixed, frames), 0);
    assert_int_equal(utter_session_finish(session), 0);
    struct utter_segment segment;
    while (utter_session_next(session, &segment) == 1)
        hear_segment(&heard[segment.channel], &segment);
    assert_true(tones_understood(heard[0].text, t[0].text));
    assert_null(heard[1].text);
    assert_true(tones_understood(heard[2].text, t[2].text));
    assert_true(heard[2].last_start >= 1.9);
    utter_session_close(&session);
    free(mixed);
    for (int c = 0; c < CHANNELS; c++) {
        free(heard[c].text);
        tones_free(&t[c]);
    }
}

/* ---- threads ---- */

struct caller {
    uint32_t seed;
    bool right;
};

/* Its own asserts, since cmocka's belong to the main thread. */
static void *call(void *context)
{
    struct caller *caller = context;
    struct tones t = {.sound = {.state = caller->seed}};
    utter_session *session = NULL;
    char text[4096] = "";
    struct utter_segment segment;
    tones_say(&t, 40);
    tones_pause(&t, 1.5);
    tones_say(&t, 10);
    bool fine = !utter_session_open(model, NULL, &session);
    fine = fine && !utter_session_feed(session, t.sound.samples, t.sound.count) && !utter_session_finish(session);
    while (fine && utter_session_next(session, &segment) == 1) {
        if (*text)
            strcat(text, " ");
        strcat(text, segment.text);
    }
    caller->right = fine && tones_understood(text, t.text);
    utter_session_close(&session);
    tones_free(&t);
    return NULL;
}

static void sessions_share_a_model(void **unused)
{
    (void)unused;
    enum { CALLERS = 4 };
    pthread_t threads[CALLERS];
    struct caller callers[CALLERS];
    for (uint32_t i = 0; i < CALLERS; i++) {
        callers[i] = (struct caller){.seed = 20 + i};
        assert_int_equal(pthread_create(&threads[i], NULL, call, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < CALLERS; i++)
        assert_true(callers[i].right);
}

/* ---- written, masked, redacted: the words of the tones are what a list masks ---- */

static const char *write_list(void)
{
    static char path[64];
    snprintf(path, sizeof path, "/tmp/utter-mask-%d.txt", (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("nul\nzwo\nfour\n", file);
    fclose(file);
    return path;
}

static void expect_masked(const char *text)
{
    static const char *const masked[] = {"nul", "zwo", "four"};
    for (size_t i = 0; i < 3; i++)
        assert_null(strstr(text, masked[i]));
}

static void words_are_masked(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 19}};
    for (int i = 0; i < 4; i++) {
        tones_say(&t, 12);
        tones_pause(&t, 1.5);
    }
    struct utter_text_params text;
    utter_text_params_init(&text);
    text.mask = 1;
    text.mask_words = write_list();
    text.redact = UTTER_REDACT_ALL;
    struct utter_live_params live;
    utter_live_params_init(&live);
    for (int which = 0; which < 2; which++) {
        utter_session *session = NULL;
        struct utter_session_params params;
        struct utter_segment segment;
        struct utter_event event = {.struct_size = sizeof event};
        struct utter_redacted redacted;
        size_t texts = 0, stars = 0;
        utter_session_params_init(&params);
        params.text = &text;
        params.live = which ? &live : NULL;
        assert_int_equal(utter_session_open(model, &params, &session), 0);
        for (size_t at = 0; at < t.sound.count; at += 1600) {
            size_t left = t.sound.count - at;
            assert_int_equal(utter_session_feed(session, t.sound.samples + at, left < 1600 ? left : 1600), 0);
        }
        assert_int_equal(utter_session_finish(session), 0);
        while (!which && utter_session_next(session, &segment) == 1) {
            expect_masked(segment.text);
            texts++;
            stars += strchr(segment.text, '*') != NULL;
        }
        while (which && utter_session_next_event(session, &event) == 1) {
            expect_masked(event.segment.text);
            texts += event.kind == UTTER_EVENT_COMMITTED;
            stars += strchr(event.segment.text, '*') != NULL;
        }
        assert_true(texts >= 4 && stars >= 4);
        assert_int_equal(utter_session_next_redacted(session, &redacted), 0);
        utter_session_close(&session);
    }
    remove(text.mask_words);
    text.redact = 64;
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.text = &text;
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_session_next_redacted(NULL, NULL), UTTER_ERROR_ARGUMENT);
    tones_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sentences_become_text),
        cmocka_unit_test(running_speech_is_stitched),
        cmocka_unit_test(chunks_and_batches_do_not_matter),
        cmocka_unit_test(the_beam_hears_the_same_words),
        cmocka_unit_test(words_come_early),
        cmocka_unit_test(quiet_and_hiss_stay_silent),
        cmocka_unit_test(not_finite_is_silence),
        cmocka_unit_test(reset_begins_anew),
        cmocka_unit_test(channels_are_told_apart),
        cmocka_unit_test(sessions_share_a_model),
        cmocka_unit_test(words_are_masked),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
