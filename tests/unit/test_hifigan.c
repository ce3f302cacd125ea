/* HiFi-GAN against PyTorch in every naming (tests/golden/make_hifigan.py), the authors' V2 on mels of real speech, rows
 * in batches and in parts, and configurations that are not what they should be. */
#include "models/cpu/cpu.h"
#include "models/hifigan/hifigan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#define GOLDEN     TEST_DATA "/golden/hifigan/"
#define REAL_MODEL SOURCE_DIR "/../shared/models/hifigan-v2-lj"

enum { MOST_ROWS = 8 };

static struct thread_pool *pool;
static struct device *plain, *fast;

static int open_devices(void **state)
{
    (void)state;
    struct fault fault = {0};
    int code = thread_pool_open(&pool, 3, &fault);
    code = code ? code : cpu_plain_device_open(&plain, &fault);
    return code ? code : cpu_device_open(&fast, pool, CPU_BEST, &fault);
}

static int close_devices(void **state)
{
    (void)state;
    device_close(&plain);
    device_close(&fast);
    thread_pool_close(&pool);
    return 0;
}

/* ---- golden files ---- */

static char *read_file(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        fail_msg("%s is missing", path);
    char *bytes = calloc(1, 1 << 20);
    assert_non_null(bytes);
    *length = fread(bytes, 1, (1 << 20) - 1, file);
    fclose(file);
    return bytes;
}

static struct hifigan_config read_config(const char *folder)
{
    struct hifigan_config config;
    struct fault fault = {0};
    char path[512];
    size_t length;
    snprintf(path, sizeof path, "%s/config.json", folder);
    char *text = read_file(path, &length);
    if (hifigan_config_read(&config, text, length, path, &fault))
        fail_msg("%s", fault.message);
    free(text);
    return config;
}

static float *read_floats(const char *folder, const char *name, size_t count)
{
    char path[512];
    size_t length;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    float *values = (float *)(void *)read_file(path, &length);
    assert_int_equal(length, count * sizeof(float));
    return values;
}

/* The generator of make_hifigan.py, to the bit. */
static float *make_frames(int64_t count)
{
    float *out = malloc((size_t)count * sizeof *out);
    assert_non_null(out);
    for (int64_t i = 0; i < count; i++) {
        uint32_t h = (uint32_t)i * 2654435761u + 12345u;
        h ^= h >> 15;
        h *= 2246822519u;
        out[i] = ((float)(h >> 8) / 8388608 - 1) * 1.75f;
    }
    return out;
}

static struct hifigan *open_model(const char *folder, const struct hifigan_config *config, const char *prefix,
                                  const struct device *device, enum tensor_type type)
{
    struct checkpoint *checkpoint;
    struct hifigan *model;
    struct fault fault = {0};
    if (folder ? checkpoint_open(&checkpoint, folder, &fault) : checkpoint_open_random(&checkpoint, 1, &fault))
        fail_msg("%s", fault.message);
    if (hifigan_open(&model, config, checkpoint, prefix, device, type, &fault))
        fail_msg("%s", fault.message);
    checkpoint_close(&checkpoint);
    return model;
}

static float *run(const struct hifigan *model, const float *frames, const int *lengths, int rows, int time,
                  const float *conditioning)
{
    struct hifigan_pass *pass;
    struct fault fault = {0};
    float *samples = malloc((size_t)(rows * hifigan_samples(hifigan_get_config(model), time)) * sizeof *samples);
    assert_non_null(samples);
    assert_int_equal(hifigan_pass_open(&pass, model, &fault), 0);
    if (hifigan_forward(pass, frames, lengths, rows, time, conditioning, samples, &fault))
        fail_msg("%s", fault.message);
    assert_true(hifigan_pass_flops(pass) > 0 && hifigan_pass_bytes(pass) > 0);
    hifigan_pass_close(&pass);
    return samples;
}

/* Signal over error, in dB. */
static double snr(const float *expected, const float *got, int64_t count)
{
    double signal = 0, error = 0;
    for (int64_t i = 0; i < count; i++) {
        signal += (double)expected[i] * expected[i];
        error += ((double)expected[i] - got[i]) * ((double)expected[i] - got[i]);
    }
    return error > 0 ? 10 * log10(signal / error) : 999;
}

