/* bench_written.c - how many sentences with numbers come back when they are read aloud and written again.
 *
 *     xzcat books.txt.xz | build/tests/bench_written [-v]
 *
 * A sentence a line. Those with digits are said by the reader of texts to be spoken, stripped of marks and capitals,
 * and written. What is compared are the words that have digits: all of them, in order, without commas and the marks at
 * their edges. "as it was" counts a sentence where they are the same, "in value" also where they differ in "th", ".00",
 * a zero before a point, or a hyphen. Of sentences without digits it counts those in which a digit was put. -v prints
 * what differs. */
#include "tests/unit/written_say.h"

#include <ctype.h>
#include <stdio.h>

struct tally {
    long sentences, same, same_value, without, put;
};

static int has_digit(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        if (isdigit((unsigned char)text[i]))
            return 1;
    return 0;
}

/* The number alone: without "th", ".00", signs of money and percent, a zero before a point. */
static void add_value(struct text *out, const char *word, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        const char c = word[i];
        if (i && isdigit((unsigned char)word[i - 1]) && length - i == 2 && strchr("snrt", c) &&
            strchr("tdh", word[i + 1]))
            break;
        if (length - i == 3 && memcmp(word + i, ".00", 3) == 0)
            break;
        if (c == '0' && i + 1 < length && word[i + 1] == '.' && (i == 0 || !isdigit((unsigned char)word[i - 1])))
            continue;
        if ((c != '-' || i == 0) && (isdigit((unsigned char)c) || strchr(".:-/@", c)))
            text_add(out, &c, 1);
    }
}

/* 0 to 9 for "zero" to "ninth", else -1. */
static int small_number(const char *word, size_t length)
{
    const struct number_name name = number_named(word, length);
    return name.class == NUMBER_DIGIT && length > 2 ? (int)name.value : -1;
}

/* The words with digits, a blank after each. */
static void digits_of(const char *text, int value, struct text *out)
{
    out->length = 0;
    for (const char *at = text, *end; *at; at = *end ? end + 1 : end) {
        struct text word = {0};
        for (end = at; *end && *end != ' '; end++)
            if (*end != ',')
                text_add(&word, end, 1);
        text_add(&word, "", 1);
        size_t begin = strspn(word.bytes, "\"'(["), length = strlen(word.bytes);
        while (length > begin && strchr(".;:?!\"')]", word.bytes[length - 1]))
            length--;
        const int small = value ? small_number(word.bytes + begin, length - begin) : -1;
        if (small >= 0)
            text_add(out, (char[]){(char)('0' + small)}, 1);
        else if (has_digit(word.bytes, length) && value)
            add_value(out, word.bytes + begin, length - begin);
        else if (has_digit(word.bytes, length))
            text_add(out, word.bytes + begin, length - begin);
        text_add(out, " ", small >= 0 || has_digit(word.bytes, length));
        text_free(&word);
    }
    text_add(out, "", 1);
}

static int same(const char *a, const char *b, int value)
{
    struct text x = {0}, y = {0};
    digits_of(a, value, &x);
    digits_of(b, value, &y);
    const int equal = strcmp(x.bytes, y.bytes) == 0;
    text_free(&x);
    text_free(&y);
    return equal;
}

static void judge(const char *line, const char *written, struct tally *tally, int verbose)
{
    if (!has_digit(line, strlen(line))) {
        tally->without++;
        tally->put += has_digit(written, strlen(written));
        if (verbose && has_digit(written, strlen(written)))
            printf("+ %s\n  %s\n", line, written);
        return;
    }
    const int exact = same(line, written, 0), value = same(line, written, 1);
    tally->sentences++;
    tally->same += exact;
    tally->same_value += value;
    if (verbose && !value)
        printf("- %s\n  %s\n", line, written);
}

int main(int argc, char **argv)
{
    const struct spoken_options options = {.prosody = {.rate = 1.0f}};
    const struct written_params params = {.numbers = true};
    struct fault fault = {0};
    struct spoken_reader *reader = NULL;
    struct text said = {0}, written = {0};
    struct tally tally = {0};
    static char line[1 << 16];
    const int verbose = argc > 1 && strcmp(argv[1], "-v") == 0;
    if (spoken_reader_open(&reader, &options, &fault))
        return 1;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        fault = (struct fault){0};
        if (!say_words(reader, line, &said, &fault) && !write_text(said.bytes, NULL, &params, &written, &fault))
            judge(line, written.bytes, &tally, verbose);
    }
    printf("with digits %ld: as it was %.1f %%, in value %.1f %%; without %ld: a digit put in %.2f %%\n",
           tally.sentences, tally.sentences ? 100.0 * (double)tally.same / (double)tally.sentences : 0.0,
           tally.sentences ? 100.0 * (double)tally.same_value / (double)tally.sentences : 0.0, tally.without,
           tally.without ? 100.0 * (double)tally.put / (double)tally.without : 0.0);
    text_free(&said);
    text_free(&written);
    spoken_reader_close(&reader);
    return 0;
}
