/* MPEG audio, layers I to III: the samples that libsndfile decodes, also behind tags and junk and of joined files; a
 * cut or damaged file gives what is whole of it or one sentence, with nothing printed.
 */
#include "audio/file.h"
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

/* Whether the first frame is a Xing header of this name. */
static bool has_header(const struct bytes *b, int channels, const char *name)
{
    const size_t side = b->data[1] & 8 ? (channels == 2 ? 32 : 17) : channels == 2 ? 17 : 9;
    return !memcmp(b->data + 4 + side, name, 4);
}

/* An MP3 of COUNT frames at rate, whose bit rate is constant, average or variable. */
static struct bytes make_mp3(int rate, int channels, int mode)
{
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = SF_FORMAT_MPEG | SF_FORMAT_MPEG_LAYER_III};
    float *x = make_sound(channels);
    use_path("sound");
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    sf_command(file, SFC_SET_BITRATE_MODE, &mode, sizeof mode);
    assert_int_equal(sf_writef_float(file, x, COUNT), COUNT);
    assert_int_equal(sf_close(file), 0);
    free(x);
    struct bytes b = load(path);
    unlink(path);
    assert_int_equal(has_header(&b, channels, "Xing"), mode != SF_BITRATE_MODE_CONSTANT);
    return b;
}

/* Bytes of the MPEG frame (layer III) at b. */
static size_t frame_size(const unsigned char *b)
{
    static const int rates[] = {44100, 48000, 32000}, shifts[] = {2, 0, 1, 0};
    static const int first[] = {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320};
    static const int other[] = {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160};
    const int version = b[1] >> 3 & 3, rate = rates[b[2] >> 2 & 3] >> shifts[version];
    assert_true(b[0] == 0xff && (b[1] & 0xe6) == 0xe2 && b[2] >> 4 > 0 && b[2] >> 4 < 15);
    return (size_t)((version == 3 ? 144000 * first[b[2] >> 4] : 72000 * other[b[2] >> 4]) / rate + (b[2] >> 1 & 1));
}

/* Writes size bytes to path, and reads them through the three doors and through libsndfile. */
static void expect_reference(const unsigned char *data, size_t size, int rate, int channels, bool length_known)
{
    char warning[FAULT_MESSAGE_SIZE];
    struct audio_file_info info;
    int64_t frames, right;
    use_path("sound");
    FILE *out = fopen(path, "wb");
    assert_int_equal(fwrite(data, 1, size, out), size);
    fclose(out);
    float *x = read_three_ways(&frames, &info, warning), *y = read_reference(&right);
    unlink(path);
    assert_int_equal(info.sample_rate, rate);
    assert_int_equal(info.channels, channels);
    assert_string_equal(info.format, "MPEG-1/2 Audio, MPEG Layer III");
    assert_string_equal(warning, "");
    assert_int_equal(info.frames, length_known ? right : -1);
    if (length_known) {
        assert_int_equal(right, COUNT);
        assert_int_equal(frames, COUNT);
    } else /* libsndfile guesses the length from the first frame's bit rate, and stops there */
        assert_true(frames >= right && frames >= COUNT);
    for (int64_t i = 0; i < right * channels; i++)
        assert_true(fabsf(x[i] - y[i]) <= 1e-4f);
    free(x), free(y);
}

static void reads_mpeg_as_libsndfile_does(void **state)
{
    (void)state;
    static const int rates[] = {8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000};
    static const int modes[] = {SF_BITRATE_MODE_CONSTANT, SF_BITRATE_MODE_AVERAGE, SF_BITRATE_MODE_VARIABLE};
    int headers = 0;
    for (int i = 0; i < 9; i++)
        for (int channels = 1; channels <= 2; channels++) {
            struct bytes b = make_mp3(rates[i], channels, modes[(i + channels) % 3]);
            const bool header = has_header(&b, channels, "Info") || has_header(&b, channels, "Xing");
            const size_t first = header ? frame_size(b.data) : 0;
            if (header)
                expect_reference(b.data, b.size, rates[i], channels, true);
            expect_reference(b.data + first, b.size - first, rates[i], channels, false);
            headers += header; /* LAME leaves it out where a frame is too short for it */
            free(b.data);
        }
    assert_in_range(headers, 14, 18);
}

