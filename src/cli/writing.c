#include "writing.h"

#include "command.h"
#include "output.h"

const struct utter_text_params *writing_params(struct writing *w)
{
    utter_text_params_init(&w->params);
    w->params.written = w->written;
    w->params.mask = w->mask || w->mask_words;
    w->params.mask_words = w->mask_words;
    w->params.redact = w->redact ? UTTER_REDACT_ALL : 0;
    return w->params.written || w->params.mask || w->params.redact ? &w->params : NULL;
}

int writing_check(struct writing *w, utter_model *model, const char *language)
{
    struct utter_session_params params;
    utter_session *session = NULL;
    utter_session_params_init(&params);
    params.beam = 1;
    params.batch = 1;
    params.language = language;
    params.text = writing_params(w);
    if (!params.text)
        return 0;
    int error = utter_session_open(model, &params, &session);
    if (error)
        complain("%s", utter_error_message());
    utter_session_close(&session);
    return error ? EXIT_SOME_FAILED : 0;
}
