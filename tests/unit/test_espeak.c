/* test_espeak.c - phones of other languages, where espeak-ng is installed. */
#include "decoder/spoken/espeak.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <locale.h>

static void expect(const char *language, const char *text, const char *ipa)
{
    struct text out = {0};
    struct fault fault = {0};
    if (espeak_ipa(text, strlen(text), language, &out, &fault))
        fail_msg("%s", fault.message);
    if (out.length != strlen(ipa) || (out.length && memcmp(out.bytes, ipa, out.length) != 0))
        fail_msg("%s: %.*s, expected %s", text, (int)out.length, out.bytes, ipa);
    text_free(&out);
}

/* The first to call: the library begins with it. */
static void test_locale(void **state)
{
    (void)state;
    char before[64];
    snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
    if (!espeak_is_there())
        skip();
    assert_string_equal(setlocale(LC_ALL, NULL), before);
    expect("pl", "ŁÓDŹ", "wˈutɕ");
    assert_string_equal(setlocale(LC_ALL, NULL), before);
}

static void test_languages(void **state)
{
    (void)state;
    if (!espeak_is_there()) {
        printf("espeak-ng is not installed\n");
        skip();
    }
    expect("en-us", "Hello, world!", "həlˈoʊ, wˈɜːld!");
    expect("en-us", "  Hello...  world  ", "həlˈoʊ... wˈɜːld");
    expect("en-us", "3.5", "θɹˈiː pɔɪnt fˈaɪv");
    expect("en-us", "", "");
    expect("en-us", "!?", "!?");
    expect("de", "Guten Tag. Straße", "ɡˈuːtən tˈɑːk. ʃtɾˈɑːsə");
    struct text out = {0};
    struct fault fault = {0};
    assert_int_equal(espeak_ipa("x", 1, "klingonese", &out, &fault), UTTER_ERROR_UNSUPPORTED);
    assert_string_equal(fault.message, "espeak-ng knows no language 'klingonese'");
    fault_clear(&fault);
    assert_int_equal(espeak_ipa("a\0b \xFF\xFE", 6, "en-us", &out, &fault), 0);
    assert_true(out.length > 0);
    text_free(&out);
}

static void test_not_there(void **state)
{
    (void)state;
    if (espeak_is_there())
        skip();
    struct text out = {0};
    struct fault fault = {0};
    assert_int_equal(espeak_ipa("x", 1, "de", &out, &fault), UTTER_ERROR_UNSUPPORTED);
    assert_non_null(strstr(fault.message, "is not installed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_locale), cmocka_unit_test(test_languages),
                                       cmocka_unit_test(test_not_there)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
