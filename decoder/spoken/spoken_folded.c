#include "decoder/spoken/spoken_folded.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(struct folded *f)
{
    void *bytes = f->bytes, *places = f->places;
    f->failed |= !memory_grow(&bytes, &f->bytes_capacity, f->count + 1, 1);
    f->failed |= !memory_grow(&places, &f->places_capacity, f->count + 1, sizeof *f->places);
    f->bytes = bytes;
    f->places = places;
    return !f->failed;
}

static uint32_t style_now(const struct folded *f)
{
    return f->style_base + (uint32_t)(f->style_count ? f->style_count - 1 : 0);
}

static void append(struct folded *f, unsigned char byte, struct place place)
{
    if (!reserve(f))
        return;
    place.style = style_now(f);
    f->bytes[f->count] = (char)byte;
    f->places[f->count++] = place;
    f->same = byte == f->last ? f->same + 1 : 1;
    f->unbroken = byte == ' ' || byte == '\n' ? 0 : f->unbroken + 1;
    f->last = byte;
}

static bool is_boundary(unsigned char byte)
{
    return byte == FOLDED_SENTENCE || byte == FOLDED_PARAGRAPH || byte == 0;
}

void folded_end(struct folded *f, enum folded_byte boundary, size_t at)
{
    f->space = 0;
    if (f->last == FOLDED_PARAGRAPH || f->last == 0 || f->last == boundary)
        return;
    append(f, (unsigned char)boundary, (struct place){.begin = at});
    f->unbroken = 0;
}

/* Spaces in a row are one; two line ends, the end of a paragraph. */
static void add_space(struct folded *f, unsigned char byte, struct place place)
{
    const bool line = byte == '\n' && !f->flat;
    if (line && f->space == '\n') {
        folded_end(f, FOLDED_PARAGRAPH, place.begin);
        return;
    }
    if (is_boundary(f->last) || f->last == ' ')
        return;
    if (!f->space)
        f->space_from = place;
    f->space = line || f->space == '\n' ? '\n' : ' ';
}

