#include "src/passes.h"

#include "src/base/memory.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>

enum { MOST = 64 };

/* What part of the machine tentative passes may have, and how fast the mean of their time forgets. */
static const double share = 0.7, forgetting = 0.05;

struct pass {
    struct batch *batch;
    bool taken;
};

struct passes {
    const struct utter_model *model;
    const struct decoding *most;
    int64_t longest;
    pthread_mutex_t lock;
    pthread_cond_t returned;
    struct pass pass[MOST];
    int count, limit; /* passes that there are, and may be */
    int speaking;
    double mean_seconds; /* of a pass */
};

int passes_open(struct passes **passes, const struct utter_model *model, int64_t longest, const struct decoding *most,
                struct fault *fault)
{
    struct passes *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a model");
    p->model = model;
    p->longest = longest;
    p->most = most;
    p->limit = thread_cores() < MOST ? thread_cores() : MOST;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->returned, NULL);
    *passes = p;
    return 0;
}

void passes_close(struct passes **passes)
{
    struct passes *p = *passes;
    if (!p)
        return;
    for (int i = 0; i < p->count; i++)
        batch_close(&p->pass[i].batch);
    pthread_cond_destroy(&p->returned);
    pthread_mutex_destroy(&p->lock);
    free(p);
    *passes = NULL;
}

/* ---- one at a time ---- */

/* A free pass, or room for another; NULL: all are taken. Under the lock. */
static struct pass *find_free(struct passes *p)
{
    for (int i = 0; i < p->count; i++)
        if (!p->pass[i].taken)
            return &p->pass[i];
    return p->count < p->limit ? &p->pass[p->count++] : NULL;
}

static struct pass *take(struct passes *p)
{
    struct pass *pass;
    pthread_mutex_lock(&p->lock);
    while (!(pass = find_free(p)))
        pthread_cond_wait(&p->returned, &p->lock);
    pass->taken = true;
    pthread_mutex_unlock(&p->lock);
    return pass;
}

static void give_back(struct passes *p, struct pass *pass, double seconds)
{
    pthread_mutex_lock(&p->lock);
    pass->taken = false;
    p->mean_seconds += p->mean_seconds > 0 ? forgetting * (seconds - p->mean_seconds) : seconds;
    pthread_cond_signal(&p->returned);
    pthread_mutex_unlock(&p->lock);
}

/* A pass outlives the decoding that it was last used with, so each use names its own. */
static int prepare(struct passes *p, struct pass *pass, const struct decoding *decoding, struct fault *fault)
{
    if (!pass->batch && batch_open(&pass->batch, p->model, 1, p->longest, p->most ? p->most : decoding, fault))
        return fault->code;
    batch_decode(pass->batch, decoding);
    return 0;
}

int passes_run(struct passes *p, const struct decoding *decoding, struct window *window, struct utter_timings *timings,
               struct fault *fault)
{
    struct pass *pass = take(p);
    double began = clock_seconds(), heard = began, scored = began;
    int code = prepare(p, pass, decoding, fault);
    if (!code)
        code = batch_features(pass->batch, &window, 1, fault);
    heard = clock_seconds();
    if (!code)
        code = batch_forward(pass->batch, fault);
    scored = clock_seconds();
    if (!code)
        code = batch_search(pass->batch, fault);
    double ended = clock_seconds();
    timings->features_seconds += heard - began;
    timings->model_seconds += scored - heard;
    timings->search_seconds += ended - scored;
    give_back(p, pass, ended - began);
    return code;
}

void passes_reset(struct passes *p)
{
    for (int i = 0; i < p->count; i++)
        if (p->pass[i].batch)
            batch_reset(p->pass[i].batch);
}

const char *passes_language(const struct passes *p)
{
    return p->count && p->pass[0].batch ? batch_language(p->pass[0].batch) : "";
}

/* ---- pace ---- */

void passes_speaking(struct passes *p, int change)
{
    pthread_mutex_lock(&p->lock);
    p->speaking += change;
    pthread_mutex_unlock(&p->lock);
}

double passes_pause(struct passes *p)
{
    pthread_mutex_lock(&p->lock);
    double pause = p->speaking * p->mean_seconds / (share * (p->count ? p->count : 1));
    pthread_mutex_unlock(&p->lock);
    return pause;
}
