/* window_queue.h - between the thread that reads a recording and the one that runs the model: windows in order, so few
 * that a fast reader fills no memory. */
#ifndef SRC_WINDOW_QUEUE_H
#define SRC_WINDOW_QUEUE_H

#include "src/window.h"

struct window_queue;

/* Errors: MEMORY. */
int window_queue_open(struct window_queue **queue, struct fault *fault);
/* Both threads must be done with it. */
void window_queue_close(struct window_queue **queue);

/* The reader's side. Push is a window_sink that waits while the queue is full; after stop it fails with CANCELLED. */
int window_queue_push(void *queue, struct window *window, struct fault *fault);
/* The reader has come to this second of the recording; returns false when it should stop. */
bool window_queue_moved(struct window_queue *queue, double seconds);
void window_queue_end(struct window_queue *queue);

/* The other side. Waits for the next window, or else for the reader to have moved, or ended. */
enum window_event { WINDOW_READY, WINDOW_MOVED, WINDOW_ENDED };
enum window_event window_queue_pop(struct window_queue *queue, struct window *window, double *seconds);
void window_queue_stop(struct window_queue *queue);

#endif
