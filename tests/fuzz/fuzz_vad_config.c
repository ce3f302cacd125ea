/* libFuzzer program for a voice activity model's config.json: whatever the text, a fault with a message, or a shape
 * within its ranges. Seed: tests/golden/vad/config.json. */
#include "models/vad/vad.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vad_config *c)
{
    if (c->mel_bins < 1 || c->hidden_size < 1 || c->look_ahead < 0 || c->taps < VAD_STEP + c->look_ahead ||
        c->blocks < 0 || c->blocks > VAD_MOST_BLOCKS)
        abort();
    for (int i = 0; i < c->blocks; i++)
        if (c->dilations[i] < 1)
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vad_config c;
    struct fault fault = {0};
    const int code = vad_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code)
        check(&c);
    return 0;
}
