/* VITS against transformers' VitsModel (tests/golden/make_vits.py): durations, waveforms, rows and pieces; its
 * configuration; and what it refuses. */
#include "models/vits/spline.h"
#include "models/vits/vits.h"
#include "tests/unit/model_devices.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/vits/"

enum { MOST_ROWS = 4, MOST_TOKENS = 64, MOST_FRAMES = 4096 };

/* ---- golden files ---- */

struct golden {
    struct vits_config config;
    struct checkpoint *checkpoint;
    int rows, count; /* the most tokens of a row */
    int lengths[MOST_ROWS], speakers[MOST_ROWS], frames[MOST_ROWS];
    float rates[MOST_ROWS];
    int tokens[MOST_ROWS * MOST_TOKENS], durations[MOST_ROWS * MOST_TOKENS]; /* [rows, count] */
    float *waveform;                                                         /* [frames · hop] of every row */
};

static char *read_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    *length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* The generator of make_vits.py, to the bit. */
static void make_noise(float *out, int seed, int count)
{
    for (int i = 0; i < count; i++) {
        uint32_t h = (uint32_t)i * 2654435761u + (uint32_t)seed;
        h ^= h >> 15;
        h *= 2246822519u;
        out[i] = ((float)(h >> 8) / 8388608 - 1) * 1.75f;
    }
}

static void read_numbers(FILE *file, int *numbers, int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(fscanf(file, "%d", &numbers[i]), 1);
}

static void read_rows(struct golden *g, const char *path)
{
    int tokens[MOST_ROWS][MOST_TOKENS], durations[MOST_ROWS][MOST_TOKENS];
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    read_numbers(file, &g->rows, 1);
    assert_true(g->rows <= MOST_ROWS);
    for (int row = 0; row < g->rows; row++) {
        assert_int_equal(
            fscanf(file, "%d %d %f %d", &g->lengths[row], &g->speakers[row], &g->rates[row], &g->frames[row]), 4);
        assert_true(g->lengths[row] <= MOST_TOKENS);
        read_numbers(file, tokens[row], g->lengths[row]);
        read_numbers(file, durations[row], g->lengths[row]);
        g->count = g->lengths[row] > g->count ? g->lengths[row] : g->count;
    }
    fclose(file);
    for (int row = 0; row < g->rows; row++)
        for (int t = 0; t < g->count; t++) {
            g->tokens[row * g->count + t] = t < g->lengths[row] ? tokens[row][t] : -7; /* never looked at */
            g->durations[row * g->count + t] = t < g->lengths[row] ? durations[row][t] : 0;
        }
}

static struct golden open_golden(const char *folder)
{
    struct golden g = {0};
    struct fault fault = {0};
    char path[512];
    size_t length, samples = 0;
    snprintf(path, sizeof path, GOLDEN "%s/config.json", folder);
    char *text = read_text(path, &length);
    if (vits_config_read(&g.config, text, length, path, &fault))
        fail_msg("%s", fault.message);
    free(text);
    snprintf(path, sizeof path, GOLDEN "%s", folder);
    assert_int_equal(checkpoint_open(&g.checkpoint, path, &fault), 0);
    snprintf(path, sizeof path, GOLDEN "%s/rows.txt", folder);
    read_rows(&g, path);
    snprintf(path, sizeof path, GOLDEN "%s/waveform.f32", folder);
    g.waveform = (float *)(void *)read_text(path, &length);
    for (int row = 0; row < g.rows; row++)
        samples += (size_t)(g.frames[row] * vits_hop(&g.config));
    assert_int_equal(length, samples * sizeof(float));
    return g;
}

static void close_golden(struct golden *g)
{
    checkpoint_close(&g->checkpoint);
    free(g->waveform);
}

/* ---- a model on a device ---- */

struct voice {
    struct vits *model;
    struct vits_pass *pass;
};

static struct voice open_voice(const struct vits_config *config, const struct checkpoint *checkpoint,
                               const struct device *device, enum tensor_type type)
{
    struct voice v;
    struct fault fault = {0};
    if (vits_open(&v.model, config, checkpoint, device, type, &fault) || vits_pass_open(&v.pass, v.model, &fault))
        fail_msg("%s", fault.message);
    return v;
}

static void close_voice(struct voice *v)
{
    vits_pass_close(&v->pass);
    vits_close(&v->model);
}

/* ---- one batch through the stages ---- */

