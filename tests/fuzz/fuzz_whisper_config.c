/* libFuzzer program for a Whisper's config.json and generation_config.json: whatever the text, a fault with a message,
 * or a shape within its ranges whose alignment heads it has. Seeds: tests/golden/whisper/small/config.json, and
 * {"alignment_heads":[[1,0]]}. */
#include "models/whisper/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct whisper_config *c)
{
    if (c->decoder_layers < 1 || c->decoder_layers > WHISPER_LAYERS_MAXIMUM || c->width % c->encoder_heads ||
        c->width % c->decoder_heads || c->decoder_heads > WHISPER_HEADS_MAXIMUM)
        abort();
    for (int layer = 0; layer < WHISPER_LAYERS_MAXIMUM; layer++)
        if (c->alignment[layer] && (layer >= c->decoder_layers || (uint64_t)c->alignment[layer] >> c->decoder_heads))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct whisper_config c;
    struct fault fault = {0};
    int code = whisper_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (code)
        whisper_config_named(&c, "whisper-tiny");
    check(&c);
    fault_clear(&fault);
    code = whisper_config_read_alignment(&c, (const char *)data, size, "generation_config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    check(&c);
    return 0;
}
