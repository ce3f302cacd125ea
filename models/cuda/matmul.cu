/* matmul.cu - matrix products by cuBLASLt. */
#include "models/cuda/matmul.h"

#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

enum { PLANS = 1024 };
static const size_t workspace_size = (size_t)32 << 20;

/* A shape, and what was found for it. */
struct plan {
    struct product product;
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t weight, x, out;
    cublasLtMatmulAlgo_t algorithm;
};

struct matmul {
    cublasLtHandle_t handle;
    void *workspace;
    struct plan plans[PLANS];                  /* by hash of their shapes; operation NULL: none */
    enum { UNKNOWN, NEVER, ALWAYS } adds_bias; /* to results in f32 of products in E4M3 */
};

struct matmul *matmul_open(struct fault *fault)
{
    struct matmul *matmul = (struct matmul *)memory_new(1, sizeof *matmul);
    if (!matmul) {
        fail_memory(fault, "a context of the GPU");
        return NULL;
    }
    if (cublasLtCreate(&matmul->handle) != CUBLAS_STATUS_SUCCESS)
        fail(fault, UTTER_ERROR_DEVICE, "cuBLASLt cannot be opened");
    else if (cudaMalloc(&matmul->workspace, workspace_size) != cudaSuccess)
        fail(fault, UTTER_ERROR_MEMORY, "the GPU has no memory left for matrix products");
    else
        return matmul;
    cudaGetLastError();
    matmul_close(matmul);
    return NULL;
}

static void plan_free(struct plan *plan)
{
    if (plan->operation)
        cublasLtMatmulDescDestroy(plan->operation);
    cublasLtMatrixLayout_t layouts[] = {plan->weight, plan->x, plan->out};
    for (cublasLtMatrixLayout_t layout : layouts)
        if (layout)
            cublasLtMatrixLayoutDestroy(layout);
    *plan = {};
}

void matmul_close(struct matmul *matmul)
{
    if (!matmul)
        return;
    for (struct plan &plan : matmul->plans)
        plan_free(&plan);
    cudaFree(matmul->workspace);
    if (matmul->handle)
        cublasLtDestroy(matmul->handle);
    free(matmul);
}

static cudaDataType_t data_type(enum tensor_type type)
{
    switch (type) {
    case TENSOR_F32:
        return CUDA_R_32F;
    case TENSOR_BF16:
        return CUDA_R_16BF;
    case TENSOR_E4M3:
        return CUDA_R_8F_E4M3;
    default:
        return CUDA_R_16F;
    }
}

/* E4M3's: biases are bf16, also beside results in f32; and the tensor cores add at their own speed, as inference has it
 * in general, with some bits less than f32's, which are far below what rounding to E4M3 has cost. */
static cublasStatus_t describe_e4m3(cublasLtMatmulDesc_t operation)
{
    const cudaDataType_t bias = CUDA_R_16BF;
    const int8_t fast = 1;
    cublasStatus_t status =
        cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_BIAS_DATA_TYPE, &bias, sizeof bias);
    return status ? status
                  : cublasLtMatmulDescSetAttribute(operation, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast);
}

static cublasStatus_t set_bias(const struct plan *plan, const void *bias)
{
    if (!plan->product.biased)
        return CUBLAS_STATUS_SUCCESS;
    return cublasLtMatmulDescSetAttribute(plan->operation, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias, sizeof bias);
}

/* cuBLASLt counts columns first: there W is [k, n], to be transposed, x is [k, m], and out [n, m]. */
static cublasStatus_t describe(struct plan *plan, const void *bias)
{
    const struct product *p = &plan->product;
    const cublasOperation_t transposed = CUBLAS_OP_T;
    const cublasLtEpilogue_t epilogue = p->biased ? (p->relu ? CUBLASLT_EPILOGUE_RELU_BIAS : CUBLASLT_EPILOGUE_BIAS)
                                                  : (p->relu ? CUBLASLT_EPILOGUE_RELU : CUBLASLT_EPILOGUE_DEFAULT);
    cublasStatus_t status = cublasLtMatmulDescCreate(&plan->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F);
    if (!status)
        status = cublasLtMatmulDescSetAttribute(plan->operation, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                                sizeof transposed);
    if (!status)
        status =
            cublasLtMatmulDescSetAttribute(plan->operation, CUBLASLT_MATMUL_DESC_EPILOGUE, &epilogue, sizeof epilogue);
    if (!status && p->type == TENSOR_E4M3)
        status = describe_e4m3(plan->operation);
    if (!status)
        status = set_bias(plan, bias);
    if (!status)
        status = cublasLtMatrixLayoutCreate(&plan->weight, data_type(p->type), (uint64_t)p->k, (uint64_t)p->n, p->k);
    if (!status)
        status = cublasLtMatrixLayoutCreate(&plan->x, data_type(p->type), (uint64_t)p->k, (uint64_t)p->m, p->k);
    if (!status)
        status = cublasLtMatrixLayoutCreate(&plan->out, data_type(p->out_type), (uint64_t)p->n, (uint64_t)p->m, p->n);
    return status;
}

