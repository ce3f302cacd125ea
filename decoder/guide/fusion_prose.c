/* fusion_prose.c - words in tokens that write prose: between spaces, which stand for punctuation as well, and without
 * the quotation marks around them. */
#include "decoder/guide/fusion_parts.h"

#include <math.h>
#include <string.h>

/* ---- the case of a model's words ---- */

static uint32_t count_from(const struct ngram *ngram, char first, char last)
{
    uint32_t count = 0;
    for (char letter = first; letter <= last; letter++) {
        struct ngram_prefix words = ngram_narrow(ngram, ngram_every_word(ngram), &letter, 1);
        count += words.end - words.begin;
    }
    return count;
}

enum letter_case fusion_letters(const struct ngram *ngram)
{
    enum { MAJORITY = 50 };
    const uint32_t lower = count_from(ngram, 'a', 'z'), upper = count_from(ngram, 'A', 'Z');
    if (upper <= lower / MAJORITY)
        return LETTERS_LOWER;
    return lower <= upper / MAJORITY ? LETTERS_UPPER : LETTERS_AS_SPELT;
}

/* ---- words ---- */

static bool begins_none(const struct fusion *f, char byte)
{
    struct ngram_prefix words = ngram_narrow(f->ngram, ngram_every_word(f->ngram), &byte, 1);
    return words.begin == words.end;
}

static int characters(const char *bytes, size_t length)
{
    int count = 0;
    for (size_t i = 0; i < length; i++)
        count += ((unsigned char)bytes[i] & 0xC0) != 0x80;
    return count;
}

static void narrow(const struct fusion *f, const struct fusion_params *p, const char *bytes, size_t length,
                   struct fused *out)
{
    const bool first = !fusion_within_word(out);
    out->letters += characters(bytes, length);
    out->before += p->letter * characters(bytes, length);
    if (out->unknown || !length)
        return;
    out->word = ngram_narrow(f->ngram, out->word, bytes, length);
    out->unknown = out->word.begin == out->word.end || !(ngram_best(f->ngram, out->word) > -INFINITY);
    out->foreign = first && out->unknown && begins_none(f, bytes[0]);
}

/* Bytes without a space. An apostrophe counts once a letter comes behind it. */
static void add_letters(const struct fusion *f, const struct fusion_params *p, const char *bytes, size_t length,
                        struct fused *out)
{
    const bool within = fusion_within_word(out);
    size_t begin = 0, end = length;
    while (begin < length && bytes[begin] == '\'')
        begin++;
    while (end > begin && bytes[end - 1] == '\'')
        end--;
    if (within && (out->apostrophe || begin) && begin < end)
        narrow(f, p, "'", 1, out);
    narrow(f, p, bytes + begin, end - begin, out);
    out->apostrophe = end < length || (begin == length && within);
}

void fusion_extend_prose(const struct fusion *f, const struct fusion_params *p, const struct fused *parent,
                         struct spelled spelled, bool vouched, struct fused *out)
{
    *out = *parent;
    for (size_t i = 0; i < spelled.length;) {
        const char *at = spelled.bytes + i, *space = memchr(at, ' ', spelled.length - i);
        const size_t letters = space ? (size_t)(space - at) : spelled.length - i;
        if (letters) {
            add_letters(f, p, at, letters, out);
        } else if (fusion_within_word(out)) {
            fusion_complete(f, p, false, out);
            fusion_part(f, out, out);
        }
        out->completed = false;
        i += letters ? letters : 1;
    }
    out->rank = out->before + fusion_promise(f, p, vouched, out);
}
