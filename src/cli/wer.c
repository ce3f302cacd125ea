/* wer.c - see wer.h. */
#include "wer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static uint32_t lower(uint32_t code)
{
    if ((code >= 'A' && code <= 'Z') || (code >= 0xc0 && code <= 0xde && code != 0xd7) ||
        (code >= 0x391 && code <= 0x3a9) || (code >= 0x410 && code <= 0x42f))
        return code + 32;
    if (code >= 0x400 && code <= 0x40f)
        return code + 80;
    if (code == 0x130) /* I with a dot: its lower case is plain i */
        return 'i';
    if (code == 0x178)
        return 0xff;
    /* Latin Extended-A alternates capital and small letters, with the parity turned in two stretches. */
    if ((code >= 0x139 && code <= 0x148) || (code >= 0x179 && code <= 0x17e))
        return code + (code & 1);
    if (code >= 0x100 && code <= 0x17f && code != 0x138 && code != 0x149 && code != 0x17f)
        return code | 1;
    return code;
}

static bool divides(uint32_t code)
{
    return code <= ' ' || code == '-' || code == '/' || (code >= 0x7f && code <= 0xa0) || code == 0xad ||
           (code >= 0x2000 && code <= 0x200a) || (code >= 0x2010 && code <= 0x2015) || code == 0x2028 ||
           code == 0x2029 || code == 0x202f || code == 0x2212 || code == 0x3000;
}

static bool is_mark(uint32_t code)
{
    if (code < 0x80)
        return code != 0 && strchr("!\"#$%&'()*+,.:;<=>?@[\\]^_`{|}~", (int)code) != NULL;
    return code == 0xa1 || code == 0xa7 || code == 0xab || code == 0xb4 || code == 0xb6 || code == 0xb7 ||
           code == 0xbb || code == 0xbf || (code >= 0x200b && code <= 0x205e) || code == 0x2bc ||
           (code >= 0x3001 && code <= 0x3003) || (code >= 0x3008 && code <= 0x3011);
}

void wer_normalize(struct text *out, const char *string)
{
    bool gap = false;
    text_add(out, "");
    while (*string) {
        uint32_t code = utf8_next(&string);
        if (divides(code)) {
            gap = out->length > 0;
        } else if (!is_mark(code)) {
            if (gap)
                text_add(out, " ");
            gap = false;
            utf8_add(out, lower(code));
        }
    }
}

struct word {
    const char *start;
    size_t length;
};

static size_t count_words(const char *text)
{
    size_t count = *text != '\0';
    for (; *text; text++)
        count += *text == ' ';
    return count;
}

static void split(const char *text, struct word *words, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        words[i].start = text;
        words[i].length = strcspn(text, " ");
        text += words[i].length + 1;
    }
}

static bool same(struct word a, struct word b)
{
    return a.length == b.length && memcmp(a.start, b.start, a.length) == 0;
}

/* A path to one cell of the edit table: its cost and what it is made of. */
struct path {
    size_t substitutions, deletions, insertions;
};

static size_t cost(const struct path *path)
{
    return path->substitutions + path->deletions + path->insertions;
}

/* Moves row, which holds the paths to reference words [0, r) and each number of hypothesis words, on to word r. */
static void next_row(struct path *row, struct word said, const struct word *heard, size_t count)
{
    struct path corner = row[0];
    row[0].deletions++;
    for (size_t i = 0; i < count; i++) {
        struct path across = corner, down = row[i + 1], along = row[i];
        corner = row[i + 1];
        across.substitutions += !same(said, heard[i]);
        down.deletions++;
        along.insertions++;
        struct path *best = &across;
        if (cost(&down) < cost(best))
            best = &down;
        if (cost(&along) < cost(best))
            best = &along;
        row[i + 1] = *best;
    }
}

int wer_count(const char *reference, const char *hypothesis, struct wer *wer)
{
    size_t said = count_words(reference), heard = count_words(hypothesis);
    struct word *words = calloc(said + heard + 1, sizeof *words);
    struct path *row = calloc(heard + 1, sizeof *row);
    int status = words && row ? 0 : -1;
    if (!status) {
        split(reference, words, said);
        split(hypothesis, words + said, heard);
        for (size_t i = 0; i <= heard; i++)
            row[i].insertions = i;
        for (size_t i = 0; i < said; i++)
            next_row(row, words[i], words + said, heard);
        wer->words = said;
        wer->substitutions = row[heard].substitutions;
        wer->deletions = row[heard].deletions;
        wer->insertions = row[heard].insertions;
    }
    free(words);
    free(row);
    return status;
}

size_t wer_errors(const struct wer *wer)
{
    return wer->substitutions + wer->deletions + wer->insertions;
}

double wer_percent(const struct wer *wer)
{
    return wer->words ? 100.0 * (double)wer_errors(wer) / (double)wer->words : NAN;
}
