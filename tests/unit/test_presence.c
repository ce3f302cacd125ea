/* test_presence.c - the map from what is known of a stretch to whether it was spoken. */
#include "decoder/search/presence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char json[] = "{\"guided\":{\"bias\":-0.5,\"acoustic\":0.75,\"letters\":2,\"seconds\":-3,\"mass\":1,"
                           "\"entropy\":-4,\"threshold\":0.6},"
                           "\"alone\":{\"bias\":-3,\"acoustic\":1,\"letters\":0.5,\"seconds\":0,\"mass\":0.25,"
                           "\"entropy\":-1,\"threshold\":0.5}}";

static void test_reading(void **state)
{
    (void)state;
    struct presence p;
    struct fault fault = {0};
    assert_int_equal(presence_read(&p, json, strlen(json), "p.json", &fault), 0);
    assert_true(p.guided.bias == -0.5 && p.guided.acoustic == 0.75 && p.guided.letters == 2 && p.guided.seconds == -3);
    assert_true(p.guided.mass == 1 && p.guided.entropy == -4 && p.guided.threshold == 0.6 && p.alone.mass == 0.25);
}

static void refuse(const char *text, size_t length)
{
    struct presence p;
    struct fault fault = {0};
    assert_int_equal(presence_read(&p, text, length, "p.json", &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "p.json"));
}

static void test_refusing(void **state)
{
    (void)state;
    for (size_t length = 0; length + 1 < strlen(json); length++)
        refuse(json, length);
    const char *const bad[] = {"[]",
                               "{}",
                               "null",
                               "{\"guided\":1,\"alone\":2}",
                               "{\"guided\":{\"bias\":\"x\"}}",
                               "{\"guided\":{\"bias\":1e300}}"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], strlen(bad[i]));
    char beyond[sizeof json];
    memcpy(beyond, json, sizeof json);
    memcpy(strstr(beyond, "0.6"), "6.0", 3); /* a threshold above 1 */
    refuse(beyond, strlen(beyond));
}

/* Two frames over three tokens, the last of which is the blank. */
static void test_evidence_by_hand(void **state)
{
    (void)state;
    const float scores[] = {logf(0.5f), logf(0.25f), logf(0.25f), -INFINITY, -INFINITY, 0.0f};
    struct word words[] = {{.text = "ab", .start = 1, .end = 2, .acoustic = 0.9f},
                           {.text = "d\xC3\xA9", .start = 2, .end = 5, .acoustic = 0.5f}};
    const struct word_list list = {words, 2};
    struct presence_evidence e;
    presence_gather(&e, scores, 2, 3, 2, 4.0, &list);
    assert_true(fabs(e.acoustic - 0.6) < 1e-6 && e.letters == 4 && e.seconds == 4);
    assert_true(fabs(e.mass - 0.75) < 1e-6);
    assert_true(fabs(e.entropy - (0.5 * log(2) + 0.5 * log(4)) / 2) < 1e-6);
    struct presence p;
    assert_int_equal(presence_read(&p, json, strlen(json), "p.json", NULL), 0);
    const double odds = -0.5 + 0.75 * log(1.5) + 2 * log(4) - 3 * log(4) + log(0.75) - 4 * e.entropy;
    assert_true(fabs(presence_probability(&p.guided, &e) - 1 / (1 + exp(-odds))) < 1e-6);
}

/* What no sound gives must not give what is no number. */
static void test_nothing_is_infinite(void **state)
{
    (void)state;
    const float scores[] = {NAN, INFINITY, -INFINITY, NAN};
    struct word word = {.text = "", .acoustic = 0};
    const struct word_list list = {&word, 1};
    struct presence p;
    struct presence_evidence e;
    assert_int_equal(presence_read(&p, json, strlen(json), "p.json", NULL), 0);
    presence_gather(&e, scores, 2, 2, 0, 0.0, &list);
    const double odds = presence_probability(&p.guided, &e);
    assert_true(odds >= 0 && odds <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_refusing),
        cmocka_unit_test(test_evidence_by_hand),
        cmocka_unit_test(test_nothing_is_infinite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
