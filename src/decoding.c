#include "src/decoding.h"

#include "decoder/search/transducer.h"
#include "src/base/memory.h"
#include "src/message.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CTC_BEAM_LIMIT = 256, BEST_OF = 5, TOKENS_LIMIT = 1024, GUIDED_BEAM = 32, CTC_LM_BEAM = 64 };
/* Chosen on the development set (docs/models.md). */
static const struct fusion_params BESIDE_FRAMES = {.weight = 0.3, .bonus = 0.3, .unknown = -12.0, .letter = 0.3};
static const double BLANK_PENALTY = 0.7;
/* A decoder that writes text token by token has heard most of what a model of words knows. Measured on no published
 * weights: small, and the bonus is about what an average word costs. */
static const struct fusion_params BESIDE_WHISPER = {.weight = 0.2, .bonus = 0.8, .unknown = -4.0};
/* docs/benchmarks.md, on utterances of the grammar and of none. */
static const double GRAMMAR_THRESHOLD = 0.5;

static int check_beam(const struct utter_model *model, int beam, struct fault *fault)
{
    int limit = model->whisper ? WHISPER_BEAM_MAXIMUM : model->transducer ? TRANSDUCER_BEAM_MAXIMUM : CTC_BEAM_LIMIT;
    if (beam < 0 || beam > limit)
        return fail(fault, UTTER_ERROR_ARGUMENT, "beam is %d, and must be 0 to %d", beam, limit);
    return 0;
}

/* A search keeps no more texts than it looks at. Called when all else is read. */
static int check_nbest(const struct decoding *d, const struct utter_model *model, struct fault *fault)
{
    int most = model->whisper && d->search.best_of > d->beam ? d->search.best_of : d->beam;
    if (d->nbest >= 0 && d->nbest <= most)
        return 0;
    return fail(fault, UTTER_ERROR_ARGUMENT, "nbest is %d, and must be 0 to %d, the texts that the search looks at",
                d->nbest, most);
}

static int check_number(const char *name, double value, double least, double most, struct fault *fault)
{
    if (value >= least && value <= most)
        return 0;
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s is %g, and must be %g to %g", name, value, least, most);
}

static int check_params(const struct utter_decoding_params *p, struct fault *fault)
{
    if (check_number("patience", p->patience, 0, 100, fault) ||
        check_number("length_penalty", p->length_penalty, 0, 10, fault) ||
        check_number("best_of", p->best_of, 0, WHISPER_BEAM_MAXIMUM, fault) ||
        check_number("compression_ratio", p->compression_ratio, -1e6, 1e6, fault) ||
        check_number("log_probability", p->log_probability, -1e6, 1e6, fault) ||
        check_number("no_speech", p->no_speech, -1e6, 1e6, fault) ||
        check_number("force_tokens", p->force_tokens, 0, TOKENS_LIMIT, fault))
        return fault->code;
    if (p->temperature_count > WHISPER_TEMPERATURES_MAXIMUM)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%zu temperatures, of which there may be %d", p->temperature_count,
                    WHISPER_TEMPERATURES_MAXIMUM);
    if (!p->temperatures != !p->temperature_count)
        return fail(fault, UTTER_ERROR_ARGUMENT, "temperatures and temperature_count do not fit together");
    for (size_t i = 0; i < p->temperature_count; i++)
        if (check_number("a temperature", p->temperatures[i], 0, 10, fault))
            return fault->code;
    return 0;
}

static int read_prompt(struct decoding *d, const struct utter_model *model, const char *prompt, struct fault *fault)
{
    if (!prompt || !*prompt)
        return 0;
    /* As openai/whisper does: a space in front, so that the first word is one as it is within a text. */
    size_t length = strlen(prompt);
    char *text = memory_new(length + 2, 1);
    d->prompt = memory_new(length + 1, sizeof *d->prompt);
    if (!text || !d->prompt) {
        free(text);
        return fail_memory(fault, "a prompt");
    }
    text[0] = ' ';
    while (*prompt == ' ')
        prompt++;
    strcpy(text + 1, prompt);
    int64_t count = whisper_vocabulary_encode(model->vocabulary, text, strlen(text), d->prompt, length + 1, fault);
    free(text);
    if (count < 0)
        return (int)count;
    d->prompt_count = (size_t)count < length + 1 ? (size_t)count : length + 1;
    return 0;
}

