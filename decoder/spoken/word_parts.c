#include "decoder/spoken/word_parts.h"

#include <string.h>

enum { SHORTEST_ROOT = 4, SHORTEST_HALF = 4 /* letters: of three, too many names look like two words */ };

static const struct prefix {
    const char *spelling, *phones;
} prefixes[] = {
    {"counter", "K AW2 N T ER0"},
    {"electro", "IH0 L EH2 K T R OW0"},
    {"under", "AH2 N D ER0"},
    {"super", "S UW2 P ER0"},
    {"inter", "IH2 N T ER0"},
    {"micro", "M AY2 K R OW0"},
    {"multi", "M AH2 L T IY0"},
    {"ultra", "AH2 L T R AH0"},
    {"cyber", "S AY2 B ER0"},
    {"hyper", "HH AY2 P ER0"},
    {"neuro", "N UH2 R OW0"},
    {"photo", "F OW2 T OW0"},
    {"over", "OW2 V ER0"},
    {"anti", "AE2 N T IY0"},
    {"semi", "S EH2 M IY0"},
    {"auto", "AO2 T OW0"},
    {"mega", "M EH2 G AH0"},
    {"mini", "M IH2 N IY0"},
    {"post", "P OW2 S T"},
    {"self", "S EH2 L F"},
    {"non", "N AA2 N"},
    {"mis", "M IH0 S"},
    {"out", "AW2 T"},
    {"pre", "P R IY0"},
    {"sub", "S AH0 B"},
    {"dis", "D IH0 S"},
    {"bio", "B AY2 OW0"},
    {"un", "AH0 N"},
    {"re", "R IY0"},
    {"de", "D IY0"},
    {"co", "K OW2"},
};

static void add_names(struct phones *phones, const char *names)
{
    while (*names) {
        size_t length = strcspn(names, " ");
        phones_add(phones, phone_find(names, length));
        names += length + (names[length] == ' ');
    }
}

/* A part that is not the first of its word loses its primary stress. */
static void weaken(struct phones *phones, size_t begin)
{
    for (size_t i = begin; i < phones->count; i++)
        if (phone_stress(phones->ids[i]) == 1)
            phones->ids[i] = phone_stressed(phones->ids[i], 2);
}

static bool add_common(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones)
{
    struct lexicon_entry entry;
    if (!lexicon_find(lexicon, word, length, &entry) || !entry.common)
        return false;
    phones_add_all(phones, entry.variants[0].phones, entry.variants[0].count);
    return true;
}

static bool with_prefix(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones)
{
    size_t begin = phones->count;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t own = strlen(prefixes[i].spelling);
        if (length < own + SHORTEST_ROOT || memcmp(word, prefixes[i].spelling, own) != 0)
            continue;
        add_names(phones, prefixes[i].phones);
        if (add_common(lexicon, word + own, length - own, phones))
            return true;
        phones->count = begin;
    }
    return false;
}

static bool as_two(const struct lexicon *lexicon, const char *word, size_t first, size_t length, struct phones *phones)
{
    size_t begin = phones->count;
    if (!add_common(lexicon, word, first, phones))
        return false;
    size_t second = phones->count;
    if (add_common(lexicon, word + first, length - first, phones))
        weaken(phones, second);
    else
        phones->count = begin;
    return phones->count > begin;
}

/* Two words, as even as can be. */
static bool as_compound(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones)
{
    for (size_t shorter = length / 2; shorter >= SHORTEST_HALF; shorter--)
        if (as_two(lexicon, word, length - shorter, length, phones) || as_two(lexicon, word, shorter, length, phones))
            return true;
    return false;
}

bool word_from_parts(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones)
{
    size_t begin = phones->count;
    if (length > LEXICON_LETTERS)
        return false;
    if ((with_prefix(lexicon, word, length, phones) || as_compound(lexicon, word, length, phones)) && !phones->failed)
        return true;
    phones->count = begin;
    return false;
}
