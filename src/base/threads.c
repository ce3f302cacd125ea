/* threads.c - a pool whose workers join a loop while it lasts and are never waited for before they have joined.
 *
 * One atomic word says whether a loop is open, how many workers are in it, and which loop it is. A worker joins by
 * adding itself to the word while the loop is open; the caller closes the loop when no items are left and waits only
 * for those inside. A worker that is asleep, or that the kernel has put aside, therefore costs nothing. */
#define _GNU_SOURCE /* sched_getaffinity */
#include "src/base/threads.h"

#include "src/base/memory.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum {
    MOST_THREADS = 256,
    PIECES_PER_THREAD = 8, /* so that a thread that lags leaves work to the others */
    SPINS = 2000           /* some tens of microseconds: as long as the gap between two ops of a forward pass */
};

/* The word: bit 0 open, bits 1 to 15 workers inside, bits 16 to 63 the number of the loop. */
#define LOOP_OPEN    1ull
#define LOOP_WORKER  2ull
#define LOOP_WORKERS 0xfffeull
#define LOOP_SHIFT   16

struct thread_pool {
    int size;
    _Atomic bool taken;
    _Atomic uint64_t loop;
    _Atomic int64_t next; /* the first item that nobody has taken */
    _Atomic int sleeping; /* workers in wait for `wake` */
    _Atomic bool waiting; /* the caller, for `done` */
    _Atomic bool closing;
    thread_task task;
    void *context;
    int64_t count, piece;
    pthread_mutex_t lock;
    pthread_cond_t wake, done;
    int started;
    struct worker *workers;
};

struct worker {
    struct thread_pool *pool;
    int index; /* 1 to size - 1 */
    pthread_t thread;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

static void work(struct thread_pool *pool, int worker)
{
    for (;;) {
        int64_t begin = atomic_fetch_add(&pool->next, pool->piece);
        if (begin >= pool->count)
            return;
        int64_t end = begin + pool->piece;
        pool->task(pool->context, begin, end < pool->count ? end : pool->count, worker);
    }
}

/* True when this thread is now counted in the open loop after the one numbered last. */
static bool join(struct thread_pool *pool, uint64_t last)
{
    uint64_t word = atomic_load(&pool->loop);
    while ((word & LOOP_OPEN) && word >> LOOP_SHIFT != last)
        if (atomic_compare_exchange_weak(&pool->loop, &word, word + LOOP_WORKER))
            return true;
    return false;
}

static void leave(struct thread_pool *pool)
{
    uint64_t word = atomic_fetch_sub(&pool->loop, LOOP_WORKER) - LOOP_WORKER;
    if ((word & (LOOP_OPEN | LOOP_WORKERS)) || !atomic_load(&pool->waiting))
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_signal(&pool->done);
    pthread_mutex_unlock(&pool->lock);
}

/* Whether there may be something to do for a worker that knows the loop numbered last. */
static bool news(struct thread_pool *pool, uint64_t last)
{
    uint64_t word = atomic_load(&pool->loop);
    return atomic_load(&pool->closing) || ((word & LOOP_OPEN) && word >> LOOP_SHIFT != last);
}

static void wait_for_news(struct thread_pool *pool, uint64_t last)
{
    for (int i = 0; i < SPINS; i++) {
        if (news(pool, last))
            return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_fetch_add(&pool->sleeping, 1); /* before the look, as thread_pool_run opens before it counts sleepers */
    while (!news(pool, last))
        pthread_cond_wait(&pool->wake, &pool->lock);
    atomic_fetch_sub(&pool->sleeping, 1);
    pthread_mutex_unlock(&pool->lock);
}

static void *worker_main(void *argument)
{
    struct worker *self = argument;
    struct thread_pool *pool = self->pool;
    uint64_t last = 0;
    while (!atomic_load(&pool->closing)) {
        if (join(pool, last)) {
            last = atomic_load(&pool->loop) >> LOOP_SHIFT;
            work(pool, self->index);
            leave(pool);
        } else {
            wait_for_news(pool, last);
        }
    }
    return NULL;
}

int thread_cores(void)
{
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return CPU_COUNT(&set);
#endif
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online < 1 ? 1 : (int)online;
}

bool thread_start(pthread_t *thread, void *(*run)(void *), void *context)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int failed = pthread_create(thread, NULL, run, context);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

static int start_workers(struct thread_pool *pool, struct fault *fault)
{
    for (int i = 1; i < pool->size; i++) {
        struct worker *w = &pool->workers[i];
        w->pool = pool;
        w->index = i;
        if (!thread_start(&w->thread, worker_main, w))
            return fail(fault, UTTER_ERROR_MEMORY, "a thread of %d could not be started", pool->size);
        pool->started++;
    }
    return 0;
}

int thread_pool_open(struct thread_pool **out, int threads, struct fault *fault)
{
    *out = NULL;
    if (threads < 0 || threads > MOST_THREADS)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d threads asked for, which is not 0 to %d", threads, MOST_THREADS);
    if (threads == 0)
        threads = thread_cores();
    struct thread_pool *pool = memory_new(1, sizeof *pool);
    if (!pool)
        return fail_memory(fault, "a thread pool");
    pool->size = threads < MOST_THREADS ? threads : MOST_THREADS;
    pool->workers = memory_new((size_t)pool->size, sizeof *pool->workers);
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->wake, NULL);
    pthread_cond_init(&pool->done, NULL);
    int code = pool->workers ? start_workers(pool, fault) : fail_memory(fault, "a thread pool");
    if (code)
        thread_pool_close(&pool);
    *out = pool;
    return code;
}

void thread_pool_close(struct thread_pool **out)
{
    struct thread_pool *pool = *out;
    *out = NULL;
    if (!pool)
        return;
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->closing, true);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
    for (int i = 1; i <= pool->started; i++)
        pthread_join(pool->workers[i].thread, NULL);
    pthread_cond_destroy(&pool->done);
    pthread_cond_destroy(&pool->wake);
    pthread_mutex_destroy(&pool->lock);
    free(pool->workers);
    free(pool);
}

