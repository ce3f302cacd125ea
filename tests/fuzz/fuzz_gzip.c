/* libFuzzer program for models/load/gzip.h: whatever comes, it is unpacked to a tar archive or refused in one sentence.
 * Built as fuzz_safetensors.c is; the corpus: tests/golden/nemo, packed by gzip. */
#include "models/load/gzip.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fault fault = {0};
    void *copy = mmap(NULL, size ? size : 1, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (copy == MAP_FAILED)
        return 0;
    memcpy(copy, data, size);
    struct mapping map = {copy, size ? size : 1};
    const int code = gzip_unpack_tar(&map, "fuzz", &fault);
    if (code != fault.code || !code == !!fault.message[0] || !code == !map.data)
        abort();
    mapping_close(&map);
    return 0;
}
