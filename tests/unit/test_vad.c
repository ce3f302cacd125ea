/* The networks for voice activity against PyTorch (tests/golden/make_vad.py) on every device, and weights and
 * configurations that are not what they should be. Silero's published weights are read from ../shared, where it is. */
#include "devices.h"

#include "audio/file.h"
#include "models/vad/vad.h"

#include <unistd.h>

#define GOLDEN  TEST_DATA "/golden/vad"
#define DEFAULT SOURCE_DIR "/models/default/vad"
#define SAMPLE  SOURCE_DIR "/samples/morning.flac"
#define SILERO  SOURCE_DIR "/../shared/models/silero-vad/silero_vad_16k.safetensors"

#define SILERO_GGML SOURCE_DIR "/../shared/models/ggml-headers/silero-v6.2.0-ggml.bin"

enum { MOST_VALUES = 1000, SAMPLE_COUNT = 57920 };

static size_t read_file(const char *path, void *out, size_t size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("cannot open %s", path);
    const size_t length = fread(out, 1, size, file);
    fclose(file);
    return length;
}

static int read_floats(const char *path, float *out)
{
    return (int)(read_file(path, out, MOST_VALUES * sizeof *out) / sizeof *out);
}

static int largest_index(const float *a, const float *b, int count)
{
    int largest = 0;
    for (int i = 0; i < count; i++)
        if (!(fabsf(a[i] - b[i]) <= fabsf(a[largest] - b[largest])))
            largest = i;
    return largest;
}

static void assert_close(const float *got, const float *expected, int count, double tolerance, const char *name)
{
    const int i = largest_index(got, expected, count);
    if (!(fabs((double)got[i] - expected[i]) <= tolerance))
        fail_msg("%s: value %d is %.8g, not %.8g", name, i, got[i], expected[i]);
}

/* Plain C and every other device. */
static const struct device *device_at(int i)
{
    return i ? fast[i - 1] : plain;
}

/* ---- our own ---- */

/* The generator of make_vad.py, to the bit. */
static void make_frame(float *out, int frame, int mels)
{
    for (int m = 0; m < mels; m++) {
        uint32_t h = (uint32_t)(frame * mels + m) * 2654435761u + 12345u;
        h ^= h >> 15;
        h *= 2246822519u;
        out[m] = ((float)(h >> 8) / 8388608 - 1) * 1.75f * 4 - 8;
    }
}

static struct vad *open_vad(const char *folder, const struct device *device)
{
    char text[4096], path[512];
    struct vad_config config;
    struct checkpoint *checkpoint;
    struct vad *vad;
    struct fault fault = {0};
    snprintf(path, sizeof path, "%s/config.json", folder);
    const size_t length = read_file(path, text, sizeof text);
    assert_int_equal(vad_config_read(&config, text, length, path, &fault), 0);
    assert_int_equal(checkpoint_open(&checkpoint, folder, &fault), 0);
    assert_int_equal(vad_open(&vad, &config, checkpoint, device, &fault), 0);
    checkpoint_close(&checkpoint);
    return vad;
}

static void judge_frames(struct vad_stream *stream, int mels, float *out, int count)
{
    float frame[64], two[VAD_STEP];
    struct fault fault = {0};
    int judged = 0;
    for (int i = 0; judged < count; i++) {
        make_frame(frame, i, mels);
        const int got = vad_feed(stream, i < count ? frame : NULL, two, &fault);
        assert_in_range(got, 0, VAD_STEP);
        for (int j = 0; j < got && judged < count; j++)
            out[judged++] = two[j];
    }
}

static void compare_vad(const char *folder, const char *golden)
{
    float expected[MOST_VALUES], got[MOST_VALUES];
    const int count = read_floats(golden, expected);
    for (int i = 0; i <= devices; i++) {
        struct fault fault = {0};
        struct vad *vad = open_vad(folder, device_at(i));
        struct vad_stream *stream;
        const int mels = vad_get_config(vad)->mel_bins;
        assert_int_equal(vad_stream_open(&stream, vad, &fault), 0);
        for (int again = 0; again < 2; again++) {
            judge_frames(stream, mels, got, count);
            assert_close(got, expected, count, 1e-5, device_at(i)->name);
            assert_int_equal(vad_stream_reset(stream, &fault), 0);
        }
        vad_stream_close(&stream);
        vad_close(&vad);
    }
}

static void small_is_pytorchs(void **state)
{
    (void)state;
    compare_vad(GOLDEN, GOLDEN "/small.f32");
}

