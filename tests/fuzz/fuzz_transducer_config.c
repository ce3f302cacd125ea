/* libFuzzer program for a transducer's config.json: whatever the text, a fault with a message or a shape within its
 * ranges. */
#include "models/transducer/transducer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int sound(const struct transducer_config *c)
{
    for (int i = 0; i < c->duration_count; i++)
        if (c->durations[i] < (i ? c->durations[i - 1] + 1 : 0) || c->durations[i] > TRANSDUCER_LONGEST)
            return 0;
    return c->duration_count >= 0 && c->duration_count <= TRANSDUCER_DURATIONS && c->blank < c->vocabulary &&
           c->max_symbols > 0 && c->hidden_size == c->encoder.projection && c->layers > 0 &&
           c->encoder.hidden_size % c->encoder.heads == 0 && fastconformer_frames(&c->encoder, 1) == 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct transducer_config c;
    struct fault fault = {0};
    int code = transducer_config_read(&c, (const char *)data, size, "config.json", &fault);
    if (code != fault.code || (code && !fault.message[0]) || (!code && !sound(&c)))
        abort();
    return 0;
}
