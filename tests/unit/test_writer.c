/* Sound files written: every format comes back as what it was, from a file and from a stream that cannot go back; what
 * cannot be written is one sentence and leaves nothing behind. All files are made here, in a temporary folder. */
#include "audio/file.h"
#include "audio/g711.h"
#include "audio/writer.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <signal.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const double pi = 3.14159265358979323846;
static char folder[256], path[300];

static const char *use_path(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int make_folder(void **state)
{
    (void)state;
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/utter-test-XXXXXX", place && *place ? place : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails where a test left something behind */
}

/* ---- sound, and how much of it comes back ---- */

/* Three tones within a telephone's band, other ones in the second channel. */
static float sound(double seconds, int channel)
{
    const double t = 2 * pi * seconds * (channel ? 1.37 : 1);
    return (float)(0.3 * sin(400 * t) + 0.2 * sin(1100 * t + 1) + 0.1 * sin(2300 * t + 2));
}

static float *make_sound(int rate, int channels, int64_t frames)
{
    float *x = malloc((size_t)(frames * channels + 1) * sizeof *x);
    for (int64_t i = 0; i < frames * channels; i++)
        x[i] = sound((double)(i / channels) / rate, (int)(i % channels));
    return x;
}

/* Signal over error in dB of what was read, delayed by so many frames, away from the ends. */
static double quality(const float *x, int rate, int channels, int64_t frames, int64_t delay)
{
    double signal = 0, error = 0;
    for (int64_t i = frames / 8; i < frames - frames / 8; i++)
        for (int c = 0; c < channels; c++) {
            const double right = sound((double)(i - delay) / rate, c), wrong = x[i * channels + c] - right;
            signal += right * right;
            error += wrong * wrong;
        }
    return 10 * log10(signal / (error + 1e-20));
}

/* What each coding keeps of it. */
static double least_quality(const struct sound_format *format)
{
    switch (format->code & SF_FORMAT_SUBMASK) {
    case SF_FORMAT_PCM_16:
        return 85;
    case SF_FORMAT_FLOAT:
        return 95; /* the resampler's */
    case SF_FORMAT_ULAW:
    case SF_FORMAT_ALAW:
        return 36;
    default:
        return 15;
    }
}

/* ---- writing ---- */

struct bytes {
    unsigned char *data;
    size_t size, capacity, at;
    size_t most; /* beyond this taking bytes fails; 0: never */
};

static int64_t take_bytes(void *context, const void *bytes, size_t size)
{
    struct bytes *b = context;
    if (b->most && b->size + size > b->most)
        return -1;
    while (b->size + size > b->capacity)
        b->data = realloc(b->data, b->capacity = 2 * b->capacity + size);
    memcpy(b->data + b->size, bytes, size);
    b->size += size;
    return (int64_t)size;
}

static struct writer *open_writer(const struct writer_params *params)
{
    struct writer *w = NULL;
    struct fault fault = {0};
    if (writer_open(&w, params, &fault))
        fail_msg("%s", fault.message);
    return w;
}

/* The whole of x in pieces of piece frames, to the end. */
static void write_all(struct writer *w, const float *x, int channels, int64_t frames, int64_t piece)
{
    struct fault fault = {0};
    for (int64_t at = 0; at < frames; at += piece) {
        const int64_t count = frames - at < piece ? frames - at : piece;
        assert_int_equal(writer_write(w, x + at * channels, count, &fault), 0);
    }
    if (writer_finish(w, &fault))
        fail_msg("%s", fault.message);
}

/* ---- reading back ---- */

/* A file without a header says nothing of itself. */
static float *read_raw(const struct sound_format *format, const char *from, int *rate, int channels, int64_t *frames)
{
    SF_INFO info = {.samplerate = *rate, .channels = channels, .format = format->code};
    SNDFILE *file = sf_open(from, SFM_READ, &info);
    assert_non_null(file);
    float *x = malloc((size_t)(info.frames * channels + 1) * sizeof *x);
    *frames = sf_readf_float(file, x, info.frames);
    sf_close(file);
    return x;
}

static float *read_file(struct audio_file *file, int *rate, int channels, int64_t *frames)
{
    enum { MOST = 1 << 20 };
    struct fault fault = {0};
    struct audio_file_info info;
    audio_file_get_info(file, &info);
    assert_int_equal(info.channels, channels);
    float *x = malloc((size_t)MOST * (size_t)channels * sizeof *x);
    int64_t got;
    *rate = info.sample_rate;
    *frames = 0;
    while ((got = audio_file_read(file, x + *frames * channels, MOST - *frames, &fault)) > 0)
        *frames += got;
    assert_int_equal(got, 0);
    assert_string_equal(audio_file_warning(file), "");
    audio_file_close(&file);
    return x;
}

static float *read_back(const struct sound_format *format, const char *from, int *rate, int channels, int64_t *frames)
{
    struct audio_file *file;
    struct fault fault = {0};
    if ((format->code & SF_FORMAT_TYPEMASK) == SF_FORMAT_RAW)
        return read_raw(format, from, rate, channels, frames);
    if (audio_file_open_path(&file, from, from, &fault))
        fail_msg("%s: %s", format->name, fault.message);
    return read_file(file, rate, channels, frames);
}

/* ---- every format ---- */

/* A second and a bit of sound at rate, through a file, or where stream says so through bytes that cannot go back. */
static void come_back(const struct sound_format *format, int rate, int channels, bool stream)
{
    struct bytes bytes = {0};
    struct writer_info info;
    struct writer_params params = {.path = use_path("sound"), .name = "sound", .format = format->name};
    const int64_t frames = rate + rate / 7;
    params.rate = rate;
    params.channels = channels;
    if (stream) {
        params.path = NULL;
        params.write = take_bytes;
        params.context = &bytes;
    }
    float *x = make_sound(rate, channels, frames);
    struct writer *w = open_writer(&params);
    write_all(w, x, channels, frames, 1234);
    writer_get_info(w, &info);
    writer_close(&w);
    if (stream) {
        FILE *file = fopen(path, "wb");
        assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
        fclose(file);
        assert_int_equal(info.bytes, bytes.size);
    }
    assert_int_equal(info.frames, llround((double)frames * info.rate / rate));
    int got_rate = info.rate;
    int64_t got;
    float *y = read_back(format, path, &got_rate, channels, &got);
    /* Without its sizes nobody knows how much of an MP3's begin and end is padding: in front, LAME's 576 samples and
     * the decoder's 529. */
    const bool padded = stream && (format->code & SF_FORMAT_TYPEMASK) == SF_FORMAT_MPEG;
    const double best = quality(y, got_rate, channels, got, padded ? 576 + 529 : 0);
    if (best < least_quality(format) || (!padded && got != info.frames * got_rate / info.rate))
        fail_msg("%s, %d Hz%s: %.1f dB, %lld frames at %d Hz", format->name, rate, stream ? ", streamed" : "", best,
                 (long long)got, got_rate);
    free(x), free(y), free(bytes.data);
    unlink(path);
}

static void test_formats(void **state)
{
    (void)state;
    static const int rates[] = {8000, 22050, 48000, 192000};
    const struct sound_format *format;
    for (int i = 0; (format = sound_format_at(i)); i++)
        for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
            for (int stream = 0; stream < 2; stream++)
                come_back(format, rates[r], 1, stream);
}

static void test_two_channels(void **state)
{
    (void)state;
    const struct sound_format *format;
    for (int i = 0; (format = sound_format_at(i)); i++) {
        come_back(format, 24000, 2, false);
        come_back(format, 22050, 2, true);
    }
}

/* Names, endings, and the rates that follow from them. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *path, *format;
        int rate, wanted, becomes;
    } cases[] = {
        {NULL, "a.WAV", "wav", 22050, 0, 22050},     {NULL, "a.b/c.opus", "opus", 22050, 0, 24000},
        {NULL, "a.mp3", "mp3", 96000, 0, 48000},     {NULL, "a.mp3", "mp3", 23000, 0, 24000},
        {NULL, "a.oga", "ogg", 44100, 8000, 8000},   {NULL, "a.alaw", "alaw", 22050, 0, 8000},
        {NULL, "a.ul", "ulaw", 22050, 16000, 16000}, {"AU-ULAW", "a.wav", "au-ulaw", 48000, 0, 8000},
        {NULL, NULL, "wav", 16000, 0, 16000},        {NULL, "/dev/stdout", "wav", 16000, 0, 16000},
        {NULL, "a.b/c", "wav", 1000, 0, 8000},       {"f32le", NULL, "f32le", 16000, 192000, 192000},
        {NULL, ".flac", "wav", 500000, 0, 192000},   {NULL, "a.raw", "s16", 16000, 0, 16000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct sound_format *format;
        struct fault fault = {0};
        int rate;
        assert_int_equal(sound_format_find(&format, cases[i].name, cases[i].path, &fault), 0);
        assert_string_equal(format->name, cases[i].format);
        assert_int_equal(sound_format_rate(format, cases[i].rate, cases[i].wanted, &rate, &fault), 0);
        assert_int_equal(rate, cases[i].becomes);
    }
}

/* A file is the same whatever the pieces that it was written in. */
static void test_pieces(void **state)
{
    (void)state;
    static const char *const formats[] = {"wav", "flac", "alaw", "f32"};
    static const int64_t pieces[] = {1, 777, 5000, 30000};
    float *x = make_sound(24000, 2, 30000);
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++) {
        struct bytes first = {0};
        for (size_t p = 0; p < sizeof pieces / sizeof *pieces; p++) {
            struct bytes bytes = {0};
            const struct writer_params params = {.write = take_bytes,
                                                 .context = &bytes,
                                                 .name = "pieces",
                                                 .format = formats[f],
                                                 .rate = 24000,
                                                 .out_rate = 16000,
                                                 .channels = 2};
            struct writer *w = open_writer(&params);
            write_all(w, x, 2, 30000, pieces[p]);
            writer_close(&w);
            if (p == 0)
                first = bytes;
            else {
                assert_int_equal(bytes.size, first.size);
                assert_memory_equal(bytes.data, first.data, first.size);
                free(bytes.data);
            }
        }
        free(first.data);
    }
    free(x);
}

