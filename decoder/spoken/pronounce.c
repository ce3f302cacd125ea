#include "decoder/spoken/pronounce.h"

#include "decoder/spoken/fold.h"
#include "decoder/spoken/heteronyms.h"
#include "decoder/spoken/inflection.h"
#include "decoder/spoken/ipa.h"
#include "decoder/spoken/lexicon.h"
#include "decoder/spoken/unknown_word.h"
#include "decoder/spoken/user_lexicon.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

struct pronouncer {
    struct mapping file;
    struct lexicon lexicon;
    struct letter_to_sound network;
    struct user_lexicon *user; /* or NULL */
};

/* ---- opening ---- */

static int open_parts(struct pronouncer *p, const char *lexicon_path, const char *user_path, struct fault *fault)
{
    char name[201] = "";
    strncat(name, lexicon_path, sizeof name - 1);
    if (mapping_open(&p->file, lexicon_path, fault) ||
        lexicon_open(&p->lexicon, p->file.data, p->file.size, name, fault) ||
        letter_to_sound_open(&p->network, p->lexicon.network, p->lexicon.network_size, name, fault))
        return fault->code;
    return user_path ? user_lexicon_read(&p->user, user_path, fault) : 0;
}

int pronouncer_open(struct pronouncer **pronouncer, const char *lexicon_path, const char *user_lexicon_path,
                    struct fault *fault)
{
    struct pronouncer *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a pronouncer");
    int code = open_parts(p, lexicon_path, user_lexicon_path, fault);
    if (code)
        pronouncer_close(&p);
    else
        *pronouncer = p;
    return code;
}

void pronouncer_close(struct pronouncer **pronouncer)
{
    if (!*pronouncer)
        return;
    user_lexicon_close(&(*pronouncer)->user);
    mapping_close(&(*pronouncer)->file);
    free(*pronouncer);
    *pronouncer = NULL;
}

/* ---- one word ---- */

/* What a sentence is pronounced with. */
struct saying {
    const struct pronouncer *pronouncer;
    const struct spoken_sentence *sentence;
    size_t at; /* the item */
    struct phones *phones;
    struct fault *fault;
};

static void add_names(struct phones *phones, const char *names)
{
    arpabet_read(names, strlen(names), phones, NULL); /* our own names: memory is all that may fail */
}

static void add_letter_name(struct phones *phones, char upper)
{
    static const char *const names[26] = {"EY1",
                                          "B IY1",
                                          "S IY1",
                                          "D IY1",
                                          "IY1",
                                          "EH1 F",
                                          "JH IY1",
                                          "EY1 CH",
                                          "AY1",
                                          "JH EY1",
                                          "K EY1",
                                          "EH1 L",
                                          "EH1 M",
                                          "EH1 N",
                                          "OW1",
                                          "P IY1",
                                          "K Y UW1",
                                          "AA1 R",
                                          "EH1 S",
                                          "T IY1",
                                          "Y UW1",
                                          "V IY1",
                                          "D AH1 B AH0 L Y UW0",
                                          "EH1 K S",
                                          "W AY1",
                                          "Z IY1"};
    add_names(phones, names[upper - 'A']);
}

/* Words that are said otherwise in a sentence than by themselves, which is how the lexicon has them. */
static bool add_weak_word(struct phones *phones, const char *word, size_t length)
{
    static const struct weak {
        const char *word, *phones;
    } weak[] = {{"a", "AH0"},    {"an", "AH0 N"},    {"and", "AH0 N D"},
                {"of", "AH0 V"}, {"was", "W AH1 Z"}, {"every", "EH1 V R IY0"}};
    for (size_t i = 0; i < sizeof weak / sizeof weak[0]; i++)
        if (strlen(weak[i].word) == length && memcmp(weak[i].word, word, length) == 0) {
            add_names(phones, weak[i].phones);
            return true;
        }
    return false;
}

static bool add_from_lexicon(struct saying *s, const char *word, size_t length)
{
    struct lexicon_entry entry;
    if (!lexicon_find(&s->pronouncer->lexicon, word, length, &entry))
        return false;
    const struct lexicon_variant *variant =
        entry.heteronym ? heteronym_variant(&entry, s->sentence, s->at) : &entry.variants[0];
    phones_add_all(s->phones, variant->phones, variant->count);
    return true;
}

static bool add_from_user(struct saying *s, const char *word, size_t length)
{
    size_t count;
    const unsigned char *phones = user_lexicon_find(s->pronouncer->user, word, length, &count);
    if (phones)
        phones_add_all(s->phones, phones, count);
    return phones != NULL;
}

/* "kgb": no word is said so; letters by name. */
static bool add_as_letters(struct saying *s, const char *word, size_t length)
{
    enum { LONGEST = 5 };
    if (length < 2 || length > LONGEST)
        return false;
    for (size_t i = 0; i < length; i++)
        if (strchr("aeiouy'", word[i]))
            return false;
    for (size_t i = 0; i < length; i++)
        add_letter_name(s->phones, (char)(word[i] - 'a' + 'A'));
    return true;
}

static int add_word(struct saying *s, const char *word, size_t length);

/* "nguyen's", "boss'": the name as it is said, and its ending. */
static bool add_possessive(struct saying *s, const char *word, size_t length)
{
    size_t begin = s->phones->count;
    bool plural = length > 2 && memcmp(word + length - 2, "s'", 2) == 0;
    if (length < 3 || (!plural && memcmp(word + length - 2, "'s", 2) != 0))
        return false;
    if (add_word(s, word, plural ? length - 1 : length - 2))
        return false;
    if (!plural)
        phones_add_s(s->phones, begin);
    return true;
}

