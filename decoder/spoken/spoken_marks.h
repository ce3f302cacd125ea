/* spoken_marks.h - the marks of a text, which stand beside it, on their way from the markup to the sentences. */
#ifndef DECODER_SPOKEN_MARKS_H
#define DECODER_SPOKEN_MARKS_H

#include "decoder/spoken/spoken.h"

/* In the order of the text. Zeroed: empty. */
struct mark_list {
    struct spoken_mark *marks;
    size_t count, capacity;
    size_t taken; /* so many have been handed out */
};

/* The name is copied. False: memory ran out. */
bool mark_list_add(struct mark_list *list, const char *name, size_t at);
/* Hands those before the byte `end` to a sentence, which has them until the next call. */
void mark_list_take(struct mark_list *list, size_t end, struct spoken_sentence *sentence);
/* Forgets those that have been handed out. */
void mark_list_drop(struct mark_list *list);
void mark_list_free(struct mark_list *list);

#endif
