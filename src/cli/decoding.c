/* decoding.c - see decoding.h. */
#include "decoding.h"

#include "command.h"
#include "output.h"

#include <string.h>

static const double temperature_step = 0.2;

void decoding_params(struct decoding *d, bool word_times, struct utter_decoding_params *params)
{
    size_t count = 0;
    utter_decoding_params_init(params);
    utter_live_params_init(&d->live_params);
    for (double t = d->temperature; count < 6 && t < 1 + 1e-6; t += temperature_step) {
        d->temperatures[count++] = t;
        if (d->once)
            break;
    }
    params->temperatures = d->temperatures;
    params->temperature_count = count;
    params->translate = d->translate;
    params->sequential = d->sequential;
    params->forget = d->forget;
    params->prompt = d->prompt;
    params->patience = d->patience;
    params->length_penalty = d->length_penalty;
    params->best_of = d->best_of;
    params->drop_doubtful = d->drop_doubtful;
    params->force_tokens = d->force_tokens;
    params->word_times = word_times;
    params->lm = d->lm;
    params->lm_weight = d->lm_weight;
    params->word_bonus = d->word_bonus;
    params->letter_bonus = d->letter_bonus;
    params->unknown_word = d->unknown_word;
    params->blank_penalty = d->blank_penalty;
    params->grammar_file = d->grammar;
    params->grammar_threshold = d->grammar_threshold;
    params->boost = d->boost;
    params->boost_weight = d->boost_weight;
    params->no_speech = d->no_speech;
}

const char *decoding_given(const struct decoding *d)
{
    const struct {
        bool given;
        const char *name;
    } options[] = {
        {d->translate, "translate"},
        {d->sequential, "sequential"},
        {d->forget, "forget"},
        {d->prompt != NULL, "prompt"},
        {d->patience > 0, "patience"},
        {d->length_penalty > 0, "length-penalty"},
        {d->best_of > 0, "best-of"},
        {d->temperature > 0, "temperature"},
        {d->once, "once"},
        {d->drop_doubtful, "drop-doubtful"},
        {d->force_tokens > 0, "force-tokens"},
    };
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (options[i].given)
            return options[i].name;
    return NULL;
}

int decoding_check(const struct usage *usage, const struct decoding *d, const struct utter_model_info *info)
{
    const char *given = decoding_given(d);
    if (!given || strcmp(info->family, "whisper") == 0)
        return 0;
    return usage_error(usage, "--%s: only Whisper models take it, and %.200s is a %s", given, info->name, info->family);
}

/* A search without a beam has no room for either; a Whisper's has. */
static int check_beam(const struct usage *usage, const struct decoding *d)
{
    if (d->lm && strcmp(d->lm, "none") != 0)
        return usage_error(usage, "--lm %.200s: a language model needs a --beam of 2 or more", d->lm);
    if (d->boost)
        return usage_error(usage, "--boost %.200s: phrases to listen for need a --beam of 2 or more", d->boost);
    return 0;
}

int decoding_check_files(const struct usage *usage, const struct decoding *d, int beam, utter_model *model,
                         const struct utter_decoding_params *params)
{
    struct utter_session_params session_params;
    struct utter_model_info info = {.struct_size = sizeof info};
    utter_session *session = NULL;
    if (!d->grammar && !d->boost && (!d->lm || strcmp(d->lm, "none") == 0))
        return 0;
    utter_model_get_info(model, &info);
    bool whisper = info.family && strcmp(info.family, "whisper") == 0;
    int status = beam == 1 && !whisper ? check_beam(usage, d) : 0;
    if (status)
        return status;
    utter_session_params_init(&session_params);
    session_params.beam = beam;
    session_params.batch = 1;
    session_params.decoding = params;
    int error = utter_session_open(model, &session_params, &session);
    if (error)
        complain("%s", utter_error_message());
    utter_session_close(&session);
    return error == UTTER_ERROR_ARGUMENT ? EXIT_USAGE : error ? EXIT_SOME_FAILED : 0;
}
