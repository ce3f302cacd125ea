/* decoding.h - how a session searches, read once from the public parameters and checked. */
#ifndef SRC_DECODING_H
#define SRC_DECODING_H

#include "decoder/guide/guide.h"
#include "decoder/search/whisper_search.h"
#include "src/boosting.h"
#include "src/constraint.h"

/* One session's. What is below passing is for Whisper models only. */
struct decoding {
    int beam;                  /* 1: greedy */
    int nbest;                 /* texts of each window to keep; 0: none */
    struct guide guide;        /* what the search asks beside the scores */
    double blank_penalty;      /* of the CTC beam */
    double no_speech;          /* all but Whisper: a probability above it is noise; 0: the model's; below: never */
    struct language_model *lm; /* of the guide; owned, where it is not the model's own */
    const struct boosting *boosting; /* the same; NULL: no phrases are listened for */
    struct constraint *constraint;   /* owned; NULL: anything may be said */
    bool passing;                    /* a tentative text, which must not decide the language of the stream, nor end */
    struct whisper_search_params search;
    bool sequential, forget, word_times, drop_doubtful;
    int language; /* id of the token of the language asked for; -1: English-only model; LANGUAGE_UNKNOWN */
    int *prompt;  /* [prompt_count], owned */
    size_t prompt_count;
};

enum { LANGUAGE_UNKNOWN = -2 };

/* language and given may be NULL; nothing of them is kept. Errors: ARGUMENT, IO, MEMORY, UNSUPPORTED. */
int decoding_read(struct decoding *decoding, const struct utter_model *model, int beam, int nbest, const char *language,
                  const struct utter_decoding_params *given, struct fault *fault);
void decoding_free(struct decoding *decoding);

#endif
