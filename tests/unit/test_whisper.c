/* Whisper against transformers (tests/golden/make_whisper.py), its cached keys against whole sequences, its
 * configuration, and, where ../shared is, the real encoder of openai/whisper-base. */
#include "tests/unit/model_devices.h"

#include "models/whisper/config.h"
#include "models/whisper/forward.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GOLDEN TEST_DATA "/golden/whisper/small"
#define REAL   SOURCE_DIR "/../shared/models/whisper-base-encoder"

enum { WINDOWS = 2, TOKENS = 8 };
static const int tokens[WINDOWS][TOKENS] = {{90, 4, 17, 80, 33, 2, 61, 5}, {90, 7, 7, 12, 50, 88, 1, 0}};

static struct whisper_config config;
static char *golden; /* the file's bytes; floats from its beginning */
static const float *features, *encoded, *expected, *attention_of;

static char *read_bytes(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *bytes = calloc(1, 4 << 20);
    assert_non_null(bytes);
    *length = fread(bytes, 1, (4 << 20) - 1, file);
    fclose(file);
    return bytes;
}

static int open_all(void **state)
{
    struct fault fault = {0};
    size_t length = 0;
    char *json = read_bytes(GOLDEN "/config.json", &length);
    if (!json || whisper_config_read(&config, json, length, "config.json", &fault) || open_devices(state)) {
        fprintf(stderr, "%s\n", fault.message);
        return -1;
    }
    free(json);
    golden = read_bytes(GOLDEN "/expected.bin", &length);
    features = (const float *)(void *)golden;
    encoded = features + WINDOWS * 2 * config.positions * config.mel_bins;
    expected = encoded + WINDOWS * config.positions * config.width;
    attention_of = expected + WINDOWS * TOKENS * config.vocabulary;
    size_t floats =
        (size_t)(attention_of - features) + (size_t)(WINDOWS * config.decoder_heads * TOKENS * config.positions);
    return golden && length == floats * sizeof(float) ? 0 : -1;
}

static int close_all(void **state)
{
    free(golden);
    return close_devices(state);
}

static struct whisper *open_model(const struct device *on, enum tensor_type type)
{
    struct checkpoint *checkpoint = NULL;
    struct whisper *model = NULL;
    struct fault fault = {0};
    if (checkpoint_open(&checkpoint, GOLDEN, &fault) || whisper_open(&model, &config, checkpoint, on, type, &fault))
        fail_msg("%s", fault.message);
    checkpoint_close(&checkpoint);
    return model;
}

static struct whisper_pass *open_pass(const struct whisper *model, int rows)
{
    struct whisper_pass *pass = NULL;
    struct fault fault = {0};
    if (whisper_pass_open(&pass, model, WINDOWS, rows, &fault))
        fail_msg("%s", fault.message);
    return pass;
}

/* ---- comparing ---- */

static double cosine(const float *a, const float *b, int count)
{
    double ab = 0, aa = 0, bb = 0;
    for (int i = 0; i < count; i++) {
        ab += (double)a[i] * (double)b[i];
        aa += (double)a[i] * (double)a[i];
        bb += (double)b[i] * (double)b[i];
    }
    return ab / sqrt(aa * bb);
}

static double difference(const float *a, const float *b, int count)
{
    double most = 0;
    for (int i = 0; i < count; i++)
        most = fmax(most, fabs((double)a[i] - (double)b[i]));
    return most;
}

static void expect_close(const char *what, const float *got, const float *wanted, int count, double least, double most)
{
    double c = cosine(got, wanted, count), d = difference(got, wanted, count);
    if (!(c >= least && d <= most))
        fail_msg("%s: cosine %.7f, difference %g", what, c, d);
}

static void step(struct whisper_pass *pass, const struct whisper_row *rows, int count, float *logits)
{
    struct fault fault = {0};
    if (whisper_step(pass, rows, count, logits, &fault))
        fail_msg("%s", fault.message);
}

static const float *expected_at(int window, int token)
{
    return expected + (window * TOKENS + token) * config.vocabulary;
}

