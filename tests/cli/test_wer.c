/* Word error rate: what counts as the same word, and which edits are counted. */
#include "wer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static void check_normal(const char *string, const char *expected)
{
    struct text out = {0};
    wer_normalize(&out, string);
    assert_false(out.failed);
    assert_string_equal(out.data, expected);
    text_free(&out);
}

static void normalizes_english(void **state)
{
    (void)state;
    check_normal("", "");
    check_normal(" \t\n ", "");
    check_normal("-- --", "");
    check_normal("Don't re-enter, Mr. O'Neil!", "dont re enter mr oneil");
    check_normal("  ENTER nine  916 ", "enter nine 916");
    check_normal("and/or (maybe) \"so\"; yes: 3.5%", "and or maybe so yes 35");
}

static void normalizes_utf8(void **state)
{
    (void)state;
    check_normal("Don\xe2\x80\x99t \xe2\x80\x9cgo\xe2\x80\x9d \xe2\x80\x94 now\xe2\x80\xa6", "dont go now");
    check_normal("\xc3\x89T\xc3\x89 \xc3\x97 \xc5\xbbUR \xc5\x81\xc3\xb3"
                 "d\xc5\xba",
                 "\xc3\xa9t\xc3\xa9 \xc3\x97 \xc5\xbcur \xc5\x82\xc3\xb3"
                 "d\xc5\xba");
    check_normal("\xce\x91\xce\xa9 \xd0\x90\xd0\xaf\xd0\x81", "\xce\xb1\xcf\x89 \xd0\xb0\xd1\x8f\xd1\x91");
    check_normal("a\xc2\xa0"
                 "b\xe3\x80\x80"
                 "c\xe2\x80\x93"
                 "d",
                 "a b c d");
    check_normal("bad \xff\xc3", "bad \xef\xbf\xbd\xef\xbf\xbd"); /* damaged bytes stay visible as errors */
}

static void check_edits(const char *reference, const char *hypothesis, size_t substitutions, size_t deletions,
                        size_t insertions)
{
    struct wer wer;
    assert_int_equal(wer_count(reference, hypothesis, &wer), 0);
    assert_int_equal(wer.substitutions, substitutions);
    assert_int_equal(wer.deletions, deletions);
    assert_int_equal(wer.insertions, insertions);
    assert_int_equal(wer_errors(&wer), substitutions + deletions + insertions);
}

static void counts_edits(void **state)
{
    (void)state;
    check_edits("", "", 0, 0, 0);
    check_edits("a b c", "a b c", 0, 0, 0);
    check_edits("", "x y", 0, 0, 2);
    check_edits("x y", "", 0, 2, 0);
    check_edits("a b c", "a c", 0, 1, 0);
    check_edits("a c", "a b c", 0, 0, 1);
    check_edits("a b c", "a x c", 1, 0, 0);
    check_edits("a b", "b a", 2, 0, 0); /* as cheap as one deletion and one insertion; substitutions win */
    check_edits("the cat sat on the mat", "the cat sat the mat again", 0, 1, 1);
    check_edits("one two", "onetwo", 1, 1, 0); /* a word that begins like another is another */
}

static void says_percent(void **state)
{
    (void)state;
    struct wer wer = {8, 1, 1, 0};
    assert_true(fabs(wer_percent(&wer) - 25.0) < 1e-12);
    wer.words = 0;
    assert_true(isnan(wer_percent(&wer)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(normalizes_english),
        cmocka_unit_test(normalizes_utf8),
        cmocka_unit_test(counts_edits),
        cmocka_unit_test(says_percent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
