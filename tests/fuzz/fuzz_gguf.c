/* libFuzzer program for the gguf reader: whatever the bytes, either a fault with a message or tensors whose data lie
 * inside the file. Build with -DUTTER_BUILD_FUZZERS=ON -DUTTER_SANITIZE=address,undefined and clang; start it with
 * tests/golden/checkpoints as a corpus, of which test_checkpoint_formats runs every truncation and many changes. */
#include "models/load/formats.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stored_list list = {0};
    struct facts facts = {0};
    struct fault fault = {0};
    const struct file_reader r = {data, size, "fuzz", "fuzz", &list, &facts, &fault};
    int code = gguf_read(&r);
    if (code != fault.code || (code && !fault.message[0]))
        abort();
    for (size_t i = 0; i < list.count && !code; i++) {
        struct stored_statistics s;
        stored_statistics(&list.items[i], &s);
    }
    stored_list_release(&list);
    facts_release(&facts);
    return 0;
}
