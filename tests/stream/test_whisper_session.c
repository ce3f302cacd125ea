/* Sessions of a Whisper of random weights: its text is noise, but the same noise however the sound is fed, in order of
 * time, and inside the sound; and what is dropped says why. */
#include "src/include/utter.h"

#include "tests/stream/sound.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static utter_engine *engine;
static utter_model *model;
static struct sound speech;

static int open_all(void **unused)
{
    (void)unused;
    struct utter_engine_params params;
    struct utter_model_params precision;
    utter_engine_params_init(&params);
    utter_model_params_init(&precision);
    params.threads = 2;
    precision.precision = UTTER_PRECISION_F32;
    speech.state = 7;
    sound_pause(&speech, 0.4);
    sound_speech(&speech, 3.3);
    sound_pause(&speech, 1.2);
    sound_speech(&speech, 2.1);
    if (utter_engine_open(&engine, &params) || utter_model_open_random(engine, "whisper-toy", 3, &precision, &model)) {
        fprintf(stderr, "%s\n", utter_error_message());
        return -1;
    }
    return 0;
}

static int close_all(void **unused)
{
    (void)unused;
    utter_model_close(&model);
    utter_engine_close(&engine);
    sound_free(&speech);
    return 0;
}

/* ---- what a session made of the sound ---- */

struct heard {
    char text[1 << 16];
    size_t segments, words, dropped;
    enum utter_reason reason;
    char language[16];
};

static void drain(utter_session *session, struct heard *heard, double *at)
{
    struct utter_segment segment;
    struct utter_dropped dropped;
    int got;
    while ((got = utter_session_next(session, &segment)) == 1) {
        assert_true(strlen(heard->text) + strlen(segment.text) + 2 < sizeof heard->text);
        strcat(strcat(heard->text, segment.text), "|");
        heard->segments++;
        heard->words += segment.word_count;
        for (size_t i = 0; i < segment.word_count; i++) {
            const struct utter_word *word = &segment.words[i];
            assert_true(word->start >= *at - 1e-9 && word->end >= word->start);
            assert_true(word->end <= (double)speech.count / 16000 + 1e-9);
            assert_true(word->confidence >= 0 && word->confidence <= 1);
            *at = word->start;
        }
    }
    assert_int_equal(got, 0);
    while ((got = utter_session_next_dropped(session, &dropped)) == 1) {
        heard->dropped++;
        heard->reason = dropped.reason;
        assert_true(dropped.end > dropped.start && dropped.start >= 0);
        assert_non_null(dropped.text);
    }
    assert_int_equal(got, 0);
}

static void feed_all(utter_session *session, size_t chunk, struct heard *heard)
{
    const char *language = NULL;
    double at = 0;
    memset(heard, 0, sizeof *heard);
    for (size_t done = 0; done < speech.count; done += chunk) {
        size_t count = chunk < speech.count - done ? chunk : speech.count - done;
        assert_int_equal(utter_session_feed(session, speech.samples + done, count), 0);
        drain(session, heard, &at);
    }
    assert_int_equal(utter_session_finish(session), 0);
    drain(session, heard, &at);
    assert_int_equal(utter_session_get_language(session, &language), 0);
    snprintf(heard->language, sizeof heard->language, "%s", language);
}

static const double cold = 0, lukewarm = 0.4, warm[] = {1}; /* up to 0.5 the text goes on as the prompt */

/* Twelve tokens a window, drawn, since the likeliest of random weights say one word again and again; the draws are the
 * same for the same logits. */
static struct utter_decoding_params twelve_tokens(void)
{
    struct utter_decoding_params decoding;
    utter_decoding_params_init(&decoding);
    decoding.temperatures = warm;
    decoding.temperature_count = 1;
    decoding.best_of = 1;
    decoding.force_tokens = 12;
    decoding.word_times = 1;
    return decoding;
}

static utter_session *open_session(const struct utter_decoding_params *decoding, const char *language, int beam)
{
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.decoding = decoding;
    params.language = language;
    params.beam = beam;
    if (utter_session_open(model, &params, &session))
        fail_msg("%s", utter_error_message());
    return session;
}

static void hear(const struct utter_decoding_params *decoding, int beam, size_t chunk, struct heard *heard)
{
    utter_session *session = open_session(decoding, "en", beam);
    feed_all(session, chunk, heard);
    utter_session_close(&session);
    assert_null(session);
}

/* ---- tests ---- */

