/* test_writing.c - numbers that are said with pauses, in recordings and live: no segment, tentative text or alternative
 * has what another one hides. */
#include "src/writing.h"

#include "src/nbest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { MOST = 32 };

static struct utter_model model = {.language = (char *)(uintptr_t) "en"};

static struct writing *open_writing(const struct utter_text_params *params, int lanes)
{
    struct writing *writing = NULL;
    struct fault fault = {0};
    assert_int_equal(writing_open(&writing, params, &model, NULL, lanes, &fault), 0);
    assert_non_null(writing);
    return writing;
}

static struct utter_text_params redacting(void)
{
    struct utter_text_params params;
    utter_text_params_init(&params);
    params.redact = UTTER_REDACT_ALL;
    return params;
}

struct said {
    char text[256];
    struct word words[MOST];
    size_t count;
};

/* A word each half second from `from` on, 0.4 s long. */
static struct said say(const char *text, double from)
{
    struct said said = {0};
    char *state = NULL;
    static char kept[16][256];
    static int at;
    char *copy = kept[at++ % 16]; /* the words point into it */
    snprintf(copy, sizeof kept[0], "%s", text);
    for (char *word = strtok_r(copy, " ", &state); word; word = strtok_r(NULL, " ", &state), said.count++)
        said.words[said.count] = (struct word){.text = word,
                                               .start = from + 0.5 * (double)said.count,
                                               .end = from + 0.5 * (double)said.count + 0.4,
                                               .confidence = 0.9f};
    return said;
}

static void take(struct writing *writing, int channel, const char *text, double from, struct segment_queue *out)
{
    struct fault fault = {0};
    struct said said = say(text, from);
    assert_int_equal(writing_take(writing, channel, said.words, said.count, out, &fault), 0);
}

static void expect_segment(struct segment_queue *queue, const char *text)
{
    struct segment *segment = segment_queue_take(queue);
    assert_non_null(segment);
    assert_string_equal(segment->public.text, text);
    free(segment);
}

static void expect_redacted(struct writing *writing, enum utter_redact kind, int channel, double start, double end)
{
    struct utter_redacted redacted = {0};
    assert_int_equal(redacted_queue_take(writing_redacted(writing), &redacted), 1);
    assert_int_equal(redacted.kind, kind);
    assert_int_equal(redacted.channel, channel);
    if (redacted.start < start - 1e-6 || redacted.start > start + 1e-6 || redacted.end < end - 1e-6 ||
        redacted.end > end + 1e-6)
        fail_msg("%g to %g, not %g to %g", redacted.start, redacted.end, start, end);
}

/* Four groups with two seconds between: they wait for each other, and each is redacted. */
static void a_number_with_pauses(void **state)
{
    (void)state;
    const struct utter_text_params params = redacting();
    struct writing *writing = open_writing(&params, 1);
    struct segment_queue out = {0};
    struct fault fault = {0};
    take(writing, 0, "it is four one one one", 0, &out);
    take(writing, 0, "one one one one", 5, &out);
    take(writing, 0, "okay one one one one", 9, &out);
    assert_null(out.first);
    take(writing, 0, "one one one two thank you", 14, &out);
    expect_segment(&out, "it is [CARD]");
    expect_segment(&out, "[CARD]");
    expect_segment(&out, "[CARD]"); /* what is said between digits goes with them */
    expect_segment(&out, "[CARD] thank you");
    expect_redacted(writing, UTTER_REDACT_CARD, 0, 0.9, 16);
    assert_int_equal(writing_redacted(writing)->count, 0);
    take(writing, 0, "that one", 18, &out);
    assert_null(out.first);
    assert_int_equal(writing_finish(writing, &out, &fault), 0);
    expect_segment(&out, "that one");
    writing_close(&writing);
}

/* After a long pause another number begins. */
static void two_numbers(void **state)
{
    (void)state;
    const struct utter_text_params params = redacting();
    struct writing *writing = open_writing(&params, 1);
    struct segment_queue out = {0};
    struct fault fault = {0};
    take(writing, 0, "the code is four one one one", 0, &out);
    take(writing, 0, "one one one one", 30, &out);
    expect_segment(&out, "the code is four one one one");
    assert_int_equal(writing_finish(writing, &out, &fault), 0);
    expect_segment(&out, "one one one one");
    writing_close(&writing);
}

