#include "src/window_queue.h"

#include "src/base/memory.h"

#include <pthread.h>
#include <stdlib.h>

enum { CAPACITY = 16 };

struct window_queue {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    struct window windows[CAPACITY];
    int first, count;
    double seconds;
    bool moved, ended, stopped;
};

int window_queue_open(struct window_queue **queue, struct fault *fault)
{
    struct window_queue *q = memory_new(1, sizeof *q);
    if (!q)
        return fail_memory(fault, "a transcription");
    if (pthread_mutex_init(&q->mutex, NULL)) {
        free(q);
        return fail_memory(fault, "a transcription");
    }
    if (pthread_cond_init(&q->changed, NULL)) {
        pthread_mutex_destroy(&q->mutex);
        free(q);
        return fail_memory(fault, "a transcription");
    }
    *queue = q;
    return 0;
}

void window_queue_close(struct window_queue **queue)
{
    struct window_queue *q = *queue;
    if (!q)
        return;
    for (int i = 0; i < q->count; i++)
        window_free(&q->windows[(q->first + i) % CAPACITY]);
    pthread_cond_destroy(&q->changed);
    pthread_mutex_destroy(&q->mutex);
    free(q);
    *queue = NULL;
}

int window_queue_push(void *queue, struct window *window, struct fault *fault)
{
    struct window_queue *q = queue;
    pthread_mutex_lock(&q->mutex);
    while (q->count == CAPACITY && !q->stopped)
        pthread_cond_wait(&q->changed, &q->mutex);
    bool stopped = q->stopped;
    if (!stopped)
        q->windows[(q->first + q->count++) % CAPACITY] = *window;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->mutex);
    if (!stopped)
        return 0;
    window_free(window);
    return fail(fault, UTTER_ERROR_CANCELLED, "the reader was told to stop");
}

bool window_queue_moved(struct window_queue *q, double seconds)
{
    pthread_mutex_lock(&q->mutex);
    q->seconds = seconds;
    q->moved = true;
    bool stopped = q->stopped;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->mutex);
    return !stopped;
}

void window_queue_end(struct window_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    q->ended = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->mutex);
}

void window_queue_stop(struct window_queue *q)
{
    pthread_mutex_lock(&q->mutex);
    q->stopped = true;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->mutex);
}

enum window_event window_queue_pop(struct window_queue *q, struct window *window, double *seconds)
{
    pthread_mutex_lock(&q->mutex);
    while (!q->count && !q->moved && !q->ended)
        pthread_cond_wait(&q->changed, &q->mutex);
    enum window_event event = WINDOW_ENDED;
    if (q->count) {
        event = WINDOW_READY;
        *window = q->windows[q->first];
        q->first = (q->first + 1) % CAPACITY;
        q->count--;
    } else if (q->moved) {
        event = WINDOW_MOVED;
        q->moved = false;
    }
    *seconds = q->seconds;
    pthread_cond_broadcast(&q->changed);
    pthread_mutex_unlock(&q->mutex);
    return event;
}
