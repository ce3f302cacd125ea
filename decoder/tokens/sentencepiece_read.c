/* sentencepiece_read.c - sentencepiece_model.proto from bytes that nobody vouches for. */
#include "decoder/tokens/protobuf.h"
#include "decoder/tokens/sentencepiece_parts.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The numbers of the fields. */
enum { MODEL_PIECE = 1, MODEL_TRAINER = 2, MODEL_NORMALIZER = 3 };
enum { PIECE_TEXT = 1, PIECE_SCORE = 2, PIECE_TYPE = 3 };
enum { TRAINER_MODEL = 3, TRAINER_SPACE_BEHIND = 24 };
enum { NORMALIZER_CHARSMAP = 2, NORMALIZER_PREFIX = 3, NORMALIZER_EXTRA_SPACES = 4, NORMALIZER_ESCAPE = 5 };

struct piece_read {
    struct message text;
    struct piece piece;
};

static int damaged(const char *name, const char *how, struct fault *fault)
{
    return fail(fault, UTTER_ERROR_MODEL, "%s: %s", name, how);
}

static int read_piece_fields(struct message body, struct piece_read *out, const char *name, struct fault *fault)
{
    struct field f;
    int more;
    *out = (struct piece_read){.piece = {0, SENTENCEPIECE_NORMAL}};
    while ((more = message_next(&body, &f)) > 0) {
        if (f.number == PIECE_TEXT && f.type == FIELD_BYTES)
            out->text = f.body;
        else if (f.number == PIECE_SCORE && f.type == FIELD_32_BITS)
            out->piece.score = field_float(&f);
        else if (f.number == PIECE_TYPE && f.type == FIELD_VARINT) {
            if (f.value < SENTENCEPIECE_NORMAL || f.value > SENTENCEPIECE_BYTE)
                return damaged(name, "a piece is of no type that there is", fault);
            out->piece.type = (enum sentencepiece_type)f.value;
        }
    }
    return more ? damaged(name, "a piece is damaged", fault) : 0;
}

static int check_piece(const struct sentencepiece *m, const struct piece_read *p, const char *name, struct fault *fault)
{
    const char *text = (const char *)p->text.at;
    const size_t length = message_length(&p->text);
    if (!length || !utf8_valid(text, length) || memchr(text, 0, length))
        return damaged(name, "a piece is empty or not UTF-8", fault);
    if (!isfinite(p->piece.score))
        return damaged(name, "a piece has a score that is not finite", fault);
    if (m->vocabulary.size >= VOCABULARY_IDS)
        return damaged(name, "too many pieces", fault);
    if (vocabulary_find(&m->vocabulary, text, length) >= 0)
        return damaged(name, "a piece is there twice", fault);
    if (p->piece.type == SENTENCEPIECE_UNKNOWN && m->unknown >= 0)
        return damaged(name, "two pieces are the unknown one", fault);
    return 0;
}

static int add_piece(struct sentencepiece *m, const struct piece_read *p, const char *name, struct fault *fault)
{
    const int id = m->vocabulary.size;
    const size_t length = message_length(&p->text);
    void *pieces = m->pieces;
    int code = check_piece(m, p, name, fault);
    if (code)
        return code;
    if (!memory_grow(&pieces, &m->capacity, (size_t)id + 1, sizeof *m->pieces))
        return fail_memory(fault, "a vocabulary");
    m->pieces = pieces;
    m->pieces[id] = p->piece;
    if (vocabulary_add(&m->vocabulary, (const char *)p->text.at, length, id) != VOCABULARY_DONE)
        return fail_memory(fault, "a vocabulary");
    if (p->piece.type == SENTENCEPIECE_UNKNOWN)
        m->unknown = id;
    if (p->piece.type == SENTENCEPIECE_USER && length > m->longest_user)
        m->longest_user = length;
    return 0;
}

static int read_piece(struct sentencepiece *m, struct message body, const char *name, struct fault *fault)
{
    struct piece_read p;
    int code = read_piece_fields(body, &p, name, fault);
    return code ? code : add_piece(m, &p, name, fault);
}

static int read_trainer(struct sentencepiece *m, struct message body, const char *name, struct fault *fault)
{
    struct field f;
    int more;
    while ((more = message_next(&body, &f)) > 0) {
        if (f.type != FIELD_VARINT)
            continue;
        if (f.number == TRAINER_SPACE_BEHIND)
            m->space_behind = f.value != 0;
        if (f.number != TRAINER_MODEL)
            continue;
        if (f.value < SENTENCEPIECE_UNIGRAM || f.value > SENTENCEPIECE_CHARACTERS)
            return damaged(name, "the model is of no type that there is", fault);
        m->kind = (enum sentencepiece_model)f.value;
    }
    return more ? damaged(name, "what is said of the training is damaged", fault) : 0;
}

static int read_normalizer(struct sentencepiece *m, struct message body, const char *name, struct fault *fault)
{
    struct field f;
    int more, code = 0;
    while (!code && (more = message_next(&body, &f)) > 0) {
        if (f.number == NORMALIZER_CHARSMAP && f.type == FIELD_BYTES && message_length(&f.body)) {
            charsmap_close(&m->charsmap);
            code = charsmap_open_bytes(&m->charsmap, (const char *)f.body.at, message_length(&f.body), name, fault);
        }
        if (f.number == NORMALIZER_PREFIX && f.type == FIELD_VARINT)
            m->add_dummy_prefix = f.value != 0;
        if (f.number == NORMALIZER_EXTRA_SPACES && f.type == FIELD_VARINT)
            m->remove_extra_whitespaces = f.value != 0;
        if (f.number == NORMALIZER_ESCAPE && f.type == FIELD_VARINT)
            m->escape_whitespaces = f.value != 0;
    }
    return !code && more ? damaged(name, "the normalizer is damaged", fault) : code;
}

static int read_model(struct sentencepiece *m, struct message file, const char *name, struct fault *fault)
{
    struct field f;
    int more = 0, code = 0;
    while (!code && (more = message_next(&file, &f)) > 0) {
        if (f.type != FIELD_BYTES)
            continue;
        if (f.number == MODEL_PIECE)
            code = read_piece(m, f.body, name, fault);
        if (f.number == MODEL_TRAINER)
            code = read_trainer(m, f.body, name, fault);
        if (f.number == MODEL_NORMALIZER)
            code = read_normalizer(m, f.body, name, fault);
    }
    if (!code && more)
        code = damaged(name, "it is not a SentencePiece model, or it is cut short", fault);
    if (!code && m->unknown < 0)
        code = damaged(name, "no piece is the unknown one", fault);
    return code;
}

int sentencepiece_open(struct sentencepiece **model, const void *bytes, size_t length, const char *name,
                       struct fault *fault)
{
    const unsigned char *at = bytes;
    *model = NULL;
    struct sentencepiece *m = memory_new(1, sizeof *m);
    if (!m)
        return fail_memory(fault, "a vocabulary");
    m->kind = SENTENCEPIECE_UNIGRAM; /* what is meant where nothing is said, here and below */
    m->unknown = -1;
    m->add_dummy_prefix = m->remove_extra_whitespaces = m->escape_whitespaces = true;
    int code = read_model(m, (struct message){at, at + length}, name, fault);
    if (code)
        sentencepiece_close(&m);
    *model = m;
    return code;
}

void sentencepiece_close(struct sentencepiece **model)
{
    struct sentencepiece *m = *model;
    *model = NULL;
    if (!m)
        return;
    vocabulary_free(&m->vocabulary);
    charsmap_close(&m->charsmap);
    free(m->pieces);
    free(m);
}
