/* test_written.c - spoken words to written text: a table of cases, what the reader of texts says written again, and
 * what words that were joined keep of their own. */
#include "written_say.h"

#include "src/base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct written_params numbers = {.numbers = true};

/* ---- the table ---- */

/* tests/golden/written/cases.tsv: what is said, a tab, what is written. */
static void test_cases(void **state)
{
    (void)state;
    FILE *file = fopen(TEST_DATA "/golden/written/cases.tsv", "r");
    char line[512];
    size_t cases = 0, wrong = 0;
    struct text out = {0};
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        struct fault fault = {0};
        line[strcspn(line, "\n")] = 0;
        char *expected = strchr(line, '\t');
        if (!expected)
            continue;
        *expected++ = 0;
        assert_int_equal(write_text(line, NULL, &numbers, &out, &fault), 0);
        cases++;
        if (strcmp(out.bytes, expected) == 0)
            continue;
        print_error("%s\n  expected: %s\n  written:  %s\n", line, expected, out.bytes);
        wrong++;
    }
    fclose(file);
    text_free(&out);
    assert_true(cases > 300);
    assert_int_equal(wrong, 0);
}

/* Off, nothing changes. */
static void test_off(void **state)
{
    (void)state;
    const struct written_params off = {0};
    struct fault fault = {0};
    struct text out = {0};
    const char *words = "twenty six dollars at three p.m. f b i (fuck) march first";
    assert_int_equal(write_text(words, NULL, &off, &out, &fault), 0);
    assert_string_equal(out.bytes, words);
    text_free(&out);
}

/* ---- there and back ---- */

enum { SEEDS = 3000 };

static uint32_t draw(uint64_t *at, uint32_t below)
{
    uint32_t block[4];
    random_block(7, 1, (*at)++, block);
    return block[0] % below;
}

static void put_thousands(char *out, size_t size, unsigned long value)
{
    if (value >= 1000000)
        snprintf(out, size, "%lu,%03lu,%03lu", value / 1000000, value / 1000 % 1000, value % 1000);
    else if (value >= 1000)
        snprintf(out, size, "%lu,%03lu", value / 1000, value % 1000);
    else
        snprintf(out, size, "%lu", value);
}

static const char *const months[] = {"January", "February", "March",     "April",   "May",      "June",
                                     "July",    "August",   "September", "October", "November", "December"};

static void make_cardinal(uint64_t *at, char *out, size_t size)
{
    static const uint32_t limits[] = {90, 900, 9000, 90000, 900000, 90000000};
    unsigned long value = 10 + draw(at, limits[draw(at, 6)]);
    put_thousands(out, size, value % 1000000 ? value : value + 1);
}

static void make_decimal(uint64_t *at, char *out, size_t size)
{
    char whole[32];
    put_thousands(whole, sizeof whole, draw(at, 3000));
    snprintf(out, size, "%s.%u%u", whole, draw(at, 10), draw(at, 10));
}

static void make_ordinal(uint64_t *at, char *out, size_t size)
{
    static const char *const endings[] = {"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"};
    const unsigned value = 10 + draw(at, 190);
    snprintf(out, size, "%u%s", value, value % 100 / 10 == 1 ? "th" : endings[value % 10]);
}

static void make_money(uint64_t *at, char *out, size_t size)
{
    static const char *const signs[] = {"$", "\xE2\x82\xAC"};
    char whole[32];
    const char *sign = signs[draw(at, 2)];
    put_thousands(whole, sizeof whole, 1 + draw(at, 2) * 1000 + draw(at, 50000));
    switch (draw(at, 3)) {
    case 0:
        snprintf(out, size, "%s%s", sign, whole);
        break;
    case 1:
        snprintf(out, size, "%s%s.%02u", sign, whole, 1 + draw(at, 99));
        break;
    default:
        snprintf(out, size, "%s%u.%u million", sign, 1 + draw(at, 900), 1 + draw(at, 9));
    }
}

static void make_percent(uint64_t *at, char *out, size_t size)
{
    if (draw(at, 2))
        snprintf(out, size, "%u%%", draw(at, 200));
    else
        snprintf(out, size, "%u.%u%%", draw(at, 200), draw(at, 10));
}

static void make_date(uint64_t *at, char *out, size_t size)
{
    snprintf(out, size, "%s %u, %u", months[draw(at, 12)], 1 + draw(at, 31), 1100 + draw(at, 1000));
}

static void make_day_of(uint64_t *at, char *out, size_t size)
{
    static const char *const endings[] = {"th", "st", "nd", "rd", "th", "th", "th", "th", "th", "th"};
    const unsigned day = 1 + draw(at, 31);
    snprintf(out, size, "the %u%s of %s %u", day, day / 10 == 1 ? "th" : endings[day % 10], months[draw(at, 12)],
             1100 + draw(at, 1000));
}

static void make_year(uint64_t *at, char *out, size_t size)
{
    snprintf(out, size, "in %u", 1100 + draw(at, 1000));
}

