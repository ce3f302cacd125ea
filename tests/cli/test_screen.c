/* test_screen.c - the row is never wider than it may be, and shows the end of what does not fit. */
#include "screen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void check(const char *label, const char *certain, const char *tentative, size_t width, const char *wanted)
{
    struct text out = {0};
    size_t columns = screen_compose(&out, label, certain, tentative, width, false);
    assert_string_equal(out.data ? out.data : "", wanted);
    assert_int_equal(columns, text_columns(wanted));
    text_free(&out);
}

static void test_fits_or_tail(void **state)
{
    (void)state;
    check("", "good morning", "please", 40, "good morning please");
    check("[1] ", "good", "", 40, "[1] good");
    check("", "", "maybe", 40, "maybe");
    check("", "good morning", "please", 19, "good morning please");
    check("", "good morning", "please", 18, "…od morning please");
    check("", "good morning", "please", 7, "…please");
    check("", "good morning", "please", 4, "…ase");
    check("", "good morning", "please", 1, "…");
    check("", "good morning", "please", 0, "");
    check("[1] ", "good morning", "please", 14, "[1] …ng please");
    check("[1] ", "good morning", "please", 10, "…ng please"); /* no room for a label */
}

static void test_wide_and_joined(void **state)
{
    (void)state;
    assert_int_equal(text_columns("漢字"), 4);
    assert_int_equal(text_columns("e\314\201te\314\201"), 3);
    check("", "漢字漢字", "", 8, "漢字漢字");
    check("", "漢字漢字", "", 7, "…字漢字");
    check("", "漢字漢字", "", 6, "…漢字");
    check("", "xe\314\201te\314\201", "", 3, "…te\314\201");
    check("", "xe\314\201te\314\201", "", 2, "…e\314\201");
}

static void test_never_wider(void **state)
{
    (void)state;
    static const char *const pieces[] = {"a", "word", " ", "é", "漢", "字", "e\314\201", "\360\237\230\200", "\377"};
    srand(1);
    for (int round = 0; round < 20000; round++) {
        struct text certain = {0}, tentative = {0}, out = {0};
        size_t width = (size_t)rand() % 60;
        text_add(&certain, "");
        text_add(&tentative, "");
        for (int i = rand() % 20; i > 0; i--)
            text_add_line(&certain, pieces[rand() % 9]);
        for (int i = rand() % 20; i > 0; i--)
            text_add_line(&tentative, pieces[rand() % 9]);
        size_t columns = screen_compose(&out, round % 3 ? "" : "[1] ", certain.data, tentative.data, width, false);
        assert_true(columns <= width);
        assert_int_equal(columns, text_columns(out.data ? out.data : ""));
        text_free(&certain);
        text_free(&tentative);
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fits_or_tail),
        cmocka_unit_test(test_wide_and_joined),
        cmocka_unit_test(test_never_wider),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
