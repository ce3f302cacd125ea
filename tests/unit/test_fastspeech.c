/* FastSpeech 2 against transformers' FastSpeech2ConformerModel (tests/golden/make_fastspeech.py), its configuration,
 * and models that are not what they should be. */
#include "models/fastspeech/durations.h"
#include "models/fastspeech/fastspeech.h"
#include "models/load/json.h"

#include "spectrogram_check.h"

#define GOLDEN TEST_DATA "/golden/fastspeech/"

enum { ROWS = 3, MOST_FRAMES = 500 };

static const char *const VARIANTS[] = {"voice", "before", "brought"};
enum { COUNT = sizeof VARIANTS / sizeof *VARIANTS };

/* ---- golden files ---- */

struct golden {
    struct fastspeech_config config;
    struct checkpoint *checkpoint;
    const char *prefix;
    int count, lengths[ROWS], frames[ROWS];
    int *tokens, *durations; /* [ROWS, count], 0 behind */
    struct fastspeech_control controls[ROWS];
    float *embeddings; /* [ROWS, speaker_embed_dim] */
    float *mel;        /* [frames of all rows, mels] */
};

static int whole(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    return item ? (int)cJSON_GetNumberValue(item) : 0;
}

static void read_whole(int *out, const cJSON *array)
{
    for (int i = 0; i < cJSON_GetArraySize(array); i++)
        out[i] = (int)cJSON_GetNumberValue(cJSON_GetArrayItem(array, i));
}

static void read_case(struct golden *g, int row, const cJSON *of)
{
    const cJSON *tokens = cJSON_GetObjectItemCaseSensitive(of, "tokens");
    const cJSON *embedding = cJSON_GetObjectItemCaseSensitive(of, "speaker_embedding");
    float *values = g->embeddings + row * g->config.speaker_embed_dim;
    g->lengths[row] = cJSON_GetArraySize(tokens);
    g->frames[row] = whole(of, "frames");
    read_whole(g->tokens + row * g->count, tokens);
    read_whole(g->durations + row * g->count, cJSON_GetObjectItemCaseSensitive(of, "durations"));
    g->controls[row].speaker = whole(of, "speaker_ids");
    g->controls[row].language = whole(of, "lang_ids");
    for (int i = 0; embedding && i < g->config.speaker_embed_dim; i++)
        values[i] = (float)cJSON_GetNumberValue(cJSON_GetArrayItem(embedding, i));
    g->controls[row].embedding = embedding ? values : NULL;
}

static void read_cases(struct golden *g, const char *path)
{
    struct fault fault = {0};
    size_t length;
    char *text = read_text(path, &length);
    cJSON *cases = json_parse(text, length, path, &fault);
    assert_int_equal(cJSON_GetArraySize(cases), ROWS);
    g->count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(cJSON_GetArrayItem(cases, 0), "tokens"));
    g->tokens = calloc((size_t)(ROWS * g->count), sizeof(int));
    g->durations = calloc((size_t)(ROWS * g->count), sizeof(int));
    g->embeddings = calloc((size_t)(ROWS * g->config.speaker_embed_dim + 1), sizeof(float));
    for (int row = 0; row < ROWS; row++)
        read_case(g, row, cJSON_GetArrayItem(cases, row));
    cJSON_Delete(cases);
    free(text);
}

static struct golden open_golden(const char *variant)
{
    struct golden g = {0};
    struct fault fault = {0};
    char path[512];
    size_t length;
    snprintf(path, sizeof path, GOLDEN "%s/config.json", variant);
    char *text = read_text(path, &length);
    if (fastspeech_config_read(&g.config, text, length, path, &fault))
        fail_msg("%s", fault.message);
    free(text);
    g.prefix = g.config.with_vocoder ? "model." : "";
    snprintf(path, sizeof path, GOLDEN "%s", variant);
    assert_int_equal(checkpoint_open(&g.checkpoint, path, &fault), 0);
    snprintf(path, sizeof path, GOLDEN "%s/cases.json", variant);
    read_cases(&g, path);
    snprintf(path, sizeof path, GOLDEN "%s/mel.f32", variant);
    g.mel = read_spectrograms(path, (size_t)((g.frames[0] + g.frames[1] + g.frames[2]) * g.config.mel_bins));
    return g;
}