/* ---- tests ---- */

/* Both windows token by token, the encoder first. */
static void check_numbers(const struct device *on, enum tensor_type type, double least, double most)
{
    struct whisper *model = open_model(on, type);
    struct whisper_pass *pass = open_pass(model, 4);
    struct fault fault = {0};
    int heard = WINDOWS * config.positions * config.width;
    float *output = calloc((size_t)heard, sizeof *output), logits[WINDOWS * 97];
    assert_int_equal(whisper_encode(pass, features, WINDOWS, output, &fault), 0);
    expect_close("encoder", output, encoded, heard, least, most);
    for (int t = 0; t < TOKENS; t++) {
        struct whisper_row rows[WINDOWS];
        for (int w = 0; w < WINDOWS; w++)
            rows[w] = (struct whisper_row){w, t ? w : -1, &tokens[w][t], 1};
        step(pass, rows, WINDOWS, logits);
        for (int w = 0; w < WINDOWS; w++)
            expect_close("logits", logits + w * config.vocabulary, expected_at(w, t), config.vocabulary, least, most);
    }
    free(output);
    whisper_pass_close(&pass);
    whisper_close(&model);
}

static void f32_is_what_transformers_computes(void **unused)
{
    (void)unused;
    check_numbers(fast, TENSOR_F32, 0.999999, 5e-4);
}

static void plain_c_too(void **unused)
{
    (void)unused;
    check_numbers(plain, TENSOR_F32, 0.999999, 5e-4);
    check_numbers(plain, TENSOR_F16, 0.99999, 0.1);
}

static void the_gpu_too(void **unused)
{
    (void)unused;
    if (!gpu)
        skip();
    check_numbers(gpu, TENSOR_F32, 0.999999, 5e-4);
    check_numbers(gpu, TENSOR_F16, 0.99999, 0.1);
    check_numbers(gpu, TENSOR_BF16, 0.999, 1);
    check_numbers(gpu, TENSOR_I8, 0.999, 1); /* the keys kept across and the weights of few rows */
    check_numbers(gpu, TENSOR_E4M3, 0.99, 4);
}

static void bf16_and_int8_are_near(void **unused)
{
    (void)unused;
    check_numbers(fast, TENSOR_BF16, 0.999, 1);
    check_numbers(fast, TENSOR_I8, 0.99, 4);
}

/* Hypotheses that part, change places and end: each gives what its own tokens give. */
static void a_beam_is_reordered_by_names(void **unused)
{
    (void)unused;
    struct whisper *model = open_model(fast, TENSOR_F32);
    struct whisper_pass *pass = open_pass(model, 3);
    struct fault fault = {0};
    const int v = config.vocabulary, *a = tokens[0], *b = tokens[1];
    float logits[3 * 97];
    assert_int_equal(whisper_encode(pass, features, WINDOWS, NULL, &fault), 0);
    step(pass, (struct whisper_row[]){{0, -1, a, 3}, {1, -1, b, 1}}, 2, logits);
    expect_close("a prefix of three", logits, expected_at(0, 2), v, 0.999999, 5e-4);
    expect_close("a prefix of one", logits + v, expected_at(1, 0), v, 0.999999, 5e-4);
    const int other = 42;
    step(pass, (struct whisper_row[]){{1, 1, b + 1, 2}, {0, 0, &other, 1}, {0, 0, a + 3, 1}}, 3, logits);
    expect_close("the second, first", logits, expected_at(1, 2), v, 0.999999, 5e-4);
    expect_close("the first, third", logits + 2 * v, expected_at(0, 3), v, 0.999999, 5e-4);
    step(pass, (struct whisper_row[]){{0, 2, a + 4, 4}, {1, 0, b + 3, 5}}, 2, logits);
    expect_close("the first, to its end", logits, expected_at(0, 7), v, 0.999999, 5e-4);
    expect_close("the second, to its end", logits + v, expected_at(1, 7), v, 0.999999, 5e-4);
    step(pass, (struct whisper_row[]){{0, -1, a, 8}}, 1, logits);
    expect_close("anew", logits, expected_at(0, 7), v, 0.999999, 5e-4);
    whisper_pass_close(&pass);
    whisper_close(&model);
}

