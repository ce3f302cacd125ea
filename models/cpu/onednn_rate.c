/* onednn_rate.c - the yardstick: oneDNN's own matrix product of a whole shape, on its own threads, in its own layout,
 * with nothing of ours around it. */
#include "models/cpu/device.h"
#include "models/cpu/onednn.h"
#include "src/base/memory.h"

#include <oneapi/dnnl/dnnl.h>
#include <stdlib.h>
#include <string.h>

enum { SETS = 4, MOST_REPEATS = 1000 }; /* operands rotate, so that a small product is not timed out of the cache */

struct yardstick {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    dnnl_primitive_desc_t pd;
    dnnl_primitive_t primitive;
    struct operands {
        dnnl_memory_t memory[3]; /* x, weights, out */
        void *bytes[3];
    } sets[SETS];
};

static const dnnl_query_t queries[3] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};

static int describe(struct yardstick *y, int64_t m, int64_t k, int64_t n, enum tensor_type type)
{
    static const dnnl_data_type_t types[TENSOR_TYPES] = {dnnl_f32, dnnl_bf16, dnnl_f16, dnnl_s8};
    static const dnnl_data_type_t outs[TENSOR_TYPES] = {dnnl_f32, dnnl_bf16, dnnl_f16, dnnl_s32};
    dnnl_dims_t x = {m, k}, weights = {k, n}, out = {m, n};
    dnnl_memory_desc_t md[3];
    dnnl_matmul_desc_t desc;
    int status = (int)dnnl_memory_desc_init_by_tag(&md[0], 2, x, types[type], dnnl_ab);
    status = status ? status : (int)dnnl_memory_desc_init_by_tag(&md[1], 2, weights, types[type], dnnl_format_tag_any);
    status = status ? status : (int)dnnl_memory_desc_init_by_tag(&md[2], 2, out, outs[type], dnnl_ab);
    status = status ? status : (int)dnnl_matmul_desc_init(&desc, &md[0], &md[1], NULL, &md[2]);
    status = status ? status : (int)dnnl_primitive_desc_create(&y->pd, &desc, NULL, y->engine, NULL);
    return status ? status : (int)dnnl_primitive_create(&y->primitive, y->pd);
}

/* Small values everywhere: 0x3c in every byte is 0.011 in f32 and bf16, and 60 in i8. */
static int make_operands(struct yardstick *y)
{
    for (int i = 0; i < 3 * SETS; i++) {
        struct operands *o = &y->sets[i / 3];
        const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(y->pd, queries[i % 3], 0);
        size_t size = dnnl_memory_desc_get_size(md);
        o->bytes[i % 3] = memory_aligned(size);
        if (!o->bytes[i % 3])
            return (int)dnnl_out_of_memory;
        memset(o->bytes[i % 3], 0x3c, size);
        int status = (int)dnnl_memory_create(&o->memory[i % 3], md, y->engine, o->bytes[i % 3]);
        if (status)
            return status;
    }
    return 0;
}

static int time_one(struct yardstick *y, int set, double *seconds)
{
    dnnl_memory_t *memory = y->sets[set].memory;
    dnnl_exec_arg_t arguments[] = {{DNNL_ARG_SRC, memory[0]}, {DNNL_ARG_WEIGHTS, memory[1]}, {DNNL_ARG_DST, memory[2]}};
    double start = clock_seconds();
    int status = (int)dnnl_primitive_execute(y->primitive, y->stream, 3, arguments);
    status = status ? status : (int)dnnl_stream_wait(y->stream);
    *seconds = clock_seconds() - start;
    return status;
}

static void close_yardstick(struct yardstick *y)
{
    for (int i = 0; i < 3 * SETS; i++) {
        dnnl_memory_destroy(y->sets[i / 3].memory[i % 3]);
        free(y->sets[i / 3].bytes[i % 3]);
    }
    dnnl_primitive_destroy(y->primitive);
    dnnl_primitive_desc_destroy(y->pd);
    if (y->stream)
        dnnl_stream_destroy(y->stream);
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int cpu_matmul_rate(const struct device *device, int64_t m, int64_t k, int64_t n, enum tensor_type type, int repeats,
                    double *rate, struct fault *fault)
{
    struct yardstick y = {.engine = ((const struct cpu_device *)device)->engine};
    double seconds[MOST_REPEATS];
    repeats = repeats < 1 ? 1 : repeats > MOST_REPEATS ? MOST_REPEATS : repeats;
    int before = onednn_threads_hold(thread_pool_size(device->threads));
    int status = (int)dnnl_stream_create(&y.stream, y.engine, dnnl_stream_default_flags);
    status = status ? status : describe(&y, m, k, n, onednn_compute_type(type));
    status = status ? status : make_operands(&y);
    for (int i = 0; i < SETS && !status; i++)
        status = time_one(&y, i, &seconds[0]);
    for (int i = 0; i < repeats && !status; i++)
        status = time_one(&y, i % SETS, &seconds[i]);
    close_yardstick(&y);
    onednn_threads_restore(before);
    if (status)
        return fail(fault, status == (int)dnnl_out_of_memory ? UTTER_ERROR_MEMORY : UTTER_ERROR_UNSUPPORTED,
                    "oneDNN cannot time a product in %s (status %d)", tensor_type_name(type), status);
    qsort(seconds, (size_t)repeats, sizeof *seconds, compare_doubles);
    *rate = 2.0 * (double)m * (double)k * (double)n / seconds[repeats / 2];
    return 0;
}
