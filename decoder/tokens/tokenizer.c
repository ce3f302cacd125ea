/* tokenizer.c - opening a tokenizer and the two ways through it. */
#include "decoder/tokens/tokenizer_parts.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* ---- opening -------------------------------------------------------------------------------------- */

/* Whether what the decoder makes of the piece's beginning is a space. */
static bool begins_word(const struct tokenizer *t, const char *piece)
{
    if (!t->has_decoder || piece[0] == ' ')
        return true;
    for (size_t i = 0; i < t->decoder.count; i++) {
        const struct step *step = &t->decoder.steps[i];
        size_t begin = 0, end = 0;
        struct matches *matches = NULL;
        bool hit = false;
        if (step->kind == STEP_METASPACE)
            hit = strncmp(piece, step->content, strlen(step->content)) == 0;
        else if (step->kind == STEP_BYTE_LEVEL)
            hit = strncmp(piece, "\xC4\xA0", 2) == 0; /* U+0120, the letter of the space */
        else if (step->kind == STEP_BYTE_FALLBACK)
            hit = strcmp(piece, "<0x20>") == 0;
        else if (step->kind == STEP_REPLACE && step->content[0] == ' ')
            if (!matches_open(&matches, step->pattern, piece, strlen(piece), NULL))
                hit = matches_next(matches, &begin, &end, NULL) > 0 && begin == 0;
        matches_close(&matches);
        if (hit)
            return true;
    }
    return false;
}

static int find_beginnings(struct tokenizer *t, struct fault *fault)
{
    t->begins = memory_new((size_t)t->size, sizeof *t->begins);
    if (!t->begins)
        return fail_memory(fault, "a vocabulary");
    for (int id = 0; id < t->size; id++) {
        const char *piece = tokenizer_piece(t, id);
        t->begins[id] = piece && begins_word(t, piece);
    }
    return 0;
}

int tokenizer_open(struct tokenizer **tokenizer, const char *json, size_t length, const char *name, struct fault *fault)
{
    if (!utf8_valid(json, length))
        return fail(fault, UTTER_ERROR_MODEL, "%s: it is not valid UTF-8", name);
    const char *end = NULL;
    cJSON *root = cJSON_ParseWithLengthOpts(json, length, &end, 0);
    if (!cJSON_IsObject(root)) {
        size_t at = !root && end >= json ? (size_t)(end - json) : 0;
        cJSON_Delete(root);
        return fail(fault, UTTER_ERROR_MODEL, "%s: it is not a JSON object (damaged near byte %zu of %zu)", name, at,
                    length);
    }
    struct tokenizer *t = memory_new(1, sizeof *t);
    int error = t ? tokenizer_read(t, root, name, fault) : fail_memory(fault, "a tokenizer");
    if (!error)
        error = find_beginnings(t, fault);
    cJSON_Delete(root);
    if (error)
        tokenizer_close(&t);
    else
        *tokenizer = t;
    return error;
}

void tokenizer_close(struct tokenizer **tokenizer)
{
    struct tokenizer *t = *tokenizer;
    if (!t)
        return;
    for (size_t i = 0; i < t->added_count; i++) {
        free(t->added[i].content);
        free(t->added[i].normal);
    }
    free(t->added);
    free(t->added_of);
    free(t->begins);
    vocabulary_free(&t->vocabulary);
    bpe_free(&t->bpe);
    unigram_free(&t->unigram);
    steps_free(&t->normalizer);
    steps_free(&t->pre_tokenizer);
    steps_free(&t->decoder);
    free(t);
    *tokenizer = NULL;
}

/* ---- the vocabulary ------------------------------------------------------------------------------- */

static const struct added *added_of(const struct tokenizer *t, int id)
{
    return id >= 0 && id < t->size && t->added_of[id] ? &t->added[t->added_of[id] - 1] : NULL;
}

int tokenizer_size(const struct tokenizer *t)
{
    return t->size;
}

const char *tokenizer_piece(const struct tokenizer *t, int id)
{
    const struct added *added = added_of(t, id);
    return added ? added->content : vocabulary_piece(&t->vocabulary, id);
}

int tokenizer_find(const struct tokenizer *t, const char *piece)
{
    int id = vocabulary_find(&t->vocabulary, piece, strlen(piece));
    for (size_t i = 0; id < 0 && i < t->added_count; i++)
        if (strcmp(t->added[i].content, piece) == 0)
            id = t->added[i].id;
    return id;
}

bool tokenizer_special(const struct tokenizer *t, int id)
{
    const struct added *added = added_of(t, id);
    return added && added->special;
}

bool tokenizer_begins_word(const struct tokenizer *t, int id)
{
    return id >= 0 && id < t->size && t->begins[id];
}

/* ---- ids to text ---------------------------------------------------------------------------------- */

size_t tokenizer_decode(const struct tokenizer *t, const int *ids, size_t count, char *text, size_t size)
{
    struct pieces tokens = {0};
    struct text out = {0};
    for (size_t i = 0; i < count; i++) {
        const char *piece = tokenizer_piece(t, ids[i]);
        if (!piece || tokenizer_special(t, ids[i]))
            continue;
        text_add_string(&tokens.text, piece);
        pieces_end(&tokens);
    }
    size_t length = join(t, &tokens, &out, NULL) ? 0 : out.length;
    if (size > 0) {
        size_t fit = length < size - 1 ? length : size - 1;
        if (fit)
            memcpy(text, out.bytes, fit);
        text[fit] = 0;
    }
    pieces_free(&tokens);
    text_free(&out);
    return length;
}