/* ---- values ---- */

/* Every 16-bit value, a little off, and what is beyond all. */
static void test_rounding(void **state)
{
    (void)state;
    static const float offsets[] = {0, 0.45f, -0.45f};
    static const float beyond[] = {1, 2, 1e30f, INFINITY, -1, -1.5f, -INFINITY, NAN};
    static const int16_t clamped[] = {32767, 32767, 32767, 32767, -32768, -32768, -32768, 0};
    struct fault fault = {0};
    struct bytes bytes = {0};
    struct writer_info info;
    const struct writer_params params = {
        .write = take_bytes, .context = &bytes, .name = "values", .format = "s16", .rate = 16000, .channels = 1};
    struct writer *w = open_writer(&params);
    for (int k = 0; k < 3; k++)
        for (int i = -32767; i < 32767; i++) {
            const float x = ((float)i + offsets[k]) / 32768;
            assert_int_equal(writer_write(w, &x, 1, &fault), 0);
        }
    write_all(w, beyond, 1, 8, 8);
    writer_get_info(w, &info);
    assert_int_equal(info.clipped, 6);
    assert_int_equal(bytes.size, 2 * (3 * 65534 + 8));
    const int16_t *values = (const void *)bytes.data;
    for (int64_t i = 0; i < 3 * 65534; i++)
        assert_int_equal(values[i], i % 65534 - 32767);
    assert_memory_equal(values + 3 * 65534, clamped, sizeof clamped);
    writer_close(&w);
    free(bytes.data);
}

