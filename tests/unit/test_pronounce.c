/* test_pronounce.c - sentences to phones with the lexicon that ships: weak words, heteronyms, letters, endings, what is
 * given, and what is not to be said. */
#include "decoder/spoken/pronounce.h"

#include "decoder/spoken/heteronyms.h"
#include "src/base/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "spoken_words.h"

#define LEXICON SOURCE_DIR "/models/default/lexicon/en.bin"

static struct pronouncer *open_pronouncer(const char *user)
{
    struct pronouncer *p = NULL;
    struct fault fault = {0};
    if (pronouncer_open(&p, LEXICON, user, &fault))
        fail_msg("%s", fault.message);
    return p;
}

/* The phones of all items, " | " between items. */
static void write_out(const struct pronunciation *said, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < said->item_count; i++) {
        at += (size_t)snprintf(out + at, size - at, "%s", i ? " |" : "");
        for (size_t k = 0; k < said->items[i].count; k++)
            at += (size_t)snprintf(out + at, size - at, "%s%s", at ? " " : "",
                                   phone_name(said->phones[said->items[i].first + k]));
    }
}

static void expect(const struct pronouncer *p, const char *text, const char *phones)
{
    struct spoken_words words;
    struct pronunciation said = {0};
    struct fault fault = {0};
    char out[4096];
    if (pronounce(p, spoken_words(&words, text), &said, &fault))
        fail_msg("%s: %s", text, fault.message);
    write_out(&said, out, sizeof out);
    if (strcmp(out, phones) != 0)
        fail_msg("%s: %s, expected %s", text, out, phones);
    pronunciation_free(&said);
}

static void test_sentences(void **state)
{
    struct pronouncer *p = *state;
    expect(p, "hello world", "HH AH0 L OW1 | W ER1 L D");
    expect(p, "the apple, the pear", "DH IY0 | AE1 P AH0 L | DH AH0 | P EH1 R");
    expect(p, "a cat and an owl", "AH0 | K AE1 T | AH0 N D | AH0 N | AW1 L");
    expect(p, "to eat to go where to", "T UW1 | IY1 T | T AH0 | G OW1 | W EH1 R | T UW1");
    expect(p, "B B C", "B IY1 | B IY1 | S IY1");
    expect(p, "A a", "EY1 | AH0");
    expect(p, "kqb", "K EY1 K Y UW1 B IY1"); /* no word is said so */
    expect(p, "W", "D AH1 B AH0 L Y UW0");
    expect(p, "", "");
}

static void test_endings(void **state)
{
    struct pronouncer *p = *state;
    expect(p, "blogs", "B L AO1 G Z");
    expect(p, "laptop's laptops'", "L AE1 P T AA2 P S | L AE1 P T AA2 P S");
    expect(p, "unfollowed", "AH0 N F AA1 L OW0 D");
    expect(p, "blogged", "B L AO1 G D");
    expect(p, "happily ungratefully", "HH AE1 P AH0 L IY0 | AH0 N G R EY1 T F AH0 L IY0");
    expect(p, "straggling joggin' hissed", "S T R AE1 G L IH0 NG | JH AA1 G IH0 N | HH IH1 S T");
    expect(p, "vlogging reshelved", "V L AO1 G IH0 NG | R IY0 SH EH1 L V D");
    expect(p, "don't you'll they've i'm", "D OW1 N T | Y UW1 L | DH EY1 V | AY1 M");
    expect(p, "greenhousekeeper", "G R IY1 N HH AW2 S K IY2 P ER0");
    expect(p, "'hello'", "HH AH0 L OW1");
}

static void test_other_letters(void **state)
{
    struct pronouncer *p = *state;
    expect(p, "caf\xC3\xA9 CAF\xC3\x89", "K AH0 F EY1 | K AH0 F EY1");
    expect(p, "don\xE2\x80\x99t", "D OW1 N T");
    expect(p, "\xE4\xBD\xA0\xE5\xA5\xBD cat", " | K AE1 T"); /* no letter of English: no phones */
    expect(p, "12 ' \xFF\xFE", " | |");
}

static void test_given(void **state)
{
    struct pronouncer *p = *state;
    struct spoken_item items[] = {
        {.kind = SPOKEN_PHONES, .text = "x", .given = "K AE1 T"},
        {.kind = SPOKEN_BREAK, .pause = 1.0},
        {.kind = SPOKEN_PHONES, .text = "y", .given = "/t\xC9\x99m\xCB\x88\x65\xC9\xAAto\xCA\x8A/"}};
    struct spoken_sentence sentence = {.items = items, .count = 3};
    struct pronunciation said = {0};
    struct fault fault = {0};
    char out[256];
    assert_int_equal(pronounce(p, &sentence, &said, &fault), 0);
    write_out(&said, out, sizeof out);
    assert_string_equal(out, "K AE1 T | | T AH0 M EY1 T OW0");
    items[2].given = "K QQ T";
    assert_int_equal(pronounce(p, &sentence, &said, &fault), UTTER_ERROR_ARGUMENT);
    assert_int_equal(said.count, 0);
    assert_non_null(strstr(fault.message, "'QQ'"));
    pronunciation_free(&said);
}