static void default_is_pytorchs(void **state)
{
    (void)state;
    compare_vad(DEFAULT, GOLDEN "/default.f32");
}

/* ---- Silero's ---- */

static float *read_sample(void)
{
    struct audio_file *file;
    struct fault fault = {0};
    float *samples = calloc(SAMPLE_COUNT, sizeof *samples);
    assert_non_null(samples);
    assert_int_equal(audio_file_open_path(&file, SAMPLE, SAMPLE, &fault), 0);
    assert_int_equal(audio_file_read(file, samples, SAMPLE_COUNT, &fault), SAMPLE_COUNT);
    audio_file_close(&file);
    return samples;
}

static void compare_silero(const struct checkpoint *checkpoint, const char *golden, double tolerance)
{
    float expected[MOST_VALUES], got[MOST_VALUES], *samples = read_sample();
    const int count = read_floats(golden, expected);
    assert_int_equal(count, SAMPLE_COUNT / SILERO_WINDOW);
    for (int i = 0; i <= devices; i++) {
        struct fault fault = {0};
        struct silero *silero;
        struct silero_stream *stream;
        assert_int_equal(silero_open(&silero, checkpoint, device_at(i), &fault), 0);
        assert_int_equal(silero_stream_open(&stream, silero, &fault), 0);
        for (int again = 0; again < 2; again++) {
            for (int w = 0; w < count; w++)
                assert_int_equal(silero_feed(stream, samples + w * SILERO_WINDOW, &got[w], &fault), 0);
            assert_close(got, expected, count, tolerance, device_at(i)->name);
            assert_int_equal(silero_stream_reset(stream, &fault), 0);
        }
        silero_stream_close(&stream);
        silero_close(&silero);
    }
    free(samples);
}

static void random_silero_is_pytorchs(void **state)
{
    (void)state;
    struct checkpoint *checkpoint;
    struct fault fault = {0};
    assert_int_equal(checkpoint_open_random(&checkpoint, 3, &fault), 0);
    compare_silero(checkpoint, GOLDEN "/silero_random.f32", 2e-6);
    checkpoint_close(&checkpoint);
}

static void published_silero_is_pytorchs(void **state)
{
    (void)state;
    struct checkpoint *checkpoint;
    struct fault fault = {0};
    if (access(SILERO, R_OK)) {
        print_message("skipped: ../shared/models/silero-vad is not there\n");
        skip();
    }
    assert_int_equal(checkpoint_open(&checkpoint, SILERO, &fault), 0);
    assert_true(silero_is(checkpoint));
    compare_silero(checkpoint, GOLDEN "/silero.f32", 2e-5);
    checkpoint_close(&checkpoint);
}

/* whisper.cpp's file, of a later version, its convolutions in 16 bits. */
static void ggml_silero_is_pytorchs(void **state)
{
    (void)state;
    struct checkpoint *checkpoint;
    struct fault fault = {0};
    if (access(SILERO_GGML, R_OK)) {
        print_message("skipped: ../shared/models/ggml-headers is not there\n");
        skip();
    }
    assert_int_equal(checkpoint_open(&checkpoint, SILERO_GGML, &fault), 0);
    assert_true(silero_is(checkpoint));
    compare_silero(checkpoint, GOLDEN "/silero_ggml.f32", 2e-5);
    checkpoint_close(&checkpoint);
}

/* ---- what is not what it should be ---- */