static void make_decade(uint64_t *at, char *out, size_t size)
{
    snprintf(out, size, "the %u%us", 11 + draw(at, 9), 20 + 10 * draw(at, 8));
}

static void make_time(uint64_t *at, char *out, size_t size)
{
    const unsigned hour = 1 + draw(at, 12), minute = draw(at, 60);
    const char *half = draw(at, 2) ? "a.m." : "p.m.";
    if (minute)
        snprintf(out, size, "%u:%02u %s", hour, minute, half);
    else
        snprintf(out, size, "%u %s", hour, half);
}

static void make_telephone(uint64_t *at, char *out, size_t size)
{
    static const char *const before[] = {"", "1-", "+1 "};
    snprintf(out, size, "%s%u%02u-%u%02u-%04u", before[draw(at, 3)], 2 + draw(at, 8), draw(at, 100), 2 + draw(at, 8),
             draw(at, 100), draw(at, 10000));
}

static void make_unit(uint64_t *at, char *out, size_t size)
{
    static const char *const units[] = {" km",
                                        " kg",
                                        " cm",
                                        " mph",
                                        " km/h",
                                        " GB",
                                        " MHz",
                                        "\xC2\xB0"
                                        "C",
                                        "\xC2\xB0"
                                        "F",
                                        " mm",
                                        " kWh"};
    char whole[32];
    put_thousands(whole, sizeof whole, 2 + draw(at, 2000));
    snprintf(out, size, "%s%s%s", draw(at, 5) ? "" : "-", whole, units[draw(at, 11)]);
}

static void make_address(uint64_t *at, char *out, size_t size)
{
    static const char *const names[] = {"john", "mary", "smith", "jones", "sales", "info", "support"};
    static const char *const hosts[] = {"example", "mail", "company", "university", "garden"};
    static const char *const tops[] = {"com", "org", "net", "edu"};
    if (draw(at, 2))
        snprintf(out, size, "%s.%s@%s.%s", names[draw(at, 7)], names[draw(at, 7)], hosts[draw(at, 5)],
                 tops[draw(at, 4)]);
    else
        snprintf(out, size, "%s_%s@%s.%s.%s", names[draw(at, 7)], names[draw(at, 7)], hosts[draw(at, 5)],
                 hosts[draw(at, 5)], tops[draw(at, 4)]);
}

static void make_letters(uint64_t *at, char *out, size_t size)
{
    static const char *const names[] = {"FBI", "IBM", "UK", "TV", "CPU", "USB", "BBC"};
    snprintf(out, size, "the %s", names[draw(at, 7)]);
}

/* Random texts of a kind in the form that is written here come back from what the reader says of them. */
static void test_there_and_back(void **state)
{
    (void)state;
    static void (*const kinds[])(uint64_t * at, char *out, size_t size) = {
        make_cardinal, make_decimal, make_ordinal, make_money,     make_percent, make_date,    make_day_of,
        make_year,     make_decade,  make_time,    make_telephone, make_unit,    make_address, make_letters};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    const struct spoken_options options = {.prosody = {.rate = 1.0f}};
    struct spoken_reader *reader = NULL;
    struct text said = {0}, written = {0};
    struct fault fault = {0};
    uint64_t at = 0;
    size_t wrong = 0;
    assert_int_equal(spoken_reader_open(&reader, &options, &fault), 0);
    for (size_t i = 0; i < SEEDS; i++) {
        char text[128], sentence[160];
        kinds[i % KINDS](&at, text, sizeof text);
        snprintf(sentence, sizeof sentence, "it was %s here", text);
        assert_int_equal(say_words(reader, sentence, &said, &fault), 0);
        assert_int_equal(write_text(said.bytes, NULL, &numbers, &written, &fault), 0);
        if (strcmp(written.bytes, sentence) == 0 || ++wrong > 40)
            continue;
        print_error("%s\n  said:    %s\n  written: %s\n", sentence, said.bytes, written.bytes);
    }
    text_free(&said);
    text_free(&written);
    spoken_reader_close(&reader);
    assert_int_equal(wrong, 0);
}

/* ---- what words keep ---- */

struct kept {
    struct heard_list heard;
    struct written written;
};

static void write_list(struct kept *kept, const struct word *words, size_t count, const struct redaction *redactions,
                       size_t redaction_count)
{
    struct fault fault = {0};
    assert_int_equal(heard_read(&kept->heard, words, count, &fault), 0);
    assert_int_equal(
        write_words(words, count, &kept->heard, redactions, redaction_count, &numbers, &kept->written, &fault), 0);
}

static void free_kept(struct kept *kept)
{
    written_free(&kept->written);
    heard_free(&kept->heard);
}