static void close_golden(struct golden *g)
{
    checkpoint_close(&g->checkpoint);
    free(g->tokens);
    free(g->durations);
    free(g->embeddings);
    free(g->mel);
}

/* ---- a model on a device ---- */

struct running {
    struct golden g;
    struct fastspeech *model;
    struct fastspeech_pass *pass;
    int durations[256], frames[ROWS];
    float *mel; /* [rows, longest, mels] */
};

static struct running start(const char *variant, const struct device *device, enum tensor_type type)
{
    struct running r = {.g = open_golden(variant)};
    struct fault fault = {0};
    if (fastspeech_open(&r.model, &r.g.config, r.g.checkpoint, r.g.prefix, device, type, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(fastspeech_pass_open(&r.pass, r.model, &fault), 0);
    r.mel = calloc((size_t)(ROWS * MOST_FRAMES * r.g.config.mel_bins), sizeof(float));
    assert_non_null(r.mel);
    return r;
}

static void stop(struct running *r)
{
    fastspeech_pass_close(&r->pass);
    fastspeech_close(&r->model);
    close_golden(&r->g);
    free(r->mel);
}

/* Rows [first, first + rows) with the golden controls, or others; returns the longest row's frames. */
static int speak(struct running *r, int first, int rows, const struct fastspeech_control *controls)
{
    struct fault fault = {0};
    const struct golden *g = &r->g;
    const int count = rows == 1 ? g->lengths[first] : g->count;
    int longest = 0;
    if (fastspeech_encode(r->pass, g->tokens + first * g->count, g->lengths + first, rows, count,
                          controls ? controls : g->controls + first, MOST_FRAMES, r->durations, r->frames, &fault) ||
        fastspeech_decode(r->pass, r->mel, &fault))
        fail_msg("%s", fault.message);
    assert_true(fastspeech_pass_flops(r->pass) > 0 && fastspeech_pass_bytes(r->pass) > 0);
    for (int row = 0; row < rows; row++)
        longest = r->frames[row] > longest ? r->frames[row] : longest;
    return longest;
}

/* ---- comparing ---- */

/* The golden durations are those before the model's own speed. */
static void same_durations(const struct running *r)
{
    const struct golden *g = &r->g;
    for (int i = 0; i < ROWS * g->count; i++)
        assert_int_equal(r->durations[i], (int)rintf((float)g->durations[i] * g->config.speaking_speed));
    assert_memory_equal(r->frames, g->frames, sizeof g->frames);
}

/* The least cosine and the largest difference of a row. */
static struct difference run_golden(const char *variant, const struct device *device, enum tensor_type type)
{
    struct running r = start(variant, device, type);
    const int longest = speak(&r, 0, ROWS, NULL);
    same_durations(&r);
    const struct difference worst = compare_rows(r.mel, r.frames, ROWS, longest, r.g.config.mel_bins, r.g.mel);
    print_difference(variant, device, type, worst);
    stop(&r);
    return worst;
}

static void test_f32_is_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * COUNT; i++) {
        const struct difference d = run_golden(VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_F32);
        assert_true(d.cosine >= 0.99999);
        assert_true(d.largest <= 1e-4);
    }
}

static void test_bf16_is_near(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * COUNT; i++)
        assert_true(run_golden(VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_BF16).cosine >= 0.999);
}

static void test_row_gives_the_same_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 2 * COUNT; i++) {
        struct running batch = start(VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_F32);
        struct running alone = start(VARIANTS[i / 2], i % 2 ? fast : plain, TENSOR_F32);
        const int mels = batch.g.config.mel_bins, longest = speak(&batch, 0, ROWS, NULL);
        for (int row = 0; row < ROWS; row++) {
            const int frames = speak(&alone, row, 1, NULL);
            assert_int_equal(frames, batch.frames[row]);
            assert_true(compare(alone.mel, batch.mel + row * longest * mels, frames * mels).largest <= 1e-5);
        }
        stop(&batch);
        stop(&alone);
    }
}

/* ---- controls ---- */

