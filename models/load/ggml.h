/* ggml.h - the ggml-*.bin files of whisper.cpp (models/convert-pt-to-ggml.py there writes them), from memory.
 *
 * Numbers are little endian, floats IEEE, nothing is aligned:
 *     uint32 0x67676d6c
 *     int32  n_vocab n_audio_ctx n_audio_state n_audio_head n_audio_layer n_text_ctx n_text_state n_text_head
 *            n_text_layer n_mels ftype
 *     int32  n_mel n_fft, then the mel filters: float [n_mel, n_fft]
 *     int32  number of tokens, then each: uint32 length, bytes
 *     and to the end of the file tensors: int32 rank (1 to 4), length of the name, type; int32 dimensions, innermost
 *            first; the name; the data
 * Silero VAD in this form has another head: int32 10, "silero-16k"; int32 version (3), window, context, number of
 * layers, and of each in, out and kernel; in, hidden, in and out of what follows. Its tensors may have rank 0. The
 * biases of the convolutions are stored as [n, 1]; they get the shape [n] that everything else gives them. */
#ifndef MODELS_LOAD_GGML_H
#define MODELS_LOAD_GGML_H

#include "models/load/stored_list.h"

/* Appends the tensors, and sets the hyperparameters and the tokens, of the size bytes at data; a file with no tensors
 * is fine. The rest as safetensors_read. Errors: MODEL, UNSUPPORTED, MEMORY. */
int ggml_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
              struct fault *fault);

/* For GGUF as well: ggml's number of an element type; false when we do not read it. */
bool ggml_type(uint32_t number, enum stored_type *type);
/* A bias that has dimensions of 1 beside its length loses them. */
void ggml_flatten_bias(struct stored_tensor *t, const char *name, size_t length);

#endif
