/* Opus: the samples that libsndfile decodes, and all of them where granule positions are off, links are joined or bytes
 * lie between pages; a cut or damaged file gives what is whole of it and one sentence, with nothing printed.
 */
#include "audio/file.h"
#include "tests/unit/sound_files.h"

#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* libopusfile 0.12 loses the comments of a further link that breaks off between them and its first page of sound. */
void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_opus_as_libsndfile_does),
        cmocka_unit_test(reads_opus_whose_positions_are_off),
        cmocka_unit_test(reads_cut_opus),
        cmocka_unit_test(reads_damaged_opus),
        cmocka_unit_test(reads_joined_opus),
        cmocka_unit_test(reads_opus_between_junk),
        cmocka_unit_test(applies_opus_gain),
    };
    return cmocka_run_group_tests_name("audio opus", tests, make_folder, remove_folder);
}
