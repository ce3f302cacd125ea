/* libFuzzer program for a FastSpeech's config.json: whatever the text, a fault with a message, or a shape within its
 * ranges. Seeds: tests/golden/fastspeech/{voice,before,brought}/config.json. */
#include "models/fastspeech/fastspeech.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stack(const struct fastspeech_stack *s, int hidden_size)
{
    if (s->layers < 1 || s->heads < 1 || hidden_size % s->heads || s->linear_units < 1 || s->kernel % 2 != 1)
        abort();
}

static void check_predictor(const struct fastspeech_predictor *p)
{
    if (p->layers < 1 || p->channels < 1 || p->kernel % 2 != 1)
        abort();
}

static void check(const struct fastspeech_config *c)
{
    check_stack(&c->encoder, c->hidden_size);
    check_stack(&c->decoder, c->hidden_size);
    check_predictor(&c->duration);
    check_predictor(&c->pitch);
    check_predictor(&c->energy);
    if (c->vocabulary < 1 || c->mel_bins < 1 || c->postnet_layers < 1 || c->postnet_units < 1 ||
        !(c->speaking_speed > 0) || c->speakers < 0 || c->languages < 0 || c->speaker_embed_dim < 0)
        abort();
    if (c->positionwise_kernel % 2 != 1 || c->pitch_embed_kernel % 2 != 1 || c->energy_embed_kernel % 2 != 1 ||
        c->postnet_kernel % 2 != 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fastspeech_config c;
    struct fault fault = {0};
    const int code = fastspeech_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code)
        check(&c);
    return 0;
}
