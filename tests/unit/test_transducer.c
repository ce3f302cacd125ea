/* The transducer against transformers' ParakeetForTDT and ParakeetForRNNT (tests/golden/make_transducer.py): what is
 * heard, what is scored, and what greedy search makes of it; its configuration. */
#include "decoder/search/transducer.h"
#include "models/transducer/transducer.h"
#include "tests/unit/model_devices.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/transducer/"

enum { ROWS = 8, FORCED = 16 };

/* ---- golden files ---- */

struct golden {
    struct transducer_config config;
    struct checkpoint *checkpoint;
    int rows, frames, time, lengths[ROWS], forced;
    int tokens[ROWS * FORCED];
    float *features, *states, *scores;
    char folder[512];
};

static char *read_text(const char *folder, const char *name, size_t *length)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, size + 1);
    assert_non_null(text);
    *length = fread(text, 1, size, file);
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

/* The next numbers of a text. */
static const char *read_numbers(const char *text, int *out, int count)
{
    for (int i = 0; i < count; i++) {
        char *end;
        out[i] = (int)strtol(text, &end, 10);
        assert_true(end != text);
        text = end;
    }
    return text;
}

static int width_of(const struct golden *g)
{
    return g->config.vocabulary + g->config.duration_count;
}

static struct golden open_golden(const char *name)
{
    struct golden g = {0};
    struct fault fault = {0};
    size_t length;
    snprintf(g.folder, sizeof g.folder, "%s%s", *name == '/' ? "" : GOLDEN, name);
    char *text = read_text(g.folder, "config.json", &length);
    assert_int_equal(transducer_config_read(&g.config, text, length, "config.json", &fault), 0);
    free(text);
    assert_int_equal(checkpoint_open(&g.checkpoint, g.folder, &fault), 0);
    text = read_text(g.folder, "shape.txt", &length);
    const char *at = read_numbers(text, &g.rows, 1);
    at = read_numbers(at, &g.frames, 1);
    at = read_numbers(at, g.lengths, g.rows);
    at = read_numbers(at, &g.time, 1);
    read_numbers(at, &g.forced, 1);
    free(text);
    text = read_text(g.folder, "tokens.txt", &length);
    read_numbers(text, g.tokens, g.rows * g.forced);
    free(text);
    g.states = (float *)read_text(g.folder, "states.f32", &length);
    assert_int_equal(length, sizeof(float) * (size_t)(g.rows * g.time * g.config.hidden_size));
    g.scores = (float *)read_text(g.folder, "scores.f32", &length);
    assert_int_equal(length, sizeof(float) * (size_t)(g.rows * g.time * (g.forced + 1) * width_of(&g)));
    g.features = make_features(g.rows * g.frames * g.config.encoder.mel_bins);
    return g;
}

static void close_golden(struct golden *g)
{
    checkpoint_close(&g->checkpoint);
    free(g->features);
    free(g->states);
    free(g->scores);
}

/* ---- comparing ---- */

struct difference {
    double cosine, largest; /* the smallest cosine, the largest difference */
};

static void compare(struct difference *d, const float *a, const float *b, int n)
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
}

struct opened {
    struct transducer *model;
    struct transducer_pass *pass;
};

/* A step takes two rows at a time, so that there are more rows than are computed together. */
static struct opened open_model(const struct golden *g, const struct device *device, enum tensor_type type)
{
    struct fault fault = {0};
    struct opened o;
    if (transducer_open(&o.model, &g->config, g->checkpoint, device, type, &fault))
        fail_msg("%s", fault.message);
    assert_int_equal(transducer_pass_open(&o.pass, o.model, 2 * ROWS, 2, &fault), 0);
    assert_true(transducer_parameters(o.model) > 10000 && transducer_weight_bytes(o.model) > 10000);
    assert_in_range(transducer_step_bytes(o.model), 1000, transducer_weight_bytes(o.model));
    return o;
}

static void close_model(struct opened *o)
{
    transducer_pass_close(&o->pass);
    transducer_close(&o->model);
}

/* ---- the networks ---- */

