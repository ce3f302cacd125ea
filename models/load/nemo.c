#include "models/load/nemo.h"

#include "models/load/pytorch.h"
#include "models/load/tar.h"
#include "models/load/yaml.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_NAME = 256 };

/* ---- names ---- */

struct renaming {
    const char *from, *to;
};

/* Of what a name begins with … */
static const struct renaming BEGINNINGS[] = {
    {"encoder.pre_encode.conv.", "encoder.subsampling.layers."},
    {"encoder.pre_encode.out.", "encoder.subsampling.linear."},
    {"decoder.decoder_layers.0.", "ctc_head."},
    {"decoder.prediction.embed.", "decoder.embedding."},
    {"decoder.prediction.dec_rnn.lstm.", "decoder.lstm."},
    {"joint.enc.", "encoder_projector."},
    {"joint.pred.", "decoder.decoder_projector."},
    {"joint.joint_net.1.", "joint.head."}, /* behind the activation … */
    {"joint.joint_net.2.", "joint.head."}, /* … or behind a dropout, too */
};

/* … and, in a layer of the encoder, of what is within it. */
static const struct renaming PARTS[] = {
    {".conv.batch_norm.", ".conv.norm."},
    {".self_attn.linear_q.", ".self_attn.q_proj."},
    {".self_attn.linear_k.", ".self_attn.k_proj."},
    {".self_attn.linear_v.", ".self_attn.v_proj."},
    {".self_attn.linear_out.", ".self_attn.o_proj."},
    {".self_attn.linear_pos.", ".self_attn.relative_k_proj."},
    {".self_attn.pos_bias_", ".self_attn.bias_"},
};

/* name with the part at `at` in place of from's length. */
static void replace(char out[LONGEST_NAME], const char *name, size_t at, const struct renaming *r)
{
    snprintf(out, LONGEST_NAME, "%.*s%s%s", (int)at, name, r->to, name + at + strlen(r->from));
}

static void rename_tensor(char out[LONGEST_NAME], const char *name)
{
    snprintf(out, LONGEST_NAME, "%s", name);
    for (size_t i = 0; i < sizeof BEGINNINGS / sizeof *BEGINNINGS; i++)
        if (!strncmp(name, BEGINNINGS[i].from, strlen(BEGINNINGS[i].from))) {
            replace(out, name, 0, &BEGINNINGS[i]);
            return;
        }
    for (size_t i = 0; !strncmp(name, "encoder.layers.", 15) && i < sizeof PARTS / sizeof *PARTS; i++) {
        const char *part = strstr(name, PARTS[i].from);
        if (part) {
            replace(out, name, (size_t)(part - name), &PARTS[i]);
            return;
        }
    }
}

static int rename_all(struct stored_list *list, size_t first, struct fault *fault)
{
    for (size_t i = first; i < list->count; i++) {
        char name[LONGEST_NAME];
        rename_tensor(name, list->items[i].name);
        char *copy = memory_text(name, strlen(name));
        if (!copy)
            return fail_memory(fault, "a tensor's name");
        free((char *)(uintptr_t)list->items[i].name);
        list->items[i].name = copy;
    }
    return 0;
}

int nemo_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
              struct fault *fault)
{
    const struct reading r = {data, size, path, file, list, fault};
    const unsigned char *weights;
    size_t count, first = list->count;
    if (!tar_find(data, size, "model_weights.ckpt", &weights, &count))
        return stored_damaged(&r, "a tar archive without model_weights.ckpt, or a damaged one");
    int code = pytorch_read(weights, count, path, file, list, fault);
    return code ? code : rename_all(list, first, fault);
}

/* ---- config.json ---- */

struct maker {
    const struct checkpoint *checkpoint;
    const char *yaml;
    size_t length;
    struct fault *fault;
    char *json;
    size_t used, size;
};

#define ADD(m, ...) (m)->used += (size_t)snprintf((m)->json + (m)->used, (m)->size - (m)->used, __VA_ARGS__)

