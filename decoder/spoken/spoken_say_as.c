/* spoken_say_as.c - SSML's say-as: the text of one element, read as it asks. */
#include "decoder/spoken/spoken_say.h"

#include <string.h>

/* The folded text of an element; all of it comes from one place. */
static bool fold_content(struct folded *f, const char *text)
{
    const size_t length = strlen(text);
    const struct prosody none = {0};
    folded_prosody(f, &none);
    for (size_t i = 0, n; i < length && (n = utf8_length(text + i, length - i)) > 0; i += n)
        folded_add(f, utf8_code(text + i, n), 0, 0);
    return !f->failed;
}

/* With a pause between them, as people spell: run together they are not understood. */
static void read_characters(struct say *s, const char *format)
{
    (void)format;
    for (size_t i = 0; i < s->size; i++) {
        if (i)
            say_mark(s, ',');
        spell(s, s->text + i, 1);
        say_collected(s, i, i + 1);
        if (!is_alnum(s->text[i]))
            say_string(s,
                       s->text[i] == '.'   ? "dot"
                       : s->text[i] == '-' ? "dash"
                       : s->text[i] == '/' ? "slash"
                                           : "",
                       i, i + 1);
    }
}

/* Whether there are digits and nothing but what stands between them. */
static bool is_numeric(const struct say *s, const char *between)
{
    size_t digits = 0;
    for (size_t i = 0; i < s->size; i++) {
        if (!is_digit(s->text[i]) && !strchr(between, s->text[i]))
            return false;
        digits += is_digit(s->text[i]);
    }
    return digits > 0;
}

static void read_number(struct say *s, void (*put)(struct text *, const char *, size_t))
{
    const bool minus = s->size && s->text[0] == '-';
    if (!is_numeric(s, ",.-+ ")) {
        say_text(s);
        return;
    }
    if (minus)
        number_word(&s->words, "minus");
    put(&s->words, s->text + minus, s->size - minus);
    say_collected(s, 0, s->size);
}

static void read_cardinal(struct say *s, const char *format)
{
    (void)format;
    const unsigned long roman = roman_value(s->text, s->size);
    if (roman && s->size) {
        number_cardinal_of(&s->words, roman);
        say_collected(s, 0, s->size);
    } else {
        read_number(s, number_decimal);
    }
}

static void read_ordinal(struct say *s, const char *format)
{
    (void)format;
    const unsigned long roman = roman_value(s->text, s->size);
    if (roman && s->size) {
        number_ordinal_of(&s->words, roman);
        say_collected(s, 0, s->size);
    } else {
        read_number(s, number_ordinal);
    }
}

/* Digits one by one; a pause wherever something stands between them. */
static void read_digits(struct say *s, const char *format)
{
    bool pause = false;
    (void)format;
    for (size_t i = 0; i < s->size; i++) {
        if (s->text[i] == '+')
            number_word(&s->words, "plus");
        if (is_alnum(s->text[i]) && pause)
            number_word(&s->words, ",");
        pause = !is_alnum(s->text[i]) && s->words.length > 0 && s->text[i] != '+';
        spell(s, s->text + i, 1);
    }
    say_collected(s, 0, s->size);
}

/* The fields of a date: runs of digits, or of letters for a month. */
static size_t date_fields(const struct say *s, size_t begin[3], size_t end[3])
{
    size_t count = 0;
    for (size_t at = 0; at < s->size && count < 3; at = end[count++]) {
        while (at < s->size && !is_alnum(s->text[at]))
            at++;
        begin[count] = end[count] = at;
        while (end[count] < s->size && is_alnum(s->text[end[count]]))
            end[count]++;
        if (end[count] == at)
            break;
    }
    return count;
}

static bool put_date_field(struct say *s, char what, const char *text, size_t length)
{
    const unsigned long value = number_value(text, length);
    const int month = is_digit(text[0]) ? (int)(value <= 12 ? value : 0) : month_number(text, length);
    if (what == 'm' && month)
        number_word(&s->words, month_name(month));
    else if (what == 'd' && value >= 1 && value <= 31)
        number_ordinal_of(&s->words, value);
    else if (what == 'y' && is_digit(text[0]))
        put_year(s, text, length);
    else
        return false;
    return true;
}

/* A format says which field is which; they are said as month, day, year. */
static void read_date(struct say *s, const char *format)
{
    size_t begin[3], end[3];
    const size_t count = date_fields(s, begin, end);
    bool known = *format && count == strlen(format);
    for (const char *what = "mdy"; *what && known; what++) {
        const char *at = strchr(format, *what);
        if (!at)
            continue;
        const size_t field = (size_t)(at - format);
        if (*what == 'y' && count == 3)
            number_word(&s->words, ",");
        known = put_date_field(s, *what, s->text + begin[field], end[field] - begin[field]);
    }
    if (known) {
        say_collected(s, 0, s->size);
        return;
    }
    s->words.length = 0;
    say_text(s);
}

static void read_plain(struct say *s, const char *format)
{
    (void)format;
    say_text(s);
}

void say_as(struct say *outer, const struct spoken_object *object, size_t at)
{
    static const struct {
        const char *name;
        void (*read)(struct say *, const char *format);
    } readers[] = {{"characters", read_characters}, {"spell-out", read_characters},
                   {"verbatim", read_characters},   {"cardinal", read_cardinal},
                   {"number", read_cardinal},       {"ordinal", read_ordinal},
                   {"digits", read_digits},         {"telephone", read_digits},
                   {"phone", read_digits},          {"date", read_date}};
    struct folded folded = {.flat = true};
    struct say s = *outer;
    void (*read)(struct say *, const char *) = read_plain;
    for (size_t i = 0; i < sizeof readers / sizeof *readers; i++)
        if (strcmp(readers[i].name, object->interpret) == 0)
            read = readers[i].read;
    if (fold_content(&folded, object->text)) {
        s.folded = &folded;
        s.text = folded.bytes;
        s.begin = 0;
        s.size = folded.count;
        s.at = &outer->folded->places[outer->begin + at];
        s.prosody = &folded_style(outer->folded, outer->begin + at)->prosody;
        s.words.length = 0;
        if (s.size)
            read(&s, object->format);
        outer->words = s.words;
    }
    outer->said->failed |= folded.failed;
    folded_free(&folded);
}
