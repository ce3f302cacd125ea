/* gguf.h - GGUF of versions 2 and 3 (github.com/ggml-org/ggml, docs/gguf.md), from memory.
 *
 * Numbers are little endian; a string is a uint64 length and that many bytes:
 *     "GGUF", uint32 version, uint64 number of tensors, uint64 number of keys
 *     keys: string name, uint32 type, the value; an array is uint32 type, uint64 count, the elements
 *     tensors: string name, uint32 rank (0 to 4), uint64 dimensions, innermost first, uint32 type, uint64 offset
 *     padding to general.alignment (32 where it is absent), from where offsets count; each is a multiple of it
 *
 * Hyperparameters are whole numbers under whisper.encoder.X or whisper.decoder.X, X being context_length,
 * embedding_length, attention.head_count or block_count; under whisper.encoder.mels_count and whisper.vocab_size (or
 * whisper.decoder.vocab_size); and under any key whose last part is one of OpenAI's names, such as n_mels or
 * whisper.n_mels. Tokens are tokenizer.ggml.tokens; where tokenizer.ggml.model is gpt2, whose vocabularies spell each
 * byte as a printable character, they are turned back into bytes. Everything else is stepped over. */
#ifndef MODELS_LOAD_GGUF_H
#define MODELS_LOAD_GGUF_H

#include "models/load/stored_list.h"

/* As ggml_read. Arrays within arrays are refused beyond a depth of 4. Biases lose dimensions of 1 as ggml's do. */
int gguf_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
              struct fault *fault);

#endif
