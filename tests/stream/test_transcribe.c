/* Whole recordings: sources, callbacks, cancelling, truncation, and memory that does not grow with length. */
#include "src/include/utter.h"

#include "tests/stream/tiny.h"
#include "tests/stream/tones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

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

/* ---- WAV, 16 bit PCM, 16 kHz, in memory ---- */

struct wav {
    unsigned char *bytes;
    size_t size, at; /* at: of a reader */
};

static void put(unsigned char *out, uint32_t value, int count)
{
    for (int i = 0; i < count; i++)
        out[i] = (unsigned char)(value >> (8 * i));
}

static struct wav wav_of(const struct sound *sound)
{
    struct wav wav = {.size = 44 + 2 * sound->count};
    wav.bytes = calloc(wav.size, 1);
    assert_non_null(wav.bytes);
    memcpy(wav.bytes, "RIFF....WAVEfmt ", 16);
    put(wav.bytes + 4, (uint32_t)wav.size - 8, 4);
    put(wav.bytes + 16, 16, 4);
    put(wav.bytes + 20, 1, 2);
    put(wav.bytes + 22, 1, 2);
    put(wav.bytes + 24, 16000, 4);
    put(wav.bytes + 28, 32000, 4);
    put(wav.bytes + 32, 2, 2);
    put(wav.bytes + 34, 16, 2);
    memcpy(wav.bytes + 36, "data", 4);
    put(wav.bytes + 40, (uint32_t)wav.size - 44, 4);
    for (size_t i = 0; i < sound->count; i++)
        put(wav.bytes + 44 + 2 * i, (uint32_t)(int32_t)(sound->samples[i] * 32767), 2);
    return wav;
}

static int64_t read_wav(void *context, void *buffer, size_t size)
{
    struct wav *wav = context;
    size_t count = wav->size - wav->at < size ? wav->size - wav->at : size;
    if (count > 1000)
        count = 1000;
    memcpy(buffer, wav->bytes + wav->at, count);
    wav->at += count;
    return (int64_t)count;
}

static int64_t read_nothing(void *context, void *buffer, size_t size)
{
    (void)context;
    (void)buffer;
    (void)size;
    return -1;
}

static void speak(struct tones *t, uint32_t seed, int sentences)
{
    *t = (struct tones){.sound = {.state = seed}};
    for (int i = 0; i < sentences; i++) {
        tones_pause(t, 1.3);
        tones_say(t, 5 + i % 9);
    }
    tones_pause(t, 0.5);
}

static struct utter_source memory_source(const struct wav *wav)
{
    struct utter_source source;
    utter_source_init(&source);
    source.data = wav->bytes;
    source.size = wav->size;
    source.name = "tones";
    return source;
}

/* ---- callbacks ---- */

struct watch {
    int calls, stop_at; /* stops at call stop_at; 0: never */
    double done, total;
    int segments, stop_at_segment;
    size_t words;
    long resident; /* KB, at the first quarter of the recording */
};

static long resident_kilobytes(void)
{
    long pages = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%ld %ld", &pages, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return resident * 4;
}

static int watch_progress(void *context, double done, double total)
{
    struct watch *watch = context;
    assert_true(done >= watch->done);
    watch->done = done;
    watch->total = total;
    if (!watch->resident && done >= total / 4)
        watch->resident = resident_kilobytes();
    return ++watch->calls == watch->stop_at;
}

static int watch_segment(void *context, const struct utter_segment *segment)
{
    struct watch *watch = context;
    watch->words += segment->word_count;
    return ++watch->segments == watch->stop_at_segment;
}

static struct utter_transcribe_params watched(struct watch *watch, bool segments)
{
    struct utter_transcribe_params params;
    utter_transcribe_params_init(&params);
    params.progress = watch_progress;
    params.progress_context = watch;
    params.segment = segments ? watch_segment : NULL;
    params.segment_context = watch;
    return params;
}

/* ---- tests ---- */

