/* spoken_fold.c - what every character of Unicode is to the reader of English text. */
#include "decoder/spoken/spoken_folded.h"

#include <stdio.h>
#include <string.h>

struct sign {
    uint32_t code;
    const char *bytes;
};

/* In the order of their codes. A name stands between spaces, as a word of the text. */
static const struct sign signs[] = {
    {0xA0, " "},
    {0xA2, "\xA2"},
    {0xA3, "\xA3"},
    {0xA5, "\xA5"},
    {0xA7, "\xA7"},
    {0xA9, " copyright "},
    {0xAA, ""},
    {0xAB, "\""},
    {0xAD, ""},
    {0xAE, ""},
    {0xB0, "\xB0"},
    {0xB1, "\xB1"},
    {0xB2, "\xB2"},
    {0xB3, "\xB3"},
    {0xB5, "\xB5"},
    {0xB7, " "},
    {0xB9, "1"},
    {0xBA, ""},
    {0xBB, "\""},
    {0xBC, "1/4"},
    {0xBD, "1/2"},
    {0xBE, "3/4"},
    {0xBF, " "},
    {0xC6, "Ae"},
    {0xD7, "\xD7"},
    {0xDE, "Th"},
    {0xDF, "ss"},
    {0xE6, "ae"},
    {0xF7, "\xF7"},
    {0xFE, "th"},
    {0x132, "IJ"},
    {0x133, "ij"},
    {0x152, "Oe"},
    {0x153, "oe"},
    {0x2BB, "'"},
    {0x2BC, "'"},
    {0x37E, ";"},
    {0x3BC, "\xB5"},
    {0x60C, ", "},
    {0x61B, "; "},
    {0x61F, "? "},
    {0x6D4, ". "},
    {0x964, ". "},
    {0x1E9E, "SS"},
    {0x2010, "-"},
    {0x2011, "-"},
    {0x2012, "\x96"},
    {0x2013, "\x96"},
    {0x2014, "\x97"},
    {0x2015, "\x97"},
    {0x2018, "'"},
    {0x2019, "'"},
    {0x201A, "'"},
    {0x201B, "'"},
    {0x201C, "\""},
    {0x201D, "\""},
    {0x201E, "\""},
    {0x201F, "\""},
    {0x2022, "\x95"},
    {0x2023, "\x95"},
    {0x2026, "..."},
    {0x2028, "\n"},
    {0x2029, "\n"},
    {0x2030, " per thousand "},
    {0x2032, "'"},
    {0x2033, "\""},
    {0x2039, "'"},
    {0x203A, "'"},
    {0x203C, "!!"},
    {0x203D, "?!"},
    {0x2043, "\x95"},
    {0x2044, "/"},
    {0x2048, "?!"},
    {0x2049, "!?"},
    {0x2070, "0"},
    {0x20AC, "\x80"},
    {0x20B9, "\x8D"},
    {0x2103, "\xB0"
             "C"},
    {0x2109, "\xB0"
             "F"},
    {0x2116, "No. "},
    {0x2122, ""},
    {0x2126, " ohms "},
    {0x2153, "1/3"},
    {0x2154, "2/3"},
    {0x2155, "1/5"},
    {0x2156, "2/5"},
    {0x2157, "3/5"},
    {0x2158, "4/5"},
    {0x2159, "1/6"},
    {0x215A, "5/6"},
    {0x215B, "1/8"},
    {0x215C, "3/8"},
    {0x215D, "5/8"},
    {0x215E, "7/8"},
    {0x2190, ", "},
    {0x2192, ", "},
    {0x21D2, ", "},
    {0x2208, " in "},
    {0x2212, "-"},
    {0x221A, " the square root of "},
    {0x221E, " infinity "},
    {0x2248, " about "},
    {0x2260, " not equal to "},
    {0x2264, " less than or equal to "},
    {0x2265, " greater than or equal to "},
    {0x25A0, "\x95"},
    {0x25AA, "\x95"},
    {0x25CB, "\x95"},
    {0x25CF, "\x95"},
    {0x25E6, "\x95"},
    {0x2713, " "},
    {0x3001, ", "},
    {0x3002, ". "},
    {0xFB00, "ff"},
    {0xFB01, "fi"},
    {0xFB02, "fl"},
    {0xFB03, "ffi"},
    {0xFB04, "ffl"},
    {0xFB05, "st"},
    {0xFB06, "st"},
};

/* Base letters, from U+00C0 and from U+1E00 on; '.' where there is none (Unicode's canonical decompositions, and
 * strokes and hooks left out). */
