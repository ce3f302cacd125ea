/* voice.h - what a voice is inside: an acoustic model, a vocoder, and what turns text into the model's tokens. */
#ifndef SRC_SPEAK_VOICE_H
#define SRC_SPEAK_VOICE_H

#include "decoder/spoken/pronounce.h"
#include "decoder/spoken/spoken_rules.h"
#include "src/engine.h"
#include "src/speak/renderer.h"

struct voice_family;

/* Items [first, end) of a sentence, with the phones of all of its items where the voice has a pronouncer. */
struct breath {
    const struct spoken_sentence *sentence;
    const struct pronunciation *pronunciation;
    size_t first, end;
};

/* Immutable once open. */
struct utter_voice {
    utter_engine *engine; /* borrowed */
    char *name;           /* as opened */
    char *language;       /* BCP 47 */
    const struct voice_family *family;
    void *parts;                   /* the family's */
    bool english;                  /* its text is normalised as English */
    struct pronouncer *pronouncer; /* English; NULL: the voice is given letters, or another language */
    struct say_rules *rules;       /* by which all of its speeches read text */
    enum tensor_type type;         /* of the weights */
    int64_t parameters, weight_bytes;
    int sample_rate, hop; /* Hz; samples per frame */
    int speakers;
    char **speaker_names; /* [speakers], NULL for one without; NULL: they have none */
    float *speaker_hertz; /* [speakers], what they speak at on average; NULL: it is not known */
    double load_seconds;
};

/* Whence a voice comes: a directory, or a made-up shape (directory NULL). */
struct voice_source {
    const char *directory;
    const char *shape;
    uint64_t seed;
    const struct utter_voice_params *params;
};

/* A family: how its voices are opened, how they spell, how they are rendered. */
struct voice_family {
    const char *name; /* "fastspeech2-conformer" */
    /* Whether a config.json's model_type, or the name of a made-up shape, is the family's. */
    bool (*is_type)(const char *model_type);
    bool (*is_shape)(const char *shape);
    /* Fills the voice's parts, pronouncer, rates and counts. What it has opened is closed by close, even after a
     * failure. */
    int (*open)(struct utter_voice *voice, const struct voice_source *source, struct fault *fault);
    void (*close)(struct utter_voice *voice);
    /* Makes the tokens of a part of a sentence in which is no break. Adds none where nothing in it can be said. */
    int (*spell)(const struct utter_voice *voice, const struct breath *breath, struct utterance *utterance,
                 struct fault *fault);
    int (*renderer_open)(struct renderer **renderer, const struct utter_voice *voice, struct fault *fault);
};

extern const struct voice_family fastspeech_family, speecht5_family, vits_family;

/* Errors: MEMORY. */
int voice_set_language(struct utter_voice *voice, const char *language, struct fault *fault);

/* The English pronouncer that ships, with the words of a user's lexicon (NULL: none) before it. */
int voice_open_pronouncer(struct utter_voice *voice, const char *lexicon, struct fault *fault);

#endif
