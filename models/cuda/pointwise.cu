/* pointwise.cu - what is computed element by element, and over single rows. */
#include "models/cuda/each.h"
#include "models/cuda/pieces.h"

struct add_scaled {
    float *out;
    const float *a;
    struct view b;
    float factor, gap;
    __device__ void operator()(int64_t i) const
    {
        out[i] = a[i] + factor * get(b, i);
    }
};

void cuda_add(struct context *c, struct tensor out, struct tensor a, float scale, struct tensor b)
{
    each(c, "add", tensor_count(&out), add_scaled{(float *)out.data, (const float *)a.data, view_of(b), scale});
}

struct scaled {
    struct view out, x;
    float factor, gap;
    __device__ void operator()(int64_t i) const
    {
        put(out, i, factor * get(x, i));
    }
};

void cuda_scale(struct context *c, struct tensor out, struct tensor x, float scale)
{
    each(c, "scale", tensor_count(&out), scaled{view_of(out), view_of(x), scale});
}

struct gated {
    struct view out, x;
    int64_t n;
    __device__ void operator()(int64_t i) const
    {
        const int64_t row = i / n, at = row * 2 * n + i % n;
        put(out, i, get(x, at) * sigmoid(get(x, at + n)));
    }
};

/* The same for rows of whole pieces. Of a number 2 come in and 1 goes out, 6 bytes in 16 bits, for some 30 instructions
 * with its exponential: at 4.8 TB/s and 17 000 lanes of an H200 the memory is what bounds, if each thread asks for 16
 * bytes at once; the division by the row's width is one for 8 numbers. */
struct gated_pieces {
    struct view out, x;
    uint32_t pieces, gap; /* pieces: of a row of out */
    __device__ void operator()(int64_t i) const
    {
        const int64_t row = (uint32_t)i / pieces, at = (i + row * pieces) * PIECE;
        float values[PIECE], gates[PIECE];
        get_8(values, x, at);
        get_8(gates, x, at + (int64_t)pieces * PIECE);
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            values[k] *= sigmoid(gates[k]);
        put_8(out, i * PIECE, values);
    }
};

void cuda_glu(struct context *c, struct tensor out, struct tensor x)
{
    const int64_t width = tensor_width(&out), pieces = tensor_count(&out) / PIECE;
    if (in_pieces(view_of(out), width) && in_pieces(view_of(x), width) && pieces <= UINT32_MAX) {
        each(c, "glu", pieces, gated_pieces{view_of(out), view_of(x), (uint32_t)(width / PIECE)});
        return;
    }
    each(c, "glu", tensor_count(&out), gated{view_of(out), view_of(x), tensor_width(&out)});
}

struct magnitude {
    struct view out, x;
    int64_t n;
    __device__ void operator()(int64_t i) const
    {
        const int64_t at = i / n * 2 * n + i % n;
        const float real = get(x, at), imaginary = get(x, at + n);
        put(out, i, sqrtf(real * real + imaginary * imaginary));
    }
};

void cuda_magnitudes(struct context *c, struct tensor out, struct tensor x)
{
    each(c, "magnitudes", tensor_count(&out), magnitude{view_of(out), view_of(x), tensor_width(&out)});
}

struct memory_cell {
    float *out, *cell;
    const float *gates;
    int64_t n;
    __device__ void operator()(int64_t i) const
    {
        const float *sums = gates + i / n * 4 * n + i % n;
        const float value = sigmoid(sums[n]) * cell[i] + sigmoid(sums[0]) * tanhf(sums[2 * n]);
        cell[i] = value;
        out[i] = sigmoid(sums[3 * n]) * tanhf(value);
    }
};

void cuda_lstm_cell(struct context *c, struct tensor out, struct tensor cell, struct tensor gates)
{
    each(c, "lstm_cell", tensor_count(&out),
         memory_cell{(float *)out.data, (float *)cell.data, (const float *)gates.data, tensor_width(&out)});
}

struct gated_by_tanh {
    struct view out, x;
    int64_t n;
    __device__ void operator()(int64_t i) const
    {
        const int64_t at = i / n * 2 * n + i % n;
        put(out, i, tanhf(get(x, at)) * sigmoid(get(x, at + n)));
    }
};

void cuda_gated_tanh(struct context *c, struct tensor out, struct tensor x)
{
    each(c, "gated_tanh", tensor_count(&out), gated_by_tanh{view_of(out), view_of(x), tensor_width(&out)});
}

