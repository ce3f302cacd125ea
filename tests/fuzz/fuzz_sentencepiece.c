/* libFuzzer program for SentencePiece's model files: whatever the bytes, a fault with a message, or a model that gives
 * ids of its own for whatever text. Seeds: tests/golden/sentencepiece, the files NAME.model. */
#include "decoder/tokens/sentencepiece.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct sentencepiece *m, const char *text, size_t length)
{
    int ids[64];
    struct fault fault = {0};
    const int64_t count = sentencepiece_encode(m, text, length, ids, 64, &fault);
    if (count < 0 && (count != fault.code || sentencepiece_model(m) == SENTENCEPIECE_CHARACTERS))
        abort();
    for (int i = 0; i < count && i < 64; i++)
        if (ids[i] < 0 || ids[i] >= sentencepiece_size(m))
            abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char text[] = "  The sea,  caf\xC3\xA9 \xE2\x80\xA6 office \xFF<laugh> ab ";
    struct sentencepiece *m;
    struct fault fault = {0};
    const int code = sentencepiece_open(&m, data, size, "fuzz.model", &fault);
    if (code != fault.code || !code != !fault.message[0] || !code != !!m)
        abort();
    if (code)
        return 0;
    encode(m, text, sizeof text - 1);
    encode(m, (const char *)data, size < 200 ? size : 200);
    for (int id = 0; id < sentencepiece_size(m); id++)
        if (sentencepiece_find(m, sentencepiece_piece(m, id)) != id)
            abort();
    sentencepiece_close(&m);
    return 0;
}
