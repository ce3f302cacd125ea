/* test_letter_to_sound.c - the network against PyTorch, and how many of the words that it never saw it says as the
 * lexicon has them. */
#include "decoder/spoken/letter_to_sound.h"

#include "decoder/spoken/lexicon.h"
#include "src/base/mapping.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <zlib.h>

struct opened {
    struct mapping file;
    struct lexicon lexicon;
    struct letter_to_sound network;
};

static void open_network(struct opened *o, const char *path)
{
    struct fault fault = {0};
    if (mapping_open(&o->file, path, &fault) ||
        lexicon_open(&o->lexicon, o->file.data, o->file.size, "lexicon", &fault) ||
        letter_to_sound_open(&o->network, o->lexicon.network, o->lexicon.network_size, "network", &fault))
        fail_msg("%s", fault.message);
}

static void say(const struct opened *o, const char *word, struct phones *phones)
{
    struct fault fault = {0};
    phones->count = 0;
    if (letter_to_sound(&o->network, word, strlen(word), phones, NULL, &fault))
        fail_msg("%s", fault.message);
}

/* Without the stress, which the library sees to. */
static void write_bare(const struct phones *phones, char *out, size_t size)
{
    size_t at = 0;
    out[0] = '\0';
    for (size_t i = 0; i < phones->count; i++) {
        const char *name = phone_name(phones->ids[i]);
        at += (size_t)snprintf(out + at, size - at, "%s%.*s", i ? " " : "",
                               (int)strlen(name) - phone_is_vowel(phones->ids[i]), name);
    }
}

static void without_digits(char *names)
{
    char *to = names;
    for (const char *from = names; *from; from++)
        if (*from < '0' || *from > '9')
            *to++ = *from;
    *to = '\0';
}

static void test_same_as_pytorch(void **state)
{
    (void)state;
    struct opened o;
    struct phones phones = {0};
    char line[512], out[512];
    int words = 0;
    open_network(&o, TEST_DATA "/golden/pronounce/small.bin");
    FILE *file = fopen(TEST_DATA "/golden/pronounce/small.tsv", "r");
    assert_non_null(file);
    for (; fgets(line, sizeof line, file); words++) {
        char *names = strchr(line, '\t');
        assert_non_null(names);
        *names++ = '\0';
        names[strcspn(names, "\n")] = '\0';
        without_digits(names);
        say(&o, line, &phones);
        write_bare(&phones, out, sizeof out);
        assert_string_equal(out, names);
    }
    assert_int_equal(words, 7);
    fclose(file);
    phones_free(&phones);
    mapping_close(&o.file);
}

static void test_other_words(void **state)
{
    (void)state;
    struct opened o;
    struct phones phones = {0};
    open_network(&o, SOURCE_DIR "/models/default/lexicon/en.bin");
    say(&o, "", &phones);
    assert_int_equal(phones.count, 0);
    say(&o, "12 \xFF", &phones);
    assert_int_equal(phones.count, 0);
    say(&o, "blorf12", &phones);
    size_t count = phones.count;
    say(&o, "blorf", &phones);
    assert_true(count > 3 && phones.count == count);
    char longest[101];
    memset(longest, 'o', 100);
    longest[100] = '\0';
    say(&o, longest, &phones); /* in pieces */
    phones_free(&phones);
    mapping_close(&o.file);
}

/* ---- words kept out of training ---- */

static bool same(const struct lexicon_variant *v, const struct phones *said, bool stress)
{
    if (v->count != said->count)
        return false;
    for (size_t i = 0; i < said->count; i++) {
        unsigned char a = v->phones[i], b = said->ids[i];
        if (stress ? a != b : phone_stressed(a, 0) != phone_stressed(b, 0))
            return false;
    }
    return true;
}

static bool is_right(const struct lexicon_entry *entry, const struct phones *said, bool stress)
{
    bool right = false;
    for (int i = 0; i < entry->count; i++)
        right |= same(&entry->variants[i], said, stress);
    return right;
}

/* One held-out word in eight; models/training/cmudict.py says which are held out. All of them: tests/perf. */
static void test_held_out(void **state)
{
    (void)state;
    struct opened o;
    struct phones phones = {0};
    struct lexicon_entry entry;
    char word[LEXICON_LETTERS + 1];
    int all = 0, wrong = 0, wrong_bare = 0, seen = 0;
    open_network(&o, SOURCE_DIR "/models/default/lexicon/en.bin");
    for (uint32_t i = 0; lexicon_at(&o.lexicon, i, word, &entry); i++) {
        if (crc32(0, (const unsigned char *)word, (unsigned)strlen(word)) % 10 != 0 || seen++ % 8 != 0)
            continue;
        say(&o, word, &phones);
        all++;
        wrong += !is_right(&entry, &phones, true);
        wrong_bare += !is_right(&entry, &phones, false);
    }
    printf("of %d words never seen: %.1f %% wrong, %.1f %% but for stress\n", all, 100.0 * wrong / all,
           100.0 * wrong_bare / all);
    assert_true(all > 1000);
    assert_true(wrong * 100 < all * 34 && wrong_bare * 100 < all * 28);
    phones_free(&phones);
    mapping_close(&o.file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_same_as_pytorch), cmocka_unit_test(test_other_words),
                                       cmocka_unit_test(test_held_out)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