/* In place of logits: the likeliest of them, which the same steps give when they are asked whole. More rows than a run
 * of the decoder takes, so that the answer comes in parts. */
static void check_likeliest(const struct device *on)
{
    enum { ROWS = 9, PER_ROW = 2, COUNT = 3, EACH = 1 + 2 * COUNT };
    struct whisper *model = open_model(on, TENSOR_F32);
    struct whisper_pass *pass = open_pass(model, ROWS);
    struct fault fault = {0};
    const uint32_t barred[(97 + 31) / 32] = {0x00f0f001u, 0, 1u << 31, 0};
    struct score_range ranges[ROWS * PER_ROW];
    struct whisper_row rows[ROWS];
    float logits[ROWS * 97], found[ROWS * PER_ROW * EACH];
    for (int i = 0; i < ROWS; i++) {
        rows[i] = (struct whisper_row){i % WINDOWS, -1, tokens[i % WINDOWS], 1 + i * 5 % TOKENS};
        ranges[PER_ROW * i] = (struct score_range){0, 10 + i};
        ranges[PER_ROW * i + 1] = (struct score_range){20, 97};
    }
    const struct whisper_wanted wanted = {ranges, PER_ROW, barred, COUNT};
    assert_int_equal(whisper_encode(pass, features, WINDOWS, NULL, &fault), 0);
    for (int round = 0; round < 3; round++) { /* the third one is a graph on a GPU */
        step(pass, rows, ROWS, logits);
        assert_int_equal(whisper_step_likeliest(pass, rows, ROWS, &wanted, found, &fault), 0);
        for (int i = 0; i < ROWS * PER_ROW; i++) {
            const float *x = logits + i / PER_ROW * 97, *f = found + i * EACH;
            double sum = 0;
            for (int t = ranges[i].begin; t < ranges[i].end; t++)
                sum += barred[t / 32] >> t % 32 & 1 ? 0 : exp((double)x[t]);
            assert_true(fabs(log(sum) - (double)f[0]) < 1e-4);
            for (int k = 0; k < COUNT; k++) {
                const int token = (int)f[1 + COUNT + k];
                assert_in_range(token, ranges[i].begin, ranges[i].end - 1);
                assert_true(fabsf(f[1 + k] - x[token]) < 1e-4f && !(barred[token / 32] >> token % 32 & 1));
                for (int t = ranges[i].begin; k == 0 && t < ranges[i].end; t++)
                    assert_true(x[t] < f[1] + 1e-4f || barred[t / 32] >> t % 32 & 1);
            }
        }
    }
    whisper_pass_close(&pass);
    whisper_close(&model);
}

static void the_likeliest_are_those_of_the_logits(void **unused)
{
    (void)unused;
    check_likeliest(plain);
    check_likeliest(fast);
    if (gpu)
        check_likeliest(gpu);
}

/* Slots are found again for as long as it goes on: many steps in a full pass. */
static void slots_do_not_run_out(void **unused)
{
    (void)unused;
    struct whisper *model = open_model(fast, TENSOR_F32);
    struct whisper_pass *pass = open_pass(model, 3);
    struct fault fault = {0};
    float logits[3 * 97];
    assert_int_equal(whisper_encode(pass, features, 1, NULL, &fault), 0);
    for (int round = 0; round < 20; round++)
        for (int t = 0; t < config.text_positions; t++) {
            struct whisper_row rows[3];
            for (int r = 0; r < 3; r++)
                rows[r] = (struct whisper_row){0, t ? (r + t) % 3 : -1, &tokens[r % 2][t % TOKENS], 1};
            step(pass, rows, 3, logits);
        }
    assert_int_equal(whisper_step(pass, (struct whisper_row[]){{0, 0, tokens[0], 1}}, 1, logits, &fault),
                     UTTER_ERROR_ARGUMENT);
    whisper_pass_close(&pass);
    whisper_close(&model);
}

