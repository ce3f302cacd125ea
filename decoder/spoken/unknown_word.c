#include "decoder/spoken/unknown_word.h"

#include "decoder/spoken/word_parts.h"

#include <string.h>

/* Natural logarithm of the network's probability. Below it parts are right more often: of 12 467 words that the network
 * never saw, parts alone made 32.0 % wrong, the network 31.4 %; tests/perf/bench_pronounce.c. */
static const float sure = -0.4f;

int unknown_word(const struct lexicon *lexicon, const struct letter_to_sound *network, const char *word, size_t length,
                 struct phones *phones, struct fault *fault)
{
    size_t begin = phones->count;
    float score;
    int code = letter_to_sound(network, word, length, phones, &score, fault);
    if (code || score >= sure)
        return code;
    size_t end = phones->count;
    if (word_from_parts(lexicon, word, length, phones)) {
        phones->count -= end - begin;
        memmove(phones->ids + begin, phones->ids + end, phones->count - begin);
    }
    return phones->failed ? fail_memory(fault, "a pronunciation") : 0;
}