static void check_golden(const char *name, const char *prefix, const struct device *device, enum tensor_type type,
                         double least)
{
    char folder[256], path[512];
    int rows, time, lengths[MOST_ROWS];
    snprintf(folder, sizeof folder, GOLDEN "%s", name);
    snprintf(path, sizeof path, "%s/shape.txt", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d %d", &rows, &time), 2);
    for (int i = 0; i < rows; i++)
        assert_int_equal(fscanf(file, "%d", &lengths[i]), 1);
    fclose(file);
    const struct hifigan_config config = read_config(folder);
    const int64_t count = rows * hifigan_samples(&config, time);
    struct hifigan *model = open_model(folder, &config, prefix, device, type);
    float *frames = make_frames((int64_t)rows * time * config.mels), *vectors = make_frames(rows * 8);
    float *expected = read_floats(folder, "samples.f32", (size_t)count);
    float *got = run(model, frames, lengths, rows, time, config.conditioning ? vectors : NULL);
    const double ratio = snr(expected, got, count);
    if (!(ratio >= least))
        fail_msg("%s on %s in %s: %.1f dB", name, device->name, tensor_type_name(type), ratio);
    free(frames);
    free(vectors);
    free(expected);
    free(got);
    hifigan_close(&model);
}

/* Each naming, on plain C and on the fast device; bf16's error is stated in MODEL.md. */
static void test_golden(void **state)
{
    (void)state;
    static const char *const names[][2] = {
        {"pairs", ""}, {"single", ""}, {"folded", ""}, {"parametrized", "vocoder."}, {"vits", "decoder."}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        check_golden(names[i][0], names[i][1], plain, TENSOR_F32, 100);
        check_golden(names[i][0], names[i][1], fast, TENSOR_F32, 100);
        check_golden(names[i][0], names[i][1], plain, TENSOR_BF16, 25);
        check_golden(names[i][0], names[i][1], plain, TENSOR_F16, 43);
        check_golden(names[i][0], names[i][1], fast, TENSOR_BF16, 25);
    }
}

/* The authors' V2 on log-mels of two recordings. */
static void test_real(void **state)
{
    (void)state;
    enum { ROWS = 2, TIME = 24 };
    if (access(REAL_MODEL "/generator_v2", R_OK) != 0) {
        print_message("no ../shared/models/hifigan-v2-lj: skipped\n");
        skip();
    }
    const int lengths[ROWS] = {TIME, TIME};
    const struct hifigan_config config = read_config(REAL_MODEL);
    const int64_t count = ROWS * hifigan_samples(&config, TIME);
    float *frames = read_floats(GOLDEN "real", "mels.f32", (size_t)(ROWS * TIME * config.mels));
    float *expected = read_floats(GOLDEN "real", "samples.f32", (size_t)count);
    for (int i = 0; i < 2; i++) {
        struct hifigan *model = open_model(REAL_MODEL, &config, "", fast, i ? TENSOR_BF16 : TENSOR_F32);
        float *got = run(model, frames, lengths, ROWS, TIME, NULL);
        const double ratio = snr(expected, got, count);
        print_message("V2 in %s: %.1f dB\n", i ? "bf16" : "f32", ratio);
        assert_true(ratio >= (i ? 20 : 60));
        free(got);
        hifigan_close(&model);
    }
    free(frames);
    free(expected);
}

/* ---- batches and parts ---- */

/* A row of a batch whose padding holds huge values gives the bits that it gives alone. */
static void test_rows_alone(void **state)
{
    (void)state;
    enum { ROWS = 3, TIME = 20 };
    struct hifigan_config config;
    const int lengths[ROWS] = {20, 7, 1};
    assert_true(hifigan_config_named(&config, "hifigan-v3"));
    config.initial_channels = 64;
    struct hifigan *model = open_model(NULL, &config, "", fast, TENSOR_F32);
    const int64_t row = (int64_t)TIME * config.mels, samples = hifigan_samples(&config, TIME);
    float *frames = make_frames(ROWS * row);
    for (int i = 0; i < ROWS; i++)
        for (int64_t k = (int64_t)lengths[i] * config.mels; k < row; k++)
            frames[i * row + k] = 1e30f;
    float *together = run(model, frames, lengths, ROWS, TIME, NULL);
    for (int i = 0; i < ROWS; i++) {
        const int64_t own = hifigan_samples(&config, lengths[i]);
        float *alone = run(model, frames + i * row, &lengths[i], 1, lengths[i], NULL);
        assert_memory_equal(alone, together + i * samples, (size_t)own * sizeof(float));
        for (int64_t k = own; k < samples; k++)
            assert_true(together[i * samples + k] == 0);
        free(alone);
    }
    free(together);
    free(frames);
    hifigan_close(&model);
}

/* Parts of 1, 2, 3 … frames: what the whole gives, but for the rounding of sums whose order follows the beginning. */
static void check_parts(const char *name)
{
    enum { TIME = 61 };
    struct hifigan_config config;
    struct hifigan_pass *pass;
    struct fault fault = {0};
    const int length = TIME;
    assert_true(hifigan_config_named(&config, name));
    config.initial_channels = 32;
    struct hifigan *model = open_model(NULL, &config, "", fast, TENSOR_F32);
    float *frames = make_frames((int64_t)TIME * config.mels), *whole = run(model, frames, &length, 1, TIME, NULL);
    const int64_t hop = hifigan_hop(&config);
    float *part = malloc((size_t)(TIME * hop) * sizeof *part);
    assert_non_null(part);
    assert_int_equal(hifigan_pass_open(&pass, model, &fault), 0);
    for (int first = 0, count = 1; first < TIME; first += count++) {
        count = count < TIME - first ? count : TIME - first;
        if (hifigan_forward_part(pass, frames, TIME, first, count, NULL, part, &fault))
            fail_msg("%s", fault.message);
        assert_true(snr(whole + first * hop, part, count * hop) >= 90);
    }
    assert_int_equal(hifigan_forward_part(pass, frames, TIME, 60, 2, NULL, part, &fault), UTTER_ERROR_ARGUMENT);
    hifigan_pass_close(&pass);
    hifigan_close(&model);
    free(frames);
    free(whole);
    free(part);
}

static void test_parts(void **state)
{
    (void)state;
    check_parts("hifigan-v1");
    check_parts("hifigan-v3");
    check_parts("hifigan-small");
}

/* One frame less than the reach on a side, and some sample differs: the reach is no larger than it needs to be, or by
 * one at most, which is what the borders of a transposed convolution's steps can cost. */
static void test_reach(void **state)
{
    (void)state;
    enum { TIME = 61 };
    struct hifigan_config config;
    const int length = TIME;
    assert_true(hifigan_config_named(&config, "hifigan-v3"));
    config.initial_channels = 32;
    const int reach = hifigan_reach(&config);
    struct hifigan *model = open_model(NULL, &config, "", fast, TENSOR_F32);
    float *frames = make_frames((int64_t)TIME * config.mels), *before = run(model, frames, &length, 1, TIME, NULL);
    const int64_t hop = hifigan_hop(&config), middle = 30;
    for (int k = 0; k < config.mels; k++)
        frames[(middle + reach - 2) * config.mels + k] += 1;
    float *after = run(model, frames, &length, 1, TIME, NULL);
    assert_true(memcmp(before + middle * hop, after + middle * hop, (size_t)hop * sizeof(float)) != 0);
    free(before);
    free(after);
    free(frames);
    hifigan_close(&model);
}

/* ---- what is refused ---- */

#define SHAPE                                                                                                          \
    "\"upsample_initial_channel\":128,\"upsample_rates\":[8,8,2,2],\"upsample_kernel_sizes\":[16,16,4,4],"             \
    "\"resblock_kernel_sizes\":[3,7,11],\"resblock_dilation_sizes\":[[1,3,5],[1,3,5],[1,3,5]]"

static void expect_config(const char *json, int code, const char *says)
{
    struct hifigan_config config;
    struct fault fault = {0};
    int got = hifigan_config_read(&config, json, strlen(json), "config.json", &fault);
    if (got != code || (code && !strstr(fault.message, says)))
        fail_msg("%d '%s' for %s", got, fault.message, json);
}

static void test_configs(void **state)
{
    (void)state;
    const struct {
        const char *json;
        int code;
        const char *says;
    } cases[] = {
        {"{\"resblock\":\"1\",\"num_mels\":80," SHAPE "}", 0, ""},
        {"{\"model_type\":\"hifigan\"}", 0, ""},
        {"{\"model_type\":\"speecht5_hifigan\"}", 0, ""},
        {"{\"model_type\":\"fastspeech2_conformer_hifigan\",\"resblock_dilation_sizes\":null}", 0, ""},
        {"{\"model_type\":\"x\",\"vocoder_config\":{\"model_type\":\"hifigan\"}}", 0, ""},
        {"{\"model_type\":\"vits\",\"flow_size\":192}", 0, ""},
        {"[]", UTTER_ERROR_MODEL, "not a JSON object"},
        {"{", UTTER_ERROR_MODEL, "config.json"},
        {"{}", UTTER_ERROR_UNSUPPORTED, "neither HiFi-GAN's config"},
        {"{\"model_type\":\"bert\"}", UTTER_ERROR_UNSUPPORTED, "neither HiFi-GAN's config"},
        {"{\"resblock\":\"3\"}", UTTER_ERROR_UNSUPPORTED, "resblock is neither"},
        {"{\"resblock\":\"1\",\"num_mels\":0}", UTTER_ERROR_MODEL, "num_mels is 0"},
        {"{\"resblock\":\"1\",\"num_mels\":1.5}", UTTER_ERROR_MODEL, "num_mels is not a whole number"},
        {"{\"resblock\":\"1\",\"upsample_rates\":[]}", UTTER_ERROR_MODEL, "an empty one"},
        {"{\"resblock\":\"1\",\"upsample_rates\":8}", UTTER_ERROR_MODEL, "not a list"},
        {"{\"resblock\":\"1\",\"upsample_rates\":[8,8,2]}", UTTER_ERROR_MODEL, "one kernel for each rate"},
        {"{\"resblock\":\"1\",\"upsample_rates\":[8,8,2,1]}", UTTER_ERROR_MODEL, "larger by an even number"},
        {"{\"resblock\":\"1\",\"upsample_rates\":[8,8,2,1,1,1,1,1,1]}", UTTER_ERROR_MODEL, "at most 8"},
        {"{\"resblock\":\"1\",\"upsample_kernel_sizes\":[4,4,2,2]}", UTTER_ERROR_MODEL, "smaller than its rate"},
        {"{\"resblock\":\"1\",\"upsample_initial_channel\":100}", UTTER_ERROR_MODEL, "cannot be halved"},
        {"{\"resblock\":\"1\",\"resblock_kernel_sizes\":[3,4,7]}", UTTER_ERROR_MODEL, "even kernel"},
        {"{\"resblock\":\"1\",\"resblock_kernel_sizes\":[3]}", UTTER_ERROR_MODEL, "resblock_dilation_sizes is missing"},
        {"{\"resblock\":\"1\",\"resblock_dilation_sizes\":[[1]]}", UTTER_ERROR_MODEL, "one list for each of 3"},
        {"{\"resblock\":\"1\",\"resblock_dilation_sizes\":[[1],[1],[1],[1]]}", UTTER_ERROR_MODEL, "for each of 3"},
        {"{\"resblock\":\"1\",\"leaky_relu_slope\":2}", UTTER_ERROR_MODEL, "no number from 0 to 1"},
        {"{\"model_type\":\"hifigan\",\"normalize_before\":1}", UTTER_ERROR_MODEL, "neither true nor false"},
        {"{\"resblock\":\"1\",\"upsample_rates\":[256,256,256,2],\"upsample_kernel_sizes\":[256,256,256,2]}",
         UTTER_ERROR_MODEL, "more than 65536 samples"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        expect_config(cases[i].json, cases[i].code, cases[i].says);
}

static void test_missing_tensor(void **state)
{
    (void)state;
    struct hifigan_config config = read_config(GOLDEN "pairs");
    struct checkpoint *checkpoint;
    struct hifigan *model;
    struct fault fault = {0};
    assert_int_equal(checkpoint_open(&checkpoint, GOLDEN "pairs", &fault), 0);
    assert_int_equal(hifigan_open(&model, &config, checkpoint, "vocoder.", plain, TENSOR_F32, &fault),
                     UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "'vocoder.conv_pre.weight' is missing"));
    assert_null(model);
    config.mels = 6;
    fault_clear(&fault);
    assert_int_equal(hifigan_open(&model, &config, checkpoint, "", plain, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "conv_pre.weight_v"));
    checkpoint_close(&checkpoint);
}

static void test_bad_lengths(void **state)
{
    (void)state;
    struct hifigan_config config;
    struct hifigan_pass *pass;
    struct fault fault = {0};
    float frames[160] = {0}, samples[512];
    assert_true(hifigan_config_named(&config, "hifigan-small"));
    assert_false(hifigan_config_named(&config, "hifigan"));
    assert_true(hifigan_config_named(&config, "hifigan-small"));
    assert_int_equal(hifigan_hop(&config), 256);
    struct hifigan *model = open_model(NULL, &config, "", fast, TENSOR_I8);
    assert_int_equal(hifigan_pass_open(&pass, model, &fault), 0);
    const int zero = 0, three = 3;
    assert_int_equal(hifigan_forward(pass, frames, &zero, 1, 2, NULL, samples, &fault), UTTER_ERROR_ARGUMENT);
    assert_int_equal(hifigan_forward(pass, frames, &three, 1, 2, NULL, samples, &fault), UTTER_ERROR_ARGUMENT);
    assert_int_equal(hifigan_forward(pass, frames, &three, 1, 0, NULL, samples, &fault), UTTER_ERROR_ARGUMENT);
    assert_int_equal(hifigan_forward(pass, NULL, &three, 1, 3, NULL, samples, &fault), UTTER_ERROR_ARGUMENT);
    hifigan_pass_close(&pass);
    hifigan_close(&model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_golden),         cmocka_unit_test(test_real),        cmocka_unit_test(test_rows_alone),
        cmocka_unit_test(test_parts),          cmocka_unit_test(test_reach),       cmocka_unit_test(test_configs),
        cmocka_unit_test(test_missing_tensor), cmocka_unit_test(test_bad_lengths),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
