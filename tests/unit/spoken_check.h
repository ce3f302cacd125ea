/* spoken_check.h - reading a text whole or in pieces, and writing down what is said: words with their marks, "[0.50]"
 * for a break, "{T AH0}" for phones, " | " between sentences and " || " between paragraphs. */
#ifndef TESTS_SPOKEN_CHECK_H
#define TESTS_SPOKEN_CHECK_H

#include "decoder/spoken/spoken_text.h"
#include "decoder/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct prosody PLAIN_PROSODY = {1.0f, 0.0f, 0.0f, 0};

struct spoken_case {
    const char *text, *said;
};

static struct spoken_reader *open_reader(enum spoken_markup markup, bool verbatim)
{
    const struct spoken_options options = {.markup = markup, .verbatim = verbatim, .prosody = PLAIN_PROSODY};
    struct spoken_reader *reader = NULL;
    struct fault fault = {0};
    if (spoken_reader_open(&reader, &options, &fault))
        fail_msg("%s", fault.message);
    return reader;
}

static void write_item(struct text *out, const struct spoken_item *item)
{
    char number[32];
    if (item->kind == SPOKEN_BREAK) {
        snprintf(number, sizeof number, "[%.2f]", item->pause);
        text_add_string(out, number);
    } else if (item->kind == SPOKEN_PHONES) {
        text_add_string(out, "{");
        text_add_string(out, item->given);
        text_add_string(out, "}");
    } else {
        text_add_string(out, item->text);
    }
    if (item->after)
        text_add(out, &item->after, 1);
}

/* What must hold of any sentence of a text of `size` bytes. */
static void check_sentence(const struct spoken_sentence *sentence, size_t size)
{
    assert_true(sentence->count > 0 || sentence->mark_count > 0);
    assert_true(sentence->begin <= sentence->end && sentence->end <= size);
    size_t before = 0;
    for (size_t i = 0; i < sentence->count; i++) {
        const struct spoken_item *item = &sentence->items[i];
        assert_true(item->begin >= before && item->begin <= item->end && item->end <= size);
        before = item->begin;
        assert_true(item->kind == SPOKEN_BREAK ? item->pause >= 0.0 && item->pause <= 60.0 : item->text != NULL);
        assert_true(item->kind != SPOKEN_WORD || item->text[0] != 0);
        assert_true(item->kind != SPOKEN_PHONES || item->given[0] != 0);
        assert_true(item->prosody.rate >= 0.2f && item->prosody.rate <= 5.0f);
    }
}

/* Appends the sentences that are ready; whether the last one had ended its paragraph is kept in *paragraph. */
static int write_ready(struct spoken_reader *reader, struct text *out, size_t size, bool *paragraph,
                       struct fault *fault)
{
    struct spoken_sentence sentence;
    int result;
    while ((result = spoken_reader_next(reader, &sentence, fault)) == 1) {
        check_sentence(&sentence, size);
        if (!sentence.count)
            continue;
        if (out->length)
            text_add_string(out, *paragraph ? " || " : " | ");
        *paragraph = sentence.paragraph;
        for (size_t i = 0; i < sentence.count; i++) {
            if (i)
                text_add(out, " ", 1);
            write_item(out, &sentence.items[i]);
        }
    }
    return result;
}

/* All that is said of text, fed in pieces of `piece` bytes, asked after each; 0 or the error. */
static int read_in_pieces(struct spoken_reader *reader, const char *text, size_t size, size_t piece, struct text *out,
                          struct fault *fault)
{
    bool paragraph = false;
    int error = 0;
    out->length = 0;
    for (size_t at = 0; at < size && !error; at += piece) {
        error = spoken_reader_feed(reader, text + at, size - at < piece ? size - at : piece, fault);
        if (!error)
            error = write_ready(reader, out, size, &paragraph, fault);
    }
    if (!error)
        error = spoken_reader_finish(reader, fault);
    if (!error)
        error = write_ready(reader, out, size, &paragraph, fault);
    text_add(out, "", 1);
    return error;
}

static void check_cases(enum spoken_markup markup, bool verbatim, const struct spoken_case *cases, size_t count)
{
    struct spoken_reader *reader = open_reader(markup, verbatim);
    struct text said = {0};
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        struct fault fault = {0};
        const int error = read_in_pieces(reader, cases[i].text, strlen(cases[i].text), SIZE_MAX / 2, &said, &fault);
        if (error || strcmp(said.bytes, cases[i].said) != 0) {
            print_error("%s\n  expected: %s\n  said:     %s\n", cases[i].text, cases[i].said,
                        error ? fault.message : said.bytes);
            wrong++;
        }
        spoken_reader_reset(reader);
    }
    text_free(&said);
    spoken_reader_close(&reader);
    assert_int_equal(wrong, 0);
}

#define CHECK_CASES(cases) check_cases(SPOKEN_PLAIN, false, cases, sizeof(cases) / sizeof(cases)[0])

#endif