/* At half the rate a row takes twice as long, but for rounding; the same rate for all tokens given one by one too. */
static void test_rate_stretches(void **state)
{
    (void)state;
    struct running r = start("brought", fast, TENSOR_F32);
    float half[16];
    struct fastspeech_control c = r.g.controls[0];
    for (int i = 0; i < 16; i++)
        half[i] = 0.5f;
    c.rate = half;
    assert_in_range(speak(&r, 0, 1, &c), 2 * r.g.frames[0] - r.g.lengths[0], 2 * r.g.frames[0] + r.g.lengths[0]);
    const int before = r.durations[3];
    half[3] = 0.25f;
    assert_in_range(speak(&r, 0, 1, &c), 2 * r.g.frames[0], 3 * r.g.frames[0]);
    assert_in_range(r.durations[3], 2 * before - 2, 2 * before + 2);
    stop(&r);
}

/* So fast that nothing is left of any token: each gets a frame. */
static void test_a_row_of_nothing_gets_frames(void **state)
{
    (void)state;
    struct running r = start("voice", fast, TENSOR_F32);
    float rate[16];
    struct fastspeech_control c = r.g.controls[0];
    for (int i = 0; i < 16; i++)
        rate[i] = 1e6f;
    c.rate = rate;
    assert_int_equal(speak(&r, 0, 1, &c), r.g.lengths[0]);
    stop(&r);
}

/* Pitch and energy leave durations alone, and change the sound where they are changed most. */
static void changes_the_sound(struct running *r, const struct fastspeech_control *c)
{
    const int mels = r->g.config.mel_bins, n = r->g.frames[0] * mels;
    float *before = calloc((size_t)n, sizeof *before);
    speak(r, 0, 1, NULL);
    memcpy(before, r->mel, (size_t)n * sizeof *before);
    assert_int_equal(speak(r, 0, 1, c), r->g.frames[0]);
    assert_true(compare(r->mel, before, n).largest > 0.01);
    free(before);
}

static void test_pitch_and_energy_are_heard(void **state)
{
    (void)state;
    struct running r = start("before", fast, TENSOR_F32);
    float added[16] = {0}, zeros[16] = {0};
    struct fastspeech_control pitch = r.g.controls[0], energy = r.g.controls[0];
    added[2] = 1.5f;
    pitch.pitch = added;
    pitch.energy = zeros;
    energy.energy = added;
    changes_the_sound(&r, &pitch);
    changes_the_sound(&r, &energy);
    stop(&r);
}

static void test_nobody_is_not_the_first(void **state)
{
    (void)state;
    struct running r = start("voice", fast, TENSOR_F32);
    struct fault fault = {0};
    const struct fastspeech_control first = {0}, nobody = {.speaker = -1, .language = -1};
    float *mel = calloc((size_t)(MOST_FRAMES * r.g.config.mel_bins), sizeof *mel);
    const int frames = speak(&r, 1, 1, &first) * r.g.config.mel_bins;
    memcpy(mel, r.mel, (size_t)frames * sizeof *mel);
    const int others = speak(&r, 1, 1, &nobody) * r.g.config.mel_bins;
    assert_true(others != frames || compare(r.mel, mel, frames).largest > 0.01);
    assert_int_equal(fastspeech_encode(r.pass, r.g.tokens + r.g.count, r.g.lengths + 1, 1, 1, NULL, MOST_FRAMES,
                                       r.durations, r.frames, &fault),
                     0);
    assert_int_equal(fastspeech_decode(r.pass, r.mel, &fault), 0);
    assert_true(compare(r.mel, mel, frames).largest == 0); /* no controls: zeros */
    free(mel);
    stop(&r);
}

/* ---- durations ---- */

static void test_durations_are_the_references(void **state)
{
    (void)state;
    struct fault fault = {0};
    const float logarithms[] = {-3, 0, logf(1.4f), logf(2.6f), logf(11.7f)};
    const float rates[] = {1, 1, 1, 1, 2};
    int durations[5], frames, token[20];
    assert_int_equal(fastspeech_round(logarithms, NULL, 1, 5, 100, 0, durations, &frames, &fault), 0);
    assert_memory_equal(durations, ((int[]){0, 0, 0, 2, 11}), sizeof durations);
    assert_int_equal(frames, 13);
    assert_int_equal(fastspeech_round(logarithms, NULL, 1.3f, 5, 100, 0, durations, &frames, &fault), 0);
    assert_memory_equal(durations, ((int[]){0, 0, 0, 3, 14}), sizeof durations); /* 2.6 and 14.3 */
    assert_int_equal(fastspeech_round(logarithms, rates, 1, 5, 100, 0, durations, &frames, &fault), 0);
    assert_memory_equal(durations, ((int[]){0, 0, 0, 2, 5}), sizeof durations); /* 5.35 */
    fastspeech_spread(durations, 5, 40, token, 9);
    assert_memory_equal(token, ((int[]){43, 43, 44, 44, 44, 44, 44, 40, 40}), 9 * sizeof *token);
}