static void fill_search(struct decoding *d, const struct utter_model *model, const struct utter_decoding_params *p)
{
    const struct whisper_config *config = whisper_get_config(model->whisper);
    struct whisper_search_params *search = &d->search;
    *search = (struct whisper_search_params){
        .text_positions = config->text_positions,
        .beam = d->beam,
        .patience = p->patience,
        .length_penalty = p->length_penalty,
        .best_of = p->best_of ? p->best_of : BEST_OF,
        .temperatures = (int)p->temperature_count,
        .compression_ratio = p->compression_ratio,
        .log_probability = p->log_probability,
        .no_speech = p->no_speech,
        .translate = p->translate != 0,
        .timestamps = !p->force_tokens, /* forced text cannot say where it ends */
        .window_seconds = config->positions * model->frame_seconds,
        .seed = p->seed,
        .force_tokens = p->force_tokens,
        .nbest = d->nbest ? d->nbest : 1,
    };
    if (d->constraint) {
        search->grammar = constraint_grammar(d->constraint);
        search->trie = constraint_tokens(d->constraint);
        search->suppress_non_speech_off = true; /* the grammar says what may be said */
        search->temperatures = search->temperatures ? search->temperatures : 1;
    }
    if (p->temperature_count)
        memcpy(search->temperature, p->temperatures, p->temperature_count * sizeof *search->temperature);
}

/* ---- grammars ---- */

static int read_grammar(struct decoding *d, const struct utter_model *model, const struct utter_decoding_params *p,
                        struct fault *fault)
{
    double threshold = p->grammar_threshold ? p->grammar_threshold : GRAMMAR_THRESHOLD;
    if (p->grammar && p->grammar_file)
        return fail(fault, UTTER_ERROR_ARGUMENT, "grammar and grammar_file are both given");
    if (check_number("grammar_threshold", threshold, -1e6, 1, fault) || (!p->grammar && !p->grammar_file))
        return fault->code;
    if (p->sequential)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a grammar is for stretches between pauses, which sequential has not");
    return constraint_open(&d->constraint, model, p->grammar, p->grammar_file, threshold, fault);
}

/* ---- phrases ---- */

/* The guide's language model is there. */
static int read_boost(struct decoding *d, const struct utter_model *model, const struct utter_decoding_params *p,
                      struct fault *fault)
{
    struct boostings *shared = d->lm ? NULL : model->boostings;
    if (boosting_open(&d->boosting, shared, p, model->spelling, d->guide.fusion, model->network != NULL, fault))
        return fault->code;
    d->guide.boost = d->boosting ? d->boosting->boost : NULL;
    d->guide.spotting = d->boosting ? d->boosting->spotting : NULL;
    return 0;
}

/* ---- language models ---- */

static int check_fusion(const struct utter_decoding_params *p, struct fault *fault)
{
    if (check_number("lm_weight", p->lm_weight, 0, 10, fault) ||
        check_number("word_bonus", p->word_bonus, -100, 100, fault) ||
        check_number("letter_bonus", p->letter_bonus, -100, 100, fault) ||
        check_number("unknown_word", p->unknown_word, -1000, 0, fault) ||
        check_number("blank_penalty", p->blank_penalty, -100, 100, fault) ||
        check_number("no_speech", p->no_speech, -1e6, 1e6, fault))
        return fault->code;
    return 0;
}

static bool names_lm(const struct utter_decoding_params *p)
{
    return p->lm && strcmp(p->lm, "none") != 0;
}

static struct fusion_params weights_of(const struct utter_decoding_params *p, struct fusion_params standard)
{
    return (struct fusion_params){.weight = p->lm_weight > 0 ? p->lm_weight : standard.weight,
                                  .bonus = p->word_bonus != 0 ? p->word_bonus : standard.bonus,
                                  .unknown = p->unknown_word < 0 ? p->unknown_word : standard.unknown,
                                  .letter = p->letter_bonus != 0 ? p->letter_bonus : standard.letter};
}

/* ---- Whisper ---- */

