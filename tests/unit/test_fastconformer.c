/* FastConformer against transformers' ParakeetForCTC (tests/golden/make_fastconformer.py), its configuration, and model
 * directories that are not what they should be. */
#include "models/fastconformer/fastconformer.h"
#include "tests/unit/model_devices.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/"

/* ---- golden files ---- */

struct golden {
    struct fastconformer_config config;
    struct checkpoint *checkpoint;
    int rows, frames, time, lengths[8];
    float *features, *scores;
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

/* The generator of make_fastconformer.py, to the bit. */
static float *make_features(int count)
{
    float *out = malloc((size_t)count * sizeof *out);
    assert_non_null(out);
    for (int i = 0; i < count; i++) {
        uint32_t h = (uint32_t)i * 2654435761u + 12345u;
        h ^= h >> 15;
        h *= 2246822519u;
        out[i] = ((float)(h >> 8) / 8388608 - 1) * 1.75f;
    }
    return out;
}

static struct golden open_golden(const char *folder)
{
    struct golden g = {0};
    struct fault fault = {0};
    char path[512];
    size_t length;
    snprintf(path, sizeof path, GOLDEN "%s/config.json", folder);
    char *text = read_text(path, &length);
    assert_int_equal(fastconformer_config_read(&g.config, text, length, path, &fault), 0);
    free(text);
    snprintf(path, sizeof path, GOLDEN "%s", folder);
    assert_int_equal(checkpoint_open(&g.checkpoint, path, &fault), 0);
    snprintf(path, sizeof path, GOLDEN "%s/shape.txt", folder);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%d %d", &g.rows, &g.frames), 2);
    for (int i = 0; i < g.rows; i++)
        assert_int_equal(fscanf(file, "%d", &g.lengths[i]), 1);
    assert_int_equal(fscanf(file, "%d", &g.time), 1);
    fclose(file);
    snprintf(path, sizeof path, GOLDEN "%s/scores.f32", folder);
    g.scores = (float *)read_text(path, &length);
    assert_int_equal(length, sizeof(float) * (size_t)(g.rows * g.time * g.config.vocabulary));
    g.features = make_features(g.rows * g.frames * g.config.mel_bins);
    return g;
}

static void close_golden(struct golden *g)
{
    checkpoint_close(&g->checkpoint);
    free(g->features);
    free(g->scores);
}

/* ---- comparing ---- */

struct difference {
    double cosine, largest; /* the smallest cosine of a frame; the largest difference of a score */
    int other_tokens;       /* frames whose best token is another one */
};

static int best(const float *scores, int n)
{
    int at = 0;
    for (int i = 1; i < n; i++)
        if (scores[i] > scores[at])
            at = i;
    return at;
}

/* Around the frame's mean: what log-probabilities share would hide the rest. */
static void compare_frame(struct difference *d, const float *a, const float *b, int n)
{
    double ab = 0, aa = 0, bb = 0, x = 0, y = 0;
    for (int i = 0; i < n; i++) {
        x += (double)a[i] / n;
        y += (double)b[i] / n;
    }
    for (int i = 0; i < n; i++) {
        ab += ((double)a[i] - x) * ((double)b[i] - y);
        aa += ((double)a[i] - x) * ((double)a[i] - x);
        bb += ((double)b[i] - y) * ((double)b[i] - y);
        d->largest = fmax(d->largest, fabs((double)a[i] - (double)b[i]));
        assert_true(isfinite(a[i]));
    }
    d->cosine = fmin(d->cosine, ab / sqrt(aa * bb));
    d->other_tokens += best(a, n) != best(b, n);
}

static struct difference compare(const struct golden *g, const float *scores, const int *lengths)
{
    struct difference d = {.cosine = 1};
    const int v = g->config.vocabulary;
    for (int row = 0; row < g->rows; row++) {
        assert_int_equal(lengths[row], fastconformer_frames(&g->config, g->lengths[row]));
        for (int t = 0; t < lengths[row]; t++) {
            size_t at = (size_t)(row * g->time + t) * (size_t)v;
            compare_frame(&d, scores + at, g->scores + at, v);
        }
    }
    return d;
}

static struct difference run_golden(const struct golden *g, const struct device *device, enum tensor_type type)
{
    struct fault fault = {0};
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    int lengths[8];
    float *scores = calloc((size_t)(g->rows * g->time * g->config.vocabulary), sizeof *scores);
    if (fastconformer_open(&model, &g->config, g->checkpoint, device, type, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    if (fastconformer_forward(pass, g->features, g->lengths, g->rows, g->frames, scores, lengths, &fault))
        fail_msg("%s", fault.message);
    assert_true(fastconformer_pass_flops(pass) > 0 && fastconformer_pass_bytes(pass) > 0);
    struct difference d = compare(g, scores, lengths);
    printf("%s, %s: cosine %.8f, largest difference %.2g, other tokens %d\n", device->name, tensor_type_name(type),
           d.cosine, d.largest, d.other_tokens);
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(scores);
    return d;
}

static const char *const FOLDERS[] = {"fastconformer", "fastconformer_sharded"};

static void test_f32_is_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        struct difference d = run_golden(&g, i % 2 ? fast : plain, TENSOR_F32);
        assert_true(d.cosine >= 0.99999);
        assert_true(d.largest <= 1e-4);
        assert_int_equal(d.other_tokens, 0);
        close_golden(&g);
    }
}

static void test_bf16_is_near(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        assert_true(run_golden(&g, i % 2 ? fast : plain, TENSOR_BF16).cosine >= 0.999);
        close_golden(&g);
    }
}

