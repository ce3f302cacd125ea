#include "decoder/tokens/unigram.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How much less likely than the least likely piece an unknown character is; SentencePiece's constant. */
static const double UNKNOWN_PENALTY = 10.0;

/* The best cut of the text up to a byte. */
struct cut {
    double score;
    size_t begin; /* of its last piece */
    int id;       /* of its last piece; -1: no cut ends here */
    size_t part;  /* length of the part that begins here */
};

static void improve(struct cut *cut, double score, size_t begin, int id)
{
    if (cut->id < 0 || score > cut->score)
        *cut = (struct cut){score, begin, id, 0};
}

/* Tries every piece that begins at a character, and the unknown piece where no piece is the character itself. */
static bool try_pieces(const struct unigram *u, const struct vocabulary *v, const char *word, size_t length, size_t at,
                       size_t character, struct cut *cuts)
{
    size_t most = length - at < u->longest ? length - at : u->longest;
    uint64_t hash = HASH_SEED;
    bool single = false;
    for (size_t n = 1; n <= most; n++) {
        hash = hash_byte(hash, word[at + n - 1]);
        if (at + n < length && ((unsigned char)word[at + n] & 0xC0) == 0x80)
            continue; /* inside a character */
        int id = vocabulary_find_hashed(v, word + at, n, hash);
        if (id < 0)
            continue;
        improve(&cuts[at + n], cuts[at].score + u->scores[id], at, id);
        single |= n == character;
    }
    if (single)
        return true;
    if (u->unknown < 0)
        return false;
    improve(&cuts[at + character], cuts[at].score + u->lowest - UNKNOWN_PENALTY, at, u->unknown);
    return true;
}

/* A piece, or unknown text: its piece if there is one after all, its bytes, or the unknown piece. */
static void add_part(const struct unigram *u, const struct vocabulary *v, const char *part, size_t length,
                     struct ids *out)
{
    int id = vocabulary_find(v, part, length);
    bool bytes = u->byte_fallback;
    for (size_t i = 0; i < length && bytes; i++)
        bytes = u->bytes[(unsigned char)part[i]] >= 0;
    if (id >= 0 || !bytes)
        ids_add(out, id >= 0 ? id : u->unknown);
    else
        for (size_t i = 0; i < length; i++)
            ids_add(out, u->bytes[(unsigned char)part[i]]);
}

/* Walks back over the best cuts, noting where parts begin, unknown neighbours as one part; then writes them. */
static void write_parts(const struct unigram *u, const struct vocabulary *v, const char *word, size_t length,
                        struct cut *cuts, struct ids *out)
{
    size_t stop = length; /* of the part */
    bool unknown_after = false;
    for (size_t end = length; end > 0; end = cuts[end].begin) {
        bool unknown = u->unknown >= 0 && cuts[end].id == u->unknown;
        if (!unknown || !unknown_after)
            stop = end;
        unknown_after = unknown;
        cuts[cuts[end].begin].part = stop - cuts[end].begin;
    }
    for (size_t at = 0; at < length; at += cuts[at].part)
        add_part(u, v, word + at, cuts[at].part, out);
}

int unigram_encode(const struct unigram *u, const struct vocabulary *v, const char *word, size_t length,
                   struct ids *out, struct fault *fault)
{
    struct cut *cuts = memory_new(length + 1, sizeof *cuts);
    int error = cuts ? 0 : fail_memory(fault, "the pieces of a text");
    for (size_t i = 1; i <= length && !error; i++)
        cuts[i].id = -1;
    for (size_t at = 0, n; at < length && !error; at += n) {
        n = utf8_length(word + at, length - at);
        n = n ? n : 1;
        if (!try_pieces(u, v, word, length, at, n, cuts))
            error = fail(fault, UTTER_ERROR_MODEL, "the tokenizer has no piece for '%.*s' and none for unknown text",
                         (int)n, word + at);
    }
    if (!error)
        write_parts(u, v, word, length, cuts, out);
    if (!error && out->failed)
        error = fail_memory(fault, "the pieces of a text");
    free(cuts);
    return error;
}

void unigram_free(struct unigram *unigram)
{
    free(unigram->scores);
    *unigram = (struct unigram){0};
}