static void test_long(void **state)
{
    struct pronouncer *p = *state;
    struct spoken_item item = {.kind = SPOKEN_WORD};
    struct spoken_sentence sentence = {.items = &item, .count = 1};
    struct pronunciation said = {0};
    struct fault fault = {0};
    char *text = malloc(1 << 20);
    assert_non_null(text);
    memset(text, 'x', 1 << 20);
    text[(1 << 20) - 1] = '\0';
    item.text = text;
    assert_int_equal(pronounce(p, &sentence, &said, &fault), 0);
    assert_true(said.count > 0 && said.count < 1000);
    pronunciation_free(&said);
    free(text);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs(text, file);
    assert_int_equal(fclose(file), 0);
}

static void test_user(void **state)
{
    (void)state;
    write_file("test_pronounce.txt", "Nguyen W IH1 N # a name\nthe DH IY1\nkgb K G B\n");
    struct pronouncer *p = open_pronouncer("test_pronounce.txt");
    expect(p, "nguyen nguyen's the kgb", "W IH1 N | W IH1 N Z | DH IY1 | K G B");
    pronouncer_close(&p);
    write_file("test_pronounce.txt", "one W AH1 N\ntwo T QW\n");
    struct fault fault = {0};
    assert_int_equal(pronouncer_open(&p, LEXICON, "test_pronounce.txt", &fault), UTTER_ERROR_ARGUMENT);
    assert_string_equal(fault.message, "test_pronounce.txt, line 2: 'QW' is no phone");
    remove("test_pronounce.txt");
    fault_clear(&fault);
    assert_int_equal(pronouncer_open(&p, LEXICON, "none.txt", &fault), UTTER_ERROR_IO);
    fault_clear(&fault);
    assert_int_equal(pronouncer_open(&p, "none.bin", NULL, &fault), UTTER_ERROR_IO);
    assert_null(p);
}

/* ---- heteronyms ---- */

static unsigned part_named(const char *name)
{
    static const char *const names[] = {"noun", "verb", "adjective", "past", "other"};
    for (unsigned i = 0; i < 5; i++)
        if (strcmp(names[i], name) == 0)
            return 1u << i;
    fail_msg("no part of speech: %s", name);
    return 0;
}

/* Whether the word's reading in the sentence is the one of the part. */
static bool is_right(const struct lexicon *lexicon, const char *part, const char *word, const char *text)
{
    struct spoken_words words;
    struct lexicon_entry entry;
    const struct spoken_sentence *s = spoken_words(&words, text);
    size_t at = 0;
    while (at < s->count && strcmp(s->items[at].text, word) != 0)
        at++;
    if (at == s->count || !lexicon_find(lexicon, word, strlen(word), &entry) || !entry.heteronym)
        fail_msg("%s: no heteronym of the sentence", word);
    bool right = heteronym_variant(&entry, s, at)->parts & part_named(part);
    if (!right)
        printf("wrong: %s as %s: %s\n", word, part, text);
    return right;
}

/* Counts of tests/golden/pronounce/heteronyms.tsv: right and all, of the lines that begin with group. */
static void count_heteronyms(const struct lexicon *lexicon, char group, int *right, int *all)
{
    char line[512], *fields[4];
    FILE *file = fopen(TEST_DATA "/golden/pronounce/heteronyms.tsv", "r");
    assert_non_null(file);
    *right = *all = 0;
    while (fgets(line, sizeof line, file)) {
        if (line[0] != group)
            continue;
        line[strcspn(line, "\n")] = '\0';
        for (int i = 0; i < 4; i++)
            fields[i] = strtok(i ? NULL : line, "\t");
        assert_non_null(fields[3]);
        *right += is_right(lexicon, fields[1], fields[2], fields[3]);
        ++*all;
    }
    fclose(file);
}

static void test_heteronyms(void **state)
{
    (void)state;
    struct mapping file;
    struct lexicon lexicon;
    struct fault fault = {0};
    int right, all;
    assert_int_equal(mapping_open(&file, LEXICON, &fault), 0);
    assert_int_equal(lexicon_open(&lexicon, file.data, file.size, LEXICON, &fault), 0);
    count_heteronyms(&lexicon, '+', &right, &all);
    printf("heteronyms that the rules were written beside: %d of %d\n", right, all);
    assert_true(all >= 90 && right * 100 >= all * 90);
    count_heteronyms(&lexicon, '-', &right, &all);
    printf("heteronyms kept apart: %d of %d\n", right, all);
    assert_true(all >= 90 && right * 100 >= all * 80);
    mapping_close(&file);
}

static int open_shared(void **state)
{
    *state = open_pronouncer(NULL);
    return 0;
}

static int close_shared(void **state)
{
    pronouncer_close((struct pronouncer **)state);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sentences),  cmocka_unit_test(test_endings), cmocka_unit_test(test_other_letters),
        cmocka_unit_test(test_given),      cmocka_unit_test(test_long),    cmocka_unit_test(test_user),
        cmocka_unit_test(test_heteronyms),
    };
    return cmocka_run_group_tests(tests, open_shared, close_shared);
}