/* The code of a telephone is the one that comes nearest, but where a segment ends: there G.711 (tables 1 and 2) decides
 * a quarter of the larger step, 256 of 16 bits at most, from the middle. */
static void check_nearest(const char *format, float (*decode)(uint8_t))
{
    enum { COUNT = 65536 };
    struct bytes bytes = {0};
    static float x[COUNT];
    const struct writer_params params = {
        .write = take_bytes, .context = &bytes, .name = "codes", .format = format, .rate = 8000, .channels = 1};
    for (int i = 0; i < COUNT; i++)
        x[i] = (float)(i - COUNT / 2) / 32768;
    struct writer *w = open_writer(&params);
    write_all(w, x, 1, COUNT, COUNT);
    writer_close(&w);
    assert_int_equal(bytes.size, COUNT);
    int elsewhere = 0;
    for (int i = 0; i < COUNT; i++) {
        float nearest = 2;
        for (int code = 0; code < 256; code++)
            nearest = fminf(nearest, fabsf(decode((uint8_t)code) - x[i]));
        const float more = 32768 * (fabsf(decode(bytes.data[i]) - x[i]) - nearest);
        assert_true(more <= 256);
        elsewhere += more > 4; /* a step of 14 bits */
    }
    assert_in_range(elsewhere, 0, COUNT / 128);
    free(bytes.data);
}

