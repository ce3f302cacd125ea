#include "decoder/written/mask.h"

#include "decoder/spoken/spoken_lists.h"
#include "decoder/text.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { WORD_BYTES = 60, WORDS_MOST = 100000 };

/* Common in speech, and of one meaning: "cock" and "ass" as parts of other words are not looked for. */
static const char english[] =
    "fuck\nfucker\nfuckup\nmotherfuck\nmotherfucker\nmotherfucking\nclusterfuck\nshit\nshitty\n"
    "shithead\nshithole\nbullshit\nhorseshit\ndipshit\nshitless\nbitch\nbitchy\nasshole\n"
    "arsehole\ndumbass\njackass\nsmartass\nfatass\nbadass\ncunt\ndickhead\ncocksucker\n"
    "wanker\nwank\nbastard\ntwat\npiss\npissed\nbollocks\nbugger\nslut\nslutty\n"
    "whore\ndouchebag\ndouche\ntits\ntitties\ngoddamn\ngoddamned\ngoddammit\ngoddamnit\n"
    "ass\narse\nnigger\nnigga\nfaggot\nfag\nkike\n"
    "jizz\nblowjob\nhandjob\npussy\ndildo\n";

struct entry {
    char word[WORD_BYTES + 1];
    size_t length;
    bool any_ending;
};

struct mask {
    struct entry *entries; /* in order of bytes */
    size_t count, capacity;
    bool any_ending; /* an entry has it */
};

static int by_word(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    return strcmp(x->word, y->word);
}

static int add(struct mask *m, const char *word, size_t length, struct fault *fault)
{
    void *entries = m->entries;
    if (!memory_grow(&entries, &m->capacity, m->count + 1, sizeof *m->entries))
        return fail_memory(fault, "a list of words to mask");
    m->entries = entries;
    struct entry *entry = &m->entries[m->count++];
    *entry = (struct entry){.any_ending = word[length - 1] == '*'};
    entry->length = length - entry->any_ending;
    m->any_ending |= entry->any_ending;
    for (size_t i = 0; i < entry->length; i++)
        entry->word[i] = to_lower(word[i]);
    return 0;
}

static size_t trimmed(const char *line, size_t length, size_t *begin)
{
    const char *comment = memchr(line, '#', length);
    length = comment ? (size_t)(comment - line) : length;
    while (length && strchr(" \t\r", line[length - 1]))
        length--;
    for (*begin = 0; *begin < length && strchr(" \t", line[*begin]);)
        ++*begin;
    return length - *begin;
}

static int read_line(struct mask *m, const char *line, size_t length, size_t number, const char *name,
                     struct fault *fault)
{
    size_t begin;
    const size_t size = trimmed(line, length, &begin);
    const char *word = line + begin;
    if (!utf8_valid(line, length) || memchr(line, 0, length))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: line %zu is no UTF-8 text", name, number);
    if (!size)
        return 0;
    if (memchr(word, ' ', size) || memchr(word, '\t', size))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: line %zu has several words, and may have one", name, number);
    if (size > WORD_BYTES || (size == 1 && *word == '*'))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: line %zu has a word of %zu bytes, and may have 1 to %d", name,
                    number, size - (*word == '*'), WORD_BYTES);
    if (m->count == WORDS_MOST)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: line %zu is one word too many: there may be %d", name, number,
                    WORDS_MOST);
    return add(m, word, size, fault);
}

static int read_lines(struct mask *m, const char *bytes, size_t size, const char *name, struct fault *fault)
{
    size_t number = 1;
    for (size_t at = 0, end; at < size; at = end + 1, number++) {
        const char *newline = memchr(bytes + at, '\n', size - at);
        end = newline ? (size_t)(newline - bytes) : size;
        if (read_line(m, bytes + at, end - at, number, name, fault))
            return fault->code;
    }
    if (m->count)
        qsort(m->entries, m->count, sizeof *m->entries, by_word);
    return 0;
}

int mask_open(struct mask **mask, const char *bytes, size_t size, const char *name, struct fault *fault)
{
    struct mask *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a list of words to mask");
    if (read_lines(m, bytes ? bytes : english, bytes ? size : sizeof english - 1, name, fault))
        mask_close(&m);
    else
        *mask = m;
    return fault->code;
}

void mask_close(struct mask **mask)
{
    if (!*mask)
        return;
    free((*mask)->entries);
    free(*mask);
    *mask = NULL;
}

static bool has_exactly(const struct mask *m, const char *word, size_t length)
{
    struct entry key = {.length = length};
    if (!length || length > WORD_BYTES || !m->count)
        return false;
    memcpy(key.word, word, length);
    return bsearch(&key, m->entries, m->count, sizeof *m->entries, by_word) != NULL;
}

static bool has_beginning(const struct mask *m, const char *word, size_t length)
{
    for (size_t i = 0; m->any_ending && i < m->count; i++)
        if (m->entries[i].any_ending && m->entries[i].length <= length &&
            memcmp(m->entries[i].word, word, m->entries[i].length) == 0)
            return true;
    return false;
}

/* The word without its ending, with what the ending took away or doubled: "shitting", "whoring", "bitches". */
static bool has_inflected(const struct mask *m, const char *word, size_t length)
{
    static const char *const endings[] = {"'s", "s", "es", "ed", "er", "ers", "in", "in'", "ing", "ings", "y", "ier"};
    char stem[WORD_BYTES + 2];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        const size_t ending = strlen(endings[i]), n = length - ending;
        if (length < ending + 3 || n > WORD_BYTES || memcmp(word + n, endings[i], ending) != 0)
            continue;
        memcpy(stem, word, n);
        stem[n] = 'e';
        const bool vowel = strchr("eiy", endings[i][0]) != NULL;
        if (has_exactly(m, stem, n) || (vowel && has_exactly(m, stem, n + 1)) ||
            (vowel && stem[n - 1] == stem[n - 2] && has_exactly(m, stem, n - 1)))
            return true;
    }
    return false;
}

bool mask_has(const struct mask *m, const char *word, size_t length)
{
    return has_exactly(m, word, length) || has_inflected(m, word, length) || has_beginning(m, word, length);
}

size_t mask_word(char *word, size_t length)
{
    size_t at = utf8_length(word, length), out = at;
    if (!at)
        return length;
    for (size_t n; at < length; at += n) {
        n = utf8_length(word + at, length - at);
        if (!n)
            n = 1;
        word[out++] = '*';
    }
    return out;
}
