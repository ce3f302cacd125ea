/* whisper_vocabulary.c - opening a vocabulary of known size, and what it says about its tokens. */
#include "decoder/tokens/whisper_vocabulary_parts.h"

#include "src/base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMESTAMPS = 1501, ENGLISH_ONLY_SIZE = 51864, MULTILINGUAL_SIZE = 51865, CANTONESE_SIZE = 51866 };

/* GPT-2's contractions, words, numbers, other signs and spaces (Radford et al. 2019). */
static const char word_pattern[] = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

/* The special tokens stand at the end, the last timestamp last. */
static struct whisper_special special_ids(int size, int languages)
{
    struct whisper_special s = {.languages = languages};
    s.timestamp_begin = size - TIMESTAMPS;
    s.no_timestamps = s.timestamp_begin - 1;
    s.no_speech = s.timestamp_begin - 2;
    s.sot_prev = s.timestamp_begin - 3;
    s.sot_lm = s.timestamp_begin - 4;
    s.transcribe = s.timestamp_begin - 5;
    s.translate = s.timestamp_begin - 6;
    s.language_begin = s.translate - languages;
    s.sot = s.language_begin - 1;
    s.eot = s.sot - 1;
    return s;
}

int whisper_vocabulary_new(struct whisper_vocabulary **vocabulary, int size, const char *name, struct fault *fault)
{
    if (size < ENGLISH_ONLY_SIZE || size > CANTONESE_SIZE)
        return fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "%s: a Whisper vocabulary has %d, %d or %d tokens, this one is to have %d", name, ENGLISH_ONLY_SIZE,
                    MULTILINGUAL_SIZE, CANTONESE_SIZE, size);
    struct whisper_vocabulary *v = memory_new(1, sizeof *v);
    if (!v)
        return fail_memory(fault, "a vocabulary");
    v->size = size;
    v->multilingual = size != ENGLISH_ONLY_SIZE;
    v->blank = -1;
    v->special = special_ids(size, size == CANTONESE_SIZE ? 100 : 99);
    int error = pattern_open(&v->words, word_pattern, false, name, fault);
    if (error)
        whisper_vocabulary_close(&v);
    *vocabulary = v;
    return error;
}

int whisper_vocabulary_add(struct whisper_vocabulary *v, const char *bytes, size_t length, int id, const char *name,
                           struct fault *fault)
{
    v->longest = length > v->longest ? length : v->longest;
    switch (vocabulary_add(&v->pieces, length ? bytes : "", length, id)) {
    case VOCABULARY_DONE:
        return 0;
    case VOCABULARY_TAKEN:
        return fail(fault, UTTER_ERROR_MODEL, "%s: token %d is there twice", name, id);
    default:
        return fail_memory(fault, "a vocabulary");
    }
}

int whisper_vocabulary_finish(struct whisper_vocabulary *v, const char *name, struct fault *fault)
{
    int last = v->special.eot - 1;
    /* The last text token of a multilingual vocabulary is empty, and some files leave it out. */
    if (v->multilingual && !vocabulary_piece(&v->pieces, last)) {
        int error = whisper_vocabulary_add(v, "", 0, last, name, fault);
        if (error)
            return error;
    }
    for (int id = 0; id <= last; id++)
        if (!vocabulary_piece(&v->pieces, id))
            return fail(fault, UTTER_ERROR_MODEL, "%s: token %d of the %d text tokens is missing", name, id, last + 1);
    return whisper_find_non_speech(v, fault);
}

int whisper_vocabulary_hand_out(struct whisper_vocabulary **vocabulary, struct whisper_vocabulary *v, int error,
                                const char *name, struct fault *fault)
{
    if (!error)
        error = whisper_vocabulary_finish(v, name, fault);
    if (error)
        whisper_vocabulary_close(&v);
    else
        *vocabulary = v;
    return error;
}

static int add_from(struct whisper_vocabulary *v, whisper_token_bytes get, void *context, int id, const char *name,
                    struct fault *fault)
{
    char made_up[16];
    const char *bytes = made_up;
    size_t length = 0;
    if (!get)
        length = (size_t)snprintf(made_up, sizeof made_up, id < 95 ? "%c" : " w%d", id < 95 ? ' ' + id : id);
    else if (!get(context, (size_t)id, &bytes, &length))
        return 0; /* finishing says which is missing */
    return whisper_vocabulary_add(v, bytes, length, id, name, fault);
}