struct activated_element {
    struct view out, x;
    int activation;
    float slope;

    __device__ float of(float v) const
    {
        switch (activation) {
        case ACTIVATION_RELU:
            return fmaxf(v, 0.0f);
        case ACTIVATION_SILU:
            return v * sigmoid(v);
        case ACTIVATION_GELU:
            return 0.5f * v * (1.0f + erff(v * 0.70710678f));
        case ACTIVATION_TANH:
            return tanhf(v);
        case ACTIVATION_SIGMOID:
            return sigmoid(v);
        case ACTIVATION_EXP:
            return expf(fminf(fmaxf(v, -87.0f), 88.0f));
        default:
            return v < 0.0f ? slope * v : v;
        }
    }

    __device__ void operator()(int64_t i) const
    {
        put(out, i, of(get(x, i)));
    }
};

void cuda_activate(struct context *c, struct tensor out, struct tensor x, enum activation a, float slope)
{
    each(c, "activate", tensor_count(&out), activated_element{view_of(out), view_of(x), (int)a, slope});
}

struct multiplied {
    struct view out, a, b;
    __device__ void operator()(int64_t i) const
    {
        put(out, i, get(a, i) * get(b, i));
    }
};

void cuda_multiply(struct context *c, struct tensor out, struct tensor a, struct tensor b)
{
    each(c, "multiply", tensor_count(&out), multiplied{view_of(out), view_of(a), view_of(b)});
}

struct step_added {
    struct view out, x, vectors;
    int64_t row, width; /* elements of a row of the batch, and of a step */
    __device__ void operator()(int64_t i) const
    {
        put(out, i, get(x, i) + get(vectors, i / row * width + i % width));
    }
};

void cuda_add_to_steps(struct context *c, struct tensor out, struct tensor x, struct tensor vectors)
{
    each(c, "add_to_steps", tensor_count(&out),
         step_added{view_of(out), view_of(x), view_of(vectors), x.shape[1] * x.shape[2], x.shape[2]});
}

struct masked {
    struct view x;
    const int *lengths;
    int64_t steps, step;
    __device__ void operator()(int64_t i) const
    {
        const int64_t row = i / (steps * step), t = i / step % steps;
        if (t >= valid_steps(lengths, row, steps))
            put(x, i, 0.0f);
    }
};

void cuda_mask_rows(struct context *c, struct tensor x, const int *lengths)
{
    const int *on_card;
    if (lengths && send_lengths(c, lengths, x.shape[0], &on_card))
        each(c, "mask_rows", tensor_count(&x),
             masked{view_of(x), on_card, x.shape[1], tensor_count(&x) / (x.shape[0] * x.shape[1])});
}

/* ---- rows ---- */

enum { ROW_THREADS = 256, ROW_WARPS = 4, MOST_ROW_PIECES = 8 };

/* A warp per row, whose numbers its lanes keep: a row of n comes in once, 4 n bytes, and goes out, 2 n in 16 bits, with
 * some 8 n operations between them: less than one per byte, where an H200 has 14. So only the bytes count, and that
 * they are all on their way at once. Nothing waits for other warps. PIECES: of a lane; n is at most 32 · 8 · PIECES. */
template <int PIECES>
static __global__ void __launch_bounds__(ROW_WARPS *WARP)
    norm_rows_by_warps(struct view out, const float *x, const float *weight, const float *bias, float epsilon,
                       int64_t rows, int n)
{
    const int lane = threadIdx.x % WARP;
    const int64_t row = blockIdx.x * (int64_t)ROW_WARPS + threadIdx.x / WARP;
    if (row >= rows)
        return; /* the whole warp */
    float values[PIECES][PIECE] = {}, sum = 0, squares = 0;
#pragma unroll
    for (int p = 0; p < PIECES; p++) {
        const int at = (p * WARP + lane) * PIECE;
        if (at < n)
            get_8_floats(values[p], x + row * n + at);
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            sum += at < n ? values[p][k] : 0.0f;
    }
    const float mean = over_warp<sum_of>(sum) / (float)n;
#pragma unroll
    for (int p = 0; p < PIECES; p++)
#pragma unroll
        for (int k = 0; k < PIECE; k++) {
            values[p][k] -= mean;
            squares += (p * WARP + lane) * PIECE < n ? values[p][k] * values[p][k] : 0.0f;
        }
    const float inverse = rsqrtf(over_warp<sum_of>(squares) / (float)n + epsilon);
#pragma unroll
    for (int p = 0; p < PIECES; p++) {
        const int at = (p * WARP + lane) * PIECE;
        if (at >= n)
            continue;
        float factors[PIECE], shifts[PIECE] = {};
        get_8_floats(factors, weight + at);
        if (bias)
            get_8_floats(shifts, bias + at);
#pragma unroll
        for (int k = 0; k < PIECE; k++)
            values[p][k] = values[p][k] * inverse * factors[k] + shifts[k];
        put_8(out, row * n + at, values[p]);
    }
}

