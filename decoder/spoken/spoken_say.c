/* spoken_say.c - collecting items. */
#include "decoder/spoken/spoken_say.h"

#include "src/base/memory.h"

#include <stdint.h>
#include <string.h>

static struct said_item *new_item(struct say *s, enum spoken_kind kind, size_t begin, size_t end)
{
    struct said *said = s->said;
    void *items = said->items;
    if (said->failed || !memory_grow(&items, &said->capacity, said->count + 1, sizeof *said->items)) {
        said->failed = true;
        return NULL;
    }
    said->items = items;
    struct said_item *new = &said->items[said->count++];
    const struct place *first = s->at ? s->at : &s->folded->places[s->begin + begin];
    const struct place *last = s->at ? s->at : &s->folded->places[s->begin + (end > begin ? end - 1 : begin)];
    *new = (struct said_item){.text = SIZE_MAX, .given = SIZE_MAX};
    new->item.kind = kind;
    new->item.begin = first->begin;
    new->item.end = last->begin + last->length;
    new->item.prosody = s->prosody ? *s->prosody : folded_style(s->folded, s->begin + begin)->prosody;
    return new;
}

/* A copy with a NUL behind it; its offset. */
static size_t keep(struct said *said, const char *text, size_t length)
{
    const size_t at = said->strings.length;
    text_add(&said->strings, text, length);
    text_add(&said->strings, "", 1);
    said->failed |= said->strings.failed;
    return at;
}

static int strength(char mark)
{
    static const char order[] = ",-;:.!?";
    const char *at = mark ? strchr(order, mark) : NULL;
    return at ? (int)(at - order) + 1 : 0;
}

void say_mark(struct say *s, char mark)
{
    struct said *said = s->said;
    if (!said->count || said->items[said->count - 1].item.kind == SPOKEN_BREAK)
        return;
    char *after = &said->items[said->count - 1].item.after;
    if (strength(mark) > strength(*after))
        *after = mark;
}

void say_break(struct say *s, double pause, size_t begin, size_t end)
{
    struct said_item *item = new_item(s, SPOKEN_BREAK, begin, end);
    if (item)
        item->item.pause = pause;
}

void say_words(struct say *s, const char *words, size_t length, size_t begin, size_t end)
{
    for (size_t at = 0, to; at < length; at = to + 1) {
        for (to = at; to < length && words[to] != ' '; to++)
            continue;
        if (to == at)
            continue;
        if (to == at + 1 && strength(words[at])) {
            say_mark(s, words[at]);
            continue;
        }
        struct said_item *item = new_item(s, SPOKEN_WORD, begin, end);
        if (item)
            item->text = keep(s->said, words + at, to - at);
    }
}

void say_string(struct say *s, const char *words, size_t begin, size_t end)
{
    say_words(s, words, strlen(words), begin, end);
}

void say_collected(struct say *s, size_t begin, size_t end)
{
    s->said->failed |= s->words.failed;
    if (s->words.length)
        say_words(s, s->words.bytes, s->words.length, begin, end);
    s->words.length = 0;
}

static void say_phones(struct say *s, const struct spoken_object *object, size_t at)
{
    struct said_item *item = new_item(s, SPOKEN_PHONES, at, at + 1);
    if (!item)
        return;
    item->text = keep(s->said, object->text, strlen(object->text));
    s->said->items[s->said->count - 1].given = keep(s->said, object->given, strlen(object->given));
}

void say_object(struct say *s, size_t at)
{
    const struct spoken_object *object = folded_style(s->folded, s->begin + at)->object;
    if (!object)
        return;
    if (object->kind == OBJECT_BREAK)
        say_break(s, object->pause, at, at + 1);
    else if (object->kind == OBJECT_PHONEME)
        say_phones(s, object, at);
    else
        say_as(s, object, at);
}

size_t previous_word(const struct say *s, size_t at, const char **word)
{
    while (at > 0 && (s->text[at - 1] == ' ' || s->text[at - 1] == '\n' || s->text[at - 1] == '.' ||
                      s->text[at - 1] == '#' || s->text[at - 1] == '('))
        at--;
    size_t begin = at;
    while (begin > 0 && (is_alpha(s->text[begin - 1]) || s->text[begin - 1] == '\''))
        begin--;
    *word = s->text + begin;
    return at - begin;
}

size_t following_word(const struct say *s, size_t at, const char **word)
{
    if (at < s->size && (s->text[at] == ' ' || s->text[at] == '\n' || s->text[at] == '-'))
        at++;
    size_t end = at;
    while (end < s->size && (is_alpha(s->text[end]) || s->text[end] == '\''))
        end++;
    *word = s->text + at;
    return end - at;
}

bool previous_in(const struct say *s, size_t at, const char *list)
{
    const char *word;
    const size_t length = previous_word(s, at, &word);
    return list_has(list, word, length);
}
