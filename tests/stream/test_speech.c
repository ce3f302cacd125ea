/* test_speech.c - text to sound through the public API, with a small voice of random weights: its speech is noise, but
 * every promise about pieces, times and faults holds for it as for any other. */
#include "src/include/utter.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT "Dr. Grey paid $3 at noon. Nobody saw it!\n\nThe rest is history."

struct sound {
    float *samples;
    size_t count, capacity;
};

struct world {
    utter_engine *engine;
    utter_voice *voice;
};

static void check(int code)
{
    if (code < 0)
        fail_msg("%s", utter_error_message());
}

static int open_world(void **state)
{
    static struct world world;
    check(utter_engine_open(&world.engine, &(struct utter_engine_params){
                                               .struct_size = sizeof(struct utter_engine_params), .device = "cpu"}));
    check(utter_voice_open_random(world.engine, "voice-en", 1, NULL, &world.voice));
    *state = &world;
    return 0;
}

static int close_world(void **state)
{
    struct world *world = *state;
    utter_voice_close(&world->voice);
    utter_engine_close(&world->engine);
    return 0;
}

static utter_speech *open_speech(const struct world *world, const struct utter_speech_params *params)
{
    utter_speech *speech = NULL;
    check(utter_speech_open(world->voice, params, &speech));
    return speech;
}

/* Reads what there is, step samples at a time. */
static int read_all(utter_speech *speech, size_t step, struct sound *sound)
{
    size_t got = 1;
    while (got > 0) {
        if (sound->capacity < sound->count + step) {
            sound->capacity = 2 * (sound->count + step);
            sound->samples = realloc(sound->samples, sound->capacity * sizeof *sound->samples);
            assert_non_null(sound->samples);
        }
        got = 0;
        int code = utter_speech_read(speech, sound->samples + sound->count, step, &got);
        sound->count += got;
        if (code < 0)
            return code;
    }
    return 0;
}

/* A text, fed in pieces and read in steps. */
static void speak(utter_speech *speech, const char *text, size_t piece, size_t step, struct sound *sound)
{
    size_t length = strlen(text);
    check(utter_speech_reset(speech));
    sound->count = 0;
    for (size_t at = 0; at < length; at += piece) {
        check(utter_speech_text(speech, text + at, length - at < piece ? length - at : piece));
        check(read_all(speech, step, sound));
    }
    check(utter_speech_finish(speech));
    check(read_all(speech, step, sound));
}

/* Decibels by which a is above its difference from b. */
static double agreement(const struct sound *a, const struct sound *b)
{
    double power = 0, error = 1e-20;
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++) {
        double difference = (double)a->samples[i] - (double)b->samples[i];
        power += (double)a->samples[i] * (double)a->samples[i];
        error += difference * difference;
    }
    return 10 * log10(power / error);
}

/* However the text is cut, and however much is read at a time, the sound is the same. */
static void test_pieces(void **state)
{
    utter_speech *speech = open_speech(*state, NULL);
    struct sound whole = {0}, pieces = {0};
    speak(speech, TEXT, 1000, 100000, &whole);
    assert_true(whole.count > 22050);
    static const size_t cuts[][2] = {{1, 4096}, {7, 777}, {1000, 1000}};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        speak(speech, TEXT, cuts[i][0], cuts[i][1], &pieces);
        assert_true(agreement(&whole, &pieces) > 60);
    }
    free(whole.samples);
    free(pieces.samples);
    utter_speech_close(&speech);
    assert_null(speech);
}

struct part {
    const struct world *world;
    struct sound sound;
    pthread_t thread;
};

static void *speak_part(void *context)
{
    struct part *part = context;
    utter_speech *speech = open_speech(part->world, NULL);
    speak(speech, TEXT, 5, 1000, &part->sound);
    utter_speech_close(&speech);
    return NULL;
}