static struct difference compare_states(const struct golden *g, const struct opened *o, int *lengths)
{
    struct fault fault = {0};
    struct difference d = {.cosine = 1};
    const int h = g->config.hidden_size;
    float *states = calloc((size_t)(g->rows * g->time * h), sizeof *states);
    assert_non_null(states);
    if (transducer_encode(o->pass, g->features, g->lengths, g->rows, g->frames, lengths, states, &fault))
        fail_msg("%s", fault.message);
    for (int row = 0; row < g->rows; row++) {
        assert_int_equal(lengths[row], fastconformer_frames(&g->config.encoder, g->lengths[row]));
        for (int t = 0; t < lengths[row]; t++)
            compare(&d, states + (row * g->time + t) * h, g->states + (row * g->time + t) * h, h);
    }
    free(states);
    return d;
}

/* The forced token before place u of every row read, and all their frames scored, in steps of one frame. */
static void compare_place(const struct golden *g, const struct opened *o, const int *lengths, int u,
                          struct difference *d)
{
    struct fault fault = {0};
    const int v = g->config.vocabulary, n = g->config.duration_count;
    float *tokens = calloc((size_t)(ROWS * v), sizeof *tokens), *durations = calloc((size_t)(ROWS * (n + 1)), 4);
    struct transducer_prediction predictions[ROWS];
    struct transducer_joint joints[ROWS];
    for (int row = 0; row < g->rows; row++) /* in place, and from one slot to another */
        predictions[row] = (struct transducer_prediction){u ? (u % 3 == 0) * ROWS + row : -1,
                                                          u ? g->tokens[row * g->forced + u - 1] : g->config.blank,
                                                          (u % 3 == 2) * ROWS + row};
    for (int t = 0; t < g->time; t++) {
        int count = 0;
        for (int row = 0; row < g->rows; row++)
            if (t < lengths[row])
                joints[count++] = (struct transducer_joint){row, t, (u % 3 == 2) * ROWS + row};
        if (transducer_step(o->pass, predictions, t ? 0 : g->rows, joints, count, tokens, durations, &fault))
            fail_msg("%s", fault.message);
        for (int i = 0; i < count; i++) {
            const float *golden = g->scores + ((joints[i].window * g->time + t) * (g->forced + 1) + u) * (v + n);
            compare(d, tokens + i * v, golden, v);
            if (n)
                compare(d, durations + i * n, golden + v, n);
        }
    }
    free(tokens);
    free(durations);
}

static struct difference run_golden(const struct golden *g, const struct device *device, enum tensor_type type)
{
    int lengths[ROWS];
    struct opened o = open_model(g, device, type);
    struct difference heard = compare_states(g, &o, lengths), scored = {.cosine = 1};
    for (int u = 0; u <= g->forced; u++)
        compare_place(g, &o, lengths, u, &scored);
    printf("%s, %s: states %.8f, %.2g; scores %.8f, %.2g\n", device->name, tensor_type_name(type), heard.cosine,
           heard.largest, scored.cosine, scored.largest);
    close_model(&o);
    scored.cosine = fmin(scored.cosine, heard.cosine);
    scored.largest = fmax(scored.largest, heard.largest);
    return scored;
}

static const char *const FOLDERS[] = {"tdt", "rnnt"};

static void test_f32_is_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        struct difference d = run_golden(&g, i % 2 ? fast : plain, TENSOR_F32);
        assert_true(d.cosine >= 0.99999);
        assert_true(d.largest <= 1e-4);
        close_golden(&g);
    }
}

/* The golden models' encoders are amplified, so that they have something to say, and their rounding
 * with them. */
static void test_bf16_and_int8_are_near(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        assert_true(run_golden(&g, i % 2 ? fast : plain, TENSOR_BF16).cosine >= 0.99);
        assert_true(run_golden(&g, i % 2 ? fast : plain, TENSOR_I8).cosine >= 0.98);
        close_golden(&g);
    }
}

static void test_gpu(void **state)
{
    (void)state;
    for (int i = 0; gpu && i < 2; i++) {
        struct golden g = open_golden(FOLDERS[i]);
        struct difference d = run_golden(&g, gpu, TENSOR_F32);
        assert_true(d.cosine >= 0.99999);
        assert_true(d.largest <= 1e-4);
        assert_true(run_golden(&g, gpu, TENSOR_BF16).cosine >= 0.99);
        close_golden(&g);
    }
    if (!gpu)
        skip();
}

