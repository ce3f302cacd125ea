#include "decoder/word_parts.h"

#include <string.h>

enum { SHORTEST_BASE = 3, SHORTEST_ROOT = 4, SHORTEST_COMPOUND = 7, DEEPEST = 3 };

enum join { AS_WRITTEN, AS_S, AS_D }; /* the phones that the row gives; a plural's; a past tense's */

struct ending {
    const char *spelling;
    const char *restore; /* what the base has in its place; "=": the base without its last letter, which is doubled */
    enum join join;
    const char *phones;
    unsigned parts; /* which variant of a heteronym bears it; 0: the usual */
};

enum { VERBAL = PART_VERB, NOMINAL = PART_NOUN, ADJECTIVAL = PART_ADJECTIVE };

/* The first that leaves a known base counts. */
static const struct ending endings[] = {
    {"n't", "", AS_WRITTEN, "AH0 N T", VERBAL},
    {"'ll", "", AS_WRITTEN, "AH0 L", 0},
    {"'ve", "", AS_WRITTEN, "AH0 V", 0},
    {"'re", "", AS_WRITTEN, "ER0", 0},
    {"'d", "", AS_D, "", 0},
    {"'s", "", AS_S, "", NOMINAL},
    {"s'", "s", AS_WRITTEN, "", NOMINAL},
    {"in'", "ing", AS_WRITTEN, "", VERBAL},
    {"ies", "y", AS_S, "", 0},
    {"s", "", AS_S, "", 0},
    {"es", "", AS_S, "", 0},
    {"ied", "y", AS_D, "", VERBAL},
    {"ed", "e", AS_D, "", VERBAL},
    {"ed", "=", AS_D, "", VERBAL},
    {"ed", "", AS_D, "", VERBAL},
    {"ing", "e", AS_WRITTEN, "IH0 NG", VERBAL},
    {"ing", "=", AS_WRITTEN, "IH0 NG", VERBAL},
    {"ing", "", AS_WRITTEN, "IH0 NG", VERBAL},
    {"iness", "y", AS_WRITTEN, "N AH0 S", ADJECTIVAL},
    {"ness", "", AS_WRITTEN, "N AH0 S", ADJECTIVAL},
    {"less", "", AS_WRITTEN, "L AH0 S", NOMINAL},
    {"ful", "", AS_WRITTEN, "F AH0 L", NOMINAL},
    {"ically", "ic", AS_WRITTEN, "L IY0", ADJECTIVAL},
    {"ily", "y", AS_WRITTEN, "L IY0", ADJECTIVAL},
    {"ly", "", AS_WRITTEN, "L IY0", ADJECTIVAL},
    {"ment", "", AS_WRITTEN, "M AH0 N T", VERBAL},
    {"ship", "", AS_WRITTEN, "SH IH2 P", NOMINAL},
    {"hood", "", AS_WRITTEN, "HH UH2 D", NOMINAL},
    {"like", "", AS_WRITTEN, "L AY2 K", NOMINAL},
    {"wise", "", AS_WRITTEN, "W AY2 Z", NOMINAL},
    {"able", "e", AS_WRITTEN, "AH0 B AH0 L", VERBAL},
    {"able", "=", AS_WRITTEN, "AH0 B AH0 L", VERBAL},
    {"able", "", AS_WRITTEN, "AH0 B AH0 L", VERBAL},
    {"iest", "y", AS_WRITTEN, "AH0 S T", ADJECTIVAL},
    {"est", "=", AS_WRITTEN, "AH0 S T", ADJECTIVAL},
    {"est", "e", AS_WRITTEN, "AH0 S T", ADJECTIVAL},
    {"est", "", AS_WRITTEN, "AH0 S T", ADJECTIVAL},
    {"ier", "y", AS_WRITTEN, "ER0", ADJECTIVAL},
    {"er", "e", AS_WRITTEN, "ER0", VERBAL},
    {"er", "=", AS_WRITTEN, "ER0", VERBAL},
    {"er", "", AS_WRITTEN, "ER0", VERBAL},
    {"ish", "", AS_WRITTEN, "IH0 SH", NOMINAL},
    {"ism", "", AS_WRITTEN, "IH2 Z AH0 M", NOMINAL},
    {"ist", "", AS_WRITTEN, "IH0 S T", NOMINAL},
    {"ize", "", AS_WRITTEN, "AY2 Z", NOMINAL},
};

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

static const char *const voiceless[] = {"P", "T", "K", "F", "TH", "S", "SH", "CH", NULL};

void phones_add_s(struct phones *phones, size_t begin)
{
    static const char *const sibilants[] = {"S", "Z", "SH", "ZH", "CH", "JH", NULL};
    unsigned char last = phones->count > begin ? phones->ids[phones->count - 1] : PHONE_NONE;
    add_names(phones, is_one_of(last, sibilants) ? "IH0 Z" : is_one_of(last, voiceless) ? "S" : "Z");
}

