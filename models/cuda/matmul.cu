/* matmul.cu - matrix products by cuBLASLt. */
#include "models/cuda/matmul.h"

#include <cublasLt.h>
#include <stdlib.h>
#include <string.h>

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
    struct plan *plans;
    size_t count, capacity;
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
}

void matmul_close(struct matmul *matmul)
{
    if (!matmul)
        return;
    for (size_t i = 0; i < matmul->count; i++)
        plan_free(&matmul->plans[i]);
    free(matmul->plans);
    cudaFree(matmul->workspace);
    if (matmul->handle)
        cublasLtDestroy(matmul->handle);
    free(matmul);
}

static cudaDataType_t data_type(enum tensor_type type)
{
    return type == TENSOR_F32 ? CUDA_R_32F : CUDA_R_16BF;
}

/* cuBLASLt counts columns first: there W is [k, n], to be transposed, x is [k, m], and out [n, m]. */
static cublasStatus_t describe(struct plan *plan)
{
    const struct product *p = &plan->product;
    const cublasOperation_t transposed = CUBLAS_OP_T;
    cublasStatus_t status = cublasLtMatmulDescCreate(&plan->operation, CUBLAS_COMPUTE_32F, CUDA_R_32F);
    if (!status)
        status = cublasLtMatmulDescSetAttribute(plan->operation, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                                sizeof transposed);
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
    return a->m == b->m && a->n == b->n && a->k == b->k && a->type == b->type && a->out_type == b->out_type;
}

/* The plan of this shape, made at the first meeting. NULL: the context's fault says why. */
static const struct plan *find(struct context *c, const struct product *product)
{
    struct matmul *matmul = cuda_of(c)->matmul;
    for (size_t i = 0; i < matmul->count; i++)
        if (same(&matmul->plans[i].product, product))
            return &matmul->plans[i];
    struct plan plan = {};
    plan.product = *product;
    cublasStatus_t status = describe(&plan);
    status = status ? status : choose(matmul, &plan);
    if (status) {
        plan_free(&plan);
        fail(&c->fault, UTTER_ERROR_DEVICE, "cuBLASLt refused a product of [%lld, %lld] by [%lld, %lld]: %s",
             (long long)product->m, (long long)product->k, (long long)product->k, (long long)product->n,
             cublasLtGetStatusString(status));
        return NULL;
    }
    if (!memory_grow((void **)&matmul->plans, &matmul->capacity, matmul->count + 1, sizeof plan)) {
        plan_free(&plan);
        fail_memory(&c->fault, "a matrix product");
        return NULL;
    }
    matmul->plans[matmul->count] = plan;
    return &matmul->plans[matmul->count++];
}

void matmul_run(struct context *c, const struct product *product, void *out, const void *x, const void *weight)
{
    const struct plan *plan = product->m > 0 ? find(c, product) : NULL;
    if (!plan)
        return;
    struct cuda_context *g = cuda_of(c);
    cublasStatus_t status = cublasLtMatmul(g->matmul->handle, plan->operation, &product->factor, weight, plan->weight,
                                           x, plan->x, &product->keep, out, plan->out, out, plan->out, &plan->algorithm,
                                           g->matmul->workspace, workspace_size, g->stream);
    if (status)
        fail(&c->fault, UTTER_ERROR_DEVICE, "cuBLASLt failed in a product: %s", cublasLtGetStatusString(status));
}
