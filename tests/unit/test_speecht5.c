/* SpeechT5 against transformers' SpeechT5ForTextToSpeech (tests/golden/make_speecht5.py), its configuration, and models
 * that are not what they should be. */
#include "models/load/json.h"
#include "models/speecht5/dropout.h"
#include "models/speecht5/speecht5.h"

#include "spectrogram_check.h"

#define GOLDEN TEST_DATA "/golden/speecht5/"

enum { ROWS = 3, COUNT = 10, SPEAKER = 7 };

static const char *const VARIANTS[] = {"plain", "other"};

/* ---- golden files ---- */

struct golden {
    struct speecht5_config config;
    struct checkpoint *checkpoint;
    int lengths[ROWS], frames[ROWS], tokens[ROWS * COUNT];
    struct speecht5_row rows[ROWS];
    float speakers[ROWS * SPEAKER];
    struct speecht5_ending ending;
    float *mel; /* [frames of all rows, mels] */
};

static double number(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    assert_true(cJSON_IsNumber(item));
    return cJSON_GetNumberValue(item);
}

static void read_row(struct golden *g, int row, const cJSON *of)
{
    const cJSON *tokens = cJSON_GetObjectItemCaseSensitive(of, "tokens");
    const cJSON *speaker = cJSON_GetObjectItemCaseSensitive(of, "speaker");
    g->lengths[row] = cJSON_GetArraySize(tokens);
    for (int i = 0; i < g->lengths[row]; i++)
        g->tokens[row * COUNT + i] = cJSON_GetArrayItem(tokens, i)->valueint;
    for (int i = 0; i < SPEAKER; i++)
        g->speakers[row * SPEAKER + i] = (float)cJSON_GetNumberValue(cJSON_GetArrayItem(speaker, i));
    g->frames[row] = (int)number(of, "frames");
    g->rows[row].seed = (uint64_t)number(of, "seed");
}

static void read_cases(struct golden *g, const char *path)
{
    struct fault fault = {0};
    size_t length;
    char *text = read_text(path, &length);
    cJSON *cases = json_parse(text, length, path, &fault);
    const cJSON *ending = cJSON_GetObjectItemCaseSensitive(cases, "ending");
    g->ending = (struct speecht5_ending){(float)number(ending, "threshold"), (float)number(ending, "minimum_ratio"),
                                         (float)number(ending, "maximum_ratio")};
    for (int row = 0; row < ROWS; row++)
        read_row(g, row, cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(cases, "rows"), row));
    cJSON_Delete(cases);
    free(text);
}

static void open_golden(struct golden *g, const char *variant)
{
    struct fault fault = {0};
    char path[512];
    size_t length;
    *g = (struct golden){0};
    snprintf(path, sizeof path, GOLDEN "%s/config.json", variant);
    char *text = read_text(path, &length);
    if (speecht5_config_read(&g->config, text, length, path, &fault))
        fail_msg("%s", fault.message);
    free(text);
    snprintf(path, sizeof path, GOLDEN "%s", variant);
    assert_int_equal(checkpoint_open(&g->checkpoint, path, &fault), 0);
    snprintf(path, sizeof path, GOLDEN "%s/cases.json", variant);
    read_cases(g, path);
    snprintf(path, sizeof path, GOLDEN "%s/mel.f32", variant);
    g->mel = read_spectrograms(path, (size_t)((g->frames[0] + g->frames[1] + g->frames[2]) * g->config.mel_bins));
    for (int row = 0; row < ROWS; row++)
        g->rows[row].speaker = g->speakers + row * SPEAKER;
}

static void close_golden(struct golden *g)
{
    checkpoint_close(&g->checkpoint);
    free(g->mel);
}

/* ---- a model on a device ---- */

struct running {
    struct golden g;
    struct speecht5 *model;
    struct speecht5_pass *pass;
    int frames[ROWS], most; /* most: frames that a row has room for */
    float *mel;             /* [rows, most, mels] */
};

