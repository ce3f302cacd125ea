/* libFuzzer program for the reader of models/load/nemo.h (fuzz_checkpoint.h says what must hold). Built as
 * fuzz_safetensors.c is; the corpus: tests/golden/nemo. */
#include "models/load/nemo.h"
#include "tests/fuzz/fuzz_checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return fuzz_checkpoint(nemo_read, data, size);
}
