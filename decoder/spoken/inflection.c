#include "decoder/spoken/inflection.h"

#include <string.h>

enum { SHORTEST_BASE = 3 /* letters */ };

enum join {
    AS_WRITTEN, /* the phones that the row gives */
    AS_S,       /* a plural's */
    AS_D,       /* a past tense's */
    AS_ING,     /* before which the vowel of "couple" is not said */
    AS_LY,      /* an adverb's, whose L is not said twice */
    AS_IN       /* the base ends in "ing", whose NG is an N */
};

/* What the word without the ending has to look like. */
enum stem {
    ANY,
    LOST_E,   /* as if an E had gone: "rat" of rated, where rat would have given ratted; "breath", "danc" */
    SIBILANT, /* as words whose plural is in -es */
    NO_S
};

struct ending {
    const char *spelling;
    const char *restore; /* what the base has in its place; "=": the base without its last letter, which is doubled */
    enum join join;
    enum stem stem;
    const char *phones;
    unsigned parts; /* which variant of a heteronym bears it; 0: the usual */
};

enum { VERBAL = PART_VERB, NOMINAL = PART_NOUN, ADJECTIVAL = PART_ADJECTIVE };

/* The first that leaves a known base counts. Here are those that are said more often right than by the network that
 * reads letters (letter_to_sound.h): tests/perf/bench_pronounce.c. */
static const struct ending endings[] = {
    {"n't", "", AS_WRITTEN, ANY, "AH0 N T", VERBAL},
    {"'ll", "", AS_WRITTEN, ANY, "AH0 L", 0},
    {"'ve", "", AS_WRITTEN, ANY, "AH0 V", 0},
    {"'re", "", AS_WRITTEN, ANY, "ER0", 0},
    {"'d", "", AS_D, ANY, "", 0},
    {"'s", "", AS_S, ANY, "", NOMINAL},
    {"s'", "s", AS_WRITTEN, ANY, "", NOMINAL},
    {"in'", "ing", AS_IN, ANY, "", VERBAL},
    {"ies", "y", AS_S, ANY, "", 0},
    {"s", "", AS_S, NO_S, "", 0},
    {"es", "", AS_S, SIBILANT, "", 0},
    {"ied", "y", AS_D, ANY, "", VERBAL},
    {"ed", "e", AS_D, LOST_E, "", VERBAL},
    {"ed", "", AS_D, ANY, "", VERBAL},
    {"ed", "=", AS_D, ANY, "", VERBAL},
    {"ed", "e", AS_D, ANY, "", VERBAL},
    {"ing", "e", AS_ING, LOST_E, "IH0 NG", VERBAL},
    {"ing", "", AS_ING, ANY, "IH0 NG", VERBAL},
    {"ing", "=", AS_ING, ANY, "IH0 NG", VERBAL},
    {"ing", "e", AS_ING, ANY, "IH0 NG", VERBAL},
    {"iness", "y", AS_WRITTEN, ANY, "N AH0 S", ADJECTIVAL},
    {"ness", "", AS_WRITTEN, ANY, "N AH0 S", ADJECTIVAL},
    {"ically", "ic", AS_WRITTEN, ANY, "L IY0", ADJECTIVAL},
    {"ly", "", AS_LY, ANY, "L IY0", ADJECTIVAL},
};

/* ---- joining ---- */

static bool is_one_of(unsigned char phone, const char *const *names)
{
    for (; *names; names++)
        if (phone == phone_find(*names, strlen(*names)))
            return true;
    return false;
}

static void add_names(struct phones *phones, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, " ");
        phones_add(phones, phone_find(names, length));
        names += length + (names[length] == ' ');
    }
}

static unsigned char last_phone(const struct phones *phones, size_t begin)
{
    return phones->count > begin ? phones->ids[phones->count - 1] : PHONE_NONE;
}

static const char *const voiceless[] = {"P", "T", "K", "F", "TH", "S", "SH", "CH", NULL};

void phones_add_s(struct phones *phones, size_t begin)
{
    static const char *const sibilants[] = {"S", "Z", "SH", "ZH", "CH", "JH", NULL};
    unsigned char last = last_phone(phones, begin);
    add_names(phones, is_one_of(last, sibilants) ? "IH0 Z" : is_one_of(last, voiceless) ? "S" : "Z");
}

static void add_d(struct phones *phones, size_t begin)
{
    static const char *const stops[] = {"T", "D", NULL};
    unsigned char last = last_phone(phones, begin);
    add_names(phones, is_one_of(last, stops) ? "IH0 D" : is_one_of(last, voiceless) ? "T" : "D");
}

