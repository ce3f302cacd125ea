#include "decoder/spoken/fold.h"

enum { FIRST = 0xC0, LAST = 0x17F };

/* U+00C0 to U+017F; a blank where it is none or two letters. */
static const char letters[] = "aaaaaa ceeeeiiii nooooo ouuuuy  aaaaaa ceeeeiiii nooooo ouuuuy y"
                              "aaaaaaccccccccddddeeeeeeeeeegggggggghhhhiiiiiiiiii  jjkkklllllll"
                              "lllnnnnnnn  oooooo  rrrrrrssssssssttttttuuuuuuuuuuuuwwyyyzzzzzzs";

static const struct pair {
    uint32_t code;
    const char *letters;
} pairs[] = {
    {0xC6, "ae"},   {0xD0, "th"},   {0xDE, "th"},   {0xDF, "ss"},  {0xE6, "ae"},  {0xF0, "th"},  {0xFE, "th"},
    {0x132, "ij"},  {0x133, "ij"},  {0x14A, "ng"},  {0x14B, "ng"}, {0x152, "oe"}, {0x153, "oe"}, {0x1E9E, "ss"},
    {0xFB00, "ff"}, {0xFB01, "fi"}, {0xFB02, "fl"}, {0x2019, "'"}, {0x2018, "'"}, {0x2BC, "'"},
};

static void add_folded(uint32_t code, struct text *out)
{
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].code == code)
            text_add_string(out, pairs[i].letters);
    if (code >= FIRST && code <= LAST && letters[code - FIRST] != ' ')
        text_add(out, &letters[code - FIRST], 1);
}

void fold_word(const char *word, size_t length, struct text *out)
{
    for (size_t i = 0, size; i < length; i += size) {
        char c = word[i];
        size = utf8_length(word + i, length - i);
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        if ((c >= 'a' && c <= 'z') || c == '\'')
            text_add(out, &c, 1);
        else if (size > 1)
            add_folded(utf8_code(word + i, size), out);
        size = size ? size : 1;
    }
}
