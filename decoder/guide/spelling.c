#include "decoder/guide/spelling.h"

#include "decoder/tokens/tokenizer_parts.h"
#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char WORD_MARK[] = "\xE2\x96\x81"; /* ▁, SentencePiece's space */
static const char BYTE_MARK[] = "\xC4\xA0";     /* Ġ, a space in byte-level BPE */

/* Tokens one after the other in one text. */
struct written {
    struct text text;
    struct spelled *tokens; /* [count] */
};

struct spelling {
    struct written exact, plain;
    int count, longest;
};

/* How a vocabulary writes bytes that are no text of their own. */
struct script {
    bool letters; /* each letter is a byte: GPT-2's */
    bool numbers; /* "<0x20>" is one */
};

static struct script script_of(const struct tokenizer *t)
{
    struct script script = {false, false};
    for (size_t i = 0; i < t->decoder.count; i++) {
        script.letters |= t->decoder.steps[i].kind == STEP_BYTE_LEVEL;
        script.numbers |= t->decoder.steps[i].kind == STEP_BYTE_FALLBACK;
    }
    return script;
}

static bool add_number(struct text *text, const char *piece)
{
    unsigned byte;
    char end;
    if (strlen(piece) != 6 || sscanf(piece, "<0x%2x%c", &byte, &end) != 2 || end != '>')
        return false;
    text_add(text, &(char){(char)byte}, 1);
    return true;
}

/* Bytes of the space that a piece begins with, as the vocabulary writes it. */
static size_t space_of(const char *piece, struct script script)
{
    const char *mark = piece[0] == ' ' ? " " : script.letters ? BYTE_MARK : WORD_MARK;
    return strncmp(piece, mark, strlen(mark)) == 0 ? strlen(mark) : 0;
}

/* One character of a piece; returns its length there. */
static size_t add_character(struct text *text, const char *piece, struct script script)
{
    size_t space = space_of(piece, script), length = utf8_length(piece, strlen(piece));
    int byte = script.letters && length ? letter_to_byte(utf8_code(piece, length)) : -1;
    length = space ? space : length ? length : 1;
    if (space)
        text_add(text, " ", 1);
    else if (byte >= 0)
        text_add(text, &(char){(char)byte}, 1);
    else
        text_add(text, piece, length);
    return length;
}

static void add_piece(struct text *text, const struct tokenizer *tokenizer, int id, struct script script)
{
    const char *piece = tokenizer_piece(tokenizer, id);
    if (!piece || tokenizer_special(tokenizer, id) || (script.numbers && add_number(text, piece)))
        return;
    /* Where the decoder puts spaces between tokens, no piece writes its own. */
    if (tokenizer_begins_word(tokenizer, id) && !space_of(piece, script))
        text_add(text, " ", 1);
    while (*piece)
        piece += add_character(text, piece, script);
}

/* ---- opening ---- */

static int open_empty(struct spelling **spelling, int count, struct fault *fault)
{
    struct spelling *s = memory_new(1, sizeof *s);
    if (!s)
        return fail_memory(fault, "a vocabulary");
    s->count = count;
    s->exact.tokens = memory_new((size_t)count, sizeof *s->exact.tokens);
    s->plain.tokens = memory_new((size_t)count, sizeof *s->plain.tokens);
    if (!s->exact.tokens || !s->plain.tokens) {
        spelling_close(&s);
        return fail_memory(fault, "a vocabulary");
    }
    *spelling = s;
    return 0;
}

static int letters_of(const struct spelled *token)
{
    int letters = 0;
    for (size_t i = 0; i < token->length; i++)
        letters += token->bytes[i] != ' ' && ((unsigned char)token->bytes[i] & 0xC0) != 0x80;
    return letters;
}

/* The lengths are there: now that the text does not move any more, the tokens find their bytes. */
static void point(struct written *w, int count)
{
    const char *at = w->text.bytes;
    for (int id = 0; id < count; id++) {
        struct spelled *token = &w->tokens[id];
        if (!token->length)
            continue;
        token->bytes = at;
        token->begins = at[0] == ' ';
        token->letters = letters_of(token);
        at += token->length;
    }
}

