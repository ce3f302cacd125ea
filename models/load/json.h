/* json.h - JSON of files that nobody vouches for: looked over before cJSON builds a tree of it. */
#ifndef MODELS_LOAD_JSON_H
#define MODELS_LOAD_JSON_H

#include "src/base/error.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Parses length bytes of text into a tree that the caller frees with cJSON_Delete, or returns NULL with the fault set.
 * Refused before a node is built: nesting deeper than 64 (cJSON descends on the machine's stack), more than 2 million
 * values (a node takes 64 bytes, 30 times the two that the text may spend on it), and NUL, raw or written \u0000, which
 * would cut a name short. name: what messages call the text. Errors: MODEL, MEMORY. */
cJSON *json_parse(const char *text, size_t length, const char *name, struct fault *fault);

/* Whether the value is a whole number from 0 to 2^53, below which a double holds every one. */
bool json_whole(const cJSON *value, int64_t *out);

#endif
