/* libFuzzer program for the safetensors reader: whatever the bytes, either a fault with a message or tensors whose data
 * lie inside the file. Build with -DUTTER_BUILD_FUZZERS=ON -DUTTER_SANITIZE=address,undefined and clang; start it with
 * the files of tests/golden/fastconformer_sharded as a corpus. */
#include "models/load/safetensors.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct stored_list list = {0};
    struct fault fault = {0};
    int code = safetensors_read(data, size, "fuzz.safetensors", "fuzz.safetensors", &list, &fault);
    if (code != fault.code || (code && !fault.message[0]))
        abort();
    for (size_t i = 0; i < list.count && !code; i++) {
        struct stored_statistics s;
        stored_statistics(&list.items[i], &s);
    }
    stored_list_release(&list);
    return 0;
}
