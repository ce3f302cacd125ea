/* test_spoken_phonemes.c - text written in phones: words, marks, lines, offsets, any chunking. */
#include "decoder/spoken/spoken_phonemes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct prosody prosody = {.rate = 1.5f, .pitch = -2, .volume = 3};

/* Sentences as one string: "[words(mark)@begin-end …]". */
static void write_sentences(struct phoneme_reader *reader, char *out, size_t size)
{
    struct spoken_sentence sentence;
    struct fault fault = {0};
    while (phoneme_reader_next(reader, &sentence, &fault) > 0) {
        snprintf(out + strlen(out), size - strlen(out), "[%zu-%zu", sentence.begin, sentence.end);
        for (size_t i = 0; i < sentence.count; i++) {
            const struct spoken_item *item = &sentence.items[i];
            assert_int_equal(item->kind, SPOKEN_PHONES);
            assert_true(item->prosody.rate == prosody.rate && item->prosody.pitch == prosody.pitch);
            snprintf(out + strlen(out), size - strlen(out), " <%s>%c%zu-%zu", item->given,
                     item->after ? item->after : ' ', item->begin, item->end);
        }
        snprintf(out + strlen(out), size - strlen(out), "]");
    }
    assert_int_equal(fault.code, 0);
}

/* The same, of a text that is fed in pieces of step bytes. */
static void read_in_pieces(const char *text, size_t length, size_t step, char *out, size_t size)
{
    struct phoneme_reader *reader = NULL;
    struct fault fault = {0};
    out[0] = '\0';
    assert_int_equal(phoneme_reader_open(&reader, &prosody, &fault), 0);
    for (size_t at = 0; at < length; at += step) {
        assert_int_equal(phoneme_reader_feed(reader, text + at, length - at < step ? length - at : step, &fault), 0);
        write_sentences(reader, out, size);
    }
    assert_int_equal(phoneme_reader_finish(reader, &fault), 0);
    write_sentences(reader, out, size);
    phoneme_reader_close(&reader);
    assert_null(reader);
}

static void test_words_marks_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text, *sentences;
    } cases[] = {
        {"", ""},
        {"\n \n", ""},
        {" | . ,", ""},
        {"HH AH0 | W ER1 L D", "[0-18 <HH AH0> 0-6 <W ER1 L D> 9-18]"},
        {"HH AH0, W ER1.\nK AE1 T?", "[0-14 <HH AH0>,0-6 <W ER1>.8-13][15-23 <K AE1 T>?15-22]"},
        {"a |\r\n b ;", "[0-3 <a> 0-1][5-9 <b>;6-7]"},
        {"a , ! b", "[0-7 <a>!0-1 <b> 6-7]"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (size_t step = 1; step <= 30; step += 3) {
            char out[400];
            read_in_pieces(cases[i].text, strlen(cases[i].text), step, out, sizeof out);
            assert_string_equal(out, cases[i].sentences);
        }
}

static void test_endless_line(void **state)
{
    (void)state;
    struct phoneme_reader *reader = NULL;
    struct fault fault = {0};
    char block[1024];
    memset(block, 'A', sizeof block);
    assert_int_equal(phoneme_reader_open(&reader, &prosody, &fault), 0);
    for (int i = 0; i < 64; i++)
        assert_int_equal(phoneme_reader_feed(reader, block, sizeof block, &fault), 0);
    assert_int_equal(phoneme_reader_feed(reader, block, sizeof block, &fault), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(fault.message, "at byte 0"));
    phoneme_reader_reset(reader);
    char out[200] = "";
    struct fault none = {0};
    assert_int_equal(phoneme_reader_feed(reader, "AA\n", 3, &none), 0);
    write_sentences(reader, out, sizeof out);
    assert_string_equal(out, "[0-2 <AA> 0-2]");
    phoneme_reader_close(&reader);
}

/* NULs, bytes that are no UTF-8: whoever reads the phones says what they are not; nothing here falls over them. */
static void test_odd_bytes(void **state)
{
    (void)state;
    static const char odd[] = {'A', 0, '\xff', '|', 0, '\n', '\xc3', ',', 'B'};
    char whole[200], pieces[200];
    read_in_pieces(odd, sizeof odd, sizeof odd, whole, sizeof whole);
    read_in_pieces(odd, sizeof odd, 1, pieces, sizeof pieces);
    assert_string_equal(whole, pieces);
    assert_non_null(strstr(whole, "<B> 8-9"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words_marks_lines),
        cmocka_unit_test(test_endless_line),
        cmocka_unit_test(test_odd_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
