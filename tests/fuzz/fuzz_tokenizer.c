/* fuzz_tokenizer.c - libFuzzer: any bytes as a tokenizer.json, and what opens is used.
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/fuzz_tokenizer.c decoder/*.c decoder/tokens/*.c
 *   src/base/error.c src/base/memory.c -lcjson -lpcre2-8 -lm
 * Seeds: tests/golden/tokenizers. */
#include "decoder/tokens/tokenizer.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tokenizer *t = NULL;
    struct fault fault = {0};
    static const char text[] = "The caf\xC3\xA9 <s> isn't 12  far\xF0\x9F\x99\x82.";
    int ids[64] = {-1, 0, 1, 2, 3, 1 << 30};
    char out[32];
    if (tokenizer_open(&t, (const char *)data, size, "fuzz", &fault))
        return 0;
    tokenizer_decode(t, ids, 6, out, sizeof out);
    int64_t count = tokenizer_encode(t, text, sizeof text - 1, ids, 64, &fault);
    if (count > 0)
        tokenizer_decode(t, ids, (size_t)(count < 64 ? count : 64), out, sizeof out);
    for (int id = -1; id < 8; id++)
        (void)(tokenizer_piece(t, id) && tokenizer_begins_word(t, id) && tokenizer_special(t, id));
    tokenizer_find(t, "<s>");
    tokenizer_close(&t);
    return 0;
}
