/* test_phone_vocabulary.c - vocab.json of voices that are given ARPAbet. */
#include "decoder/spoken/phone_vocabulary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Whether a list, of names with blanks around each, has a name. */
static bool lists(const char *list, const char *name)
{
    char word[8];
    snprintf(word, sizeof word, " %s ", name);
    return strstr(list, word) != NULL;
}

/* Every phone but those named in without, then more. */
static char *vocabulary_json(const char *without, const char *more)
{
    static char json[4096];
    strcpy(json, "{\"<blank>\":0");
    for (unsigned char phone = 0; phone < PHONE_COUNT; phone++)
        if (!lists(without, phone_name(phone)))
            snprintf(json + strlen(json), sizeof json - strlen(json), ",\"%s\":%d", phone_name(phone), phone + 10);
    snprintf(json + strlen(json), sizeof json - strlen(json), "%s}", more);
    return json;
}

static int read_json(struct phone_vocabulary *vocabulary, const char *json, struct fault *fault)
{
    return phone_vocabulary_read(vocabulary, json, strlen(json), "vocab.json", fault);
}

static void test_phones_and_marks(void **state)
{
    (void)state;
    struct phone_vocabulary v;
    struct fault fault = {0};
    assert_int_equal(read_json(&v, vocabulary_json("", ",\",\":5,\".\":6,\"?\":7,\"<sos/eos>\":99"), &fault), 0);
    for (unsigned char phone = 0; phone < PHONE_COUNT; phone++)
        assert_int_equal(v.phones[phone], phone + 10);
    assert_int_equal(v.end, 99);
    assert_int_equal(v.size, 100);
    static const char marks[] = ",.?!;:-";
    static const int tokens[] = {5, 6, 7, 6, 5, 5, 5};
    for (size_t i = 0; marks[i]; i++)
        assert_int_equal(phone_vocabulary_mark(&v, marks[i]), tokens[i]);
    assert_int_equal(phone_vocabulary_mark(&v, '\0'), -1);
    assert_int_equal(phone_vocabulary_mark(&v, '('), -1);
}

/* A vowel with a stress that the voice lacks is said with the nearest that it has. */
static void test_stress_that_is_missing(void **state)
{
    (void)state;
    struct phone_vocabulary v;
    struct fault fault = {0};
    assert_int_equal(read_json(&v, vocabulary_json(" AE2 OY0 OY2 ", ",\"<sos/eos>\":1"), &fault), 0);
    assert_int_equal(v.phones[phone_find("AE2", 3)], phone_find("AE1", 3) + 10);
    assert_int_equal(v.phones[phone_find("OY0", 3)], phone_find("OY1", 3) + 10);
    assert_int_equal(v.phones[phone_find("OY2", 3)], phone_find("OY1", 3) + 10);
    assert_int_equal(phone_vocabulary_mark(&v, '.'), -1);
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *without, *more, *said;
    } cases[] = {
        {"", "", "no token <sos/eos>"},
        {" ZH ", ",\"<sos/eos>\":1", "no token for the phone ZH"},
        {" AW0 AW1 AW2 ", ",\"<sos/eos>\":1", "no token for the phone AW0"},
        {"", ",\"x\":-1", "the token of \"x\""},
        {"", ",\"x\":1e9", "the token of \"x\""},
        {"", ",\"x\":\"y\"", "the token of \"x\""},
        {"", ",\"x\":", "no JSON object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct phone_vocabulary v;
        struct fault fault = {0};
        assert_int_equal(read_json(&v, vocabulary_json(cases[i].without, cases[i].more), &fault), UTTER_ERROR_MODEL);
        assert_non_null(strstr(fault.message, cases[i].said));
        assert_non_null(strstr(fault.message, "vocab.json"));
    }
    struct phone_vocabulary v;
    struct fault fault = {0};
    assert_int_equal(read_json(&v, "[1]", &fault), UTTER_ERROR_MODEL);
}

static void test_made_up(void **state)
{
    (void)state;
    static const int sizes[] = {2, 50, 78, 500};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct phone_vocabulary v;
        phone_vocabulary_make(&v, sizes[i]);
        for (int phone = 0; phone < PHONE_COUNT; phone++)
            assert_in_range(v.phones[phone], 1, sizes[i] - 1);
        assert_in_range(phone_vocabulary_mark(&v, '.'), 1, sizes[i] - 1);
        assert_int_equal(v.end, sizes[i] - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_phones_and_marks),
        cmocka_unit_test(test_stress_that_is_missing),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