/* What the other channel asked for counts. */
static void a_question_and_an_answer(void **state)
{
    (void)state;
    const struct utter_text_params params = redacting();
    struct writing *writing = open_writing(&params, 2);
    struct segment_queue out = {0};
    take(writing, 0, "what is your card number please", 0, &out);
    take(writing, 1, "yes four two four two four two four two did that work", 4, &out);
    expect_segment(&out, "what is your card number please");
    expect_segment(&out, "yes [CARD] did that work");
    expect_redacted(writing, UTTER_REDACT_CARD, 1, 4.4, 8.5);
    writing_close(&writing);
}

static void show(struct writing *writing, const char *text, double from, bool tentative, const char *expected)
{
    struct fault fault = {0};
    struct segment *segment = NULL;
    struct said said = say(text, from);
    assert_int_equal(writing_live(writing, 0, said.words, said.count, tentative, &segment, &fault), 0);
    assert_string_equal(segment->public.text, expected);
    free(segment);
}

/* Live text waits for nothing: four digits go, and what was committed counts with what comes. */
static void live_text(void **state)
{
    (void)state;
    const struct utter_text_params params = redacting();
    struct writing *writing = open_writing(&params, 1);
    show(writing, "it is four one one", 0, true, "it is four one one");
    show(writing, "it is four one one one", 0, true, "it is [NUMBER]");
    assert_int_equal(writing_redacted(writing)->count, 0);
    show(writing, "it is four one one one", 0, false, "it is [NUMBER]");
    expect_redacted(writing, UTTER_REDACT_NUMBER, 0, 0.9, 3.15);
    show(writing, "one one one", 5, true, "[PHONE]");
    show(writing, "one one one one", 5, false, "[PHONE]");
    show(writing, "one one one one", 9, false, "[PHONE]");
    show(writing, "one", 12, true, "[CARD]");
    show(writing, "one one thanks two of us", 12, false, "[CARD] thanks two of us");
    show(writing, "four one one", 16, true, "four one one");
    writing_reset(writing);
    show(writing, "one", 17, true, "one");
    writing_close(&writing);
}

/* Segments end in the middle of a number, behind a word that was a digit, misheard. */
static void a_misheard_digit(void **state)
{
    (void)state;
    const struct utter_text_params params = redacting();
    struct writing *writing = open_writing(&params, 1);
    struct segment_queue out = {0};
    take(writing, 0, "my card is four two four what", 0, &out);
    assert_null(out.first);
    take(writing, 0, "two four two four three thank you very much", 4, &out);
    expect_segment(&out, "my card is [CARD]");
    expect_segment(&out, "[CARD] thank you very much");
    expect_redacted(writing, UTTER_REDACT_CARD, 0, 1.4, 6.5);
    writing_reset(writing);
    show(writing, "my card is four two four two what", 0, false, "my card is [NUMBER] what");
    show(writing, "two four two", 4.2, true, "[CARD]");
    show(writing, "two four two four three", 4.2, false, "[CARD]");
    writing_close(&writing);
}

static void written_and_masked(void **state)
{
    (void)state;
    struct utter_text_params params = redacting();
    params.written = params.mask = 1;
    struct writing *writing = open_writing(&params, 1);
    struct segment_queue out = {0};
    take(writing, 0, "shit twenty six dollars for four one one one one one one one one one one one one one one one", 0,
         &out);
    struct fault fault = {0};
    assert_int_equal(writing_finish(writing, &out, &fault), 0);
    expect_segment(&out, "s*** $26 for [CARD]");
    writing_close(&writing);
}

