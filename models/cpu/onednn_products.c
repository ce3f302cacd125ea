/* onednn_products.c - the products that a context has met: oneDNN's primitives, each made once for its shape. */
#include "models/cpu/onednn_parts.h"

#include "models/cpu/device.h"
#include "models/cpu/scratch.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static int append_after(dnnl_post_ops_t ops, const struct product_key *key)
{
    switch ((enum linear_after)key->after) {
    case LINEAR_RELU:
        return (int)dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_relu, 0, 0);
    case LINEAR_SILU:
        return (int)dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_swish, 1, 0);
    case LINEAR_GELU:
        return (int)dnnl_post_ops_append_eltwise(ops, 1, dnnl_eltwise_gelu_erf, 0, 0);
    default:
        return 0;
    }
}

int describe_product(dnnl_primitive_desc_t *pd, dnnl_engine_t engine, const struct product_key *key,
                     const dnnl_memory_desc_t *layout)
{
    dnnl_memory_desc_t x = matrix(key->rows, key->in, key->in, 1, data_type((enum tensor_type)key->type));
    dnnl_memory_desc_t out = matrix(key->rows, key->width, key->width, 1, (dnnl_data_type_t)key->out_type);
    dnnl_memory_desc_t bias = matrix(1, key->width, key->width, 1, dnnl_f32);
    dnnl_matmul_desc_t desc;
    dnnl_primitive_attr_t attr = NULL;
    dnnl_post_ops_t ops = NULL;
    int status = (int)dnnl_matmul_desc_init(&desc, &x, layout, key->bias ? &bias : NULL, &out);
    status = status ? status : (int)dnnl_primitive_attr_create(&attr);
    status = status ? status : (int)dnnl_post_ops_create(&ops);
    status = status ? status : append_after(ops, key);
    status = status ? status : (int)dnnl_primitive_attr_set_post_ops(attr, ops);
    status = status ? status : (int)dnnl_primitive_attr_set_scratchpad_mode(attr, dnnl_scratchpad_mode_user);
    status = status ? status : (int)dnnl_primitive_desc_create(pd, &desc, attr, engine, NULL);
    dnnl_post_ops_destroy(ops);
    dnnl_primitive_attr_destroy(attr);
    return status;
}
struct products *products_new(int workers)
{
    struct products *p = memory_new(1, sizeof *p);
    if (!p)
        return NULL;
    p->workers = workers;
    p->streams = memory_new((size_t)workers, sizeof *p->streams);
    if (p->streams)
        return p;
    free(p);
    return NULL;
}

static void product_free(struct product *product, int workers)
{
    for (int i = 0; i < workers; i++) {
        dnnl_memory_destroy(product->worker[i].x);
        dnnl_memory_destroy(product->worker[i].out);
        dnnl_memory_destroy(product->worker[i].scratchpad);
    }
    dnnl_primitive_destroy(product->primitive);
    free(product);
}

void products_free(struct products *p)
{
    if (!p)
        return;
    for (size_t i = 0; i < p->count; i++)
        product_free(p->items[i], p->workers);
    for (int i = 0; i < p->workers; i++)
        if (p->streams[i])
            dnnl_stream_destroy(p->streams[i]);
    free(p->items);
    free(p->streams);
    free(p);
}

static int open_streams(struct products *p, dnnl_engine_t engine)
{
    int status = 0;
    for (int i = 0; i < p->workers && !status; i++)
        if (!p->streams[i])
            status = (int)dnnl_stream_create(&p->streams[i], engine, dnnl_stream_default_flags);
    return status;
}

static int make_handles(struct product *product, int workers, dnnl_primitive_desc_t pd, dnnl_engine_t engine)
{
    const dnnl_memory_desc_t *x = dnnl_primitive_desc_query_md(pd, dnnl_query_src_md, 0);
    const dnnl_memory_desc_t *out = dnnl_primitive_desc_query_md(pd, dnnl_query_dst_md, 0);
    const dnnl_memory_desc_t *scratchpad = dnnl_primitive_desc_query_md(pd, dnnl_query_scratchpad_md, 0);
    int status = 0;
    for (int i = 0; i < workers && !status; i++) {
        struct handles *h = &product->worker[i];
        status = (int)dnnl_memory_create(&h->x, x, engine, DNNL_MEMORY_NONE);
        status = status ? status : (int)dnnl_memory_create(&h->out, out, engine, DNNL_MEMORY_NONE);
        status = status ? status : (int)dnnl_memory_create(&h->scratchpad, scratchpad, engine, DNNL_MEMORY_NONE);
    }
    product->scratchpad = dnnl_memory_desc_get_size(scratchpad);
    return status;
}

static int product_new(struct product **out, const struct product_key *key, const dnnl_memory_desc_t *layout,
                       dnnl_engine_t engine, int workers)
{
    struct product *product = memory_new(1, sizeof *product + (size_t)workers * sizeof *product->worker);
    if (!product)
        return (int)dnnl_out_of_memory;
    product->key = *key;
    dnnl_primitive_desc_t pd = NULL;
    int before = onednn_threads_hold(1);
    int status = describe_product(&pd, engine, key, layout);
    status = status ? status : (int)dnnl_primitive_create(&product->primitive, pd);
    status = status ? status : make_handles(product, workers, pd, engine);
    onednn_threads_restore(before);
    dnnl_primitive_desc_destroy(pd);
    if (status)
        product_free(product, workers);
    else
        *out = product;
    return status;
}

const struct product *product_find(struct context *c, const struct product_key *key, const dnnl_memory_desc_t *layout)
{
    struct products *p = ((struct cpu_scratch *)c->scratch)->products;
    for (size_t i = 0; i < p->count; i++)
        if (memcmp(&p->items[i]->key, key, sizeof *key) == 0)
            return p->items[i];
    struct product *product = NULL;
    dnnl_engine_t engine = cpu_of(c)->engine;
    int status = open_streams(p, engine);
    status = status ? status : product_new(&product, key, layout, engine, p->workers);
    if (!status && !memory_grow((void **)&p->items, &p->capacity, p->count + 1, sizeof(struct product *))) {
        product_free(product, p->workers);
        status = (int)dnnl_out_of_memory;
    }
    if (status) {
        fail_onednn(&c->fault, status);
        return NULL;
    }
    p->items[p->count++] = product;
    return product;
}
