#include "models/cpu/plain.h"

#include "models/cpu/kept.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

void plain_unfold(struct context *c, struct tensor out, struct tensor x, int kernel, int stride)
{
    (void)c;
    int64_t width = x.shape[2], before = (kernel - 1) / 2, at = 0;
    for (int64_t row = 0; row < out.shape[0]; row++)
        for (int64_t t = 0; t < out.shape[1]; t++)
            for (int64_t k = 0; k < kernel; k++)
                for (int64_t i = 0; i < width; i++) {
                    int64_t from = t * stride + k - before;
                    bool inside = from >= 0 && from < x.shape[1];
                    element_set(out.data, out.type, at++,
                                inside ? element_get(x.data, x.type, (row * x.shape[1] + from) * width + i) : 0);
                }
}

void plain_gather_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    (void)c;
    int64_t width = x.shape[1];
    for (int64_t row = 0; row < out.shape[0]; row++)
        for (int64_t i = 0; i < width; i++)
            element_set(out.data, out.type, row * width + i, element_get(x.data, x.type, rows[row] * width + i));
}

void plain_scatter_rows(struct context *c, struct tensor out, struct tensor x, const int *rows)
{
    (void)c;
    int64_t width = x.shape[1];
    for (int64_t row = 0; row < x.shape[0]; row++)
        for (int64_t i = 0; i < width; i++)
            element_set(out.data, out.type, rows[row] * width + i, element_get(x.data, x.type, row * width + i));
}

/* One head's part of a step of x. */
static void copy_head(struct tensor out, int64_t to, const struct tensor *x, int64_t from, int64_t width)
{
    float most = 0;
    for (int64_t i = 0; i < width; i++)
        most = fmaxf(most, fabsf(element_get(x->data, x->type, from + i)));
    for (int64_t i = 0; i < width; i++) {
        float value = element_get(x->data, x->type, from + i);
        if (out.type == TENSOR_I8)
            ((int8_t *)out.data)[to + i] = (int8_t)rintf(value * (most > 0 ? 127.0f / most : 0));
        else
            element_set(out.data, out.type, to + i, value);
    }
    if (out.type == TENSOR_I8)
        kept_scale_set(element_at(&out, to), width, most / 127.0f);
}

static float kept_get(const struct tensor *keys, int64_t key, int64_t i, int64_t width)
{
    if (keys->type != TENSOR_I8)
        return element_get(keys->data, keys->type, key + i);
    return (float)((const int8_t *)keys->data)[key + i] * kept_scale(element_at(keys, key), width);
}

void plain_split_heads(struct context *c, struct tensor out, struct tensor x, int heads)
{
    (void)c;
    int64_t time = x.shape[1], width = x.shape[2] / heads;
    for (int64_t row = 0; row < x.shape[0]; row++)
        for (int64_t t = 0; t < time; t++)
            for (int64_t head = 0; head < heads; head++)
                copy_head(out, ((row * heads + head) * time + t) * out.shape[3], &x,
                          ((row * time + t) * heads + head) * width, width);
}

/* ---- attention ---- */

/* weights [length]: softmax of the scores of query i with one head's keys. */
static void weigh(double *weights, const struct tensor *q, int64_t i, int64_t head, const struct tensor *keys,
                  const struct query_span *span, int heads, float scale)
{
    int64_t width = q->shape[1] / heads;
    struct kept_head h = kept_head(keys, span, head, width);
    double most = -INFINITY, sum = 0;
    for (int64_t t = 0; t < span->length; t++) {
        weights[t] = 0;
        for (int64_t x = 0; x < width; x++)
            weights[t] += (double)element_get(q->data, q->type, i * q->shape[1] + head * width + x) *
                          (double)kept_get(keys, kept_key(&h, t), x, width);
        weights[t] *= (double)scale;
        most = fmax(most, weights[t]);
    }
    for (int64_t t = 0; t < span->length; t++)
        sum += weights[t] = exp(weights[t] - most);
    for (int64_t t = 0; t < span->length; t++)
        weights[t] /= sum;
}

static void attend_span(struct tensor out, const struct tensor *q, const struct tensor *keys,
                        const struct tensor *values, int heads, float scale, const struct query_span *span,
                        double *weights)
{
    int64_t width = q->shape[1] / heads;
    for (int64_t i = span->first; i < span->first + span->count; i++)
        for (int64_t head = 0; head < heads; head++) {
            struct kept_head h = kept_head(values, span, head, width);
            weigh(weights, q, i, head, keys, span, heads, scale);
            for (int64_t x = 0; x < width; x++) {
                double sum = 0;
                for (int64_t t = 0; t < span->length; t++)
                    sum += weights[t] * (double)kept_get(values, kept_key(&h, t), x, width);
                element_set(out.data, out.type, i * q->shape[1] + head * width + x, (float)sum);
            }
        }
}

void plain_kept_attention(struct context *c, struct tensor out, struct tensor q, struct tensor keys,
                          struct tensor values, int heads, float scale, const struct query_span *spans, int count)
{
    for (int i = 0; i < count; i++) {
        double *weights = memory_new((size_t)spans[i].length, sizeof *weights);
        if (!weights) {
            fail_memory(&c->fault, "attention");
            return;
        }
        attend_span(out, &q, &keys, &values, heads, scale, &spans[i], weights);
        free(weights);
    }
}

void plain_kept_attention_weights(struct context *c, struct tensor out, struct tensor q, struct tensor keys, int heads,
                                  float scale, const struct query_span *span)
{
    double *weights = memory_new((size_t)span->length, sizeof *weights);
    if (!weights) {
        fail_memory(&c->fault, "attention");
        return;
    }
    for (int64_t head = 0; head < heads; head++)
        for (int64_t i = 0; i < span->count; i++) {
            weigh(weights, &q, span->first + i, head, &keys, span, heads, scale);
            for (int64_t t = 0; t < span->length; t++)
                ((float *)out.data)[(head * span->count + i) * span->length + t] = (float)weights[t];
        }
    free(weights);
}
