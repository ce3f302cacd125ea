/* libFuzzer program for a VITS vocabulary: any bytes as vocab.json, and behind the first NUL as tokenizer_config.json
 * and as a text. Seeds: tests/golden/vits/vocabulary. */
#include "decoder/tokens/vits_vocabulary.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode(const struct vits_vocabulary *v, const char *text, size_t length)
{
    struct vits_token *tokens;
    struct fault fault = {0};
    size_t count;
    if (vits_vocabulary_encode(v, text, length, &tokens, &count, &fault))
        abort();
    for (size_t i = 0; i < count; i++)
        if (tokens[i].id < 0 || (tokens[i].id && tokens[i].id >= vits_vocabulary_size(v)) || tokens[i].begin > length)
            abort();
    free(tokens);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct vits_vocabulary *v;
    struct fault fault = {0};
    const uint8_t *end = size ? memchr(data, 0, size) : NULL;
    const size_t vocab = end ? (size_t)(end - data) : size;
    const char *rest = end ? (const char *)end + 1 : NULL;
    const size_t length = end ? size - vocab - 1 : 0;
    if (vits_vocabulary_open(&v, (const char *)data, vocab, rest, length, "fuzz", &fault)) {
        if (!fault.code || !fault.message[0] || v)
            abort();
        return 0;
    }
    encode(v, (const char *)data, size);
    vits_vocabulary_close(&v);
    return 0;
}
