/* Features that are made beside the pass before: the words are those of passes one after another, and features made
 * ahead are of the windows that were announced, as they were then, and of no others. */
#include "src/batch.h"
#include "src/model.h"
#include "tests/stream/tiny.h"
#include "tests/stream/tones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { WINDOWS = 5, FIRST = 3, SECOND = WINDOWS - FIRST, TEXT = 1 << 14 };

struct family {
    utter_engine *engine;
    utter_model *model;
    struct decoding decoding;
    struct batch *batch;
    struct tones said;
    struct window windows[WINDOWS];
    struct window *list[WINDOWS];
};

static void check(int code, const struct fault *fault)
{
    if (code)
        fail_msg("%s", fault->message);
}

static void fill(struct family *f)
{
    for (int i = 0; i < WINDOWS; i++) {
        struct window *w = &f->windows[i];
        memcpy(w->samples, f->said.sound.samples + (size_t)i * 20000, (size_t)w->count * sizeof *w->samples);
    }
}

static void make_windows(struct family *f)
{
    f->said.sound.state = 11;
    while (f->said.sound.count < 20000 * WINDOWS)
        tones_say(&f->said, 5);
    for (int i = 0; i < WINDOWS; i++) {
        struct window *w = f->list[i] = &f->windows[i];
        *w = (struct window){.count = 16000 - 1500 * (i % FIRST), .speech_end = 16000};
        w->samples = malloc((size_t)w->count * sizeof *w->samples);
        assert_non_null(w->samples);
    }
    fill(f);
}

/* shape: of random weights; NULL: the tiny model. far: its device computes beside the processors, or says so. */
static void open_family(struct family *f, const char *shape, bool far)
{
    struct fault fault = {0};
    struct utter_engine_params params;
    utter_engine_params_init(&params);
    params.threads = 1;
    params.device = "cpu";
    *f = (struct family){0};
    assert_int_equal(utter_engine_open(&f->engine, &params), 0);
    if (shape)
        assert_int_equal(utter_model_open_random(f->engine, shape, 3, NULL, &f->model), 0);
    else
        f->model = tiny_model(f->engine);
    assert_non_null(f->model);
    f->engine->device->far = far;
    check(decoding_read(&f->decoding, f->model, 1, 0, NULL, NULL, &fault), &fault);
    f->decoding.no_speech = -1;
    f->decoding.search.force_tokens = 8; /* a Whisper of random weights finds no end by itself */
    check(batch_open(&f->batch, f->model, FIRST, 16000, &f->decoding, &fault), &fault);
    make_windows(f);
}

static void close_family(struct family *f)
{
    for (int i = 0; i < WINDOWS; i++)
        window_free(&f->windows[i]);
    sound_free(&f->said.sound);
    free(f->said.text);
    batch_close(&f->batch);
    decoding_free(&f->decoding);
    utter_model_close(&f->model);
    utter_engine_close(&f->engine);
}

/* What was heard in some windows, times, doubts and all. */
static void read_windows(const struct family *f, int first, int count, char *text)
{
    size_t length = 0;
    for (int i = first; i < first + count; i++) {
        const struct window *w = &f->windows[i];
        for (size_t k = 0; k < w->words.count && length < TEXT - 200; k++)
            length += (size_t)snprintf(text + length, TEXT - length, "%.60s %.3f %.5f ", w->words.words[k].text,
                                       w->words.words[k].start, (double)w->words.words[k].acoustic);
        if (length < TEXT - 200)
            length +=
                (size_t)snprintf(text + length, TEXT - length, "(%d %.80s) ", w->reason, w->dropped ? w->dropped : "");
    }
}

static void silence(struct family *f, int first, int count)
{
    for (int i = first; i < first + count; i++)
        memset(f->windows[i].samples, 0, (size_t)f->windows[i].count * sizeof(float));
}

/* A pass; next: so many windows behind it are announced. */
static void hear(struct family *f, int first, int count, int next, char *text)
{
    struct fault fault = {0};
    check(batch_features(f->batch, f->list + first, count, &fault), &fault);
    batch_announce(f->batch, f->list + first + count, next);
    check(batch_forward(f->batch, &fault), &fault);
    check(batch_search(f->batch, &fault), &fault);
    read_windows(f, first, count, text);
}

/* The second pass's sound is gone by the time that its features are asked for. */
static void try_family(const char *shape)
{
    static char one[TEXT], two[TEXT], nothing[TEXT], text[TEXT];
    struct family f;
    open_family(&f, shape, false);
    hear(&f, 0, FIRST, SECOND, one);
    hear(&f, FIRST, SECOND, 0, two);
    silence(&f, FIRST, SECOND);
    hear(&f, FIRST, SECOND, 0, nothing);
    assert_string_not_equal(two, nothing);
    close_family(&f);

    open_family(&f, shape, false); /* nothing is made ahead where the processors compute */
    hear(&f, 0, FIRST, SECOND, text);
    assert_string_equal(text, one);
    silence(&f, FIRST, SECOND);
    hear(&f, FIRST, SECOND, 0, text);
    assert_string_equal(text, nothing);
    close_family(&f);

    open_family(&f, shape, true);
    hear(&f, 0, FIRST, SECOND, text);
    assert_string_equal(text, one);
    silence(&f, FIRST, SECOND);
    hear(&f, FIRST, SECOND, 0, text);
    assert_string_equal(text, two);
    hear(&f, FIRST, SECOND, 0, text); /* once */
    assert_string_equal(text, nothing);
    close_family(&f);
}

static void test_ctc(void **state)
{
    (void)state;
    try_family(NULL);
}

static void test_transducer(void **state)
{
    (void)state;
    try_family("transducer-toy");
}

static void test_whisper(void **state)
{
    (void)state;
    try_family("whisper-toy");
}

/* What was announced and then taken back, or is not what comes, is heard when it comes. */
static void test_other_windows(void **state)
{
    (void)state;
    static char two[TEXT], text[TEXT], nothing[TEXT];
    struct family f;
    open_family(&f, NULL, true);
    hear(&f, 0, FIRST, SECOND, text);
    hear(&f, FIRST, SECOND, 0, two);
    hear(&f, 0, FIRST, SECOND, text);
    silence(&f, FIRST, SECOND);
    batch_announce(f.batch, NULL, 0);
    hear(&f, FIRST, SECOND, 0, nothing);
    assert_string_not_equal(nothing, two);
    fill(&f);
    hear(&f, 0, FIRST, SECOND, text);
    silence(&f, FIRST, SECOND);
    hear(&f, FIRST, 1, 0, text);
    assert_string_not_equal(text, two);
    assert_memory_equal(text, nothing, strlen(text));
    fill(&f);
    hear(&f, 0, FIRST, SECOND, text);
    silence(&f, FIRST, SECOND);
    batch_reset(f.batch);
    hear(&f, FIRST, SECOND, 0, text);
    assert_string_equal(text, nothing);
    close_family(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ctc),
        cmocka_unit_test(test_transducer),
        cmocka_unit_test(test_whisper),
        cmocka_unit_test(test_other_windows),
    };
    return cmocka_run_group_tests_name("batch", tests, NULL, NULL);
}