/* ---- searching ---- */

static int step(void *context, const struct transducer_search_ask *ask, float *tokens, float *durations,
                struct fault *fault)
{
    struct transducer_prediction predictions[512];
    struct transducer_joint joints[512];
    assert_true(ask->prediction_count <= 512 && ask->joint_count <= 512);
    for (int i = 0; i < ask->prediction_count; i++)
        predictions[i] =
            (struct transducer_prediction){ask->predictions[i].from, ask->predictions[i].token, ask->predictions[i].to};
    for (int i = 0; i < ask->joint_count; i++)
        joints[i] = (struct transducer_joint){ask->joints[i].window, ask->joints[i].frame, ask->joints[i].slot};
    return transducer_step(context, predictions, ask->prediction_count, joints, ask->joint_count, tokens, durations,
                           fault);
}

/* The rows from first on, searched together. */
static void search(const struct golden *g, struct transducer *model, int beam, int ahead, int first, int rows,
                   struct ctc_result *results)
{
    struct fault fault = {0};
    struct transducer_pass *pass;
    int lengths[ROWS], longest = 0;
    const struct transducer_search_params params = {.vocabulary = g->config.vocabulary,
                                                    .blank = g->config.blank,
                                                    .duration_count = g->config.duration_count,
                                                    .durations = g->config.durations,
                                                    .max_symbols = g->config.max_symbols,
                                                    .beam = beam,
                                                    .nbest = beam,
                                                    .ahead = ahead,
                                                    .threads = threads};
    const size_t each = (size_t)(g->frames * g->config.encoder.mel_bins);
    for (int i = 0; i < rows; i++)
        longest = g->lengths[first + i] > longest ? g->lengths[first + i] : longest;
    float *features = calloc(each * (size_t)rows, sizeof *features);
    for (int i = 0; i < rows; i++)
        memcpy(features + i * longest * g->config.encoder.mel_bins, g->features + (size_t)(first + i) * each,
               (size_t)(longest * g->config.encoder.mel_bins) * sizeof *features);
    if (transducer_pass_open(&pass, model, transducer_search_slots(&params, rows), 5, &fault) ||
        transducer_encode(pass, features, g->lengths + first, rows, longest, lengths, NULL, &fault) ||
        transducer_search(&params, step, pass, lengths, rows, results, &fault))
        fail_msg("%s", fault.message);
    transducer_pass_close(&pass);
    free(features);
}

/* The line of greedy.txt: token, frame and duration of each. */
static const char *expect_line(const struct golden *g, const struct ctc_hypothesis *h, int row, const char *line)
{
    const int frames = fastconformer_frames(&g->config.encoder, g->lengths[row]);
    for (size_t i = 0; i < h->count; i++) {
        int said[3];
        line = read_numbers(line, said, 3);
        assert_int_equal(h->tokens[i].id, said[0]);
        assert_int_equal(h->tokens[i].first, said[1]);
        int last = said[1] + (g->config.duration_count && said[2] > 1 ? said[2] - 1 : 0);
        assert_int_equal(h->tokens[i].last, last < frames ? last : frames - 1);
    }
    assert_int_equal(*line, '\n');
    return line + 1;
}

static void expect_greedy(const struct golden *g, struct transducer *model, int ahead)
{
    struct ctc_result results[ROWS];
    size_t length;
    char *text = read_text(g->folder, "greedy.txt", &length);
    const char *line = text;
    search(g, model, 1, ahead, 0, g->rows, results);
    for (int row = 0; row < g->rows; row++) {
        line = expect_line(g, &results[row].best[0], row, line);
        ctc_free(&results[row]);
    }
    assert_int_equal(*line, 0);
    free(text);
}

static void test_greedy_is_the_reference(void **state)
{
    (void)state;
    for (int i = 0; i < 8; i++) {
        struct golden g = open_golden(FOLDERS[i / 4]);
        struct opened o = open_model(&g, i % 2 ? fast : plain, TENSOR_F32);
        expect_greedy(&g, o.model, i % 4 < 2 ? 0 : 23);
        close_model(&o);
        close_golden(&g);
    }
}

