/* subtitles.c - SubRip (SRT), WebVTT (W3C, "WebVTT: The Web Video Text Tracks Format") and LRC lyrics. */
#include "cues.h"
#include "formats.h"

#include <math.h>
#include <stdlib.h>

/* hours:minutes:seconds and milliseconds; point divides the two. */
static void add_time(struct text *out, double seconds, char point)
{
    long long ms = seconds > 0 ? llround(seconds * 1000) : 0;
    text_format(out, "%02lld:%02lld:%02lld%c%03lld", ms / 3600000, ms / 60000 % 60, ms / 1000 % 60, point, ms % 1000);
}

static void add_range(struct text *out, const struct cue *cue, char point)
{
    double end = fmax(cue->end, cue->start + 0.001);
    add_time(out, cue->start, point);
    text_add(out, " --> ");
    add_time(out, end, point);
    text_add(out, "\n");
}

static void add_plain(struct text *out, const char *string)
{
    text_add_line(out, string);
}

/* In WebVTT & and < begin something, and a cue's text may not hold "-->". */
static void add_escaped(struct text *out, const char *string)
{
    struct text line = {0};
    text_add_line(&line, string);
    for (const char *at = line.data; at && *at; at++) {
        if (*at == '&')
            text_add(out, "&amp;");
        else if (*at == '<')
            text_add(out, "&lt;");
        else if (*at == '>')
            text_add(out, "&gt;");
        else
            text_add_bytes(out, at, 1);
    }
    out->failed = out->failed || line.failed;
    text_free(&line);
}

typedef void (*string_writer)(struct text *out, const char *string);

/* The words of a cue with its line break; before each word but the first tag may add something. */
static void add_words(struct text *out, const struct cue *cue, const char *newline, string_writer add,
                      void (*tag)(struct text *out, const struct cue *cue, size_t word))
{
    if (!cue->words)
        add(out, cue->text);
    for (size_t i = 0; i < cue->word_count; i++) {
        if (i > 0)
            text_add(out, i == cue->line_break ? newline : " ");
        if (tag)
            tag(out, cue, i);
        add(out, cue->words[i].text);
    }
}

/* Cues of a recording; reserved as in cues_make. Memory that ran out sticks to out. */
static size_t make(struct text *out, const struct recording *recording, size_t reserved, struct cue **cues)
{
    *cues = NULL;
    size_t count = cues_make(recording->transcript, reserved, cues);
    if (count != (size_t)-1)
        return count;
    out->failed = true;
    return 0;
}

void format_srt(struct text *out, const struct recording *recording)
{
    struct cue *cues;
    size_t count = make(out, recording, recording->split ? 5 : 0, &cues); /* "[12] " */
    for (size_t i = 0; i < count; i++) {
        text_format(out, "%zu\n", i + 1);
        add_range(out, &cues[i], ',');
        if (recording->split)
            text_format(out, "[%d] ", cues[i].channel);
        add_words(out, &cues[i], "\n", add_plain, NULL);
        text_add(out, "\n\n");
    }
    free(cues);
}

void format_vtt_header(struct text *out, bool words)
{
    (void)words;
    text_add(out, "WEBVTT\n\n");
}

/* A timestamp inside a cue must lie strictly between the cue's ends and after the one before it. */
static void vtt_tag(struct text *out, const struct cue *cue, size_t word)
{
    double start = cue->words[word].start;
    if (word == 0 || start < cue->words[word - 1].start + 0.001 || start < cue->start + 0.001 ||
        start > cue->end - 0.001)
        return;
    text_add(out, "<");
    add_time(out, start, '.');
    text_add(out, ">");
}

void format_vtt(struct text *out, const struct recording *recording)
{
    struct cue *cues;
    size_t count = make(out, recording, 0, &cues);
    for (size_t i = 0; i < count; i++) {
        add_range(out, &cues[i], '.');
        if (recording->split)
            text_format(out, "<v Channel %d>", cues[i].channel);
        add_words(out, &cues[i], "\n", add_escaped, recording->words ? vtt_tag : NULL);
        text_add(out, "\n\n");
    }
    free(cues);
}

static void add_lrc_time(struct text *out, double seconds, char open, char close)
{
    long long hundredths = seconds > 0 ? llround(seconds * 100) : 0;
    text_format(out, "%c%02lld:%02lld.%02lld%c", open, hundredths / 6000, hundredths / 100 % 60, hundredths % 100,
                close);
}

static void lrc_tag(struct text *out, const struct cue *cue, size_t word)
{
    add_lrc_time(out, cue->words[word].start, '<', '>');
}

void format_lrc(struct text *out, const struct recording *recording)
{
    enum { GAP_SECONDS = 2 }; /* a line without text clears the one before it, which has no end of its own */
    struct cue *cues;
    size_t count = make(out, recording, 0, &cues);
    for (size_t i = 0; i < count; i++) {
        add_lrc_time(out, cues[i].start, '[', ']');
        if (recording->split)
            text_format(out, "(%d) ", cues[i].channel);
        add_words(out, &cues[i], " ", add_plain, recording->words ? lrc_tag : NULL);
        text_add(out, "\n");
        if (i + 1 == count || cues[i + 1].start - cues[i].end > GAP_SECONDS) {
            add_lrc_time(out, cues[i].end, '[', ']');
            text_add(out, "\n");
        }
    }
    free(cues);
}
