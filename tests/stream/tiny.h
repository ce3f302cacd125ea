/* tiny.h - the model of golden/tones, for tests of the public functions. */
#ifndef TESTS_STREAM_TINY_H
#define TESTS_STREAM_TINY_H

#include "src/include/utter.h"

#include <stdio.h>

static inline const char *tiny_model_directory(void)
{
    return TEST_DATA "/golden/tones";
}

/* In f32, so that what should be equal is; NULL, and why on stderr, when it cannot be opened. */
static inline utter_model *tiny_model(utter_engine *engine)
{
    utter_model *model = NULL;
    struct utter_model_params params;
    utter_model_params_init(&params);
    params.precision = UTTER_PRECISION_F32;
    if (utter_model_open(engine, tiny_model_directory(), &params, &model))
        fprintf(stderr, "%s\n", utter_error_message());
    return model;
}

/* The model on an engine of two threads, for a group of tests. Returns 0 or -1. */
static inline int tiny_open(utter_engine **engine, utter_model **model)
{
    struct utter_engine_params params;
    utter_engine_params_init(&params);
    params.threads = 2;
    if (utter_engine_open(engine, &params))
        return -1;
    *model = tiny_model(*engine);
    return *model ? 0 : -1;
}

#endif
