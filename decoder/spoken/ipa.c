#include "decoder/spoken/ipa.h"

#include <string.h>

/* ---- writing ---- */

/* By name without stress, vowels first, as arpabet.h orders them. Vowels where nothing beside them matters. */
static const char *const vowels[PHONE_VOWELS] = {"ɑː", "æ", "ʌ",  "ɔː", "aʊ", "aɪ", "ɛ", "ɜː",
                                                 "eɪ", "ɪ", "iː", "oʊ", "ɔɪ", "ʊ",  "uː"};
static const char *const consonants[PHONE_CONSONANTS] = {"b", "tʃ", "d", "ð", "f", "ɡ", "h", "dʒ", "k", "l", "m", "n",
                                                         "ŋ", "p",  "ɹ", "s", "ʃ", "t", "θ", "v",  "w", "j", "z", "ʒ"};

enum vowel { AA, AE, AH, AO, AW, AY, EH, ER, EY, IH, IY, OW, OY, UH, UW, NO_VOWEL };
enum { FIRST_CONSONANT = PHONE_VOWELS * PHONE_STRESSES };

static enum vowel vowel_of(unsigned char phone)
{
    return phone_is_vowel(phone) ? (enum vowel)(phone / PHONE_STRESSES) : NO_VOWEL;
}

static unsigned char at(const unsigned char *phones, size_t count, size_t i)
{
    return i < count ? phones[i] : PHONE_NONE;
}

static bool is(unsigned char phone, const char *name)
{
    return phone < PHONE_COUNT && phone == phone_find(name, strlen(name));
}

/* A vowel without stress is weaker than its letter, and differently so by place: "əbˈaʊt" begins with "ɐ". */
static const char *weak(const unsigned char *phones, size_t count, size_t i)
{
    unsigned char next = at(phones, count, i + 1);
    bool ending = i + 2 == count && i > 0 && (is(next, "D") || is(next, "Z")); /* "wanted", "boxes" */
    switch (vowel_of(phones[i])) {
    case AH:
        return i == 0 && count > 1 ? "ɐ" : "ə";
    case ER:
        return phone_is_vowel(next) ? "ɚɹ" : "ɚ";
    case IH:
        return ending ? "ᵻ" : is(next, "R") ? "ɪ" : NULL;
    case IY:
        return phone_stress(next) > 0 ? NULL : "i";
    default:
        return NULL;
    }
}

static const char *vowel_at(const unsigned char *phones, size_t count, size_t i)
{
    unsigned char next = at(phones, count, i + 1);
    enum vowel vowel = vowel_of(phones[i]);
    const char *written = phone_stress(phones[i]) == 0 ? weak(phones, count, i) : NULL;
    if (written)
        return written;
    if (vowel == ER && phone_is_vowel(next))
        return "ɜːɹ";
    if (is(next, "R"))
        written = vowel == AO ? "oː" : vowel == IY ? "ɪ" : vowel == UW ? "ʊ" : NULL;
    return written ? written : vowels[vowel];
}

/* An American t between vowels, the second of them without stress, is a tap. */
static bool is_tap(const unsigned char *phones, size_t count, size_t i)
{
    bool after = i > 0 && (phone_is_vowel(phones[i - 1]) || is(phones[i - 1], "R"));
    return after && is(phones[i], "T") && phone_stress(at(phones, count, i + 1)) == 0;
}

void ipa_write(const unsigned char *phones, size_t count, struct text *out)
{
    static const char *const marks[PHONE_STRESSES] = {"", "ˈ", "ˌ"};
    for (size_t i = 0; i < count; i++) {
        if (phone_is_vowel(phones[i])) {
            text_add_string(out, marks[phone_stress(phones[i])]);
            text_add_string(out, vowel_at(phones, count, i));
        } else if (phones[i] < PHONE_COUNT) {
            text_add_string(out, is_tap(phones, count, i) ? "ɾ" : consonants[phones[i] - FIRST_CONSONANT]);
        }
    }
}

/* ---- reading ---- */

struct sound {
    const char *symbol;
    const char *phones; /* names without stress; none for what is passed over */
};

