/* Work on several threads is handed on whole, in order, and never runs far ahead. */
#include "jobs.h"
#include "stop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

struct counted {
    atomic_size_t emitted;
    atomic_bool too_far;
    size_t slots[JOBS_AHEAD];
    bool in_order;
    size_t stop_at;
};

static void work(void *context, size_t index)
{
    struct counted *counted = context;
    if (index >= atomic_load(&counted->emitted) + JOBS_AHEAD)
        atomic_store(&counted->too_far, true);
    struct timespec pause = {0, (long)(index * 7919 % 13) * 20000};
    nanosleep(&pause, NULL);
    counted->slots[index % JOBS_AHEAD] = index + 1;
}

static void emit(void *context, size_t index)
{
    struct counted *counted = context;
    size_t expected = atomic_load(&counted->emitted);
    counted->in_order = counted->in_order && index == expected && counted->slots[index % JOBS_AHEAD] == index + 1;
    atomic_store(&counted->emitted, expected + 1);
    if (index + 1 == counted->stop_at)
        stop_now();
}

static void run(struct counted *counted, size_t count, int workers, size_t stop_at)
{
    memset(counted, 0, sizeof *counted);
    counted->in_order = true;
    counted->stop_at = stop_at;
    struct jobs jobs = {count, workers, work, emit, counted};
    jobs_run(&jobs);
    assert_true(counted->in_order);
    assert_false(atomic_load(&counted->too_far));
}

static void hands_on_in_order(void **state)
{
    static const int workers[] = {1, 2, 5, 64};
    struct counted counted;
    (void)state;
    for (size_t i = 0; i < sizeof workers / sizeof *workers; i++) {
        run(&counted, 300, workers[i], 0);
        assert_int_equal(atomic_load(&counted.emitted), 300);
    }
    run(&counted, 0, 3, 0);
    assert_int_equal(atomic_load(&counted.emitted), 0);
}

/* Last: once stopped, a process stays stopped. */
static void stops_early(void **state)
{
    struct counted counted;
    (void)state;
    run(&counted, 1000, 3, 40);
    assert_in_range(atomic_load(&counted.emitted), 40, 40 + JOBS_AHEAD);
    assert_true(stopping());
    assert_int_equal(stop_status(1), 1); /* no signal: the status stays */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hands_on_in_order),
        cmocka_unit_test(stops_early),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
