#include "models/fastspeech/batch.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- room ---- */

struct array {
    void **data;
    size_t size; /* bytes for each of what there is to be room for */
};

static int reserve(const struct array *arrays, size_t count, size_t *room, size_t needed, struct fault *fault)
{
    if (needed <= *room)
        return 0;
    *room = 0;
    for (size_t i = 0; i < count; i++) {
        free(*arrays[i].data);
        *arrays[i].data = memory_new(needed, arrays[i].size);
    }
    for (size_t i = 0; i < count; i++)
        if (!*arrays[i].data)
            return fail_memory(fault, "a batch");
    *room = needed;
    return 0;
}

int fastspeech_batch_reserve_tokens(struct batch *b, const struct fastspeech_config *g, int rows, int count,
                                    struct fault *fault)
{
    const struct array by_row[] = {
        {(void **)&b->lengths, sizeof(int)},
        {(void **)&b->frames, sizeof(int)},
        {(void **)&b->speakers, sizeof(int)},
        {(void **)&b->languages, sizeof(int)},
        {(void **)&b->embeddings, (size_t)g->speaker_embed_dim * sizeof(float)},
    };
    const struct array by_cell[] = {
        {(void **)&b->tokens, sizeof(int)},       {(void **)&b->durations, sizeof(int)},
        {(void **)&b->pitch, sizeof(float)},      {(void **)&b->energy, sizeof(float)},
        {(void **)&b->logarithms, sizeof(float)}, {(void **)&b->states, (size_t)g->hidden_size * sizeof(float)},
    };
    int code = reserve(by_row, sizeof by_row / sizeof *by_row, &b->rows_room, (size_t)rows, fault);
    if (code)
        return code;
    return reserve(by_cell, sizeof by_cell / sizeof *by_cell, &b->cells_room, (size_t)rows * (size_t)count, fault);
}

int fastspeech_batch_reserve_frames(struct batch *b, int rows, int frames, struct fault *fault)
{
    const struct array by_frame = {(void **)&b->token, sizeof(int)};
    return reserve(&by_frame, 1, &b->frames_room, (size_t)rows * (size_t)frames, fault);
}

void fastspeech_batch_release(struct batch *b)
{
    void *all[] = {b->lengths,   b->frames, b->speakers, b->languages,  b->embeddings, b->tokens,
                   b->durations, b->pitch,  b->energy,   b->logarithms, b->states,     b->token};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *b = (struct batch){0};
}

void fastspeech_batch_fill_full(struct batch *b, int rows, int count)
{
    b->rows = rows;
    b->count = count;
    for (int row = 0; row < rows; row++)
        b->lengths[row] = count;
}

/* ---- what was asked for ---- */

static int fill_tokens(struct batch *b, int vocabulary, const int *tokens, int row, struct fault *fault)
{
    const size_t at = (size_t)row * (size_t)b->count;
    for (int i = 0; i < b->count; i++) {
        const int token = i < b->lengths[row] ? tokens[at + (size_t)i] : 0;
        if (token < 0 || token >= vocabulary)
            return fail(fault, UTTER_ERROR_ARGUMENT, "token %d in row %d of a batch is %d, outside 0 to %d", i, row,
                        token, vocabulary - 1);
        b->tokens[at + (size_t)i] = token;
    }
    return 0;
}

/* Row `known` of a table is the one of zeros: for nobody, and where the model knows nobody. */
static int fill_voice(int *which, int asked, int known, const char *what, int row, struct fault *fault)
{
    if (known && (asked < -1 || asked >= known))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s %d is asked for in row %d of a batch, outside -1 to %d", what,
                    asked, row, known - 1);
    *which = known && asked >= 0 ? asked : known;
    return 0;
}

static int fill_added(float *out, const float *added, int length, int count, const char *what, int row,
                      struct fault *fault)
{
    for (int i = 0; i < count; i++) {
        out[i] = added && i < length ? added[i] : 0;
        if (!isfinite(out[i]))
            return fail(fault, UTTER_ERROR_ARGUMENT, "the %s for token %d in row %d of a batch is not finite", what, i,
                        row);
    }
    return 0;
}

static int check_rate(const float *rate, int length, int row, struct fault *fault)
{
    for (int i = 0; rate && i < length; i++)
        if (!(rate[i] > 0) || !isfinite(rate[i]))
            return fail(fault, UTTER_ERROR_ARGUMENT, "the rate for token %d in row %d of a batch is not above 0", i,
                        row);
    return 0;
}

static int fill_embedding(float *out, const float *embedding, int width, int row, struct fault *fault)
{
    double square = 0;
    for (int i = 0; i < width; i++)
        square += (double)embedding[i] * (double)embedding[i];
    if (!(square > 0) || !isfinite(square))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the speaker embedding of row %d of a batch has no length", row);
    for (int i = 0; i < width; i++)
        out[i] = (float)((double)embedding[i] / sqrt(square));
    return 0;
}

static int fill_control(struct batch *b, const struct fastspeech_config *g, const struct fastspeech_control *k, int row,
                        struct fault *fault)
{
    const size_t at = (size_t)row * (size_t)b->count, width = (size_t)g->speaker_embed_dim;
    const int length = b->lengths[row];
    int code = check_rate(k->rate, length, row, fault);
    if (!code)
        code = fill_added(b->pitch + at, k->pitch, length, b->count, "pitch", row, fault);
    if (!code)
        code = fill_added(b->energy + at, k->energy, length, b->count, "energy", row, fault);
    if (!code)
        code = fill_voice(&b->speakers[row], k->speaker, g->speakers, "speaker", row, fault);
    if (!code)
        code = fill_voice(&b->languages[row], k->language, g->languages, "language", row, fault);
    const bool embedded = width && k->embedding;
    if (!code && row && embedded != b->embedded)
        code = fail(fault, UTTER_ERROR_ARGUMENT, "some rows of a batch have a speaker embedding and others have none");
    b->embedded = embedded;
    if (!code && embedded)
        code = fill_embedding(b->embeddings + (size_t)row * width, k->embedding, (int)width, row, fault);
    return code;
}

int fastspeech_batch_fill(struct batch *b, const struct fastspeech_config *g, const int *tokens, const int *lengths,
                          int rows, int count, const struct fastspeech_control *controls, struct fault *fault)
{
    const struct fastspeech_control none = {0};
    int code = 0;
    b->rows = rows;
    b->count = count;
    for (int row = 0; row < rows && !code; row++) {
        if (lengths[row] < 1 || lengths[row] > count)
            return fail(fault, UTTER_ERROR_ARGUMENT, "row %d of a batch has %d tokens, outside 1 to %d", row,
                        lengths[row], count);
        b->lengths[row] = lengths[row];
        code = fill_tokens(b, g->vocabulary, tokens, row, fault);
        if (!code)
            code = fill_control(b, g, controls ? &controls[row] : &none, row, fault);
    }
    return code;
}
