/* The contract of the public header: arguments, sizes of structs, ranges, states, messages. */
#include "src/include/utter.h"

#include "tests/stream/tiny.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static utter_engine *engine;
static utter_model *model;

static int open_all(void **unused)
{
    (void)unused;
    return tiny_open(&engine, &model);
}

static int close_all(void **unused)
{
    (void)unused;
    utter_model_close(&model);
    utter_engine_close(&engine);
    return model || engine ? -1 : 0;
}

#define assert_fails(code, call)                                                                                       \
    do {                                                                                                               \
        assert_int_equal(call, code);                                                                                  \
        assert_true(strlen(utter_error_message()) > 5);                                                                \
    } while (0)
#define assert_argument(call) assert_fails(UTTER_ERROR_ARGUMENT, call)

/* ---- messages and names ---- */

static void names_and_version(void **unused)
{
    (void)unused;
    assert_string_equal(utter_version(), "0.1.0");
    for (int code = UTTER_ERROR_STATE; code <= UTTER_OK; code++)
        assert_string_not_equal(utter_error_name(code), "unknown error");
    assert_string_equal(utter_error_name(1), "unknown error");
    assert_string_equal(utter_error_name(-1000), "unknown error");
    assert_string_equal(utter_error_name(UTTER_ERROR_MODEL), "model error");
}

static void *message_of_new_thread(void *out)
{
    strcpy(out, utter_error_message());
    return NULL;
}

static void messages_belong_to_threads(void **unused)
{
    (void)unused;
    char other[600] = "untouched";
    pthread_t thread;
    assert_argument(utter_engine_open(NULL, NULL));
    assert_non_null(strstr(utter_error_message(), "engine"));
    assert_int_equal(pthread_create(&thread, NULL, message_of_new_thread, other), 0);
    pthread_join(thread, NULL);
    assert_string_equal(other, "");
}

/* ---- null ---- */

static int ignore_tensor(void *context, const struct utter_tensor_info *tensor)
{
    (void)context;
    (void)tensor;
    return 0;
}

static void null_is_refused(void **unused)
{
    (void)unused;
    utter_model *m = NULL;
    utter_session *s = NULL;
    struct utter_transcript *t = NULL;
    struct utter_segment segment;
    struct utter_timings timings;
    struct utter_source source;
    float sample = 0;
    utter_source_init(&source);
    source.path = "x.wav";
    assert_argument(utter_engine_open(NULL, NULL));
    assert_argument(utter_model_open(NULL, "x", NULL, &m));
    assert_argument(utter_model_open(engine, "x", NULL, NULL));
    assert_argument(utter_model_open_random(engine, NULL, 1, NULL, &m));
    assert_argument(utter_model_open_random(engine, "no such shape", 1, NULL, &m));
    assert_argument(utter_model_get_info(NULL, NULL));
    assert_argument(utter_model_get_info(model, NULL));
    assert_argument(utter_session_open(NULL, NULL, &s));
    assert_argument(utter_session_open(model, NULL, NULL));
    assert_argument(utter_session_feed(NULL, &sample, 1));
    assert_argument(utter_session_feed_s16(NULL, NULL, 0));
    assert_argument(utter_session_finish(NULL));
    assert_argument(utter_session_next(NULL, &segment));
    assert_argument(utter_session_reset(NULL));
    assert_argument(utter_session_get_timings(NULL, &timings));
    assert_argument(utter_transcribe(NULL, &source, NULL, &t));
    assert_argument(utter_transcribe(model, NULL, NULL, &t));
    assert_argument(utter_transcribe(model, &source, NULL, NULL));
    assert_argument(utter_inspect(NULL, ignore_tensor, NULL));
    assert_argument(utter_inspect("x", NULL, NULL));
    assert_argument(utter_benchmark_run(NULL, NULL, NULL));
    assert_argument(utter_benchmark_run(model, NULL, NULL));
    assert_null(m);
    assert_null(s);
    assert_null(t);
}

static void closing_nothing_is_fine(void **unused)
{
    (void)unused;
    utter_engine *e = NULL;
    utter_model *m = NULL;
    utter_session *s = NULL;
    struct utter_transcript *t = NULL;
    utter_engine_close(NULL);
    utter_engine_close(&e);
    utter_model_close(NULL);
    utter_model_close(&m);
    utter_session_close(NULL);
    utter_session_close(&s);
    utter_transcript_free(NULL);
    utter_transcript_free(&t);
    utter_engine_params_init(NULL);
    utter_source_init(NULL);
}