static void test_times(void **state)
{
    (void)state;
    char text[] = "it was a hundred and five dollars and twenty cents on march twenty first twenty twenty six";
    struct word words[32];
    struct kept kept;
    const size_t count = split_words(text, 3.0, words, 32);
    words[2].confidence = 0.9f;
    write_list(&kept, words, count, NULL, 0);
    const struct word_list *list = &kept.written.words;
    assert_int_equal(list->count, 7); /* it was $105.20 on March 21, 2026 */
    assert_string_equal(list->words[2].text, "$105.20");
    assert_true(list->words[2].start == words[2].start && list->words[2].end == words[9].end);
    assert_true(list->words[2].confidence > 0.5f && list->words[2].confidence < 0.9f);
    assert_int_equal(kept.written.sources[2], 2);
    assert_int_equal(kept.written.sources[3], 10);
    assert_string_equal(list->words[5].text, "21,");
    assert_true(list->words[5].start == words[12].start && list->words[5].end == words[13].end);
    assert_true(list->words[0].confidence == 0.5f);
    free_kept(&kept);
}

static void test_sources_cover(void **state)
{
    (void)state;
    char text[] = "call four one one one now at twenty-six thirty three p m";
    struct word words[32];
    struct kept kept;
    const struct redaction redactions[] = {{REDACT_CARD, 1, 5}};
    const size_t count = split_words(text, 0.0, words, 32);
    write_list(&kept, words, count, redactions, 1);
    const struct written *w = &kept.written;
    assert_string_equal(w->words.words[1].text, "[CARD]");
    assert_true(w->words.words[1].start == words[1].start && w->words.words[1].end == words[4].end);
    assert_int_equal(w->sources[0], 0);
    for (size_t i = 0; i < w->words.count; i++)
        assert_true(w->sources[i] < w->sources[i + 1]);
    assert_int_equal(w->sources[w->words.count], count);
    free_kept(&kept);
}

static void test_nothing(void **state)
{
    (void)state;
    struct word none = {.text = ""};
    char marks[] = "...";
    struct word mark = {.text = marks};
    struct kept kept;
    write_list(&kept, &none, 0, NULL, 0);
    assert_int_equal(kept.written.words.count, 0);
    free_kept(&kept);
    write_list(&kept, &mark, 1, NULL, 0);
    assert_string_equal(kept.written.words.words[0].text, "...");
    free_kept(&kept);
}

/* ---- masks ---- */

static void check_masked(const struct mask *mask, const char *words, const char *expected)
{
    const struct written_params params = {.mask = mask};
    struct fault fault = {0};
    struct text out = {0};
    assert_int_equal(write_text(words, NULL, &params, &out, &fault), 0);
    assert_string_equal(out.bytes, expected);
    text_free(&out);
}

static void test_mask(void **state)
{
    (void)state;
    struct mask *mask = NULL;
    struct fault fault = {0};
    assert_int_equal(mask_open(&mask, NULL, 0, "", &fault), 0);
    check_masked(mask, "what the fuck is this Fucking shit, you motherfuckers!",
                 "what the f*** is this F****** s***, you m************!");
    check_masked(mask, "shitting bitches bullshit's pissed-off whoring",
                 "s******* b****** b********* p*****-off w******");
    const char *clean = "scunthorpe passes classes assassins cockpit titles shiitake cumin spicy passing assess Essex "
                        "analysis cocktail arsenal therapist";
    check_masked(mask, clean, clean);
    mask_close(&mask);
}

static void test_mask_file(void **state)
{
    (void)state;
    static const char file[] = "# ours\n\n  Frak # comment\nfrak\r\nsm\xC3\xB8rre*\n";
    static const struct {
        const char *bytes, *fault;
    } broken[] = {
        {"ok\nbad word\n", "line 2 has several words"},
        {"\xFF\n", "line 1 is no UTF-8"},
        {"*\n", "line 1 has a word of 0 bytes"},
        {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "line 1 has a word of"}};
    struct mask *mask = NULL;
    struct fault fault = {0};
    assert_int_equal(mask_open(&mask, file, sizeof file - 1, "list", &fault), 0);
    check_masked(mask,
                 "oh frak fraking frakly SM\xC3\xB8rrebr\xC3\xB8"
                 "d fuck",
                 "oh f*** f****** frakly S********* fuck");
    mask_close(&mask);
    assert_int_equal(mask_open(&mask, "", 0, "list", &fault), 0);
    check_masked(mask, "fuck", "fuck");
    mask_close(&mask);
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        fault = (struct fault){0};
        assert_int_equal(mask_open(&mask, broken[i].bytes, strlen(broken[i].bytes), "list", &fault),
                         UTTER_ERROR_ARGUMENT);
        assert_null(mask);
        assert_non_null(strstr(fault.message, broken[i].fault));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_off),           cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_times), cmocka_unit_test(test_sources_cover), cmocka_unit_test(test_nothing),
        cmocka_unit_test(test_mask),  cmocka_unit_test(test_mask_file),
    };
    return cmocka_run_group_tests_name("written", tests, NULL, NULL);
}