static void any_chunking_gives_the_same_text(void **unused)
{
    (void)unused;
    static struct heard whole, parts;
    for (int sequential = 0; sequential < 2; sequential++) {
        struct utter_decoding_params decoding = twelve_tokens();
        decoding.sequential = sequential;
        hear(&decoding, 1, speech.count, &whole);
        assert_true(whole.words > 10 && whole.segments > 1);
        for (size_t chunk = 331; chunk < 40000; chunk = chunk * 7 + 1) {
            hear(&decoding, 1, chunk, &parts);
            assert_string_equal(parts.text, whole.text);
        }
    }
}

/* What a live session commits, whatever comes between and however the sound is cut; the language is heard, not given.
 */
static void live_text(double interval, int best_of, size_t chunk, char *text, size_t size)
{
    struct utter_decoding_params decoding = twelve_tokens();
    decoding.best_of = best_of;
    struct utter_live_params live;
    struct utter_session_params params;
    struct utter_event event = {.struct_size = sizeof event};
    utter_session *session = NULL;
    utter_live_params_init(&live);
    utter_session_params_init(&params);
    live.voice_activity = "energy";
    live.tentative_interval = interval;
    params.live = &live;
    params.decoding = &decoding;
    assert_int_equal(utter_session_open(model, &params, &session), 0);
    *text = 0;
    for (size_t done = 0; done < speech.count; done += chunk) {
        size_t count = chunk < speech.count - done ? chunk : speech.count - done;
        assert_int_equal(utter_session_feed(session, speech.samples + done, count), 0);
    }
    assert_int_equal(utter_session_finish(session), 0);
    while (utter_session_next_event(session, &event) == 1) {
        if (event.kind != UTTER_EVENT_COMMITTED && event.kind != UTTER_EVENT_END)
            continue;
        assert_true(strlen(text) + strlen(event.segment.text) + 16 < size);
        strcat(strcat(text, event.segment.text), "|");
        strcat(text, utter_end_name(event.end));
    }
    utter_session_close(&session);
}

static void live_sessions_commit_the_same(void **unused)
{
    (void)unused;
    static char whole[1 << 16], pieces[1 << 16];
    for (int best_of = 1; best_of <= 4; best_of += 3) { /* tentative texts, which come first, need one row alone */
        live_text(-1, best_of, speech.count, whole, sizeof whole);
        assert_true(strlen(whole) > 100);
        live_text(0, best_of, 160, pieces, sizeof pieces);
        assert_string_equal(pieces, whole);
        live_text(0.5, best_of, 7777, pieces, sizeof pieces);
        assert_string_equal(pieces, whole);
    }
}

static void a_beam_and_a_reset_give_text_too(void **unused)
{
    (void)unused;
    static struct heard first, again;
    struct utter_decoding_params decoding = twelve_tokens();
    decoding.temperatures = &cold;
    utter_session *session = open_session(&decoding, NULL, 3);
    feed_all(session, 16000, &first);
    assert_true(first.words > 10);
    assert_int_equal(utter_session_reset(session), 0);
    feed_all(session, 5000, &again);
    assert_string_equal(first.text, again.text);
    assert_string_equal(first.language, again.language);
    utter_session_close(&session);
}

static void check_alternative(const struct utter_alternative *a)
{
    char text[4096] = "";
    double sum = 0;
    assert_true(a->token_count > 0 && a->log_probability < 0);
    for (size_t i = 0; i < a->token_count; i++) {
        assert_int_equal(strlen(a->tokens[i].text), a->tokens[i].length);
        assert_true(a->tokens[i].log_probability <= 0);
        sum += (double)a->tokens[i].log_probability;
        if (strncmp(a->tokens[i].text, "<|", 2) != 0)
            strcat(text, a->tokens[i].text);
    }
    assert_string_equal(text + strspn(text, " "), a->text);
    assert_true(a->log_probability <= sum + 1e-4); /* the end of the text counts, too */
}

