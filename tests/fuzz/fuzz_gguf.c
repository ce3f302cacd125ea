/* libFuzzer program for the reader of GGUF files: whatever the bytes, either a fault with a message or tensors
 * and tokens that lie inside the file. Built as fuzz_safetensors.c is; the corpus: tests/golden/checkpoints. */
#include "models/load/gguf.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stored_list list = {0};
    struct fault fault = {0};
    int code = gguf_read(data, size, "fuzz.gguf", "fuzz.gguf", &list, &fault);
    if (code != fault.code || (code && !fault.message[0]))
        abort();
    volatile unsigned sum = 0;
    for (size_t i = 0; i < list.count && !code; i++) {
        struct stored_statistics s;
        stored_statistics(&list.items[i], &s);
    }
    for (size_t i = 0; i < list.tokens_count && !code; i++)
        for (size_t k = 0; k < list.tokens[i].length; k++)
            sum += (unsigned char)list.tokens[i].bytes[k];
    (void)sum;
    stored_list_release(&list);
    return 0;
}