static void start(struct running *r, const char *variant, const struct device *device, enum tensor_type type)
{
    struct fault fault = {0};
    open_golden(&r->g, variant);
    if (speecht5_open(&r->model, &r->g.config, r->g.checkpoint, device, type, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(speecht5_pass_open(&r->pass, r->model, &fault), 0);
    r->most = speecht5_most_frames(&r->g.config, COUNT, &r->g.ending);
    r->mel = calloc((size_t)(ROWS * r->most * r->g.config.mel_bins), sizeof(float));
    assert_non_null(r->mel);
}

static void stop(struct running *r)
{
    speecht5_pass_close(&r->pass);
    speecht5_close(&r->model);
    close_golden(&r->g);
    free(r->mel);
}

static void speak(struct running *r, int first, int rows)
{
    struct fault fault = {0};
    const struct golden *g = &r->g;
    const int count = rows == 1 ? g->lengths[first] : COUNT;
    if (speecht5_speak(r->pass, g->tokens + first * COUNT, g->lengths + first, rows, count, g->rows + first, &g->ending,
                       r->mel, r->frames, &fault))
        fail_msg("%s", fault.message);
    assert_true(speecht5_pass_flops(r->pass) > 0 && speecht5_pass_bytes(r->pass) > 0);
}

/* ---- comparing ---- */

/* The least cosine and the largest difference of a row. */
static struct difference run_golden(const char *variant, const struct device *device, enum tensor_type type)
{
    struct running r;
    start(&r, variant, device, type);
    speak(&r, 0, ROWS);
    assert_memory_equal(r.frames, r.g.frames, sizeof r.frames);
    const struct difference worst = compare_rows(r.mel, r.frames, ROWS, r.most, r.g.config.mel_bins, r.g.mel);
    print_difference(variant, device, type, worst);
    stop(&r);
    return worst;
}

static void test_f32_is_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        const struct difference d = run_golden(VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_F32);
        assert_true(d.cosine >= 0.99999);
        assert_true(d.largest <= 1e-4);
    }
}

static void test_bf16_is_near(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++)
        assert_true(run_golden(VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_BF16).cosine >= 0.999);
}

static void test_gpu(void **state)
{
    (void)state;
    for (int i = 0; gpu && i < 2; i++) {
        const struct difference d = run_golden(VARIANTS[i], gpu, TENSOR_F32);
        assert_true(d.cosine >= 0.99999);
        assert_true(d.largest <= 1e-4);
        assert_true(run_golden(VARIANTS[i], gpu, TENSOR_BF16).cosine >= 0.999);
        assert_true(run_golden(VARIANTS[i], gpu, TENSOR_E4M3).cosine >= 0.98);
    }
    if (!gpu)
        skip();
}

static void test_row_gives_the_same_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct running batch, alone;
        start(&batch, VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_F32);
        start(&alone, VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_F32);
        const int mels = batch.g.config.mel_bins;
        speak(&batch, 0, ROWS);
        for (int row = 0; row < ROWS; row++) {
            speak(&alone, row, 1);
            assert_int_equal(alone.frames[0], batch.frames[row]);
            assert_true(compare(alone.mel, batch.mel + row * batch.most * mels, alone.frames[0] * mels).largest <=
                        1e-5);
        }
        stop(&batch);
        stop(&alone);
    }
}

static void test_another_seed_is_another_speech(void **state)
{
    (void)state;
    struct running r;
    start(&r, "plain", fast, TENSOR_F32);
    r.g.rows[0].seed++;
    speak(&r, 0, 1);
    assert_true(compare(r.mel, r.g.mel, r.g.config.mel_bins).largest > 1e-3);
    stop(&r);
}

static void test_dropout_keeps_what_it_says(void **state)
{
    (void)state;
    enum { N = 10000 };
    static float out[N], again[N];
    for (int i = 0; i < 2; i++) {
        const float p = i ? 0.3f : 0.5f;
        int kept = 0;
        speecht5_dropout(7, 3, 1, 2, p, N, out);
        speecht5_dropout(7, 3, 1, 2, p, N, again);
        assert_memory_equal(out, again, sizeof out);
        for (int j = 0; j < N; j++) {
            assert_true(out[j] == 0 || out[j] == 1 / (1 - p));
            kept += out[j] > 0;
        }
        assert_true(fabs(kept - (double)p * N) < 200);
    }
    speecht5_dropout(8, 3, 1, 2, 0.3f, N, again);
    assert_memory_not_equal(out, again, sizeof out);
}

static void test_most_frames(void **state)
{
    (void)state;
    struct speecht5_config c;
    assert_true(speecht5_config_named(&c, "speecht5_tts"));
    assert_false(speecht5_config_named(&c, "speecht5"));
    assert_int_equal(speecht5_most_frames(&c, 10, NULL), 200);
    assert_int_equal(speecht5_most_frames(&c, 600, NULL), 2 * c.max_speech_positions);
    assert_int_equal(speecht5_most_frames(&c, 10, &(struct speecht5_ending){.maximum_ratio = 0.01f}), 2);
    assert_int_equal(speecht5_most_frames(&c, 10, &(struct speecht5_ending){0.5f, 3, 1}), 30);
}

