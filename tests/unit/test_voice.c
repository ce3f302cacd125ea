/* Live voice activity: one verdict for each 10 ms by any detector, the same however the sound is cut; what it lags
 * behind; and voices shared by threads. Silero's published weights are read from ../shared, where it is. */
#include "src/voice.h"

#include "audio/file.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define SAMPLE SOURCE_DIR "/samples/morning.flac"
#define SILERO SOURCE_DIR "/../shared/models/silero-vad/silero_vad_16k.safetensors"

enum { RECORDED = 57920, BEFORE = 16000, AFTER = 16123, COUNT = BEFORE + RECORDED + AFTER };
enum { FRAMES = COUNT / ACTIVITY_HOP, THREADS = 4, DETECTORS = 3 };

static const char *const detectors[DETECTORS] = {NULL, "energy", SILERO};
static struct voice *voices[DETECTORS]; /* NULL: its weights are not there */
static float sound[COUNT];

static uint32_t random_state = 1;
static uint32_t next_random(void)
{
    random_state = random_state * 1664525u + 1013904223u;
    return random_state >> 8;
}

/* A quiet room before and after a recorded sentence. */
static void make_sound(void)
{
    struct audio_file *file;
    struct fault fault = {0};
    assert_int_equal(audio_file_open_path(&file, SAMPLE, SAMPLE, &fault), 0);
    assert_int_equal(audio_file_read(file, sound + BEFORE, RECORDED, &fault), RECORDED);
    audio_file_close(&file);
    for (int i = 0; i < COUNT; i++)
        sound[i] += 3e-4f * ((float)next_random() / 8388608 - 1);
}

static int open_voices(void **state)
{
    (void)state;
    make_sound();
    for (int i = 0; i < DETECTORS; i++) {
        struct fault fault = {0};
        if (i == 2 && access(SILERO, R_OK))
            print_message("skipped for Silero VAD: ../shared/models/silero-vad is not there\n");
        else if (voice_open(&voices[i], NULL, detectors[i], &fault))
            fail_msg("%s", fault.message);
    }
    return 0;
}

static int close_voices(void **state)
{
    (void)state;
    for (int i = 0; i < DETECTORS; i++)
        voice_close(&voices[i]);
    return 0;
}

static struct voice_stream *open_stream(const struct voice *voice)
{
    struct voice_stream *stream;
    struct fault fault = {0};
    assert_int_equal(voice_stream_open(&stream, voice, 0.5f, &fault), 0);
    return stream;
}

/* Feeds chunks of sizes up to `most` (0: all at once), taking verdicts in between. Returns how many there were. */
static int judge(struct voice_stream *stream, const float *samples, int count, int most, struct activity_frame *out)
{
    struct fault fault = {0};
    int taken = 0;
    for (int at = 0; at < count;) {
        int chunk = most ? (int)(next_random() % (uint32_t)most) + 1 : count;
        chunk = chunk < count - at ? chunk : count - at;
        assert_int_equal(voice_stream_feed(stream, samples + at, chunk, &fault), 0);
        at += chunk;
        taken += voice_stream_take(stream, out + taken, (int)(next_random() % 20));
    }
    assert_int_equal(voice_stream_finish(stream, &fault), 0);
    return taken + voice_stream_take(stream, out + taken, FRAMES + 1 - taken);
}

static void assert_same(const struct activity_frame *a, const struct activity_frame *b, int count)
{
    for (int i = 0; i < count; i++) {
        assert_int_equal(a[i].speech, b[i].speech);
        assert_true(a[i].level_dbfs == b[i].level_dbfs);
    }
}

static void chunks_do_not_matter(void **state)
{
    (void)state;
    static const int sizes[] = {1, 7, 160, 200, 1000, 5000, 40000};
    static struct activity_frame whole[FRAMES + 1], cut[FRAMES + 1];
    for (int d = 0; d < DETECTORS; d++) {
        if (!voices[d])
            continue;
        struct voice_stream *stream = open_stream(voices[d]);
        assert_int_equal(judge(stream, sound, COUNT, 0, whole), FRAMES);
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            voice_stream_reset(stream);
            assert_int_equal(judge(stream, sound, COUNT, sizes[i], cut), FRAMES);
            assert_same(whole, cut, FRAMES);
        }
        voice_stream_close(&stream);
    }
}

