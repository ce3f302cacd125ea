/* written_address.c - addresses of the Internet, and spelled letters. */
#include "decoder/spoken/spoken_lists.h"
#include "decoder/written/written_number.h"

#include <string.h>

enum { ADDRESS_WORDS = 24 };

static const char tops[] =
    " com org net edu gov mil int info biz io co ai app dev me tv uk us ca de fr eu au nz jp in it es nl "
    "ch se no ie be at pl br ";
/* Before "at", these are no mailbox. */
static const char no_mailbox[] =
    " me us it you him her them look looking is are was were be online here them available visit "
    "website go site page up out and or to see find ";

static bool is_letter(const struct heard *word)
{
    return word->length == 1 && is_alpha(word->text[0]);
}

/* A word of letters and digits that an address may have. */
static bool is_label(const struct heard *word)
{
    for (size_t i = 0; i < word->length; i++)
        if (!is_alnum(word->text[i]) && word->text[i] != '-')
            return false;
    return word->length > 0 && !heard_in(word, " dot at slash dash hyphen underscore ");
}

/* One part between signs: a word, a run of letters, or digits; appended. */
static size_t read_label(const struct stretch *s, size_t at, struct text *out)
{
    struct digit_string digits = {0};
    size_t n = 0, taken;
    if (is_letter(word_at(s, at)) && !word_at(s, at)->number.class) {
        for (; is_letter(word_at(s, at + n)); n++)
            text_add(out, word_at(s, at + n)->text, 1);
        return n;
    }
    while ((taken = read_digits_part(s, at + n, &digits)) > 0)
        n += taken;
    if (n) {
        text_add(out, digits.digits, digits.count);
        return n;
    }
    if (!is_label(word_at(s, at)))
        return 0;
    text_add(out, word_at(s, at)->text, word_at(s, at)->length);
    return 1;
}

/* "dot", "dash" …: the sign, or 0. */
static char sign_at(const struct stretch *s, size_t at, bool path)
{
    const struct heard *word = word_at(s, at);
    if (heard_is(word, "dot"))
        return '.';
    if (heard_in(word, " dash hyphen "))
        return '-';
    if (heard_is(word, "underscore"))
        return '_';
    return path && heard_is(word, "slash") ? '/' : 0;
}

/* Labels with signs between: "john dot smith". */
static size_t read_labels(const struct stretch *s, size_t at, bool path, struct text *out)
{
    size_t n = read_label(s, at, out);
    while (n && n < ADDRESS_WORDS) {
        const size_t before = out->length;
        const char sign = sign_at(s, at + n, path);
        if (!sign)
            break;
        text_add(out, &sign, 1);
        const size_t more = read_label(s, at + n + 1, out);
        if (!more) {
            out->length = before;
            break;
        }
        n += 1 + more;
    }
    return n;
}

/* Whether it ends, before its path, in a known top-level domain behind a dot. */
static bool is_host(const char *text, size_t length)
{
    const char *slash = memchr(text, '/', length);
    const size_t end = slash ? (size_t)(slash - text) : length;
    size_t top = end;
    while (top > 0 && text[top - 1] != '.')
        top--;
    return top > 1 && list_has(tops, text + top, end - top);
}

static size_t read_host(const struct stretch *s, size_t at, struct text *out)
{
    const size_t begin = out->length;
    if (heard_in(word_at(s, at), " the a an this that every of and or in "))
        return 0;
    const size_t n = read_labels(s, at, true, out);
    return n && !out->failed && is_host(out->bytes + begin, out->length - begin) ? n : 0;
}

static void put_text(struct draft *d, size_t heard, struct text *text)
{
    text_add(text, "", 1);
    if (!text->failed)
        draft_put(d, heard, text->bytes);
    text->failed = false;
}

static bool write_mail(const struct stretch *s, size_t at, struct text *text, struct draft *d)
{
    const size_t n = read_labels(s, at, false, text);
    if (!n || !heard_is(word_at(s, at + n), "at") || (n == 1 && heard_in(word_at(s, at), no_mailbox)))
        return false;
    text_add(text, "@", 1);
    const size_t host = read_host(s, at + n + 1, text);
    if (host)
        put_text(d, n + 1 + host, text);
    return host > 0;
}

bool write_address(const struct stretch *s, size_t at, struct draft *d)
{
    struct text text = {0};
    bool found = write_mail(s, at, &text, d);
    if (!found) {
        text.length = 0;
        const size_t n = read_host(s, at, &text);
        found = n > 0;
        if (found)
            put_text(d, n, &text);
    }
    text_free(&text);
    return found;
}

/* ---- letters ---- */

/* The letter that "v's" ends a run with. */
static bool is_owning(const struct heard *word)
{
    return word->length == 3 && is_alpha(word->text[0]) && strcmp(word->text + 1, "'s") == 0;
}

static size_t letters_from(const struct stretch *s, size_t at)
{
    size_t n = 0;
    while (is_letter(word_at(s, at + n)) && n < ADDRESS_WORDS)
        n++;
    return n && is_owning(word_at(s, at + n)) ? n + 1 : n;
}

/* Two letters are spelled where neither may be a word by itself; "a" before more than two is the article. */
static bool is_spelling(const struct stretch *s, size_t at, size_t n)
{
    static const char words[] = " a i o ";
    if (n > 2)
        return !(n > 3 && heard_is(word_at(s, at), "a"));
    const bool time =
        heard_in(word_at(s, at), " a p ") && heard_is(word_at(s, at + 1), "m") && begins_number(s, at - 1);
    return n == 2 && !time && !heard_in(word_at(s, at), words) && !heard_in(word_at(s, at + 1), words);
}

/* f b i */
bool write_letters(const struct stretch *s, size_t at, struct draft *d)
{
    struct text text = {0};
    const size_t n = letters_from(s, at);
    if (!is_spelling(s, at, n) ||
        (at > s->begin && is_letter(word_at(s, at - 1)) && !heard_is(word_at(s, at - 1), "a")))
        return false;
    for (size_t i = 0; i < n; i++) {
        const char c = word_at(s, at + i)->text[0];
        text_add(&text, (char[]){is_lower(c) ? (char)(c - 'a' + 'A') : c}, 1);
    }
    if (is_owning(word_at(s, at + n - 1)))
        text_add(&text, "'s", 2);
    put_text(d, n, &text);
    text_free(&text);
    return true;
}