static void test_mad_durations_are_refused(void **state)
{
    (void)state;
    struct fault fault = {0};
    int durations[2], frames;
    const float mad[][2] = {{3, 3}, {90, 0}, {1e30f, 0}, {NAN, 0}, {0, INFINITY}};
    for (size_t i = 0; i < sizeof mad / sizeof *mad; i++) {
        fault_clear(&fault);
        assert_int_equal(fastspeech_round(mad[i], NULL, 1, 2, 30, 7, durations, &frames, &fault), UTTER_ERROR_MODEL);
        assert_non_null(strstr(fault.message, i < 3 ? "row 7 of a batch would be spoken for" : "is not finite"));
    }
    struct running r = start("voice", fast, TENSOR_F32);
    fault_clear(&fault);
    assert_int_equal(fastspeech_encode(r.pass, r.g.tokens, r.g.lengths, ROWS, r.g.count, r.g.controls, 17, r.durations,
                                       r.frames, &fault),
                     UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "row 0 of a batch would be spoken for 18 frames, beyond 17"));
    fault_clear(&fault);
    assert_int_equal(fastspeech_decode(r.pass, r.mel, &fault), UTTER_ERROR_STATE);
    stop(&r);
}

/* ---- the pass ---- */

static void test_pass_grows(void **state)
{
    (void)state;
    struct running r = start("voice", fast, TENSOR_F32);
    struct fault fault = {0};
    const int shapes[][3] = {{1, 2, 3}, {1, 300, 2}, {3, 11, 400}, {8, 1, 1}, {1, 1, 1}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        const size_t bytes = fastspeech_pass_bytes(r.pass);
        assert_int_equal(fastspeech_pass_reserve(r.pass, shapes[i][0], shapes[i][1], shapes[i][2], &fault), 0);
        assert_true(fastspeech_pass_bytes(r.pass) >= bytes);
        const int longest = speak(&r, 0, ROWS, NULL);
        same_durations(&r);
        assert_true(compare(r.mel, r.g.mel, r.frames[0] * r.g.config.mel_bins).largest <= 1e-4);
        assert_int_equal(longest, r.frames[0]);
        assert_int_equal(fastspeech_decode(r.pass, r.mel, &fault), 0); /* again */
        assert_true(compare(r.mel, r.g.mel, r.frames[0] * r.g.config.mel_bins).largest <= 1e-4);
    }
    stop(&r);
}