static void attention_is_what_transformers_says(void **unused)
{
    (void)unused;
    struct whisper *model = open_model(fast, TENSOR_F32);
    struct whisper_pass *pass = open_pass(model, 1);
    struct fault fault = {0};
    int each = config.decoder_heads * TOKENS * config.positions;
    float *weights = calloc((size_t)each, sizeof *weights);
    assert_int_equal(whisper_alignment_heads(model), config.decoder_heads); /* of the upper half of two layers */
    assert_int_equal(whisper_encode(pass, features, WINDOWS, NULL, &fault), 0);
    for (int w = 0; w < WINDOWS; w++) {
        assert_int_equal(whisper_attend(pass, w, tokens[w], TOKENS, weights, &fault), 0);
        expect_close("attention", weights, attention_of + w * each, each, 0.999999, 1e-4);
    }
    free(weights);
    whisper_pass_close(&pass);
    whisper_close(&model);
}

/* More hypotheses than a sequence has positions, and the work of the last call alone. */
static void a_pass_may_be_wider_than_a_sequence_is_long(void **unused)
{
    (void)unused;
    enum { ROWS = 40 };
    struct whisper *model = open_model(fast, TENSOR_F32);
    assert_true(ROWS > config.text_positions);
    struct whisper_pass *pass = open_pass(model, ROWS);
    struct fault fault = {0};
    struct whisper_row rows[ROWS];
    float *logits = calloc((size_t)(ROWS * config.vocabulary), sizeof *logits);
    assert_int_equal(whisper_encode(pass, features, WINDOWS, NULL, &fault), 0);
    double encode = whisper_pass_flops(pass);
    for (int r = 0; r < ROWS; r++)
        rows[r] = (struct whisper_row){r % WINDOWS, -1, tokens[r % WINDOWS], 1 + r % TOKENS};
    step(pass, rows, ROWS, logits);
    for (int r = 0; r < ROWS; r++)
        expect_close("one of many", logits + r * config.vocabulary, expected_at(r % WINDOWS, r % TOKENS),
                     config.vocabulary, 0.999999, 5e-4);
    step(pass, &(struct whisper_row){0, 0, tokens[0] + 1, 1}, 1, logits);
    assert_true(whisper_pass_flops(pass) > 0 && whisper_pass_flops(pass) < encode / 4);
    int each = config.decoder_heads * TOKENS * config.positions;
    float *weights = calloc((size_t)each, sizeof *weights);
    assert_int_equal(whisper_attend(pass, 1, tokens[1], TOKENS, weights, &fault), 0);
    expect_close("attention", weights, attention_of + each, each, 0.999999, 1e-4);
    free(weights);
    free(logits);
    whisper_pass_close(&pass);
    whisper_close(&model);
}

/* The encoder's output to the bit: a window is encoded by itself either way. */
static void a_window_gives_in_a_batch_what_it_gives_alone(void **unused)
{
    (void)unused;
    static const enum tensor_type types[] = {TENSOR_F32, TENSOR_BF16, TENSOR_I8};
    size_t each = 2 * (size_t)config.positions * (size_t)config.mel_bins;
    size_t heard = (size_t)config.positions * (size_t)config.width;
    float *both = calloc(2 * heard, sizeof *both), *alone = calloc(heard, sizeof *alone), logits[WINDOWS][97], own[97];
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct whisper *model = open_model(fast, types[i]);
        struct whisper_pass *pass = open_pass(model, 2);
        struct fault fault = {0};
        assert_int_equal(whisper_encode(pass, features, WINDOWS, both, &fault), 0);
        step(pass, (struct whisper_row[]){{0, -1, tokens[0], TOKENS}, {1, -1, tokens[1], TOKENS}}, WINDOWS, logits[0]);
        for (int w = 0; w < WINDOWS; w++) {
            assert_int_equal(whisper_encode(pass, features + (size_t)w * each, 1, alone, &fault), 0);
            assert_memory_equal(alone, both + (size_t)w * heard, heard * sizeof *alone);
            step(pass, &(struct whisper_row){0, -1, tokens[w], TOKENS}, 1, own);
            expect_close("alone", own, logits[w], config.vocabulary, 0.9999999, 1e-4);
        }
        whisper_pass_close(&pass);
        whisper_close(&model);
    }
    free(both);
    free(alone);
}