static void add_d(struct phones *phones, size_t begin)
{
    static const char *const stops[] = {"T", "D", NULL};
    unsigned char last = phones->count > begin ? phones->ids[phones->count - 1] : PHONE_NONE;
    add_names(phones, is_one_of(last, stops) ? "IH0 D" : is_one_of(last, voiceless) ? "T" : "D");
}

/* A part that is not the first of its word loses its primary stress. */
static void weaken(struct phones *phones, size_t begin)
{
    for (size_t i = begin; i < phones->count; i++)
        if (phone_stress(phones->ids[i]) == 1)
            phones->ids[i] = phone_stressed(phones->ids[i], 2);
}

const struct lexicon_variant *lexicon_variant_of(const struct lexicon_entry *entry, unsigned parts)
{
    for (int pass = 0; pass < 2; pass++)
        for (int i = 0; i < entry->count; i++)
            if (entry->variants[i].parts & (pass ? PART_DEFAULT : parts))
                return &entry->variants[i];
    return &entry->variants[0];
}

/* ---- taking apart ---- */

struct search {
    const struct lexicon *lexicon;
    struct phones *phones;
    int depth;
};

static bool take_apart(struct search *s, const char *word, size_t length);

static bool add_known(struct search *s, const char *word, size_t length, unsigned parts, bool common)
{
    struct lexicon_entry entry;
    if (!lexicon_find(s->lexicon, word, length, &entry) || (common && !entry.common))
        return false;
    const struct lexicon_variant *variant = lexicon_variant_of(&entry, parts);
    phones_add_all(s->phones, variant->phones, variant->count);
    return true;
}

static bool add_base(struct search *s, const char *word, size_t length, unsigned parts)
{
    if (length < SHORTEST_BASE)
        return false;
    if (add_known(s, word, length, parts, false))
        return true;
    if (s->depth == DEEPEST)
        return false;
    s->depth++;
    bool found = take_apart(s, word, length);
    s->depth--;
    return found;
}

/* The base that the ending leaves of the word, into base (length + 4 bytes); its length, 0 where the ending does not
 * fit. */
static size_t base_of(const struct ending *ending, const char *word, size_t length, char *base)
{
    size_t own = strlen(ending->spelling), left = length - own;
    if (length < own + 2 || memcmp(word + left, ending->spelling, own) != 0)
        return 0;
    memcpy(base, word, left);
    if (strcmp(ending->restore, "=") == 0)
        return left > 2 && word[left - 1] == word[left - 2] ? left - 1 : 0;
    size_t restored = strlen(ending->restore);
    memcpy(base + left, ending->restore, restored);
    return left + restored;
}

static void add_ending(struct search *s, const struct ending *ending, size_t begin)
{
    if (ending->join == AS_S)
        phones_add_s(s->phones, begin);
    else if (ending->join == AS_D)
        add_d(s->phones, begin);
    else
        add_names(s->phones, ending->phones);
}

static bool with_ending(struct search *s, const char *word, size_t length)
{
    char base[LEXICON_LETTERS + 8];
    size_t begin = s->phones->count;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        size_t left = base_of(&endings[i], word, length, base);
        if (left == 0 || !add_base(s, base, left, endings[i].parts))
            continue;
        add_ending(s, &endings[i], begin);
        return true;
    }
    return false;
}

static bool with_prefix(struct search *s, const char *word, size_t length)
{
    size_t begin = s->phones->count;
    for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
        size_t own = strlen(prefixes[i].spelling);
        if (length < own + SHORTEST_ROOT || memcmp(word, prefixes[i].spelling, own) != 0)
            continue;
        add_names(s->phones, prefixes[i].phones);
        if (add_known(s, word + own, length - own, 0, true))
            return true;
        s->phones->count = begin;
    }
    return false;
}

/* Two common words, as even as can be. */
static bool as_compound(struct search *s, const char *word, size_t length)
{
    size_t begin = s->phones->count;
    if (length < SHORTEST_COMPOUND)
        return false;
    for (size_t shorter = length / 2; shorter >= SHORTEST_BASE; shorter--)
        for (int side = 0; side < 2; side++) {
            size_t first = side ? shorter : length - shorter;
            if (!add_known(s, word, first, 0, true))
                continue;
            size_t second = s->phones->count;
            if (add_known(s, word + first, length - first, 0, true)) {
                weaken(s->phones, second);
                return true;
            }
            s->phones->count = begin;
        }
    return false;
}

static bool take_apart(struct search *s, const char *word, size_t length)
{
    return with_ending(s, word, length) || with_prefix(s, word, length) || as_compound(s, word, length);
}

bool word_from_parts(const struct lexicon *lexicon, const char *word, size_t length, struct phones *phones)
{
    struct search s = {lexicon, phones, 0};
    size_t begin = phones->count;
    if (length > LEXICON_LETTERS)
        return false;
    if (take_apart(&s, word, length) && !phones->failed)
        return true;
    phones->count = begin;
    return false;
}
