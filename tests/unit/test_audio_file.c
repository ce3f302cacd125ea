/* Sound files: every format that libsndfile writes comes back the same from a path, from memory and from a pipe; and
 * whatever is wrong with a file is one sentence, with nothing printed. All files are made here, in a temporary folder.
 */
#include "audio/file.h"
#include "audio/source.h"

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
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { RATE = 16000, COUNT = 16000 };

/* libsndfile 1.2.0 loses a vorbis_info of its own when an Ogg file breaks off within its headers. Nothing else may
 * leak. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:vorbis_info_init";
}

/* libopusfile 0.12 loses the comments of a further link that breaks off between them and its first page of sound. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static char folder[256], path[300];

static void use_path(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
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

struct bytes {
    unsigned char *data;
    size_t size, at;
};

/* Hands out bytes in odd-sized pieces, as a pipe does. */
static int64_t read_pipe(void *context, void *buffer, size_t size)
{
    struct bytes *b = context;
    size_t count = b->size - b->at < 1237 ? b->size - b->at : 1237;
    count = count < size ? count : size;
    memcpy(buffer, b->data + b->at, count);
    b->at += count;
    return (int64_t)count;
}

static int64_t read_failing(void *context, void *buffer, size_t size)
{
    int *calls = context;
    memset(buffer, 0, size);
    return (*calls)++ < 3 ? (int64_t)size : -1;
}

