/* fuzz_checkpoint.h - what the fuzzers of the checkpoint readers ask: whatever the bytes, either a fault with a
 * message, or tensors and tokens that lie inside the file. */
#ifndef TESTS_FUZZ_FUZZ_CHECKPOINT_H
#define TESTS_FUZZ_FUZZ_CHECKPOINT_H

#include "models/load/stored_list.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef int (*checkpoint_reader)(const unsigned char *data, size_t size, const char *path, const char *file,
                                 struct stored_list *list, struct fault *fault);

static inline int fuzz_checkpoint(checkpoint_reader read, const uint8_t *data, size_t size)
{
    struct stored_list list = {0};
    struct fault fault = {0};
    int code = read(data, size, "fuzz", "fuzz", &list, &fault);
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

#endif
