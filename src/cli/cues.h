/* cues.h - subtitles: words cut into pieces that a person can read while they hear them. */
#ifndef CLI_CUES_H
#define CLI_CUES_H

#include "utter.h"

#include <stddef.h>

/* At most CUE_LINES lines of CUE_COLUMNS characters, at most CUE_SECONDS long; a single word that is longer than that
 * stays whole in width and is cut in time. */
enum { CUE_LINES = 2, CUE_COLUMNS = 42 };
#define CUE_SECONDS 7.0

struct cue {
    double start, end; /* start < end; within a channel cues do not overlap */
    int channel;
    const struct utter_word *words; /* of the transcript; NULL for a segment whose words are not known */
    size_t word_count;
    size_t line_break; /* the second line begins with this word; word_count: there is one line */
    const char *text;  /* of such a segment */
};

/* Cuts a transcript into cues in order of start; *cues is freed with free(). reserved: columns of the first line that
 * the caller fills itself. Returns how many, or (size_t)-1 when memory ran out. */
size_t cues_make(const struct utter_transcript *transcript, size_t reserved, struct cue **cues);

#endif