static void test_nearest_codes(void **state)
{
    (void)state;
    check_nearest("ulaw", g711_ulaw);
    check_nearest("alaw", g711_alaw);
}

/* ---- files that end early ---- */

/* What a writer has written that is not there any more. */
static void test_unfinished_is_readable(void **state)
{
    (void)state;
    static const char *const formats[] = {"wav", "wav-f32", "wav-ulaw", "au", "au-alaw"};
    enum { COUNT = 20000 };
    float *x = make_sound(8000, 1, COUNT);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        const struct writer_params params = {
            .path = use_path("growing"), .name = "growing", .format = formats[i], .rate = 8000, .channels = 1};
        const struct sound_format *format;
        struct fault fault = {0};
        struct writer *w = open_writer(&params);
        assert_int_equal(writer_write(w, x, COUNT, &fault), 0);
        int rate;
        int64_t frames;
        assert_int_equal(sound_format_find(&format, formats[i], NULL, &fault), 0);
        float *y = read_back(format, path, &rate, 1, &frames);
        assert_in_range(frames, COUNT - 4096, COUNT);
        assert_true(quality(y, rate, 1, frames, 0) >= least_quality(format));
        free(y);
        writer_close(&w);
        assert_int_equal(access(path, F_OK), -1);
    }
    free(x);
}

/* libsndfile, which the world reads with, takes a stream's header too. */
static void test_libsndfile_reads_streams(void **state)
{
    (void)state;
    static const char *const formats[] = {"wav", "wav-f32", "wav-alaw", "au", "flac", "ogg", "opus"};
    enum { COUNT = 24000 };
    float *x = make_sound(24000, 1, COUNT), *y = malloc((COUNT + 1) * sizeof *y);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        struct bytes bytes = {0};
        const struct writer_params params = {.write = take_bytes,
                                             .context = &bytes,
                                             .name = "stream",
                                             .format = formats[i],
                                             .rate = 24000,
                                             .out_rate = 24000,
                                             .channels = 1};
        struct writer *w = open_writer(&params);
        write_all(w, x, 1, COUNT, COUNT);
        writer_close(&w);
        FILE *file = fopen(use_path("stream"), "wb");
        assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
        fclose(file);
        SF_INFO info = {0};
        SNDFILE *handle = sf_open(path, SFM_READ, &info);
        assert_non_null(handle);
        assert_int_equal(info.samplerate, 24000);
        assert_int_equal(sf_readf_float(handle, y, COUNT + 1), COUNT);
        sf_close(handle);
        unlink(path);
        free(bytes.data);
    }
    free(x), free(y);
}

/* ---- failures ---- */

