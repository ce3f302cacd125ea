/* writing.h - the options of what becomes of words before they are shown, shared by the subcommands that transcribe. */
#ifndef CLI_WRITING_H
#define CLI_WRITING_H

#include "options.h"
#include "utter.h"

struct writing {
    bool written, mask;
    const char *redact; /* NULL: nothing; "": all kinds; else their names with commas between */
    const char *mask_words;
    struct utter_text_params params; /* as filled in by writing_params */
};

#define WRITING_OPTIONS(w)                                                                                             \
    {"written", OPTION_FLAG, &(w).written, NULL, 0, 0, "numbers, dates, times, money … as people write them"},         \
        {"mask", OPTION_FLAG, &(w).mask, NULL, 0, 0, "profane words as their first letter and stars"},                 \
        {"mask-words", OPTION_TEXT, &(w).mask_words, "F", 0, 0, "instead of those, the words of a file, one a line"},  \
    {                                                                                                                  \
        "redact", OPTION_MAYBE, &(w).redact, "[=KINDS]", 0, 0,                                                         \
            "[CARD], [PHONE], [SSN] for such numbers, or for some of card,phone,ssn"                                   \
    }

/* Says no, in one sentence, to kinds to redact that there are not. Returns 0 or EXIT_USAGE. */
int writing_check_kinds(const struct usage *usage, const struct writing *w);

/* What was asked for as the library takes it, kinds checked before; NULL where nothing was. Valid as long as w. */
const struct utter_text_params *writing_params(struct writing *w);

/* Whether the model can be asked for it, said before the work begins: 0, or an exit status after a message. */
int writing_check(struct writing *w, utter_model *model, const char *language);

#endif
