/* libFuzzer program for a model's confidence.json: whatever the text, a fault with a message, or finite weights. Seed:
 * models/default/en/confidence.json. */
#include "decoder/search/confidence.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool within_reason(const struct confidence_weights *w)
{
    return isfinite(w->bias + w->acoustic + w->mean + w->letters + w->language_model + w->known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct confidence c;
    struct fault fault = {0};
    const int code = confidence_read(&c, (const char *)data, size, "confidence.json", &fault);
    if (code != fault.code || !code != !fault.message[0])
        abort();
    if (!code && (!within_reason(&c.guided) || !within_reason(&c.alone)))
        abort();
    return 0;
}
