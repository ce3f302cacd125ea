/* Sound files: every format that libsndfile writes comes back the same from a path, from memory and from a pipe; and
 * whatever is wrong with a file is one sentence, with nothing printed. All files are made here, in a temporary folder.
 * What is Opus's or MPEG's own is in test_audio_opus.c and test_audio_mpeg.c.
 */
#include "audio/file.h"
#include "audio/source.h"
#include "tests/unit/sound_files.h"

#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* libsndfile 1.2.0 loses a vorbis_info of its own when an Ogg file breaks off within its headers. Nothing else may
 * leak. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:vorbis_info_init";
}

static int64_t read_failing(void *context, void *buffer, size_t size)
{
    int *calls = context;
    memset(buffer, 0, size);
    return (*calls)++ < 3 ? (int64_t)size : -1;
}

static bool write_sound(int format, int rate, int channels, const float *x)
{
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = format};
    if (!sf_format_check(&info))
        return false;
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    if (!file)
        return false;
    const bool all = sf_writef_float(file, x, COUNT) == COUNT;
    return !sf_close(file) && all;
}

static double correlation(const float *x, const float *y, int64_t count)
{
    double xx = 1e-9, yy = 1e-9, xy = 0;
    for (int64_t i = 0; i < count; i++) {
        xx += (double)x[i] * (double)x[i];
        yy += (double)y[i] * (double)y[i];
        xy += (double)x[i] * (double)y[i];
    }
    return xy / sqrt(xx * yy);
}

/* Lossy ones may shift and pad, so they are held to their loudness and rough length only. */
struct format_case {
    int format;
    const char *name;
    double least; /* correlation; 0: lossy with delay */
};

static void check_format_case(const struct format_case *c, int channels)
{
    char warning[FAULT_MESSAGE_SIZE];
    struct audio_file_info info;
    int64_t frames;
    float *x = make_sound(channels);
    use_path("sound");
    if (!write_sound(c->format, RATE, channels, x)) {
        print_message("%s, %d channels: cannot be written here\n", c->name, channels);
        unlink(path);
        free(x);
        return;
    }
    float *y = read_three_ways(&frames, &info, warning);
    assert_int_equal(info.sample_rate, RATE);
    assert_int_equal(info.channels, channels);
    assert_string_equal(info.format, c->name);
    assert_string_equal(warning, "");
    if (c->least > 0) {
        assert_in_range(frames, COUNT, COUNT + 2000);
        assert_true(correlation(x, y, (int64_t)COUNT * channels) > c->least);
    } else
        assert_in_range(frames, COUNT - 1200, COUNT + 3000);
    double energy = 0, right = 0;
    for (int64_t i = 0; i < frames * channels; i++)
        energy += (double)y[i] * (double)y[i];
    for (int64_t i = 0; i < (int64_t)COUNT * channels; i++)
        right += (double)x[i] * (double)x[i];
    assert_true(energy > 0.8 * right && energy < 1.2 * right);
    free(x), free(y);
    unlink(path);
}

