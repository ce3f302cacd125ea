/* whisper_vocabulary_read.c - vocabularies from .tiktoken files and from tokenizer.json. */
#include "decoder/tokens/tokenizer_parts.h"
#include "decoder/tokens/whisper_vocabulary_parts.h"

#include <math.h>
#include <string.h>

/* ---- .tiktoken: "IHRoZQ== 262" -------------------------------------------------------------------- */

static int base64_value(char c)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(digits, c) : NULL;
    return at ? (int)(at - digits) : -1;
}

/* RFC 4648 into bytes, which is emptied first. "=" alone is how an empty token is written. */
static bool base64_decode(const char *text, size_t length, struct text *bytes)
{
    unsigned bits = 0, count = 0;
    bytes->length = 0;
    while (length > 0 && text[length - 1] == '=')
        length--;
    for (size_t i = 0; i < length; i++) {
        int value = base64_value(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (unsigned)value;
        count += 6;
        if (count >= 8) {
            count -= 8;
            char byte = (char)(bits >> count & 0xFF);
            text_add(bytes, &byte, 1);
        }
    }
    return count < 6; /* one digit alone has no byte */
}

/* The decimal number of these bytes, below limit; -1: it is none. */
static int read_rank(const char *text, size_t length, int limit)
{
    int rank = 0;
    if (length < 1 || length > 7)
        return -1;
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9')
            return -1;
        rank = rank * 10 + (text[i] - '0');
    }
    return rank < limit ? rank : -1;
}

static int read_line(struct whisper_vocabulary *v, const char *line, size_t length, size_t number, struct text *bytes,
                     const char *name, struct fault *fault)
{
    const char *space = memchr(line, ' ', length);
    size_t digits = space ? (size_t)(space - line) : 0;
    if (!digits || !base64_decode(line, digits, bytes))
        return fail(fault, UTTER_ERROR_MODEL, "%s: line %zu is not a token in base64 and its rank", name, number);
    int rank = read_rank(space + 1, length - digits - 1, v->special.eot);
    if (rank < 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: the rank in line %zu is not a number from 0 to %d", name, number,
                    v->special.eot - 1);
    if (bytes->failed)
        return fail_memory(fault, "a vocabulary");
    return whisper_vocabulary_add(v, bytes->bytes, bytes->length, rank, name, fault);
}

static int read_lines(struct whisper_vocabulary *v, const char *text, size_t length, const char *name,
                      struct fault *fault)
{
    struct text bytes = {0};
    int error = 0;
    for (size_t at = 0, number = 1; at < length && !error; number++) {
        const char *end = memchr(text + at, '\n', length - at);
        size_t line = end ? (size_t)(end - text) - at : length - at, whole = line;
        while (line > 0 && (text[at + line - 1] == '\r' || text[at + line - 1] == ' '))
            line--;
        if (line > 0)
            error = read_line(v, text + at, line, number, &bytes, name, fault);
        at += whole + 1;
    }
    text_free(&bytes);
    return error;
}

int whisper_vocabulary_open_tiktoken(struct whisper_vocabulary **vocabulary, int size, const char *text, size_t length,
                                     const char *name, struct fault *fault)
{
    struct whisper_vocabulary *v = NULL;
    int error = whisper_vocabulary_new(&v, size, name, fault);
    if (!error)
        error = read_lines(v, text, length, name, fault);
    return whisper_vocabulary_hand_out(vocabulary, v, error, name, fault);
}

/* ---- tokenizer.json ------------------------------------------------------------------------------- */

/* A piece in GPT-2's letters for bytes; false where a letter is none of them. */
static bool piece_bytes(const char *piece, struct text *bytes)
{
    size_t length = strlen(piece);
    bytes->length = 0;
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_length(piece + i, length - i);
        int byte = n ? letter_to_byte(utf8_code(piece + i, n)) : -1;
        if (byte < 0)
            return false;
        char c = (char)byte;
        text_add(bytes, &c, 1);
    }
    return true;
}

static int read_piece(struct whisper_vocabulary *v, const cJSON *item, struct text *bytes, const char *name,
                      struct fault *fault)
{
    double id = cJSON_IsNumber(item) ? item->valuedouble : -1.0;
    if (!(id >= 0.0) || id >= v->size || id != floor(id))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the id of '%.60s' is not a number from 0 to %d", name, item->string,
                    v->size - 1);
    if (id >= v->special.eot) /* a special token, whose id is known */
        return 0;
    if (!piece_bytes(item->string, bytes))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the piece '%.60s' is not in byte-level letters", name, item->string);
    if (bytes->failed)
        return fail_memory(fault, "a vocabulary");
    return whisper_vocabulary_add(v, bytes->bytes, bytes->length, (int)id, name, fault);
}

static int read_json(struct whisper_vocabulary *v, const char *text, size_t length, const char *name,
                     struct fault *fault)
{
    struct text bytes = {0};
    cJSON *root = utf8_valid(text, length) ? cJSON_ParseWithLength(text, length) : NULL;
    const cJSON *pieces = json_member(json_member(root, "model"), "vocab");
    int error = 0;
    if (!cJSON_IsObject(pieces))
        error =
            fail(fault, UTTER_ERROR_MODEL, "%s: it is not the JSON of a tokenizer with a byte-level vocabulary", name);
    for (const cJSON *item = error ? NULL : pieces->child; item && !error; item = item->next)
        error = read_piece(v, item, &bytes, name, fault);
    cJSON_Delete(root);
    text_free(&bytes);
    return error;
}

int whisper_vocabulary_open_json(struct whisper_vocabulary **vocabulary, int size, const char *text, size_t length,
                                 const char *name, struct fault *fault)
{
    struct whisper_vocabulary *v = NULL;
    int error = whisper_vocabulary_new(&v, size, name, fault);
    if (!error)
        error = read_json(v, text, length, name, fault);
    return whisper_vocabulary_hand_out(vocabulary, v, error, name, fault);
}
