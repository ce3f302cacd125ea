/* libFuzzer program for config.json: whatever the text, a fault with a message or a shape within its ranges. */
#include "models/fastconformer/fastconformer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fastconformer_config c;
    struct fault fault = {0};
    int code = fastconformer_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || (code && !fault.message[0]))
        abort();
    if (!code && (c.hidden_size % c.heads || c.blank >= c.vocabulary || fastconformer_frames(&c, 1) != 1))
        abort();
    return 0;
}
