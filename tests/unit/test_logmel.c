/* Log-mel features: against the published extractors (tests/golden/make_features.py), streaming against whole-file bit
 * for bit, the logarithm against libm, and configurations that make no sense. */
#include "audio/logarithm.h"
#include "audio/logmel.h"
#include "src/base/memory.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SIGNAL = 16013, FRAMES = 100, WINDOW_30S = 480000 };

static void *read_golden(const char *name, size_t size)
{
    char path[512];
    snprintf(path, sizeof path, "%s/golden/features/%s", TEST_DATA, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    void *data = malloc(size + 1);
    assert_int_equal(fread(data, 1, size + 1, file), size);
    fclose(file);
    return data;
}

/* The golden signal, followed by zeros up to count. */
static float *read_signal(size_t count)
{
    int16_t *pcm = read_golden("signal.s16", SIGNAL * sizeof *pcm);
    float *x = calloc(count, sizeof *x);
    for (size_t i = 0; i < SIGNAL; i++)
        x[i] = (float)pcm[i] / 32768.0f;
    free(pcm);
    return x;
}

static struct logmel *open_kind(enum logmel_kind kind, int mels)
{
    struct logmel_params params;
    struct logmel *logmel;
    struct fault fault = {0};
    logmel_params_default(&params, kind, mels);
    assert_int_equal(logmel_open(&logmel, &params, &fault), 0);
    return logmel;
}

static float *compute(const struct logmel *logmel, const float *x, int64_t count, int first, int frames)
{
    const size_t values = (size_t)frames * (size_t)logmel_get_params(logmel)->mels;
    float *out = malloc((values + 1) * sizeof *out);
    void *scratch = memory_aligned(logmel_scratch_size(logmel));
    memset(scratch, 0xff, logmel_scratch_size(logmel)); /* not-a-numbers: nothing may be expected of it */
    logmel_compute(logmel, x, count, first, frames, out, scratch);
    free(scratch);
    return out;
}

static double difference(const float *a, const float *b, size_t count)
{
    double most = 0;
    for (size_t i = 0; i < count; i++) {
        const double d = fabs((double)a[i] - (double)b[i]);
        most = d <= most ? most : d;
    }
    return most;
}

static void matches_parakeet(void **state)
{
    (void)state;
    struct logmel *logmel = open_kind(LOGMEL_PARAKEET, 80);
    float *x = read_signal(SIGNAL), *raw = read_golden("parakeet80_raw.f32", FRAMES * 80 * 4);
    float *normalised = read_golden("parakeet80_normalised.f32", FRAMES * 80 * 4);
    assert_int_equal(logmel_frames(logmel, SIGNAL), FRAMES);
    float *ours = compute(logmel, x, SIGNAL, 0, FRAMES);
    const double raw_difference = difference(ours, raw, FRAMES * 80);
    logmel_normalise(logmel, ours, FRAMES);
    const double normalised_difference = difference(ours, normalised, FRAMES * 80);
    print_message("parakeet: raw %.2e, normalised %.2e\n", raw_difference, normalised_difference);
    assert_true(raw_difference <= 1e-4);
    assert_true(normalised_difference <= 5e-5);
    free(x), free(raw), free(normalised), free(ours);
    logmel_close(&logmel);
    assert_null(logmel);
}

/* The published outputs are (log10 + 4) / 4, so 2.5e-5 of theirs is 1e-4 in log-mel. */
static void matches_whisper(int mels)
{
    const size_t row = (size_t)mels, bare_values = FRAMES * row, edge = FRAMES + 3;
    char name[64];
    struct logmel *logmel = open_kind(LOGMEL_WHISPER, mels);
    float *x = read_signal(WINDOW_30S);
    snprintf(name, sizeof name, "whisper%d_bare.f32", mels);
    float *golden = read_golden(name, bare_values * 4);
    float *ours = compute(logmel, x, SIGNAL, 0, FRAMES);
    logmel_normalise(logmel, ours, FRAMES);
    const double bare = difference(ours, golden, bare_values);
    free(golden), free(ours);

    snprintf(name, sizeof name, "whisper%d_window.f32", mels);
    golden = read_golden(name, (edge + 1) * row * 4);
    assert_int_equal(logmel_frames(logmel, WINDOW_30S), 3000);
    ours = compute(logmel, x, WINDOW_30S, 0, 3000);
    logmel_normalise(logmel, ours, 3000);
    const double window =
        fmax(difference(ours, golden, edge * row), difference(ours + 2999 * row, golden + edge * row, row));
    print_message("whisper %d mels: bare %.2e, 30 s window %.2e\n", mels, bare, window);
    assert_true(bare <= 2.5e-5);
    assert_true(window <= 2.5e-5);
    free(golden), free(ours), free(x);
    logmel_close(&logmel);
}

static void matches_whisper_80(void **state)
{
    (void)state;
    matches_whisper(80);
}

static void matches_whisper_128(void **state)
{
    (void)state;
    matches_whisper(128);
}

static void any_range_gives_the_same(void **state)
{
    (void)state;
    float *x = read_signal(SIGNAL);
    for (int kind = LOGMEL_PARAKEET; kind <= LOGMEL_WHISPER; kind++) {
        struct logmel *logmel = open_kind((enum logmel_kind)kind, 80);
        float *whole = compute(logmel, x, SIGNAL, 0, FRAMES);
        for (int first = 0; first < FRAMES; first += 7) {
            const int frames = FRAMES - first < 13 ? FRAMES - first : 13;
            float *part = compute(logmel, x, SIGNAL, first, frames);
            assert_memory_equal(part, whole + first * 80, (size_t)frames * 80 * 4);
            free(part);
        }
        free(whole);
        logmel_close(&logmel);
    }
    free(x);
}

static uint32_t random_state;
static uint32_t random_below(uint32_t limit)
{
    random_state = random_state * 1664525u + 1013904223u;
    return (random_state >> 8) % limit;
}

/* Feeds x in random chunks of 1 to most samples, taking a random few frames after each. Returns how many in all. */
static int stream_through(struct logmel_stream *stream, const float *x, int64_t count, uint32_t most, float *out)
{
    struct fault fault = {0};
    int frames = 0;
    for (int64_t at = 0; at < count;) {
        int64_t chunk = 1 + random_below(most);
        chunk = chunk < count - at ? chunk : count - at;
        assert_int_equal(logmel_stream_feed(stream, x + at, chunk, &fault), 0);
        at += chunk;
        frames += logmel_stream_take(stream, out + frames * 80, (int)random_below(9));
    }
    logmel_stream_finish(stream);
    for (int got = 1; got; frames += got)
        got = logmel_stream_take(stream, out + frames * 80, 1 + (int)random_below(50));
    return frames;
}

static void streaming_is_identical(void **state)
{
    (void)state;
    static const uint32_t chunks[] = {1, 3, 160, 161, 1000, 20000};
    static const int counts[] = {SIGNAL, 8000, 401, 400, 201, 200, 199, 160, 159, 1, 0};
    float *x = read_signal(SIGNAL), *streamed = malloc((FRAMES + 50) * 80 * sizeof *streamed);
    struct fault fault = {0};
    for (int kind = LOGMEL_PARAKEET; kind <= LOGMEL_WHISPER; kind++) {
        struct logmel *logmel = open_kind((enum logmel_kind)kind, 80);
        struct logmel_stream *stream;
        assert_int_equal(logmel_stream_open(&stream, logmel, &fault), 0);
        for (size_t c = 0; c < sizeof counts / sizeof *counts; c++) {
            const int expected = logmel_frames(logmel, counts[c]);
            float *whole = compute(logmel, x, counts[c], 0, expected);
            for (size_t k = 0; k < sizeof chunks / sizeof *chunks; k++) {
                random_state = (uint32_t)(c * 100 + k);
                logmel_stream_reset(stream);
                assert_int_equal(stream_through(stream, x, counts[c], chunks[k], streamed), expected);
                assert_memory_equal(streamed, whole, (size_t)expected * 80 * 4);
            }
            free(whole);
        }
        assert_int_equal(logmel_stream_feed(stream, x, 1, &fault), UTTER_ERROR_STATE);
        fault_clear(&fault);
        logmel_stream_close(&stream);
        logmel_close(&logmel);
    }
    free(x), free(streamed);
}

/* Frames come as soon as their samples are there: at most half a transform and one hop behind. */
static void streaming_does_not_lag(void **state)
{
    (void)state;
    float *x = read_signal(SIGNAL), *out = malloc(FRAMES * 80 * sizeof *out);
    struct fault fault = {0};
    struct logmel *logmel = open_kind(LOGMEL_PARAKEET, 80);
    struct logmel_stream *stream;
    assert_int_equal(logmel_stream_open(&stream, logmel, &fault), 0);
    assert_int_equal(logmel_stream_feed(stream, x, 8000, &fault), 0);
    assert_true(logmel_stream_take(stream, out, FRAMES) >= (8000 - 256) / 160);
    logmel_stream_close(&stream);
    logmel_close(&logmel);
    free(x), free(out);
}

static void silence_is_finite(void **state)
{
    (void)state;
    float *x = calloc(SIGNAL, sizeof *x);
    for (int kind = LOGMEL_PARAKEET; kind <= LOGMEL_WHISPER; kind++) {
        struct logmel *logmel = open_kind((enum logmel_kind)kind, 80);
        for (int frames = 1; frames <= FRAMES; frames += FRAMES - 1) {
            float *ours = compute(logmel, x, SIGNAL, 0, frames);
            logmel_normalise(logmel, ours, frames);
            for (int i = 0; i < frames * 80; i++)
                assert_true(isfinite(ours[i]));
            free(ours);
        }
        logmel_close(&logmel);
    }
    free(x);
}

/* Bins of falling deviation, each a tenth of the one before: those below the bound are 0, the others as without it. */
static void leaves_out_what_hardly_varies(void **state)
{
    (void)state;
    enum { MELS = 5, TIMES = 40 };
    float without[TIMES * MELS], with[TIMES * MELS];
    for (int i = 0; i < TIMES * MELS; i++)
        without[i] = with[i] = -16.0f + (i / MELS % 2 ? 1.0f : -1.0f) * powf(0.1f, (float)(i % MELS));
    struct logmel_params params;
    struct fault fault = {0};
    logmel_params_default(&params, LOGMEL_PARAKEET, MELS);
    for (int bounded = 0; bounded < 2; bounded++) {
        struct logmel *logmel;
        params.least_deviation = bounded ? 0.05f : 0;
        assert_int_equal(logmel_open(&logmel, &params, &fault), 0);
        logmel_normalise(logmel, bounded ? with : without, TIMES);
        logmel_close(&logmel);
    }
    for (int i = 0; i < TIMES * MELS; i++) {
        assert_true(fabsf(without[i]) > 0.5f);
        assert_true(with[i] == (i % MELS < 2 ? without[i] : 0));
    }
}

static void logarithm_is_exact_enough(void **state)
{
    (void)state;
    enum { COUNT = 4096 };
    float x[COUNT], y[COUNT];
    double most = 0;
    for (int round = 0; round < 64; round++) {
        for (int i = 0; i < COUNT; i++)
            y[i] = x[i] = (float)exp(-85.0 + 0.00064791 * (round * COUNT + i));
        y[0] = x[0] = 1.0f + (float)round * 0x1p-23f;
        y[1] = x[1] = 1.0f - (float)round * 0x1p-24f;
        logarithm(y, COUNT);
        for (int i = 0; i < COUNT; i++) {
            const double right = log((double)x[i]), error = fabs((double)y[i] - right);
            most = fmax(most, error / fmax(1e-6, 1.2e-7 * fabs(right)));
        }
    }
    print_message("logarithm: largest error %.2f of what is promised\n", most);
    assert_true(most <= 1);
}

static void reads_configurations(void **state)
{
    (void)state;
    static const char parakeet[] = "{\"feature_extractor_type\": \"ParakeetFeatureExtractor\", \"feature_size\": 128,"
                                   "\"hop_length\": 160, \"n_fft\": 512, \"preemphasis\": 0.5, \"win_length\": 320,"
                                   "\"least_deviation\": 0.25}";
    static const char whisper[] = "{\"feature_extractor\": {\"feature_extractor_type\": \"WhisperFeatureExtractor\","
                                  "\"feature_size\": 128, \"n_fft\": 400, \"preemphasis\": 0.97}}";
    struct logmel_params p;
    struct fault fault = {0};
    assert_int_equal(logmel_params_read(&p, parakeet, strlen(parakeet), "a.json", &fault), 0);
    assert_int_equal(p.kind, LOGMEL_PARAKEET);
    assert_int_equal(p.mels, 128);
    assert_int_equal(p.window, 320);
    assert_true(p.preemphasis == 0.5f && p.least_deviation == 0.25f);
    assert_int_equal(logmel_params_read(&p, whisper, strlen(whisper), "a.json", &fault), 0);
    assert_int_equal(p.kind, LOGMEL_WHISPER);
    assert_int_equal(p.mels, 128);
    assert_true(p.preemphasis == 0);
}

static void refuses_configurations(void **state)
{
    (void)state;
#define KIND "\"feature_extractor_type\": \"ParakeetFeatureExtractor\""
    static const struct {
        const char *json, *message;
    } cases[] = {
        {"", "a.json: not a JSON object"},
        {"[1]", "a.json: not a JSON object"},
        {"{", "a.json: not a JSON object"},
        {"{}", "a.json: \"feature_extractor_type\" is missing"},
        {"{\"feature_extractor_type\": \"Other\"}", "a.json: features of the kind \"Other\" are not supported"},
        {"{" KIND ", \"n_fft\": 512.5}", "a.json: \"n_fft\" is not a whole number"},
        {"{" KIND ", \"n_fft\": \"512\"}", "a.json: \"n_fft\" is not a whole number"},
        {"{" KIND ", \"n_fft\": 1e300}", "a.json: \"n_fft\" is not a whole number"},
        {"{" KIND ", \"hop_length\": 0}", "a.json: the hop is 0, outside 1 to 512"},
        {"{" KIND ", \"win_length\": 600}", "a.json: the window's length is 600, outside 2 to 512"},
        {"{" KIND ", \"feature_size\": 100000}", "a.json: the number of mel bins is 100000, outside 1 to 512"},
        {"{" KIND ", \"sampling_rate\": 10}", "a.json: the sample rate is 10, outside 1000 to 768000"},
        {"{" KIND ", \"preemphasis\": 7}", "a.json: a preemphasis of 7 is not supported"},
        {"{" KIND ", \"preemphasis\": \"\"}", "a.json: \"preemphasis\" is not a number"},
        {"{" KIND ", \"least_deviation\": -1}", "a.json: the least deviation is -1, outside 0 to 1"},
        {"{" KIND ", \"least_deviation\": []}", "a.json: \"least_deviation\" is not a number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct logmel_params p;
        struct fault fault = {0};
        assert_true(logmel_params_read(&p, cases[i].json, strlen(cases[i].json), "a.json", &fault) < 0);
        assert_string_equal(fault.message, cases[i].message);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(matches_parakeet),
        cmocka_unit_test(matches_whisper_80),
        cmocka_unit_test(matches_whisper_128),
        cmocka_unit_test(any_range_gives_the_same),
        cmocka_unit_test(streaming_is_identical),
        cmocka_unit_test(streaming_does_not_lag),
        cmocka_unit_test(silence_is_finite),
        cmocka_unit_test(logarithm_is_exact_enough),
        cmocka_unit_test(reads_configurations),
        cmocka_unit_test(refuses_configurations),
        cmocka_unit_test(leaves_out_what_hardly_varies),
    };
    return cmocka_run_group_tests_name("logmel", tests, NULL, NULL);
}
