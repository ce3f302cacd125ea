/* fuzz_ngram.c - libFuzzer: any bytes as a language model of our own, and as an ARPA file. Seeds: tests/golden/ngram.
 */
#include "decoder/guide/ngram.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void query(const void *bytes, size_t size)
{
    struct ngram *g = NULL;
    struct fault fault = {0};
    struct ngram_state state;
    if (ngram_open(&g, bytes, size, "fuzz", &fault))
        return;
    uint32_t words = ngram_words(g);
    ngram_begin(g, &state);
    for (uint32_t word = 0; word < words && word < 64; word++)
        ngram_score(g, &state, word * 7 % words, &state);
    struct ngram_prefix a = ngram_narrow(g, (struct ngram_prefix){0, words, 0}, "a", 1);
    ngram_whole(g, a);
    ngram_best(g, a);
    ngram_find(g, "and", 3);
    ngram_close(&g);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault fault = {0};
    void *made = NULL;
    size_t length = 0;
    query(data, size);
    if (ngram_parse_arpa(data, size, "fuzz", size % 2, &made, &length, &fault) == 0)
        query(made, length);
    free(made);
    return 0;
}
