/* written_say.h - for tests of decoder/written/written.h: texts to the words that a reader says, and words to text. */
#ifndef TESTS_WRITTEN_SAY_H
#define TESTS_WRITTEN_SAY_H

#include "decoder/spoken/spoken_text.h"
#include "decoder/written/written.h"

#include <stdlib.h>
#include <string.h>

/* All words of the sentences that are ready, in lower case, a blank after each. */
static inline int say_ready(struct spoken_reader *reader, struct text *out, struct fault *fault)
{
    struct spoken_sentence sentence;
    int result;
    while ((result = spoken_reader_next(reader, &sentence, fault)) == 1)
        for (size_t i = 0; i < sentence.count; i++) {
            if (sentence.items[i].kind != SPOKEN_WORD)
                continue;
            text_add_string(out, sentence.items[i].text);
            text_add(out, " ", 1);
        }
    return result;
}

/* What a text sounds like, as a transcript of it has it: words in lower case without marks, NUL-terminated. 0 or an
 * error. */
static inline int say_words(struct spoken_reader *reader, const char *text, struct text *out, struct fault *fault)
{
    out->length = 0;
    spoken_reader_reset(reader);
    if (spoken_reader_feed(reader, text, strlen(text), fault) || say_ready(reader, out, fault) < 0 ||
        spoken_reader_finish(reader, fault) || say_ready(reader, out, fault) < 0)
        return fault->code;
    for (size_t i = 0; i < out->length; i++)
        if (out->bytes[i] >= 'A' && out->bytes[i] <= 'Z')
            out->bytes[i] = (char)(out->bytes[i] - 'A' + 'a');
    text_add(out, "", 1);
    return 0;
}

/* Words of a text, one a second and 0.8 s long, from the second `from` on; bytes of text are changed. */
static inline size_t split_words(char *text, double from, struct word *words, size_t most)
{
    size_t count = 0;
    for (char *at = strtok(text, " "); at && count < most; at = strtok(NULL, " "), count++)
        words[count] = (struct word){
            .text = at, .start = from + (double)count, .end = from + (double)count + 0.8, .confidence = 0.5f};
    return count;
}

static inline void join_words(const struct word_list *list, struct text *out)
{
    out->length = 0;
    for (size_t i = 0; i < list->count; i++) {
        text_add(out, " ", i > 0);
        text_add_string(out, list->words[i].text);
    }
    text_add(out, "", 1);
}

/* Words, NUL-terminated, to what is written of them, after redaction where setting is not NULL. 0 or an error. */
static inline int write_text(const char *words, const struct redact_setting *setting,
                             const struct written_params *params, struct text *out, struct fault *fault)
{
    const size_t most = strlen(words) / 2 + 1;
    struct word *list = calloc(most, sizeof *list);
    char *copy = malloc(strlen(words) + 1);
    struct heard_list heard = {0};
    struct redactions redactions = {0};
    struct written written = {0};
    strcpy(copy, words);
    const size_t count = split_words(copy, 0, list, most);
    int error = heard_read(&heard, list, count, fault);
    if (!error && setting)
        error = redact_find(&heard, setting, &redactions, fault);
    if (!error)
        error = write_words(list, count, &heard, redactions.items, redactions.count, params, &written, fault);
    if (!error)
        join_words(&written.words, out);
    written_free(&written);
    redactions_free(&redactions);
    heard_free(&heard);
    free(copy);
    free(list);
    return error;
}

#endif