/* Writes sound until it fails, as somebody does who does not look before the end. */
static int write_until_failure(const struct writer_params *params, struct fault *fault)
{
    struct writer *w = NULL;
    struct fault second = {0};
    float *x = make_sound(24000, 1, 24000);
    writer_open(&w, params, fault);
    for (int i = 0; w && i < 40 && !fault->code; i++)
        writer_write(w, x, 24000, fault);
    if (w && !fault->code)
        writer_finish(w, fault);
    if (w) {
        assert_int_equal(writer_write(w, x, 1, &second), UTTER_ERROR_STATE);
        assert_int_equal(writer_finish(w, &second), UTTER_ERROR_STATE);
    }
    writer_close(&w);
    free(x);
    return fault->code;
}

static void test_full_disk(void **state)
{
    (void)state;
    const struct sound_format *format;
    struct stat status;
    struct rlimit before, small = {.rlim_cur = 30000};
    getrlimit(RLIMIT_FSIZE, &before);
    small.rlim_max = before.rlim_max;
    signal(SIGXFSZ, SIG_IGN);
    for (int i = 0; (format = sound_format_at(i)); i++) {
        struct fault full = {0}, large = {0}, again = {0};
        struct writer_params params = {
            .path = "/dev/full", .name = "/dev/full", .format = format->name, .rate = 24000, .channels = 1};
        assert_int_equal(write_until_failure(&params, &full), UTTER_ERROR_IO);
        assert_string_equal(full.message, "/dev/full: cannot be written: No space left on device");
        assert_int_equal(stat("/dev/full", &status), 0);
        /* A file that was not there is gone, one that was is empty. */
        params.path = use_path("large");
        params.name = "large";
        setrlimit(RLIMIT_FSIZE, &small);
        assert_int_equal(write_until_failure(&params, &large), UTTER_ERROR_IO);
        assert_string_equal(large.message, "large: cannot be written: File too large");
        assert_int_equal(access(path, F_OK), -1);
        fclose(fopen(path, "wb"));
        assert_int_equal(write_until_failure(&params, &again), UTTER_ERROR_IO);
        setrlimit(RLIMIT_FSIZE, &before);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_size, 0);
        unlink(path);
    }
    signal(SIGXFSZ, SIG_DFL);
}

static void test_closed_pipe(void **state)
{
    (void)state;
    const struct sound_format *format;
    signal(SIGPIPE, SIG_IGN);
    for (int i = 0; (format = sound_format_at(i)); i++) {
        struct fault fault = {0};
        int ends[2];
        char name[40];
        assert_int_equal(pipe(ends), 0);
        snprintf(name, sizeof name, "/dev/fd/%d", ends[1]);
        const struct writer_params params = {
            .path = name, .name = "pipe", .format = format->name, .rate = 24000, .channels = 1};
        int writing = open(name, O_WRONLY);
        close(ends[1]);
        snprintf(name, sizeof name, "/dev/fd/%d", writing);
        close(ends[0]);
        assert_int_equal(write_until_failure(&params, &fault), UTTER_ERROR_IO);
        assert_string_equal(fault.message, "pipe: cannot be written: Broken pipe");
        close(writing);
    }
    signal(SIGPIPE, SIG_DFL);
}

static void test_failing_function(void **state)
{
    (void)state;
    const struct sound_format *format;
    for (int i = 0; (format = sound_format_at(i)); i++) {
        struct fault fault = {0};
        struct bytes bytes = {.most = 3000};
        const struct writer_params params = {.write = take_bytes,
                                             .context = &bytes,
                                             .name = "function",
                                             .format = format->name,
                                             .rate = 24000,
                                             .channels = 1};
        assert_int_equal(write_until_failure(&params, &fault), UTTER_ERROR_IO);
        assert_string_equal(fault.message, "function: writing failed");
        free(bytes.data);
    }
}

