#include "decoder/written/heard.h"

#include "decoder/spoken/spoken_lists.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static bool is_opening(char c)
{
    return c && strchr("\"'([{", c);
}

static bool is_mark(char c)
{
    return c && strchr("\"')]}.,;:?!", c);
}

size_t heard_suffix(const char *word)
{
    const size_t length = strlen(word);
    size_t n = 0;
    while (n < length && is_mark(word[length - n - 1]))
        n++;
    return n;
}

size_t heard_prefix(const char *word)
{
    const size_t most = strlen(word) - heard_suffix(word);
    size_t n = 0;
    while (n < most && is_opening(word[n]))
        n++;
    return n;
}

static bool add(struct heard_list *list, const char *text, size_t length, struct heard heard)
{
    void *items = list->items;
    if (!memory_grow(&items, &list->capacity, list->count + 1, sizeof *list->items))
        return false;
    list->items = items;
    heard.length = length;
    heard.number = number_named(text, length);
    list->items[list->count++] = heard;
    text_add(&list->strings, text, length);
    text_add(&list->strings, "", 1);
    return !list->strings.failed;
}

/* Whether there are hyphens, and between them only names of numbers. */
static bool is_compound(const char *text, size_t length)
{
    size_t parts = 0;
    for (size_t at = 0, end; at <= length; at = end + 1, parts++) {
        for (end = at; end < length && text[end] != '-'; end++)
            continue;
        const struct number_name number = number_named(text + at, end - at);
        if (!number.class || number.plural)
            return false;
    }
    return parts > 1;
}

static bool add_parts(struct heard_list *list, const char *text, size_t length, struct heard heard)
{
    if (!is_compound(text, length))
        return add(list, text, length, heard);
    for (size_t at = 0, end; at <= length; at = end + 1) {
        for (end = at; end < length && text[end] != '-'; end++)
            continue;
        heard.begins = at == 0;
        heard.ends = end == length;
        heard.apart = heard.apart && at == 0;
        if (!add(list, text + at, end - at, heard))
            return false;
    }
    return true;
}

/* The strings have stopped moving. */
static void settle(struct heard_list *list)
{
    const char *text = list->strings.bytes;
    for (size_t i = 0; i < list->count; i++) {
        list->items[i].text = text;
        text += list->items[i].length + 1;
    }
}

int heard_read(struct heard_list *list, const struct word *words, size_t count, struct fault *fault)
{
    struct text lower = {0};
    bool apart = false, whole = true;
    *list = (struct heard_list){0};
    for (size_t i = 0; i < count && whole; i++) {
        const char *word = words[i].text;
        const size_t prefix = heard_prefix(word), suffix = heard_suffix(word);
        lower.length = 0;
        text_add(&lower, word + prefix, strlen(word) - prefix - suffix);
        for (size_t j = 0; j < lower.length; j++)
            lower.bytes[j] = to_lower(lower.bytes[j]);
        const struct heard heard = {.word = i, .begins = true, .ends = true, .apart = apart || prefix};
        whole = !lower.failed && add_parts(list, lower.bytes, lower.length, heard);
        apart = suffix > 0;
    }
    text_free(&lower);
    settle(list);
    return whole ? 0 : fail_memory(fault, "the words of a recording");
}

void heard_free(struct heard_list *list)
{
    free(list->items);
    text_free(&list->strings);
    *list = (struct heard_list){0};
}

const struct heard *heard_at(const struct heard_list *list, size_t at)
{
    static const struct heard none = {.text = "", .apart = true};
    return at < list->count ? &list->items[at] : &none;
}

bool heard_is(const struct heard *heard, const char *word)
{
    return strcmp(heard->text, word) == 0;
}

bool heard_in(const struct heard *heard, const char *list)
{
    return list_has(list, heard->text, heard->length);
}