static void short_sounds_have_all_verdicts(void **state)
{
    (void)state;
    static const int counts[] = {0, 1, 159, 160, 161, 511, 512, 513, 799, 800, 1000, 2560, 3333};
    struct activity_frame frames[FRAMES + 1];
    for (int d = 0; d < DETECTORS; d++)
        for (size_t i = 0; voices[d] && i < sizeof counts / sizeof *counts; i++) {
            struct voice_stream *stream = open_stream(voices[d]);
            assert_int_equal(judge(stream, sound + BEFORE, counts[i], 0, frames), counts[i] / ACTIVITY_HOP);
            voice_stream_close(&stream);
        }
}

static int count_speech(const struct activity_frame *frames, int begin, int end)
{
    int count = 0;
    for (int i = begin; i < end; i++)
        count += frames[i].speech;
    return count;
}

/* The sentence lies in the middle; the recording has some quiet of its own at either end. */
static void finds_the_sentence(void **state)
{
    (void)state;
    static struct activity_frame frames[FRAMES + 1];
    for (int d = 0; d < DETECTORS; d++) {
        if (!voices[d])
            continue;
        struct voice_stream *stream = open_stream(voices[d]);
        judge(stream, sound, COUNT, 800, frames);
        assert_int_equal(count_speech(frames, 0, 90), 0);
        assert_in_range(count_speech(frames, 130, 430), 240, 300);
        assert_int_equal(count_speech(frames, FRAMES - 80, FRAMES), 0);
        voice_stream_close(&stream);
    }
}

static void levels_are_those_of_the_energy(void **state)
{
    (void)state;
    static struct activity_frame by_level[FRAMES + 1], frames[FRAMES + 1];
    struct voice_stream *stream = open_stream(voices[1]);
    judge(stream, sound, COUNT, 0, by_level);
    voice_stream_close(&stream);
    for (int d = 0; d < DETECTORS; d += 2) {
        if (!voices[d])
            continue;
        stream = open_stream(voices[d]);
        judge(stream, sound, COUNT, 0, frames);
        for (int i = 0; i < FRAMES; i++)
            assert_true(frames[i].level_dbfs == by_level[i].level_dbfs);
        voice_stream_close(&stream);
    }
}

/* Frames of 10 ms fed, less verdicts had, at the most. */
static void verdicts_come_soon(void **state)
{
    (void)state;
    static const int most[DETECTORS] = {5, 50, 4};
    struct activity_frame frame;
    struct fault fault = {0};
    for (int d = 0; d < DETECTORS; d++) {
        if (!voices[d])
            continue;
        struct voice_stream *stream = open_stream(voices[d]);
        int taken = 0, lag = 0;
        for (int i = 0; i < 200; i++) {
            assert_int_equal(voice_stream_feed(stream, sound + i * ACTIVITY_HOP, ACTIVITY_HOP, &fault), 0);
            while (voice_stream_take(stream, &frame, 1))
                taken++;
            lag = i + 1 - taken > lag ? i + 1 - taken : lag;
        }
        if (lag > most[d])
            fail_msg("verdicts lag by %d frames", lag);
        voice_stream_close(&stream);
    }
}

/* A cut cable or a broken driver: afterwards all is as if it had been silence. */
static void what_is_no_sample_leaves_no_trace(void **state)
{
    (void)state;
    static struct activity_frame frames[FRAMES + 1];
    static float broken[COUNT];
    memcpy(broken, sound, sizeof sound);
    for (int i = 2000; i < 6000; i++)
        broken[i] = i % 3 == 0 ? NAN : i % 3 == 1 ? INFINITY : 1e30f;
    for (int d = 0; d < DETECTORS; d++) {
        if (!voices[d])
            continue;
        struct voice_stream *stream = open_stream(voices[d]);
        judge(stream, broken, COUNT, 0, frames);
        assert_int_equal(count_speech(frames, 13, 37), 0);
        assert_in_range(count_speech(frames, 130, 430), 240, 300);
        voice_stream_close(&stream);
    }
}