/* f16 has three bits more than bf16; of the CPU's devices only plain C computes in it. */
static void test_f16_is_nearer(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct golden g = open_golden(FOLDERS[i]);
        assert_true(run_golden(&g, plain, TENSOR_F16).cosine >= 0.99999);
        close_golden(&g);
    }
}

static void test_int8_is_near(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        assert_true(run_golden(&g, i % 2 ? fast : plain, TENSOR_I8).cosine >= 0.99);
        close_golden(&g);
    }
}

static void test_the_gpu_too(void **state)
{
    (void)state;
    if (!gpu)
        skip();
    for (int i = 0; i < 2; i++) {
        struct golden g = open_golden(FOLDERS[i]);
        const struct difference d = run_golden(&g, gpu, TENSOR_F32);
        assert_true(d.cosine >= 0.99999 && d.largest <= 1e-4);
        assert_int_equal(d.other_tokens, 0);
        assert_true(run_golden(&g, gpu, TENSOR_F16).cosine >= 0.99999);
        assert_true(run_golden(&g, gpu, TENSOR_BF16).cosine >= 0.999);
        assert_true(run_golden(&g, gpu, TENSOR_E4M3).cosine >= 0.99);
        close_golden(&g);
    }
}

/* Garbage behind a row's end, other rows beside it, a pass that has seen longer ones: none of it may show. */
static void row_alone(const struct golden *g, const struct device *device)
{
    struct fault fault = {0};
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    const int v = g->config.vocabulary, mels = g->config.mel_bins;
    size_t size = (size_t)(g->rows * g->time * v);
    float *batch = calloc(size, sizeof *batch), *alone = calloc(size, sizeof *alone);
    int lengths[8], length;
    for (int row = 0; row < g->rows; row++)
        for (int i = g->lengths[row] * mels; i < g->frames * mels; i++)
            g->features[row * g->frames * mels + i] = i % 2 ? NAN : 1e30f;
    assert_int_equal(fastconformer_open(&model, &g->config, g->checkpoint, device, TENSOR_F32, &fault), 0);
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    assert_int_equal(fastconformer_forward(pass, g->features, g->lengths, g->rows, g->frames, batch, lengths, &fault),
                     0);
    for (int row = 0; row < g->rows; row++) {
        struct difference d = {.cosine = 1};
        assert_int_equal(fastconformer_forward(pass, g->features + row * g->frames * mels, &g->lengths[row], 1,
                                               g->lengths[row], alone, &length, &fault),
                         0);
        assert_int_equal(length, lengths[row]);
        for (int t = 0; t < length; t++)
            compare_frame(&d, batch + (row * g->time + t) * v, alone + t * v, v);
        assert_true(d.largest <= 1e-5);
    }
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(batch);
    free(alone);
}

