/* spoken_verbalize.h - a sentence of folded text to the items of a struct spoken_sentence. */
#ifndef DECODER_SPOKEN_VERBALIZE_H
#define DECODER_SPOKEN_VERBALIZE_H

#include "decoder/spoken/spoken_folded.h"
#include "decoder/spoken/spoken_rules.h"
#include "decoder/spoken/spoken_split.h"
#include "src/base/error.h"

struct verbalizer;

/* rules: borrowed; NULL: it has its own. */
int verbalizer_open(struct verbalizer **verbalizer, const struct say_rules *rules, struct fault *fault);
void verbalizer_close(struct verbalizer **verbalizer);

/* Of the sentence that the alive bytes of folded begin with. It may have no item. *sentence is the verbalizer's until
 * the next call. */
int verbalize(struct verbalizer *verbalizer, const struct folded *folded, const struct split *split,
              struct spoken_sentence *sentence, struct fault *fault);

#endif
