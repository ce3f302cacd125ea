/* formats.h - a transcript as text, JSON, subtitles or a table. docs/command.md describes each. */
#ifndef CLI_FORMATS_H
#define CLI_FORMATS_H

#include "text.h"
#include "utter.h"

#include <stdbool.h>

struct recording {
    const char *file;  /* as the user named it */
    const char *model; /* as opened */
    const struct utter_transcript *transcript;
    bool words; /* say the time of each word, too */
    bool split; /* channels were transcribed one by one: say which spoke */
};

struct format {
    const char *name;                             /* also the extension of its files */
    bool many;                                    /* several recordings may follow each other in one stream */
    bool words;                                   /* can say the time of each word */
    void (*header)(struct text *out, bool words); /* once per stream, or NULL */
    void (*body)(struct text *out, const struct recording *recording);
};

#define FORMAT_NAMES "txt|json|srt|vtt|tsv|csv|lrc"

const struct format *format_find(const char *name);

void format_txt(struct text *out, const struct recording *recording);
void format_json(struct text *out, const struct recording *recording);
void format_json_words(struct text *out, const struct utter_segment *segment); /* the key "words" of an object */
void format_srt(struct text *out, const struct recording *recording);
void format_vtt_header(struct text *out, bool words);
void format_vtt(struct text *out, const struct recording *recording);
void format_lrc(struct text *out, const struct recording *recording);
void format_tsv_header(struct text *out, bool words);
void format_tsv(struct text *out, const struct recording *recording);
void format_csv_header(struct text *out, bool words);
void format_csv(struct text *out, const struct recording *recording);

/* A field of tab-separated values: tab, line feed, carriage return and backslash become \t, \n, \r and \\. */
void tsv_field(struct text *out, const char *string);

#endif