static void refuse_encode(struct running *r, int rows, int count, const struct fastspeech_control *controls,
                          const char *says)
{
    struct fault fault = {0};
    assert_int_equal(fastspeech_encode(r->pass, r->g.tokens, r->g.lengths, rows, count, controls, MOST_FRAMES,
                                       r->durations, r->frames, &fault),
                     UTTER_ERROR_ARGUMENT);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_encode_refuses(void **state)
{
    (void)state;
    struct running r = start("voice", plain, TENSOR_F32);
    const int count = r.g.count;
    const float bad[16] = {1, 1, NAN, 0}, negative[16] = {1, -1};
    refuse_encode(&r, 0, count, NULL, "a batch of 0 rows");
    refuse_encode(&r, 1, 1 << 29, NULL, "a batch of 1 rows");
    refuse_encode(&r, 1, count - 1, NULL, "row 0 of a batch has 11 tokens, outside 1 to 10");
    refuse_encode(&r, 1, count, &(struct fastspeech_control){.speaker = 3}, "speaker 3 is asked for");
    refuse_encode(&r, 1, count, &(struct fastspeech_control){.language = -2}, "language -2 is asked for");
    refuse_encode(&r, 1, count, &(struct fastspeech_control){.rate = negative}, "the rate for token 1 in row 0");
    refuse_encode(&r, 1, count, &(struct fastspeech_control){.pitch = bad}, "the pitch for token 2 in row 0");
    refuse_encode(&r, 1, count, &(struct fastspeech_control){.energy = bad}, "the energy for token 2 in row 0");
    r.g.tokens[1] = r.g.config.vocabulary;
    refuse_encode(&r, 1, count, NULL, "token 1 in row 0 of a batch is 13, outside 0 to 12");
    stop(&r);
    r = start("brought", plain, TENSOR_F32);
    r.g.controls[1].embedding = NULL;
    refuse_encode(&r, ROWS, count, r.g.controls, "others have none");
    memset(r.g.embeddings, 0, 5 * sizeof(float));
    refuse_encode(&r, 1, count, r.g.controls, "has no length");
    stop(&r);
}

/* ---- configurations ---- */

static void refuse_config(const char *json, int code, const char *says)
{
    struct fastspeech_config config;
    struct fault fault = {0};
    assert_int_equal(fastspeech_config_read(&config, json, strlen(json), "config.json", &fault), code);
    if (strncmp(fault.message, "config.json: ", 13) != 0 || !strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_config_refusals(void **state)
{
    (void)state;
    const int bad = UTTER_ERROR_MODEL, other = UTTER_ERROR_UNSUPPORTED;
#define FLAT(rest) "{\"model_type\":\"fastspeech2_conformer\"," rest "}"
    refuse_config("", bad, "not valid JSON");
    refuse_config("{\"model_type\":\"vits\"}", other, "model_type");
    refuse_config("{\"model_type\":\"fastspeech2_conformer_with_hifigan\",\"model_config\":3}", bad, "model_config");
    refuse_config(FLAT("\"reduction_factor\":2"), other, "reduction_factor is 2, and only 1 is supported");
    refuse_config(FLAT("\"use_cnn_in_conformer\":false"), other, "use_cnn_in_conformer");
    refuse_config(FLAT("\"hidden_size\":1e300"), bad, "hidden_size");
    refuse_config(FLAT("\"hidden_size\":383"), bad, "odd");
    refuse_config(FLAT("\"hidden_size\":null"), bad, "hidden_size");
    refuse_config(FLAT("\"encoder_num_attention_heads\":7"), bad, "encoder_num_attention_heads");
    refuse_config(FLAT("\"decoder_num_attention_heads\":7"), bad, "decoder_num_attention_heads");
    refuse_config(FLAT("\"encoder_layers\":0"), bad, "encoder_layers is 0, outside 1 to 64");
    refuse_config(FLAT("\"decoder_kernel_size\":30"), bad, "decoder_kernel_size is even");
    refuse_config(FLAT("\"pitch_embed_kernel_size\":2"), bad, "pitch_embed_kernel_size is even");
    refuse_config(FLAT("\"decoder_concat_after\":1"), bad, "decoder_concat_after");
    refuse_config(FLAT("\"speaking_speed\":0"), bad, "speaking_speed");
    refuse_config(FLAT("\"num_speakers\":-1"), bad, "num_speakers");
    refuse_config(FLAT("\"speaker_embed_dim\":\"x\""), bad, "speaker_embed_dim");
}

/* transformers leaves its defaults out of the file; one speaker is none. */
static void test_config_defaults(void **state)
{
    (void)state;
    struct fastspeech_config read, named;
    struct fault fault = {0};
    const char *json = FLAT("\"num_speakers\":1,\"num_languages\":null");
    assert_int_equal(fastspeech_config_read(&read, json, strlen(json), "config.json", &fault), 0);
    assert_true(fastspeech_config_named(&named, "fastspeech2-conformer"));
    assert_memory_equal(&read, &named, sizeof read);
    assert_true(read.hidden_size == 384 && read.decoder.kernel == 31 && read.pitch.layers == 5 && !read.speakers);
    json = "{\"model_type\":\"fastspeech2_conformer_with_hifigan\",\"hidden_size\":1}";
    assert_int_equal(fastspeech_config_read(&read, json, strlen(json), "config.json", &fault), 0);
    assert_true(read.hidden_size == 384 && read.with_vocoder);
    assert_true(fastspeech_config_named(&named, "default-voice-en"));
    assert_false(fastspeech_config_named(&named, "fastspeech"));
}

/* ---- models ---- */

static void refuse_model(const struct golden *g, const struct fastspeech_config *config, const char *prefix,
                         const char *says)
{
    struct fault fault = {0};
    struct fastspeech *model;
    assert_int_equal(fastspeech_open(&model, config, g->checkpoint, prefix, plain, TENSOR_F32, &fault),
                     UTTER_ERROR_MODEL);
    assert_null(model);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_model_refusals(void **state)
{
    (void)state;
    struct golden g = open_golden("voice");
    struct fastspeech_config c = g.config;
    refuse_model(&g, &c, "", "tensor 'encoder.embed.weight' is missing");
    c.decoder.layers = 3;
    refuse_model(&g, &c, g.prefix, "tensor 'model.decoder.conformer_layers.2.self_attn_layer_norm.weight' is missing");
    c = g.config;
    c.encoder.concat_after = true;
    refuse_model(&g, &c, g.prefix, "tensor 'model.encoder.conformer_layers.0.concat_linear.weight' is missing");
    c = g.config;
    c.postnet_units = 15;
    refuse_model(&g, &c, g.prefix, "speech_decoder_postnet.layers.0.conv.weight' has the shape [14, 12, 5]");
    c = g.config;
    c.pitch.kernel = 3;
    refuse_model(&g, &c, g.prefix, "pitch_predictor.conv_layers.0.conv.weight' has the shape [9, 24, 5]");
    close_golden(&g);
}

/* The shapes that have names, in random weights, of one layer each so that it does not take long. */
static void test_random_weights(void **state)
{
    (void)state;
    static const char *const names[] = {"fastspeech2-conformer", "default-voice-en"};
    for (int i = 0; i < 2; i++) {
        struct fastspeech_config config;
        struct checkpoint *checkpoint;
        struct fastspeech *model;
        struct fastspeech_pass *pass;
        struct fault fault = {0};
        const int tokens[] = {3, 7, 1, 12, 2}, count = 5;
        int durations[5], frames;
        assert_true(fastspeech_config_named(&config, names[i]));
        config.encoder.layers = config.decoder.layers = 1;
        assert_int_equal(checkpoint_open_random(&checkpoint, 7, &fault), 0);
        assert_int_equal(fastspeech_open(&model, &config, checkpoint, "", fast, TENSOR_F32, &fault), 0);
        checkpoint_close(&checkpoint); /* the model has its own copies */
        assert_true(fastspeech_parameters(model) > 1000000 && fastspeech_weight_bytes(model) > 4000000);
        assert_int_equal(fastspeech_get_config(model)->hidden_size, config.hidden_size);
        assert_int_equal(fastspeech_pass_open(&pass, model, &fault), 0);
        assert_int_equal(fastspeech_encode(pass, tokens, &count, 1, count, NULL, 100, durations, &frames, &fault), 0);
        float *mel = calloc((size_t)(frames * config.mel_bins), sizeof *mel);
        assert_int_equal(fastspeech_decode(pass, mel, &fault), 0);
        for (int j = 0; j < frames * config.mel_bins; j++)
            assert_true(isfinite(mel[j]));
        free(mel);
        fastspeech_pass_close(&pass);
        fastspeech_close(&model);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_is_the_reference),
        cmocka_unit_test(test_bf16_is_near),
        cmocka_unit_test(test_row_gives_the_same_alone),
        cmocka_unit_test(test_rate_stretches),
        cmocka_unit_test(test_a_row_of_nothing_gets_frames),
        cmocka_unit_test(test_pitch_and_energy_are_heard),
        cmocka_unit_test(test_nobody_is_not_the_first),
        cmocka_unit_test(test_durations_are_the_references),
        cmocka_unit_test(test_mad_durations_are_refused),
        cmocka_unit_test(test_pass_grows),
        cmocka_unit_test(test_encode_refuses),
        cmocka_unit_test(test_config_refusals),
        cmocka_unit_test(test_config_defaults),
        cmocka_unit_test(test_model_refusals),
        cmocka_unit_test(test_random_weights),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