/* The longest that fits counts. */
/* clang-format off */
static const struct sound sounds[] = {
    /* diphthongs, and vowels before r */
    {"aʊ", "AW"}, {"aɪ", "AY"}, {"ɑɪ", "AY"}, {"ʌɪ", "AY"}, {"eɪ", "EY"}, {"ɛɪ", "EY"}, {"oʊ", "OW"}, {"əʊ", "OW"},
    {"ɔɪ", "OY"}, {"oɪ", "OY"}, {"ɪə", "IH R"}, {"eə", "EH R"}, {"ɛə", "EH R"}, {"ʊə", "UH R"}, {"iə", "IY AH"}, {"oːɹ", "AO R"},
    {"oːr", "AO R"}, {"ɔːɹ", "AO R"}, {"oɹ", "AO R"}, {"or", "AO R"}, {"ɜːɹ", "ER"}, {"ɜɹ", "ER"}, {"ɜːr", "ER"}, {"ɜr", "ER"},
    {"ɝɹ", "ER"}, {"ɚɹ", "ER"}, {"əɹ", "ER"}, {"ər", "ER"},
    /* vowels */
    {"ɑ", "AA"}, {"ɒ", "AA"}, {"æ", "AE"}, {"a", "AE"}, {"aː", "AA"}, {"ʌ", "AH"}, {"ə", "AH"}, {"ɐ", "AH"},
    {"ɔ", "AO"}, {"oː", "OW"}, {"o", "OW"}, {"ɛ", "EH"}, {"e", "EH"}, {"eː", "EY"}, {"œ", "EH"}, {"ø", "ER"},
    {"ɜ", "ER"}, {"ɝ", "ER"}, {"ɚ", "ER"}, {"ɪ", "IH"}, {"ɨ", "IH"}, {"ᵻ", "IH"}, {"ʏ", "IH"}, {"i", "IY"},
    {"y", "UW"}, {"ʊ", "UH"}, {"ɵ", "UH"}, {"u", "UW"}, {"ʉ", "UW"}, {"ɯ", "UW"}, {"ɤ", "AH"},
    /* consonants */
    {"b", "B"}, {"β", "B"}, {"tʃ", "CH"}, {"ʧ", "CH"}, {"tɕ", "CH"}, {"d", "D"}, {"ɖ", "D"}, {"ð", "DH"},
    {"f", "F"}, {"ɸ", "F"}, {"ɡ", "G"}, {"g", "G"}, {"ɣ", "G"}, {"h", "HH"}, {"ɦ", "HH"}, {"ħ", "HH"},
    {"ç", "HH"}, {"dʒ", "JH"}, {"ʤ", "JH"}, {"dʑ", "JH"}, {"k", "K"}, {"x", "K"}, {"q", "K"}, {"χ", "K"},
    {"c", "K"}, {"l", "L"}, {"ɫ", "L"}, {"ɭ", "L"}, {"ʎ", "L Y"}, {"m", "M"}, {"ɱ", "M"}, {"n", "N"},
    {"ɳ", "N"}, {"ɲ", "N Y"}, {"ŋ", "NG"}, {"p", "P"}, {"ɹ", "R"}, {"r", "R"}, {"ɾ", "T"}, {"ɻ", "R"},
    {"ʁ", "R"}, {"ʀ", "R"}, {"s", "S"}, {"ʃ", "SH"}, {"ɕ", "SH"}, {"ʂ", "SH"}, {"t", "T"}, {"ʈ", "T"},
    {"ts", "T S"}, {"ʔ", "T"}, {"θ", "TH"}, {"v", "V"}, {"ʋ", "V"}, {"w", "W"}, {"ʍ", "HH W"}, {"ɥ", "W"},
    {"j", "Y"}, {"z", "Z"}, {"ʒ", "ZH"}, {"ʑ", "ZH"}, {"ʐ", "ZH"},
    /* a consonant that is a syllable has the reduced vowel before it */
    {"l̩", "AH L"}, {"n̩", "AH N"}, {"m̩", "AH M"}, {"ɹ̩", "ER"}, {"r̩", "ER"},
    /* length, ties, syllables, linking, aspiration, fine detail, what encloses it */
    {"ː", ""}, {"ˑ", ""}, {"͡", ""}, {"͜", ""}, {".", ""}, {"‿", ""}, {"|", ""}, {"ʰ", ""},
    {"ʲ", ""}, {"ʷ", ""}, {"ˠ", ""}, {"̃", ""}, {"̩", ""}, {"̯", ""}, {"̪", ""}, {"̚", ""},
    {"̥", ""}, {"̬", ""}, {"˞", "R"}, {"-", ""}, {" ", ""}, {"\t", ""}, {"\n", ""}, {"/", ""},
    {"[", ""}, {"]", ""}, {"(", ""}, {")", ""},
};
/* clang-format on */