static void expect_refusal(int code, const struct fault *fault, const char *needle)
{
    assert_int_equal(code, UTTER_ERROR_ARGUMENT);
    if (!strstr(fault->message, needle))
        fail_msg("\"%s\" does not say \"%s\"", fault->message, needle);
}

static void bad_rows_are_refused_and_nothing_is_lost(void **unused)
{
    (void)unused;
    struct whisper *model = open_model(fast, TENSOR_F32);
    struct whisper_pass *pass = open_pass(model, 2);
    struct fault fault = {0};
    const int high = 97, low = -1;
    float logits[2 * 97];
    expect_refusal(whisper_step(pass, (struct whisper_row[]){{0, -1, tokens[0], 1}}, 1, logits, &fault), &fault,
                   "not encoded");
    fault_clear(&fault);
    assert_int_equal(whisper_encode(pass, features, 1, NULL, &fault), 0);
    step(pass, (struct whisper_row[]){{0, -1, tokens[0], 7}}, 1, logits);
    const struct {
        struct whisper_row row;
        const char *needle;
    } bad[] = {
        {{1, 0, tokens[0], 1}, "window 1"},   {{0, 1, tokens[0], 1}, "row 1"}, {{0, -2, tokens[0], 1}, "row -2"},
        {{0, 0, &high, 1}, "token 97"},       {{0, 0, &low, 1}, "token -1"},   {{0, 0, tokens[0], 0}, "0 tokens"},
        {{0, 0, tokens[0], 10}, "10 tokens"},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        fault_clear(&fault);
        expect_refusal(whisper_step(pass, &bad[i].row, 1, logits, &fault), &fault, bad[i].needle);
    }
    step(pass, (struct whisper_row[]){{0, 0, tokens[0] + 7, 1}}, 1, logits);
    expect_close("after all", logits, expected_at(0, 7), config.vocabulary, 0.999999, 5e-4);
    whisper_pass_close(&pass);
    whisper_close(&model);
}

/* The golden pair of ../shared: the norm that ends the encoder first, then its six layers, nothing else. */
static void check_real_encoder(enum tensor_type type, double least)
{
    enum { HEADER = 128, TIME = 512, WIDTH = 512 };
    struct fault fault = {0};
    size_t length;
    char *in = read_bytes(REAL "/golden_input.npy", &length), *out = read_bytes(REAL "/golden_output.npy", &length);
    struct encoder_block blocks[6] = {0};
    struct whisper m = {.device = fast, .type = type, .encoder = blocks};
    struct checkpoint *checkpoint = NULL;
    struct context c;
    assert_true(whisper_config_named(&m.config, "whisper-base"));
    m.compute = type == TENSOR_I8 ? fast->best : type;
    if (checkpoint_open(&checkpoint, REAL, &fault) || whisper_bind_encoder(&m, checkpoint, &fault) ||
        context_open(&c, fast, m.compute, &fault) || context_reserve(&c, 64 << 20, &fault))
        fail_msg("%s", fault.message);
    struct tensor x = tensor_new(&c, TENSOR_F32, 3, (int64_t[]){1, TIME, WIDTH});
    float *got = calloc(TIME * WIDTH, sizeof *got);
    const float *wanted = (const float *)(void *)(out + HEADER);
    tensor_upload(&c, x, (const float *)(void *)(in + HEADER), TIME * WIDTH);
    layer_norm(&c, x, x, &m.encoder_norm);
    encoder_blocks(&c, &m, x);
    tensor_download(&c, got, x, TIME * WIDTH);
    assert_int_equal(c.fault.code, 0);
    printf("the real encoder in %s: cosine %.8f, largest difference %g\n", tensor_type_name(type),
           cosine(got, wanted, TIME * WIDTH), difference(got, wanted, TIME * WIDTH));
    assert_true(cosine(got, wanted, TIME * WIDTH) >= least);
    context_close(&c);
    checkpoint_close(&checkpoint);
    m.decoder = NULL;
    whisper_release(&m);
    free(got);
    free(in);
    free(out);
}