/* The best is what is given out; the others are other tokens and no likelier. */
static void alternatives_come_with_their_tokens(void **unused)
{
    (void)unused;
    struct utter_decoding_params decoding = twelve_tokens();
    struct utter_session_params params;
    struct utter_segment segment;
    struct utter_nbest nbest;
    utter_session *session = NULL;
    size_t stretches = 0;
    char said[1 << 12] = "";
    decoding.temperatures = &cold;
    utter_session_params_init(&params);
    params.decoding = &decoding;
    params.language = "en";
    params.beam = 4;
    params.nbest = 3;
    assert_int_equal(utter_session_open(model, &params, &session), 0);
    assert_int_equal(utter_session_feed(session, speech.samples, speech.count), 0);
    assert_int_equal(utter_session_finish(session), 0);
    while (utter_session_next(session, &segment) == 1)
        strcat(strcat(said, said[0] ? " " : ""), segment.text);
    for (; utter_session_next_nbest(session, &nbest) == 1; stretches++) {
        assert_int_equal(nbest.alternative_count, 3);
        assert_true(nbest.end > nbest.start);
        for (size_t i = 0; i < nbest.alternative_count; i++) {
            const struct utter_alternative *a = &nbest.alternatives[i], *before = i ? a - 1 : a;
            check_alternative(a);
            assert_int_equal(a->token_count, 12);
            assert_true(a->log_probability <= before->log_probability);
            bool same = true;
            for (size_t k = 0; k < a->token_count; k++)
                same = same && a->tokens[k].id == before->tokens[k].id;
            assert_true(same == (i == 0));
        }
        if (stretches == 0)
            assert_memory_equal(said, nbest.alternatives[0].text, strlen(nbest.alternatives[0].text) / 2);
    }
    assert_true(stretches > 0);
    utter_session_close(&session);
    params.nbest = 5;
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(utter_error_message(), "nbest is 5"));
}

static void the_language_asked_for_is_the_stream_s(void **unused)
{
    (void)unused;
    static struct heard heard;
    struct utter_decoding_params decoding = twelve_tokens();
    utter_session *session = open_session(&decoding, "german", 1);
    feed_all(session, 16000, &heard);
    assert_string_equal(heard.language, "de");
    utter_session_close(&session);
}

static void dropped_text_says_why(void **unused)
{
    (void)unused;
    static struct heard heard;
    struct utter_decoding_params decoding = twelve_tokens();
    decoding.force_tokens = 0;
    decoding.drop_doubtful = 1;
    decoding.compression_ratio = -1;
    hear(&decoding, 1, 16000, &heard); /* random weights believe nothing that they say */
    assert_true(heard.dropped > 0 && heard.segments == 0);
    assert_int_equal(heard.reason, UTTER_REASON_DOUBTFUL);
    decoding.no_speech = 1e-12;
    hear(&decoding, 1, 16000, &heard);
    assert_true(heard.dropped > 0 && heard.segments == 0);
    assert_int_equal(heard.reason, UTTER_REASON_SILENCE);
    decoding.no_speech = 0;
    decoding.log_probability = 1;
    decoding.compression_ratio = 1e-3;
    hear(&decoding, 1, 16000, &heard);
    assert_true(heard.dropped > 0 && heard.segments == 0);
    assert_int_equal(heard.reason, UTTER_REASON_REPETITION);
    assert_string_equal(utter_reason_name(heard.reason), "repetition");
    decoding.compression_ratio = -1;
    hear(&decoding, 1, 16000, &heard);
    assert_int_equal(heard.dropped, 0);
}

static void the_prompt_is_heard(void **unused)
{
    (void)unused;
    static struct heard without, with, forgot;
    struct utter_decoding_params decoding = twelve_tokens();
    decoding.sequential = 1;
    decoding.temperatures = &lukewarm;
    hear(&decoding, 1, 16000, &without);
    decoding.prompt = "w112 w177";
    hear(&decoding, 1, 16000, &with);
    assert_string_not_equal(without.text, with.text);
    decoding.prompt = NULL;
    decoding.forget = 1;
    hear(&decoding, 1, 16000, &forgot);
    assert_string_not_equal(without.text, forgot.text);
}

static void refuse(int error, const char *needle, struct utter_decoding_params decoding, const char *language, int beam)
{
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.decoding = &decoding;
    params.language = language;
    params.beam = beam;
    assert_int_equal(utter_session_open(model, &params, &session), error);
    assert_null(session);
    if (!strstr(utter_error_message(), needle))
        fail_msg("\"%s\" does not say \"%s\"", utter_error_message(), needle);
}

