/* libFuzzer program for a vocoder's config.json: whatever the text, a fault with a message, or a shape within its
 * ranges. Seeds: tests/golden/hifigan. */
#include "models/hifigan/hifigan.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct hifigan_config *c)
{
    if (c->mels < 1 || c->stages < 1 || c->stages > HIFIGAN_STAGES || c->blocks < 1 || c->blocks > HIFIGAN_BLOCKS ||
        c->initial_channels >> c->stages < 1 || hifigan_hop(c) < 1 || hifigan_reach(c) < 1)
        abort();
    for (int i = 0; i < c->stages; i++)
        if (c->rates[i] < 1 || c->kernels[i] < c->rates[i])
            abort();
    for (int i = 0; i < c->blocks; i++)
        if (c->block_kernels[i] < 1 || c->dilations[i] < 1 || c->dilations[i] > HIFIGAN_DILATIONS)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct hifigan_config c;
    struct fault fault = {0};
    const int code = hifigan_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code)
        check(&c);
    return 0;
}