struct said {
    int frames[MOST_ROWS], most; /* most: the largest of frames */
    int durations[MOST_ROWS * MOST_TOKENS];
    float *z, *samples; /* [rows, most, flow_size], [rows, most · hop] */
};

static void free_said(struct said *s)
{
    free(s->z);
    free(s->samples);
}

static const int *speakers_of(const struct golden *g)
{
    return g->speakers[0] < 0 ? NULL : g->speakers;
}

/* Rows first … first + rows - 1 of the golden batch, in a batch of `count` tokens, with the noise of the whole. */
static struct said say(const struct golden *g, struct voice *v, int first, int rows, int count)
{
    static float noise[MOST_ROWS][2 * MOST_TOKENS];
    struct said s = {0};
    struct fault fault = {0};
    struct vits_control control[MOST_ROWS] = {{0}};
    int tokens[MOST_ROWS * MOST_TOKENS] = {0};
    const int size = g->config.flow_size;
    const int *speakers = speakers_of(g) ? g->speakers + first : NULL;
    for (int row = 0; row < rows; row++) {
        float whole[2 * MOST_TOKENS];
        make_noise(whole, 1000 + first + row, 2 * g->count);
        memcpy(noise[row], whole, (size_t)count * sizeof *whole);
        memcpy(noise[row] + count, whole + g->count, (size_t)count * sizeof *whole);
        memcpy(tokens + row * count, g->tokens + (first + row) * g->count, (size_t)count * sizeof *tokens);
        vits_control_init(&control[row], &g->config);
        control[row].rate = g->rates[first + row];
        control[row].noise = noise[row];
    }
    if (vits_durations(v->pass, tokens, g->lengths + first, rows, count, control, speakers, MOST_FRAMES, s.durations,
                       s.frames, &fault))
        fail_msg("%s", fault.message);
    for (int row = 0; row < rows; row++)
        s.most = s.frames[row] > s.most ? s.frames[row] : s.most;
    float *prior = malloc((size_t)(rows * s.most * size) * sizeof *prior);
    s.z = malloc((size_t)(rows * s.most * size) * sizeof *s.z);
    s.samples = malloc((size_t)(rows * s.most * vits_hop(&g->config)) * sizeof *s.samples);
    assert_true(prior && s.z && s.samples);
    for (int row = 0; row < rows; row++)
        make_noise(prior + row * s.most * size, 2000 + first + row, s.most * size);
    if (vits_latents(v->pass, prior, s.z, &fault) ||
        vits_decode(v->pass, s.z, s.frames, rows, s.most, speakers, s.samples, &fault))
        fail_msg("%s", fault.message);
    free(prior);
    return s;
}

/* dB of the signal over the difference. */
static double snr(const float *expected, const float *got, int count)
{
    double signal = 0, noise = 0;
    for (int i = 0; i < count; i++) {
        signal += (double)expected[i] * (double)expected[i];
        noise += ((double)expected[i] - (double)got[i]) * ((double)expected[i] - (double)got[i]);
        assert_true(isfinite(got[i]));
    }
    return noise > 0 ? 10 * log10(signal / noise) : 200;
}

/* The least of the rows' signal-to-noise ratios. */
static double compare_waveforms(const struct golden *g, const struct said *s)
{
    const int hop = vits_hop(&g->config);
    const float *expected = g->waveform;
    double least = 200;
    for (int row = 0; row < g->rows; row++) {
        least = fmin(least, snr(expected, s->samples + row * s->most * hop, g->frames[row] * hop));
        expected += g->frames[row] * hop;
    }
    return least;
}

static const char *const FOLDERS[] = {"stochastic", "speakers", "deterministic"};
enum { CASES = 6 }; /* each folder on both devices */

static double run_golden(const struct golden *g, const struct device *device, enum tensor_type type, const char *name)
{
    struct voice v = open_voice(&g->config, g->checkpoint, device, type);
    struct said s = say(g, &v, 0, g->rows, g->count);
    assert_memory_equal(s.durations, g->durations, (size_t)(g->rows * g->count) * sizeof(int));
    assert_memory_equal(s.frames, g->frames, (size_t)g->rows * sizeof(int));
    assert_true(vits_pass_flops(v.pass) > 0 && vits_pass_bytes(v.pass) > 0);
    assert_true(vits_parameters(v.model) > 0 && vits_weight_bytes(v.model) > 0);
    double least = compare_waveforms(g, &s);
    printf("%s, %s, %s: %.1f dB\n", name, device->name, tensor_type_name(type), least);
    free_said(&s);
    close_voice(&v);
    return least;
}

