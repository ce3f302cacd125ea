/* safetensors.h - the safetensors format (github.com/huggingface/safetensors, "Format"), from memory.
 *
 * 8 bytes: the header's length, little endian. Then the header, a JSON object
 *     {"NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [BEGIN, END]}, …, "__metadata__": {…}}
 * with offsets counted from the header's end. Then the data: the tensors cover it with no overlap and no hole. */
#ifndef MODELS_LOAD_SAFETENSORS_H
#define MODELS_LOAD_SAFETENSORS_H

#include "models/load/checkpoint.h"

/* Tensors of one or more files; the names are the list's own. */
struct stored_list {
    struct stored_tensor *items;
    size_t count, capacity;
};

/* Appends the tensors of the size bytes at data, after checking every number in the header against them.
 * path names the file in messages; file becomes stored_tensor.file and must live as long as the list.
 * On an error the list holds some of the tensors and is still to be released. Errors: MODEL, UNSUPPORTED, MEMORY. */
int safetensors_read(const unsigned char *data, size_t size, const char *path, const char *file,
                     struct stored_list *list, struct fault *fault);
void stored_list_release(struct stored_list *list);

/* A tensor's name fit for a message: at most 100 characters, anything that is not printable ASCII as '?'. */
enum { NAME_SHOWN = 104 };
const char *name_for_message(char out[NAME_SHOWN], const char *name);

#endif