/* A dimension of a tensor, 0 where there is no such tensor or dimension. */
static long long dimension(const struct maker *m, const char *name, int which)
{
    const struct stored_tensor *t = checkpoint_find(m->checkpoint, name);
    return t && which < t->rank ? (long long)t->shape[which] : 0;
}

static bool there(const struct maker *m, const char *name)
{
    return checkpoint_find(m->checkpoint, name) != NULL;
}

/* How many tensors there are of a name with a number that begins at first and goes on by step. */
static int count_tensors(const struct maker *m, const char *format, int first, int step)
{
    char name[LONGEST_NAME];
    int count = 0;
    for (; count < 1000; count++) {
        snprintf(name, sizeof name, format, first + count * step);
        if (!there(m, name))
            break;
    }
    return count;
}

static bool says(const struct maker *m, const char *path, const char *value)
{
    char text[64];
    return yaml_text(m->yaml, m->length, path, text, sizeof text) && !strcmp(text, value);
}

/* Every value that is there must be the one that our networks and features have. */
static int check_kind(const struct maker *m)
{
    static const struct {
        const char *path, *value, *other;
    } wanted[] = {
        {"preprocessor.sample_rate", "16000", "16000"},
        {"preprocessor.normalize", "per_feature", "per_feature"},
        {"preprocessor.window_size", "0.025", "0.025"},
        {"preprocessor.window_stride", "0.01", "0.01"},
        {"preprocessor.n_fft", "512", "512"},
        {"encoder.subsampling", "dw_striding", "dw_striding"},
        {"encoder.causal_downsampling", "false", "false"},
        {"encoder.self_attention_model", "rel_pos", "rel_pos"},
        {"encoder.conv_norm_type", "batch_norm", "batch_norm"},
        {"encoder.att_context_style", "regular", "regular"},
        {"encoder.untie_biases", "true", "true"},
        {"encoder.conv_context_size", "null", "[]"},
        {"decoder.blank_as_pad", "true", "true"},
    };
    char text[64];
    int context[2];
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++)
        if (yaml_text(m->yaml, m->length, wanted[i].path, text, sizeof text) && strcmp(text, wanted[i].value) != 0 &&
            strcmp(text, wanted[i].other) != 0)
            return fail(m->fault, UTTER_ERROR_UNSUPPORTED, "%s: %s is not %s", checkpoint_path(m->checkpoint),
                        wanted[i].path, wanted[i].value);
    if (yaml_numbers(m->yaml, m->length, "encoder.att_context_size", context, 2) == 2 &&
        (context[0] != -1 || context[1] != -1))
        return fail(m->fault, UTTER_ERROR_UNSUPPORTED, "%s: encoder.att_context_size is not [-1, -1]",
                    checkpoint_path(m->checkpoint));
    return 0;
}

static void add_encoder(struct maker *m)
{
    const long long channels = dimension(m, "encoder.subsampling.layers.0.weight", 0);
    const long long inputs = dimension(m, "encoder.subsampling.linear.weight", 1);
    const int stages = 1 + count_tensors(m, "encoder.subsampling.layers.%d.weight", 3, 3);
    const int factor = stages < 10 ? 1 << stages : 0;
    ADD(m, "\"encoder_config\":{\"hidden_size\":%lld,\"num_hidden_layers\":%d,\"num_attention_heads\":%lld,",
        dimension(m, "encoder.subsampling.linear.weight", 0),
        count_tensors(m, "encoder.layers.%d.norm_out.weight", 0, 1),
        dimension(m, "encoder.layers.0.self_attn.bias_u", 0));
    ADD(m, "\"intermediate_size\":%lld,\"conv_kernel_size\":%lld,\"subsampling_factor\":%d,",
        dimension(m, "encoder.layers.0.feed_forward1.linear1.weight", 0),
        dimension(m, "encoder.layers.0.conv.depthwise_conv.weight", 2), factor);
    ADD(m, "\"subsampling_conv_channels\":%lld,\"subsampling_conv_kernel_size\":%lld,\"num_mel_bins\":%lld,", channels,
        dimension(m, "encoder.subsampling.layers.0.weight", 2), channels ? inputs / channels * factor : 0);
    ADD(m, "\"attention_bias\":%s,\"convolution_bias\":%s,\"scale_input\":%s},",
        there(m, "encoder.layers.0.feed_forward1.linear1.bias") ? "true" : "false",
        there(m, "encoder.layers.0.conv.pointwise_conv1.bias") ? "true" : "false",
        says(m, "encoder.xscaling", "false") ? "false" : "true");
}