static bool is_word_byte(unsigned char byte)
{
    return (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           byte == FOLDED_LETTER;
}

static void add_byte(struct folded *f, unsigned char byte, struct place place)
{
    if (byte == ' ' || byte == '\n') {
        add_space(f, byte, place);
        return;
    }
    if (f->space) {
        const char space = f->space;
        f->space = 0;
        append(f, (unsigned char)space, f->space_from);
    }
    if (f->unbroken >= FOLDED_WORD_BYTES && !f->raw)
        return;
    if (f->unbroken >= FOLDED_WORD_BYTES)
        append(f, ' ', place);
    if (byte == f->last && f->same >= 3 && !is_word_byte(byte)) /* rules and rows of marks */
        return;
    append(f, byte, place);
}

/* In a text of another language every letter, digit and mark on them stays; signs lose their English names. */
static bool stays_raw(const struct folded *f, uint32_t code, char *bytes)
{
    if (!f->raw || code <= 0x7F)
        return false;
    if (bytes[0] == ' ' && bytes[1])
        bytes[1] = 0;
    return !bytes[0] || is_word_byte((unsigned char)bytes[0]);
}

/* ⁰ to ⁹ and ⁻, as what they are by themselves; 0 for any other character. */
static char raised_form(uint32_t code)
{
    if (code == 0xB2 || code == 0xB3)
        return (char)('2' + (code - 0xB2));
    if (code == 0xB9)
        return '1';
    if (code == 0x207B)
        return '-';
    return code == 0x2070 || (code >= 0x2074 && code <= 0x2079) ? (char)('0' + (code - 0x2070)) : 0;
}

/* A power of a number, "10⁻³" as "10^-3": true where the character is of one. A single ² or ³ has a name of its own. */
static bool add_raised(struct folded *f, uint32_t code, struct place place)
{
    const char plain = raised_form(code);
    const bool begins =
        plain && !f->raised && !f->space && f->last >= '0' && f->last <= '9' && code != 0xB2 && code != 0xB3;
    f->raised = plain && (f->raised || begins);
    if (begins)
        add_byte(f, '^', place);
    if (f->raised)
        add_byte(f, (unsigned char)plain, place);
    return f->raised;
}

void folded_add(struct folded *f, uint32_t code, size_t begin, size_t end)
{
    char bytes[32];
    const struct place place = {begin, (uint32_t)(end - begin), code, 0};
    fold_code(code, bytes, sizeof bytes);
    if (stays_raw(f, code, bytes)) {
        add_byte(f, FOLDED_LETTER, place);
        return;
    }
    if (add_raised(f, code, place))
        return;
    if (bytes[0] && bytes[1] == '/' && f->last >= '0' && f->last <= '9' && !f->space) /* 2½ */
        add_byte(f, ' ', place);
    for (const char *b = bytes; *b; b++)
        add_byte(f, (unsigned char)*b, place);
}

static bool push_style(struct folded *f, const struct prosody *prosody, struct spoken_object *object)
{
    void *styles = f->styles;
    if (!memory_grow(&styles, &f->style_capacity, f->style_count + 1, sizeof *f->styles))
        return !(f->failed = true);
    f->styles = styles;
    f->styles[f->style_count++] = (struct style){*prosody, object};
    return true;
}

/* Whether nothing that is alive is in the last style, so that it may be replaced. */
static bool style_unused(const struct folded *f)
{
    return f->style_count && (f->count == f->head || f->places[f->count - 1].style != style_now(f)) &&
           !f->styles[f->style_count - 1].object;
}

void folded_prosody(struct folded *f, const struct prosody *prosody)
{
    if (f->space) { /* the space stands before the change */
        const char space = f->space;
        f->space = 0;
        append(f, (unsigned char)space, f->space_from);
    }
    if (style_unused(f))
        f->styles[f->style_count - 1].prosody = *prosody;
    else
        push_style(f, prosody, NULL);
}

void folded_object(struct folded *f, const struct spoken_object *object, size_t begin, size_t end)
{
    const struct prosody prosody = f->styles[f->style_count - 1].prosody;
    struct spoken_object *copy = memory_new(1, sizeof *copy);
    if (!copy || !push_style(f, &prosody, copy)) {
        free(copy);
        f->failed = true;
        return;
    }
    *copy = *object;
    if (f->space)
        append(f, ' ', f->space_from);
    f->space = 0;
    append(f, FOLDED_OBJECT, (struct place){.begin = begin, .length = (uint32_t)(end - begin)});
    f->unbroken = 0;
    push_style(f, &prosody, NULL);
}

const struct style *folded_style(const struct folded *f, size_t at)
{
    return &f->styles[f->places[at].style - f->style_base];
}

static void drop_styles(struct folded *f, size_t count)
{
    for (size_t i = 0; i < count; i++)
        free(f->styles[i].object);
    memmove(f->styles, f->styles + count, (f->style_count - count) * sizeof *f->styles);
    f->style_count -= count;
    f->style_base += (uint32_t)count;
}

/* Moves what is alive to the front once it is the smaller part, so that a byte is moved once on average. */
void folded_consume(struct folded *f, size_t count)
{
    f->head += count;
    if (f->head < f->count - f->head)
        return;
    const size_t alive = f->count - f->head;
    const uint32_t style = alive ? f->places[f->head].style : style_now(f);
    if (alive) {
        memmove(f->bytes, f->bytes + f->head, alive);
        memmove(f->places, f->places + f->head, alive * sizeof *f->places);
    }
    f->head = 0;
    f->count = alive;
    drop_styles(f, style - f->style_base);
}

void folded_free(struct folded *f)
{
    for (size_t i = 0; i < f->style_count; i++)
        free(f->styles[i].object);
    free(f->styles);
    free(f->places);
    free(f->bytes);
    *f = (struct folded){0};
}
