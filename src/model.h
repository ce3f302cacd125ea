/* model.h - what a model is inside: the network, the features that it hears, and the pieces that it spells with. */
#ifndef SRC_MODEL_H
#define SRC_MODEL_H

#include "audio/logmel.h"
#include "decoder/tokenizer.h"
#include "models/fastconformer/fastconformer.h"
#include "src/engine.h"

/* Immutable once open. */
struct utter_model {
    utter_engine *engine; /* borrowed */
    char *name;           /* as opened */
    char *language;       /* "" where the model does not say */
    struct fastconformer *network;
    struct logmel *logmel;
    struct tokenizer *tokenizer;
    enum tensor_type type; /* of the weights */
    double frame_seconds;  /* of a frame of scores */
    double load_seconds;
};

/* The directory of a model: model itself when it has a '/' or exists; else model in $UTTER_MODELS, where Utter is
 * installed, or in the source tree. In memory of the caller's (free). Errors: IO, MEMORY. */
int model_find(char **directory, const char *model, struct fault *fault);

/* A tokenizer with a made-up word for each of count ids ("w7"), for random weights. */
int made_up_tokenizer(struct tokenizer **tokenizer, int count, struct fault *fault);

/* 0 when the model speaks language (NULL: whatever it speaks); else UNSUPPORTED. */
int model_speaks(const struct utter_model *model, const char *language, struct fault *fault);

#endif
