/* spoken_split.h - where sentences end. */
#ifndef DECODER_SPOKEN_SPLIT_H
#define DECODER_SPOKEN_SPLIT_H

#include "decoder/spoken/spoken_folded.h"

struct split {
    size_t said;     /* bytes of the sentence, from the first one alive */
    size_t consumed; /* with the spaces and the boundary behind it */
    bool paragraph;  /* the last of its paragraph */
    bool broken;     /* it goes on: it was too long */
};

/* Whether the alive bytes begin with a whole sentence. What follows is looked at as far as needed and no further, so
 * that the answer does not depend on how much is there. finished: nothing follows any more. */
bool split_next(const struct folded *f, bool finished, struct split *split);

#endif
