#include "decoder/guide/boost_list.h"

#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

/* Digits with at most one point among them, whatever the locale; negative where it is none. */
static double number_of(const char *text, size_t length)
{
    double value = 0.0, place = 0.0;
    size_t digits = 0;
    for (size_t i = 0; i < length; i++) {
        bool digit = text[i] >= '0' && text[i] <= '9';
        if (digit && place > 0.0)
            value += (text[i] - '0') * place;
        else if (digit)
            value = value * 10.0 + (text[i] - '0');
        else if (text[i] != '.' || place > 0.0)
            return -1.0;
        place = text[i] == '.' ? 0.1 : place / (digit ? 10.0 : 1.0);
        digits += digit;
    }
    return digits ? value : -1.0;
}

static int refuse_weight(const char *name, size_t line, struct fault *fault)
{
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s, line %zu: its weight must be a number above 0 and at most %g", name,
                line, BOOST_WEIGHT_MOST);
}

static bool append(struct boost_list *list, struct boost_phrase phrase)
{
    void *phrases = list->phrases;
    if (!memory_grow(&phrases, &list->capacity, list->count + 1, sizeof phrase))
        return false;
    list->phrases = phrases;
    list->phrases[list->count++] = phrase;
    return true;
}

/* One line, without its end; its phrase points into the text. */
static int read_line(struct boost_list *list, const char *text, size_t length, size_t number, const char *name,
                     struct fault *fault)
{
    struct boost_phrase phrase = {.text = text, .number = number};
    if (length && text[0] == '#')
        return 0;
    const char *tab = length ? memchr(text, '\t', length) : NULL;
    phrase.length = tab ? (size_t)(tab - text) : length;
    while (length && is_blank(text[length - 1]))
        length--;
    if (tab && (size_t)(tab - text) < length) {
        phrase.weight = number_of(tab + 1, length - phrase.length - 1);
        if (!(phrase.weight > 0.0 && phrase.weight <= BOOST_WEIGHT_MOST))
            return refuse_weight(name, number, fault);
    }
    if (list->count == BOOST_PHRASES_MOST)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: more than %d phrases", name, BOOST_PHRASES_MOST);
    return append(list, phrase) ? 0 : fail_memory(fault, "a list of phrases");
}

static int read_lines(struct boost_list *list, const char *name, struct fault *fault)
{
    static const char mark[] = "\xEF\xBB\xBF"; /* editors put it before UTF-8 */
    const char *text = list->text.bytes;
    size_t length = list->text.length, number = 1;
    for (size_t at = length >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0; at < length; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t size = end ? (size_t)(end - (text + at)) : length - at;
        if (read_line(list, text + at, size, number, name, fault))
            return fault->code;
        at += size + 1;
    }
    return 0;
}

/* The text is there. */
static int parse(struct boost_list *list, const char *name, struct fault *fault)
{
    int code = list->text.failed ? fail_memory(fault, "a list of phrases") : read_lines(list, name, fault);
    if (!code && !list->count)
        code = fail(fault, UTTER_ERROR_ARGUMENT, "%s: there is no phrase in it", name);
    if (code)
        boost_list_free(list);
    return code;
}

int boost_list_parse(struct boost_list *list, const char *text, size_t length, const char *name, struct fault *fault)
{
    *list = (struct boost_list){0};
    text_add(&list->text, text, length);
    return parse(list, name, fault);
}

int boost_list_read(struct boost_list *list, const char *path, struct fault *fault)
{
    char buffer[4096];
    size_t size;
    *list = (struct boost_list){0};
    FILE *file = fopen(path, "rb");
    if (!file)
        return fail(fault, UTTER_ERROR_IO, "%s: no such file, or no permission to read it", path_for_message(path));
    while ((size = fread(buffer, 1, sizeof buffer, file)) > 0 && list->text.length <= BOOST_LIST_BYTES)
        text_add(&list->text, buffer, size);
    bool readable = !ferror(file);
    fclose(file);
    if (!readable || list->text.length > BOOST_LIST_BYTES) {
        boost_list_free(list);
        return fail(fault, UTTER_ERROR_IO, "%s: %s", path_for_message(path),
                    readable ? "too large for a list of phrases" : "it cannot be read");
    }
    return parse(list, path_for_message(path), fault);
}

void boost_list_free(struct boost_list *list)
{
    text_free(&list->text);
    free(list->phrases);
    *list = (struct boost_list){0};
}