static cublasStatus_t choose(struct matmul *matmul, struct plan *plan)
{
    cublasLtMatmulPreference_t preference;
    cublasLtMatmulHeuristicResult_t best;
    int found = 0;
    cublasStatus_t status = cublasLtMatmulPreferenceCreate(&preference);
    if (status)
        return status;
    status = cublasLtMatmulPreferenceSetAttribute(preference, CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &workspace_size,
                                                  sizeof workspace_size);
    if (!status)
        status = cublasLtMatmulAlgoGetHeuristic(matmul->handle, plan->operation, plan->weight, plan->x, plan->out,
                                                plan->out, preference, 1, &best, &found);
    cublasLtMatmulPreferenceDestroy(preference);
    if (!status && !found)
        status = CUBLAS_STATUS_NOT_SUPPORTED;
    if (!status)
        plan->algorithm = best.algo;
    return status;
}

static bool same(const struct product *a, const struct product *b)
{
    return a->m == b->m && a->n == b->n && a->k == b->k && a->type == b->type && a->out_type == b->out_type &&
           a->biased == b->biased && a->relu == b->relu;
}

/* Where a shape's plan is kept: a shape that comes to the same place takes it. */
static struct plan *place_of(struct matmul *matmul, const struct product *p)
{
    uint64_t hash = (uint64_t)p->m;
    const int64_t others[] = {p->n, p->k, p->type * 16 + p->out_type * 4 + p->biased * 2 + p->relu};
    for (int64_t other : others)
        hash = (hash ^ hash >> 29) * UINT64_C(0xbf58476d1ce4e5b9) + (uint64_t)other;
    return &matmul->plans[(hash ^ hash >> 32) % PLANS];
}

/* The plan of this shape, made at the first meeting. NULL: the context's fault says why. */
static const struct plan *find(struct context *c, const struct product *product, const void *bias)
{
    struct matmul *matmul = cuda_of(c)->matmul;
    struct plan *plan = place_of(matmul, product);
    if (plan->operation && same(&plan->product, product))
        return plan;
    plan_free(plan);
    plan->product = *product;
    cublasStatus_t status = describe(plan, bias);
    status = status ? status : choose(matmul, plan);
    if (!status)
        return plan;
    plan_free(plan);
    fail(&c->fault, UTTER_ERROR_DEVICE, "cuBLASLt refused a product of [%lld, %lld] by [%lld, %lld]: %s",
         (long long)product->m, (long long)product->k, (long long)product->k, (long long)product->n,
         cublasLtGetStatusString(status));
    return NULL;
}

/* cuBLASLt's header speaks of a bias beside results in f32 of products in E4M3, PyTorch refuses it: it is asked. */
bool matmul_adds_bias(struct context *c, const struct product *product)
{
    struct matmul *matmul = cuda_of(c)->matmul;
    if (product->type != TENSOR_E4M3 || product->out_type != TENSOR_F32)
        return true;
    if (matmul->adds_bias == matmul::UNKNOWN) {
        struct plan plan = {};
        plan.product = *product;
        plan.product.biased = true;
        cublasStatus_t status = describe(&plan, matmul->workspace);
        status = status ? status : choose(matmul, &plan);
        matmul->adds_bias = status ? matmul::NEVER : matmul::ALWAYS;
        plan_free(&plan);
    }
    return matmul->adds_bias == matmul::ALWAYS;
}

void matmul_issue(struct context *c, const struct product *product, void *out, const void *x, const void *weight,
                  const void *bias)
{
    const struct plan *plan = product->m > 0 ? find(c, product, bias) : NULL;
    if (!plan)
        return;
    struct cuda_context *g = cuda_of(c);
    cublasStatus_t status = set_bias(plan, bias);
    if (!status)
        status = cublasLtMatmul(g->matmul->handle, plan->operation, &product->factor, weight, plan->weight, x, plan->x,
                                &product->keep, out, plan->out, out, plan->out, &plan->algorithm, g->matmul->workspace,
                                workspace_size, g->stream);
    if (status)
        fail(&c->fault, UTTER_ERROR_DEVICE, "cuBLASLt failed in a product: %s", cublasLtGetStatusString(status));
}