static void calls_out_of_turn_are_refused(void **state)
{
    (void)state;
    for (int d = 0; d < DETECTORS; d++) {
        struct fault fault = {0};
        if (!voices[d])
            continue;
        struct voice_stream *stream = open_stream(voices[d]);
        assert_int_equal(voice_stream_finish(stream, &fault), 0);
        assert_int_equal(voice_stream_feed(stream, sound, 10, &fault), UTTER_ERROR_STATE);
        fault = (struct fault){0};
        assert_int_equal(voice_stream_finish(stream, &fault), UTTER_ERROR_STATE);
        fault = (struct fault){0};
        voice_stream_reset(stream);
        assert_int_equal(voice_stream_feed(stream, sound, 10, &fault), 0);
        voice_stream_close(&stream);
        assert_null(stream);
        voice_stream_close(&stream);
    }
}

static void thresholds_are_checked(void **state)
{
    (void)state;
    static const float wrong[] = {0, 1, -1, 2, NAN};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct fault fault = {0};
        struct voice_stream *stream;
        assert_int_equal(voice_stream_open(&stream, voices[0], wrong[i], &fault), UTTER_ERROR_ARGUMENT);
        assert_null(stream);
    }
}

/* A lower threshold finds no less. */
static void thresholds_matter(void **state)
{
    (void)state;
    static const float thresholds[] = {0.05f, 0.3f, 0.7f, 0.99f};
    static struct activity_frame frames[FRAMES + 1];
    int last = FRAMES;
    for (size_t i = 0; i < sizeof thresholds / sizeof *thresholds; i++) {
        struct fault fault = {0};
        struct voice_stream *stream;
        assert_int_equal(voice_stream_open(&stream, voices[0], thresholds[i], &fault), 0);
        judge(stream, sound, COUNT, 0, frames);
        assert_true(count_speech(frames, 0, FRAMES) <= last);
        last = count_speech(frames, 0, FRAMES);
        voice_stream_close(&stream);
    }
    assert_true(last > 0);
}

static void expect_refused(const char *detector, int code)
{
    struct voice *voice;
    struct fault fault = {0};
    assert_int_equal(voice_open(&voice, NULL, detector, &fault), code);
    assert_null(voice);
    assert_true(*fault.message);
}

static void detectors_are_checked(void **state)
{
    (void)state;
    expect_refused("no/such/file", UTTER_ERROR_IO);
    expect_refused("nosuchname", UTTER_ERROR_IO);
    expect_refused("", UTTER_ERROR_IO);
    expect_refused(SOURCE_DIR "/models/default/en", UTTER_ERROR_UNSUPPORTED);
    expect_refused(TEST_DATA "/golden/vad/model.safetensors", UTTER_ERROR_UNSUPPORTED);
    expect_refused(SAMPLE, UTTER_ERROR_UNSUPPORTED);
}

static struct activity_frame by_thread[THREADS][FRAMES + 1];

static void *judge_in_thread(void *out)
{
    struct voice_stream *stream;
    struct fault fault = {0};
    int taken = 0;
    if (voice_stream_open(&stream, voices[0], 0.5f, &fault))
        return NULL;
    for (int at = 0; at < COUNT; at += 320) {
        voice_stream_feed(stream, sound + at, COUNT - at < 320 ? COUNT - at : 320, &fault);
        taken += voice_stream_take(stream, (struct activity_frame *)out + taken, FRAMES);
    }
    voice_stream_finish(stream, &fault);
    voice_stream_take(stream, (struct activity_frame *)out + taken, FRAMES + 1 - taken);
    voice_stream_close(&stream);
    return out;
}

static void threads_share_a_voice(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, judge_in_thread, by_thread[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        void *done;
        pthread_join(threads[i], &done);
        assert_non_null(done);
    }
    for (int i = 1; i < THREADS; i++)
        assert_same(by_thread[0], by_thread[i], FRAMES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(short_sounds_have_all_verdicts),
        cmocka_unit_test(finds_the_sentence),
        cmocka_unit_test(levels_are_those_of_the_energy),
        cmocka_unit_test(verdicts_come_soon),
        cmocka_unit_test(what_is_no_sample_leaves_no_trace),
        cmocka_unit_test(calls_out_of_turn_are_refused),
        cmocka_unit_test(thresholds_are_checked),
        cmocka_unit_test(thresholds_matter),
        cmocka_unit_test(detectors_are_checked),
        cmocka_unit_test(threads_share_a_voice),
    };
    return cmocka_run_group_tests_name("voice", tests, open_voices, close_voices);
}
