/* tables.c - one row per segment, or per word: CSV as RFC 4180 has it, and TSV with the escapes of linear TSV. */
#include "formats.h"

#include <string.h>

void format_tsv_header(struct text *out, bool words)
{
    text_format(out, "file\tchannel\tstart\tend\tconfidence\t%s\n", words ? "word" : "text");
}

void format_csv_header(struct text *out, bool words)
{
    text_format(out, "file,channel,start,end,confidence,%s\r\n", words ? "word" : "text");
}

void tsv_field(struct text *out, const char *string)
{
    static const char special[] = "\t\n\r\\";
    static const char letters[] = "tnr\\";
    while (*string) {
        size_t plain = strcspn(string, special);
        text_add_bytes(out, string, plain);
        string += plain;
        if (*string)
            text_format(out, "\\%c", letters[strchr(special, *string++) - special]);
    }
}

static void csv_field(struct text *out, const char *string)
{
    if (!string[strcspn(string, ",\"\r\n")]) {
        text_add(out, string);
        return;
    }
    text_add(out, "\"");
    for (; *string; string++)
        text_add_bytes(out, *string == '"' ? "\"\"" : string, *string == '"' ? 2 : 1);
    text_add(out, "\"");
}

struct row {
    int channel;
    double start, end, confidence;
    const char *text;
};

static void tsv_row(struct text *out, const char *file, const struct row *row)
{
    tsv_field(out, file);
    text_format(out, "\t%d\t%.3f\t%.3f\t%.4f\t", row->channel, row->start, row->end, row->confidence);
    tsv_field(out, row->text);
    text_add(out, "\n");
}

static void csv_row(struct text *out, const char *file, const struct row *row)
{
    csv_field(out, file);
    text_format(out, ",%d,%.3f,%.3f,%.4f,", row->channel, row->start, row->end, row->confidence);
    csv_field(out, row->text);
    text_add(out, "\r\n");
}

typedef void (*row_writer)(struct text *out, const char *file, const struct row *row);

static void write_rows(struct text *out, const struct recording *recording, row_writer write)
{
    const struct utter_transcript *transcript = recording->transcript;
    for (size_t i = 0; i < transcript->segment_count; i++) {
        const struct utter_segment *segment = &transcript->segments[i];
        struct row row = {segment->channel, segment->start, segment->end, segment->confidence, segment->text};
        if (!recording->words)
            write(out, recording->file, &row);
        for (size_t w = 0; recording->words && w < segment->word_count; w++) {
            const struct utter_word *word = &segment->words[w];
            row = (struct row){segment->channel, word->start, word->end, word->confidence, word->text};
            write(out, recording->file, &row);
        }
    }
}

void format_tsv(struct text *out, const struct recording *recording)
{
    write_rows(out, recording, tsv_row);
}

void format_csv(struct text *out, const struct recording *recording)
{
    write_rows(out, recording, csv_row);
}
