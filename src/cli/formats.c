/* formats.c - the table of output formats, and the two that need no file of their own. */
#include "formats.h"

#include "json.h"

#include <string.h>

static const struct format formats[] = {
    {"txt", true, true, NULL, format_txt},
    {"json", true, true, NULL, format_json},
    {"srt", false, false, NULL, format_srt},
    {"vtt", false, true, format_vtt_header, format_vtt},
    {"tsv", true, true, format_tsv_header, format_tsv},
    {"csv", true, true, format_csv_header, format_csv},
    {"lrc", false, true, NULL, format_lrc},
};

const struct format *format_find(const char *name)
{
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

void format_txt(struct text *out, const struct recording *recording)
{
    const struct utter_transcript *transcript = recording->transcript;
    bool first = true;
    if (!recording->words)
        text_add_line(out, transcript->text);
    for (size_t i = 0; recording->words && i < transcript->segment_count; i++) {
        const struct utter_segment *segment = &transcript->segments[i];
        for (size_t w = 0; w < segment->word_count; w++, first = false) {
            text_add(out, first ? "" : " ");
            text_add_line(out, segment->words[w].text);
            text_format(out, "[%.2f-%.2f]", segment->words[w].start, segment->words[w].end);
        }
    }
    text_add(out, "\n");
}

static void add_word(struct text *out, const struct utter_word *word)
{
    json_item(out);
    json_begin(out, '{');
    json_key_string(out, "word", word->text);
    json_key_number(out, "start", word->start, 3);
    json_key_number(out, "end", word->end, 3);
    json_key_number(out, "confidence", word->confidence, 4);
    json_end(out, '}');
}

void format_json_words(struct text *out, const struct utter_segment *segment)
{
    json_key(out, "words");
    json_begin(out, '[');
    for (size_t i = 0; i < segment->word_count; i++)
        add_word(out, &segment->words[i]);
    json_end(out, ']');
}

static void add_segment(struct text *out, const struct utter_segment *segment)
{
    json_item(out);
    json_begin(out, '{');
    json_key_number(out, "start", segment->start, 3);
    json_key_number(out, "end", segment->end, 3);
    json_key_integer(out, "channel", segment->channel);
    json_key_string(out, "text", segment->text);
    json_key_number(out, "confidence", segment->confidence, 4);
    format_json_words(out, segment);
    json_end(out, '}');
}

static void add_dropped(struct text *out, const struct utter_dropped *dropped)
{
    json_item(out);
    json_begin(out, '{');
    json_key_number(out, "start", dropped->start, 3);
    json_key_number(out, "end", dropped->end, 3);
    json_key_integer(out, "channel", dropped->channel);
    json_key_string(out, "reason", utter_reason_name(dropped->reason));
    json_key_string(out, "text", dropped->text);
    if (dropped->reason == UTTER_REASON_NO_MATCH)
        json_key_number(out, "confidence", dropped->confidence, 4);
    json_end(out, '}');
}

static void add_token(struct text *out, const struct utter_token *token)
{
    json_item(out);
    json_begin(out, '{');
    json_key_integer(out, "id", token->id);
    json_key_string(out, "text", token->text);
    json_key_number(out, "log_probability", (double)token->log_probability, 4);
    json_end(out, '}');
}

static void add_alternative(struct text *out, const struct utter_alternative *alternative)
{
    json_item(out);
    json_begin(out, '{');
    json_key_string(out, "text", alternative->text);
    json_key_number(out, "log_probability", alternative->log_probability, 4);
    json_key(out, "tokens");
    json_begin(out, '[');
    for (size_t i = 0; i < alternative->token_count; i++)
        add_token(out, &alternative->tokens[i]);
    json_end(out, ']');
    json_end(out, '}');
}

static void add_nbest(struct text *out, const struct utter_nbest *nbest)
{
    json_item(out);
    json_begin(out, '{');
    json_key_number(out, "start", nbest->start, 3);
    json_key_number(out, "end", nbest->end, 3);
    json_key_integer(out, "channel", nbest->channel);
    json_key(out, "alternatives");
    json_begin(out, '[');
    for (size_t i = 0; i < nbest->alternative_count; i++)
        add_alternative(out, &nbest->alternatives[i]);
    json_end(out, ']');
    json_end(out, '}');
}

static void add_redacted(struct text *out, const struct utter_redacted *redacted)
{
    json_item(out);
    json_begin(out, '{');
    json_key_string(out, "kind", utter_redact_name(redacted->kind));
    json_key_number(out, "start", redacted->start, 3);
    json_key_number(out, "end", redacted->end, 3);
    json_key_integer(out, "channel", redacted->channel);
    json_end(out, '}');
}

void format_json(struct text *out, const struct recording *recording)
{
    const struct utter_transcript *transcript = recording->transcript;
    json_begin(out, '{');
    json_key_string(out, "file", recording->file);
    json_key_string(out, "model", recording->model);
    json_key_string(out, "language", transcript->language);
    json_key_number(out, "duration", transcript->duration, 3);
    json_key_string(out, "text", transcript->text);
    json_key(out, "segments");
    json_begin(out, '[');
    for (size_t i = 0; i < transcript->segment_count; i++)
        add_segment(out, &transcript->segments[i]);
    json_end(out, ']');
    if (transcript->dropped_count) {
        json_key(out, "dropped");
        json_begin(out, '[');
        for (size_t i = 0; i < transcript->dropped_count; i++)
            add_dropped(out, &transcript->dropped[i]);
        json_end(out, ']');
    }
    if (transcript->nbest_count) {
        json_key(out, "nbest");
        json_begin(out, '[');
        for (size_t i = 0; i < transcript->nbest_count; i++)
            add_nbest(out, &transcript->nbest[i]);
        json_end(out, ']');
    }
    if (transcript->redacted_count) {
        json_key(out, "redacted");
        json_begin(out, '[');
        for (size_t i = 0; i < transcript->redacted_count; i++)
            add_redacted(out, &transcript->redacted[i]);
        json_end(out, ']');
    }
    json_end(out, '}');
    text_add(out, "\n");
}
