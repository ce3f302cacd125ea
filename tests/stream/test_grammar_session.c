/* Sessions held to a grammar, with the model that understands the language of tones: sentences come out whole, what is
 * none is no match, and an utterance without a match ends as one with words. */
#include "src/include/utter.h"

#include "tests/stream/tiny.h"
#include "tests/stream/tones.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static utter_engine *engine;
static utter_model *model;
static struct tones said;  /* three words, six, and three again */
static char sentences[64]; /* those of three */
static double second;      /* where the six begin */

/* Three words, no more and no less. */
static const char grammar[] = "root ::= word (\" \" word){2}\n"
                              "word ::= \"nul\" | \"eins\" | \"zwo\" | \"tri\" | \"four\" | \"fem\" | \"siks\" | "
                              "\"seven\" | \"otto\" | \"nyn\"";

static int open_all(void **unused)
{
    (void)unused;
    said.sound.state = 11;
    tones_pause(&said, 1.0);
    tones_say(&said, 3);
    strcpy(sentences, said.text);
    tones_pause(&said, 1.5);
    second = (double)said.sound.count / 16000;
    tones_say(&said, 6);
    size_t length = said.length;
    tones_pause(&said, 1.5);
    tones_say(&said, 3);
    strcat(sentences, said.text + length);
    tones_pause(&said, 1.5);
    return tiny_open(&engine, &model);
}

static int close_all(void **unused)
{
    (void)unused;
    utter_model_close(&model);
    utter_engine_close(&engine);
    tones_free(&said);
    return 0;
}

struct heard {
    char text[256];
    int segments, dropped, ends, tentative;
};

static void hear_segment(struct heard *h, const struct utter_segment *s)
{
    assert_int_equal(s->word_count, 3);
    assert_true(s->confidence > 0.5f && s->confidence <= 1.0f);
    strcat(strcat(h->text, h->segments++ ? " " : ""), s->text);
}

static void drain_dropped(utter_session *session, struct heard *h)
{
    struct utter_dropped dropped;
    while (utter_session_next_dropped(session, &dropped) == 1) {
        assert_int_equal(dropped.reason, UTTER_REASON_NO_MATCH);
        assert_string_equal(utter_reason_name(dropped.reason), "no_match");
        assert_int_equal(tones_count(dropped.text), 3);
        assert_true(dropped.confidence < 0.5f);
        assert_true(dropped.start < second + 0.5 && dropped.end > second + 1);
        h->dropped++;
    }
}

static void drain_events(utter_session *session, struct heard *h)
{
    struct utter_event event = {.struct_size = sizeof event};
    while (utter_session_next_event(session, &event) == 1) {
        if (event.kind == UTTER_EVENT_COMMITTED)
            hear_segment(h, &event.segment);
        if (event.kind == UTTER_EVENT_TENTATIVE) {
            assert_true(event.segment.word_count <= 3); /* a beginning of a sentence */
            h->tentative += event.segment.word_count > 0;
        }
        if (event.kind == UTTER_EVENT_END) {
            assert_int_equal(event.end, UTTER_END_SILENCE);
            h->ends++;
        }
    }
}

static utter_session *open_session(bool is_live)
{
    utter_session *session = NULL;
    struct utter_session_params params;
    struct utter_live_params live;
    struct utter_decoding_params decoding;
    utter_session_params_init(&params);
    utter_live_params_init(&live);
    utter_decoding_params_init(&decoding);
    live.voice_activity = "energy"; /* tones are no speech to a network */
    decoding.grammar = grammar;
    params.decoding = &decoding;
    params.live = is_live ? &live : NULL;
    if (utter_session_open(model, &params, &session))
        fail_msg("%s", utter_error_message());
    return session;
}

static void live_sessions_match_or_not(void **unused)
{
    (void)unused;
    for (size_t chunk = 320; chunk <= 160000; chunk *= 500) {
        utter_session *session = open_session(true);
        struct heard h = {0};
        for (size_t at = 0; at < said.sound.count; at += chunk) {
            size_t count = chunk < said.sound.count - at ? chunk : said.sound.count - at;
            assert_int_equal(utter_session_feed(session, said.sound.samples + at, count), 0);
            drain_dropped(session, &h);
            drain_events(session, &h);
        }
        assert_int_equal(h.segments, 2);
        assert_int_equal(h.dropped, 1);
        assert_int_equal(h.ends, 3);
        assert_true(h.tentative > 0 || chunk > 320);
        assert_true(tones_understood(h.text, sentences));
        utter_session_close(&session);
    }
}

static void recordings_match_or_not(void **unused)
{
    (void)unused;
    utter_session *session = open_session(false);
    struct heard h = {0};
    struct utter_segment segment;
    assert_int_equal(utter_session_feed(session, said.sound.samples, said.sound.count), 0);
    assert_int_equal(utter_session_finish(session), 0);
    while (utter_session_next(session, &segment) == 1)
        hear_segment(&h, &segment);
    drain_dropped(session, &h);
    assert_int_equal(h.segments, 2);
    assert_int_equal(h.dropped, 1);
    assert_true(tones_understood(h.text, sentences));
    utter_session_close(&session);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(live_sessions_match_or_not),
        cmocka_unit_test(recordings_match_or_not),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
