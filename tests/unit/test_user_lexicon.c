/* test_user_lexicon.c - a user's list of words: what it may hold, and which line is wrong. */
#include "decoder/spoken/user_lexicon.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct user_lexicon *parse(const char *text)
{
    struct user_lexicon *l = NULL;
    struct fault fault = {0};
    if (user_lexicon_parse(&l, text, strlen(text), "words", &fault))
        fail_msg("%s", fault.message);
    return l;
}

static void expect(const struct user_lexicon *l, const char *word, const char *names)
{
    size_t count = 0, at = 0;
    char out[256] = "";
    const unsigned char *phones = user_lexicon_find(l, word, strlen(word), &count);
    assert_non_null(phones);
    for (size_t i = 0; i < count; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", i ? " " : "", phone_name(phones[i]));
    assert_string_equal(out, names);
}

static void test_lookup(void **state)
{
    (void)state;
    struct user_lexicon *l = parse("\xEF\xBB\xBF# names\r\n\r\nNguyen\tW IH1 N\r\n  gnocchi   /ˈnjoʊki/ # food\n"
                                   "caf\xC3\xA9 K AE F EY\nzed Z EH1 D\nzed Z IY1\nlast L AE1 S T");
    size_t count;
    assert_int_equal(user_lexicon_count(l), 5);
    expect(l, "nguyen", "W IH1 N");
    expect(l, "NGUYEN", "W IH1 N");
    expect(l, "gnocchi", "N Y OW1 K IY0");
    expect(l, "caf\xC3\xA9", "K AE1 F EY0");
    expect(l, "zed", "Z IY1"); /* the last line counts */
    expect(l, "last", "L AE1 S T");
    assert_null(user_lexicon_find(l, "nguye", 5, &count));
    assert_null(user_lexicon_find(l, "nguyens", 7, &count));
    assert_null(user_lexicon_find(l, "", 0, &count));
    assert_null(user_lexicon_find(NULL, "zed", 3, &count));
    user_lexicon_close(&l);
    assert_null(l);
    l = parse("");
    assert_int_equal(user_lexicon_count(l), 0);
    user_lexicon_close(&l);
}

static void expect_refused(const char *text, const char *message)
{
    struct user_lexicon *l = NULL;
    struct fault fault = {0};
    assert_int_equal(user_lexicon_parse(&l, text, strlen(text), "words", &fault), UTTER_ERROR_ARGUMENT);
    assert_string_equal(fault.message, message);
    assert_null(l);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("a EY1\n\nword\n", "words, line 3: a word without phones");
    expect_refused("word # K\n", "words, line 1: a word without phones");
    expect_refused("a EY1\nword K QQ T", "words, line 2: 'QQ' is no phone");
    expect_refused("word /k7/", "words, line 1: '7' (U+0037) is no phone of English in IPA");
    expect_refused("word //", "words, line 1: no phones are given");
    expect_refused("w\xFFrd K", "words, line 1: a word that is no UTF-8");
    char longest[400];
    memset(longest, 'a', 300);
    strcpy(longest + 300, " K");
    expect_refused(longest, "words, line 1: a word of more than 255 bytes");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lookup), cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
