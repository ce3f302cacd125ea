/* libFuzzer program for a SpeechT5's config.json: whatever the text, a fault with a message, or a shape within its
 * ranges. Seeds: tests/golden/speecht5/{plain,other}/config.json. */
#include "models/speecht5/speecht5.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_stack(const struct speecht5_stack *s, int hidden_size)
{
    if (s->layers < 1 || s->heads < 1 || hidden_size % s->heads || s->ffn_dim < 1)
        abort();
}

static void check(const struct speecht5_config *c)
{
    check_stack(&c->encoder, c->hidden_size);
    check_stack(&c->decoder, c->hidden_size);
    if (c->vocabulary < 1 || c->mel_bins < 1 || c->max_relative_position < 1 || c->reduction_factor < 1 ||
        c->prenet_layers < 1 || c->speaker_embedding_dim < 1 || c->postnet_layers < 1 || c->postnet_kernel % 2 != 1)
        abort();
    if (!(c->prenet_dropout >= 0 && c->prenet_dropout < 1) || speecht5_most_frames(c, 1, NULL) < c->reduction_factor)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct speecht5_config c;
    struct fault fault = {0};
    const int code = speecht5_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code)
        check(&c);
    return 0;
}
