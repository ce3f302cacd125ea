/* model.h - what a model is inside: the network, the features that it hears, and the pieces that it spells with. */
#ifndef SRC_MODEL_H
#define SRC_MODEL_H

#include "audio/logmel.h"
#include "decoder/search/confidence.h"
#include "decoder/search/presence.h"
#include "decoder/tokens/tokenizer.h"
#include "decoder/tokens/whisper_vocabulary.h"
#include "models/transducer/transducer.h"
#include "models/whisper/whisper.h"
#include "src/boosting.h"
#include "src/engine.h"
#include "src/language_model.h"

/* Far above the published ones (a config has kilobytes, the largest tokenizers some 20 MB). */
#define MODEL_CONFIG_LIMIT    ((size_t)4 << 20)
#define MODEL_TOKENIZER_LIMIT ((size_t)128 << 20)

/* Immutable once open. Of the families, one has its network and its pieces set. */
struct utter_model {
    utter_engine *engine; /* borrowed */
    char *name;           /* as opened */
    char *language;       /* "" where the model does not say, or speaks many */
    struct logmel *logmel;
    struct fastconformer *network; /* with a CTC head, … */
    struct transducer *transducer; /* … a transducer … */
    struct tokenizer *tokenizer;
    struct spelling *spelling; /* of the tokens, whichever model's */
    struct language_model *lm; /* its own; NULL: it has none */
    struct confidence confidence;
    bool calibrated; /* it has confidence, and the language model that goes with it */
    struct presence presence;
    bool tells_noise;        /* it has presence */
    struct whisper *whisper; /* … or a Whisper */
    struct whisper_vocabulary *vocabulary;
    enum tensor_type type; /* of the weights */
    const char *family;
    int vocabulary_size;
    int64_t parameters, weight_bytes;
    double frame_seconds; /* of a frame of scores, or of a position of the encoder */
    double load_seconds;
    struct passes *passes; /* what sessions share: these three are safe to use from any thread */
    struct voices *voices;
    struct boostings *boostings;
};

/* The path of a model: model itself when it has a '/' or exists (a directory, or a file of weights); else the directory
 * model in $UTTER_MODELS, where Utter is installed, or in the source tree. In memory of the caller's (free).
 * Errors: IO, MEMORY. */
int model_find(char **path, const char *model, struct fault *fault);

/* The families' loaders, each of which fills network, features, pieces, language and what the model says of itself. */
int model_load_ctc(struct utter_model *model, const char *directory, struct fault *fault);
int model_make_ctc(struct utter_model *model, const struct fastconformer_config *config, uint64_t seed,
                   struct fault *fault);
int model_load_transducer(struct utter_model *model, const char *directory, struct fault *fault);
int model_make_transducer(struct utter_model *model, const struct transducer_config *config, uint64_t seed,
                          struct fault *fault);
int model_load_whisper(struct utter_model *model, const char *directory, struct fault *fault);
/* Of one file, whose checkpoint is open: a Whisper, or one of Parakeet's in a .nemo archive. */
int model_load_whisper_file(struct utter_model *model, struct checkpoint *checkpoint, struct fault *fault);
int model_load_nemo(struct utter_model *model, const struct checkpoint *checkpoint, struct fault *fault);
int model_make_whisper(struct utter_model *model, const struct whisper_config *config, uint64_t seed,
                       struct fault *fault);

/* "language" of a config.json, or ""; the other sets it. Errors: MEMORY. */
int model_read_language(struct utter_model *model, const char *json, size_t length, struct fault *fault);
int model_set_language(struct utter_model *model, const char *language, struct fault *fault);

/* The network from its weights, and what the model says of itself, once features and pieces are there. */
int model_open_ctc(struct utter_model *model, const struct fastconformer_config *config,
                   const struct checkpoint *checkpoint, struct fault *fault);
int model_open_transducer(struct utter_model *model, const struct transducer_config *config,
                          const struct checkpoint *checkpoint, struct fault *fault);

/* What Parakeet's families share: features for a network of so many mel bins; the tokenizer and how its tokens spell,
 * where every id below vocabulary but the blank must have a piece, from a tokenizer.json's text or a directory, with
 * the directory's "lm.bin", where there is one; and all of it made up, for random weights. name: the file or directory
 * in messages. Errors: IO, MODEL, UNSUPPORTED, MEMORY. */
int parakeet_read_features(struct utter_model *model, int mel_bins, const char *directory, struct fault *fault);
int parakeet_take_pieces(struct utter_model *model, int vocabulary, int blank, const char *json, size_t length,
                         const char *name, struct fault *fault);
int parakeet_read_pieces(struct utter_model *model, int vocabulary, int blank, const char *directory,
                         struct fault *fault);
int parakeet_make(struct utter_model *model, int mel_bins, int vocabulary, struct fault *fault);

/* A tokenizer with a made-up word for each of count ids ("w7"), for random weights. */
int made_up_tokenizer(struct tokenizer **tokenizer, int count, struct fault *fault);

/* 0 when the model speaks language (NULL: whatever it speaks); else UNSUPPORTED. */
int model_speaks(const struct utter_model *model, const char *language, struct fault *fault);

#endif
