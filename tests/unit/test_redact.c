/* test_redact.c - which numbers of a transcript are found to be secret, and that any way to say one is. */
#include "written_say.h"

#include "src/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

enum { ALL = REDACT_CARD | REDACT_PHONE | REDACT_SSN };

static const struct written_params plain = {0};

struct redact_case {
    const char *words, *expected;
};

static void check_cases(const struct redact_setting *setting, const struct redact_case *cases, size_t count)
{
    struct text out = {0};
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct fault fault = {0};
        assert_int_equal(write_text(cases[i].words, setting, &plain, &out, &fault), 0);
        if (strcmp(out.bytes, cases[i].expected) == 0)
            continue;
        print_error("%s\n  expected: %s\n  found:    %s\n", cases[i].words, cases[i].expected, out.bytes);
        wrong++;
    }
    text_free(&out);
    assert_int_equal(wrong, 0);
}

#define CHECK(setting, cases) check_cases(setting, cases, sizeof(cases) / sizeof(cases)[0])

static void test_whole(void **state)
{
    (void)state;
    static const struct redact_setting setting = {.wanted = ALL};
    static const struct redact_case cases[] = {
        {"my card number is four one one one one one one one one one one one one one one one",
         "my card number is [CARD]"},
        {"four one one one uh one one one one okay one one one one and then one one one two", "[CARD]"},
        {"forty one eleven eleven eleven eleven eleven eleven eleven", "[CARD]"},
        {"four triple one double one double one triple one one triple one one", "[CARD]"},
        {"three seven eight two eight two two four six three one oh oh oh five thanks", "[CARD] thanks"},
        {"the visa is four two four two four two four two", "the visa is [CARD]"},
        {"My card is 4111 1111 1111 1111, thanks.", "My card is [CARD], thanks."},
        {"4111-1111-1111-1111", "[CARD]"},
        {"security code is one two three and it expires", "security code is [CARD] and it expires"},
        {"the c v v is nine eight seven", "the c v v is [CARD]"},
        {"call me at five five five oh one two three please", "call me at [PHONE] please"},
        {"the number is two one two five five five oh one eight six", "the number is [PHONE]"},
        {"plus four four two oh seven nine four six oh nine five eight", "[PHONE]"},
        {"five five five one for one to one two three", "[PHONE]"},
        {"five fifty five oh one two three four", "[PHONE]"},
        {"call fifty five fifty five twenty two eighty eight", "call [PHONE]"},
        {"Call 555-0199 or (212) 555-0186.", "Call [PHONE] or [PHONE]."},
        {"+44 20 7946 0958", "[PHONE]"},
        {"my social security number is one two three dash four five dash six seven eight nine thanks",
         "my social security number is [SSN] thanks"},
        {"my social ends in six seven eight nine", "my social ends in [SSN]"},
        {"My SSN is 123-45-6789.", "My SSN is [SSN]."},
        {"one two three four five six seven eight nine", "[SSN]"},
        {"my phone is one two three four five six seven eight nine", "my phone is [PHONE]"},
    };
    CHECK(&setting, cases);
}

/* A digit that was misheard leaves no others in the text. */
static void test_misheard(void **state)
{
    (void)state;
    static const struct redact_setting setting = {.wanted = ALL}, card = {.wanted = ALL, .context = REDACT_CARD};
    static const struct redact_case cases[] = {
        {"my card number is four one one one what the one one one one one one one one one one thank you",
         "my card number is [CARD] thank you"},
        {"my card is four one one one one look on one one what one one one one one one thank you",
         "my card is [CARD] thank you"},
        {"four one one one on one one one one one one one one one one one thank you", "[CARD] thank you"},
        {"five five five won two three four", "[PHONE]"},
        {"call five five five what one two three please", "call [PHONE] please"},
        {"my social is one two three fort five six seven eight nine", "my social is [SSN]"},
        {"five five five one two three four or five five five four three two one", "[PHONE] or [PHONE]"},
        {"five five five one two three four or phone five five", "[PHONE] or phone five five"},
        {"my card has one two three four and he has got one two three four five six of them",
         "my card has one two three four and he has got one two three four five six of them"},
        {"she took one two three or four five six or seven eight nine or one two three or four five six",
         "she took one two three or four five six or seven eight nine or one two three or four five six"},
        {"my card is four one one one two two two two and one more thing", "my card is [CARD] more thing"},
        {"my card is four one one one two two two two there is one", "my card is [CARD] there is one"},
    };
    static const struct redact_case near[] = {{"it is four one one one what one one one two", "it is [CARD]"}};
    CHECK(&setting, cases);
    CHECK(&card, near);
}

