/* Two windows around a seam give each word once, whatever each of them made of it. */
#include "src/stitch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { WORDS = 64, TEXT = 16 };

static uint32_t state = 1;

static double uniform(double low, double high)
{
    state = state * 1664525u + 1013904223u;
    return low + (high - low) * ((double)(state >> 8) / 16777216.0);
}

struct speech {
    struct word words[WORDS];
    char texts[WORDS][TEXT];
    size_t count;
};

static void say(struct speech *speech, const char *text, double start, double end, float confidence)
{
    assert_true(speech->count < WORDS);
    snprintf(speech->texts[speech->count], TEXT, "%s", text);
    speech->words[speech->count] =
        (struct word){.text = speech->texts[speech->count], .start = start, .end = end, .confidence = confidence};
    speech->count++;
}

static struct word_list list_of(struct speech *speech)
{
    return (struct word_list){speech->words, speech->count};
}

/* What the words come to around the seam, separated by spaces. */
static void joined(char *out, size_t size, struct speech *left, struct speech *right, double at)
{
    struct word_list a = list_of(left), b = list_of(right);
    struct stitch s = stitch_words(&a, &b, at);
    assert_true(s.left_count <= left->count && s.right_first <= right->count);
    size_t length = 0;
    out[0] = 0;
    for (size_t i = 0; i < s.left_count; i++)
        length += (size_t)snprintf(out + length, size - length, "%s ", left->words[i].text);
    for (size_t i = s.right_first; i < right->count; i++)
        length += (size_t)snprintf(out + length, size - length, "%s ", right->words[i].text);
}

/* Both windows hear the words within the overlap, a little shifted; each mishears the one that its edge cuts. */
static void every_word_comes_once(void **unused)
{
    (void)unused;
    for (int round = 0; round < 2000; round++) {
        struct speech left = {0}, right = {0};
        char truth[1024] = "", heard[1024];
        double at = uniform(8, 12), right_from = at - 1.5, left_to = at + 1.5, t = 0;
        for (int i = 0; t < 20; i++) {
            char text[TEXT];
            snprintf(text, sizeof text, "w%d", (int)uniform(0, 6)); /* few, so that neighbours are often the same */
            double start = t + uniform(0.02, 0.1), end = start + uniform(0.2, 0.6);
            double shift = uniform(-0.08, 0.08);
            if (end < left_to)
                say(&left, text, start, end, 0.9f);
            else if (start < left_to)
                say(&left, "garbage", start, left_to, 0.3f);
            if (start > right_from)
                say(&right, text, start + shift, end + shift, 0.9f);
            else if (end > right_from)
                say(&right, "rubbish", right_from, end, 0.3f);
            strcat(strcat(truth, text), " ");
            t = end;
        }
        joined(heard, sizeof heard, &left, &right, at);
        assert_string_equal(heard, truth);
    }
}

/* The same sound read as two different words on both sides of the seam's middle stays one word. */
static void two_readings_of_one_word_are_one(void **unused)
{
    (void)unused;
    struct speech left = {0}, right = {0};
    char heard[256];
    say(&left, "before", 8.0, 8.4, 0.9f);
    say(&left, "wreck", 9.7, 10.2, 0.8f);
    say(&right, "recognise", 9.85, 10.3, 0.9f);
    say(&right, "after", 11.0, 11.4, 0.9f);
    joined(heard, sizeof heard, &left, &right, 10.0);
    assert_string_equal(heard, "before recognise after ");
    left.words[1].confidence = 0.95f;
    joined(heard, sizeof heard, &left, &right, 10.0);
    assert_string_equal(heard, "before wreck after ");
}

/* … and one that each side places on the other's is not lost. */
static void a_word_on_neither_side_is_kept(void **unused)
{
    (void)unused;
    struct speech left = {0}, right = {0};
    char heard[256];
    say(&left, "before", 8.0, 8.4, 0.9f);
    say(&left, "wreck", 9.85, 10.3, 0.9f);
    say(&right, "recognise", 9.7, 10.2, 0.8f);
    say(&right, "after", 11.0, 11.4, 0.9f);
    joined(heard, sizeof heard, &left, &right, 10.0);
    assert_string_equal(heard, "before wreck after ");
}

static void sides_without_words(void **unused)
{
    (void)unused;
    struct speech none = {0}, some = {0};
    char heard[256];
    say(&some, "a", 9.0, 9.4, 0.9f);
    say(&some, "b", 10.5, 10.9, 0.9f);
    joined(heard, sizeof heard, &none, &none, 10.0);
    assert_string_equal(heard, "");
    joined(heard, sizeof heard, &some, &none, 10.0);
    assert_string_equal(heard, "a ");
    joined(heard, sizeof heard, &none, &some, 10.0);
    assert_string_equal(heard, "b ");
}

/* Both heard "before", one of them longer: it ends where what comes next begins. */
static void words_do_not_overlap(void **unused)
{
    (void)unused;
    struct speech left = {0}, right = {0};
    say(&left, "before", 9.4, 10.3, 0.9f);
    say(&right, "before", 9.4, 10.0, 0.9f);
    say(&right, "after", 10.1, 10.6, 0.9f);
    struct word_list a = list_of(&left), b = list_of(&right);
    struct stitch s = stitch_words(&a, &b, 10.0);
    stitch_trim(s, &a, &b);
    assert_true(s.left_count == 1 && s.right_first == 1);
    assert_true(left.words[0].end == 10.1 && right.words[1].start == 10.1);
    stitch_trim((struct stitch){1, 2}, &a, &b); /* nothing follows */
    stitch_trim((struct stitch){0, 0}, &a, &b); /* nothing goes before */
    assert_true(left.words[0].end == 10.1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_do_not_overlap),
        cmocka_unit_test(every_word_comes_once),
        cmocka_unit_test(two_readings_of_one_word_are_one),
        cmocka_unit_test(a_word_on_neither_side_is_kept),
        cmocka_unit_test(sides_without_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
