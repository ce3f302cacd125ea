#include "writing.h"

#include "command.h"
#include "output.h"

#include <string.h>

static const int kinds[] = {UTTER_REDACT_CARD, UTTER_REDACT_PHONE, UTTER_REDACT_SSN};

/* Of length bytes of a name; 0: there is no such kind. */
static int kind_named(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strlen(utter_redact_name(kinds[i])) == length && strncmp(utter_redact_name(kinds[i]), name, length) == 0)
            return kinds[i];
    return 0;
}

/* *bad: the first name that is none, of *length bytes; NULL: all are. */
static int read_kinds(const char *names, const char **bad, size_t *length)
{
    int wanted = 0;
    *bad = NULL;
    if (!*names)
        return UTTER_REDACT_ALL;
    for (;; names += *length + 1) {
        *length = strcspn(names, ",");
        const int kind = kind_named(names, *length);
        if (!kind) {
            *bad = names;
            return 0;
        }
        wanted |= kind;
        if (!names[*length])
            return wanted;
    }
}

int writing_check_kinds(const struct usage *usage, const struct writing *w)
{
    const char *bad = NULL;
    size_t length;
    if (w->redact)
        read_kinds(w->redact, &bad, &length);
    return bad ? usage_error(usage, "--redact=%.100s: '%.*s' is none of card, phone and ssn", w->redact,
                             (int)(length < 50 ? length : 50), bad)
               : 0;
}

const struct utter_text_params *writing_params(struct writing *w)
{
    const char *bad;
    size_t length;
    utter_text_params_init(&w->params);
    w->params.written = w->written;
    w->params.mask = w->mask || w->mask_words;
    w->params.mask_words = w->mask_words;
    w->params.redact = w->redact ? read_kinds(w->redact, &bad, &length) : 0;
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