/* What is no such number. */
static void test_others(void **state)
{
    (void)state;
    static const struct redact_setting setting = {.wanted = ALL};
    static const char *const kept[] = {
        "count one two three four five",
        "the code is one two three four",
        "it was nineteen eighty four nineteen eighty five nineteen eighty six and nineteen eighty seven",
        "we paid two thousand three hundred forty five dollars to social security",
        "three hundred and forty five thousand six hundred and seventy eight",
        "one million two hundred thousand three hundred and five people",
        "i have two cats and one dog and three birds",
        "It cost 5,000,000 dollars in 1999-2001 on 2026-11-28 at 3.14159265.",
        "march twenty first nineteen eighty four",
        "three thirty p m to four fifteen p m",
        "",
    };
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const struct redact_case same = {kept[i], kept[i]};
        check_cases(&setting, &same, 1);
    }
}

static void test_wanted(void **state)
{
    (void)state;
    static const struct redact_setting cards = {.wanted = REDACT_CARD}, none = {0};
    static const struct redact_case only_cards[] = {
        {"call five five five oh one two three", "call five five five oh one two three"},
        {"four one one one one one one one one one one one one one one one", "[CARD]"},
    };
    static const struct redact_case nothing[] = {{"visa 4111 1111 1111 1111", "visa 4111 1111 1111 1111"}};
    CHECK(&cards, only_cards);
    CHECK(&none, nothing);
}

/* Where the text goes on, four digits may be the beginning of a number. */
static void test_edges(void **state)
{
    (void)state;
    static const struct redact_setting open = {.wanted = ALL, .open = true},
                                       goes_on = {.wanted = ALL, .before = {8, 0}},
                                       both = {.wanted = ALL, .before = {4, 0}, .open = true},
                                       card = {.wanted = ALL, .context = REDACT_CARD},
                                       cut = {ALL, REDACT_CARD, .before = {8, 1}},
                                       strict = {.wanted = ALL, .strict = true};
    static const struct redact_case growing[] = {
        {"it is four one one", "it is four one one"},
        {"it is four one one one", "it is [NUMBER]"},
        {"it is four one one one uh", "it is [NUMBER] uh"},
        {"four one one one is it then for you", "four one one one is it then for you"}};
    static const struct redact_case continued[] = {
        {"one one one one one thanks", "[CARD] thanks"},
        {"okay one one one one one", "okay [CARD]"},
        {"thank you so much that is one one one one", "thank you so much that is one one one one"}};
    static const struct redact_case misheard[] = {
        {"my card is four one one one what", "my card is [NUMBER] what"},
        {"my card is four one one one what does this mean", "my card is four one one one what does this mean"},
        {"four one one one what", "four one one one what"},
    };
    static const struct redact_case behind[] = {
        {"one one one what", "[CARD] what"},
        {"what one one one", "what [CARD]"},
        {"what the one one one", "what the one one one"},
        {"what one", "what one"},
    };
    static const struct redact_case middle[] = {{"one one one", "[PHONE]"}};
    static const struct redact_case near[] = {{"it is four one one one two two two two", "it is [CARD]"}};
    static const struct redact_case anywhere[] = {{"so one two three is it", "so [NUMBER] is it"}};
    CHECK(&open, growing);
    CHECK(&goes_on, continued);
    CHECK(&open, misheard);
    CHECK(&cut, behind);
    CHECK(&both, middle);
    CHECK(&card, near);
    CHECK(&strict, anywhere);
}

/* ---- any way to say one ---- */

static uint32_t draw(uint64_t *at, uint32_t below)
{
    uint32_t block[4];
    random_block(11, 1, (*at)++, block);
    return block[0] % below;
}

/* Digits as somebody says them: one by one, doubled, in pairs, with hesitations. */
static void speak(uint64_t *at, const char *digits, struct text *out)
{
    static const char *const fillers[] = {"uh", "dash", "okay", "and", "um"};
    const bool pairs = draw(at, 3) == 0;
    for (size_t i = 0; digits[i];) {
        const unsigned value = (unsigned)(digits[i] - '0'), next = digits[i + 1] ? (unsigned)(digits[i + 1] - '0') : 0;
        if (pairs && digits[i + 1] && value > 1 && i % 2 == 0) {
            text_add_string(out, number_tens[value]);
            text_add(out, " ", 1);
            if (next)
                text_add_string(out, number_small[next]);
            i += 2;
        } else if (digits[i + 1] == digits[i] && draw(at, 2)) {
            text_add_string(out, "double ");
            text_add_string(out, number_small[value]);
            i += 2;
        } else {
            text_add_string(out, value == 0 && draw(at, 2) ? "oh" : number_small[value]);
            i++;
        }
        text_add(out, " ", 1);
        if (draw(at, 6) == 0 && digits[i]) {
            text_add_string(out, fillers[draw(at, 5)]);
            text_add(out, " ", 1);
        }
    }
}