static void the_real_encoder(void **unused)
{
    (void)unused;
    FILE *there = fopen(REAL "/golden_input.npy", "rb");
    if (!there) {
        printf("skipped: there is no ../shared/models/whisper-base-encoder\n");
        skip();
    }
    fclose(there);
    check_real_encoder(TENSOR_F32, 0.99999);
    check_real_encoder(TENSOR_BF16, 0.999);
    check_real_encoder(TENSOR_I8, 0.99);
}

/* ---- configurations ---- */

static void bad_configurations_are_named(void **unused)
{
    (void)unused;
    static const char good[] = "{\"model_type\":\"whisper\",\"num_mel_bins\":80,\"max_source_positions\":1500,"
                               "\"d_model\":384,\"encoder_layers\":4,\"encoder_attention_heads\":6,"
                               "\"encoder_ffn_dim\":1536,\"decoder_layers\":4,\"decoder_attention_heads\":6,"
                               "\"decoder_ffn_dim\":1536,\"max_target_positions\":448,\"vocab_size\":51865}";
    static const struct {
        const char *from, *to, *needle;
    } faults[] = {
        {"\"whisper\"", "\"wav2vec2\"", "model_type"},
        {"\"d_model\":384", "\"d_model\":385", "no multiple"},
        {"\"d_model\":384", "\"d_model\":-384", "d_model"},
        {"\"d_model\":384", "\"d_model\":1e300", "d_model"},
        {"\"d_model\":384", "\"d_model\":\"x\"", "d_model"},
        {"\"d_model\":384,", "", "d_model is missing"},
        {"\"encoder_layers\":4", "\"encoder_layers\":65", "encoder layers"},
        {"\"encoder_layers\":4", "\"encoder_layers\":0", "encoder layers"},
        {"\"decoder_attention_heads\":6", "\"decoder_attention_heads\":64", "decoder heads"},
        {"\"vocab_size\":51865", "\"vocab_size\":2000000000", "vocabulary"},
        {"\"model_type\"", "\"scale_embedding\":true,\"model_type\"", "scale_embedding"},
        {"\"model_type\"", "\"activation_function\":\"relu\",\"model_type\"", "activation_function"},
        {"}", "", "config"},
    };
    struct whisper_config c;
    struct fault fault = {0};
    assert_int_equal(whisper_config_read(&c, good, strlen(good), "config", &fault), 0);
    assert_int_equal(c.alignment[2], 0x4);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        char text[1024];
        const char *at = strstr(good, faults[i].from);
        snprintf(text, sizeof text, "%.*s%s%s", (int)(at - good), good, faults[i].to, at + strlen(faults[i].from));
        fault_clear(&fault);
        assert_int_not_equal(whisper_config_read(&c, text, strlen(text), "config", &fault), 0);
        if (!strstr(fault.message, faults[i].needle))
            fail_msg("\"%s\" does not say \"%s\"", fault.message, faults[i].needle);
    }
}

