/* test_ring.c - nothing is lost unless it is counted, nothing comes twice, and two threads may be at it at once. */
#include "audio/ring.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void open_ring(struct ring **ring, int64_t frames, int channels)
{
    struct fault fault = {0};
    assert_int_equal(ring_open(ring, frames, channels, &fault), 0);
}

static void test_order_and_loss(void **state)
{
    (void)state;
    struct ring *ring;
    float in[20], out[20];
    open_ring(&ring, 5, 2);
    for (int i = 0; i < 20; i++)
        in[i] = (float)i;
    assert_int_equal(ring_read(ring, out, 5), 0);
    assert_int_equal(ring_write(ring, in, 3), 3);
    assert_int_equal(ring_read(ring, out, 2), 2);
    assert_memory_equal(out, in, 4 * sizeof *in);
    assert_int_equal(ring_write(ring, in + 6, 7), 4); /* around the end, and full */
    assert_int_equal(ring_lost(ring), 3);
    assert_int_equal(ring_write(ring, in, 1), 0);
    assert_int_equal(ring_lost(ring), 4);
    assert_int_equal(ring_read(ring, out, 10), 5);
    assert_memory_equal(out, in + 4, 10 * sizeof *in);
    assert_int_equal(ring_read(ring, out, 10), 0);
    ring_close(&ring);
    assert_null(ring);
    ring_close(&ring);
}

static void test_arguments(void **state)
{
    (void)state;
    struct ring *ring = NULL;
    struct fault fault = {0};
    assert_int_equal(ring_open(&ring, 0, 1, &fault), UTTER_ERROR_ARGUMENT);
    assert_int_equal(ring_open(&ring, 10, 0, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(ring_open(&ring, INT64_MAX, 1, NULL), UTTER_ERROR_ARGUMENT);
    assert_null(ring);
}

/* ---- two threads ---- */

enum { FRAMES = 200000, CHANNELS = 2 };

struct writer {
    struct ring *ring;
    bool patient; /* writes again what did not fit */
    int64_t fitted;
};

/* Frames that say their own number; a float holds it exactly up to 2^24. */
static void number(float *frames, int64_t from, int64_t count)
{
    for (int64_t i = 0; i < count; i++) {
        frames[2 * i] = (float)(from + i);
        frames[2 * i + 1] = -(float)(from + i);
    }
}

static void *write_all(void *context)
{
    struct writer *w = context;
    float frames[64 * CHANNELS];
    unsigned random = 1;
    for (int64_t at = 0; at < FRAMES;) {
        int64_t count = 1 + (random = random * 1664525u + 1013904223u) / 67108864u;
        count = count < FRAMES - at ? count : FRAMES - at;
        number(frames, at, count);
        int64_t fitted = ring_write(w->ring, frames, count);
        w->fitted += fitted;
        at += w->patient ? fitted : count;
        if (fitted < count)
            sched_yield();
    }
    return NULL;
}

/* Reads up to the last frame, or until nothing more can come; every frame's number is above the last one's. */
static int64_t read_all(struct ring *ring, bool gaps, pthread_t thread)
{
    float frames[50 * CHANNELS];
    int64_t got = 0, next = 0, count;
    bool joined = false;
    while (got < FRAMES) {
        count = ring_read(ring, frames, 1 + got % 50);
        for (int64_t i = 0; i < count; i++) {
            int64_t heard = (int64_t)frames[2 * i];
            assert_true(gaps ? heard >= next : heard == next);
            assert_true(frames[2 * i + 1] == -frames[2 * i]);
            next = heard + 1;
        }
        got += count;
        if (count == 0 && joined)
            break;
        if (count == 0 && gaps && got + ring_lost(ring) == FRAMES) {
            pthread_join(thread, NULL);
            joined = true;
        } else if (count == 0) {
            sched_yield();
        }
    }
    if (!joined)
        pthread_join(thread, NULL);
    return got;
}

static void run_two_threads(bool patient, int64_t capacity)
{
    struct writer w = {.patient = patient};
    pthread_t thread;
    open_ring(&w.ring, capacity, CHANNELS);
    assert_int_equal(pthread_create(&thread, NULL, write_all, &w), 0);
    int64_t got = read_all(w.ring, !patient, thread);
    assert_int_equal(got, w.fitted);
    if (patient)
        assert_int_equal(got, FRAMES);
    else
        assert_int_equal(got + ring_lost(w.ring), FRAMES);
    ring_close(&w.ring);
}

static void test_two_threads(void **state)
{
    (void)state;
    static const int64_t capacities[] = {1, 7, 64, 1000};
    for (size_t i = 0; i < sizeof capacities / sizeof *capacities; i++) {
        run_two_threads(true, capacities[i]);
        run_two_threads(false, capacities[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_order_and_loss),
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_two_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