/* A folder of transducer_full_shape.py's. */
static void test_full_shape(void **state)
{
    (void)state;
    const char *folder = getenv("UTTER_GOLDEN_TRANSDUCER");
    if (!folder)
        skip();
    struct golden g = open_golden(folder);
    assert_true(run_golden(&g, fast, TENSOR_F32).cosine >= 0.99999);
    run_golden(&g, fast, TENSOR_BF16);
    run_golden(&g, fast, TENSOR_I8);
    close_golden(&g);
}

/* In a batch and by itself: the same texts, and sums that are the same but for rounding. */
static void test_beam_row_alone(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct golden g = open_golden(FOLDERS[i / 2]);
        struct opened o = open_model(&g, i % 2 ? fast : plain, TENSOR_F32);
        struct ctc_result results[ROWS], alone;
        search(&g, o.model, 4, 0, 0, g.rows, results);
        for (int row = 0; row < g.rows; row++) {
            search(&g, o.model, 4, 0, row, 1, &alone);
            assert_int_equal(alone.count, results[row].count);
            assert_int_equal(alone.best[0].count, results[row].best[0].count);
            for (size_t k = 0; k < alone.best[0].count; k++)
                assert_int_equal(alone.best[0].tokens[k].id, results[row].best[0].tokens[k].id);
            assert_true(fabs(alone.best[0].score - results[row].best[0].score) < 1e-3);
            ctc_free(&alone);
            ctc_free(&results[row]);
        }
        close_model(&o);
        close_golden(&g);
    }
}

