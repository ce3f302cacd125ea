/* container.c - see container.h. Layouts: Microsoft/IBM RIFF WAVE (1991), EBU Tech 3306 (RF64), Apple AIFF 1.3 and
 * AIFF-C, Sun/NeXT .au. */
#include "audio/container.h"

#include <math.h>
#include <string.h>

/* Chunks looked at before giving up, and sizes that streaming writers leave where they do not know better. */
enum { MOST_CHUNKS = 256 };
static const int64_t streaming_size = 0x7ff00000;

static uint32_t word(const unsigned char *p, bool big)
{
    return big ? (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3]
               : (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 | p[0];
}

static unsigned half_word(const unsigned char *p, bool big)
{
    return big ? (unsigned)p[0] << 8 | p[1] : (unsigned)p[1] << 8 | p[0];
}

/* An 80-bit IEEE 754 extended number, as AIFF writes its rate; the sign is of no use here. */
static double extended(const unsigned char *p)
{
    const int exponent = (int)((p[0] & 0x7fu) << 8 | p[1]) - 16383;
    return ldexp((double)word(p + 2, true), exponent - 31) + ldexp((double)word(p + 6, true), exponent - 63);
}

static void set_format(struct container *c, double rate, int64_t channels)
{
    c->has_format = true;
    c->rate = rate;
    c->channels = channels;
}

/* The sound begins at offset; promised is what the header says. */
static void set_size(struct container *c, const struct source *source, int64_t offset, int64_t promised)
{
    c->has_size = promised > 0 && promised < streaming_size;
    c->promised = promised;
    c->present = source->size > offset ? source->size - offset : 0;
}

static bool is(const unsigned char *p, const char *tag)
{
    return !memcmp(p, tag, 4);
}

/* Makes the size field at offset read as value. */
static void patch_size(struct source *source, int64_t offset, int64_t value, bool big)
{
    const uint32_t size = value < streaming_size ? (uint32_t)value : (uint32_t)streaming_size;
    source->patch_at = offset;
    for (int i = 0; i < 4; i++)
        source->patch[i] = (unsigned char)(size >> 8 * (big ? 3 - i : i));
}

/* Whether a whole chunk stands at offset: what follows an honestly empty data chunk. */
static bool is_chunk(struct source *source, int64_t offset, bool big)
{
    unsigned char head[8];
    if (source_read_at(source, offset, head, 8) != 8)
        return false;
    for (int i = 0; i < 4; i++)
        if (head[i] < 0x20 || head[i] > 0x7e)
            return false;
    return word(head + 4, big) <= source->size - offset - 8;
}

static void look_data(struct container *c, struct source *source, int64_t offset, int64_t size, bool big)
{
    if (!size && source->size > offset && !is_chunk(source, offset, big)) {
        size = source->size - offset;
        patch_size(source, offset - 4, size, big);
    }
    set_size(c, source, offset, size);
}

static void look_chunk(struct container *c, struct source *source, const unsigned char *tag, int64_t offset,
                       int64_t size, bool big)
{
    unsigned char b[18];
    if (is(tag, "fmt ") && source_read_at(source, offset, b, 16) == 16)
        set_format(c, word(b + 4, big), half_word(b + 2, big));
    else if (is(tag, "COMM") && source_read_at(source, offset, b, 18) == 18)
        set_format(c, extended(b + 8), half_word(b, true));
    else if (is(tag, "data"))
        look_data(c, source, offset, size, big);
    else if (is(tag, "SSND"))
        set_size(c, source, offset + 8, size - 8);
}

static void walk_chunks(struct container *c, struct source *source, bool big)
{
    int64_t at = 12;
    unsigned char head[8];
    for (int i = 0; i < MOST_CHUNKS && source_read_at(source, at, head, 8) == 8; i++) {
        const int64_t size = word(head + 4, big);
        look_chunk(c, source, head, at + 8, size, big);
        at += 8 + size + (size & 1);
    }
}

void container_look(struct container *container, struct source *source)
{
    unsigned char b[24];
    *container = (struct container){0};
    const int64_t got = source_read_at(source, 0, b, sizeof b);
    if (got < 12)
        return;
    if (is(b, "RIFF") || is(b, "RIFX") || is(b, "RF64"))
        walk_chunks(container, source, is(b, "RIFX"));
    else if (is(b, "FORM") && (is(b + 8, "AIFF") || is(b + 8, "AIFC")))
        walk_chunks(container, source, true);
    else if ((is(b, ".snd") || is(b, "dns.")) && got == sizeof b) {
        const bool big = is(b, ".snd");
        set_format(container, word(b + 16, big), word(b + 20, big));
        set_size(container, source, word(b + 4, big), word(b + 8, big));
    }
}
