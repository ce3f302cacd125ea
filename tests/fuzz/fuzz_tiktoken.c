/* fuzz_tiktoken.c - libFuzzer: any bytes as a .tiktoken file and as a tokenizer.json of a Whisper model.
 * clang -g -O1 -fsanitize=fuzzer,address,undefined -I. tests/fuzz/fuzz_tiktoken.c and the decoder and src/base sources,
 *   -lcjson -lpcre2-8 -lz -lm. Seeds: any whole file, and lines of one. */
#include "decoder/tokens/whisper_vocabulary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct whisper_vocabulary *v = NULL;
    struct fault fault = {0};
    int ids[16] = {0, 220, 50255, -1};
    char text[32];
    if (whisper_vocabulary_open_tiktoken(&v, 51864, (const char *)data, size, "fuzz", &fault))
        whisper_vocabulary_open_json(&v, 51865, (const char *)data, size, "fuzz", &fault);
    if (!v)
        return 0;
    whisper_vocabulary_decode(v, ids, 4, text, sizeof text);
    whisper_vocabulary_encode(v, text, 8, ids, 16, &fault);
    whisper_vocabulary_close(&v);
    return 0;
}
