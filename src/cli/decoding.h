/* decoding.h - the options of how a Whisper's text is searched for, shared by the subcommands that transcribe. */
#ifndef CLI_DECODING_H
#define CLI_DECODING_H

#include "options.h"
#include "utter.h"

struct decoding {
    bool translate, sequential, forget, once, drop_doubtful;
    bool live;
    struct utter_live_params live_params; /* as filled in by decoding_params */
    const char *prompt;
    double patience, length_penalty, temperature;
    int best_of, batch;
    int force_tokens;
    const char *lm;
    double lm_weight, word_bonus, letter_bonus, unknown_word, blank_penalty;
    const char *grammar;
    double grammar_threshold;
    const char *boost;
    double boost_weight;
    double no_speech;
    double temperatures[6]; /* as filled in by decoding_params */
};

#define DECODING_OPTIONS(d)                                                                                            \
    {"translate", OPTION_FLAG, &(d).translate, NULL, 0, 0, "Whisper: into English"},                                   \
        {"sequential",                                                                                                 \
         OPTION_FLAG,                                                                                                  \
         &(d).sequential,                                                                                              \
         NULL,                                                                                                         \
         0,                                                                                                            \
         0,                                                                                                            \
         "Whisper: window after window, each prompted with the text before"},                                          \
        {"forget", OPTION_FLAG, &(d).forget, NULL, 0, 0, "Whisper: with --sequential, without the text before"},       \
        {"prompt", OPTION_TEXT, &(d).prompt, "TEXT", 0, 0, "Whisper: text that the recording is to follow"},           \
        {"patience", OPTION_NUMBER, &(d).patience, "P", 0.01, 100, "Whisper: beam search ends at beam x P texts"},     \
        {"length-penalty", OPTION_NUMBER, &(d).length_penalty, "A", 0, 10, "Whisper: exponent (default: mean)"},       \
        {"best-of", OPTION_INTEGER, &(d).best_of, "N", 1, 64, "Whisper: samples above temperature 0 (default: 5)"},    \
        {"temperature", OPTION_NUMBER, &(d).temperature, "T", 0, 1, "Whisper: the first to try (default: 0)"},         \
        {"once", OPTION_FLAG, &(d).once, NULL, 0, 0, "Whisper: no other temperature after the first"},                 \
        {"drop-doubtful", OPTION_FLAG, &(d).drop_doubtful, NULL, 0, 0, "Whisper: leave text out that it doubts"},      \
    {                                                                                                                  \
        "force-tokens", OPTION_INTEGER, &(d).force_tokens, "N", 1, 224, "Whisper: so many per window, to time it"      \
    }

#define LM_OPTIONS(d)                                                                                                  \
    {"lm",                                                                                                             \
     OPTION_TEXT,                                                                                                      \
     &(d).lm,                                                                                                          \
     "none|FILE",                                                                                                      \
     0,                                                                                                                \
     0,                                                                                                                \
     "language model beside the search, from utter lm build (default: the model's own, if any)"},                      \
        {"lm-weight", OPTION_NUMBER, &(d).lm_weight, "W", 0.001, 10, "of its log probabilities"},                      \
        {"word-bonus", OPTION_NUMBER, &(d).word_bonus, "B", -100, 100, "with a language model, for each word"},        \
        {"letter-bonus", OPTION_NUMBER, &(d).letter_bonus, "B", -100, 100, "… each letter of one that it knows"},      \
        {"unknown-word", OPTION_NUMBER, &(d).unknown_word, "B", -1000, 0, "… for each word that it does not know"},    \
    {                                                                                                                  \
        "blank-penalty", OPTION_NUMBER, &(d).blank_penalty, "P", -100, 100, "beam: on saying nothing, in every frame"  \
    }

#define GRAMMAR_OPTIONS(d)                                                                                             \
    {"grammar", OPTION_TEXT, &(d).grammar, "FILE", 0, 0, "only sentences of this grammar (GBNF), or nothing"},         \
    {                                                                                                                  \
        "grammar-threshold", OPTION_NUMBER, &(d).grammar_threshold, "P", 0.0001, 1,                                    \
            "confidence below which a sentence is no match (default: 0.5)"                                             \
    }

#define BOOST_OPTIONS(d)                                                                                               \
    {"boost", OPTION_TEXT, &(d).boost, "FILE", 0, 0, "phrases to listen for, one a line (tab, weight)"},               \
    {                                                                                                                  \
        "boost-weight", OPTION_NUMBER, &(d).boost_weight, "W", 0.001, 20, "for each letter of them, natural log"       \
    }

#define NO_SPEECH_OPTION(d)                                                                                            \
    {                                                                                                                  \
        "no-speech", OPTION_NUMBER, &(d).no_speech, "P", -1, 1,                                                        \
            "probability above which text is left out as made of noise (default: the model's; -1: never)"              \
    }

#define BATCH_OPTION(d)                                                                                                \
    {                                                                                                                  \
        "batch", OPTION_INTEGER, &(d).batch, "N", 1, 256, "windows per pass (default: chosen for throughput)"          \
    }

#define LIVE_OPTION(d)                                                                                                 \
    {                                                                                                                  \
        "live", OPTION_FLAG, &(d).live, NULL, 0, 0, "cut and committed as a live session would"                        \
    }

/* Fills params, whose pointers lead into d, and d's live parameters. word_times: as in the public struct. */
void decoding_params(struct decoding *d, bool word_times, struct utter_decoding_params *params);

/* The first option given that only Whisper models take, without its dashes; NULL: none. */
const char *decoding_given(const struct decoding *d);

/* Says no, in one sentence, when the model takes no such option. Returns 0 or EXIT_USAGE. */
int decoding_check(const struct usage *usage, const struct decoding *d, const struct utter_model_info *info);

/* Opens the language model, the phrases and the grammar asked for once, so that a bad one is one sentence and not one
 * for each recording. params: as filled by decoding_params. Returns 0, or an exit status after a message. */
int decoding_check_files(const struct usage *usage, const struct decoding *d, int beam, utter_model *model,
                         const struct utter_decoding_params *params);

#endif
