#include "decoder/tokens/sentencepiece_parts.h"

#include "decoder/tokens/bpe.h"

#include <stdlib.h>
#include <string.h>

static const char SPACE_MARK[] = "\xE2\x96\x81"; /* U+2581 */
static const char REPLACEMENT[] = "\xEF\xBF\xBD";

/* ---- the vocabulary ---- */

enum sentencepiece_model sentencepiece_model(const struct sentencepiece *model)
{
    return model->kind;
}

int sentencepiece_size(const struct sentencepiece *model)
{
    return model->vocabulary.size;
}

const char *sentencepiece_piece(const struct sentencepiece *model, int id)
{
    return vocabulary_piece(&model->vocabulary, id);
}

float sentencepiece_score(const struct sentencepiece *model, int id)
{
    return model->pieces[id].score;
}

enum sentencepiece_type sentencepiece_type(const struct sentencepiece *model, int id)
{
    return model->pieces[id].type;
}

int sentencepiece_find(const struct sentencepiece *model, const char *piece)
{
    return vocabulary_find(&model->vocabulary, piece, strlen(piece));
}

int sentencepiece_unknown(const struct sentencepiece *model)
{
    return model->unknown;
}

/* ---- normalising ---- */

size_t sentencepiece_user(const struct sentencepiece *m, const char *text, size_t length)
{
    size_t found = 0, most = length < m->longest_user ? length : m->longest_user;
    uint64_t hash = HASH_SEED;
    for (size_t n = 1; n <= most; n++) {
        hash = hash_byte(hash, text[n - 1]);
        const int id = vocabulary_find_hashed(&m->vocabulary, text, n, hash);
        if (id >= 0 && m->pieces[id].type == SENTENCEPIECE_USER)
            found = n;
    }
    return found;
}

/* What stands at the beginning of the text becomes *out, *bytes long; returns how much of the text that was. */
static size_t normalize_prefix(const struct sentencepiece *m, const char *text, size_t length, const char **out,
                               size_t *bytes)
{
    size_t used = sentencepiece_user(m, text, length);
    *out = text;
    *bytes = used;
    if (used)
        return used;
    if (m->charsmap && (used = charsmap_longest(m->charsmap, text, length, out))) {
        *bytes = strlen(*out);
        return used;
    }
    *bytes = used = utf8_length(text, length);
    if (used)
        return used;
    *out = REPLACEMENT;
    *bytes = sizeof REPLACEMENT - 1;
    return 1;
}

static void add_marked(const struct sentencepiece *m, const char *bytes, size_t length, struct text *out)
{
    for (size_t i = 0; i < length; i++)
        if (bytes[i] == ' ' && m->escape_whitespaces)
            text_add_string(out, SPACE_MARK);
        else
            text_add(out, bytes + i, 1);
}

/* Spaces at the beginning; returns how much of the text they are. */
static size_t leading_spaces(const struct sentencepiece *m, const char *text, size_t length)
{
    const char *prefix;
    size_t at = 0, bytes;
    while (at < length) {
        const size_t used = normalize_prefix(m, text + at, length - at, &prefix, &bytes);
        if (bytes != 1 || *prefix != ' ')
            break;
        at += used;
    }
    return at;
}

static void trim_end(struct text *out, size_t begin, const char *space)
{
    const size_t n = strlen(space);
    while (out->length >= begin + n && !memcmp(out->bytes + out->length - n, space, n))
        out->length -= n;
}

void sentencepiece_normalize(const struct sentencepiece *m, const char *text, size_t length, struct text *out)
{
    const char *space = m->escape_whitespaces ? SPACE_MARK : " ";
    const size_t begin = out->length;
    bool after_space = m->remove_extra_whitespaces;
    size_t at = m->remove_extra_whitespaces ? leading_spaces(m, text, length) : 0;
    if (at == length)
        return;
    if (m->add_dummy_prefix && !m->space_behind)
        text_add_string(out, space);
    while (at < length) {
        const char *prefix;
        size_t bytes;
        at += normalize_prefix(m, text + at, length - at, &prefix, &bytes);
        while (after_space && bytes && *prefix == ' ')
            prefix++, bytes--;
        if (!bytes)
            continue;
        add_marked(m, prefix, bytes, out);
        after_space = m->remove_extra_whitespaces && prefix[bytes - 1] == ' ';
    }
    if (m->remove_extra_whitespaces && !out->failed)
        trim_end(out, begin, space);
    if (m->add_dummy_prefix && m->space_behind)
        text_add_string(out, space);
}

/* ---- characters to ids ---- */

/* A piece that no text may give is as good as none. */
static int id_of(const struct sentencepiece *m, const char *text, size_t length)
{
    const int id = vocabulary_find(&m->vocabulary, text, length);
    const bool usable =
        id >= 0 && (m->pieces[id].type == SENTENCEPIECE_NORMAL || m->pieces[id].type == SENTENCEPIECE_USER ||
                    m->pieces[id].type == SENTENCEPIECE_UNUSED);
    return usable ? id : m->unknown;
}

static void encode_characters(const struct sentencepiece *m, const struct text *normal, struct ids *out)
{
    bool unknown = false;
    for (size_t at = 0; at < normal->length;) {
        const char *here = normal->bytes + at;
        size_t n = sentencepiece_user(m, here, normal->length - at);
        n = n ? n : utf8_length(here, normal->length - at);
        n = n ? n : 1;
        const int id = id_of(m, here, n);
        if (id != m->unknown || !unknown)
            ids_add(out, id);
        unknown = id == m->unknown;
        at += n;
    }
}

int64_t sentencepiece_encode(const struct sentencepiece *model, const char *text, size_t length, int *ids,
                             size_t capacity, struct fault *fault)
{
    struct text normal = {0};
    struct ids found = {0};
    if (model->kind != SENTENCEPIECE_CHARACTERS)
        return fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "a text into the pieces of a SentencePiece model that is not of characters");
    sentencepiece_normalize(model, text, length, &normal);
    if (!normal.failed)
        encode_characters(model, &normal, &found);
    const int64_t count = normal.failed || found.failed ? fail_memory(fault, "a text") : (int64_t)found.count;
    for (size_t i = 0; count > 0 && i < found.count && i < capacity; i++)
        ids[i] = found.ids[i];
    text_free(&normal);
    free(found.ids);
    return count;
}
