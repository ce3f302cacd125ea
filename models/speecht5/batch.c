#include "models/speecht5/batch.h"

#include "models/speecht5/dropout.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- room ---- */

/* Sines and cosines, interleaved (Vaswani et al. 2017, section 3.5); frequency and angle are rounded to f32, as where
 * the weights were trained. */
static void fill_table(float *table, int time, int d)
{
    const float step = (float)-(log(10000.0) / d);
    for (int i = 0; i < d; i += 2) {
        const float frequency = expf((float)i * step);
        for (int t = 0; t < time; t++) {
            table[(size_t)t * (size_t)d + (size_t)i] = sinf((float)t * frequency);
            table[(size_t)t * (size_t)d + (size_t)i + 1] = cosf((float)t * frequency);
        }
    }
}

/* Row q - k of the distances, for q - k = count-1 … -(count-1), the far ones all as one. */
static void fill_distances(int *distances, int count, int most)
{
    for (int i = 0; i < 2 * count - 1; i++) {
        const int distance = count - 1 - i;
        distances[i] = (distance < -most ? -most : distance >= most ? most - 1 : distance) + most;
    }
}

static void fill_constants(struct batch *b, const struct speecht5 *m)
{
    const int d = m->config.hidden_size;
    fill_table(b->table, b->count > b->steps ? b->count : b->steps, d);
    fill_distances(b->distances, b->count, m->config.max_relative_position);
    for (int i = 0; i < b->count * d; i++)
        b->encoder_positions[i] = m->alpha * b->table[i];
    for (int i = 0; i < b->rows * b->steps; i++)
        b->numbers[i] = i;
    for (int row = 0; row < b->rows; row++)
        b->lengths[row] = b->count;
}

int speecht5_batch_reserve(struct batch *b, const struct speecht5 *m, int rows, int count, int steps,
                           struct fault *fault)
{
    const struct speecht5_config *g = &m->config;
    const size_t n = (size_t)rows, d = (size_t)g->hidden_size, longest = (size_t)(count > steps ? count : steps);
    const size_t frames = n * (size_t)g->reduction_factor;
    const struct {
        void **data;
        size_t count, size;
    } arrays[] = {
        {(void **)&b->lengths, n, sizeof(int)},
        {(void **)&b->tokens, n * (size_t)count, sizeof(int)},
        {(void **)&b->distances, 2 * (size_t)count, sizeof(int)},
        {(void **)&b->speakers, n * (size_t)g->speaker_embedding_dim, sizeof(float)},
        {(void **)&b->table, longest * d, sizeof(float)},
        {(void **)&b->encoder_positions, (size_t)count * d, sizeof(float)},
        {(void **)&b->numbers, n * (size_t)steps, sizeof(int)},
        {(void **)&b->active, n, sizeof(int)},
        {(void **)&b->mel, n * (size_t)g->mel_bins, sizeof(float)},
        {(void **)&b->dropout, n * (size_t)g->prenet_layers * (size_t)g->prenet_units, sizeof(float)},
        {(void **)&b->positions, n * d, sizeof(float)},
        {(void **)&b->frames, frames * (size_t)g->mel_bins, sizeof(float)},
        {(void **)&b->stops, frames, sizeof(float)},
        {(void **)&b->slots, n, sizeof(int)},
        {(void **)&b->self, n, sizeof *b->self},
        {(void **)&b->cross, n, sizeof *b->cross},
    };
    bool made = true;
    speecht5_batch_release(b);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++) {
        *arrays[i].data = memory_new(arrays[i].count, arrays[i].size);
        made = made && *arrays[i].data;
    }
    if (!made)
        return fail_memory(fault, "a batch");
    b->rows = rows;
    b->count = count;
    b->steps = steps;
    fill_constants(b, m);
    return 0;
}

void speecht5_batch_release(struct batch *b)
{
    void *all[] = {b->lengths, b->tokens, b->distances, b->speakers, b->table,     b->encoder_positions,
                   b->numbers, b->active, b->mel,       b->dropout,  b->positions, b->frames,
                   b->stops,   b->slots,  b->self,      b->cross};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    *b = (struct batch){0};
}

/* ---- what was asked for ---- */

static int fill_speaker(float *out, const float *speaker, int width, int row, struct fault *fault)
{
    double square = 0;
    for (int i = 0; speaker && i < width; i++)
        square += (double)speaker[i] * (double)speaker[i];
    if (!(square > 0) || !isfinite(square))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the speaker embedding of row %d of a batch has no length", row);
    for (int i = 0; i < width; i++)
        out[i] = (float)((double)speaker[i] / sqrt(square));
    return 0;
}

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

int speecht5_batch_fill(struct batch *b, const struct speecht5_config *g, const int *tokens, const int *lengths,
                        const struct speecht5_row *rows, struct fault *fault)
{
    const size_t width = (size_t)g->speaker_embedding_dim;
    int code = 0;
    for (int row = 0; row < b->rows && !code; row++) {
        if (lengths[row] < 1 || lengths[row] > b->count)
            return fail(fault, UTTER_ERROR_ARGUMENT, "row %d of a batch has %d tokens, outside 1 to %d", row,
                        lengths[row], b->count);
        b->lengths[row] = lengths[row];
        b->active[row] = row;
        code = fill_tokens(b, g->vocabulary, tokens, row, fault);
        if (!code)
            code = fill_speaker(b->speakers + (size_t)row * width, rows[row].speaker, (int)width, row, fault);
    }
    return code;
}

struct encoding speecht5_batch_encoding(const struct batch *b)
{
    return (struct encoding){.rows = b->rows,
                             .time = b->count,
                             .lengths = b->lengths,
                             .tokens = b->tokens,
                             .positions = b->encoder_positions,
                             .distances = b->distances,
                             .speakers = b->speakers};
}

static void fill_dropout(struct batch *b, const struct speecht5_config *g, const struct speecht5_row *rows, int n,
                         int step)
{
    for (int layer = 0; layer < g->prenet_layers; layer++)
        for (int i = 0; i < n; i++)
            speecht5_dropout(rows[b->active[i]].seed, step, layer, g->prenet_layers, g->prenet_dropout, g->prenet_units,
                             b->dropout + ((size_t)layer * (size_t)n + (size_t)i) * (size_t)g->prenet_units);
}

struct step speecht5_batch_step(struct batch *b, const struct speecht5 *m, const struct speecht5_row *rows, int n,
                                int step)
{
    const size_t d = (size_t)m->config.hidden_size;
    fill_dropout(b, &m->config, rows, n, step);
    for (int i = 0; i < n; i++) {
        const int row = b->active[i], first = row * b->steps;
        for (size_t j = 0; j < d; j++)
            b->positions[(size_t)i * d + j] = m->prenet.alpha * b->table[(size_t)step * d + j];
        b->slots[i] = first + step;
        b->self[i] = (struct query_span){.first = i, .count = 1, .length = step + 1, .index = b->numbers + first};
        b->cross[i] = (struct query_span){.first = i, .count = 1, .length = b->lengths[row], .row = row};
    }
    return (struct step){n,        b->active, b->mel,   b->dropout, b->positions,
                         b->slots, b->self,   b->cross, b->frames,  b->stops};
}
