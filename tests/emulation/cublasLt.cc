#include "tests/emulation/cublasLt.h"

#include <vector>

struct emulation_blas {
    bool adds_bias; /* to f32 of E4M3: one library does, the next does not */
};

struct emulation_operation {
    bool transposed;
    int epilogue, bias_type; /* bias_type -1: d's */
    const void *bias;
};

struct emulation_layout {
    cudaDataType_t type;
    uint64_t rows, columns;
    int64_t leading;
};

struct emulation_preference {
    size_t workspace;
};

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    static bool adds_bias;
    *handle = new emulation_blas{adds_bias = !adds_bias};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    delete handle;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *operation, cublasComputeType_t compute,
                                        cudaDataType_t scale)
{
    *operation = new emulation_operation{false, CUBLASLT_EPILOGUE_DEFAULT, -1, NULL};
    return compute == CUBLAS_COMPUTE_32F && scale == CUDA_R_32F ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_NOT_SUPPORTED;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t operation)
{
    delete operation;
    return CUBLAS_STATUS_SUCCESS;
}

static cublasStatus_t take(void *to, size_t room, const void *value, size_t size)
{
    if (size != room)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(to, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t operation, cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t size)
{
    int32_t transposed = CUBLAS_OP_N;
    int8_t fast;
    cublasStatus_t status;
    switch (attribute) {
    case CUBLASLT_MATMUL_DESC_TRANSA:
        status = take(&transposed, sizeof transposed, value, size);
        operation->transposed = transposed == CUBLAS_OP_T;
        return status;
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
        return take(&operation->epilogue, sizeof operation->epilogue, value, size);
    case CUBLASLT_MATMUL_DESC_BIAS_POINTER:
        return take(&operation->bias, sizeof operation->bias, value, size);
    case CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE:
        return take(&operation->bias_type, sizeof operation->bias_type, value, size);
    case CUBLASLT_MATMUL_DESC_FAST_ACCUM:
        return take(&fast, sizeof fast, value, size);
    }
    return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *layout, cudaDataType_t type, uint64_t rows,
                                          uint64_t columns, int64_t leading)
{
    *layout = new emulation_layout{type, rows, columns, leading};
    return leading >= (int64_t)rows ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t layout)
{
    delete layout;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *preference)
{
    *preference = new emulation_preference{0};
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t preference)
{
    delete preference;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t preference,
                                                    cublasLtMatmulPreferenceAttributes_t, const void *value,
                                                    size_t size)
{
    return take(&preference->workspace, sizeof preference->workspace, value, size);
}

/* The columns of A that the product has as rows of D; and what is summed over. */
static uint64_t outputs_of(const struct emulation_operation *o, const struct emulation_layout *a)
{
    return o->transposed ? a->columns : a->rows;
}

static uint64_t deep_of(const struct emulation_operation *o, const struct emulation_layout *a)
{
    return o->transposed ? a->rows : a->columns;
}

/* By NVIDIA's table of types and its requirements for FP8 (documentation of cublasLtMatmul). */
static bool has(const struct emulation_blas *blas, const struct emulation_operation *o,
                const struct emulation_layout *a, const struct emulation_layout *b, const struct emulation_layout *c,
                const struct emulation_layout *d)
{
    const bool e4m3 = a->type == CUDA_R_8F_E4M3, biased = o->epilogue & CUBLASLT_EPILOGUE_BIAS;
    if (a->type != b->type || c->type != d->type || b->rows != deep_of(o, a) || d->rows != outputs_of(o, a) ||
        d->columns != b->columns || c->rows != d->rows || c->columns != d->columns)
        return false;
    if (!e4m3)
        return (d->type == a->type || d->type == CUDA_R_32F) && (o->bias_type == -1 || o->bias_type == (int)d->type);
    return o->transposed && a->rows % 16 == 0 && a->columns % 16 == 0 &&
           (d->type == CUDA_R_16BF || d->type == CUDA_R_32F) &&
           (!biased || (o->bias_type == CUDA_R_16BF && (d->type != CUDA_R_32F || blas->adds_bias)));
}

static struct cublasLtMatmulAlgo_t algorithm_for(const struct emulation_operation *o, const struct emulation_layout *a,
                                                 const struct emulation_layout *d)
{
    return {d->rows, d->columns, deep_of(o, a), {a->type, d->type}, o->epilogue, 0};
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int wanted,
                                              struct cublasLtMatmulHeuristicResult_t *results, int *found)
{
    *found = 0;
    if (wanted < 1 || !preference->workspace || !has(handle, operation, a, b, c, d))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    results->algo = algorithm_for(operation, a, d);
    *found = 1;
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- the product ---- */

static float element(const void *data, cudaDataType_t type, int64_t i)
{
    switch (type) {
    case CUDA_R_8F_E4M3:
        return e4m3_to_float(((const uint8_t *)data)[i]);
    case CUDA_R_32F:
        return ((const float *)data)[i];
    case CUDA_R_16F:
        return f16_to_float(((const uint16_t *)data)[i]);
    default:
        return __uint_as_float((uint32_t)((const uint16_t *)data)[i] << 16);
    }
}

/* What is too large for f16 is not held to it. */
static void store(void *data, cudaDataType_t type, int64_t i, float value)
{
    if (type == CUDA_R_32F)
        ((float *)data)[i] = value;
    else if (type == CUDA_R_16BF)
        ((uint16_t *)data)[i] = (uint16_t)bf16_pair(value, 0);
    else
        ((uint16_t *)data)[i] =
            !(std::fabs(value) >= 65520) ? f16_from_float(value) : (uint16_t)(std::signbit(value) ? 0xfc00 : 0x7c00);
}

/* Column by column, each along what is summed over. */
static std::vector<float> columns_of(const void *data, const struct emulation_layout *l, bool transposed)
{
    const uint64_t columns = transposed ? l->rows : l->columns, deep = transposed ? l->columns : l->rows;
    std::vector<float> all(columns * deep);
    for (uint64_t column = 0; column < columns; column++)
        for (uint64_t k = 0; k < deep; k++)
            all[column * deep + k] = element(
                data, l->type, transposed ? (int64_t)(column + k * l->leading) : (int64_t)(column * l->leading + k));
    return all;
}

struct multiplied {
    struct emulation_operation operation;
    struct emulation_layout a, b, d;
    const void *a_data, *b_data, *c_data;
    void *d_data;
    float alpha, beta;
};

static void multiply(const struct multiplied &m)
{
    const std::vector<float> left = columns_of(m.a_data, &m.a, !m.operation.transposed),
                             right = columns_of(m.b_data, &m.b, false);
    const uint64_t deep = m.b.rows;
    const cudaDataType_t bias_type = m.operation.bias_type == -1 ? m.d.type : (cudaDataType_t)m.operation.bias_type;
    for (uint64_t column = 0; column < m.d.columns; column++)
        for (uint64_t row = 0; row < m.d.rows; row++) {
            const float *a = left.data() + row * deep, *b = right.data() + column * deep;
            double sum = 0;
            for (uint64_t k = 0; k < deep; k++)
                sum += (double)a[k] * b[k];
            const int64_t at = (int64_t)(column * (uint64_t)m.d.leading + row);
            float y = (float)(m.alpha * sum);
            if (m.beta != 0)
                y += m.beta * element(m.c_data, m.d.type, at);
            if (m.operation.epilogue & CUBLASLT_EPILOGUE_BIAS)
                y += element(m.operation.bias, bias_type, (int64_t)row);
            if (m.operation.epilogue & CUBLASLT_EPILOGUE_RELU && y < 0)
                y = 0;
            store(m.d_data, m.d.type, at, y);
        }
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t operation, const void *alpha, const void *a,
                              cublasLtMatrixLayout_t a_layout, const void *b, cublasLtMatrixLayout_t b_layout,
                              const void *beta, const void *c, cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const struct cublasLtMatmulAlgo_t *algorithm,
                              void *workspace, size_t workspace_size, cudaStream_t)
{
    const struct cublasLtMatmulAlgo_t fit = algorithm_for(operation, a_layout, d_layout);
    const struct multiplied m = {
        *operation, *a_layout, *b_layout, *d_layout, a, b, c, d, *(const float *)alpha, *(const float *)beta};
    if (!has(handle, operation, a_layout, b_layout, c_layout, d_layout) || memcmp(&fit, algorithm, sizeof fit) ||
        !workspace || !workspace_size || ((operation->epilogue & CUBLASLT_EPILOGUE_BIAS) && !operation->bias))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (!emulation_captures([=] { multiply(m); }))
        multiply(m);
    return CUBLAS_STATUS_SUCCESS;
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
    return status == CUBLAS_STATUS_NOT_SUPPORTED ? "not supported" : "an invalid value";
}
