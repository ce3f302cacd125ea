#include "models/cpu/plain.h"

#include "models/cpu/convert.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

/* One head of one row of the batch, and the element that each tensor's head begins at. */
struct head {
    const struct tensor *out, *q, *k, *v, *position;
    const float *u, *w;                    /* this head's, or NULL */
    const struct attention_window *window; /* or NULL */
    int64_t from_q, from_k, from_position, width, step, keys, queries;
    float scale;
    double *scores; /* [keys] */
};

/* The embedding of key j's distance from query i, or NULL. */
static const float *near(const struct head *h, const float *embeddings, int64_t i, int64_t j)
{
    const int reach = h->window->reach;
    return j - i < -reach || j - i > reach ? NULL : embeddings + (j - i + reach) * h->width;
}

static double score(const struct head *h, int64_t i, int64_t j)
{
    double sum = 0;
    const float *embedding = h->window ? near(h, h->window->keys, i, j) : NULL;
    for (int64_t x = 0; x < h->width; x++) {
        double q = element_get(h->q->data, h->q->type, h->from_q + i * h->step + x);
        double k = element_get(h->k->data, h->k->type, h->from_k + j * h->step + x);
        sum += (q + (h->u ? h->u[x] : 0)) * k;
        if (h->position) {
            int64_t p = h->queries - 1 - (i - j);
            double r = element_get(h->position->data, h->position->type, h->from_position + p * h->step + x);
            sum += (q + h->w[x]) * r;
        }
        if (embedding)
            sum += q * embedding[x];
    }
    return sum * h->scale;
}

/* Query i over the first `keys` keys. */
static void attend(const struct head *h, int64_t i, int64_t keys)
{
    double most = -INFINITY, total = 0;
    for (int64_t j = 0; j < keys; j++)
        most = fmax(most, h->scores[j] = score(h, i, j));
    for (int64_t j = 0; j < keys; j++)
        total += h->scores[j] = exp(h->scores[j] - most);
    for (int64_t x = 0; x < h->width; x++) {
        double sum = 0;
        for (int64_t j = 0; j < keys; j++) {
            const float *embedding = h->window ? near(h, h->window->values, i, j) : NULL;
            double value = element_get(h->v->data, h->v->type, h->from_k + j * h->step + x);
            sum += h->scores[j] * (value + (embedding ? embedding[x] : 0));
        }
        element_set(h->out->data, h->out->type, h->from_q + i * h->step + x, keys > 0 ? (float)(sum / total) : 0);
    }
}

/* h: the tensors, the scale and u and w of head 0. */
static void attend_all(struct context *c, struct head h, int heads, const int *lengths, bool causal)
{
    const float *u = h.u, *w = h.w;
    h.step = h.q->shape[2];
    h.width = h.step / heads;
    h.queries = h.q->shape[1];
    h.scores = memory_new((size_t)h.k->shape[1], sizeof *h.scores);
    if (!h.scores) {
        fail_memory(&c->fault, "the scores of an attention");
        return;
    }
    for (int64_t row = 0; row < h.q->shape[0]; row++)
        for (int head = 0; head < heads; head++) {
            h.from_position = head * h.width;
            h.from_q = row * h.queries * h.step + head * h.width;
            h.from_k = row * h.k->shape[1] * h.step + head * h.width;
            h.u = u ? u + head * h.width : NULL;
            h.w = w ? w + head * h.width : NULL;
            h.keys = valid_steps(lengths, row, h.k->shape[1]);
            for (int64_t i = 0; i < h.queries; i++) {
                int64_t reach = i + h.k->shape[1] - h.queries + 1;
                int64_t keys = causal && reach < h.keys ? reach : h.keys;
                bool padding = (h.position || h.window) && i >= h.keys;
                attend(&h, i, padding || keys < 0 ? 0 : keys);
            }
        }
    free(h.scores);
}

void plain_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v, int heads,
                     float scale, const int *lengths, bool causal)
{
    struct head h = {.out = &out, .q = &q, .k = &k, .v = &v, .scale = scale};
    attend_all(c, h, heads, lengths, causal);
}

void plain_relative_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                              struct tensor position, const float *u, const float *w, int heads, float scale,
                              const int *lengths)
{
    struct head h = {.out = &out, .q = &q, .k = &k, .v = &v, .position = &position, .u = u, .w = w, .scale = scale};
    attend_all(c, h, heads, lengths, false);
}

void plain_windowed_attention(struct context *c, struct tensor out, struct tensor q, struct tensor k, struct tensor v,
                              const struct attention_window *window, int heads, float scale, const int *lengths)
{
    struct head h = {.out = &out, .q = &q, .k = &k, .v = &v, .window = window, .scale = scale};
    attend_all(c, h, heads, lengths, false);
}