/* ---- refusals ---- */

static void refuse_speak(struct running *r, int rows, int count, const char *says)
{
    struct fault fault = {0};
    assert_int_equal(speecht5_speak(r->pass, r->g.tokens, r->g.lengths, rows, count, r->g.rows, &r->g.ending, r->mel,
                                    r->frames, &fault),
                     UTTER_ERROR_ARGUMENT);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_speak_refuses(void **state)
{
    (void)state;
    struct running r;
    start(&r, "plain", plain, TENSOR_F32);
    refuse_speak(&r, 0, COUNT, "a batch of 0 rows");
    refuse_speak(&r, 1, 31, "a batch of 1 rows of 31 tokens, of which the model takes 30");
    refuse_speak(&r, 1, 9, "row 0 of a batch has 10 tokens, outside 1 to 9");
    r.g.tokens[3] = 17;
    refuse_speak(&r, 1, COUNT, "token 3 in row 0 of a batch is 17, outside 0 to 16");
    r.g.tokens[3] = 5;
    r.g.rows[0].speaker = NULL;
    refuse_speak(&r, 1, COUNT, "the speaker embedding of row 0 of a batch has no length");
    r.g.ending.maximum_ratio = NAN;
    refuse_speak(&r, 1, COUNT, "a ratio of frames to tokens outside 0 to 1000");
    stop(&r);
}

static void refuse_config(const char *json, int code, const char *says)
{
    struct speecht5_config config;
    struct fault fault = {0};
    assert_int_equal(speecht5_config_read(&config, json, strlen(json), "config.json", &fault), code);
    if (strncmp(fault.message, "config.json: ", 13) != 0 || !strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_config_refusals(void **state)
{
    (void)state;
    const int bad = UTTER_ERROR_MODEL, other = UTTER_ERROR_UNSUPPORTED;
#define OF(rest) "{\"model_type\":\"speecht5\"," rest "}"
    refuse_config("", bad, "not valid JSON");
    refuse_config("{\"model_type\":\"vits\"}", other, "model_type");
    refuse_config(OF("\"hidden_act\":\"relu\""), other, "hidden_act");
    refuse_config(OF("\"layer_norm_eps\":1e-12"), other, "layer_norm_eps");
    refuse_config(OF("\"hidden_size\":1e300"), bad, "hidden_size");
    refuse_config(OF("\"encoder_attention_heads\":7"), bad, "encoder_attention_heads");
    refuse_config(OF("\"decoder_attention_heads\":7"), bad, "decoder_attention_heads");
    refuse_config(OF("\"reduction_factor\":0"), bad, "reduction_factor is 0, outside 1 to 16");
    refuse_config(OF("\"speech_decoder_postnet_kernel\":4"), bad, "even");
    refuse_config(OF("\"speech_decoder_prenet_dropout\":1"), bad, "speech_decoder_prenet_dropout");
}

static void refuse_model(const struct golden *g, const struct speecht5_config *config, const char *says)
{
    struct fault fault = {0};
    struct speecht5 *model;
    assert_int_equal(speecht5_open(&model, config, g->checkpoint, plain, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
    assert_null(model);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_model_refusals(void **state)
{
    (void)state;
    struct golden g;
    open_golden(&g, "plain");
    struct speecht5_config c = g.config;
    c.decoder.layers = 3;
    refuse_model(&g, &c, "tensor 'speecht5.decoder.wrapped_decoder.layers.2.self_attn.q_proj.weight' is missing");
    c = g.config;
    c.max_relative_position = 41;
    refuse_model(&g, &c, "embed_positions.pe_k.weight' has the shape [80, 12], not [82, 12]");
    c = g.config;
    c.postnet_units = 8;
    refuse_model(&g, &c, "speech_decoder_postnet.layers.0.conv.weight' has the shape [9, 10, 5], not [8, 10, 5]");
    close_golden(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_is_the_reference),
        cmocka_unit_test(test_bf16_is_near),
        cmocka_unit_test(test_gpu),
        cmocka_unit_test(test_row_gives_the_same_alone),
        cmocka_unit_test(test_another_seed_is_another_speech),
        cmocka_unit_test(test_dropout_keeps_what_it_says),
        cmocka_unit_test(test_most_frames),
        cmocka_unit_test(test_speak_refuses),
        cmocka_unit_test(test_config_refusals),
        cmocka_unit_test(test_model_refusals),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