/* make_mp3's file less its Xing header, so that nothing promises a length. */
static struct bytes make_bare_mp3(int rate)
{
    struct bytes b = make_mp3(rate, 1, SF_BITRATE_MODE_CONSTANT);
    assert_true(has_header(&b, 1, "Info"));
    const size_t first = frame_size(b.data);
    memmove(b.data, b.data + first, b.size -= first);
    return b;
}

static void reads_cut_mpeg(void **state)
{
    (void)state;
    char message[FAULT_MESSAGE_SIZE];
    struct bytes b = make_mp3(44100, 1, SF_BITRATE_MODE_CONSTANT), bare = make_bare_mp3(44100);
    const size_t first = frame_size(bare.data);
    watch_prints();
    for (size_t size = 1; size < b.size; size += size < 1500 ? 13 : 331) {
        const int64_t frames = try_bytes(b.data, size, message);
        assert_non_null(strstr(message, frames < 0 ? "x.mp3: " : "x.mp3: cut short: the header promises "));
    }
    for (size_t size = 1; size < bare.size; size += size < 1500 ? 13 : 331) {
        const int64_t frames = try_bytes(bare.data, size, message);
        assert_true(size >= first + 4 ? frames >= 0 : frames < 0);
        assert_true(frames <= COUNT + 3000);
    }
    expect_no_prints();
    assert_true(try_bytes(bare.data, bare.size * 3 / 4, message) > COUNT / 2);
    assert_non_null(strstr(message, "x.mp3: cut short: its last frame, at 0."));
    /* One frame alone. */
    watch_prints();
    assert_int_equal(try_bytes(bare.data, first, message), -1);
    expect_no_prints();
    assert_string_equal(message, "x.mp3: begins like an MP3 file, but there is no sound in it");
    free(b.data), free(bare.data);
}

static void reads_damaged_mpeg(void **state)
{
    (void)state;
    char message[FAULT_MESSAGE_SIZE];
    struct bytes b = make_bare_mp3(44100);
    const int64_t whole = try_bytes(b.data, b.size, message);
    uint32_t random = 3;
    size_t at = 0;
    assert_string_equal(message, "");
    for (int i = 0; i < 6; i++)
        at += frame_size(b.data + at);
    unsigned char *copy = malloc(b.size);
    watch_prints();
    for (int round = 0; round < 60; round++) { /* a frame's side information and sound, its header left alone */
        memcpy(copy, b.data, b.size);
        const size_t size = frame_size(b.data + at);
        for (size_t k = 4; k < size; k++)
            copy[at + k] = (unsigned char)((random = random * 1664525u + 1013904223u) >> 24);
        assert_true(try_bytes(copy, b.size, message) >= whole - 1152);
    }
    memcpy(copy, b.data, b.size);
    memset(copy + at, 0x55, 1000);
    const int64_t frames = try_bytes(copy, b.size, message);
    expect_no_prints();
    assert_in_range(frames, whole - 5 * 1152, whole);
    assert_non_null(strstr(message, "x.mp3: damaged after 0."));
    assert_non_null(strstr(message, " bytes are not MPEG frames"));
    free(copy), free(b.data);
}

/* Ten silent frames of layer I and II: a header each, and no bits given to any band. */
static void reads_older_layers(void **state)
{
    (void)state;
    static const struct {
        unsigned char header[4];
        int size, samples, rate;
        const char *format;
    } cases[] = {
        {{0xff, 0xff, 0x80, 0x00}, 276, 384, 44100, "MPEG-1/2 Audio, MPEG Layer I"},   /* 256 kbit/s */
        {{0xff, 0xfd, 0x84, 0x00}, 384, 1152, 48000, "MPEG-1/2 Audio, MPEG Layer II"}, /* 128 kbit/s */
        {{0xff, 0xf5, 0x88, 0xc0}, 576, 1152, 16000, "MPEG-1/2 Audio, MPEG Layer II"}, /* 64 kbit/s, mono */
    };
    for (int c = 0; c < 3; c++) {
        static unsigned char b[6000];
        char warning[FAULT_MESSAGE_SIZE];
        struct audio_file_info info;
        struct fault fault = {0};
        struct audio_file *file;
        int64_t frames;
        memset(b, 0, sizeof b);
        for (int i = 0; i < 10; i++)
            memcpy(b + i * cases[c].size, cases[c].header, 4);
        watch_prints();
        const int rc = audio_file_open_memory(&file, b, (size_t)(10 * cases[c].size), "x.mp2", &fault);
        assert_int_equal(rc, 0);
        audio_file_get_info(file, &info);
        assert_int_equal(info.sample_rate, cases[c].rate);
        assert_string_equal(info.format, cases[c].format);
        float *x = read_all(file, &frames, warning);
        expect_no_prints();
        assert_int_equal(frames, 10 * cases[c].samples);
        assert_string_equal(warning, "");
        free(x);
    }
}