static void memory_and_callback_give_the_text(void **unused)
{
    (void)unused;
    struct tones t;
    struct utter_transcript *out = NULL;
    speak(&t, 1, 10);
    struct wav wav = wav_of(&t.sound);
    struct utter_source source = memory_source(&wav);
    assert_int_equal(utter_transcribe(model, &source, NULL, &out), 0);
    assert_true(tones_understood(out->text, t.text));
    assert_string_equal(out->language, "en");
    assert_string_equal(out->warning, "");
    assert_int_equal(out->segment_count, 10);
    assert_int_equal(out->sample_rate, 16000);
    assert_int_equal(out->channel_count, 1);
    assert_true(fabs(out->duration - (double)t.sound.count / 16000) < 1e-6);
    assert_true(out->timings.total_seconds > 0 && out->timings.model_seconds > 0);
    for (size_t i = 1; i < out->segment_count; i++)
        assert_true(out->segments[i].start >= out->segments[i - 1].end);
    utter_transcript_free(&out);
    assert_null(out);

    utter_source_init(&source);
    source.read = read_wav;
    source.read_context = &wav;
    assert_int_equal(utter_transcribe(model, &source, NULL, &out), 0);
    assert_true(tones_understood(out->text, t.text));
    utter_transcript_free(&out);
    free(wav.bytes);
    tones_free(&t);
}

static void segments_go_to_the_callback(void **unused)
{
    (void)unused;
    struct tones t;
    struct watch watch = {0};
    struct utter_transcript *out = NULL;
    speak(&t, 3, 40);
    struct wav wav = wav_of(&t.sound);
    struct utter_source source = memory_source(&wav);
    struct utter_transcribe_params params = watched(&watch, true);
    assert_int_equal(utter_transcribe(model, &source, &params, &out), 0);
    assert_int_equal(watch.segments, 40);
    assert_int_equal(watch.words, tones_count(t.text));
    assert_int_equal(out->segment_count, 0);
    assert_string_equal(out->text, "");
    assert_true(watch.calls >= 3);
    assert_true(fabs(watch.done - out->duration) < 1e-6 && fabs(watch.total - out->duration) < 1e-6);
    utter_transcript_free(&out);
    free(wav.bytes);
    tones_free(&t);
}

static void callbacks_cancel(void **unused)
{
    (void)unused;
    struct tones t;
    speak(&t, 3, 60);
    struct wav wav = wav_of(&t.sound);
    struct utter_source source = memory_source(&wav);
    for (int at = 1; at <= 4; at++)
        for (int segments = 0; segments < 2; segments++) {
            struct utter_transcript *out = NULL;
            struct watch watch = {.stop_at = segments ? 0 : at, .stop_at_segment = segments ? at : 0};
            struct utter_transcribe_params params = watched(&watch, true);
            assert_int_equal(utter_transcribe(model, &source, &params, &out), UTTER_ERROR_CANCELLED);
            assert_null(out);
            assert_true(segments ? watch.segments == at : watch.calls == at);
        }
    free(wav.bytes);
    tones_free(&t);
}

static void a_truncated_file_gives_what_it_has(void **unused)
{
    (void)unused;
    struct tones t;
    struct utter_transcript *out = NULL;
    speak(&t, 4, 2);
    size_t kept = t.sound.count;
    char *text = strdup(t.text);
    for (int i = 0; i < 5; i++)
        tones_say(&t, 5);
    struct wav wav = wav_of(&t.sound);
    wav.size = 44 + 2 * kept;
    struct utter_source source = memory_source(&wav);
    assert_int_equal(utter_transcribe(model, &source, NULL, &out), 0);
    assert_true(tones_understood(out->text, text));
    assert_non_null(strstr(out->warning, "tones"));
    utter_transcript_free(&out);
    free(text);
    free(wav.bytes);
    tones_free(&t);
}

