/* test_phones.c - phones by name and number, and to and from the International Phonetic Alphabet. */
#include "decoder/spoken/ipa.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_names(void **state)
{
    (void)state;
    for (unsigned phone = 0; phone < PHONE_COUNT; phone++) {
        const char *name = phone_name((unsigned char)phone);
        assert_int_equal(phone_find(name, strlen(name)), phone);
        assert_int_equal(phone_is_vowel((unsigned char)phone), name[strlen(name) - 1] <= '2');
    }
    assert_int_equal(phone_find("AE", 2), phone_find("AE0", 3));
    assert_int_equal(phone_stress(phone_find("OY2", 3)), 2);
    assert_int_equal(phone_stress(phone_find("ZH", 2)), -1);
    assert_string_equal(phone_name(phone_stressed(phone_find("IH0", 3), 1)), "IH1");
    assert_null(phone_name(PHONE_COUNT));
    static const char *const none[] = {"", "A", "AE3", "QQ", "K1", "ae", "AE10"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        assert_int_equal(phone_find(none[i], strlen(none[i])), PHONE_NONE);
}

static void names_of(const struct phones *phones, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < phones->count; i++)
        at += (size_t)snprintf(out + at, size - at, "%s%s", i ? " " : "", phone_name(phones->ids[i]));
}

static void expect_read(const char *text, const char *names)
{
    struct phones phones = {0};
    struct fault fault = {0};
    char out[256];
    if (phones_read(text, strlen(text), &phones, &fault))
        fail_msg("%s: %s", text, fault.message);
    names_of(&phones, out, sizeof out);
    if (strcmp(out, names) != 0)
        fail_msg("%s: %s, expected %s", text, out, names);
    phones_free(&phones);
}

static void test_read(void **state)
{
    (void)state;
    expect_read("K AE1 T", "K AE1 T");
    expect_read(" K  AE\tT ", "K AE1 T");    /* without digits one vowel bears the stress */
    expect_read("AH B AW T", "AH0 B AW1 T"); /* not the reduced one */
    expect_read("AH0 N D", "AH0 N D");       /* as it was given */
    expect_read("həlˈoʊ", "HH AH0 L OW1");   /* espeak-ng's */
    expect_read("/həˈloʊ/", "HH AH0 L OW1"); /* a dictionary's: the mark before the syllable */
    expect_read("[ˌɪntɚˈnæʃənəl]", "IH2 N T ER0 N AE1 SH AH0 N AH0 L");
    expect_read("t͡ʃɝt͡ʃ", "CH ER1 CH");
    expect_read("dʒʌdʒ", "JH AH1 JH");
    expect_read("ˈwɔːɾɚ", "W AO1 T ER0");
    expect_read("kˈɑːɹ", "K AA1 R");
    expect_read("nˈɪə", "N IH1 R");
    expect_read("ˈbʌtn̩", "B AH1 T AH0 N");
    expect_read("fɔːɹ", "F AO1 R");
    expect_read("pʰaɪ", "P AY1");
    expect_read("ʍɪtʃ", "HH W IH1 CH");
}

static void expect_refused(const char *text, const char *part)
{
    struct phones phones = {0};
    struct fault fault = {0};
    assert_int_equal(phones_read(text, strlen(text), &phones, &fault), UTTER_ERROR_ARGUMENT);
    if (!strstr(fault.message, part))
        fail_msg("%s: %s", text, fault.message);
    phones_free(&phones);
}

static void test_refused(void **state)
{
    (void)state;
    expect_refused("kæ7", "'7' (U+0037)");
    expect_refused("k語", "'語' (U+8A9E)");
    expect_refused("k\xFF", "no UTF-8");
    expect_refused("", "no phones");
    expect_refused("//", "no phones");
    struct phones phones = {0};
    struct fault fault = {0};
    assert_int_equal(arpabet_read("K AX T", 6, &phones, &fault), UTTER_ERROR_ARGUMENT);
    assert_string_equal(fault.message, "'AX' is no phone");
    phones_free(&phones);
}

static void expect_written(const char *names, const char *ipa)
{
    struct phones phones = {0};
    struct text out = {0};
    assert_int_equal(arpabet_read(names, strlen(names), &phones, NULL), 0);
    ipa_write(phones.ids, phones.count, &out);
    if (out.length != strlen(ipa) || memcmp(out.bytes, ipa, out.length) != 0)
        fail_msg("%s: %.*s, expected %s", names, (int)out.length, out.bytes, ipa);
    text_free(&out);
    phones_free(&phones);
}

/* As `espeak-ng -q --ipa -v en-us` writes these words. */
static void test_written(void **state)
{
    (void)state;
    expect_written("HH AH0 L OW1", "həlˈoʊ");
    expect_written("W ER1 L D", "wˈɜːld");
    expect_written("W AO1 T ER0", "wˈɔːɾɚ");
    expect_written("HH AE1 P IY0", "hˈæpi");
    expect_written("V IH1 Z IH0 T IH0 D", "vˈɪzɪɾᵻd");
    expect_written("B EH1 T ER0", "bˈɛɾɚ");
    expect_written("B AA1 T AH0 L", "bˈɑːɾəl");
    expect_written("F AO1 R", "fˈoːɹ");
    expect_written("T UH1 R", "tˈʊɹ");
    expect_written("N IH1 R", "nˈɪɹ");
    expect_written("K R IY0 EY1 T", "kɹiːˈeɪt");
    expect_written("AH0 B AW1 T", "ɐbˈaʊt");
    expect_written("JH AH1 JH", "dʒˈʌdʒ");
    expect_written("K Y UH1 R IY0 AH0 S", "kjˈʊɹiəs");
}

/* What is written is read again as the same phones, but for stress that a reader cannot tell and taps. */
static void test_round(void **state)
{
    (void)state;
    struct fault fault = {0};
    for (unsigned phone = 0; phone < PHONE_COUNT; phone++) {
        unsigned char whole[] = {phone_find("B", 1), (unsigned char)phone, phone_find("AE1", 3)};
        struct phones phones = {0};
        struct text out = {0};
        ipa_write(whole, 3, &out);
        assert_int_equal(ipa_read(out.bytes, out.length, &phones, &fault), 0);
        assert_int_equal(phones.count, 3);
        assert_memory_equal(phones.ids, whole, 3);
        text_free(&out);
        phones_free(&phones);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_read),
                                       cmocka_unit_test(test_refused), cmocka_unit_test(test_written),
                                       cmocka_unit_test(test_round)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
