/* test_lexicon.c - words of compiled lexicons: a small one whose words are known, and the one that ships. */
#include "decoder/spoken/lexicon.h"

#include "src/base/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

struct opened {
    struct mapping file;
    struct lexicon lexicon;
};

static void open_lexicon(struct opened *o, const char *path)
{
    struct fault fault = {0};
    if (mapping_open(&o->file, path, &fault) ||
        lexicon_open(&o->lexicon, o->file.data, o->file.size, "lexicon", &fault))
        fail_msg("%s", fault.message);
}

static void expect(const struct lexicon *l, const char *word, int variant, const char *names)
{
    struct lexicon_entry entry;
    char out[256] = "";
    size_t at = 0;
    if (!lexicon_find(l, word, strlen(word), &entry))
        fail_msg("%s: not found", word);
    assert_true(variant < entry.count);
    for (size_t i = 0; i < entry.variants[variant].count; i++)
        at += (size_t)snprintf(out + at, sizeof out - at, "%s%s", i ? " " : "",
                               phone_name(entry.variants[variant].phones[i]));
    assert_string_equal(out, names);
}

static void expect_none(const struct lexicon *l, const char *word)
{
    struct lexicon_entry entry;
    assert_false(lexicon_find(l, word, strlen(word), &entry));
}

static void test_small(void **state)
{
    (void)state;
    struct opened o;
    struct lexicon_entry entry;
    open_lexicon(&o, TEST_DATA "/golden/pronounce/small.bin");
    expect(&o.lexicon, "a", 0, "AH0");
    expect(&o.lexicon, "abba", 0, "AE1 B AH0");
    expect(&o.lexicon, "baba", 1, "B AA0 B AA1");
    expect(&o.lexicon, "dad's", 0, "D AE1 D Z");
    expect(&o.lexicon, "gab", 0, "G AE1 B"); /* of the second block */
    expect(&o.lexicon, "w", 0, "D AH1 B AH0 L Y UW0");
    static const char *const none[] = {"",  "'",   "aa",   "abb", "abbas", "ba",       "x", "zzz",
                                       "A", "a b", "dads", "fa",  "w'",    "\xC3\xA9", "a1"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        expect_none(&o.lexicon, none[i]);
    assert_true(lexicon_find(&o.lexicon, "fab", 3, &entry));
    assert_true(entry.heteronym && !entry.common && entry.count == 2);
    assert_int_equal(entry.variants[0].parts, PART_NOUN | PART_DEFAULT);
    assert_int_equal(entry.variants[1].parts, PART_VERB);
    assert_true(lexicon_find(&o.lexicon, "cab", 3, &entry));
    assert_true(entry.common && !entry.heteronym);
    mapping_close(&o.file);
}

/* Every word, in order, is found again. */
static void expect_whole(const struct lexicon *l, uint32_t step)
{
    struct lexicon_entry at, found;
    char word[LEXICON_LETTERS + 1], before[LEXICON_LETTERS + 1] = "";
    for (uint32_t i = 0; i < l->words; i += step) {
        if (!lexicon_at(l, i, word, &at) || !lexicon_find(l, word, strlen(word), &found))
            fail_msg("word %u", (unsigned)i);
        assert_true(strcmp(before, word) < 0);
        assert_true(found.count == at.count && found.variants[0].count > 0);
        memcpy(before, word, sizeof before);
    }
    assert_false(lexicon_at(l, l->words, word, &at));
}

static void test_whole(void **state)
{
    (void)state;
    struct opened o;
    open_lexicon(&o, TEST_DATA "/golden/pronounce/small.bin");
    assert_int_equal(o.lexicon.words, 20);
    expect_whole(&o.lexicon, 1);
    mapping_close(&o.file);
    open_lexicon(&o, SOURCE_DIR "/models/default/lexicon/en.bin");
    assert_true(o.lexicon.words > 120000);
    expect_whole(&o.lexicon, 7);
    expect(&o.lexicon, "lexicon", 0, "L EH1 K S IH0 K AA2 N");
    expect(&o.lexicon, "record", 0, "R EH1 K ER0 D");
    expect(&o.lexicon, "record", 1, "R IH0 K AO1 R D");
    expect(&o.lexicon, "o'clock", 0, "AH0 K L AA1 K");
    expect_none(&o.lexicon, "xqzt");
    mapping_close(&o.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_small), cmocka_unit_test(test_whole)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