/* ---- sizes of structs ---- */

static void sizes_of_structs(void **unused)
{
    (void)unused;
    utter_session *s = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.struct_size = 0;
    assert_argument(utter_session_open(model, &params, &s));
    assert_non_null(strstr(utter_error_message(), "utter_session_params"));
    params.struct_size = (size_t)-1;
    assert_argument(utter_session_open(model, &params, &s));

    /* An older program's struct ends before beam; what follows it in memory is not the library's. */
    memset(&params, 0x7f, sizeof params);
    params.struct_size = offsetof(struct utter_session_params, channels);
    params.sample_rate = 8000;
    params.channel_count = 1;
    assert_int_equal(utter_session_open(model, &params, &s), 0);
    utter_session_close(&s);

    /* A newer program's is longer: fine as long as it asks for nothing unknown. */
    struct {
        struct utter_session_params known;
        int unknown;
    } newer = {.unknown = 0};
    newer.known.struct_size = sizeof newer;
    assert_int_equal(utter_session_open(model, &newer.known, &s), 0);
    utter_session_close(&s);
    newer.unknown = 1;
    assert_fails(UTTER_ERROR_UNSUPPORTED, utter_session_open(model, &newer.known, &s));
    assert_null(s);
}

static void results_fit_older_programs(void **unused)
{
    (void)unused;
    struct utter_model_info info, older;
    memset(&info, 0x7f, sizeof info);
    info.struct_size = sizeof info;
    assert_int_equal(utter_model_get_info(model, &info), 0);
    assert_int_equal(info.struct_size, sizeof info);
    assert_string_equal(info.family, "fastconformer-ctc");
    assert_true(info.parameters > 0 && info.weight_bytes > 0 && info.vocabulary > 1);
    assert_int_equal(info.sample_rate, 16000);
    assert_true(info.frame_seconds > 0.01 && info.frame_seconds < 0.2);

    memset(&older, 0x7f, sizeof older);
    struct utter_model_info untouched = older;
    older.struct_size = offsetof(struct utter_model_info, precision);
    assert_int_equal(utter_model_get_info(model, &older), 0);
    assert_string_equal(older.name, info.name);
    size_t rest = offsetof(struct utter_model_info, precision);
    assert_memory_equal((char *)&older + rest, (char *)&untouched + rest, sizeof older - rest);
    older.struct_size = 0;
    assert_argument(utter_model_get_info(model, &older));
}

/* ---- ranges ---- */

static void engine_ranges(void **unused)
{
    (void)unused;
    utter_engine *e = NULL;
    struct utter_engine_params params;
    utter_engine_params_init(&params);
    params.threads = -1;
    assert_argument(utter_engine_open(&e, &params));
    params.threads = 257;
    assert_argument(utter_engine_open(&e, &params));
    params.threads = 1;
    params.device = "abacus";
    assert_argument(utter_engine_open(&e, &params));
    assert_non_null(strstr(utter_error_message(), "abacus"));
    params.device = "cuda:0";
    assert_fails(UTTER_ERROR_UNSUPPORTED, utter_engine_open(&e, &params));
    assert_null(e);
    params.device = "auto";
    assert_int_equal(utter_engine_open(&e, &params), 0);
    utter_engine_close(&e);
    assert_null(e);
}

#define assert_session_refuses(code, field, value)                                                                     \
    do {                                                                                                               \
        utter_session *session = NULL;                                                                                 \
        struct utter_session_params params;                                                                            \
        utter_session_params_init(&params);                                                                            \
        params.field = value;                                                                                          \
        assert_fails(code, utter_session_open(model, &params, &session));                                              \
        assert_null(session);                                                                                          \
    } while (0)

static void session_ranges(void **unused)
{
    (void)unused;
    assert_session_refuses(UTTER_ERROR_ARGUMENT, sample_rate, 999);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, sample_rate, -16000);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, sample_rate, 768001);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, channel_count, -1);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, channel_count, 65);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, channels, (enum utter_channels)7);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, beam, -1);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, beam, 257);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, batch, -1);
    assert_session_refuses(UTTER_ERROR_ARGUMENT, batch, 257);
    assert_session_refuses(UTTER_ERROR_UNSUPPORTED, language, "tlh");
}

static void a_language_may_have_a_region(void **unused)
{
    (void)unused;
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.language = "en-GB";
    assert_int_equal(utter_session_open(model, &params, &session), 0);
    utter_session_close(&session);
}

