/* fuzz_written.c - libFuzzer: any bytes as the words of a transcript, to be written, masked and redacted. The first
 * byte chooses what is asked for. Bytes are words of a list, or, above it, themselves. Seeds: sentences with numbers.
 */
#include "decoder/written/written.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const vocabulary[] = {
    "one",    "two",         "three",   "oh",         "zero",    "ten",    "twelve",    "nineteen",
    "twenty", "ninety",      "hundred", "thousand",   "million", "and",    "a",         "point",
    "minus",  "percent",     "dollars", "cents",      "pounds",  "pence",  "of",        "march",
    "may",    "first",       "third",   "past",       "to",      "half",   "quarter",   "o'clock",
    "p",      "m",           "at",      "dot",        "com",     "slash",  "double",    "triple",
    "plus",   "degrees",     "celsius", "kilometers", "per",     "hour",   "or",        "between",
    "in",     "card",        "social",  "phone",      "uh",      "street", "nineties",  "twenty-six",
    "for",    "quadrillion", "shit",    "year",       "fuck-up", "(212)",  "555-0199,", "4111"};
enum { WORDS = sizeof vocabulary / sizeof *vocabulary, MOST = 400 };

/* Words of the vocabulary, or bytes up to the next blank; each gets a NUL behind it in text. */
static size_t read_words(const uint8_t *data, size_t size, char *text, struct word *words)
{
    size_t count = 0;
    for (size_t at = 0; at < size && count < MOST; count++) {
        char *begin = text;
        if (data[at] >= 128) {
            strcpy(text, vocabulary[data[at++] % WORDS]);
            text += strlen(text);
        } else {
            for (; at < size && data[at] < 128 && data[at] > ' '; at++)
                *text++ = (char)data[at];
            at += at < size && data[at] < 128;
        }
        *text++ = 0;
        words[count] =
            (struct word){.text = begin, .start = (double)count, .end = (double)count + 0.5, .confidence = 0.5f};
    }
    return count;
}

/* Every source word is in one word, in order, and times do not go back. */
static void check(const struct written *w, const struct word *words, size_t count)
{
    if (w->words.count == 0 ? count != 0 : w->sources[0] != 0 || w->sources[w->words.count] != count)
        abort();
    for (size_t i = 0; i < w->words.count; i++) {
        const struct word *word = &w->words.words[i];
        if (w->sources[i] >= w->sources[i + 1] || word->start != words[w->sources[i]].start ||
            word->end != words[w->sources[i + 1] - 1].end || !(word->confidence > 0.49f && word->confidence < 0.51f))
            abort();
    }
}

static void run(const struct word *words, size_t count, unsigned flags, const struct mask *mask)
{
    const struct redact_setting setting = {.wanted = flags & 1 ? 7 : 0,
                                           .open = (flags & 2) != 0,
                                           .before = {flags & 4 ? 5 : 0, flags & 8 ? 1 : 0},
                                           .strict = (flags & 8) != 0,
                                           .context = flags & 16 ? REDACT_SSN : REDACT_NONE};
    const struct written_params params = {.numbers = (flags & 32) == 0, .mask = mask};
    struct heard_list heard;
    struct redactions redactions = {0};
    struct written written = {0};
    struct fault fault = {0};
    if (!heard_read(&heard, words, count, &fault) && !redact_find(&heard, &setting, &redactions, &fault) &&
        !write_words(words, count, &heard, redactions.items, redactions.count, &params, &written, &fault))
        check(&written, words, count);
    written_free(&written);
    redactions_free(&redactions);
    heard_free(&heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct word words[MOST];
    struct mask *mask = NULL;
    struct fault fault = {0};
    if (!size || size > 4096)
        return 0;
    char *text = malloc(size * 16 + 1);
    if (!text)
        return 0;
    if (data[0] & 64) /* a list of words, too */
        mask_open(&mask, (const char *)data + 1, size - 1, "list", &fault);
    else if (data[0] & 128)
        mask_open(&mask, NULL, 0, "", &fault);
    run(words, read_words(data + 1, size - 1, text, words), data[0], mask);
    mask_close(&mask);
    free(text);
    return 0;
}
