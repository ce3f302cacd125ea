/* whisper_non_speech.c - the tokens of signs that nobody speaks: brackets, notes of music, marks of speakers
 * (openai/whisper's non_speech_tokens()). */
#include "decoder/tokens/whisper_vocabulary_parts.h"

#include <stdlib.h>
#include <string.h>

/* Suppressed where they are one token. */
static const char *const symbols[] = {
    "\"",  "#",  "(",  ")",  "*",   "+",  "/",  ":",   ";",   "<",  "=",  ">",  "@",  "[",   "\\",  "]",
    "^",   "_",  "`",  "{",  "|",   "}",  "~",  "「",  "」",  "『", "』", "<<", ">>", "<<<", ">>>", "--",
    "---", "-(", "-[", "('", "(\"", "((", "))", "(((", ")))", "[[", "]]", "{{", "}}", "♪♪",  "♪♪♪",
};
/* Suppressed by their first token in any case: all of U+2640 to U+267F share two bytes, and none is spoken. */
static const char *const notes[] = {"♩", "♪", "♫", "♬", "♭", "♮", "♯"};

/* Adds the first token of the text; with only_whole, only when it is its only one. A vocabulary without a token for
 * some byte has no such symbol. */
static int add_first(struct whisper_vocabulary *v, const char *text, bool only_whole, struct fault *fault)
{
    struct ids ids = {0};
    struct fault unspelled = {0};
    int error = whisper_bpe(v, text, strlen(text), &ids, &unspelled);
    if (error == UTTER_ERROR_MEMORY)
        fail_memory(fault, "a vocabulary");
    else if (!error && ids.count > 0 && (ids.count == 1 || !only_whole))
        ids_add(&v->non_speech, ids.ids[0]);
    free(ids.ids);
    return error == UTTER_ERROR_MEMORY ? error : 0;
}

/* As it is and behind a space. */
static int add_symbol(struct whisper_vocabulary *v, const char *symbol, bool only_whole, struct fault *fault)
{
    char spaced[16] = " ";
    strncat(spaced, symbol, sizeof spaced - 2);
    int error = add_first(v, symbol, only_whole, fault);
    return error ? error : add_first(v, spaced, only_whole, fault);
}

static int by_id(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static void sort_unique(struct ids *ids)
{
    size_t kept = 0;
    if (ids->count)
        qsort(ids->ids, ids->count, sizeof *ids->ids, by_id);
    for (size_t i = 0; i < ids->count; i++)
        if (!kept || ids->ids[i] != ids->ids[kept - 1])
            ids->ids[kept++] = ids->ids[i];
    ids->count = kept;
}

int whisper_find_non_speech(struct whisper_vocabulary *v, struct fault *fault)
{
    /* A hyphen and an apostrophe may stand inside a word, but not begin one. */
    int error = add_first(v, " -", false, fault);
    if (!error)
        error = add_first(v, " '", false, fault);
    for (size_t i = 0; !error && i < sizeof symbols / sizeof symbols[0]; i++)
        error = add_symbol(v, symbols[i], true, fault);
    for (size_t i = 0; !error && i < sizeof notes / sizeof notes[0]; i++)
        error = add_symbol(v, notes[i], false, fault);
    if (!error && v->non_speech.failed)
        error = fail_memory(fault, "a vocabulary");
    sort_unique(&v->non_speech);
    v->blank = vocabulary_find(&v->pieces, " ", 1);
    return error;
}
