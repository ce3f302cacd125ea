/* Model directories that are not what they should be: one sentence that names the fault, and nothing left behind. */
#include "src/include/utter.h"

#include "tests/stream/tiny.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static const char *const files[] = {"config.json", "preprocessor_config.json", "tokenizer.json", "model.safetensors"};
enum { FILES = 4, PATH_SIZE = 4096, FILE_SIZE = 4 << 20 };

static utter_engine *engine;
static char directory[] = "/tmp/utter-model-XXXXXX";

static const char *path_of(const char *folder, const char *name)
{
    static char path[PATH_SIZE];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static char *load(const char *folder, const char *name, size_t *size)
{
    char *bytes = calloc(FILE_SIZE, 1);
    FILE *file = fopen(path_of(folder, name), "rb");
    assert_non_null(bytes);
    assert_non_null(file);
    *size = fread(bytes, 1, FILE_SIZE - 1, file);
    fclose(file);
    return bytes;
}

static void store(const char *name, const char *bytes, size_t size)
{
    FILE *file = fopen(path_of(directory, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

static int open_all(void **unused)
{
    (void)unused;
    return !mkdtemp(directory) || utter_engine_open(&engine, NULL) ? -1 : 0;
}

static int close_all(void **unused)
{
    (void)unused;
    for (int i = 0; i < FILES; i++)
        unlink(path_of(directory, files[i]));
    utter_engine_close(&engine);
    return rmdir(directory);
}

static int fresh_copy(void **unused)
{
    (void)unused;
    for (int i = 0; i < FILES; i++) {
        size_t size;
        char *bytes = load(tiny_model_directory(), files[i], &size);
        store(files[i], bytes, size);
        free(bytes);
    }
    return 0;
}

/* Replaces the first occurrence of from in a text file of the copy. */
static void edit(const char *name, const char *from, const char *to)
{
    size_t size;
    char *text = load(directory, name, &size), *at = strstr(text, from);
    assert_non_null(at);
    char *edited = calloc(size + strlen(to) + 1, 1);
    assert_non_null(edited);
    memcpy(edited, text, (size_t)(at - text));
    strcat(strcat(edited, to), at + strlen(from));
    store(name, edited, strlen(edited));
    free(edited);
    free(text);
}

static void assert_refused(int code, const char *part)
{
    utter_model *model = NULL;
    struct utter_model_params params;
    utter_model_params_init(&params);
    params.precision = UTTER_PRECISION_F32;
    int got = utter_model_open(engine, directory, &params, &model);
    if (got != code || !strstr(utter_error_message(), part))
        fail_msg("expected %s about \"%s\", got %s: %s", utter_error_name(code), part, utter_error_name(got),
                 utter_error_message());
    assert_null(model);
}

/* ---- tests ---- */

static void the_copy_opens(void **unused)
{
    (void)unused;
    utter_model *model = NULL;
    assert_int_equal(utter_model_open(engine, directory, NULL, &model), 0);
    utter_model_close(&model);
}

static void names_that_lead_nowhere(void **unused)
{
    (void)unused;
    static const char *const names[] = {"no-such-model", "", "..", "/nowhere/at/all", "./nowhere"};
    utter_model *model = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!strcmp(names[i], ".."))
            continue; /* it exists, and is a directory without a config.json */
        assert_int_equal(utter_model_open(engine, names[i], NULL, &model), UTTER_ERROR_IO);
        assert_non_null(strstr(utter_error_message(), names[i]));
    }
    /* A file is taken for weights, and JSON for the index of shards. */
    assert_int_equal(utter_model_open(engine, path_of(directory, "config.json"), NULL, &model), UTTER_ERROR_MODEL);
    assert_non_null(strstr(utter_error_message(), "weight_map"));
    assert_null(model);
}

static void a_name_is_looked_up(void **unused)
{
    (void)unused;
    utter_model *model = NULL;
    struct utter_model_info info = {.struct_size = sizeof info};
    assert_int_equal(setenv("UTTER_MODELS", "/tmp", 1), 0);
    assert_int_equal(utter_model_open(engine, directory + strlen("/tmp/"), NULL, &model), 0);
    assert_int_equal(utter_model_get_info(model, &info), 0);
    assert_string_equal(info.name, directory + strlen("/tmp/"));
    assert_string_equal(info.language, "en");
    utter_model_close(&model);
    unsetenv("UTTER_MODELS");
}

static void missing_files(void **unused)
{
    (void)unused;
    for (int i = 0; i < FILES; i++) {
        if (!strcmp(files[i], "preprocessor_config.json"))
            continue; /* optional, and of no use to this model, whose mels are config.json's */
        fresh_copy(NULL);
        unlink(path_of(directory, files[i]));
        assert_refused(UTTER_ERROR_IO, i == 3 ? directory : files[i]);
    }
}

static void empty_files(void **unused)
{
    (void)unused;
    for (int i = 0; i < FILES; i++) {
        fresh_copy(NULL);
        store(files[i], "", 0);
        assert_refused(UTTER_ERROR_MODEL, files[i]);
    }
}

static void files_cut_short(void **unused)
{
    (void)unused;
    for (int i = 0; i < FILES; i++)
        for (int part = 1; part < 8; part++) {
            fresh_copy(NULL);
            size_t size;
            char *bytes = load(directory, files[i], &size);
            store(files[i], bytes, size * (size_t)part / 8);
            assert_refused(UTTER_ERROR_MODEL, files[i]);
            free(bytes);
        }
}

static void deep_json(void **unused)
{
    (void)unused;
    char *deep = malloc(1 << 20);
    assert_non_null(deep);
    memset(deep, '[', 1 << 20);
    for (int i = 0; i < 3; i++) {
        fresh_copy(NULL);
        store(files[i], deep, 1 << 20);
        assert_refused(UTTER_ERROR_MODEL, files[i]);
    }
    free(deep);
}

static void another_kind_of_model(void **unused)
{
    (void)unused;
    edit("config.json", "\"model_type\": \"parakeet_ctc\"", "\"model_type\": \"elephant\"");
    assert_refused(UTTER_ERROR_UNSUPPORTED, "model_type");
}

static void features_of_another_size(void **unused)
{
    (void)unused;
    edit("preprocessor_config.json", "\"feature_size\": 40", "\"feature_size\": 80");
    assert_refused(UTTER_ERROR_MODEL, "80 mel bins");
}

static void features_of_another_rate(void **unused)
{
    (void)unused;
    edit("preprocessor_config.json", "\"sampling_rate\": 16000", "\"sampling_rate\": 8000");
    assert_refused(UTTER_ERROR_UNSUPPORTED, "8000");
}

static void a_tokenizer_of_another_size(void **unused)
{
    (void)unused;
    edit("tokenizer.json", "\"▁nyn\",", "\"▁nyn\", -1.0 ], [ \"▁more\", -1.0 ], [ \"▁and more\",");
    assert_refused(UTTER_ERROR_MODEL, "12 tokens");
}

static void a_tensor_that_is_not_finite(void **unused)
{
    (void)unused;
    size_t size;
    char *bytes = load(directory, "model.safetensors", &size);
    memset(bytes + size - 4, 0xff, 4);
    store("model.safetensors", bytes, size);
    assert_refused(UTTER_ERROR_MODEL, "model.safetensors");
    free(bytes);
}

static int count_tensors(void *context, const struct utter_tensor_info *tensor)
{
    struct {
        int count, stop_at;
    } *walk = context;
    assert_true(tensor->rank >= 0 && tensor->count >= 0 && tensor->bytes > 0);
    assert_string_equal(tensor->file, "model.safetensors");
    assert_true(tensor->minimum <= tensor->mean && tensor->mean <= tensor->maximum);
    return ++walk->count == walk->stop_at;
}

static void tensors_are_visited(void **unused)
{
    (void)unused;
    struct {
        int count, stop_at;
    } walk = {0, 0};
    assert_int_equal(utter_inspect(directory, count_tensors, &walk), 0);
    assert_true(walk.count > 20);
    walk.count = 0;
    walk.stop_at = 3;
    assert_int_equal(utter_inspect(directory, count_tensors, &walk), UTTER_ERROR_CANCELLED);
    assert_int_equal(walk.count, 3);
    assert_int_equal(utter_inspect("/nowhere", count_tensors, &walk), UTTER_ERROR_IO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_copy_opens, fresh_copy),
        cmocka_unit_test_setup(names_that_lead_nowhere, fresh_copy),
        cmocka_unit_test_setup(a_name_is_looked_up, fresh_copy),
        cmocka_unit_test(missing_files),
        cmocka_unit_test(empty_files),
        cmocka_unit_test(files_cut_short),
        cmocka_unit_test(deep_json),
        cmocka_unit_test_setup(another_kind_of_model, fresh_copy),
        cmocka_unit_test_setup(features_of_another_size, fresh_copy),
        cmocka_unit_test_setup(features_of_another_rate, fresh_copy),
        cmocka_unit_test_setup(a_tokenizer_of_another_size, fresh_copy),
        cmocka_unit_test_setup(a_tensor_that_is_not_finite, fresh_copy),
        cmocka_unit_test_setup(tensors_are_visited, fresh_copy),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