static void refuse_step(const struct opened *o, struct transducer_prediction p, struct transducer_joint j,
                        const char *says)
{
    struct fault fault = {0};
    float tokens[64], durations[16];
    assert_int_equal(transducer_step(o->pass, &p, 1, &j, 1, tokens, durations, &fault), UTTER_ERROR_ARGUMENT);
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_step_refuses(void **state)
{
    (void)state;
    struct golden g = open_golden("tdt");
    struct opened o = open_model(&g, plain, TENSOR_F32);
    struct fault fault = {0};
    int lengths[ROWS];
    const struct transducer_prediction good = {-1, 3, 0};
    const struct transducer_joint heard = {0, 0, 0};
    refuse_step(&o, good, heard, "before anything was encoded");
    assert_int_equal(transducer_encode(o.pass, g.features, g.lengths, g.rows, g.frames, lengths, NULL, &fault), 0);
    refuse_step(&o, (struct transducer_prediction){-2, 3, 0}, heard, "slot");
    refuse_step(&o, (struct transducer_prediction){2 * ROWS, 3, 0}, heard, "slot");
    refuse_step(&o, (struct transducer_prediction){-1, 3, -1}, heard, "slot");
    refuse_step(&o, (struct transducer_prediction){-1, 25, 0}, heard, "vocabulary");
    refuse_step(&o, good, (struct transducer_joint){g.rows, 0, 0}, "was not encoded");
    refuse_step(&o, good, (struct transducer_joint){2, lengths[2], 0}, "frame 13 of window 2");
    refuse_step(&o, good, (struct transducer_joint){0, 0, 2 * ROWS}, "slot");
    assert_int_equal(transducer_step(o.pass, &good, 1, &heard, 1, NULL, NULL, &fault), UTTER_ERROR_ARGUMENT);
    close_model(&o);
    close_golden(&g);
}

/* ---- configuration ---- */

static void refuse_config(const char *json, int code, const char *says)
{
    struct transducer_config config;
    struct fault fault = {0};
    assert_int_equal(transducer_config_read(&config, json, strlen(json), "config.json", &fault), code);
    assert_non_null(strstr(fault.message, "config.json"));
    if (!strstr(fault.message, says))
        fail_msg("'%s' does not say '%s'", fault.message, says);
}

static void test_config_refusals(void **state)
{
    (void)state;
    const int bad = UTTER_ERROR_MODEL, other = UTTER_ERROR_UNSUPPORTED;
    refuse_config("{", bad, "not valid JSON");
    refuse_config("{\"model_type\":\"parakeet_ctc\"}", other, "model_type");
#define TDT(rest) "{\"model_type\":\"parakeet_tdt\"," rest "}"
    refuse_config(TDT("\"decoder_hidden_size\":0"), bad, "decoder_hidden_size");
    refuse_config(TDT("\"num_decoder_layers\":1000"), bad, "num_decoder_layers");
    refuse_config(TDT("\"vocab_size\":1e9"), bad, "vocab_size");
    refuse_config(TDT("\"vocab_size\":100"), bad, "blank_token_id");
    refuse_config(TDT("\"blank_token_id\":null"), bad, "blank_token_id");
    refuse_config(TDT("\"max_symbols_per_step\":0"), bad, "max_symbols_per_step");
    refuse_config(TDT("\"hidden_act\":\"mish\""), other, "hidden_act");
    refuse_config(TDT("\"hidden_act\":7"), other, "hidden_act");
    refuse_config(TDT("\"durations\":3"), bad, "durations is not a list");
    refuse_config(TDT("\"durations\":[]"), bad, "none above 0");
    refuse_config(TDT("\"durations\":[0]"), bad, "none above 0");
    refuse_config(TDT("\"durations\":[0,2,1]"), bad, "rise");
    refuse_config(TDT("\"durations\":[-1,2]"), bad, "rise");
    refuse_config(TDT("\"durations\":[0,33]"), bad, "rise");
    refuse_config(TDT("\"durations\":[0,0.5]"), bad, "rise");
    refuse_config(TDT("\"durations\":[0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16]"), bad, "more than 16");
    refuse_config(TDT("\"encoder_config\":[]"), bad, "encoder_config");
    refuse_config(TDT("\"encoder_config\":{\"num_attention_heads\":7}"), bad, "multiple");
}

/* transformers leaves its defaults out of the file. */
static void test_config_defaults(void **state)
{
    (void)state;
    struct transducer_config c, named;
    struct fault fault = {0};
    const char *json = TDT("\"encoder_config\":{\"attention_bias\":false,\"convolution_bias\":false,"
                           "\"scale_input\":false,\"num_mel_bins\":128}");
    assert_int_equal(transducer_config_read(&c, json, strlen(json), "config.json", &fault), 0);
    assert_true(transducer_config_named(&named, "parakeet-tdt-0.6b"));
    assert_memory_equal(&c, &named, sizeof c);
    json = "{\"model_type\":\"parakeet_rnnt\",\"durations\":[0,1]}";
    assert_int_equal(transducer_config_read(&c, json, strlen(json), "config.json", &fault), 0);
    assert_int_equal(c.duration_count, 0);
    assert_false(transducer_config_named(&named, "parakeet-tdt-9b"));
}

/* A weight of another shape is one sentence, and what was bound before it is released. */
static void test_weights_refused(void **state)
{
    (void)state;
    struct golden g = open_golden("rnnt");
    struct fault fault = {0};
    struct transducer *model;
    g.config.vocabulary++;
    assert_int_equal(transducer_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
    assert_null(model);
    assert_non_null(strstr(fault.message, "'decoder.embedding.weight' has the shape [19, 16], not [20, 16]"));
    g.config.vocabulary--;
    g.config.layers++;
    fault_clear(&fault);
    assert_int_equal(transducer_open(&model, &g.config, g.checkpoint, fast, TENSOR_F32, &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "'decoder.lstm.bias_ih_l1' is missing"));
    close_golden(&g);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_f32_is_the_reference),
        cmocka_unit_test(test_bf16_and_int8_are_near),
        cmocka_unit_test(test_gpu),
        cmocka_unit_test(test_greedy_is_the_reference),
        cmocka_unit_test(test_beam_row_alone),
        cmocka_unit_test(test_full_shape),
        cmocka_unit_test(test_step_refuses),
        cmocka_unit_test(test_config_refusals),
        cmocka_unit_test(test_config_defaults),
        cmocka_unit_test(test_weights_refused),
    };
    return cmocka_run_group_tests(tests, open_devices, close_devices);
}