static void test_row_gives_the_same_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        row_alone(&g, i % 2 ? fast : plain);
        close_golden(&g);
    }
}

/* The arena grows with the batch, and what was kept from smaller ones stays right. */
static void test_pass_grows(void **state)
{
    (void)state;
    struct golden g = open_golden("fastconformer");
    struct fault fault = {0};
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    float *scores = calloc((size_t)(g.rows * g.time * g.config.vocabulary), sizeof *scores);
    int lengths[8];
    assert_int_equal(fastconformer_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), 0);
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    const int shapes[][2] = {{1, 9}, {2, 9}, {1, 400}, {3, 168}, {1, 1}, {8, 30}, {3, 168}};
    size_t bytes = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        assert_int_equal(fastconformer_pass_reserve(pass, shapes[i][0], shapes[i][1], &fault), 0);
        assert_true(fastconformer_pass_bytes(pass) >= bytes);
        bytes = fastconformer_pass_bytes(pass);
        assert_int_equal(fastconformer_forward(pass, g.features, g.lengths, g.rows, g.frames, scores, lengths, &fault),
                         0);
        struct difference d = compare(&g, scores, lengths);
        assert_true(d.largest <= 1e-4);
    }
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(scores);
    close_golden(&g);
}

/* A smaller batch can need a larger arena: the stem takes as many rows at a time as fit a fixed piece, so that shorter
 * rows may fill it better. Whatever was met before, the next shape gets what it needs. */
static void test_smaller_batches_fit(void **state)
{
    (void)state;
    enum { ROWS = 12, FRAMES = 2400 };
    struct golden g = open_golden("fastconformer");
    struct fault fault = {0};
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    const size_t mels = (size_t)g.config.mel_bins;
    float *features = calloc(ROWS * FRAMES * mels, sizeof *features);
    float *scores = calloc((size_t)ROWS * (size_t)fastconformer_frames(&g.config, FRAMES) * (size_t)g.config.vocabulary,
                           sizeof *scores);
    assert_int_equal(fastconformer_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), 0);
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    for (int frames = FRAMES; frames > 0; frames -= 263) {
        int lengths[ROWS], out[ROWS];
        for (int row = 0; row < ROWS; row++)
            lengths[row] = frames;
        assert_int_equal(fastconformer_forward(pass, features, lengths, ROWS, frames, scores, out, &fault), 0);
    }
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(scores);
    free(features);
    close_golden(&g);
}

static void test_forward_refuses(void **state)
{
    (void)state;
    struct golden g = open_golden("fastconformer_sharded");
    struct fault fault = {0};
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    float scores[64];
    int length, bad[] = {0, -1, 5};
    assert_int_equal(fastconformer_open(&model, &g.config, g.checkpoint, plain, TENSOR_F32, &fault), 0);
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    for (int i = 0; i < 3; i++) {
        fault_clear(&fault);
        assert_int_equal(fastconformer_forward(pass, g.features, &bad[i], 1, 4, scores, &length, &fault),
                         UTTER_ERROR_ARGUMENT);
        assert_non_null(strstr(fault.message, "outside 1 to 4"));
    }
    fault_clear(&fault);
    assert_int_equal(fastconformer_forward(pass, g.features, bad, 0, 4, scores, &length, &fault), UTTER_ERROR_ARGUMENT);
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    close_golden(&g);
}

/* ---- configuration ---- */

