/* safetensors.h - the safetensors format (github.com/huggingface/safetensors, "Format"), from memory.
 *
 * 8 bytes: the header's length, little endian. Then the header, a JSON object
 *     {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [BEGIN, END]}, …, "__metadata__": {…}}
 * with offsets counted from the header's end. Then the data: the tensors cover it with no overlap and no hole. */
#ifndef MODELS_LOAD_SAFETENSORS_H
#define MODELS_LOAD_SAFETENSORS_H

#include "models/load/stored_list.h"

/* Appends the tensors of the size bytes at data, after checking every number in the header against them.
 * path names the file in messages; file becomes stored_tensor.file and must live as long as the list.
 * On an error the list holds some of the tensors and is still to be released. Errors: MODEL, UNSUPPORTED, MEMORY. */
int safetensors_read(const unsigned char *data, size_t size, const char *path, const char *file,
                     struct stored_list *list, struct fault *fault);

#endif
