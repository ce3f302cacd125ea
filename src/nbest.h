/* nbest.h - what a stretch of sound might have said, likeliest first, and a queue of that. */
#ifndef SRC_NBEST_H
#define SRC_NBEST_H

#include "src/window.h"

/* Each alternative is one block of memory with its tokens and texts. */
struct nbest {
    struct nbest *next;
    struct utter_nbest public;
    struct utter_alternative *alternatives; /* [most], as many as public says filled */
    size_t most;
};

/* Room for at most so many alternatives of what the window holds. NULL when memory ran out. */
struct nbest *nbest_new(const struct window *window, size_t most);
void nbest_free(struct nbest *nbest);

/* One token as its vocabulary has it; special ones bring a text of their own. */
struct nbest_token {
    int id;
    float log_probability;
    const char *bytes; /* [length]; NULL: label */
    size_t length;
    char label[16];
};

/* Adds the next likeliest; everything is copied. Errors: MEMORY. */
int nbest_add(struct nbest *nbest, const char *text, double log_probability, const struct nbest_token *tokens,
              size_t count, struct fault *fault);

/* Gives an alternative another text, with its tokens or without, since they would say the old one. Errors: MEMORY. */
int nbest_rewrite(struct nbest *nbest, size_t at, const char *text, bool with_tokens, struct fault *fault);

struct nbest_queue {
    struct nbest *first, *last;
    size_t count;
};

void nbest_queue_add(struct nbest_queue *queue, struct nbest *nbest);
struct nbest *nbest_queue_take(struct nbest_queue *queue); /* the oldest; NULL when empty */
void nbest_queue_clear(struct nbest_queue *queue);

#endif