static void model_and_benchmark_ranges(void **unused)
{
    (void)unused;
    utter_model *m = NULL;
    struct utter_model_params params;
    utter_model_params_init(&params);
    params.precision = (enum utter_precision)99;
    assert_argument(utter_model_open(engine, tiny_model_directory(), &params, &m));
    assert_null(m);
    struct utter_benchmark result = {.struct_size = sizeof result};
    struct utter_benchmark_params benchmark;
    utter_benchmark_params_init(&benchmark);
    benchmark.batch = -1;
    assert_argument(utter_benchmark_run(model, &benchmark, &result));
    benchmark.batch = 2;
    benchmark.seconds = -3;
    assert_argument(utter_benchmark_run(model, &benchmark, &result));
    benchmark.seconds = 1;
    benchmark.repeats = 1001;
    assert_argument(utter_benchmark_run(model, &benchmark, &result));
    benchmark.repeats = 1;
    assert_int_equal(utter_benchmark_run(model, &benchmark, &result), 0);
    assert_true(result.model_seconds > 0 && result.model_flops > 0 && result.matmul_rate > 0);
    assert_true(result.audio_seconds == 2);
}

static void sources_are_exactly_one_thing(void **unused)
{
    (void)unused;
    struct utter_transcript *t = NULL;
    struct utter_source source;
    utter_source_init(&source);
    assert_argument(utter_transcribe(model, &source, NULL, &t));
    source.path = "/nowhere/at/all.wav";
    assert_fails(UTTER_ERROR_IO, utter_transcribe(model, &source, NULL, &t));
    assert_non_null(strstr(utter_error_message(), "all.wav"));
    source.data = "RIFF";
    source.size = 4;
    assert_argument(utter_transcribe(model, &source, NULL, &t));
    source.path = NULL;
    assert_fails(UTTER_ERROR_AUDIO, utter_transcribe(model, &source, NULL, &t));
    source.size = 0;
    assert_fails(UTTER_ERROR_AUDIO, utter_transcribe(model, &source, NULL, &t));
    assert_null(t);
}

/* ---- states ---- */

static void calls_after_finish(void **unused)
{
    (void)unused;
    utter_session *session = NULL;
    struct utter_segment segment;
    float samples[160] = {0};
    assert_int_equal(utter_session_open(model, NULL, &session), 0);
    assert_int_equal(utter_session_feed(session, NULL, 0), 0);
    assert_argument(utter_session_feed(session, NULL, 1));
    assert_int_equal(utter_session_feed(session, samples, 160), 0);
    assert_int_equal(utter_session_finish(session), 0);
    assert_fails(UTTER_ERROR_STATE, utter_session_feed(session, samples, 160));
    assert_fails(UTTER_ERROR_STATE, utter_session_finish(session));
    assert_int_equal(utter_session_next(session, &segment), 0);
    assert_int_equal(utter_session_reset(session), 0);
    assert_int_equal(utter_session_feed(session, samples, 160), 0);
    assert_int_equal(utter_session_finish(session), 0);
    utter_session_close(&session);
    assert_null(session);
}

/* ---- logs ---- */

static void count_lines(void *context, enum utter_log_level level, const char *text)
{
    assert_true(level <= UTTER_LOG_INFO);
    assert_null(strchr(text, '\n'));
    ++*(int *)context;
}

static void logs_go_to_the_callback(void **unused)
{
    (void)unused;
    utter_engine *e = NULL;
    int lines = 0;
    struct utter_engine_params params;
    utter_engine_params_init(&params);
    params.threads = 1;
    params.log = count_lines;
    params.log_context = &lines;
    assert_int_equal(utter_engine_open(&e, &params), 0);
    utter_engine_close(&e);
    assert_int_equal(lines, 0);
    params.log_level = UTTER_LOG_INFO;
    assert_int_equal(utter_engine_open(&e, &params), 0);
    utter_engine_close(&e);
    assert_true(lines > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_version),
        cmocka_unit_test(messages_belong_to_threads),
        cmocka_unit_test(null_is_refused),
        cmocka_unit_test(closing_nothing_is_fine),
        cmocka_unit_test(sizes_of_structs),
        cmocka_unit_test(results_fit_older_programs),
        cmocka_unit_test(engine_ranges),
        cmocka_unit_test(session_ranges),
        cmocka_unit_test(a_language_may_have_a_region),
        cmocka_unit_test(model_and_benchmark_ranges),
        cmocka_unit_test(sources_are_exactly_one_thing),
        cmocka_unit_test(calls_after_finish),
        cmocka_unit_test(logs_go_to_the_callback),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