static void refuse_config(const char *json, int code, const char *says)
{
    struct fastconformer_config config;
    struct fault fault = {0};
    assert_int_equal(fastconformer_config_read(&config, json, strlen(json), "config.json", &fault), code);
    assert_non_null(strstr(fault.message, "config.json"));
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_config_refusals(void **state)
{
    (void)state;
    const int bad = UTTER_ERROR_MODEL, other = UTTER_ERROR_UNSUPPORTED;
    refuse_config("", bad, "not valid JSON");
    refuse_config("{", bad, "not valid JSON");
    refuse_config("[]", other, "model_type");
    refuse_config("{}", other, "model_type");
    refuse_config("{\"model_type\":\"whisper\"}", other, "model_type");
#define CTC(rest) "{\"model_type\":\"parakeet_ctc\"," rest "}"
    refuse_config(CTC("\"encoder_config\":3"), bad, "encoder_config");
    refuse_config(CTC("\"encoder_config\":{\"hidden_size\":-4}"), bad, "hidden_size");
    refuse_config(CTC("\"encoder_config\":{\"hidden_size\":1e300}"), bad, "hidden_size");
    refuse_config(CTC("\"encoder_config\":{\"hidden_size\":2000000000}"), bad, "outside 2 to 8192");
    refuse_config(CTC("\"encoder_config\":{\"hidden_size\":\"big\"}"), bad, "hidden_size");
    refuse_config(CTC("\"encoder_config\":{\"num_attention_heads\":7}"), bad, "multiple");
    refuse_config(CTC("\"encoder_config\":{\"num_attention_heads\":0}"), bad, "outside 1 to 256");
    refuse_config(CTC("\"encoder_config\":{\"num_hidden_layers\":0}"), bad, "num_hidden_layers");
    refuse_config(CTC("\"encoder_config\":{\"conv_kernel_size\":8}"), bad, "even");
    refuse_config(CTC("\"encoder_config\":{\"subsampling_factor\":6}"), bad, "subsampling_factor");
    refuse_config(CTC("\"encoder_config\":{\"subsampling_conv_stride\":3}"), bad, "stride");
    refuse_config(CTC("\"encoder_config\":{\"num_mel_bins\":81}"), bad, "num_mel_bins");
    refuse_config(CTC("\"encoder_config\":{\"attention_bias\":1}"), bad, "attention_bias");
    refuse_config(CTC("\"encoder_config\":{\"hidden_act\":\"relu\"}"), other, "hidden_act");
    refuse_config(CTC("\"vocab_size\":0"), bad, "vocab_size");
    refuse_config(CTC("\"vocab_size\":100"), bad, "blank");
    refuse_config(CTC("\"pad_token_id\":null"), bad, "pad_token_id");
}

/* transformers leaves its defaults out of the file. */
static void test_config_defaults(void **state)
{
    (void)state;
    struct fastconformer_config read, named;
    struct fault fault = {0};
    const char *json = CTC("\"encoder_config\":{\"model_type\":\"parakeet_encoder\"}");
    assert_int_equal(fastconformer_config_read(&read, json, strlen(json), "config.json", &fault), 0);
    assert_true(fastconformer_config_named(&named, "parakeet-ctc-0.6b"));
    assert_true(read.hidden_size == 1024 && read.layers == 24 && read.heads == 8 && read.intermediate_size == 4096);
    assert_true(read.conv_kernel == 9 && read.subsampling_factor == 8 && read.subsampling_channels == 256);
    assert_true(read.mel_bins == 80 && read.vocabulary == 1025 && read.blank == 1024);
    assert_true(read.attention_bias && read.convolution_bias && read.scale_input);
    assert_true(named.hidden_size == read.hidden_size && named.layers == read.layers && named.blank == read.blank);
    assert_true(fastconformer_config_named(&named, "parakeet-ctc-1.1b"));
    assert_int_equal(named.layers, 42);
    assert_false(fastconformer_config_named(&named, "parakeet"));
    assert_int_equal(fastconformer_frames(&read, 1), 1);
    assert_int_equal(fastconformer_frames(&read, 8), 1);
    assert_int_equal(fastconformer_frames(&read, 9), 2);
    assert_int_equal(fastconformer_frames(&read, 3001), 376);
}

static void test_config_that_ships(void **state)
{
    (void)state;
    struct fastconformer_config read, named;
    struct fault fault = {0};
    size_t length;
    char *json = read_text(SOURCE_DIR "/models/default/en/config.json", &length);
    assert_int_equal(fastconformer_config_read(&read, json, length, "config.json", &fault), 0);
    free(json);
    assert_true(fastconformer_config_named(&named, "default-en"));
    assert_int_equal(named.hidden_size, read.hidden_size);
    assert_int_equal(named.layers, read.layers);
    assert_int_equal(named.heads, read.heads);
    assert_int_equal(named.intermediate_size, read.intermediate_size);
    assert_int_equal(named.conv_kernel, read.conv_kernel);
    assert_int_equal(named.subsampling_factor, read.subsampling_factor);
    assert_int_equal(named.subsampling_channels, read.subsampling_channels);
    assert_int_equal(named.mel_bins, read.mel_bins);
    assert_int_equal(named.vocabulary, read.vocabulary);
    assert_int_equal(named.blank, read.blank);
    assert_int_equal(named.scale_input, read.scale_input);
}

/* ---- a model that is not what its configuration says ---- */

static void refuse_model(const struct golden *g, const struct fastconformer_config *config, const char *says)
{
    struct fault fault = {0};
    struct fastconformer *model;
    assert_int_equal(fastconformer_open(&model, config, g->checkpoint, plain, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
    assert_null(model);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_model_refusals(void **state)
{
    (void)state;
    struct golden g = open_golden("fastconformer");
    struct fastconformer_config c = g.config;
    c.layers = 3;
    refuse_model(&g, &c, "tensor 'encoder.layers.2.norm_feed_forward1.weight' is missing");
    c = g.config;
    c.vocabulary = 34;
    refuse_model(&g, &c, "model.safetensors: tensor 'ctc_head.weight' has the shape [33, 48, 1], not [34, 48, 1]");
    c = g.config;
    c.conv_kernel = 7;
    refuse_model(&g, &c, "conv.depthwise_conv.weight' has the shape [48, 1, 9], not [48, 1, 7]");
    c = g.config;
    c.subsampling_factor = 16;
    refuse_model(&g, &c, "encoder.subsampling.layers.8.weight' is missing");
    close_golden(&g);
    g = open_golden("fastconformer_sharded");
    c = g.config;
    c.attention_bias = true;
    refuse_model(&g, &c, "feed_forward1.linear1.bias' is missing");
    close_golden(&g);
}

/* A model directory of the test's own: the golden one with some bytes of one tensor written over. */
static void open_patched(const struct golden *g, const char *name, const void *bytes, size_t count, const char *says)
{
    char path[] = "/tmp/utter-patched-XXXXXX.safetensors";
    int descriptor = mkstemps(path, 12);
    assert_true(descriptor >= 0);
    size_t length;
    char *file = read_text(GOLDEN "fastconformer/model.safetensors", &length);
    const struct stored_tensor *first = checkpoint_at(g->checkpoint, 0), *t = checkpoint_find(g->checkpoint, name);
    for (size_t i = 0; i < checkpoint_count(g->checkpoint); i++)
        if (checkpoint_at(g->checkpoint, i)->data < first->data)
            first = checkpoint_at(g->checkpoint, i);
    uint64_t header;
    memcpy(&header, file, 8);
    memcpy(file + 8 + header + ((const char *)t->data - (const char *)first->data), bytes, count);
    FILE *out = fdopen(descriptor, "wb");
    assert_int_equal(fwrite(file, 1, length, out), length);
    fclose(out);
    free(file);
    struct golden patched = *g;
    struct fault fault = {0};
    assert_int_equal(checkpoint_open(&patched.checkpoint, path, &fault), 0);
    refuse_model(&patched, &g->config, says);
    checkpoint_close(&patched.checkpoint);
    remove(path);
}

static void test_values_that_are_not_finite(void **state)
{
    (void)state;
    struct golden g = open_golden("fastconformer");
    const float nan = NAN, infinite = -INFINITY, negative = -3;
    open_patched(&g, "ctc_head.bias", &nan, 4, "tensor 'ctc_head.bias' holds values that are not finite");
    open_patched(&g, "encoder.layers.1.norm_out.weight", &infinite, 4,
                 "tensor 'encoder.layers.1.norm_out.weight' holds values that are not finite");
    open_patched(&g, "encoder.layers.0.conv.norm.running_var", &negative, 4, "negative variance");
    close_golden(&g);
}

/* ---- random weights, and the yardstick ---- */

static void test_random_weights(void **state)
{
    (void)state;
    struct fastconformer_config config;
    struct checkpoint *checkpoint;
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    struct fault fault = {0};
    assert_true(fastconformer_config_named(&config, "default-en"));
    config.layers = 1;
    assert_int_equal(checkpoint_open_random(&checkpoint, 7, &fault), 0);
    assert_int_equal(fastconformer_open(&model, &config, checkpoint, fast, TENSOR_F32, &fault), 0);
    checkpoint_close(&checkpoint); /* the model has its own copies */
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    int frames = 50, length, time = fastconformer_frames(&config, frames);
    float *features = make_features(frames * config.mel_bins);
    float *scores = calloc((size_t)(time * config.vocabulary), sizeof *scores);
    assert_int_equal(fastconformer_forward(pass, features, &frames, 1, frames, scores, &length, &fault), 0);
    double sum = 0;
    for (int i = 0; i < config.vocabulary; i++)
        sum += exp((double)scores[i]);
    assert_true(fabs(sum - 1) < 1e-4);
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(features);
    free(scores);
}

static void test_matmuls_add_up(void **state)
{
    (void)state;
    struct golden g = open_golden("fastconformer");
    struct matmul_shape shapes[16];
    struct fault fault = {0};
    struct fastconformer *model;
    struct fastconformer_pass *pass;
    float *scores = calloc((size_t)(g.rows * g.time * g.config.vocabulary), sizeof *scores);
    int lengths[8], n = fastconformer_matmuls(&g.config, g.rows, g.frames, shapes, 16);
    double sum = 0;
    for (int i = 0; i < n; i++)
        sum += 2.0 * (double)shapes[i].m * (double)shapes[i].k * (double)shapes[i].n * (double)shapes[i].count;
    assert_int_equal(fastconformer_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), 0);
    assert_int_equal(fastconformer_pass_open(&pass, model, &fault), 0);
    assert_int_equal(fastconformer_forward(pass, g.features, g.lengths, g.rows, g.frames, scores, lengths, &fault), 0);
    double flops = fastconformer_pass_flops(pass);
    assert_true(sum < flops && sum > 0.5 * flops);
    assert_int_equal(fastconformer_matmuls(&g.config, g.rows, g.frames, shapes, 2), 2);
    fastconformer_pass_close(&pass);
    fastconformer_close(&model);
    free(scores);
    close_golden(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_is_the_reference), cmocka_unit_test(test_bf16_is_near),
        cmocka_unit_test(test_f16_is_nearer),        cmocka_unit_test(test_int8_is_near),
        cmocka_unit_test(test_the_gpu_too),          cmocka_unit_test(test_row_gives_the_same_alone),
        cmocka_unit_test(test_pass_grows),           cmocka_unit_test(test_smaller_batches_fit),
        cmocka_unit_test(test_forward_refuses),      cmocka_unit_test(test_config_refusals),
        cmocka_unit_test(test_config_defaults),      cmocka_unit_test(test_config_that_ships),
        cmocka_unit_test(test_model_refusals),       cmocka_unit_test(test_values_that_are_not_finite),
        cmocka_unit_test(test_random_weights),       cmocka_unit_test(test_matmuls_add_up),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