static void bad_sources_are_refused(void **unused)
{
    (void)unused;
    struct utter_transcript *out = NULL;
    struct utter_source source;
    utter_source_init(&source);
    source.read = read_nothing;
    source.name = "a broken pipe";
    assert_int_equal(utter_transcribe(model, &source, NULL, &out), UTTER_ERROR_IO);
    assert_non_null(strstr(utter_error_message(), "a broken pipe"));
    utter_source_init(&source);
    source.path = TEST_DATA "/golden/tones/config.json";
    assert_int_equal(utter_transcribe(model, &source, NULL, &out), UTTER_ERROR_AUDIO);
    assert_non_null(strstr(utter_error_message(), "config.json"));
    assert_null(out);
}

static void alternatives_come_with_their_tokens(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 8}};
    struct utter_transcript *out = NULL;
    struct utter_transcribe_params params;
    char said[4096] = "";
    size_t most = 0;
    for (int i = 0; i < 3; i++) {
        tones_pause(&t, 2);
        tones_say(&t, 4);
    }
    struct wav wav = wav_of(&t.sound);
    struct utter_source source = memory_source(&wav);
    utter_transcribe_params_init(&params);
    params.beam = 4;
    params.nbest = 3;
    assert_int_equal(utter_transcribe(model, &source, &params, &out), 0);
    for (size_t i = 0; i < out->nbest_count; i++) {
        const struct utter_nbest *nbest = &out->nbest[i];
        most = nbest->alternative_count > most ? nbest->alternative_count : most;
        for (size_t k = 1; k < nbest->alternative_count; k++)
            assert_true(nbest->alternatives[k].log_probability <= nbest->alternatives[k - 1].log_probability);
        assert_true(nbest->alternatives[0].token_count > 0 && nbest->alternatives[0].tokens[0].length > 0);
        strcat(strcat(said, i ? " " : ""), nbest->alternatives[0].text);
    }
    assert_int_equal(most, 3);
    assert_string_equal(said, out->text);
    utter_transcript_free(&out);
    params.nbest = 5;
    assert_int_equal(utter_transcribe(model, &source, &params, &out), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(utter_error_message(), "nbest is 5"));
    free(wav.bytes);
    tones_free(&t);
}

static void silence_has_no_text(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 5}};
    struct utter_transcript *out = NULL;
    tones_pause(&t, 20);
    struct wav wav = wav_of(&t.sound);
    struct utter_source source = memory_source(&wav);
    assert_int_equal(utter_transcribe(model, &source, NULL, &out), 0);
    assert_string_equal(out->text, "");
    assert_int_equal(out->segment_count, 0);
    utter_transcript_free(&out);
    free(wav.bytes);
    tones_free(&t);
}

/* Twenty minutes: what is resident after the first quarter is all that there ever is, but for the scratch of a worker
 * that the kernel let lag until then. Sound that is kept would be 57 MB more, its features 28. */
static void memory_does_not_grow(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 6}};
    struct utter_transcript *out = NULL;
    struct watch watch = {0};
    while (t.sound.count < (size_t)20 * 60 * 16000) {
        tones_say(&t, 40);
        tones_pause(&t, 1);
    }
    struct wav wav = wav_of(&t.sound);
    struct utter_source source = memory_source(&wav);
    struct utter_transcribe_params params = watched(&watch, true);
    assert_int_equal(utter_transcribe(model, &source, &params, &out), 0);
    assert_true(watch.resident > 0);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    long grown = resident_kilobytes() - watch.resident;
    if (grown > 16 * 1024)
        fail_msg("%ld KB more after twenty minutes than after five", grown);
#endif
    assert_int_equal(watch.words, tones_count(t.text));
    utter_transcript_free(&out);
    free(wav.bytes);
    tones_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_and_callback_give_the_text),
        cmocka_unit_test(segments_go_to_the_callback),
        cmocka_unit_test(callbacks_cancel),
        cmocka_unit_test(a_truncated_file_gives_what_it_has),
        cmocka_unit_test(bad_sources_are_refused),
        cmocka_unit_test(alternatives_come_with_their_tokens),
        cmocka_unit_test(silence_has_no_text),
        cmocka_unit_test(memory_does_not_grow),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