static void expect_config(const char *text, int code, const char *says)
{
    struct vad_config config;
    struct fault fault = {0};
    assert_int_equal(vad_config_read(&config, text, strlen(text), "c.json", &fault), code);
    if (code && (!strstr(fault.message, "c.json: ") || !strstr(fault.message, says)))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

#define CONFIG(mels, hidden, taps, ahead, dilations)                                                                   \
    "{\"model_type\": \"utter_vad\", \"mel_bins\": " mels ", \"hidden_size\": " hidden ", \"taps\": " taps             \
    ", \"look_ahead\": " ahead ", \"dilations\": " dilations "}"

static void configurations_are_checked(void **state)
{
    (void)state;
    expect_config(CONFIG("40", "64", "8", "3", "[1, 2]"), 0, "");
    expect_config(CONFIG("40", "64", "2", "0", "[]"), 0, "");
    expect_config("{}", UTTER_ERROR_UNSUPPORTED, "model_type");
    expect_config("{\"model_type\": \"parakeet_ctc\"}", UTTER_ERROR_UNSUPPORTED, "model_type");
    expect_config("[", UTTER_ERROR_MODEL, "");
    expect_config("{\"model_type\": \"utter_vad\"}", UTTER_ERROR_MODEL, "mel_bins is missing");
    expect_config(CONFIG("0", "64", "8", "3", "[1]"), UTTER_ERROR_MODEL, "mel_bins is 0");
    expect_config(CONFIG("40", "1e9", "8", "3", "[1]"), UTTER_ERROR_MODEL, "hidden_size is 1000000000");
    expect_config(CONFIG("40", "64", "1", "0", "[1]"), UTTER_ERROR_MODEL, "taps is 1");
    expect_config(CONFIG("40", "64", "8", "7", "[1]"), UTTER_ERROR_MODEL, "look_ahead is 7");
    expect_config(CONFIG("40", "64", "8", "-1", "[1]"), UTTER_ERROR_MODEL, "look_ahead");
    expect_config(CONFIG("40", "64", "8", "3", "7"), UTTER_ERROR_MODEL, "dilations");
    expect_config(CONFIG("40", "64", "8", "3", "[1, \"a\"]"), UTTER_ERROR_MODEL, "a dilation");
    expect_config(CONFIG("40", "64", "8", "3", "[0]"), UTTER_ERROR_MODEL, "a dilation is 0");
    expect_config(CONFIG("40", "64", "8", "3", "[1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1]"), UTTER_ERROR_MODEL, "dilations");
}

/* The golden file with `from` made `to` (of one length) in its header, or its last float made a NaN, opened as ours (by
 * the golden configuration, with another hidden size), or as Silero's. */
struct damage {
    const char *from, *to;
    bool nan, silero;
    int hidden;
    const char *says;
};

static void expect_damage(const struct damage *d)
{
    static unsigned char bytes[1 << 16];
    char text[4096], path[] = "/tmp/utter-vad-XXXXXX";
    struct fault fault = {0};
    struct vad_config config;
    struct checkpoint *checkpoint;
    struct vad *vad = NULL;
    struct silero *silero = NULL;
    size_t length = read_file(GOLDEN "/model.safetensors", bytes, sizeof bytes);
    assert_int_equal(vad_config_read(&config, text, read_file(GOLDEN "/config.json", text, sizeof text), "c", &fault),
                     0);
    config.hidden_size = d->hidden ? d->hidden : config.hidden_size;
    for (size_t i = 0; d->from && i + strlen(d->from) <= length; i++)
        if (!memcmp(bytes + i, d->from, strlen(d->from)))
            memcpy(bytes + i, d->to, strlen(d->to));
    if (d->nan)
        memset(bytes + length - 4, 0xff, 4);
    const int file = mkstemp(path);
    assert_true(file >= 0 && write(file, bytes, length) == (ssize_t)length);
    close(file);
    assert_int_equal(checkpoint_open(&checkpoint, path, &fault), 0);
    const int code = d->silero ? silero_open(&silero, checkpoint, plain, &fault)
                               : vad_open(&vad, &config, checkpoint, plain, &fault);
    assert_int_equal(code, UTTER_ERROR_MODEL);
    assert_null(vad);
    assert_null(silero);
    if (!strstr(fault.message, path) || !strstr(fault.message, d->says))
        fail_msg("'%s' does not say '%s'", fault.message, d->says);
    checkpoint_close(&checkpoint);
    unlink(path);
}

static void weights_are_checked(void **state)
{
    (void)state;
    const struct damage all[] = {
        {"\"blocks.1.bias\"", "\"blocks.9.bias\"", false, false, 0, "blocks.1.bias"},
        {"\"mean\"", "\"mian\"", false, false, 0, "mean"},
        {NULL, NULL, true, false, 0, "finite"},
        {NULL, NULL, false, false, 9, "input.weight"},
        {NULL, NULL, false, true, 0, "stft_conv.weight"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        expect_damage(&all[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_is_pytorchs),         cmocka_unit_test(default_is_pytorchs),
        cmocka_unit_test(random_silero_is_pytorchs), cmocka_unit_test(published_silero_is_pytorchs),
        cmocka_unit_test(ggml_silero_is_pytorchs),   cmocka_unit_test(configurations_are_checked),
        cmocka_unit_test(weights_are_checked),
    };
    return cmocka_run_group_tests_name("vad", tests, open_devices, close_devices);
}