/* The exact text and its lengths are there. */
static int complete(struct spelling **spelling, struct fault *fault)
{
    struct spelling *s = *spelling;
    if (!s->exact.text.failed)
        point(&s->exact, s->count);
    for (int id = 0; id < s->count && !s->exact.text.failed; id++) {
        size_t before = s->plain.text.length;
        plain_text_add(&s->plain.text, s->exact.tokens[id].bytes, s->exact.tokens[id].length);
        s->plain.tokens[id].length = s->plain.text.length - before;
    }
    if (s->exact.text.failed || s->plain.text.failed) {
        spelling_close(spelling);
        return fail_memory(fault, "a vocabulary");
    }
    point(&s->plain, s->count);
    for (int id = 0; id < s->count; id++)
        s->longest = s->exact.tokens[id].letters > s->longest ? s->exact.tokens[id].letters : s->longest;
    return 0;
}

int spelling_open(struct spelling **spelling, const struct tokenizer *tokenizer, struct fault *fault)
{
    const struct script script = script_of(tokenizer);
    if (open_empty(spelling, tokenizer_size(tokenizer), fault))
        return fault->code;
    struct written *w = &(*spelling)->exact;
    for (int id = 0; id < (*spelling)->count; id++) {
        size_t before = w->text.length;
        add_piece(&w->text, tokenizer, id, script);
        w->tokens[id].length = w->text.length - before;
    }
    return complete(spelling, fault);
}

int spelling_open_whisper(struct spelling **spelling, const struct whisper_vocabulary *vocabulary, struct fault *fault)
{
    if (open_empty(spelling, whisper_vocabulary_size(vocabulary), fault))
        return fault->code;
    struct written *w = &(*spelling)->exact;
    for (int id = 0; id < (*spelling)->count; id++) {
        const char *bytes = whisper_vocabulary_bytes(vocabulary, id, &w->tokens[id].length);
        text_add(&w->text, bytes, w->tokens[id].length);
    }
    return complete(spelling, fault);
}

int spelling_open_prose(struct spelling **spelling, const struct spelling *of, enum letter_case letters,
                        struct fault *fault)
{
    if (open_empty(spelling, of->count, fault))
        return fault->code;
    struct written *w = &(*spelling)->exact;
    for (int id = 0; id < of->count; id++) {
        const struct spelled *token = &of->exact.tokens[id];
        size_t before = w->text.length;
        plain_text_add_in(&w->text, token->bytes, token->length, letters);
        w->tokens[id].length = w->text.length - before;
    }
    return complete(spelling, fault);
}

void spelling_close(struct spelling **spelling)
{
    struct spelling *s = *spelling;
    if (!s)
        return;
    text_free(&s->exact.text);
    text_free(&s->plain.text);
    free(s->exact.tokens);
    free(s->plain.tokens);
    free(s);
    *spelling = NULL;
}

/* ---- asking ---- */

int spelling_size(const struct spelling *s)
{
    return s->count;
}

int spelling_longest(const struct spelling *s)
{
    return s->longest;
}

static struct spelled token_of(const struct spelling *s, const struct written *w, int token)
{
    return token >= 0 && token < s->count ? w->tokens[token] : (struct spelled){0};
}

struct spelled spelling_of(const struct spelling *s, int token)
{
    return token_of(s, &s->exact, token);
}

struct spelled spelling_plain(const struct spelling *s, int token)
{
    return token_of(s, &s->plain, token);
}

static bool writes_byte(const struct spelling *s, char byte)
{
    for (int id = 0; id < s->count; id++)
        if (s->plain.tokens[id].length == 1 && s->plain.tokens[id].bytes[0] == byte)
            return true;
    return false;
}

bool spelling_writes(const struct spelling *s, const char *character, size_t length)
{
    const char *at = s->plain.text.bytes, *end = at + s->plain.text.length;
    while (length && at && (at = memchr(at, character[0], (size_t)(end - at))) != NULL) {
        if ((size_t)(end - at) >= length && memcmp(at, character, length) == 0)
            return true;
        at++;
    }
    for (size_t i = 0; i < length; i++)
        if (!writes_byte(s, character[i]))
            return false;
    return length > 0;
}