/* word: a to z and apostrophes. */
static int add_word(struct saying *s, const char *word, size_t length)
{
    if (length == 0 || add_from_user(s, word, length) || add_weak_word(s->phones, word, length) ||
        add_from_lexicon(s, word, length) || add_possessive(s, word, length) ||
        inflection_of_known(&s->pronouncer->lexicon, word, length, s->phones) || add_as_letters(s, word, length))
        return s->phones->failed ? fail_memory(s->fault, "a pronunciation") : 0;
    return unknown_word(&s->pronouncer->lexicon, &s->pronouncer->network, word, length, s->phones, s->fault);
}

/* An apostrophe at an end is a quotation mark, unless the lexicon has the word with it ("'cause") or it is a plural's.
 */
static void trim(const struct lexicon *lexicon, const char **word, size_t *length)
{
    struct lexicon_entry entry;
    if (*length && ((*word)[0] == '\'' || (*word)[*length - 1] == '\'') &&
        lexicon_find(lexicon, *word, *length, &entry))
        return;
    for (; *length && (*word)[0] == '\''; --*length)
        ++*word;
    while (*length && (*word)[*length - 1] == '\'' && !(*length > 2 && (*word)[*length - 2] == 's'))
        --*length;
}

static int add_text(struct saying *s, const char *text)
{
    size_t length = strlen(text);
    struct text folded = {0};
    if (length == 1 && text[0] >= 'A' && text[0] <= 'Z') {
        add_letter_name(s->phones, text[0]);
        return 0;
    }
    if (add_from_user(s, text, length))
        return 0;
    fold_word(text, length < 4 * PRONOUNCE_LONGEST ? length : 4 * PRONOUNCE_LONGEST, &folded);
    if (folded.failed)
        return fail_memory(s->fault, "a pronunciation");
    const char *word = folded.bytes;
    size_t size = folded.length < PRONOUNCE_LONGEST ? folded.length : PRONOUNCE_LONGEST;
    trim(&s->pronouncer->lexicon, &word, &size);
    int code = add_word(s, word, size);
    text_free(&folded);
    return code;
}

/* ---- a sentence ---- */

static int add_item(struct saying *s)
{
    const struct spoken_item *item = &s->sentence->items[s->at];
    if (item->kind == SPOKEN_PHONES && item->given)
        return phones_read(item->given, strlen(item->given), s->phones, s->fault);
    return item->kind == SPOKEN_WORD && item->text ? add_text(s, item->text) : 0;
}

static bool is_word(const struct spoken_item *item, const char *word)
{
    return item->kind == SPOKEN_WORD && item->text && strcmp(item->text, word) == 0;
}

static void set_last(struct pronunciation *out, size_t item, const char *vowel)
{
    const struct pronounced_item *said = &out->items[item];
    if (said->count > 0 && phone_is_vowel(out->phones[said->first + said->count - 1]))
        out->phones[said->first + said->count - 1] = phone_find(vowel, 3);
}

/* "the" and "to" end in a full vowel before a vowel, "to" also where nothing follows. */
static void set_weak_vowels(const struct pronouncer *p, const struct spoken_sentence *s, struct pronunciation *out)
{
    size_t count;
    bool the = !user_lexicon_find(p->user, "the", 3, &count), to = !user_lexicon_find(p->user, "to", 2, &count);
    for (size_t i = 0; i < s->count; i++) {
        bool joined = i + 1 < s->count && !s->items[i].after && out->items[i + 1].count > 0;
        bool vowel = joined && phone_is_vowel(out->phones[out->items[i + 1].first]);
        if (the && is_word(&s->items[i], "the"))
            set_last(out, i, vowel ? "IY0" : "AH0");
        else if (to && is_word(&s->items[i], "to"))
            set_last(out, i, joined && !vowel ? "AH0" : "UW1");
    }
}

static int pronounce_items(struct saying *s, struct pronunciation *out)
{
    void *items = out->items;
    if (!memory_grow(&items, &out->items_capacity, s->sentence->count, sizeof *out->items))
        return fail_memory(s->fault, "a pronunciation");
    out->items = items;
    for (s->at = 0; s->at < s->sentence->count; s->at++) {
        size_t first = s->phones->count;
        int code = add_item(s);
        if (!code && s->phones->failed)
            code = fail_memory(s->fault, "a pronunciation");
        if (code)
            return code;
        out->items[out->item_count++] = (struct pronounced_item){first, s->phones->count - first};
    }
    return 0;
}

int pronounce(const struct pronouncer *pronouncer, const struct spoken_sentence *sentence, struct pronunciation *out,
              struct fault *fault)
{
    struct phones phones = {out->phones, 0, out->phones_capacity, false};
    struct saying s = {pronouncer, sentence, 0, &phones, fault};
    out->item_count = 0;
    int code = pronounce_items(&s, out);
    out->phones = phones.ids;
    out->phones_capacity = phones.capacity;
    out->count = code ? 0 : phones.count;
    out->item_count = code ? 0 : out->item_count;
    if (!code)
        set_weak_vowels(pronouncer, sentence, out);
    return code;
}

void pronunciation_free(struct pronunciation *pronunciation)
{
    free(pronunciation->phones);
    free(pronunciation->items);
    *pronunciation = (struct pronunciation){0};
}
