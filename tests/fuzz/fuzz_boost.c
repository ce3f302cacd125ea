/* fuzz_boost.c - libFuzzer: any bytes as a list of phrases, and the automaton that is made of it. */
#include "decoder/guide/boost_list.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct spelling *letters(void)
{
    static const char json[] =
        "{\"model\":{\"type\":\"Unigram\",\"unk_id\":0,\"vocab\":[[\"<unk>\",0],[\"a\",-1],[\"b\","
        "-1],[\"é\",-1],[\"手\",-1]]}}";
    static struct spelling *spelling;
    struct tokenizer *tokenizer = NULL;
    struct fault fault = {0};
    if (!spelling && !tokenizer_open(&tokenizer, json, strlen(json), "fuzz", &fault))
        spelling_open(&spelling, tokenizer, &fault);
    tokenizer_close(&tokenizer);
    return spelling;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct boost_list list;
    struct boost *boost = NULL;
    struct boosted state, next;
    struct fault fault = {0};
    if (boost_list_parse(&list, (const char *)data, size, "fuzz", &fault))
        return 0;
    if (!boost_open(&boost, letters(), NULL, list.phrases, list.count, 1.0, "fuzz, line", &fault)) {
        boost_begin(boost, &state);
        for (size_t i = 0; i < size; i++) {
            boost_extend(boost, &state, data[i] % 5, &next);
            state = next;
        }
    }
    boost_close(&boost);
    boost_list_free(&list);
    return 0;
}