static const struct sound stresses[] = {{"ˈ", "1"}, {"'", "1"}, {"ˌ", "2"}, {",", "2"}};

static const struct sound *longest(const struct sound *table, size_t count, const char *text, size_t length)
{
    const struct sound *best = NULL;
    size_t best_length = 0;
    for (size_t i = 0; i < count; i++) {
        size_t own = strlen(table[i].symbol);
        if (own > best_length && own <= length && memcmp(text, table[i].symbol, own) == 0) {
            best = &table[i];
            best_length = own;
        }
    }
    return best;
}

/* Adds the phones that names lists; the first vowel takes the stress, which is then used up. */
static void add_sound(struct phones *phones, const char *names, int *stress)
{
    while (*names) {
        size_t length = strcspn(names, " ");
        unsigned char phone = phone_find(names, length);
        if (phone_is_vowel(phone)) {
            phone = phone_stressed(phone, *stress);
            *stress = 0;
        }
        phones_add(phones, phone);
        names += length + (names[length] == ' ');
    }
}

/* A character and what combines with it is what a message should show. */
static int refuse(const char *text, size_t length, struct fault *fault)
{
    size_t size = utf8_length(text, length);
    if (size == 0)
        return fail(fault, UTTER_ERROR_ARGUMENT, "phones that are no UTF-8");
    return fail(fault, UTTER_ERROR_ARGUMENT, "'%.*s' (U+%04X) is no phone of English in IPA", (int)size, text,
                (unsigned)utf8_code(text, size));
}

/* "t͡ʃ" as "tʃ": the tie would stand between what belongs together. */
static int without_ties(const char *text, size_t length, struct text *out, struct fault *fault)
{
    static const char *const ties[] = {"͡", "͜"};
    for (size_t i = 0; i < length; i++) {
        size_t left = length - i;
        bool tie = false;
        for (size_t t = 0; t < sizeof ties / sizeof ties[0] && !tie; t++)
            tie = left >= strlen(ties[t]) && memcmp(text + i, ties[t], strlen(ties[t])) == 0;
        if (tie)
            i += strlen(ties[0]) - 1;
        else
            text_add(out, text + i, 1);
    }
    return out->failed ? fail_memory(fault, "phones") : 0;
}

static int read_sounds(const char *text, size_t length, struct phones *phones, struct fault *fault)
{
    int stress = 0;
    for (size_t i = 0; i < length;) {
        const struct sound *mark = longest(stresses, sizeof stresses / sizeof stresses[0], text + i, length - i);
        const struct sound *sound = longest(sounds, sizeof sounds / sizeof sounds[0], text + i, length - i);
        if (!mark && !sound)
            return refuse(text + i, length - i, fault);
        if (mark)
            stress = mark->phones[0] - '0';
        else
            add_sound(phones, sound->phones, &stress);
        i += strlen(mark ? mark->symbol : sound->symbol);
    }
    return phones->failed ? fail_memory(fault, "phones") : 0;
}

int ipa_read(const char *text, size_t length, struct phones *phones, struct fault *fault)
{
    struct text plain = {0};
    size_t begin = phones->count;
    int code = without_ties(text, length, &plain, fault);
    if (!code)
        code = read_sounds(plain.bytes, plain.length, phones, fault);
    text_free(&plain);
    if (!code)
        phones_stress(phones, begin);
    return code;
}

/* Capitals, digits and blanks alone: no IPA is written so, and a name among them that is none is a slip in ARPAbet. */
static bool is_meant_as_arpabet(const char *text, size_t length)
{
    size_t capitals = 0;
    for (size_t i = 0; i < length; i++) {
        bool capital = text[i] >= 'A' && text[i] <= 'Z', digit = text[i] >= '0' && text[i] <= '9';
        if (!capital && !digit && (unsigned char)text[i] > ' ')
            return false;
        capitals += capital;
    }
    return capitals > 0;
}

int phones_read(const char *text, size_t length, struct phones *phones, struct fault *fault)
{
    size_t begin = phones->count;
    bool arpabet = arpabet_is(text, length) || is_meant_as_arpabet(text, length);
    int code = arpabet ? arpabet_read(text, length, phones, fault) : ipa_read(text, length, phones, fault);
    if (!code && phones->count == begin)
        return fail(fault, UTTER_ERROR_ARGUMENT, "no phones are given");
    return code;
}