static void alignment_heads_are_read(void **unused)
{
    (void)unused;
    struct whisper_config c;
    struct fault fault = {0};
    static const char good[] = "{\"alignment_heads\":[[1,0],[3,5]]}", none[] = "{}",
                      bad[] = "{\"alignment_heads\":[[1,0],[4,0]]}", worse[] = "{\"alignment_heads\":[[1]]}";
    assert_true(whisper_config_named(&c, "whisper-tiny"));
    assert_int_equal(whisper_config_read_alignment(&c, none, strlen(none), "g", &fault), 0);
    assert_int_equal(c.alignment[3], 0x3d);
    assert_int_equal(whisper_config_read_alignment(&c, good, strlen(good), "g", &fault), 0);
    assert_int_equal(c.alignment[3], 0x20);
    assert_int_equal(whisper_config_read_alignment(&c, bad, strlen(bad), "g", &fault), UTTER_ERROR_MODEL);
    fault_clear(&fault);
    assert_int_equal(whisper_config_read_alignment(&c, worse, strlen(worse), "g", &fault), UTTER_ERROR_MODEL);
    assert_int_equal(c.alignment[3], 0x20);
    assert_false(whisper_config_named(&c, "whisper-huge"));
}

/* ---- shapes of tensors ---- */

struct shape {
    const char *name;
    int rank, n[3];
};

/* A safetensors file of zeros in these shapes. */
static void write_shapes(const char *path, const struct shape *shapes, size_t count)
{
    char header[4096] = "{";
    int length = 1, bytes = 0;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    for (size_t i = 0; i < count; i++) {
        const struct shape *s = &shapes[i];
        int size = s->n[0] * (s->rank > 1 ? s->n[1] : 1) * (s->rank > 2 ? s->n[2] : 1);
        length += snprintf(header + length, sizeof header - (size_t)length, "%s\"%s\":{\"dtype\":\"I8\",\"shape\":[%d",
                           i ? "," : "", s->name, s->n[0]);
        for (int k = 1; k < s->rank; k++)
            length += snprintf(header + length, sizeof header - (size_t)length, ",%d", s->n[k]);
        length += snprintf(header + length, sizeof header - (size_t)length, "],\"data_offsets\":[%d,%d]}", bytes,
                           bytes + size);
        bytes += size;
    }
    length += snprintf(header + length, sizeof header - (size_t)length, "}");
    for (int i = 0; i < 8; i++)
        fputc(i < 4 ? length >> 8 * i & 0xff : 0, file);
    fwrite(header, 1, (size_t)length, file);
    while (bytes--)
        fputc(0, file);
    assert_int_equal(fclose(file), 0);
}

static int read_shapes(struct whisper_config *c, const struct shape *shapes, size_t count, struct fault *fault)
{
    char path[] = "/tmp/utter_shapes_XXXXXX.safetensors";
    struct checkpoint *checkpoint = NULL;
    int file = mkstemps(path, 12);
    assert_true(file >= 0);
    close(file);
    write_shapes(path, shapes, count);
    fault_clear(fault);
    int code = checkpoint_open(&checkpoint, path, fault);
    if (!code)
        code = whisper_config_from_checkpoint(c, checkpoint, fault);
    if (checkpoint)
        checkpoint_close(&checkpoint);
    remove(path);
    return code;
}

#define SHAPES(model, blocks, norm, up, encoder_positions, positions, embedding, width)                                \
    {model "encoder.conv1.weight", 3, {width, 80, 3}}, {model encoder_positions, 2, {30, width}},                      \
        {model embedding, 2, {500, width}}, {model positions, 2, {16, width}},                                         \
        {model "encoder." blocks ".0." norm ".weight", 1, {width}}, {model "encoder." blocks ".0." up, 2, {9, width}}, \
        {model "encoder." blocks ".1." norm ".weight", 1, {width}},                                                    \
        {model "decoder." blocks ".0." norm ".weight", 1, {width}},                                                    \
    {                                                                                                                  \
        model "decoder." blocks ".0." up, 2,                                                                           \
        {                                                                                                              \
            7, width                                                                                                   \
        }                                                                                                              \
    }
#define OPENAI(width)                                                                                                  \
    SHAPES("", "blocks", "attn_ln", "mlp.0.weight", "encoder.positional_embedding", "decoder.positional_embedding",    \
           "decoder.token_embedding.weight", width)
#define FACE(model)                                                                                                    \
    SHAPES(model, "layers", "self_attn_layer_norm", "fc1.weight", "encoder.embed_positions.weight",                    \
           "decoder.embed_positions.weight", "decoder.embed_tokens.weight", 128)

