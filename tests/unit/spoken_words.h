/* spoken_words.h - sentences of words for the tests of pronunciation. */
#ifndef TESTS_UNIT_SPOKEN_WORDS_H
#define TESTS_UNIT_SPOKEN_WORDS_H

#include "decoder/spoken/spoken.h"

#include <string.h>

enum { SPOKEN_WORDS = 64 };

struct spoken_words {
    char text[1024];
    struct spoken_item items[SPOKEN_WORDS];
    struct spoken_sentence sentence;
};

/* The words of text, parted by blanks; a mark at a word's end is what follows it. */
static inline const struct spoken_sentence *spoken_words(struct spoken_words *w, const char *text)
{
    memset(w, 0, sizeof *w);
    strncpy(w->text, text, sizeof w->text - 1);
    w->sentence.items = w->items;
    for (char *word = strtok(w->text, " "); word && w->sentence.count < SPOKEN_WORDS; word = strtok(NULL, " ")) {
        struct spoken_item *item = &w->items[w->sentence.count++];
        char *last = word + strlen(word) - 1;
        *item = (struct spoken_item){.kind = SPOKEN_WORD, .text = word};
        if (last > word && strchr(",.?!;:-", *last)) {
            item->after = *last;
            *last = '\0';
        }
    }
    return &w->sentence;
}

#endif