/* A block per row, for any width. */

static __global__ void norm_rows(struct view out, const float *x, const float *weight, const float *bias, float epsilon,
                                 int64_t rows, int64_t n)
{
    for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        const float *values = x + row * n;
        float sum = 0, squares = 0;
        for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
            sum += values[i];
        const float mean = over_block<sum_of>(sum) / (float)n;
        for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
            squares += (values[i] - mean) * (values[i] - mean);
        const float inverse = rsqrtf(over_block<sum_of>(squares) / (float)n + epsilon);
        for (int64_t i = threadIdx.x; i < n; i += blockDim.x) /* out may be x: each thread writes what it alone reads */
            put(out, row * n + i, (values[i] - mean) * inverse * weight[i] + (bias ? bias[i] : 0.0f));
    }
}

template <int PIECES>
static void norm_by_warps(struct context *c, struct tensor out, struct tensor x, const struct norm *n)
{
    const int64_t rows = tensor_rows(&x);
    enqueue(c, norm_rows_by_warps<PIECES>, dim3((unsigned)((rows + ROW_WARPS - 1) / ROW_WARPS)), ROW_WARPS * WARP, 0,
            view_of(out), (const float *)x.data, (const float *)n->weight, (const float *)n->bias, n->epsilon, rows,
            (int)n->width);
}

/* True when it ran: rows of whole pieces, that a warp can keep. */
static bool normed_by_warps(struct context *c, struct tensor out, struct tensor x, const struct norm *n)
{
    static void (*const by_warps[MOST_ROW_PIECES])(struct context *, struct tensor, struct tensor,
                                                   const struct norm *) = {
        norm_by_warps<1>, norm_by_warps<2>, norm_by_warps<3>, norm_by_warps<4>,
        norm_by_warps<5>, norm_by_warps<6>, norm_by_warps<7>, norm_by_warps<8>};
    const int64_t pieces = (n->width + PIECE * WARP - 1) / (PIECE * WARP);
    if (!in_pieces(view_of(out), n->width) || !in_pieces(view_of(x), n->width) || pieces > MOST_ROW_PIECES ||
        ((uintptr_t)n->weight | (uintptr_t)n->bias) % 16 || tensor_rows(&x) > INT32_MAX)
        return false;
    by_warps[pieces - 1](c, out, x, n);
    return true;
}

void cuda_layer_norm(struct context *c, struct tensor out, struct tensor x, const struct norm *n)
{
    const int64_t rows = tensor_rows(&x);
    if (!normed_by_warps(c, out, x, n))
        enqueue(c, norm_rows, blocks_of(rows, 1), ROW_THREADS, 0, view_of(out), (const float *)x.data,
                (const float *)n->weight, (const float *)n->bias, n->epsilon, rows, n->width);
    cuda_launched(c, "layer_norm");
}

static __global__ void softmax_rows(float *out, struct view x, int64_t rows, int64_t n, int logarithm)
{
    for (int64_t row = blockIdx.x; row < rows; row += gridDim.x) {
        float most = -INFINITY, sum = 0;
        for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
            most = fmaxf(most, get(x, row * n + i));
        most = over_block<largest_of>(most);
        for (int64_t i = threadIdx.x; i < n; i += blockDim.x)
            sum += expf(get(x, row * n + i) - most);
        sum = over_block<sum_of>(sum);
        const float shift = logf(sum), factor = 1.0f / sum;
        for (int64_t i = threadIdx.x; i < n; i += blockDim.x) {
            const float value = get(x, row * n + i) - most;
            out[row * n + i] = logarithm ? value - shift : expf(value) * factor;
        }
    }
}

void cuda_softmax(struct context *c, struct tensor out, struct tensor x, bool logarithm)
{
    const int64_t rows = tensor_rows(&x);
    enqueue(c, softmax_rows, blocks_of(rows, 1), ROW_THREADS, 0, (float *)out.data, view_of(x), rows, tensor_width(&x),
            (int)logarithm);
    cuda_launched(c, "softmax");
}
