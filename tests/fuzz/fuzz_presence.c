/* libFuzzer program for a model's presence.json: whatever the text, a fault with a message, or finite weights. Seed:
 * models/default/en/presence.json. */
#include "decoder/search/presence.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within_reason(const struct presence_weights *w)
{
    return isfinite(w->bias + w->acoustic + w->letters + w->seconds + w->mass + w->entropy + w->threshold);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct presence c;
    struct fault fault = {0};
    const int code = presence_read(&c, (const char *)data, size, "presence.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code && (!within_reason(&c.guided) || !within_reason(&c.alone)))
        abort();
    return 0;
}
