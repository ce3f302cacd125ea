#include "decoder/tokens/charsmap.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { CLUSTER_LIMIT = 6 }; /* longer clusters are looked up character by character */

struct charsmap {
    struct pattern *cluster;
    uint32_t *units;
    size_t unit_count;
    char *strings; /* the replacements, each terminated; a NUL follows them all */
    size_t string_bytes;
};

static int base64_digit(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

static bool read_base64(const char *base64, struct text *out)
{
    uint32_t bits = 0;
    int held = 0;
    for (; *base64 && *base64 != '='; base64++) {
        int digit = base64_digit(*base64);
        if (digit < 0)
            return false;
        bits = (bits << 6 | (uint32_t)digit) & 0xFFFFFF;
        held += 6;
        if (held >= 8) {
            char byte = (char)(bits >> (held -= 8));
            text_add(out, &byte, 1);
        }
    }
    return strspn(base64, "=") == strlen(base64);
}

static uint32_t little_endian(const char *bytes)
{
    const unsigned char *b = (const unsigned char *)bytes;
    return b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}

/* A length, that many bytes of trie in 32-bit units, and the replacements, all little-endian. */
static int read_blob(struct charsmap *map, const char *bytes, size_t length, const char *name, struct fault *fault)
{
    size_t trie = length >= 4 ? little_endian(bytes) : 0;
    if (length < 8 || trie < 4 || trie % 4 || trie > length - 4)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the precompiled normalizer is damaged", name);
    map->unit_count = trie / 4;
    map->string_bytes = length - 4 - trie;
    map->units = memory_new(map->unit_count, sizeof *map->units);
    map->strings = memory_text(bytes + 4 + trie, map->string_bytes);
    if (!map->units || !map->strings)
        return fail_memory(fault, "a normalizer");
    for (size_t i = 0; i < map->unit_count; i++)
        map->units[i] = little_endian(bytes + 4 + 4 * i);
    if (!utf8_valid(map->strings, map->string_bytes))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the precompiled normalizer is damaged", name);
    return 0;
}

int charsmap_open_bytes(struct charsmap **map, const char *bytes, size_t length, const char *name, struct fault *fault)
{
    struct charsmap *made = memory_new(1, sizeof *made);
    *map = NULL;
    int error = made ? 0 : fail_memory(fault, "a normalizer");
    if (!error)
        error = read_blob(made, bytes, length, name, fault);
    if (!error)
        error = pattern_open(&made->cluster, "\\X", false, name, fault);
    if (error)
        charsmap_close(&made);
    *map = made;
    return error;
}

int charsmap_open(struct charsmap **map, const char *base64, const char *name, struct fault *fault)
{
    struct text blob = {0};
    *map = NULL;
    int error = read_base64(base64, &blob)
                    ? 0
                    : fail(fault, UTTER_ERROR_MODEL, "%s: the precompiled normalizer is not base64", name);
    if (!error && blob.failed)
        error = fail_memory(fault, "a normalizer");
    if (!error)
        error = charsmap_open_bytes(map, blob.bytes, blob.length, name, fault);
    text_free(&blob);
    return error;
}

void charsmap_close(struct charsmap **map)
{
    if (*map) {
        pattern_close(&(*map)->cluster);
        free((*map)->units);
        free((*map)->strings);
    }
    free(*map);
    *map = NULL;
}

/* The fields of a unit of the double array (Aoe 1989, as Darts-clone packs it). */
static uint32_t unit_offset(uint32_t unit)
{
    return (unit >> 10) << ((unit & (1u << 9)) >> 6);
}

/* The length of the shortest prefix of the bytes that has a replacement, or of the longest; 0: none has one. Every step
 * is checked against the array: a damaged trie replaces nothing. */
static size_t look_up(const struct charsmap *map, const char *bytes, size_t length, bool longest,
                      const char **replacement)
{
    size_t at = unit_offset(map->units[0]), found = 0;
    for (size_t i = 0; i < length && bytes[i] && (longest || !found); i++) {
        unsigned char c = (unsigned char)bytes[i];
        at ^= c;
        if (at >= map->unit_count || (map->units[at] & 0x800000FFu) != c)
            return found;
        uint32_t unit = map->units[at];
        at ^= unit_offset(unit);
        if (!(unit >> 8 & 1))
            continue;
        size_t value = at < map->unit_count ? map->units[at] & 0x7FFFFFFFu : SIZE_MAX;
        size_t first = value < map->string_bytes ? (unsigned char)map->strings[value] : 0x80;
        if ((first & 0xC0) == 0x80) /* never from inside a character */
            return found;
        *replacement = map->strings + value;
        found = i + 1;
    }
    return found;
}

size_t charsmap_longest(const struct charsmap *map, const char *text, size_t length, const char **replacement)
{
    return look_up(map, text, length, true, replacement);
}

/* The shortest prefix, since that is the first that tokenizers finds and takes. */
static const char *shortest(const struct charsmap *map, const char *bytes, size_t length)
{
    const char *replacement = NULL;
    return look_up(map, bytes, length, false, &replacement) ? replacement : NULL;
}

static void apply_cluster(const struct charsmap *map, const char *bytes, size_t length, struct text *out)
{
    const char *replacement = length < CLUSTER_LIMIT ? shortest(map, bytes, length) : NULL;
    if (replacement) {
        text_add_string(out, replacement);
        return;
    }
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_length(bytes + i, length - i);
        n = n ? n : 1;
        replacement = shortest(map, bytes + i, n);
        if (replacement)
            text_add_string(out, replacement);
        else
            text_add(out, bytes + i, n);
    }
}

int charsmap_apply(const struct charsmap *map, const char *text, size_t length, struct text *out, struct fault *fault)
{
    struct matches *clusters = NULL;
    size_t begin = 0, end = 0;
    int more = matches_open(&clusters, map->cluster, text, length, fault);
    if (more)
        return more;
    while ((more = matches_next(clusters, &begin, &end, fault)) > 0)
        apply_cluster(map, text + begin, end - begin, out);
    matches_close(&clusters);
    return more;
}