int thread_pool_size(const struct thread_pool *pool)
{
    return pool ? pool->size : 1;
}

/* No worker is inside the last loop any more, so its fields may change; the word is stored last. */
static void open_loop(struct thread_pool *pool)
{
    uint64_t number = (atomic_load(&pool->loop) >> LOOP_SHIFT) + 1;
    atomic_store(&pool->next, 0);
    atomic_store(&pool->loop, number << LOOP_SHIFT | LOOP_OPEN);
    if (atomic_load(&pool->sleeping) == 0)
        return;
    pthread_mutex_lock(&pool->lock);
    pthread_cond_broadcast(&pool->wake);
    pthread_mutex_unlock(&pool->lock);
}

static void close_loop(struct thread_pool *pool)
{
    atomic_fetch_and(&pool->loop, ~LOOP_OPEN);
    for (int i = 0; i < SPINS; i++) {
        if (!(atomic_load(&pool->loop) & LOOP_WORKERS))
            return;
        relax();
    }
    pthread_mutex_lock(&pool->lock);
    atomic_store(&pool->waiting, true);
    while (atomic_load(&pool->loop) & LOOP_WORKERS)
        pthread_cond_wait(&pool->done, &pool->lock);
    atomic_store(&pool->waiting, false);
    pthread_mutex_unlock(&pool->lock);
}

void thread_pool_run(struct thread_pool *pool, int64_t count, int64_t grain, thread_task task, void *context)
{
    if (count <= 0)
        return;
    if (grain < 1)
        grain = 1;
    if (!pool || pool->size == 1 || count <= grain || atomic_exchange(&pool->taken, true)) {
        task(context, 0, count, 0);
        return;
    }
    int64_t pieces = (int64_t)pool->size * PIECES_PER_THREAD;
    int64_t piece = (count + pieces - 1) / pieces;
    pool->task = task;
    pool->context = context;
    pool->count = count;
    pool->piece = piece > grain ? piece : grain;
    open_loop(pool);
    work(pool, 0);
    close_loop(pool);
    atomic_store(&pool->taken, false);
}

double clock_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}
