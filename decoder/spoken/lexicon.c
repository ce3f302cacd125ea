#include "decoder/spoken/lexicon.h"

#include "decoder/spoken/lexicon_format.h"

#include <string.h>

/* ---- opening ---- */

static uint64_t aligned(uint64_t at)
{
    return (at + 7) / 8 * 8;
}

static uint16_t number_at(const unsigned char *numbers, size_t i)
{
    uint16_t number;
    memcpy(&number, numbers + i * sizeof number, sizeof number);
    return number;
}

static uint32_t block_count(const struct lexicon *l)
{
    return (l->words + LEXICON_BLOCK - 1) / LEXICON_BLOCK;
}

/* Places the parts; how many bytes they take. The header's bounds keep the sum from overflowing. */
static uint64_t lay_out(struct lexicon *l, const unsigned char *bytes)
{
    uint64_t at = aligned(sizeof(struct lexicon_header));
    const unsigned char **parts[] = {&l->chunks, &l->lengths, &l->codes, &l->blocks, &l->bits, &l->network};
    const uint64_t sizes[] = {(uint64_t)l->chunk_count * LEXICON_CHUNK,
                              LEXICON_ALPHABET * LEXICON_CODE_BITS * sizeof(uint16_t),
                              (uint64_t)l->code_count * sizeof(uint16_t),
                              (uint64_t)block_count(l) * sizeof(uint32_t),
                              l->bit_bytes,
                              l->network_size};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        *parts[i] = bytes + at;
        at += aligned(sizes[i]);
    }
    return at;
}

/* Finds where each letter's codes begin; how many there are of all. */
static uint64_t count_codes(struct lexicon *l)
{
    uint64_t codes = 0;
    for (size_t letter = 0; letter < LEXICON_ALPHABET; letter++) {
        l->first_code[letter] = (uint32_t)codes;
        for (size_t i = 0; i < LEXICON_CODE_BITS; i++)
            codes += number_at(l->lengths, letter * LEXICON_CODE_BITS + i);
    }
    return codes;
}

static bool tables_hold(struct lexicon *l)
{
    for (uint32_t i = 0; i < l->chunk_count; i++) {
        const unsigned char *chunk = l->chunks + (size_t)i * LEXICON_CHUNK;
        if (chunk[0] >= LEXICON_CHUNK)
            return false;
        for (unsigned char k = 1; k <= chunk[0]; k++)
            if (chunk[k] >= PHONE_COUNT)
                return false;
    }
    for (uint32_t i = 0; i < l->code_count; i++)
        if (number_at(l->codes, i) >= l->chunk_count)
            return false;
    return count_codes(l) == l->code_count;
}

int lexicon_open(struct lexicon *l, const void *bytes, size_t size, const char *name, struct fault *fault)
{
    struct lexicon_header h;
    if (size < sizeof h || memcmp(bytes, LEXICON_MAGIC, sizeof h.magic) != 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: not a lexicon", name);
    memcpy(&h, bytes, sizeof h);
    if (h.version != LEXICON_VERSION)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: a lexicon of version %u, and only %d is known", name,
                    (unsigned)h.version, LEXICON_VERSION);
    if (h.words > LEXICON_WORDS_MAXIMUM || h.chunks > LEXICON_CHUNKS_MAXIMUM)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the header of the lexicon is damaged", name);
    struct lexicon made = {.words = h.words,
                           .chunk_count = h.chunks,
                           .code_count = h.codes,
                           .bit_bytes = h.bits,
                           .network_size = h.network};
    uint64_t needed = lay_out(&made, bytes);
    if (needed != size)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the lexicon has %zu bytes, and its header says %llu", name, size,
                    (unsigned long long)needed);
    if (!tables_hold(&made))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the tables of the lexicon are damaged", name);
    *l = made;
    return 0;
}

/* ---- bits ---- */

struct bits {
    const unsigned char *bytes;
    uint64_t at, end; /* bits */
    bool failed;      /* the end was passed, or what was read makes no sense */
};

static unsigned take(struct bits *b, unsigned count)
{
    unsigned value = 0;
    if (b->end - b->at < count) {
        b->failed = true;
        b->at = b->end;
        return 0;
    }
    for (; count; count--, b->at++)
        value = value << 1 | (b->bytes[b->at / 8] >> (7 - b->at % 8) & 1);
    return value;
}

/* A canonical Huffman code, bit by bit: of each length the codes are one run of numbers. */
static const unsigned char *take_chunk(const struct lexicon *l, struct bits *b, int letter)
{
    uint32_t code = 0, first = 0, index = l->first_code[letter];
    for (int length = 0; length < LEXICON_CODE_BITS && !b->failed; length++) {
        uint32_t count = number_at(l->lengths, (size_t)(letter * LEXICON_CODE_BITS + length));
        code |= take(b, 1);
        if (code >= first && code - first < count)
            return l->chunks + (size_t)number_at(l->codes, index + code - first) * LEXICON_CHUNK;
        index += count;
        first = (first + count) << 1;
        code <<= 1;
    }
    b->failed = true;
    return NULL;
}

