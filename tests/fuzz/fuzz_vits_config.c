/* libFuzzer program for a VITS model's config.json: whatever the text, a fault with a message, or a shape within its
 * ranges. Seeds: tests/golden/vits/NAME/config.json. */
#include "models/vits/vits.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct vits_config *c)
{
    struct vits_control control;
    vits_control_init(&control, c);
    if (c->vocabulary < 1 || c->heads < 1 || c->hidden_size % c->heads || c->window_size < 1 || c->flow_size % 2 ||
        c->decoder.mels != c->flow_size || c->duration_flows < 1 || c->spline_bins < 1 || !(c->spline_bound > 0) ||
        (c->speakers > 1 && (c->speaker_size < 1 || c->decoder.conditioning != c->speaker_size)) ||
        !(control.rate > 0) || vits_hop(c) < 1 || vits_reach(c) < 1)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vits_config c;
    struct fault fault = {0};
    const int code = vits_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code)
        check(&c);
    return 0;
}