enum { TENSORS = 9 };

/* A file that says no numbers has them in its shapes, by whichever names. */
static void shapes_are_a_configuration(void **unused)
{
    (void)unused;
    static const struct shape files[][TENSORS] = {{OPENAI(128)}, {FACE("")}, {FACE("model.")}};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct whisper_config c;
        struct fault fault = {0};
        if (read_shapes(&c, files[i], TENSORS, &fault))
            fail_msg("%s", fault.message);
        assert_int_equal(c.mel_bins, 80);
        assert_int_equal(c.positions, 30);
        assert_int_equal(c.width, 128);
        assert_int_equal(c.encoder_layers, 2);
        assert_int_equal(c.decoder_layers, 1);
        assert_true(c.encoder_heads == 2 && c.decoder_heads == 2);
        assert_true(c.encoder_inner == 9 && c.decoder_inner == 7);
        assert_int_equal(c.text_positions, 16);
        assert_int_equal(c.vocabulary, 500);
    }
}

/* Each tensor left out, a width below one head and one that is no multiple of it. */
static void shapes_that_are_no_whisper_are_refused(void **unused)
{
    (void)unused;
    static const struct shape whole[] = {OPENAI(128)}, narrow[] = {OPENAI(32)}, odd[] = {OPENAI(193)};
    struct whisper_config c;
    struct fault fault = {0};
    for (int out = 0; out < TENSORS; out++) {
        struct shape rest[TENSORS - 1];
        int n = 0;
        for (int i = 0; i < TENSORS; i++)
            if (i != out)
                rest[n++] = whole[i];
        bool needed = out != 6; /* without it, one layer less */
        assert_int_equal(read_shapes(&c, rest, TENSORS - 1, &fault) != 0, needed);
        assert_int_equal(fault.message[0] != 0, needed);
    }
    assert_int_equal(read_shapes(&c, narrow, TENSORS, &fault), UTTER_ERROR_MODEL);
    assert_int_equal(read_shapes(&c, odd, TENSORS, &fault), UTTER_ERROR_MODEL);
}

/* A distilled model with as many layers as a published one, but wider, has other heads that nobody measured. */
static void known_heads_are_of_the_same_width(void **unused)
{
    (void)unused;
    struct whisper_config c;
    assert_true(whisper_config_named(&c, "whisper-tiny.en"));
    assert_int_equal(c.alignment[3], 0x1f);
    c.width = 768;
    c.encoder_heads = c.decoder_heads = 12;
    c.encoder_layers = 12;
    whisper_config_known_alignment(&c);
    for (int layer = 0; layer < c.decoder_layers; layer++)
        assert_int_equal(c.alignment[layer], 0);
    assert_int_equal(whisper_config_heads(&c, 1), 0);
    assert_int_equal(whisper_config_heads(&c, 2), 0xfff);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(f32_is_what_transformers_computes),
        cmocka_unit_test(plain_c_too),
        cmocka_unit_test(the_gpu_too),
        cmocka_unit_test(bf16_and_int8_are_near),
        cmocka_unit_test(a_beam_is_reordered_by_names),
        cmocka_unit_test(the_likeliest_are_those_of_the_logits),
        cmocka_unit_test(slots_do_not_run_out),
        cmocka_unit_test(attention_is_what_transformers_says),
        cmocka_unit_test(a_pass_may_be_wider_than_a_sequence_is_long),
        cmocka_unit_test(a_window_gives_in_a_batch_what_it_gives_alone),
        cmocka_unit_test(bad_rows_are_refused_and_nothing_is_lost),
        cmocka_unit_test(the_real_encoder),
        cmocka_unit_test(bad_configurations_are_named),
        cmocka_unit_test(alignment_heads_are_read),
        cmocka_unit_test(shapes_are_a_configuration),
        cmocka_unit_test(shapes_that_are_no_whisper_are_refused),
        cmocka_unit_test(known_heads_are_of_the_same_width),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