/* ---- entries ---- */

/* A word as the alphabet's numbers, 0 behind the last. */
struct spelling {
    unsigned char letters[LEXICON_LETTERS + 1];
    int count;
};

static bool spell(const char *word, size_t length, struct spelling *s)
{
    *s = (struct spelling){0};
    if (length == 0 || length > LEXICON_LETTERS)
        return false;
    for (size_t i = 0; i < length; i++) {
        if (word[i] != '\'' && (word[i] < 'a' || word[i] > 'z'))
            return false;
        s->letters[i] = word[i] == '\'' ? 1 : (unsigned char)(word[i] - 'a' + 2);
    }
    s->count = (int)length;
    return true;
}

/* The next word, from the one before it in s. */
static void take_word(struct bits *b, struct spelling *s)
{
    int count = (int)take(b, 4);
    b->failed |= count > s->count;
    for (unsigned letter; !b->failed && (letter = take(b, 5)) > 0; count++) {
        if (letter > LEXICON_ALPHABET || count >= LEXICON_LETTERS)
            b->failed = true;
        else
            s->letters[count] = (unsigned char)letter;
    }
    if (b->failed)
        return;
    s->count = count;
    s->letters[count] = 0;
}

static void take_variant(const struct lexicon *l, struct bits *b, const struct spelling *s, struct lexicon_variant *v)
{
    v->count = 0;
    for (int i = 0; i < s->count && !b->failed; i++) {
        const unsigned char *chunk = take_chunk(l, b, s->letters[i] - 1);
        if (chunk && v->count + chunk[0] > LEXICON_PHONES)
            b->failed = true;
        if (b->failed)
            return;
        memcpy(v->phones + v->count, chunk + 1, chunk[0]);
        v->count = (unsigned char)(v->count + chunk[0]);
    }
}

static void take_entry(const struct lexicon *l, struct bits *b, const struct spelling *s, struct lexicon_entry *entry)
{
    entry->common = take(b, 1);
    entry->heteronym = take(b, 1);
    entry->count = (int)take(b, 2) + 1;
    for (int i = 0; i < entry->count && !b->failed; i++) {
        entry->variants[i].parts = entry->heteronym ? (unsigned char)take(b, 6) : 0;
        take_variant(l, b, s, &entry->variants[i]);
    }
}

static struct bits block_at(const struct lexicon *l, uint32_t block)
{
    uint32_t at;
    memcpy(&at, l->blocks + (size_t)block * sizeof at, sizeof at);
    struct bits b = {l->bits, at, (uint64_t)l->bit_bytes * 8, false};
    b.failed = b.at > b.end;
    b.at = b.failed ? b.end : b.at;
    return b;
}

static int compare(const struct spelling *a, const struct spelling *b)
{
    int shorter = a->count < b->count ? a->count : b->count;
    int order = memcmp(a->letters, b->letters, (size_t)shorter);
    return order ? order : a->count - b->count;
}

/* The last block whose first word is not behind the one looked for. */
static uint32_t find_block(const struct lexicon *l, const struct spelling *wanted)
{
    uint32_t begin = 0, end = block_count(l);
    while (end - begin > 1) {
        uint32_t middle = begin + (end - begin) / 2;
        struct spelling first = {0};
        struct bits b = block_at(l, middle);
        take_word(&b, &first);
        if (!b.failed && compare(&first, wanted) <= 0)
            begin = middle;
        else
            end = middle;
    }
    return begin;
}

bool lexicon_find(const struct lexicon *l, const char *word, size_t length, struct lexicon_entry *entry)
{
    struct spelling wanted, here = {0};
    if (l->words == 0 || !spell(word, length, &wanted))
        return false;
    uint32_t block = find_block(l, &wanted), left = l->words - block * LEXICON_BLOCK;
    struct bits b = block_at(l, block);
    for (uint32_t i = 0; i < LEXICON_BLOCK && i < left && !b.failed; i++) {
        take_word(&b, &here);
        take_entry(l, &b, &here, entry);
        int order = compare(&here, &wanted);
        if (b.failed || order >= 0)
            return !b.failed && order == 0;
    }
    return false;
}

bool lexicon_at(const struct lexicon *l, uint32_t index, char *word, struct lexicon_entry *entry)
{
    struct spelling here = {0};
    if (index >= l->words)
        return false;
    struct bits b = block_at(l, index / LEXICON_BLOCK);
    for (uint32_t i = 0; i <= index % LEXICON_BLOCK && !b.failed; i++) {
        take_word(&b, &here);
        take_entry(l, &b, &here, entry);
    }
    for (int i = 0; i < here.count; i++)
        word[i] = here.letters[i] == 1 ? '\'' : (char)(here.letters[i] - 2 + 'a');
    word[here.count] = '\0';
    return !b.failed;
}
