/* test_threads.c - the pool does every item once, whoever calls it, from however many threads. */
#include "src/base/threads.h"

#include "src/base/memory.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

enum { MOST = 5000, CALLERS = 4 };

struct tally {
    int threads;
    int64_t grain, count;
    _Atomic int workers_out_of_range, short_pieces;
    _Atomic int in_use[256]; /* of each worker number: two threads must never have the same at once */
    _Atomic int doubled;
    unsigned char done[MOST]; /* plain bytes: an item done twice, or by two threads at once, is a race that shows */
};

static void tally_items(void *context, int64_t begin, int64_t end, int worker)
{
    struct tally *t = context;
    if (worker < 0 || worker >= t->threads) {
        t->workers_out_of_range++;
        return;
    }
    if (atomic_fetch_add(&t->in_use[worker], 1))
        t->doubled++;
    if (end - begin < t->grain && end != t->count)
        t->short_pieces++;
    for (int64_t i = begin; i < end; i++)
        t->done[i]++;
    atomic_fetch_sub(&t->in_use[worker], 1);
}

static void run_one(struct thread_pool *pool, int64_t count, int64_t grain)
{
    struct tally t = {.threads = thread_pool_size(pool), .grain = grain, .count = count};
    thread_pool_run(pool, count, grain, tally_items, &t);
    assert_int_equal(t.workers_out_of_range, 0);
    assert_int_equal(t.short_pieces, 0);
    assert_int_equal(t.doubled, 0);
    for (int64_t i = 0; i < MOST; i++)
        assert_int_equal(t.done[i], i < count);
}

static void test_every_item_once(void **state)
{
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        struct thread_pool *pool;
        struct fault fault = {0};
        assert_int_equal(thread_pool_open(&pool, threads, &fault), 0);
        assert_int_equal(thread_pool_size(pool), threads);
        for (int i = 0; i < 300; i++)
            run_one(pool, i * 7 % MOST, 1 + i % 13);
        run_one(pool, MOST, 1);
        run_one(pool, 0, 1);
        thread_pool_close(&pool);
        assert_null(pool);
    }
}

/* Loops with sleeps between them, so that workers fall asleep and are woken. */
static void test_sleeping_workers(void **state)
{
    (void)state;
    struct thread_pool *pool;
    struct fault fault = {0};
    assert_int_equal(thread_pool_open(&pool, 4, &fault), 0);
    for (int i = 0; i < 20; i++) {
        nanosleep(&(struct timespec){0, 3000000}, NULL);
        run_one(pool, 1000 + i, 1);
    }
    thread_pool_close(&pool);
}

struct caller {
    struct thread_pool *pool;
    int64_t count, done;
};

static void count_items(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    atomic_fetch_add((_Atomic int64_t *)context, end - begin);
}

static void *call_often(void *argument)
{
    struct caller *caller = argument;
    for (int i = 0; i < 2000; i++) {
        _Atomic int64_t sum = 0;
        thread_pool_run(caller->pool, i % 100, 1, count_items, &sum);
        caller->count += i % 100;
        caller->done += sum;
    }
    return NULL;
}

/* Sessions share the pool: who finds it taken does its own loop. */
static void test_many_callers(void **state)
{
    (void)state;
    struct caller callers[CALLERS] = {{0}};
    struct fault fault = {0};
    pthread_t threads[CALLERS];
    struct thread_pool *pool;
    assert_int_equal(thread_pool_open(&pool, 3, &fault), 0);
    for (int i = 0; i < CALLERS; i++) {
        callers[i].pool = pool;
        assert_int_equal(pthread_create(&threads[i], NULL, call_often, &callers[i]), 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(callers[i].done, callers[i].count);
    }
    thread_pool_close(&pool);
}

struct nested {
    struct thread_pool *pool;
    _Atomic int64_t sum;
};

static void run_inside(void *context, int64_t begin, int64_t end, int worker)
{
    (void)worker;
    struct nested *n = context;
    for (int64_t i = begin; i < end; i++)
        thread_pool_run(n->pool, 10, 1, count_items, &n->sum);
}

static void test_nested_loops(void **state)
{
    (void)state;
    struct nested n = {0};
    struct fault fault = {0};
    assert_int_equal(thread_pool_open(&n.pool, 3, &fault), 0);
    thread_pool_run(n.pool, 100, 1, run_inside, &n);
    assert_int_equal((int)n.sum, 1000);
    thread_pool_close(&n.pool);
}

/* A pool that is asleep uses no processor time. */
static void test_idle_burns_nothing(void **state)
{
    (void)state;
    struct thread_pool *pool;
    struct fault fault = {0};
    struct timespec before, after;
    assert_int_equal(thread_pool_open(&pool, 4, &fault), 0);
    run_one(pool, 1000, 1);
    nanosleep(&(struct timespec){0, 50000000}, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    nanosleep(&(struct timespec){0, 200000000}, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    double used = (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) * 1e-9;
    assert_true(used < 0.1);
    thread_pool_close(&pool);
}

static void test_bad_sizes(void **state)
{
    (void)state;
    struct thread_pool *pool;
    struct fault fault = {0};
    assert_int_equal(thread_pool_open(&pool, -1, &fault), UTTER_ERROR_ARGUMENT);
    assert_null(pool);
    assert_non_null(strstr(fault.message, "-1 threads"));
    assert_int_equal(thread_pool_open(&pool, 257, NULL), UTTER_ERROR_ARGUMENT);
    fault_clear(&fault);
    assert_int_equal(thread_pool_open(&pool, 0, &fault), 0);
    assert_true(thread_pool_size(pool) >= 1);
    thread_pool_close(&pool);
    thread_pool_close(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_item_once),    cmocka_unit_test(test_sleeping_workers),
        cmocka_unit_test(test_many_callers),       cmocka_unit_test(test_nested_loops),
        cmocka_unit_test(test_idle_burns_nothing), cmocka_unit_test(test_bad_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