/* Nothing asked for is no writing at all, and words pass. */
static void nothing_asked(void **state)
{
    (void)state;
    struct utter_text_params params;
    struct writing *writing = NULL;
    struct segment_queue out = {0};
    struct fault fault = {0};
    utter_text_params_init(&params);
    assert_int_equal(writing_open(&writing, &params, &model, NULL, 1, &fault), 0);
    assert_null(writing);
    assert_int_equal(writing_open(&writing, NULL, &model, NULL, 1, &fault), 0);
    assert_null(writing);
    take(NULL, 0, "twenty six shit 4111111111111111", 0, &out);
    expect_segment(&out, "twenty six shit 4111111111111111");
    assert_null(writing_redacted(NULL));
    writing_reset(NULL);
    writing_close(&writing);
}

/* A language that was heard is not read as English; its written numbers are as secret. */
static void another_language(void **state)
{
    (void)state;
    struct utter_text_params params = redacting();
    params.written = 1;
    struct writing *writing = open_writing(&params, 1);
    struct segment_queue out = {0};
    writing_hears(writing, "fr");
    take(writing, 0, "six cents pour monsieur", 0, &out);
    take(writing, 0, "ma carte 4111 1111 1111 1111 merci", 10, &out);
    writing_hears(writing, "");
    take(writing, 0, "six cents please", 20, &out);
    expect_segment(&out, "six cents pour monsieur");
    expect_segment(&out, "ma carte [CARD] merci");
    expect_segment(&out, "6 cents please");
    writing_close(&writing);
}

static void refused(void **state)
{
    (void)state;
    struct utter_text_params params = redacting();
    struct writing *writing = NULL;
    struct fault fault = {0};
    assert_int_equal(writing_open(&writing, &params, &model, "de", 1, &fault), UTTER_ERROR_UNSUPPORTED);
    fault = (struct fault){0};
    params.redact = 64;
    assert_int_equal(writing_open(&writing, &params, &model, NULL, 1, &fault), UTTER_ERROR_ARGUMENT);
    fault = (struct fault){0};
    utter_text_params_init(&params);
    params.mask_words = "/nowhere/words.txt";
    assert_int_equal(writing_open(&writing, &params, &model, NULL, 1, &fault), UTTER_ERROR_ARGUMENT);
    fault = (struct fault){0};
    params.mask = 1;
    assert_int_equal(writing_open(&writing, &params, &model, NULL, 1, &fault), UTTER_ERROR_IO);
    assert_null(writing);
}

/* What a window drops, and its alternatives, have no neighbours: every three digits go, and tokens, which spell them.
 */
static void alternatives(void **state)
{
    (void)state;
    const struct utter_text_params params = redacting();
    struct writing *writing = open_writing(&params, 1);
    struct window window = {.dropped = NULL};
    struct fault fault = {0};
    struct nbest_token token = {.id = 3, .bytes = "four", .length = 4};
    char text[] = "the code 123 is it";
    window.dropped = strdup(text);
    window.nbest = nbest_new(&window, 2);
    assert_int_equal(nbest_add(window.nbest, "is four one one one", -1, &token, 1, &fault), 0);
    assert_int_equal(nbest_add(window.nbest, "is for one", -2, &token, 1, &fault), 0);
    assert_int_equal(writing_window(writing, &window, &fault), 0);
    assert_string_equal(window.dropped, "the code [NUMBER] is it");
    assert_string_equal(window.nbest->public.alternatives[0].text, "is [NUMBER]");
    assert_int_equal(window.nbest->public.alternatives[0].token_count, 0);
    assert_string_equal(window.nbest->public.alternatives[1].text, "is for one");
    assert_int_equal(window.nbest->public.alternatives[1].token_count, 0);
    nbest_free(window.nbest);
    free(window.dropped);
    writing_close(&writing);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_with_pauses),
        cmocka_unit_test(two_numbers),
        cmocka_unit_test(a_question_and_an_answer),
        cmocka_unit_test(live_text),
        cmocka_unit_test(a_misheard_digit),
        cmocka_unit_test(written_and_masked),
        cmocka_unit_test(nothing_asked),
        cmocka_unit_test(another_language),
        cmocka_unit_test(refused),
        cmocka_unit_test(alternatives),
    };
    return cmocka_run_group_tests_name("writing", tests, NULL, NULL);
}
