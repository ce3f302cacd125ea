/* covering.h - recordings written again without the sound of what was redacted. */
#ifndef CLI_COVERING_H
#define CLI_COVERING_H

#include "options.h"
#include "utter.h"

struct covering {
    const char *path; /* of a file, or of a folder; NULL: none is written */
    const char *with; /* "silence", "beep"; NULL: silence */
    bool folder;      /* as covering_check found out */
};

#define COVERING_OPTIONS(c)                                                                                            \
    {"redact-audio",                                                                                                   \
     OPTION_TEXT,                                                                                                      \
     &(c).path,                                                                                                        \
     "FILE|D",                                                                                                         \
     0,                                                                                                                \
     0,                                                                                                                \
     "write the recording without those numbers; several into the folder D"},                                          \
    {                                                                                                                  \
        "redact-with", OPTION_CHOICE, &(c).with, "silence|beep", 0, 0, "what is heard in their place (silence)"        \
    }

/* Says no, in one sentence, to what cannot be written. Returns 0 or EXIT_USAGE. */
int covering_check(const struct usage *usage, struct covering *c, char *const *files, size_t count);
/* Makes the folder where need be. Returns 0, or an exit status after a message. */
int covering_prepare(const struct usage *usage, const struct covering *c, char *const *files, size_t count);
/* Writes one recording, as the transcript says. Where it fails message, of size bytes, becomes one sentence, and no
 * file is left. Any thread. */
void covering_write(const struct covering *c, const struct utter_source *source,
                    const struct utter_transcript *transcript, enum utter_channels channels, char *message,
                    size_t size);

#endif