static struct bytes load(const char *from)
{
    struct bytes b = {0};
    struct stat status;
    FILE *file = fopen(from, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    b.size = (size_t)status.st_size;
    b.data = malloc(b.size + 1);
    assert_int_equal(fread(b.data, 1, b.size, file), b.size);
    fclose(file);
    return b;
}

/* A chirp of a second, [COUNT, channels], each channel quieter than the last. */
static float *make_sound(int channels)
{
    float *x = malloc((size_t)COUNT * (size_t)channels * sizeof *x);
    for (int i = 0; i < COUNT; i++)
        for (int c = 0; c < channels; c++)
            x[i * channels + c] = (float)(0.5 / (c + 1) * sin(1000.0 * i / RATE + 4000.0 * i / RATE * i / COUNT));
    return x;
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

/* Reads all of an open file in pieces of odd size and closes it. */
static float *read_all(struct audio_file *file, int64_t *frames, char *warning)
{
    struct audio_file_info info;
    struct fault fault = {0};
    float *x = NULL;
    audio_file_get_info(file, &info);
    *frames = 0;
    for (int64_t got = 1; got; *frames += got) {
        x = realloc(x, (size_t)(*frames + 701) * (size_t)info.channels * sizeof *x);
        got = audio_file_read(file, x + *frames * info.channels, 701, &fault);
        assert_in_range(got, 0, 701);
    }
    snprintf(warning, FAULT_MESSAGE_SIZE, "%s", audio_file_warning(file));
    audio_file_close(&file);
    assert_null(file);
    return x;
}

static char format_text[128];

/* The same samples through all three doors; returns those of the path. */
static float *read_three_ways(int64_t *frames, struct audio_file_info *info, char *warning)
{
    struct fault fault = {0};
    struct audio_file *file;
    struct bytes b = load(path);
    int64_t again;
    assert_int_equal(audio_file_open_path(&file, path, "a.wav", &fault), 0);
    audio_file_get_info(file, info);
    snprintf(format_text, sizeof format_text, "%s", info->format);
    info->format = format_text; /* outlives the file */
    float *x = read_all(file, frames, warning);
    for (int way = 0; way < 2; way++) {
        assert_int_equal(way ? audio_file_open_memory(&file, b.data, b.size, "a.wav", &fault)
                             : audio_file_open_callback(&file, read_pipe, &b, "a.wav", &fault),
                         0);
        float *y = read_all(file, &again, warning);
        assert_int_equal(again, *frames);
        assert_memory_equal(x, y, (size_t)(*frames * info->channels) * sizeof *x);
        free(y);
    }
    free(b.data);
    return x;
}

/* Between these two, whatever is printed goes to a file; at the end there must be nothing in it. */
static int printed_before[2];
static FILE *printed;

static void watch_prints(void)
{
    use_path("printed");
    fflush(stdout), fflush(stderr);
    printed_before[0] = dup(1), printed_before[1] = dup(2);
    printed = fopen(path, "wb+");
    dup2(fileno(printed), 1), dup2(fileno(printed), 2);
    unlink(path);
}

static void expect_no_prints(void)
{
    char text[1000] = "";
    fflush(stdout), fflush(stderr);
    dup2(printed_before[0], 1), dup2(printed_before[1], 2);
    close(printed_before[0]), close(printed_before[1]);
    fseek(printed, 0, SEEK_END);
    const long length = ftell(printed);
    rewind(printed);
    assert_true(fread(text, 1, sizeof text - 1, printed) <= sizeof text);
    fclose(printed);
    if (length)
        print_message("printed: %s\n", text);
    assert_int_equal(length, 0);
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

static void put(struct bytes *b, const void *data, size_t size)
{
    b->data = realloc(b->data, b->size + size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
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

/* What libsndfile reads of the file at path. */
static float *read_reference(int64_t *frames)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    assert_non_null(file);
    float *x = malloc(sizeof *x * (size_t)(4 * COUNT) * (size_t)info.channels);
    *frames = sf_readf_float(file, x, 4 * COUNT);
    sf_close(file);
    return x;
}

/* Opens and reads size bytes; returns the sample frames, or -1 where they are refused. */
static int64_t try_bytes(const void *data, size_t size, char *message)
{
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames = -1;
    unsigned char *copy = malloc(size + 1); /* its own block, so that AddressSanitizer sees its end */
    memcpy(copy, data, size);
    message[0] = 0;
    if (audio_file_open_memory(&file, copy, size, "x.mp3", &fault)) {
        assert_int_equal(fault.code, UTTER_ERROR_AUDIO);
        snprintf(message, FAULT_MESSAGE_SIZE, "%s", fault.message);
    } else
        free(read_all(file, &frames, message));
    free(copy);
    return frames;
}

/* An Opus file of times COUNT frames; about one Ogg page for each second. */
static struct bytes make_opus(int rate, int channels, int times)
{
    SF_INFO info = {.samplerate = rate, .channels = channels, .format = SF_FORMAT_OGG | SF_FORMAT_OPUS};
    float *x = make_sound(channels);
    use_path("sound");
    SNDFILE *file = sf_open(path, SFM_WRITE, &info);
    assert_non_null(file);
    for (int i = 0; i < times; i++)
        assert_int_equal(sf_writef_float(file, x, COUNT), COUNT);
    assert_int_equal(sf_close(file), 0);
    struct bytes b = load(path);
    unlink(path);
    free(x);
    return b;
}

/* Where the Ogg page of this number begins, from 0; the end of b: there are not so many. */
static size_t find_page(const struct bytes *b, int number)
{
    size_t at = 0;
    while (at < b->size && number--) {
        size_t size = 27 + (size_t)b->data[at + 26];
        for (int i = 0; i < b->data[at + 26]; i++)
            size += b->data[at + 27 + (size_t)i];
        at += size;
    }
    return at;
}

static int count_pages(const struct bytes *b)
{
    int count = 0;
    while (find_page(b, count) < b->size)
        count++;
    return count;
}

/* The checksum of an Ogg page: polynomial 0x04c11db7, no reflection (RFC 3533, section 6). */
static void sign_page(unsigned char *page, size_t size)
{
    uint32_t sum = 0;
    memset(page + 22, 0, 4);
    for (size_t i = 0; i < size; i++) {
        sum ^= (uint32_t)page[i] << 24;
        for (int k = 0; k < 8; k++)
            sum = sum << 1 ^ (sum >> 31 ? 0x04c11db7u : 0);
    }
    for (int k = 0; k < 4; k++)
        page[22 + k] = (unsigned char)(sum >> (8 * k));
}

/* 10 log10 of the energy of x over that of its difference from y. */
static double signal_to_noise(const float *x, const float *y, int64_t count)
{
    double signal = 0, noise = 1e-20;
    for (int64_t i = 0; i < count; i++) {
        const double d = (double)x[i] - (double)y[i];
        signal += (double)x[i] * (double)x[i];
        noise += d * d;
    }
    return 10 * log10(signal / noise);
}

static void write_bytes(const struct bytes *b)
{
    use_path("sound");
    FILE *out = fopen(path, "wb");
    assert_int_equal(fwrite(b->data, 1, b->size, out), b->size);
    fclose(out);
}

/* Makes the header say that 48000 Hz were encoded: libsndfile decodes at that rate then. */
static void set_opus_rate(struct bytes *b)
{
    assert_memory_equal(b->data + 28, "OpusHead", 8);
    memcpy(b->data + 40, "\x80\xbb\0\0", 4);
    sign_page(b->data, find_page(b, 1));
}

static void reads_opus_as_libsndfile_does(void **state)
{
    (void)state;
    static const int rates[] = {8000, 12000, 16000, 24000, 48000};
    for (int i = 0; i < 10; i++) {
        char warning[FAULT_MESSAGE_SIZE];
        struct audio_file_info info;
        int64_t frames, right;
        const int channels = 1 + i % 2, length = COUNT * (48000 / rates[i / 2]);
        struct bytes b = make_opus(rates[i / 2], channels, 1);
        write_bytes(&b);
        float *x = read_three_ways(&frames, &info, warning);
        set_opus_rate(&b);
        write_bytes(&b);
        float *y = read_reference(&right);
        unlink(path);
        assert_int_equal(info.sample_rate, 48000);
        assert_int_equal(info.channels, channels);
        assert_string_equal(info.format, "OGG, Opus");
        assert_string_equal(warning, "");
        assert_int_equal(info.frames, length);
        assert_int_equal(frames, length);
        assert_int_equal(right, length < 4 * COUNT ? length : 4 * COUNT);
        assert_true(signal_to_noise(y, x, right * channels) > 40);
        free(x), free(y), free(b.data);
    }
}

/* Granule positions that are off by less than a packet, as real files have them, from the second page of sound on. */
static void reads_opus_whose_positions_are_off(void **state)
{
    (void)state;
    static const int offsets[] = {-489, 489, -129, 129};
    for (int i = 0; i < 8; i++) {
        struct bytes b = make_opus(48000, 1, 15);
        char message[FAULT_MESSAGE_SIZE];
        const int count = count_pages(&b), last = count - i / 4; /* the last page's says where the sound ends */
        assert_true(count > 5);
        for (int page = 3; page < last; page++) {
            const size_t at = find_page(&b, page);
            uint32_t position = (uint32_t)b.data[at + 6] | (uint32_t)b.data[at + 7] << 8 |
                                (uint32_t)b.data[at + 8] << 16 | (uint32_t)b.data[at + 9] << 24;
            position += (uint32_t)offsets[i % 4];
            for (int k = 0; k < 4; k++)
                b.data[at + 6 + (size_t)k] = (unsigned char)(position >> (8 * k));
            sign_page(b.data + at, find_page(&b, page + 1) - at);
        }
        assert_in_range(try_bytes(b.data, b.size, message), 15 * COUNT - 500, 15 * COUNT + 500);
        assert_string_equal(message, "");
        free(b.data);
    }
}

/* A file that is cut anywhere gives all of its whole pages, and one sentence. */
static void reads_cut_opus(void **state)
{
    (void)state;
    struct bytes b = make_opus(16000, 1, 5);
    const size_t sound = find_page(&b, 2), first = find_page(&b, 3);
    char message[FAULT_MESSAGE_SIZE];
    int64_t most = -1;
    watch_prints();
    for (size_t size = 1; size < b.size; size += size < sound + 200 ? 7 : 97) {
        const int64_t frames = try_bytes(b.data, size, message);
        assert_true(size < first ? frames < 0 : frames >= most && frames > 0);
        most = frames;
        assert_non_null(strstr(message, frames < 0 ? "x.mp3: " : "x.mp3: cut short: its last Ogg page, after "));
    }
    expect_no_prints();
    assert_true(most > 5 * 48000 * 3 / 4);
    assert_int_equal(try_bytes(b.data, sound + 100, message), -1);
    assert_string_equal(message, "x.mp3: cut short: an Opus file that breaks off before its sound");
    assert_true(try_bytes(b.data, first, message) > 40000);
    assert_non_null(strstr(message, "x.mp3: cut short: its Ogg stream does not end, but breaks off after 0."));
    free(b.data);
}

/* One bit of each page in turn. */
static void reads_damaged_opus(void **state)
{
    (void)state;
    struct bytes b = make_opus(8000, 1, 3);
    char message[FAULT_MESSAGE_SIZE];
    const int count = count_pages(&b);
    const int64_t whole = try_bytes(b.data, b.size, message);
    assert_int_equal(whole, 6 * 3 * COUNT);
    assert_true(count > 5);
    watch_prints();
    for (int page = 0; page < count; page++) {
        const size_t at = find_page(&b, page + 1) - 5;
        b.data[at] ^= 0x40;
        const int64_t frames = try_bytes(b.data, b.size, message);
        b.data[at] ^= 0x40;
        assert_true(page < 2 ? frames < 0 : frames > whole - 2 * 48000 - 5760 && frames < whole);
        assert_non_null(strstr(message, page < 2            ? "its Opus headers are cut off or damaged"
                                        : page == 2         ? "x.mp3: damaged: the first Ogg pages of its sound"
                                        : page == count - 1 ? "x.mp3: cut short: its last Ogg page, after "
                                                            : "x.mp3: damaged after "));
        assert_int_equal(page > 2 && page < count - 1, strstr(message, " s could not be read") != NULL);
    }
    expect_no_prints();
    free(b.data);
}

/* Gives b's stream another number, as the links of a chained file need it. */
static void number_stream(struct bytes *b, unsigned char number)
{
    for (int page = 0, count = count_pages(b); page < count; page++) {
        const size_t at = find_page(b, page);
        b->data[at + 14] ^= number;
        sign_page(b->data + at, find_page(b, page + 1) - at);
    }
}

/* What one link gives alone it gives in a chain, in as many channels as the first one has. */
static void expect_links(const struct bytes *chain, int channels, int next_channels)
{
    char warning[FAULT_MESSAGE_SIZE];
    struct audio_file_info info;
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames;
    assert_int_equal(audio_file_open_memory(&file, chain->data, chain->size, "x.opus", &fault), 0);
    audio_file_get_info(file, &info);
    assert_int_equal(info.channels, channels);
    assert_int_equal(info.frames, 18 * COUNT);
    float *x = read_all(file, &frames, warning);
    assert_int_equal(frames, 18 * COUNT);
    assert_string_equal(warning, "");
    const float *next = x + (ptrdiff_t)9 * COUNT * channels;
    double loudness[2] = {0}, energy[2] = {0};
    for (int i = 0; i < 9 * COUNT; i++)
        for (int c = 0; c < channels; c++) {
            loudness[c] += (double)x[i * channels + c] * (double)x[i * channels + c];
            energy[c] += (double)next[i * channels + c] * (double)next[i * channels + c];
        }
    /* The second channel is half as loud as the first: their mean has 3/4 of the amplitude. */
    for (int c = 0; c < channels; c++) {
        const double first = c ? loudness[0] : loudness[c];
        const double right = channels == next_channels ? loudness[c] : next_channels == 1 ? first : 0.5625 * first;
        assert_true(energy[c] > 0.95 * right && energy[c] < 1.05 * right);
    }
    free(x);
}

static void reads_joined_opus(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const int channels = 1 + i % 2, next_channels = 1 + i / 2;
        struct bytes a = make_opus(48000, channels, 9), b = make_opus(48000, next_channels, 9);
        char message[FAULT_MESSAGE_SIZE];
        number_stream(&b, 0x5a);
        const size_t first = a.size;
        put(&a, b.data, b.size);
        watch_prints();
        expect_links(&a, channels, next_channels);
        if (__lsan_disable)
            __lsan_disable();
        for (size_t size = first + 4; size < a.size; size += size < first + 100 ? 17 : 2003) {
            assert_true(try_bytes(a.data, size, message) >= 9 * COUNT);
            assert_non_null(strstr(message, "x.mp3: cut short: its last Ogg page, after "));
        }
        if (__lsan_enable)
            __lsan_enable();
        expect_no_prints();
        free(a.data), free(b.data);
    }
}

/* Bytes that belong to no page: alone behind the first pages, between whole ones, and at the end. */
static void reads_opus_between_junk(void **state)
{
    (void)state;
    unsigned char junk[3000];
    char message[FAULT_MESSAGE_SIZE];
    struct bytes b = make_opus(48000, 1, 15), joined = {0};
    uint32_t random = 5;
    for (size_t i = 0; i < sizeof junk; i++)
        junk[i] = (unsigned char)((random = random * 1664525u + 1013904223u) >> 24);
    watch_prints();
    for (int page = 1, count = count_pages(&b); page <= count; page++) {
        const size_t at = find_page(&b, page);
        joined.size = 0;
        put(&joined, b.data, at), put(&joined, junk, sizeof junk);
        const int64_t frames = try_bytes(joined.data, joined.size, message);
        assert_true(page < 3 ? frames < 0 : page < count ? frames > 40000 : frames == 15 * COUNT);
        assert_int_equal(*message == 0, page == count);
        put(&joined, b.data + at, b.size - at);
        assert_int_equal(try_bytes(joined.data, joined.size, message), 15 * COUNT);
        assert_string_equal(message, "");
    }
    expect_no_prints();
    free(b.data), free(joined.data);
}

/* The header's gain, in 1/256 dB: -6.02 dB halve every sample. */
static void applies_opus_gain(void **state)
{
    (void)state;
    struct fault fault = {0};
    char warning[FAULT_MESSAGE_SIZE];
    float *x[2];
    int64_t frames;
    struct bytes b = make_opus(48000, 1, 1);
    for (int i = 0; i < 2; i++) {
        struct audio_file *file;
        const int gain = i ? -1541 : 0;
        b.data[44] = (unsigned char)(gain & 0xff), b.data[45] = (unsigned char)(gain >> 8 & 0xff);
        sign_page(b.data, find_page(&b, 1));
        assert_int_equal(audio_file_open_memory(&file, b.data, b.size, "x.opus", &fault), 0);
        x[i] = read_all(file, &frames, warning);
        assert_int_equal(frames, COUNT);
    }
    for (int i = 0; i < COUNT; i++)
        assert_true(fabsf(x[1][i] - 0.5f * x[0][i]) < 1e-3f);
    free(x[0]), free(x[1]), free(b.data);
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
        cmocka_unit_test(reads_mpeg_as_libsndfile_does),
        cmocka_unit_test(reads_opus_as_libsndfile_does),
        cmocka_unit_test(reads_opus_whose_positions_are_off),
        cmocka_unit_test(reads_cut_opus),
        cmocka_unit_test(reads_damaged_opus),
        cmocka_unit_test(reads_joined_opus),
        cmocka_unit_test(reads_opus_between_junk),
        cmocka_unit_test(applies_opus_gain),
        cmocka_unit_test(reads_cut_mpeg),
        cmocka_unit_test(reads_damaged_mpeg),
        cmocka_unit_test(reads_older_layers),
        cmocka_unit_test(reads_joined_mpeg),
        cmocka_unit_test(reads_mpeg_behind_tags_and_junk),
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
