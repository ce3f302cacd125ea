#include "models/cuda/steps.h"

#include "models/cuda/commands.h"

#include <stdlib.h>
#include <string.h>

enum {
    GRAPHS = 64, /* of a context: the numbers of rows that a batch goes through as its windows end */
    SEEN = 512,  /* lists that are remembered to have been met, by their hashes */
    SENT = 16    /* blocks of a step that are compared with what is sent next … */
};
static const size_t least_compared = 512; /* … of at least so many bytes */

struct graph {
    struct commands commands;
    cudaGraphExec_t executable;
    uint64_t used; /* the step that it was last launched in */
};

struct block_sent {
    size_t at, size;
};

struct steps {
    struct graph graphs[GRAPHS];
    int count;
    uint64_t seen[SEEN]; /* the last of them; 0: none yet */
    int next_seen;
    uint64_t step;
    struct block_sent sent[SENT]; /* in this step */
    int sent_count;
    bool off;
};

struct steps *steps_open(void)
{
    struct steps *steps = (struct steps *)memory_new(1, sizeof *steps);
    const char *asked = getenv("UTTER_CUDA_GRAPHS");
    if (steps)
        steps->off = asked && !strcmp(asked, "0");
    return steps;
}

static void drop(struct graph *graph)
{
    if (graph->executable)
        cudaGraphExecDestroy(graph->executable);
    free(graph->commands.bytes);
    *graph = {};
}

void steps_close(struct steps *steps)
{
    for (int i = 0; steps && i < steps->count; i++)
        drop(&steps->graphs[i]);
    free(steps);
}

/* ---- what is sent ---- */

void *steps_sent(const struct context *c, const void *host, size_t size)
{
    const struct cuda_context *g = cuda_of(c);
    for (int i = 0; size >= least_compared && i < g->steps->sent_count; i++) {
        const struct block_sent *sent = &g->steps->sent[i];
        if (sent->size == size && !memcmp(g->host.memory + sent->at, host, size))
            return g->arrived.memory + sent->at;
    }
    return NULL;
}

void steps_note_sent(struct context *c, size_t at, size_t size)
{
    struct steps *steps = cuda_of(c)->steps;
    if (size >= least_compared && steps->sent_count < SENT)
        steps->sent[steps->sent_count++] = {at, size};
}

static bool copy_sent(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    return !g->used ||
           cuda_ok(c, cudaMemcpyAsync(g->arrived.memory, g->host.memory, g->used, cudaMemcpyHostToDevice, g->stream),
                   "copying to it");
}

/* ---- graphs ---- */

/* Eight bytes at a time; a list's size is a multiple of that. */
static uint64_t hash_of(const struct commands *list)
{
    uint64_t hash = list->size;
    for (size_t i = 0; i < list->size; i += sizeof hash) {
        uint64_t next;
        memcpy(&next, list->bytes + i, sizeof next);
        hash = (hash ^ next) * UINT64_C(0xbf58476d1ce4e5b9);
        hash ^= hash >> 29;
    }
    return hash | 1; /* 0 is no hash */
}

static struct graph *find(struct steps *steps, const struct commands *list)
{
    for (int i = 0; i < steps->count; i++) {
        const struct commands *known = &steps->graphs[i].commands;
        if (known->size == list->size && !memcmp(known->bytes, list->bytes, list->size))
            return &steps->graphs[i];
    }
    return NULL;
}

/* Whether the list was met before; from now on it was. */
static bool meet(struct steps *steps, const struct commands *list)
{
    const uint64_t hash = hash_of(list);
    for (uint64_t seen : steps->seen)
        if (seen == hash)
            return true;
    steps->seen[steps->next_seen] = hash;
    steps->next_seen = (steps->next_seen + 1) % SEEN;
    return false;
}

/* The list as an executable graph. NULL: the card makes none of it. */
static cudaGraphExec_t capture(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    cudaGraph_t graph = NULL;
    cudaGraphExec_t executable = NULL;
    if (cudaStreamBeginCapture(g->stream, cudaStreamCaptureModeRelaxed) == cudaSuccess) {
        commands_issue(c);
        const cudaError_t ended = cudaStreamEndCapture(g->stream, &graph);
        if (ended != cudaSuccess || c->fault.code || cudaGraphInstantiate(&executable, graph, 0) != cudaSuccess)
            executable = NULL;
        if (graph)
            cudaGraphDestroy(graph);
        fault_clear(&c->fault); /* nothing has run yet, and the list is still to be issued */
    }
    if (!executable)
        cudaGetLastError();
    return executable;
}

/* A place for one more: that of the graph that was launched longest ago, where all are taken. */
static struct graph *place(struct steps *steps)
{
    if (steps->count < GRAPHS)
        return &steps->graphs[steps->count++];
    struct graph *oldest = &steps->graphs[0];
    for (struct graph &graph : steps->graphs)
        oldest = graph.used < oldest->used ? &graph : oldest;
    drop(oldest);
    return oldest;
}

/* NULL: no graph comes of the list, nor will of another. */
static struct graph *keep(struct context *c)
{
    struct steps *steps = cuda_of(c)->steps;
    const struct commands *list = &cuda_of(c)->commands;
    unsigned char *bytes = (unsigned char *)memory_new(list->size, 1);
    cudaGraphExec_t executable = bytes ? capture(c) : NULL;
    if (!executable) {
        free(bytes);
        steps->off = true;
        return NULL;
    }
    struct graph *graph = place(steps);
    memcpy(bytes, list->bytes, list->size);
    *graph = {{bytes, list->size, list->size}, executable, 0};
    return graph;
}

/* ---- steps ---- */

void cuda_step_begin(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    cuda_step_end(c); /* one that was left open */
    /* What is sent has to get the same addresses every time. */
    if (g->steps->off || (g->used && !cuda_wait(c)) || !cuda_staging(c, 0))
        return;
    g->commands.size = 0;
    g->steps->sent_count = 0;
    g->steps->step++;
    g->listing = true;
}

void steps_interrupt(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    if (!g->listing)
        return;
    g->listing = false;
    if (!c->fault.code && copy_sent(c))
        commands_issue(c);
}

void cuda_step_end(struct context *c)
{
    struct cuda_context *g = cuda_of(c);
    if (!g->listing)
        return;
    g->listing = false;
    if (c->fault.code || !g->commands.size || !copy_sent(c))
        return;
    struct graph *graph = find(g->steps, &g->commands);
    if (!graph && meet(g->steps, &g->commands))
        graph = keep(c);
    if (!graph) {
        commands_issue(c);
        return;
    }
    graph->used = g->steps->step;
    cuda_ok(c, cudaGraphLaunch(graph->executable, g->stream), "a step");
}
