/* yaml.h - single values out of YAML as OmegaConf writes it: mappings in block style, lists of plain values, in block
 * or flow style. No aliases, tags or values over several lines; what is not understood is not found. */
#ifndef MODELS_LOAD_YAML_H
#define MODELS_LOAD_YAML_H

#include <stdbool.h>
#include <stddef.h>

/* The plain or quoted value under a path ("encoder.d_model"), without its quotes, terminated. False: there is none, or
 * it does not fit. */
bool yaml_text(const char *yaml, size_t length, const char *path, char *out, size_t size);

/* The whole numbers of the list under a path: how many, at most capacity; -1: no such list, or something else in it. */
int yaml_numbers(const char *yaml, size_t length, const char *path, int *out, int capacity);

#endif
