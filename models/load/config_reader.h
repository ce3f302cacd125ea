/* config_reader.h - fields of a config.json, each checked against a range before it is used. */
#ifndef MODELS_LOAD_CONFIG_READER_H
#define MODELS_LOAD_CONFIG_READER_H

#include "models/load/json.h"

struct config_reader {
    const char *name; /* the file, in messages */
    struct fault *fault;
};

/* A whole number from minimum to maximum; an absent key leaves *value, the default. Errors: MODEL. */
int config_number(const struct config_reader *reader, const cJSON *object, const char *key, int minimum, int maximum,
                  int *value);

#endif