static void test_refused(void **state)
{
    (void)state;
    static const struct {
        struct writer_params params;
        int code;
        const char *part;
    } cases[] = {
        {{.path = "a.m4a", .rate = 16000, .channels = 1}, UTTER_ERROR_ARGUMENT, "a.m4a"},
        {{.path = "a.wav", .format = "mp5", .rate = 16000, .channels = 1}, UTTER_ERROR_ARGUMENT, "mp5"},
        {{.path = "a.wav", .format = "", .rate = 16000, .channels = 1}, UTTER_ERROR_ARGUMENT, "''"},
        {{.path = "a.opus", .rate = 22050, .out_rate = 22050, .channels = 1}, UTTER_ERROR_ARGUMENT, "24000"},
        {{.path = "a.mp3", .rate = 16000, .out_rate = 96000, .channels = 1}, UTTER_ERROR_ARGUMENT, "44100"},
        {{.path = "a.wav", .rate = 16000, .out_rate = 7999, .channels = 1}, UTTER_ERROR_ARGUMENT, "8000 to 192000"},
        {{.path = "a.wav", .rate = 999, .channels = 1}, UTTER_ERROR_ARGUMENT, "999"},
        {{.path = "a.mp3", .rate = 16000, .channels = 3}, UTTER_ERROR_ARGUMENT, "not 3"},
        {{.path = "a.flac", .rate = 16000, .channels = 0}, UTTER_ERROR_ARGUMENT, "not 0"},
        {{.path = "/nowhere/a.wav", .rate = 16000, .channels = 1}, UTTER_ERROR_IO, "No such file"},
        {{.path = "/", .rate = 16000, .channels = 1}, UTTER_ERROR_IO, "Is a directory"},
    };
    assert_int_equal(chdir(folder), 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct writer *w = NULL;
        struct fault fault = {0};
        struct writer_params params = cases[i].params;
        params.name = params.path;
        assert_int_equal(writer_open(&w, &params, &fault), cases[i].code);
        assert_null(w);
        if (!strstr(fault.message, cases[i].part) || strchr(fault.message, '\n'))
            fail_msg("no '%s' in: %s", cases[i].part, fault.message);
        assert_int_equal(access(params.path, F_OK), strcmp(params.path, "/") ? -1 : 0);
    }
    assert_int_equal(chdir("/"), 0);
}

/* ---- the public face ---- */

static void test_public(void **state)
{
    (void)state;
    utter_sink *sink = NULL;
    struct utter_sink_params params;
    struct utter_sink_info info = {.struct_size = sizeof info};
    struct bytes bytes = {0};
    float x[100] = {2};
    utter_sink_params_init(&params);
    assert_int_equal(utter_sink_open(&sink, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_sink_open(&sink, &params), UTTER_ERROR_ARGUMENT);
    params.write = take_bytes;
    params.write_context = &bytes;
    params.path = "/dev/null";
    assert_int_equal(utter_sink_open(&sink, &params), UTTER_ERROR_ARGUMENT);
    assert_null(sink);
    params.path = NULL;
    assert_int_equal(utter_sink_open(&sink, &params), 0);
    assert_int_equal(utter_sink_write(sink, NULL, 1), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_sink_write(sink, x, 100), 0);
    assert_int_equal(utter_sink_write(sink, NULL, 0), 0);
    assert_int_equal(utter_sink_finish(sink), 0);
    assert_int_equal(utter_sink_finish(sink), UTTER_ERROR_STATE);
    assert_int_equal(utter_sink_write(sink, x, 1), UTTER_ERROR_STATE);
    assert_int_equal(utter_sink_get_info(sink, &info), 0);
    assert_string_equal(info.format, "wav");
    assert_int_equal(info.sample_rate, 16000);
    assert_int_equal(info.frames, 100);
    assert_int_equal(info.bytes, 244);
    assert_int_equal(info.clipped, 1);
    assert_int_equal(bytes.size, 244);
    utter_sink_close(&sink);
    utter_sink_close(&sink);
    utter_sink_close(NULL);
    assert_int_equal(utter_sink_write(NULL, x, 1), UTTER_ERROR_ARGUMENT);
    free(bytes.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_formats),
        cmocka_unit_test(test_two_channels),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_pieces),
        cmocka_unit_test(test_rounding),
        cmocka_unit_test(test_nearest_codes),
        cmocka_unit_test(test_unfinished_is_readable),
        cmocka_unit_test(test_libsndfile_reads_streams),
        cmocka_unit_test(test_full_disk),
        cmocka_unit_test(test_closed_pipe),
        cmocka_unit_test(test_failing_function),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_public),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