static void test_f32_is_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        assert_true(run_golden(&g, i % 2 ? fast : plain, TENSOR_F32, FOLDERS[i / 2]) >= 60);
        close_golden(&g);
    }
}

/* The same durations, to the frame: they are found in f32 whatever the type. */
static void test_bf16_is_near(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        assert_true(run_golden(&g, i % 2 ? fast : plain, TENSOR_BF16, FOLDERS[i / 2]) >= 35);
        close_golden(&g);
    }
}

/* ---- rows and pieces ---- */

static void test_row_gives_the_same_alone(void **state)
{
    (void)state;
    for (int i = 0; i < CASES; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        const int hop = vits_hop(&g.config);
        struct voice v = open_voice(&g.config, g.checkpoint, i % 2 ? fast : plain, TENSOR_F32);
        struct said together = say(&g, &v, 0, g.rows, g.count);
        for (int row = 0; row < g.rows; row++) {
            struct said alone = say(&g, &v, row, 1, g.lengths[row]);
            assert_int_equal(alone.frames[0], together.frames[row]);
            assert_true(snr(together.samples + row * together.most * hop, alone.samples, alone.most * hop) > 100);
            free_said(&alone);
        }
        free_said(&together);
        close_voice(&v);
        close_golden(&g);
    }
}

static void test_pieces_are_the_whole(void **state)
{
    (void)state;
    struct golden g = open_golden("stochastic");
    struct fault fault = {0};
    struct voice v = open_voice(&g.config, g.checkpoint, fast, TENSOR_F32);
    struct said s = say(&g, &v, 0, 1, g.lengths[0]);
    const int hop = vits_hop(&g.config), reach = vits_reach(&g.config), size = g.config.flow_size, piece = 13;
    float *samples = malloc((size_t)(s.most * hop) * sizeof *samples);
    assert_non_null(samples);
    assert_true(s.most > 2 * (reach + piece)); /* some pieces see neither end */
    for (int from = 0; from < s.most; from += piece) {
        const int begin = from > reach ? from - reach : 0, after = from + piece < s.most ? from + piece : s.most;
        const int end = after + reach < s.most ? after + reach : s.most, length = end - begin;
        assert_int_equal(vits_decode(v.pass, s.z + begin * size, &length, 1, length, NULL, samples, &fault), 0);
        assert_true(snr(s.samples + from * hop, samples + (from - begin) * hop, (after - from) * hop) > 100);
    }
    free(samples);
    free_said(&s);
    close_voice(&v);
    close_golden(&g);
}

/* ---- the noise of a seed, rates and limits ---- */

static void check_durations(struct voice *v, const struct golden *g, const struct vits_control *control, int most,
                            int *durations, int *frames)
{
    struct fault fault = {0};
    if (vits_durations(v->pass, g->tokens, g->lengths, g->rows, g->count, control, speakers_of(g), most, durations,
                       frames, &fault))
        fail_msg("%s", fault.message);
}

static void test_seed_decides(void **state)
{
    (void)state;
    struct golden g = open_golden("speakers");
    struct voice v = open_voice(&g.config, g.checkpoint, fast, TENSOR_F32);
    struct vits_control control[MOST_ROWS];
    int first[MOST_ROWS * MOST_TOKENS], second[MOST_ROWS * MOST_TOKENS], frames[MOST_ROWS];
    float z[2][3 * 100 * 12];
    struct fault fault = {0};
    for (int row = 0; row < g.rows; row++) {
        vits_control_init(&control[row], &g.config);
        control[row].seed = 77;
    }
    check_durations(&v, &g, control, 100, first, frames);
    assert_int_equal(vits_latents(v.pass, NULL, z[0], &fault), 0);
    assert_int_equal(vits_latents(v.pass, NULL, z[1], &fault), 0);
    assert_memory_equal(z[0], z[1], (size_t)(frames[0] * 12) * sizeof(float));
    check_durations(&v, &g, control, 100, second, frames);
    assert_memory_equal(first, second, (size_t)(g.rows * g.count) * sizeof *first);
    control[0].seed = 78;
    check_durations(&v, &g, control, 100, second, frames);
    assert_memory_not_equal(first, second, (size_t)g.count * sizeof *first);
    assert_memory_equal(first + g.count, second + g.count, (size_t)((g.rows - 1) * g.count) * sizeof *first);
    assert_int_equal(vits_latents(v.pass, NULL, z[1], &fault), 0);
    assert_memory_not_equal(z[0], z[1], 12 * sizeof(float));
    close_voice(&v);
    close_golden(&g);
}