int whisper_vocabulary_open(struct whisper_vocabulary **vocabulary, int size, whisper_token_bytes get, void *context,
                            const char *name, struct fault *fault)
{
    struct whisper_vocabulary *v = NULL;
    int error = whisper_vocabulary_new(&v, size, name, fault);
    for (int id = 0; !error && id < v->special.eot; id++)
        error = add_from(v, get, context, id, name, fault);
    return whisper_vocabulary_hand_out(vocabulary, v, error, name, fault);
}

void whisper_vocabulary_close(struct whisper_vocabulary **vocabulary)
{
    struct whisper_vocabulary *v = *vocabulary;
    if (!v)
        return;
    vocabulary_free(&v->pieces);
    pattern_close(&v->words);
    free(v->non_speech.ids);
    free(v);
    *vocabulary = NULL;
}

/* ---- what it says --------------------------------------------------------------------------------- */

int whisper_vocabulary_size(const struct whisper_vocabulary *v)
{
    return v->size;
}

bool whisper_vocabulary_multilingual(const struct whisper_vocabulary *v)
{
    return v->multilingual;
}

const struct whisper_special *whisper_vocabulary_special(const struct whisper_vocabulary *v)
{
    return &v->special;
}

int whisper_vocabulary_language_id(const struct whisper_vocabulary *v, const char *language)
{
    int index = v->multilingual && language ? whisper_language_find(language) : -1;
    return index >= 0 && index < v->special.languages ? v->special.language_begin + index : -1;
}

const char *whisper_vocabulary_language_code(const struct whisper_vocabulary *v, int id)
{
    int index = id - v->special.language_begin;
    bool known = v->multilingual && id >= v->special.language_begin && index < v->special.languages;
    return known ? whisper_language_code(index) : NULL;
}

const char *whisper_vocabulary_bytes(const struct whisper_vocabulary *v, int id, size_t *length)
{
    bool text = id >= 0 && id < v->special.eot;
    *length = text ? vocabulary_length(&v->pieces, id) : 0;
    return text ? vocabulary_piece(&v->pieces, id) : "";
}

const int *whisper_vocabulary_non_speech(const struct whisper_vocabulary *v, size_t *count)
{
    *count = v->non_speech.count;
    return v->non_speech.ids;
}

int whisper_vocabulary_blank(const struct whisper_vocabulary *v)
{
    return v->blank;
}

/* ---- ids to text and back ------------------------------------------------------------------------- */

size_t whisper_vocabulary_decode(const struct whisper_vocabulary *v, const int *ids, size_t count, char *text,
                                 size_t size)
{
    struct text bytes = {0}, out = {0};
    for (size_t i = 0; i < count; i++) {
        size_t length;
        const char *piece = whisper_vocabulary_bytes(v, ids[i], &length);
        text_add(&bytes, piece, length);
    }
    utf8_add_lossy(&out, bytes.bytes, bytes.length);
    size_t length = bytes.failed || out.failed ? 0 : out.length;
    if (size > 0) {
        size_t fit = length < size - 1 ? length : size - 1;
        if (fit)
            memcpy(text, out.bytes, fit);
        text[fit] = 0;
    }
    text_free(&bytes);
    text_free(&out);
    return length;
}

int64_t whisper_vocabulary_encode(const struct whisper_vocabulary *v, const char *text, size_t length, int *ids,
                                  size_t capacity, struct fault *fault)
{
    struct text clean = {0};
    struct ids found = {0};
    utf8_add_lossy(&clean, text, length);
    int64_t result =
        clean.failed ? fail_memory(fault, "a text's tokens") : whisper_bpe(v, clean.bytes, clean.length, &found, fault);
    if (result == 0) {
        size_t fit = found.count < capacity ? found.count : capacity;
        if (fit)
            memcpy(ids, found.ids, fit * sizeof *ids);
        result = (int64_t)found.count;
    }
    free(found.ids);
    text_free(&clean);
    return result;
}
