/* Blocks in large pages: aligned, apart from each other, kept as they were written, whoever gives back what and when.
 */
#include "src/base/memory.h"
#include "src/base/pages.h"
#include "src/base/threads.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h> /* after our own: it has a macro named fail */

enum { BLOCKS = 200, ROUNDS = 2000 };

struct held {
    unsigned char *bytes;
    size_t size;
};

static bool holds(const struct held *h, unsigned char value)
{
    for (size_t i = 0; i < h->size; i += i < 64 ? 1 : 61)
        if (h->bytes[i] != value)
            return false;
    return !h->size || h->bytes[h->size - 1] == value;
}

/* False at the first block that is not what it must be. */
static bool come_and_go(uint32_t random)
{
    static const size_t most[] = {1, 100, 5000, 300000, LARGE_PAGE + 5, 3 * LARGE_PAGE};
    struct held held[BLOCKS] = {0};
    bool good = true;
    for (int round = 0; round < ROUNDS + BLOCKS && good; round++) {
        random = random * 1664525u + 1013904223u;
        const int at = round < ROUNDS ? (int)(random >> 8) % BLOCKS : round - ROUNDS;
        struct held *h = &held[at];
        good = !h->bytes || holds(h, (unsigned char)at);
        pages_free(h->bytes);
        *h = (struct held){0};
        if (round >= ROUNDS || random >> 31)
            continue;
        random = random * 1664525u + 1013904223u;
        const size_t limit = most[random >> 28 ? (random >> 28) % 4 : 4 + (random >> 9) % 2];
        h->size = (random >> 8) % (limit + 1);
        h->bytes = pages_new(h->size);
        good = good && h->bytes && (uintptr_t)h->bytes % 64 == 0;
        if (good)
            memset(h->bytes, at, h->size);
    }
    for (int i = 0; i < BLOCKS; i++)
        pages_free(held[i].bytes);
    return good;
}

static void blocks_come_and_go(void **unused)
{
    (void)unused;
    for (uint32_t seed = 1; seed <= 3; seed++)
        assert_true(come_and_go(seed));
}

static void run_one(void *context, int64_t begin, int64_t end, int worker)
{
    bool *good = context;
    (void)worker;
    for (int64_t i = begin; i < end; i++)
        good[i] = come_and_go((uint32_t)i + 10);
}

static void threads_share_them(void **unused)
{
    (void)unused;
    struct thread_pool *pool = NULL;
    struct fault fault = {0};
    bool good[6] = {0};
    assert_int_equal(thread_pool_open(&pool, 3, &fault), 0);
    thread_pool_run(pool, 6, 1, run_one, good);
    thread_pool_close(&pool);
    for (int i = 0; i < 6; i++)
        assert_true(good[i]);
}

static void large_ones_begin_at_pages(void **unused)
{
    (void)unused;
    for (size_t size = 0; size < 4; size++) {
        unsigned char *alone = pages_alone(size * LARGE_PAGE + size);
        assert_non_null(alone);
        assert_int_equal((uintptr_t)alone % LARGE_PAGE, 0);
        memset(alone, 1, size * LARGE_PAGE + size);
        free(alone);
    }
    unsigned char *aligned = memory_aligned(LARGE_PAGE);
    assert_int_equal((uintptr_t)aligned % LARGE_PAGE, 0);
    free(aligned);
}

static void too_much_is_refused(void **unused)
{
    (void)unused;
    assert_null(pages_new(SIZE_MAX));
    assert_null(pages_alone(SIZE_MAX));
    assert_null(memory_aligned(SIZE_MAX - 10));
    pages_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_come_and_go),
        cmocka_unit_test(threads_share_them),
        cmocka_unit_test(large_ones_begin_at_pages),
        cmocka_unit_test(too_much_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