static void test_rates_and_limits(void **state)
{
    (void)state;
    struct golden g = open_golden("deterministic");
    struct voice v = open_voice(&g.config, g.checkpoint, fast, TENSOR_F32);
    struct vits_control control[MOST_ROWS];
    int usual[MOST_ROWS * MOST_TOKENS], slow[MOST_ROWS * MOST_TOKENS], frames[MOST_ROWS];
    float rates[MOST_TOKENS];
    for (int t = 0; t < g.count; t++)
        rates[t] = t < 5 ? 1 : 0.1f;
    for (int row = 0; row < g.rows; row++)
        vits_control_init(&control[row], &g.config);
    check_durations(&v, &g, control, MOST_FRAMES, usual, frames);
    control[0].rates = rates;
    check_durations(&v, &g, control, MOST_FRAMES, slow, frames);
    for (int t = 0; t < g.lengths[0]; t++)
        assert_true(t < 5 ? slow[t] == usual[t] : slow[t] > 9 * (usual[t] - 1) && slow[t] <= 10 * usual[t]);
    assert_memory_equal(usual + g.count, slow + g.count, (size_t)g.count * sizeof *usual);
    check_durations(&v, &g, control, 20, slow, frames);
    assert_int_equal(frames[0], 20);
    int sum = 0;
    for (int t = 0; t < g.count; t++)
        sum += slow[t];
    assert_int_equal(sum, 20);
    control[0].rate = 1e-30f; /* an infinite duration */
    check_durations(&v, &g, control, 20, slow, frames);
    assert_int_equal(slow[0], 20);
    close_voice(&v);
    close_golden(&g);
}

static void test_arguments_are_checked(void **state)
{
    (void)state;
    struct golden g = open_golden("speakers");
    struct voice v = open_voice(&g.config, g.checkpoint, fast, TENSOR_F32);
    struct vits_control good, bad;
    struct fault fault = {0};
    float z[12 * 8];
    int durations[2], frames[1];
    vits_control_init(&good, &g.config);
    bad = good;
    bad.rate = 0;
    const struct {
        int token, length, speaker, most;
        const struct vits_control *control;
    } wrong[] = {{12, 1, 0, 9, &good}, {-1, 1, 0, 9, &good}, {0, 0, 0, 9, &good}, {0, 3, 0, 9, &good},
                 {0, 1, 5, 9, &good},  {0, 1, -1, 9, &good}, {0, 1, 0, 0, &good}, {0, 1, 0, 9, &bad}};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const int tokens[2] = {wrong[i].token, wrong[i].token};
        fault_clear(&fault);
        assert_int_equal(vits_durations(v.pass, tokens, &wrong[i].length, 1, 2, wrong[i].control, &wrong[i].speaker,
                                        wrong[i].most, durations, frames, &fault),
                         UTTER_ERROR_ARGUMENT);
        fault_clear(&fault);
        assert_int_equal(vits_latents(v.pass, NULL, z, &fault), UTTER_ERROR_ARGUMENT);
    }
    close_voice(&v);
    close_golden(&g);
}

/* ---- the spline ---- */

/* Parameters of 0: bins of one size, and slopes of softplus(0) at the inner knots. With slopes of 1 it is the identity.
 */
static void test_spline(void **state)
{
    (void)state;
    enum { BINS = 4 };
    float even[3 * BINS - 1] = {0}, uneven[3 * BINS - 1];
    const float one = (float)log(exp(1 - 1e-3) - 1);
    for (int i = 2 * BINS; i < 3 * BINS - 1; i++)
        even[i] = one;
    for (int i = 0; i < 3 * BINS - 1; i++)
        uneven[i] = (float)((i * 7) % 5) - 2;
    float before = -4;
    for (int i = -350; i <= 350; i++) {
        const float y = (float)i / 100, x = spline_inverse(y, uneven, BINS, 3, 1);
        assert_true(fabsf(spline_inverse(y, even, BINS, 3, 1) - y) < 1e-5f);
        assert_true(x > before && (fabsf(y) <= 3 || x == y)); /* it only rises, and beyond the bound it is nothing */
        before = x;
    }
    assert_true(isnan(spline_inverse(NAN, even, BINS, 3, 1)));
}