/* One that is asked for: no Whisper has its own. */
static int read_whisper_lm(struct decoding *d, const struct utter_model *model, const struct utter_decoding_params *p,
                           struct fault *fault)
{
    if (check_fusion(p, fault) || !names_lm(p))
        return fault->code;
    if (language_model_open(&d->lm, p->lm, model->spelling, true, fault))
        return fault->code;
    d->guide.fusion = language_model_fusion(d->lm);
    d->guide.weights = weights_of(p, BESIDE_WHISPER);
    return 0;
}

static int read_whisper(struct decoding *d, const struct utter_model *model, const char *language,
                        const struct utter_decoding_params *given, struct fault *fault)
{
    struct utter_decoding_params params;
    if (params_read(&params, sizeof params, given, "utter_decoding_params", fault) || check_params(&params, fault))
        return fault->code;
    bool multilingual = whisper_vocabulary_multilingual(model->vocabulary);
    if (params.translate && !multilingual)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "model %.200s knows English only and cannot translate",
                    model->name);
    if (!multilingual)
        d->language = -1;
    else if (language && *language)
        d->language = whisper_vocabulary_language_id(model->vocabulary, language);
    d->sequential = params.sequential != 0;
    d->forget = params.forget != 0;
    d->word_times = params.word_times != 0;
    d->drop_doubtful = params.drop_doubtful != 0;
    if (read_whisper_lm(d, model, &params, fault) || read_grammar(d, model, &params, fault))
        return fault->code;
    fill_search(d, model, &params);
    return read_boost(d, model, &params, fault) ? fault->code : read_prompt(d, model, params.prompt, fault);
}

/* ---- CTC and transducers ---- */

/* The language model asked for, or the model's own; sets the beam that goes with it where none was asked for. */
static int read_guided(struct decoding *d, const struct utter_model *model, int beam,
                       const struct utter_decoding_params *given, struct fault *fault)
{
    struct utter_decoding_params p;
    if (params_read(&p, sizeof p, given, "utter_decoding_params", fault) || check_fusion(&p, fault))
        return fault->code;
    bool none = p.lm && !names_lm(&p), boosted = p.boost || p.boost_phrases;
    if (names_lm(&p) && beam == 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a language model needs a beam of 2 or more");
    if (boosted && beam == 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "phrases to boost need a beam of 2 or more");
    if (names_lm(&p) && language_model_open(&d->lm, p.lm, model->spelling, false, fault))
        return fault->code;
    if (read_grammar(d, model, &p, fault))
        return fault->code;
    if (d->constraint && beam == 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a grammar needs a beam of 2 or more");
    const struct language_model *lm = d->lm ? d->lm : none || beam == 1 || d->constraint ? NULL : model->lm;
    const int guided = lm && !model->transducer ? CTC_LM_BEAM : lm || boosted || d->constraint ? GUIDED_BEAM : 1;
    d->beam = beam ? beam : guided;
    d->guide.fusion = lm ? language_model_fusion(lm) : NULL;
    d->guide.weights = weights_of(&p, BESIDE_FRAMES);
    d->no_speech = p.no_speech;
    d->blank_penalty = p.blank_penalty != 0 ? p.blank_penalty : lm ? BLANK_PENALTY : 0.0;
    return read_boost(d, model, &p, fault);
}

int decoding_read(struct decoding *decoding, const struct utter_model *model, int beam, int nbest, const char *language,
                  const struct utter_decoding_params *given, struct fault *fault)
{
    *decoding = (struct decoding){.beam = beam ? beam : 1, .nbest = nbest, .language = LANGUAGE_UNKNOWN};
    if (check_beam(model, beam, fault) || model_speaks(model, language, fault))
        return fault->code;
    int code = model->whisper ? read_whisper(decoding, model, language, given, fault)
                              : read_guided(decoding, model, beam, given, fault);
    if (code || check_nbest(decoding, model, fault))
        decoding_free(decoding);
    return fault->code;
}

void decoding_free(struct decoding *decoding)
{
    free(decoding->prompt);
    boosting_close(&decoding->boosting);
    language_model_close(&decoding->lm);
    constraint_close(&decoding->constraint);
    memset(decoding, 0, sizeof *decoding);
}