static void reads_joined_mpeg(void **state)
{
    (void)state;
    static const unsigned char tag[10] = "ID3\4\0\0\0\0\4\x58"; /* 600 bytes follow */
    static const char zeros[600] = "";
    char message[FAULT_MESSAGE_SIZE];
    struct bytes a = make_mp3(16000, 1, SF_BITRATE_MODE_VARIABLE), joined = {0}, other = make_bare_mp3(44100);
    put(&joined, a.data, a.size);
    put(&joined, a.data, a.size);
    watch_prints();
    const int64_t twice = try_bytes(joined.data, joined.size, message);
    expect_no_prints();
    assert_string_equal(message, "");
    assert_in_range(twice, 2 * COUNT, 2 * COUNT + 4000);
    /* With tags around each. */
    joined.size = 0;
    for (int i = 0; i < 2; i++) {
        put(&joined, tag, sizeof tag), put(&joined, zeros, 600);
        put(&joined, a.data, a.size);
        put(&joined, "TAG", 3), put(&joined, zeros, 125);
    }
    watch_prints();
    assert_int_equal(try_bytes(joined.data, joined.size, message), twice);
    expect_no_prints();
    assert_string_equal(message, "");
    /* What has another sample rate is left out. */
    joined.size = 0;
    put(&joined, a.data, a.size), put(&joined, other.data, other.size), put(&joined, a.data, a.size);
    watch_prints();
    const int64_t without = try_bytes(joined.data, joined.size, message);
    expect_no_prints();
    assert_in_range(without, twice - 2000, twice + 2000);
    assert_non_null(strstr(message, "s of another sample rate are left out"));
    free(a.data), free(joined.data), free(other.data);
}

static void reads_mpeg_behind_tags_and_junk(void **state)
{
    (void)state;
    static const unsigned char tag[10] = "ID3\4\0\0\0\0\4\x58", huge[10] = "ID3\4\0\0\x7f\x7f\x7f\x7f";
    static const char zeros[600] = "";
    char message[FAULT_MESSAGE_SIZE];
    struct bytes a = make_mp3(22050, 2, SF_BITRATE_MODE_AVERAGE), b = {0};
    watch_prints();
    put(&b, tag, sizeof tag), put(&b, zeros, 600);
    assert_int_equal(try_bytes(b.data, b.size, message), -1); /* the tag alone */
    assert_string_equal(message, "x.mp3: begins like an MP3 file, but there is no sound in it");
    put(&b, tag, sizeof tag), put(&b, zeros, 600);
    put(&b, a.data, a.size);
    assert_int_equal(try_bytes(b.data, b.size, message), COUNT);
    assert_string_equal(message, "");
    /* The tag says less than it is long. */
    b.size = 0;
    put(&b, tag, sizeof tag), put(&b, zeros, 600), put(&b, zeros, 500), put(&b, a.data, a.size);
    assert_int_equal(try_bytes(b.data, b.size, message), COUNT);
    assert_string_equal(message, "");
    /* As cut out of a stream: half a frame goes before. */
    b.size = 0;
    put(&b, a.data + 150, a.size - 150);
    assert_true(try_bytes(b.data, b.size, message) > COUNT - 3000);
    b.size = 0;
    put(&b, huge, sizeof huge), put(&b, a.data, a.size);
    assert_int_equal(try_bytes(b.data, b.size, message), -1);
    assert_string_equal(message, "x.mp3: begins like an MP3 file, but there is no sound in it");
    expect_no_prints();
    free(a.data), free(b.data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_mpeg_as_libsndfile_does),
        cmocka_unit_test(reads_cut_mpeg),
        cmocka_unit_test(reads_damaged_mpeg),
        cmocka_unit_test(reads_older_layers),
        cmocka_unit_test(reads_joined_mpeg),
        cmocka_unit_test(reads_mpeg_behind_tags_and_junk),
    };
    return cmocka_run_group_tests_name("audio mpeg", tests, make_folder, remove_folder);
}
