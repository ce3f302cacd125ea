/* bench_whisper MODEL TIKTOKEN FEATURES PRECISION [name=value …]: decodes one window of features (raw little-endian
 * floats, [2·positions, mels]) and prints the tokens, their sum of log-probabilities, and the probability of no speech,
 * for tests/golden/whisper_parity.py, which compares them with openai-whisper's. With tokens=FILE (little-endian int32)
 * it prints nothing but writes FILE.logits, [count, vocabulary], after each of them. */
#include "decoder/search/whisper_search.h"
#include "models/cpu/cpu.h"
#include "models/whisper/whisper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct bench {
    struct thread_pool *threads;
    struct device *device;
    struct checkpoint *checkpoint;
    struct whisper *model;
    struct whisper_config config;
    struct whisper_vocabulary *vocabulary;
    struct whisper_pass *pass;
    float *features;
};

static void *read_file(const char *path, size_t *size)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    *size = (size_t)ftell(file);
    rewind(file);
    void *bytes = malloc(*size + 1);
    if (bytes && fread(bytes, 1, *size, file) != *size)
        *size = 0;
    fclose(file);
    return bytes;
}

static enum tensor_type type_of(const char *name)
{
    return strcmp(name, "int8") == 0 ? TENSOR_I8 : strcmp(name, "bf16") == 0 ? TENSOR_BF16 : TENSOR_F32;
}

static int open_vocabulary(struct bench *b, const char *path, struct fault *fault)
{
    size_t size = 0;
    char *text = read_file(path, &size);
    int code =
        whisper_vocabulary_open_tiktoken(&b->vocabulary, b->config.vocabulary, text ? text : "", size, path, fault);
    free(text);
    return code;
}

static int open_bench(struct bench *b, char **argv, int rows, struct fault *fault)
{
    size_t size = 0;
    b->features = read_file(argv[3], &size);
    if (thread_pool_open(&b->threads, 2, fault) || cpu_device_open(&b->device, b->threads, CPU_BEST, fault) ||
        checkpoint_open(&b->checkpoint, argv[1], fault) ||
        whisper_config_from_checkpoint(&b->config, b->checkpoint, fault) ||
        whisper_open(&b->model, &b->config, b->checkpoint, b->device, type_of(argv[4]), fault) ||
        whisper_pass_open(&b->pass, b->model, 1, rows, fault))
        return fault->code;
    if (size != sizeof(float) * 2 * (size_t)b->config.positions * (size_t)b->config.mel_bins)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: not the features of a window", argv[3]);
    return whisper_encode(b->pass, b->features, 1, NULL, fault);
}

static void close_bench(struct bench *b)
{
    if (b->pass)
        whisper_pass_close(&b->pass);
    if (b->model)
        whisper_close(&b->model);
    if (b->vocabulary)
        whisper_vocabulary_close(&b->vocabulary);
    if (b->checkpoint)
        checkpoint_close(&b->checkpoint);
    if (b->device)
        device_close(&b->device);
    if (b->threads)
        thread_pool_close(&b->threads);
    free(b->features);
}

/* ---- logits ---- */

static int write_logits(struct bench *b, const char *path, struct fault *fault)
{
    size_t size = 0;
    int *tokens = read_file(path, &size);
    float *logits = malloc(sizeof *logits * (size_t)b->config.vocabulary);
    char out[4096];
    snprintf(out, sizeof out, "%s.logits", path);
    FILE *file = tokens && logits ? fopen(out, "wb") : NULL;
    for (size_t i = 0; file && i < size / sizeof *tokens && !fault->code; i++) {
        struct whisper_row row = {0, i ? 0 : -1, &tokens[i], 1};
        if (!whisper_step(b->pass, &row, 1, logits, fault))
            fwrite(logits, sizeof *logits, (size_t)b->config.vocabulary, file);
    }
    if (!file || fclose(file))
        fail(fault, UTTER_ERROR_IO, "%s: cannot be written", out);
    free(tokens);
    free(logits);
    return fault->code;
}

/* ---- tokens ---- */

static int step(void *context, const struct whisper_search_row *rows, int count, float *logits, struct fault *fault)
{
    struct whisper_row own[WHISPER_BEAM_MAXIMUM];
    for (int i = 0; i < count; i++)
        own[i] = (struct whisper_row){rows[i].window, rows[i].parent, rows[i].tokens, rows[i].token_count};
    return whisper_step(((struct bench *)context)->pass, own, count, logits, fault);
}

struct request {
    struct whisper_search_params params;
    int prompt[448];
    size_t prompt_count;
    const char *tokens, *language;
};

static void read_request(struct request *r, int argc, char **argv)
{
    *r = (struct request){.language = "en",
                          .params = {.text_positions = 448, .temperatures = 1, .timestamps = true, .nbest = 1}};
    for (int i = 5; i < argc; i++) {
        char *value = strchr(argv[i], '=');
        if (!value)
            continue;
        *value++ = 0;
        if (!strcmp(argv[i], "beam"))
            r->params.beam = atoi(value);
        else if (!strcmp(argv[i], "patience"))
            r->params.patience = atof(value);
        else if (!strcmp(argv[i], "length_penalty"))
            r->params.length_penalty = atof(value);
        else if (!strcmp(argv[i], "timestamps"))
            r->params.timestamps = atoi(value);
        else if (!strcmp(argv[i], "translate"))
            r->params.translate = atoi(value);
        else if (!strcmp(argv[i], "maximum"))
            r->params.maximum_tokens = atoi(value);
        else if (!strcmp(argv[i], "language"))
            r->language = value;
        else if (!strcmp(argv[i], "tokens"))
            r->tokens = value;
        else if (!strcmp(argv[i], "prompt"))
            for (char *at = strtok(value, ","); at && r->prompt_count < 448; at = strtok(NULL, ","))
                r->prompt[r->prompt_count++] = atoi(at);
    }
}

static int print_tokens(struct bench *b, const struct request *r, struct fault *fault)
{
    bool many = whisper_vocabulary_multilingual(b->vocabulary);
    struct whisper_search_window window = {.language =
                                               many ? whisper_vocabulary_language_id(b->vocabulary, r->language) : -1,
                                           .prompt = r->prompt,
                                           .prompt_count = r->prompt_count};
    struct whisper_result result;
    if (whisper_search(b->vocabulary, &r->params, step, b, &window, 1, &result, fault))
        return fault->code;
    printf("%.6f %.6e %.6f", result.best[0].sum, result.no_speech, result.compression_ratio);
    for (size_t i = 0; i < result.best[0].count; i++)
        printf(" %d", result.best[0].tokens[i]);
    printf("\n");
    whisper_result_free(&result);
    return 0;
}

int main(int argc, char **argv)
{
    struct bench b = {0};
    struct request r;
    struct fault fault = {0};
    if (argc < 5) {
        fprintf(stderr, "usage: bench_whisper MODEL TIKTOKEN FEATURES f32|bf16|int8 [name=value ...]\n");
        return 2;
    }
    read_request(&r, argc, argv);
    if (!open_bench(&b, argv, WHISPER_BEAM_MAXIMUM, &fault)) {
        if (r.tokens)
            write_logits(&b, r.tokens, &fault);
        else if (!open_vocabulary(&b, argv[2], &fault))
            print_tokens(&b, &r, &fault);
    }
    close_bench(&b);
    if (fault.code)
        fprintf(stderr, "%s\n", fault.message);
    return fault.code ? 1 : 0;
}