static void reads_every_format(void **state)
{
    (void)state;
    static const struct format_case cases[] = {
        {SF_FORMAT_WAV | SF_FORMAT_PCM_U8, "WAV, Unsigned 8 bit PCM", 0.999},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_16, "WAV, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_24, "WAV, Signed 24 bit PCM", 0.99999},
        {SF_FORMAT_WAV | SF_FORMAT_PCM_32, "WAV, Signed 32 bit PCM", 0.99999},
        {SF_FORMAT_WAV | SF_FORMAT_FLOAT, "WAV, 32 bit float", 0.99999},
        {SF_FORMAT_WAV | SF_FORMAT_DOUBLE, "WAV, 64 bit float", 0.99999},
        {SF_FORMAT_WAV | SF_FORMAT_ULAW, "WAV, U-Law", 0.999},
        {SF_FORMAT_WAV | SF_FORMAT_ALAW, "WAV, A-Law", 0.999},
        {SF_FORMAT_WAV | SF_FORMAT_IMA_ADPCM, "WAV, IMA ADPCM", 0.99},
        {SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM, "WAV, Microsoft ADPCM", 0.99},
        {SF_FORMAT_WAV | SF_FORMAT_GSM610, "WAV, GSM 6.10", 0.8},
        {SF_FORMAT_WAV | SF_ENDIAN_BIG | SF_FORMAT_PCM_16, "WAV, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_WAVEX | SF_FORMAT_PCM_16, "WAVEX, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_RF64 | SF_FORMAT_PCM_16, "RF64, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_W64 | SF_FORMAT_PCM_16, "W64, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_AIFF | SF_FORMAT_PCM_16, "AIFF, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_AIFF | SF_FORMAT_FLOAT, "AIFF, 32 bit float", 0.99999},
        {SF_FORMAT_AU | SF_FORMAT_PCM_16, "AU, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_AU | SF_FORMAT_ULAW, "AU, U-Law", 0.999},
        {SF_FORMAT_CAF | SF_FORMAT_PCM_16, "CAF, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_CAF | SF_FORMAT_ALAC_16, "CAF, 16 bit ALAC", 0.99999},
        {SF_FORMAT_NIST | SF_FORMAT_PCM_16, "WAV, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_VOC | SF_FORMAT_PCM_16, "VOC, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_16, "FLAC, Signed 16 bit PCM", 0.99999},
        {SF_FORMAT_FLAC | SF_FORMAT_PCM_24, "FLAC, Signed 24 bit PCM", 0.99999},
        {SF_FORMAT_OGG | SF_FORMAT_VORBIS, "OGG, Vorbis", 0.95},
        {SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, "MPEG-1/2 Audio, MPEG Layer III", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int channels = 1; channels <= 2; channels++)
            check_format_case(&cases[i], channels);
}

static void reads_twelve_channels(void **state)
{
    (void)state;
    const struct format_case c = {SF_FORMAT_WAV | SF_FORMAT_PCM_16, "WAV, Signed 16 bit PCM", 0.99999};
    check_format_case(&c, 12);
}

/* A WAV header by hand: tag 1 for integers, 3 for floats. */
static size_t put_header(unsigned char *b, int tag, int channels, uint32_t rate, int bits, uint32_t data_size)
{
    const uint32_t fields[] = {data_size > 0xffffff00u ? data_size : data_size + 36,
                               16,
                               (uint32_t)tag | (uint32_t)channels << 16,
                               rate,
                               rate * (uint32_t)(channels * bits / 8),
                               (uint32_t)(channels * bits / 8) | (uint32_t)bits << 16,
                               data_size};
    static const int offsets[] = {4, 16, 20, 24, 28, 32, 40};
    memcpy(b, "RIFF....WAVEfmt ", 16);
    memcpy(b + 36, "data", 4);
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < 4; k++)
            b[offsets[i] + k] = (unsigned char)(fields[i] >> (8 * k));
    return 44;
}

static void expect_refusal(const void *data, size_t size, int code, const char *message)
{
    struct fault fault = {0};
    struct audio_file *file;
    unsigned char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    assert_int_equal(audio_file_open_memory(&file, copy, size, "x.wav", &fault), code);
    assert_null(file);
    assert_string_equal(fault.message, message);
    free(copy);
}

static void refuses_impossible_headers(void **state)
{
    (void)state;
    static const struct {
        int channels;
        uint32_t rate;
        const char *message;
    } cases[] = {
        {1, 0, "x.wav: 0 Hz is outside 1000 to 768000 Hz"},
        {1, 1000000000, "x.wav: 1000000000 Hz is outside 1000 to 768000 Hz"},
        {1, 4294967295u, "x.wav: 4294967295 Hz is outside 1000 to 768000 Hz"},
        {1, 999, "x.wav: 999 Hz is outside 1000 to 768000 Hz"},
        {0, 16000, "x.wav: 0 channels, where 1 to 64 can be read"},
        {65, 16000, "x.wav: 65 channels, where 1 to 64 can be read"},
        {65535, 16000, "x.wav: 65535 channels, where 1 to 64 can be read"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        unsigned char b[1044] = {0};
        put_header(b, 1, cases[i].channels, cases[i].rate, 16, 1000);
        expect_refusal(b, sizeof b, UTTER_ERROR_AUDIO, cases[i].message);
    }
    unsigned char au[64] = ".snd\0\0\0\x18\0\0\0\x20\0\0\0\x03\0\0\0\0\0\0\0\x01";
    expect_refusal(au, sizeof au, UTTER_ERROR_AUDIO, "x.wav: 0 Hz is outside 1000 to 768000 Hz");
}

static void refuses_what_is_not_sound(void **state)
{
    (void)state;
    static const char text[] = "These are words, and words are not sound. These are words, and words are not sound.\n";
    static const char unknown[] = "x.wav: not a sound file that libsndfile knows";
    static const char silent[] = "x.wav: begins like an MP3 file, but there is no sound in it";
    struct fault fault = {0};
    struct audio_file *file;
    unsigned char zeros[4096] = {0}, noise[4096];
    uint32_t random = 1;
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (unsigned char)((random = random * 1664525u + 1013904223u) >> 24);
    noise[0] = 0x12;
    expect_refusal("", 0, UTTER_ERROR_AUDIO, "x.wav: the file is empty");
    expect_refusal("R", 1, UTTER_ERROR_AUDIO, unknown);
    expect_refusal(text, sizeof text, UTTER_ERROR_AUDIO, unknown);
    expect_refusal(zeros, sizeof zeros, UTTER_ERROR_AUDIO, unknown);
    expect_refusal(noise, sizeof noise, UTTER_ERROR_AUDIO, unknown);
    memcpy(noise, "\xff\xfb\x90\x64", 4); /* the header of an MPEG frame, and none where that frame ends */
    expect_refusal(noise, sizeof noise, UTTER_ERROR_AUDIO, silent);
    memcpy(noise + 1000, "\xff\xfb\x90\x64", 4);
    expect_refusal(noise, sizeof noise, UTTER_ERROR_AUDIO, silent);
    noise[0] = 0x12;
    expect_refusal(noise, sizeof noise, UTTER_ERROR_AUDIO, unknown);

    assert_int_equal(audio_file_open_path(&file, folder, "x", &fault), UTTER_ERROR_IO);
    assert_string_equal(fault.message, "x: is a directory, not a sound file");
    fault_clear(&fault);
    use_path("nothing");
    assert_int_equal(audio_file_open_path(&file, path, "x", &fault), UTTER_ERROR_IO);
    assert_string_equal(fault.message, "x: cannot be opened: No such file or directory");
    fault_clear(&fault);
    int calls = 0;
    assert_int_equal(audio_file_open_callback(&file, read_failing, &calls, "x", &fault), UTTER_ERROR_IO);
    assert_string_equal(fault.message, "x: reading failed");
}

/* Cuts every kind of file everywhere, and damages it; whatever comes of it, nothing is printed and nothing hangs. */
static void survives_damage(void **state)
{
    (void)state;
    static const int formats[] = {SF_FORMAT_WAV | SF_FORMAT_PCM_16,          SF_FORMAT_WAV | SF_FORMAT_MS_ADPCM,
                                  SF_FORMAT_AIFF | SF_FORMAT_PCM_16,         SF_FORMAT_FLAC | SF_FORMAT_PCM_16,
                                  SF_FORMAT_OGG | SF_FORMAT_VORBIS,          SF_FORMAT_OGG | SF_FORMAT_OPUS,
                                  SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III, SF_FORMAT_CAF | SF_FORMAT_ALAC_16};
    float *x = make_sound(1);
    uint32_t random = 7;
    watch_prints();
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        use_path("sound");
        if (!write_sound(formats[i], RATE, 1, x))
            continue;
        struct bytes whole = load(path);
        for (int round = 0; round < 40; round++) {
            char warning[FAULT_MESSAGE_SIZE];
            struct fault fault = {0};
            struct audio_file *file;
            int64_t frames;
            const size_t size = round < 20 ? whole.size * (size_t)round / 20 : whole.size;
            unsigned char *copy = malloc(size + 1);
            memcpy(copy, whole.data, size);
            for (int k = 0; size && round >= 20 && k < round; k++) {
                random = random * 1664525u + 1013904223u;
                copy[(random >> 8) % (k % 2 ? size : size < 200 ? size : 200)] = (unsigned char)(random >> 24);
            }
            if (audio_file_open_memory(&file, copy, size, "x.wav", &fault))
                assert_true(!strncmp(fault.message, "x.wav: ", 7) && strlen(fault.message) > 10);
            else
                free(read_all(file, &frames, warning));
            free(copy);
        }
        free(whole.data);
        unlink(path);
    }
    expect_no_prints();
    free(x);
}

/* Reads a WAV of 1000 two-byte samples whose header says data_size. */
static void expect_sized(uint32_t data_size, const char *warning_right)
{
    unsigned char b[2044] = {0};
    char warning[FAULT_MESSAGE_SIZE];
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames;
    put_header(b, 1, 1, 16000, 16, data_size);
    b[44 + 1] = 0xc0; /* -0.5 */
    assert_int_equal(audio_file_open_memory(&file, b, sizeof b, "x.wav", &fault), 0);
    float *x = read_all(file, &frames, warning);
    assert_int_equal(frames, 1000);
    assert_true(x[0] == -0.5f && x[1] == 0);
    assert_string_equal(warning, warning_right);
    free(x);
}

static void reads_sizes_of_streams_and_cut_files(void **state)
{
    (void)state;
    expect_sized(2000, "");
    expect_sized(0, "");
    expect_sized(0xffffffffu, "");
    expect_sized(0x7ffff000u, "");
    expect_sized(32000, "x.wav: cut short: the header promises 32000 bytes of sound, 2000 are there");
}

static void warns_of_a_cut_flac(void **state)
{
    (void)state;
    char warning[FAULT_MESSAGE_SIZE];
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames;
    float *x = make_sound(1);
    use_path("sound");
    assert_true(write_sound(SF_FORMAT_FLAC | SF_FORMAT_PCM_16, RATE, 1, x));
    struct bytes b = load(path);
    assert_int_equal(audio_file_open_memory(&file, b.data, b.size / 2, "x.flac", &fault), 0);
    float *y = read_all(file, &frames, warning);
    assert_in_range(frames, 2000, COUNT - 2000);
    assert_non_null(strstr(warning, "x.flac: "));
    print_message("%s\n", warning);
    free(x), free(y), free(b.data);
    unlink(path);
}

/* Reads 160 floats (0.01 s), of which bad are not numbers. */
static void expect_bad_samples(int bad, const char *warning_right)
{
    unsigned char b[44 + 640];
    char warning[FAULT_MESSAGE_SIZE];
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames;
    put_header(b, 3, 1, 16000, 32, 640);
    for (int i = 0; i < 160; i++) {
        const float values[] = {NAN, INFINITY, -INFINITY, 1e30f}, good = 0.25f;
        memcpy(b + 44 + 4 * i, i < bad ? &values[i % 4] : &good, 4);
    }
    assert_int_equal(audio_file_open_memory(&file, b, sizeof b, "x.wav", &fault), 0);
    float *x = read_all(file, &frames, warning);
    assert_int_equal(frames, 160);
    for (int i = 0; i < 160; i++)
        assert_true(x[i] == (i < bad ? 0 : 0.25f));
    assert_string_equal(warning, warning_right);
    free(x);
}

static void replaces_what_is_not_a_number(void **state)
{
    (void)state;
    expect_bad_samples(0, "");
    expect_bad_samples(3, "x.wav: 3 of 160 samples are not numbers; read as silence");
    expect_bad_samples(160, "x.wav: not one sample is a number; read as silence");
}

static void warns_of_no_sound(void **state)
{
    (void)state;
    unsigned char b[44];
    char warning[FAULT_MESSAGE_SIZE];
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames;
    put_header(b, 1, 1, 16000, 16, 0);
    assert_int_equal(audio_file_open_memory(&file, b, sizeof b, "x.wav", &fault), 0);
    free(read_all(file, &frames, warning));
    assert_int_equal(frames, 0);
    assert_string_equal(warning, "x.wav: no sound in it");
}

/* A stream of one header and then silence, size bytes in all. */
struct long_stream {
    size_t size, at;
};

static int64_t read_long(void *context, void *buffer, size_t size)
{
    struct long_stream *s = context;
    unsigned char header[44];
    const size_t left = s->size - s->at, count = left < size ? left : size;
    memset(buffer, 0, count);
    if (!s->at) {
        put_header(header, 1, 1, 16000, 16, 0xffffffffu);
        memcpy(buffer, header, sizeof header);
    }
    s->at += count;
    return (int64_t)count;
}

static void spools_long_streams_to_disk(void **state)
{
    (void)state;
    struct long_stream stream = {SOURCE_MEMORY + 100044, 0};
    char warning[FAULT_MESSAGE_SIZE];
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames = 0, got;
    float x[4000];
    assert_int_equal(audio_file_open_callback(&file, read_long, &stream, "-", &fault), 0);
    while ((got = audio_file_read(file, x, 4000, &fault)) > 0)
        frames += got;
    assert_int_equal(got, 0);
    assert_int_equal(frames, (SOURCE_MEMORY + 100000) / 2);
    snprintf(warning, sizeof warning, "%s", audio_file_warning(file));
    assert_string_equal(warning, "");
    audio_file_close(&file);
}

static void says_where_it_could_not_spool(void **state)
{
    (void)state;
    struct long_stream stream = {SOURCE_MEMORY + 100044, 0};
    struct fault fault = {0};
    struct audio_file *file;
    char *before = getenv("TMPDIR") ? strdup(getenv("TMPDIR")) : NULL;
    setenv("TMPDIR", "/nowhere/at/all", 1);
    assert_int_equal(audio_file_open_callback(&file, read_long, &stream, "-", &fault), UTTER_ERROR_IO);
    assert_string_equal(fault.message, "-: a temporary file in /nowhere/at/all could not be written: "
                                       "No such file or directory");
    if (before)
        setenv("TMPDIR", before, 1);
    else
        unsetenv("TMPDIR");
    free(before);
}

static void reads_a_pipe_by_path(void **state)
{
    (void)state;
    unsigned char b[2044] = {0};
    char warning[FAULT_MESSAGE_SIZE], name[64];
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    put_header(b, 1, 1, 16000, 16, 2000);
    assert_int_equal(write(ends[1], b, sizeof b), sizeof b);
    close(ends[1]);
    snprintf(name, sizeof name, "/dev/fd/%d", ends[0]);
    assert_int_equal(audio_file_open_path(&file, name, "-", &fault), 0);
    free(read_all(file, &frames, warning));
    assert_int_equal(frames, 1000);
    close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_format),
        cmocka_unit_test(reads_twelve_channels),
        cmocka_unit_test(refuses_impossible_headers),
        cmocka_unit_test(refuses_what_is_not_sound),
        cmocka_unit_test(survives_damage),
        cmocka_unit_test(reads_sizes_of_streams_and_cut_files),
        cmocka_unit_test(warns_of_a_cut_flac),
        cmocka_unit_test(replaces_what_is_not_a_number),
        cmocka_unit_test(warns_of_no_sound),
        cmocka_unit_test(spools_long_streams_to_disk),
        cmocka_unit_test(says_where_it_could_not_spool),
        cmocka_unit_test(reads_a_pipe_by_path),
    };
    return cmocka_run_group_tests_name("audio file", tests, make_folder, remove_folder);
}