/* No digit of a card is left; and it is called one but where "forty one" may be three digits as well as two. */
static void test_any_card(void **state)
{
    (void)state;
    static const struct redact_setting setting = {.wanted = ALL};
    struct text words = {0}, out = {0};
    uint64_t at = 0;
    size_t wrong = 0, others = 0;
    for (int i = 0; i < 2000; i++) {
        char digits[20] = "";
        const size_t count = 13 + draw(&at, 7);
        struct fault fault = {0};
        for (size_t j = 0; j < count; j++)
            digits[j] = (char)('0' + draw(&at, 10));
        words.length = 0;
        text_add_string(&words, "well ");
        speak(&at, digits, &words);
        text_add_string(&words, "thanks");
        text_add(&words, "", 1);
        assert_int_equal(write_text(words.bytes, &setting, &plain, &out, &fault), 0);
        if (strcmp(out.bytes, "well [CARD] thanks") == 0)
            continue;
        others++;
        if (strcmp(out.bytes, "well [PHONE] thanks") == 0 || ++wrong > 5)
            continue;
        print_error("%s (%s)\n  found: %s\n", words.bytes, digits, out.bytes);
    }
    text_free(&words);
    text_free(&out);
    assert_int_equal(wrong, 0);
    assert_true(others < 20);
}

/* Digits said one by one, of which now and then one is another word, or two: none of the others is left. */
static void test_any_misheard_card(void **state)
{
    (void)state;
    static const struct redact_setting setting = {.wanted = ALL};
    static const char *const strangers[] = {"what", "on", "the one them", "look on", "whom", "by"};
    struct text words = {0}, out = {0};
    uint64_t at = 1000000;
    for (int i = 0; i < 1000; i++) {
        const size_t count = 13 + draw(&at, 7);
        size_t misheard = 2 + draw(&at, 3);
        struct fault fault = {0};
        words.length = 0;
        text_add_string(&words, "my card number is ");
        for (size_t j = 0; j < count; j++) {
            const bool stranger = j == misheard && j + 2 < count;
            text_add_string(&words, stranger ? strangers[draw(&at, 6)] : number_small[1 + draw(&at, 9)]);
            text_add(&words, " ", 1);
            misheard += stranger ? 3 + draw(&at, 4) : 0;
        }
        text_add_string(&words, "thank you");
        text_add(&words, "", 1);
        assert_int_equal(write_text(words.bytes, &setting, &plain, &out, &fault), 0);
        if (strcmp(out.bytes, "my card number is [CARD] thank you") != 0)
            fail_msg("%s\n  found: %s", words.bytes, out.bytes);
    }
    text_free(&words);
    text_free(&out);
}

/* How the words end, however they are cut up. */
static void test_tail(void **state)
{
    (void)state;
    static const struct {
        const char *words;
        struct redact_tail before, tail;
    } cases[] = {
        {"my card is four one one", {0, 0}, {3, 0}},
        {"my card is four one one what", {0, 0}, {3, 1}},
        {"my card is four one what a", {0, 0}, {2, 2}},
        {"my card is four one what a day", {0, 0}, {0, 0}},
        {"four one one what", {0, 0}, {0, 0}},
        {"what", {3, 1}, {3, 2}},
        {"what", {3, 2}, {0, 0}},
        {"uh", {3, 0}, {3, 0}},
        {"one one", {3, 0}, {5, 0}},
        {"my card one one", {3, 0}, {2, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const struct redact_setting setting = {.wanted = ALL, .before = cases[i].before, .open = true};
        struct redactions found;
        struct fault fault = {0};
        struct word words[8] = {{0}};
        struct heard_list heard;
        char text[64];
        size_t count = 0;
        snprintf(text, sizeof text, "%s", cases[i].words);
        for (char *at = strtok(text, " "); at; at = strtok(NULL, " "))
            words[count++].text = at;
        assert_int_equal(heard_read(&heard, words, count, &fault), 0);
        assert_int_equal(redact_find(&heard, &setting, &found, &fault), 0);
        if (found.tail.digits != cases[i].tail.digits || found.tail.apart != cases[i].tail.apart)
            fail_msg("%s: %zu digits, %zu other words behind", cases[i].words, found.tail.digits, found.tail.apart);
        redactions_free(&found);
        heard_free(&heard);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_whole),  cmocka_unit_test(test_misheard),
        cmocka_unit_test(test_tail),   cmocka_unit_test(test_any_misheard_card),
        cmocka_unit_test(test_others), cmocka_unit_test(test_wanted),
        cmocka_unit_test(test_edges),  cmocka_unit_test(test_any_card),
    };
    return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