static const char latin[] = "AAAAAA.CEEEEIIIIDNOOOOO.OUUUUY..aaaaaa.ceeeeiiiidnooooo.ouuuuy.y"
                            "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIi..JjKkkLlLlLlL"
                            "lLlNnNnNnnNnOoOoOo..RrRrRrSsSsSsSsTtTtTtUuUuUuUuUuUuWwYyYZzZzZzs"
                            "bB........D....E.......IKk......Oo.............Uu..YyZz........."
                            ".............AaIiOoUuUuUuUuUueAaAa..GgGgKkOoOo..j...Gg..NnAa...."
                            "AaAaEeEeIiIiOoOoRrRrUuUuSsTt..Hh......AaEeOoOoOoOoYy............"
                            "................";
static const char latin_additional[] = "AaBbBbBbCcDdDdDdDdDdEeEeEeEeEeFfGgHhHhHhHhHhIiIiKkKkKkLlLlLlLlMm"
                                       "MmMmNnNnNnNnOoOoOoOoPpPpRrRrRrRrSsSsSsSsSsTtTtTtTtUuUuUuUuUuVvVv"
                                       "WwWwWwWwWwXxXxYyZzZzZzhtwyas....AaAaAaAaAaAaAaAaAaAaAaAaEeEeEeEe"
                                       "EeEeEeEeIiIiOoOoOoOoOoOoOoOoOoOoOoOoUuUuUuUuUuUuUuYyYyYyYy......";

struct range {
    uint32_t first, last;
};

static bool in_ranges(uint32_t code, const struct range *ranges, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return true;
    return false;
}

/* Combining marks, joiners, directions, variation selectors: they belong to what stands before them. */
static bool is_ignorable(uint32_t code)
{
    static const struct range ranges[] = {{0x300, 0x36F},   {0x200B, 0x200F}, {0x202A, 0x202E},
                                          {0x2060, 0x206F}, {0x20D0, 0x20F0}, {0xFE00, 0xFE0F},
                                          {0xFE20, 0xFE2F}, {0xFEFF, 0xFEFF}, {0xE0000, 0xE01EF}};
    return in_ranges(code, ranges, sizeof ranges / sizeof *ranges);
}

/* Blocks of letters of the scripts that are not read, and Latin ones without a base letter. */
static bool is_letter(uint32_t code)
{
    static const struct range ranges[] = {{0xC0, 0x1FFF},     {0x2C00, 0x2DFF},  {0x3005, 0x3007}, {0x3041, 0xD7FF},
                                          {0xF900, 0xFDFF},   {0xFE70, 0xFEFE},  {0xFF66, 0xFFDC}, {0x10000, 0x1CFFF},
                                          {0x1E000, 0x1EFFF}, {0x20000, 0x3FFFF}};
    return in_ranges(code, ranges, sizeof ranges / sizeof *ranges);
}

static char base_letter(uint32_t code)
{
    char letter = '.';
    if (code >= 0xC0 && code - 0xC0 < sizeof latin - 1)
        letter = latin[code - 0xC0];
    if (code >= 0x1E00 && code - 0x1E00 < sizeof latin_additional - 1)
        letter = latin_additional[code - 0x1E00];
    return letter == '.' ? 0 : letter;
}

/* Letters and digits in other clothes: full width, and the bold and italic ones of mathematics, which people use for
 * show; 0 for any other character. */
static char plain_form(uint32_t code)
{
    if (code >= 0xFF01 && code <= 0xFF5E)
        return (char)(code - 0xFF01 + '!');
    if (code >= 0x1D400 && code <= 0x1D6A3)
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"[(code - 0x1D400) % 52];
    if (code >= 0x1D7CE && code <= 0x1D7FF)
        return (char)('0' + (code - 0x1D7CE) % 10);
    if (code >= 0x2074 && code <= 0x2079)
        return (char)('4' + (code - 0x2074));
    if (code >= 0x2080 && code <= 0x2089)
        return (char)('0' + (code - 0x2080));
    return 0;
}

static const char *sign_bytes(uint32_t code)
{
    size_t low = 0, high = sizeof signs / sizeof *signs;
    while (low < high) {
        const size_t middle = (low + high) / 2;
        if (signs[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return low < sizeof signs / sizeof *signs && signs[low].code == code ? signs[low].bytes : NULL;
}

void fold_code(uint32_t code, char *out, size_t size)
{
    char one[2] = {0};
    const char *bytes = one;
    if (code < 0xA0) { /* control characters are spaces */
        out[0] = code == '`' ? '\'' : code == '\n' || (code > ' ' && code < 0x7F) ? (char)code : ' ';
        out[1] = 0;
        return;
    }
    if (sign_bytes(code))
        bytes = sign_bytes(code);
    else if (is_ignorable(code))
        one[0] = 0;
    else if (plain_form(code))
        one[0] = plain_form(code);
    else if (base_letter(code))
        one[0] = base_letter(code);
    else
        one[0] = is_letter(code) ? (char)FOLDED_LETTER : ' ';
    snprintf(out, size, "%s", bytes);
}
