#include "models/cpu/plain.h"

#include "models/cpu/convert.h"

#include <math.h>

void plain_upload(struct context *c, struct tensor out, const float *host, int64_t count)
{
    (void)c;
    for (int64_t i = 0; i < count; i++)
        element_set(out.data, out.type, i, host[i]);
}

void plain_download(struct context *c, float *host, struct tensor in, int64_t count)
{
    (void)c;
    for (int64_t i = 0; i < count; i++)
        host[i] = element_get(in.data, in.type, i);
}

void plain_layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n)
{
    (void)c;
    int64_t width = n->width;
    for (int64_t row = 0; row < tensor_rows(&x); row++) {
        const float *values = (const float *)x.data + row * width;
        double sum = 0, squares = 0;
        for (int64_t i = 0; i < width; i++)
            sum += values[i];
        double mean = sum / (double)width;
        for (int64_t i = 0; i < width; i++)
            squares += (values[i] - mean) * (values[i] - mean);
        double inverse = 1 / sqrt(squares / (double)width + n->epsilon);
        for (int64_t i = 0; i < width; i++)
            element_set(out.data, out.type, row * width + i,
                        (float)((values[i] - mean) * inverse * n->weight[i] + (n->bias ? n->bias[i] : 0)));
    }
}

void plain_add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b)
{
    (void)c;
    for (int64_t i = 0; i < tensor_count(&out); i++)
        ((float *)out.data)[i] = ((const float *)a.data)[i] + scale * element_get(b.data, b.type, i);
}

void plain_scale(struct context *c, struct tensor out, struct tensor x, float scale)
{
    (void)c;
    for (int64_t i = 0; i < tensor_count(&out); i++)
        element_set(out.data, out.type, i, scale * element_get(x.data, x.type, i));
}

void plain_glu(struct context *c, struct tensor out, struct tensor x)
{
    (void)c;
    int64_t n = tensor_width(&out);
    for (int64_t row = 0; row < tensor_rows(&out); row++)
        for (int64_t i = 0; i < n; i++) {
            double value = element_get(x.data, x.type, row * 2 * n + i);
            double gate = element_get(x.data, x.type, row * 2 * n + n + i);
            element_set(out.data, out.type, row * n + i, (float)(value / (1 + exp(-gate))));
        }
}

void plain_magnitudes(struct context *c, struct tensor out, struct tensor x)
{
    (void)c;
    int64_t n = tensor_width(&out);
    for (int64_t row = 0; row < tensor_rows(&out); row++)
        for (int64_t i = 0; i < n; i++) {
            double real = element_get(x.data, x.type, row * 2 * n + i);
            double imaginary = element_get(x.data, x.type, row * 2 * n + n + i);
            element_set(out.data, out.type, row * n + i, (float)sqrt(real * real + imaginary * imaginary));
        }
}

static double sigmoid(double x)
{
    return 1 / (1 + exp(-x));
}

void plain_lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates)
{
    (void)c;
    int64_t n = tensor_width(&out);
    for (int64_t row = 0; row < tensor_rows(&out); row++) {
        const float *in = (const float *)gates.data + row * 4 * n, *forget = in + n, *new = in + 2 * n,
                    *show = in + 3 * n;
        float *kept = (float *)cell.data + row * n, *to = (float *)out.data + row * n;
        for (int64_t i = 0; i < n; i++) {
            double value = sigmoid(forget[i]) * kept[i] + sigmoid(in[i]) * tanh(new[i]);
            kept[i] = (float)value;
            to[i] = (float)(sigmoid(show[i]) * tanh(value));
        }
    }
}

void plain_gated_tanh(struct context *c, struct tensor out, struct tensor x)
{
    (void)c;
    int64_t n = tensor_width(&out);
    for (int64_t row = 0; row < tensor_rows(&out); row++)
        for (int64_t i = 0; i < n; i++) {
            double value = element_get(x.data, x.type, row * 2 * n + i);
            double gate = element_get(x.data, x.type, row * 2 * n + n + i);
            element_set(out.data, out.type, row * n + i, (float)(tanh(value) * sigmoid(gate)));
        }
}

static double activated(enum activation a, double x, double slope)
{
    switch (a) {
    case ACTIVATION_RELU:
        return x < 0 ? 0 : x;
    case ACTIVATION_SILU:
        return x * sigmoid(x);
    case ACTIVATION_GELU:
        return 0.5 * x * (1 + erf(x * sqrt(0.5)));
    case ACTIVATION_TANH:
        return tanh(x);
    case ACTIVATION_SIGMOID:
        return sigmoid(x);
    case ACTIVATION_EXP:
        return exp(x < -87 ? -87 : x > 88 ? 88 : x);
    default:
        return x < 0 ? slope * x : x;
    }
}

void plain_activate(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope)
{
    (void)c;
    for (int64_t i = 0; i < tensor_count(&out); i++)
        element_set(out.data, out.type, i, (float)activated(a, element_get(x.data, x.type, i), slope));
}

void plain_multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b)
{
    (void)c;
    for (int64_t i = 0; i < tensor_count(&out); i++)
        element_set(out.data, out.type, i, element_get(a.data, a.type, i) * element_get(b.data, b.type, i));
}

void plain_add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors)
{
    (void)c;
    int64_t width = x.shape[2], step = x.shape[1] * width;
    for (int64_t i = 0; i < tensor_count(&out); i++) {
        float vector = element_get(vectors.data, vectors.type, i / step * width + i % width);
        element_set(out.data, out.type, i, element_get(x.data, x.type, i) + vector);
    }
}

void plain_mask_rows(struct context *c, struct tensor x, const int *lengths)
{
    (void)c;
    int64_t batch = x.shape[0], steps = x.shape[1], step = tensor_count(&x) / (batch * steps);
    for (int64_t row = 0; row < batch; row++)
        for (int64_t i = valid_steps(lengths, row, steps) * step; i < steps * step; i++)
            element_set(x.data, x.type, row * steps * step + i, 0);
}

void plain_softmax(struct context *c, struct tensor out, struct tensor x, bool logarithm)
{
    (void)c;
    int64_t n = tensor_width(&x);
    for (int64_t row = 0; row < tensor_rows(&x); row++) {
        float *to = (float *)out.data + row * n;
        double most = -INFINITY, sum = 0;
        for (int64_t i = 0; i < n; i++)
            most = fmax(most, element_get(x.data, x.type, row * n + i));
        for (int64_t i = 0; i < n; i++)
            sum += exp(element_get(x.data, x.type, row * n + i) - most);
        for (int64_t i = 0; i < n; i++) {
            double value = element_get(x.data, x.type, row * n + i) - most;
            to[i] = (float)(logarithm ? value - log(sum) : exp(value) / sum);
        }
    }
}