/* One voice, many speeches at once, each on a thread of its own. */
static void test_threads(void **state)
{
    enum { THREADS = 4 };
    struct part parts[THREADS] = {{0}};
    for (int i = 0; i < THREADS; i++) {
        parts[i].world = *state;
        assert_int_equal(pthread_create(&parts[i].thread, NULL, speak_part, &parts[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(parts[i].thread, NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_true(parts[0].sound.count > 22050 && agreement(&parts[0].sound, &parts[i].sound) > 60);
        if (i)
            free(parts[i].sound.samples);
    }
    free(parts[0].sound.samples);
}

/* The first samples of a long text come before most of it is computed. */
static void test_first_sound(void **state)
{
    utter_speech *speech = open_speech(*state, NULL);
    char text[6000] = "";
    for (int i = 0; i < 100; i++)
        strcat(text, "This sentence is one of a great many that follow. ");
    check(utter_speech_text(speech, text, strlen(text)));
    check(utter_speech_finish(speech));
    float first[100];
    size_t got = 0;
    check(utter_speech_read(speech, first, 100, &got));
    assert_int_equal(got, 100);
    struct utter_speech_timings timings = {.struct_size = sizeof timings};
    check(utter_speech_get_timings(speech, &timings));
    assert_true(timings.audio_seconds > 0 && timings.audio_seconds < 1);
    assert_true(timings.first_seconds > 0);
    utter_speech_close(&speech);
}

struct marks {
    struct utter_mark marks[256];
    char texts[256][24];
    size_t count;
};

static void take_marks(utter_speech *speech, struct marks *marks)
{
    struct utter_mark mark = {.struct_size = sizeof mark};
    int got;
    while ((got = utter_speech_next_mark(speech, &mark)) > 0 && marks->count < 256) {
        marks->marks[marks->count] = mark;
        snprintf(marks->texts[marks->count++], sizeof marks->texts[0], "%s", mark.text);
    }
    check(got);
}

static void check_mark(const struct marks *marks, size_t i, double duration)
{
    const struct utter_mark *mark = &marks->marks[i];
    assert_true(mark->start >= 0 && mark->end >= mark->start && mark->end <= duration + 0.01);
    assert_true(mark->text_begin <= mark->text_end && mark->text_end <= strlen(TEXT));
    if (i > 0)
        assert_true(mark->start >= marks->marks[i - 1].start - 1e-9);
}

static void test_marks(void **state)
{
    struct utter_speech_params params;
    utter_speech_params_init(&params);
    params.marks = 1;
    utter_speech *speech = open_speech(*state, &params);
    struct sound sound = {0};
    static struct marks marks;
    speak(speech, TEXT, 1000, 1000, &sound);
    take_marks(speech, &marks);
    char words[200] = "";
    int sentences = 0, phones = 0;
    for (size_t i = 0; i < marks.count; i++) {
        check_mark(&marks, i, (double)sound.count / 22050);
        sentences += marks.marks[i].kind == UTTER_MARK_SENTENCE;
        phones += marks.marks[i].kind == UTTER_MARK_PHONE;
        if (marks.marks[i].kind == UTTER_MARK_WORD)
            strcat(strcat(words, *words ? " " : ""), marks.texts[i]);
    }
    assert_int_equal(sentences, 3);
    assert_true(phones > 30);
    assert_string_equal(words, "doctor grey paid three dollars at noon nobody saw it the rest is history");
    assert_memory_equal(&TEXT[marks.marks[1].text_begin], "Dr", 2);
    free(sound.samples);
    utter_speech_close(&speech);
}

/* The user's marks lie where the words begin that they stand before, or where the sound ends that they stand behind, or
 * in. */
static void test_named_marks(void **state)
{
    static const char text[] = "<speak><mark name='a'/>One <mark name='b'/>two<mark name='c'/><break time='1s'/>"
                               "<sub alias='three'>3<mark name='d'/></sub>.<mark name='e'/></speak>";
    struct utter_speech_params params;
    utter_speech_params_init(&params);
    params.marks = 1;
    params.markup = UTTER_MARKUP_SSML;
    utter_speech *speech = open_speech(*state, &params);
    struct sound sound = {0};
    static struct marks marks;
    speak(speech, text, 1000, 1000, &sound);
    take_marks(speech, &marks);
    double words[3][2], named[5];
    int word = 0, name = 0;
    for (size_t i = 0; i < marks.count; i++) {
        const struct utter_mark *mark = &marks.marks[i];
        if (mark->kind == UTTER_MARK_WORD && word < 3) {
            words[word][0] = mark->start;
            words[word++][1] = mark->end;
        }
        if (mark->kind != UTTER_MARK_NAMED)
            continue;
        assert_true(name < 5 && marks.texts[i][0] == 'a' + name && mark->start == mark->end);
        assert_memory_equal(&text[mark->text_begin], "<mark", 5);
        named[name++] = mark->start;
    }
    assert_int_equal(name, 5);
    assert_true(named[0] == words[0][0] && named[1] == words[1][0]);
    assert_true(named[2] >= words[1][1] && named[2] < words[2][0] - 0.9);
    assert_true(named[3] >= words[2][1] && named[4] >= named[3]);
    assert_true(named[4] <= (double)sound.count / 22050 + 0.01);
    free(sound.samples);
    utter_speech_close(&speech);
}

/* Speech that was flushed does not wait for what follows, and bytes are counted on behind it. */
static void test_flush(void **state)
{
    struct utter_speech_params params;
    utter_speech_params_init(&params);
    params.marks = 1;
    utter_speech *speech = open_speech(*state, &params);
    struct sound sound = {0};
    static struct marks marks;
    check(utter_speech_text(speech, "Yes", 3));
    check(read_all(speech, 1000, &sound));
    assert_int_equal(sound.count, 0);
    check(utter_speech_flush(speech));
    check(read_all(speech, 1000, &sound));
    assert_true(sound.count > 1000);
    check(utter_speech_text(speech, "No", 2));
    check(utter_speech_finish(speech));
    check(read_all(speech, 1000, &sound));
    take_marks(speech, &marks);
    size_t last = marks.count;
    while (marks.marks[--last].kind != UTTER_MARK_WORD)
        ;
    assert_string_equal(marks.texts[last], "no");
    assert_int_equal(marks.marks[last].text_begin, 3);
    assert_int_equal(marks.marks[last].text_end, 5);
    free(sound.samples);
    utter_speech_close(&speech);
}

/* Rates, pauses and loudness do what they say. */
static void test_prosody(void **state)
{
    struct utter_speech_params params;
    struct sound plain = {0}, other = {0};
    utter_speech *speech = open_speech(*state, NULL);
    speak(speech, "One two three four five six.", 1000, 4096, &plain);
    utter_speech_close(&speech);
    utter_speech_params_init(&params);
    params.rate = 2;
    params.volume = -6.0206;
    speech = open_speech(*state, &params);
    speak(speech, "One two three four five six.", 1000, 4096, &other);
    double ratio = (double)plain.count / (double)other.count;
    assert_true(ratio > 1.7 && ratio < 2.1);
    utter_speech_close(&speech);
    params.rate = 1;
    speech = open_speech(*state, &params);
    speak(speech, "One two three four five six.", 1000, 4096, &other);
    for (size_t i = 0; i < other.count; i++)
        other.samples[i] *= 2;
    assert_true(agreement(&plain, &other) > 60);
    utter_speech_close(&speech);
    utter_speech_params_init(&params);
    params.markup = UTTER_MARKUP_SSML;
    speech = open_speech(*state, &params);
    speak(speech, "<speak>One<break time='2s'/></speak>", 1000, 4096, &other);
    assert_true(other.count > 2 * 22050 && other.samples[other.count - 100] == 0);
    utter_speech_close(&speech);
    free(plain.samples);
    free(other.samples);
}

static void test_other_rates_and_pitch(void **state)
{
    struct utter_speech_params params;
    struct sound plain = {0}, other = {0};
    utter_speech *speech = open_speech(*state, NULL);
    speak(speech, TEXT, 1000, 4096, &plain);
    utter_speech_close(&speech);
    static const int rates[] = {8000, 16000, 48000};
    for (size_t i = 0; i < 3; i++) {
        utter_speech_params_init(&params);
        params.sample_rate = rates[i];
        params.pitch = i == 2 ? 3 : 0;
        speech = open_speech(*state, &params);
        speak(speech, TEXT, 1000, 4096, &other);
        double seconds = (double)other.count / rates[i], expected = (double)plain.count / 22050;
        assert_true(fabs(seconds - expected) < 0.05 * expected);
        utter_speech_close(&speech);
    }
    free(plain.samples);
    free(other.samples);
}

/* What is wrong with a text ends it there; what came before is spoken. */
static void test_text_at_fault(void **state)
{
    static const struct {
        enum utter_markup markup;
        const char *text, *said;
        bool speaks;
    } cases[] = {
        {UTTER_MARKUP_PLAIN, "First sentence. Second \xff.", "byte", false},
        {UTTER_MARKUP_SSML, "<speak>First sentence. <p>Second.</speak>", "line 1", true},
        {UTTER_MARKUP_SSML, "<speak>First sentence. Second.", "speak", true},
        {UTTER_MARKUP_SSML, "no markup", "", false},
        {UTTER_MARKUP_PHONEMES, "HH AH0 QQ", "QQ", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct utter_speech_params params;
        struct sound sound = {0};
        utter_speech_params_init(&params);
        params.markup = cases[i].markup;
        utter_speech *speech = open_speech(*state, &params);
        int code = utter_speech_text(speech, cases[i].text, strlen(cases[i].text));
        if (!code)
            code = utter_speech_finish(speech);
        if (!code)
            code = read_all(speech, 4096, &sound);
        assert_int_equal(code, UTTER_ERROR_ARGUMENT);
        assert_non_null(strstr(utter_error_message(), cases[i].said));
        if (cases[i].speaks)
            assert_true(sound.count > 1000);
        check(utter_speech_reset(speech));
        free(sound.samples);
        utter_speech_close(&speech);
    }
}

static void test_nothing_to_say(void **state)
{
    static const char *const texts[] = {"", " \n\n ", "…", "()"};
    utter_speech *speech = open_speech(*state, NULL);
    struct sound sound = {0};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        speak(speech, texts[i], 100, 1000, &sound);
        assert_true(sound.count < 22050);
    }
    assert_int_equal(utter_speech_text(speech, "x", 1), UTTER_ERROR_STATE);
    assert_int_equal(utter_speech_finish(speech), UTTER_ERROR_STATE);
    assert_int_equal(utter_speech_flush(speech), UTTER_ERROR_STATE);
    free(sound.samples);
    utter_speech_close(&speech);
}

static void test_params(void **state)
{
    const struct world *world = *state;
    utter_speech *speech = NULL;
    static const struct utter_speech_params bad[] = {
        {sizeof bad[0], .rate = 9},
        {sizeof bad[0], .pitch = 13},
        {sizeof bad[0], .volume = NAN},
        {sizeof bad[0], .sample_rate = 10},
        {sizeof bad[0], .speaker = 99},
        {sizeof bad[0], .speaker = -1},
        {sizeof bad[0], .markup = (enum utter_markup)7},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_int_equal(utter_speech_open(world->voice, &bad[i], &speech), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_speech_open(NULL, NULL, &speech), UTTER_ERROR_ARGUMENT);
    assert_null(speech);
    utter_voice *voice = NULL;
    assert_int_equal(utter_voice_open(world->engine, "nobody", NULL, &voice), UTTER_ERROR_IO);
    assert_int_equal(utter_voice_open(world->engine, "en", NULL, &voice), UTTER_ERROR_UNSUPPORTED);
    assert_int_equal(utter_voice_open_random(world->engine, "nobody", 1, NULL, &voice), UTTER_ERROR_ARGUMENT);
    assert_null(voice);
}

static int add_word(void *context, const struct utter_pronunciation *word)
{
    char *out = context;
    snprintf(out + strlen(out), 200 - strlen(out), "[%s %s %s %zu-%zu %d]", word->text, word->phones, word->ipa,
             word->text_begin, word->text_end, word->sentence);
    return strlen(out) > 150;
}

static void test_pronounce(void **state)
{
    const struct world *world = *state;
    char out[200] = "";
    check(utter_voice_pronounce(world->voice, UTTER_MARKUP_PLAIN, "Go on. 2", 8, add_word, out));
    assert_string_equal(out, "[go G OW1 ɡˈoʊ 0-2 0][on AA1 N ˈɑːn 3-5 0][two T UW1 tˈuː 7-8 1]");
    int code = 0;
    for (int i = 0; i < 9 && !code; i++)
        code = utter_voice_pronounce(world->voice, UTTER_MARKUP_PHONEMES, "G OW1", 5, add_word, out);
    assert_int_equal(code, UTTER_ERROR_CANCELLED);
    assert_int_equal(utter_voice_pronounce(world->voice, UTTER_MARKUP_PLAIN, "x", 1, NULL, NULL), UTTER_ERROR_ARGUMENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces),        cmocka_unit_test(test_threads),
        cmocka_unit_test(test_first_sound),   cmocka_unit_test(test_marks),
        cmocka_unit_test(test_named_marks),   cmocka_unit_test(test_flush),
        cmocka_unit_test(test_prosody),       cmocka_unit_test(test_other_rates_and_pitch),
        cmocka_unit_test(test_text_at_fault), cmocka_unit_test(test_nothing_to_say),
        cmocka_unit_test(test_params),        cmocka_unit_test(test_pronounce),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
