/* test_confidence.c - the map from what is known of a word to how likely it is right. */
#include "decoder/search/confidence.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char json[] =
    "{\"guided\":{\"bias\":-0.5,\"acoustic\":0.75,\"mean\":1,\"letters\":0.25,\"language_model\":0.2,\"known\":1.5},"
    "\"alone\":{\"bias\":-3,\"acoustic\":1,\"mean\":0.5,\"letters\":0.1,\"language_model\":0.3,\"known\":4}}";
static const char arpa[] =
    "\\data\\\nngram 1=5\nngram 2=2\n\n\\1-grams:\n-99\t<s>\t-0.3\n-1\t</s>\n-0.7\ta\t-0.2\n-1.7\tdad\n-2\t<unk>\n\n"
    "\\2-grams:\n-0.3\t<s> a\n-0.2\ta dad\n\n\\end\\\n";

static void test_reading(void **state)
{
    (void)state;
    struct confidence c;
    struct fault fault = {0};
    assert_int_equal(confidence_read(&c, json, strlen(json), "c.json", &fault), 0);
    assert_true(c.guided.bias == -0.5 && c.guided.acoustic == 0.75 && c.guided.mean == 1 && c.guided.letters == 0.25);
    assert_true(c.guided.language_model == 0.2 && c.guided.known == 1.5 && c.alone.known == 4);
}

static void refuse(const char *text, size_t length)
{
    struct confidence c;
    struct fault fault = {0};
    assert_int_equal(confidence_read(&c, text, length, "c.json", &fault), UTTER_ERROR_MODEL);
    assert_non_null(strstr(fault.message, "c.json"));
}

static void test_refusing(void **state)
{
    (void)state;
    for (size_t length = 0; length + 1 < strlen(json); length++)
        refuse(json, length);
    const char *const bad[] = {
        "[]",  "{}", "{\"guided\":1,\"alone\":2}", "{\"guided\":{\"bias\":\"x\"}}", "{\"guided\":{\"bias\":1e300}}",
        "null"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        refuse(bad[i], strlen(bad[i]));
}

static double log_odds(double p)
{
    return log(p / (1 - p));
}

/* By the formula in confidence.h, with the language model's numbers from the ARPA above. */
static void test_by_hand(void **state)
{
    (void)state;
    struct confidence c;
    struct fault fault = {0};
    struct ngram *ngram;
    void *bytes;
    size_t size;
    if (confidence_read(&c, json, strlen(json), "c.json", &fault) ||
        ngram_parse_arpa(arpa, strlen(arpa), "toy", false, &bytes, &size, &fault) ||
        ngram_open(&ngram, bytes, size, "toy", &fault))
        fail_msg("%s", fault.message);
    struct word words[] = {
        {.text = "a", .acoustic = 0.8f}, {.text = "dad", .acoustic = 0.6f}, {.text = "d\xC3\xA9", .acoustic = 0}};
    struct word_list list = {words, 3};
    confidence_set(&c.guided, ngram, &list);
    const double mean = log_odds(1.4 / 3), unknown = -2.0;
    const double odds[] = {
        -0.5 + mean + 0.75 * log_odds(0.8) + 0.25 * 1 + 0.2 * log(10) * -0.3 + 1.5,
        -0.5 + mean + 0.75 * log_odds(0.6) + 0.25 * 3 + 0.2 * log(10) * -0.2 + 1.5,
        -0.5 + mean + 0.75 * log_odds(0.001) + 0.25 * 2 + 0.2 * log(10) * unknown,
    };
    for (int i = 0; i < 3; i++)
        assert_true(fabs((double)words[i].confidence - 1 / (1 + exp(-odds[i]))) < 1e-5);
    list.count = 0;
    confidence_set(&c.alone, ngram, &list);
    ngram_close(&ngram);
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reading),
        cmocka_unit_test(test_refusing),
        cmocka_unit_test(test_by_hand),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