/* By the first list that is there; else 0, 1, 2 …, as everywhere. */
static void add_durations(struct maker *m, int count)
{
    static const char *const paths[] = {"model_defaults.tdt_durations", "decoding.durations",
                                        "loss.tdt_kwargs.durations"};
    enum { MOST = 64 };
    int durations[MOST], known = -1;
    for (size_t i = 0; i < sizeof paths / sizeof *paths && known < 0; i++)
        known = yaml_numbers(m->yaml, m->length, paths[i], durations, MOST);
    ADD(m, "\"durations\":[");
    for (int i = 0; i < count && i < MOST; i++)
        ADD(m, "%s%d", i ? "," : "", known == count ? durations[i] : i);
    ADD(m, "],");
}

static void add_transducer(struct maker *m)
{
    const long long vocabulary = dimension(m, "decoder.embedding.weight", 0);
    const long long durations = dimension(m, "joint.head.weight", 0) - vocabulary;
    char text[64];
    ADD(m, "\"model_type\":\"%s\",\"vocab_size\":%lld,\"blank_token_id\":%lld,\"decoder_hidden_size\":%lld,",
        durations > 0 ? "parakeet_tdt" : "parakeet_rnnt", vocabulary, vocabulary - 1,
        dimension(m, "decoder.embedding.weight", 1));
    if (durations > 0)
        add_durations(m, durations < 64 ? (int)durations : 64);
    if (yaml_text(m->yaml, m->length, "joint.jointnet.activation", text, sizeof text) &&
        strspn(text, "relusigmodtanh") == strlen(text))
        ADD(m, "\"hidden_act\":\"%s\",", text);
    if (yaml_text(m->yaml, m->length, "decoding.greedy.max_symbols", text, sizeof text) &&
        strspn(text, "0123456789") == strlen(text))
        ADD(m, "\"max_symbols_per_step\":%s,", text);
    ADD(m, "\"num_decoder_layers\":%d}", count_tensors(m, "decoder.lstm.weight_hh_l%d", 0, 1));
}

static void add_ctc(struct maker *m)
{
    const long long vocabulary = dimension(m, "ctc_head.weight", 0);
    ADD(m, "\"model_type\":\"parakeet_ctc\",\"vocab_size\":%lld,\"pad_token_id\":%lld}", vocabulary, vocabulary - 1);
}

int nemo_config(const struct checkpoint *checkpoint, char **json, struct fault *fault)
{
    struct maker m = {.checkpoint = checkpoint, .fault = fault, .size = 4096};
    const unsigned char *yaml;
    if (!checkpoint_member(checkpoint, "model_config.yaml", &yaml, &m.length))
        return fail(fault, UTTER_ERROR_MODEL, "%s: no model_config.yaml", checkpoint_path(checkpoint));
    m.yaml = (const char *)yaml;
    int code = check_kind(&m);
    if (code)
        return code;
    m.json = memory_new(m.size, 1);
    if (!m.json)
        return fail_memory(fault, "a configuration");
    ADD(&m, "{");
    add_encoder(&m);
    if (there(&m, "joint.head.weight"))
        add_transducer(&m);
    else
        add_ctc(&m);
    *json = m.json;
    return 0;
}
