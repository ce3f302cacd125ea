/* threads.h - the one pool of workers of an engine. Everything that runs in parallel runs on it; libraries below
 * (oneDNN) are called with one thread each from its workers, so that two pools never fight over the cores. */
#ifndef BASE_THREADS_H
#define BASE_THREADS_H

#include "src/base/error.h"

#include <pthread.h>
#include <stdbool.h>

struct thread_pool;

/* Work on items [begin, end) of a loop; worker in [0, threads) names the thread, for per-thread scratch. */
typedef void (*thread_task)(void *context, int64_t begin, int64_t end, int worker);

/* threads: 1 to 256, the caller of thread_pool_run counted in; 0: one per core that this process may run on.
 * Errors: ARGUMENT, MEMORY. */
int thread_pool_open(struct thread_pool **pool, int threads, struct fault *fault);
void thread_pool_close(struct thread_pool **pool);
int thread_pool_size(const struct thread_pool *pool);
/* Cores that this process may run on, at least 1. */
int thread_cores(void);

/* Runs task over [0, count) in pieces of at least grain items and returns when all are done. The caller works too, as
 * worker 0. While another thread has the pool, the whole loop runs on the caller instead of waiting: sessions never
 * block each other. Then, too, worker is 0, so per-thread scratch belongs to the caller, never to the pool. */
void thread_pool_run(struct thread_pool *pool, int64_t count, int64_t grain, thread_task task, void *context);

/* Starts a thread of its own, to be waited for with pthread_join, which takes none of the program's signals: they are
 * the program's. False: there is no room for one. Any thread. */
bool thread_start(pthread_t *thread, void *(*run)(void *), void *context);

/* Monotonic seconds, for timings. */
double clock_seconds(void);

#endif