static void bad_params_are_named(void **unused)
{
    (void)unused;
    struct utter_decoding_params good = twelve_tokens(), bad = good;
    refuse(UTTER_ERROR_UNSUPPORTED, "klingon", good, "klingon", 1);
    refuse(UTTER_ERROR_ARGUMENT, "beam is 65", good, "en", 65);
    bad.temperature_count = 0;
    refuse(UTTER_ERROR_ARGUMENT, "temperature_count", bad, "en", 1);
    bad.temperature_count = 17;
    refuse(UTTER_ERROR_ARGUMENT, "17 temperatures", bad, "en", 1);
    bad = good;
    bad.patience = -1;
    refuse(UTTER_ERROR_ARGUMENT, "patience", bad, "en", 1);
    bad = good;
    bad.best_of = 65;
    refuse(UTTER_ERROR_ARGUMENT, "best_of", bad, "en", 1);
    bad = good;
    bad.struct_size = 1;
    refuse(UTTER_ERROR_ARGUMENT, "struct_size", bad, "en", 1);
}

static void *hear_in_thread(void *context)
{
    struct utter_decoding_params decoding = twelve_tokens();
    hear(&decoding, 2, 16000, context);
    return NULL;
}

/* Words of the made-up vocabulary, at most four to a window; and with a threshold that nothing reaches, none. */
static void a_grammar_lets_sentences_out(void **unused)
{
    (void)unused;
    static struct heard heard;
    struct utter_decoding_params decoding;
    utter_decoding_params_init(&decoding);
    decoding.grammar = "root ::= \"w\" [0-9]{1,5} (\" w\" [0-9]{1,5}){0,3}";
    decoding.grammar_threshold = -1;
    decoding.no_speech = -1;
    for (int beam = 1; beam < 5; beam += 3) {
        hear(&decoding, beam, 5000, &heard);
        assert_true(heard.segments > 0 && strlen(heard.text) <= 28 * heard.segments);
        assert_int_equal(strspn(heard.text, "w0123456789 |"), strlen(heard.text));
    }
    decoding.grammar_threshold = 1;
    hear(&decoding, 1, 5000, &heard);
    assert_int_equal(heard.words, 0);
    assert_int_equal(heard.reason, UTTER_REASON_NO_MATCH);
}

static void grammars_that_cannot_be_are_named(void **unused)
{
    (void)unused;
    utter_session *session = NULL;
    struct utter_session_params params;
    struct utter_decoding_params decoding;
    utter_session_params_init(&params);
    utter_decoding_params_init(&decoding);
    params.decoding = &decoding;
    decoding.grammar = "root ::= \"w\"";
    decoding.grammar_file = "nowhere";
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_ARGUMENT);
    assert_string_equal(utter_error_message(), "grammar and grammar_file are both given");
    decoding.grammar = NULL;
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_IO);
    decoding.grammar_file = NULL;
    decoding.grammar = "root ::= root \"w\" | \"\"";
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_MODEL);
    assert_non_null(strstr(utter_error_message(), "the grammar, line 1, column 1: rule 'root' is left-recursive"));
    decoding.grammar = "root ::= \"w\"";
    decoding.grammar_threshold = 2;
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_ARGUMENT);
    decoding.grammar_threshold = 0;
    decoding.sequential = 1;
    assert_int_equal(utter_session_open(model, &params, &session), UTTER_ERROR_ARGUMENT);
    assert_null(session);
}

static void sessions_share_a_model(void **unused)
{
    (void)unused;
    static struct heard heard[3];
    pthread_t threads[3];
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, hear_in_thread, &heard[i]), 0);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    assert_string_equal(heard[0].text, heard[1].text);
    assert_string_equal(heard[0].text, heard[2].text);
}

static void info_says_whisper(void **unused)
{
    (void)unused;
    struct utter_model_info info = {.struct_size = sizeof info};
    assert_int_equal(utter_model_get_info(model, &info), 0);
    assert_string_equal(info.family, "whisper");
    assert_string_equal(info.language, "");
    assert_int_equal(info.vocabulary, 51865);
    assert_int_equal(info.sample_rate, 16000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(info_says_whisper),
        cmocka_unit_test(any_chunking_gives_the_same_text),
        cmocka_unit_test(live_sessions_commit_the_same),
        cmocka_unit_test(a_beam_and_a_reset_give_text_too),
        cmocka_unit_test(alternatives_come_with_their_tokens),
        cmocka_unit_test(the_language_asked_for_is_the_stream_s),
        cmocka_unit_test(dropped_text_says_why),
        cmocka_unit_test(the_prompt_is_heard),
        cmocka_unit_test(bad_params_are_named),
        cmocka_unit_test(a_grammar_lets_sentences_out),
        cmocka_unit_test(grammars_that_cannot_be_are_named),
        cmocka_unit_test(sessions_share_a_model),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