/* ---- configurations and checkpoints ---- */

static void test_config(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        int code;
    } texts[] = {
        {"{\"model_type\": \"vits\"}", 0},
        {"{\"model_type\": \"vits\", \"num_speakers\": 4, \"speaker_embedding_size\": 8}", 0},
        {"{}", UTTER_ERROR_UNSUPPORTED},
        {"{\"model_type\": \"vits\", \"hidden_act\": \"gelu\"}", UTTER_ERROR_UNSUPPORTED},
        {"{\"model_type\": \"vits\", \"num_attention_heads\": 5}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"flow_size\": 3}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"wavenet_kernel_size\": 4}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"num_speakers\": 4}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"depth_separable_channels\": 4}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"speaking_rate\": 0}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"window_size\": 0}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"wavenet_dilation_rate\": 16, \"prior_encoder_num_wavenet_layers\": 9}",
         UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"upsample_rates\": [2]}", UTTER_ERROR_MODEL},
        {"{\"model_type\": \"vits\", \"use_bias\": 1}", UTTER_ERROR_MODEL},
        {"[", UTTER_ERROR_MODEL},
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct vits_config c;
        struct fault fault = {0};
        if (vits_config_read(&c, texts[i].json, strlen(texts[i].json), "config.json", &fault) != texts[i].code)
            fail_msg("%s: %s", texts[i].json, fault.message);
    }
}

static void test_named_shapes(void **state)
{
    (void)state;
    struct vits_config c;
    assert_false(vits_config_named(&c, "vits"));
    assert_true(vits_config_named(&c, "vits-vctk"));
    assert_int_equal(c.speakers, 109);
    assert_int_equal(c.decoder.conditioning, 256);
    assert_true(vits_config_named(&c, "mms-tts"));
    assert_int_equal(vits_hop(&c), 256);
    struct vits_config read;
    struct fault fault = {0};
    static const char json[] = "{\"model_type\": \"vits\"}";
    assert_int_equal(vits_config_read(&read, json, sizeof json - 1, "config.json", &fault), 0);
    assert_int_equal(read.vocabulary, c.vocabulary);
    assert_int_equal(read.speakers, c.speakers);
    assert_int_equal(read.sampling_rate, c.sampling_rate);
    assert_int_equal(read.decoder.mels, c.decoder.mels);
    assert_int_equal(read.decoder.conditioning, c.decoder.conditioning);
    assert_int_equal(read.decoder.last_bias, c.decoder.last_bias);
    assert_int_equal(vits_reach(&read), vits_reach(&c));
}

/* A tensor that is missing, or of another shape, is named. */
static void test_other_checkpoints_are_refused(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        struct golden g = open_golden(FOLDERS[i]);
        struct vits *model;
        struct fault fault = {0};
        g.config.layers++;
        assert_int_equal(vits_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
        assert_null(model);
        assert_non_null(strstr(fault.message, "text_encoder.encoder.layers."));
        fault_clear(&fault);
        g.config.layers--;
        g.config.wavenet_kernel += 2;
        assert_int_equal(vits_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
        assert_non_null(strstr(fault.message, "wavenet.in_layers.0"));
        close_golden(&g);
    }
}

static void test_random_weights(void **state)
{
    (void)state;
    struct golden g = open_golden("speakers");
    struct checkpoint *random;
    struct fault fault = {0};
    assert_int_equal(checkpoint_open_random(&random, 1, &fault), 0);
    struct voice v = open_voice(&g.config, random, fast, TENSOR_F32);
    struct said s = say(&g, &v, 0, g.rows, g.count);
    assert_true(s.most >= 1 && isfinite(s.samples[0]));
    free_said(&s);
    close_voice(&v);
    checkpoint_close(&random);
    close_golden(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_is_the_reference),
        cmocka_unit_test(test_bf16_is_near),
        cmocka_unit_test(test_row_gives_the_same_alone),
        cmocka_unit_test(test_pieces_are_the_whole),
        cmocka_unit_test(test_seed_decides),
        cmocka_unit_test(test_rates_and_limits),
        cmocka_unit_test(test_arguments_are_checked),
        cmocka_unit_test(test_spline),
        cmocka_unit_test(test_config),
        cmocka_unit_test(test_named_shapes),
        cmocka_unit_test(test_other_checkpoints_are_refused),
        cmocka_unit_test(test_random_weights),
    };
    return cmocka_run_group_tests_name("vits", tests, open_devices, close_devices);
}