/* "K AH1 P AH0 L" and -ing is "K AH1 P L IH0 NG". */
static void drop_weak_vowel(struct phones *phones, size_t begin)
{
    size_t count = phones->count;
    if (count < begin + 3 || phones->ids[count - 1] != phone_find("L", 1) ||
        phones->ids[count - 2] != phone_find("AH0", 3))
        return;
    phones->ids[count - 2] = phones->ids[count - 1];
    phones->count--;
}

static void add_ending(struct phones *phones, const struct ending *ending, size_t begin)
{
    switch (ending->join) {
    case AS_S:
        phones_add_s(phones, begin);
        return;
    case AS_D:
        add_d(phones, begin);
        return;
    case AS_IN:
        if (last_phone(phones, begin) == phone_find("NG", 2))
            phones->ids[phones->count - 1] = phone_find("N", 1);
        return;
    case AS_ING:
        if (strcmp(ending->restore, "e") == 0)
            drop_weak_vowel(phones, begin);
        break;
    case AS_LY:
        if (last_phone(phones, begin) == phone_find("L", 1))
            phones->count--;
        break;
    case AS_WRITTEN:
        break;
    }
    add_names(phones, ending->phones);
}

/* ---- taking apart ---- */

static bool is_vowel(char letter)
{
    return strchr("aeiou", letter) != NULL;
}

static bool lost_e(const char *stem, size_t length)
{
    char last = stem[length - 1], before = stem[length - 2];
    if (strchr("cgvszu", last))
        return before != last;
    if (last == 'h')
        return before == 't';
    return !is_vowel(last) && !strchr("wxy", last) && is_vowel(before) && !(length > 2 && is_vowel(stem[length - 3]));
}

/* letters: 2 at least. */
static bool stem_fits(enum stem stem, const char *letters, size_t length)
{
    switch (stem) {
    case LOST_E:
        return lost_e(letters, length);
    case SIBILANT:
        return strchr("sxzho", letters[length - 1]) != NULL;
    case NO_S:
        return letters[length - 1] != 's';
    case ANY:
        break;
    }
    return true;
}

static const struct lexicon_variant *variant_of(const struct lexicon_entry *entry, unsigned parts)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < entry->count; i++)
            if (entry->variants[i].parts & (pass ? PART_DEFAULT : parts))
                return &entry->variants[i];
    return &entry->variants[0];
}

static bool add_known(const struct lexicon *lexicon, const char *word, size_t length, unsigned parts, bool common,
                      struct phones *phones)
{
    struct lexicon_entry entry;
    if (!lexicon_find(lexicon, word, length, &entry) || (common && !entry.common))
        return false;
    const struct lexicon_variant *variant = variant_of(&entry, parts);
    phones_add_all(phones, variant->phones, variant->count);
    return true;
}

/* The base that the ending leaves of the word, into base (length + 4 bytes); its length, 0 where the ending does not
 * fit. */
static size_t base_of(const struct ending *ending, const char *word, size_t length, char *base)
{
    size_t own = strlen(ending->spelling), left = length - own;
    if (length < own + 2 || memcmp(word + left, ending->spelling, own) != 0 || !stem_fits(ending->stem, word, left))
        return 0;
    memcpy(base, word, left);
    if (strcmp(ending->restore, "=") == 0)
        return left > 2 && word[left - 1] == word[left - 2] ? left - 1 : 0;
    size_t restored = strlen(ending->restore);
    memcpy(base + left, ending->restore, restored);
    return left + restored;
}

static bool add_form(const struct lexicon *lexicon, const char *word, size_t length, bool common, struct phones *phones)
{
    char base[LEXICON_LETTERS + 8];
    size_t begin = phones->count;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t left = base_of(&endings[i], word, length, base);
        if (left < SHORTEST_BASE || !add_known(lexicon, base, left, endings[i].parts, common, phones))
            continue;
        add_ending(phones, &endings[i], begin);
        return true;
    }
    return false;
}

/* A word that is seldom seen is seldom what a form is made of: "touched" is of touch, though there is a Touche. */
bool inflection_of_known(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones)
{
    size_t begin = phones->count;
    if (length > LEXICON_LETTERS)
        return false;
    if ((add_form(lexicon, word, length, true, phones) || add_form(lexicon, word, length, false, phones)) &&
        !phones->failed)
        return true;
    phones->count = begin;
    return false;
}
