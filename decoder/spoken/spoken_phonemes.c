#include "decoder/spoken/spoken_phonemes.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_LIMIT = 64 << 10 };

struct phoneme_reader {
    struct prosody prosody;
    char *text; /* what was fed and is not done with; cut into words where it lies */
    size_t length, capacity;
    size_t done;   /* bytes at the front that the last sentence was made of */
    size_t offset; /* of text[0] in the stream */
    bool finished;
    struct spoken_item *items;
    size_t item_capacity;
};

int phoneme_reader_open(struct phoneme_reader **out, const struct prosody *prosody, struct fault *fault)
{
    struct phoneme_reader *reader = memory_new(1, sizeof *reader);
    if (!reader)
        return fail_memory(fault, "a reader of phones");
    reader->prosody = *prosody;
    *out = reader;
    return 0;
}

void phoneme_reader_close(struct phoneme_reader **reader)
{
    if (!*reader)
        return;
    free((*reader)->text);
    free((*reader)->items);
    free(*reader);
    *reader = NULL;
}

void phoneme_reader_reset(struct phoneme_reader *reader)
{
    reader->length = reader->done = reader->offset = 0;
    reader->finished = false;
}

static void drop_done(struct phoneme_reader *reader)
{
    memmove(reader->text, reader->text + reader->done, reader->length - reader->done);
    reader->length -= reader->done;
    reader->offset += reader->done;
    reader->done = 0;
}

static bool ends_line(char c)
{
    return c == '\n' || c == '\r';
}

/* Bytes up to the end of the line that begins at from; the text's length where it has none. */
static size_t line_end(const struct phoneme_reader *reader, size_t from)
{
    while (from < reader->length && !ends_line(reader->text[from]))
        from++;
    return from;
}

static int check_line(const struct phoneme_reader *reader, struct fault *fault)
{
    for (size_t at = reader->done; at < reader->length;) {
        size_t end = line_end(reader, at);
        if (end - at > LINE_LIMIT)
            return fail(fault, UTTER_ERROR_ARGUMENT, "the line of phones at byte %zu is longer than %d bytes",
                        reader->offset + at, LINE_LIMIT);
        at = end + 1;
    }
    return 0;
}

int phoneme_reader_feed(struct phoneme_reader *reader, const char *text, size_t size, struct fault *fault)
{
    if (reader->text)
        drop_done(reader);
    if (!memory_grow((void **)&reader->text, &reader->capacity, reader->length + size + 1, 1))
        return fail_memory(fault, "phones");
    memcpy(reader->text + reader->length, text, size);
    reader->length += size;
    return check_line(reader, fault);
}

int phoneme_reader_finish(struct phoneme_reader *reader, struct fault *fault)
{
    reader->finished = true;
    return reader->text ? 0 : phoneme_reader_feed(reader, "", 0, fault);
}

static bool ends_word(char c)
{
    return c == '|' || strchr(",.?!;:", c) != NULL;
}

static bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

static int add_word(struct phoneme_reader *reader, struct spoken_sentence *sentence, size_t begin, size_t end,
                    struct fault *fault)
{
    if (!memory_grow((void **)&reader->items, &reader->item_capacity, sentence->count + 1, sizeof *reader->items))
        return fail_memory(fault, "a sentence of phones");
    sentence->items = reader->items;
    sentence->items[sentence->count++] = (struct spoken_item){.kind = SPOKEN_PHONES,
                                                              .text = reader->text + begin,
                                                              .given = reader->text + begin,
                                                              .begin = reader->offset + begin,
                                                              .end = reader->offset + end,
                                                              .prosody = reader->prosody};
    return 0;
}

/* The words of the line [begin, end). Each is ended by a NUL in the place of what ended it. */
static int cut_line(struct phoneme_reader *reader, size_t begin, size_t end, struct spoken_sentence *sentence,
                    struct fault *fault)
{
    char *text = reader->text;
    for (size_t at = begin; at < end && !fault->code;) {
        while (at < end && is_space(text[at]))
            at++;
        size_t word = at;
        while (at < end && !ends_word(text[at]))
            at++;
        size_t last = at;
        while (last > word && is_space(text[last - 1]))
            last--;
        if (last > word)
            add_word(reader, sentence, word, last, fault);
        if (at < end && text[at] != '|' && sentence->count && !fault->code)
            sentence->items[sentence->count - 1].after = text[at];
        text[last] = '\0';
        at++;
    }
    return fault->code;
}

int phoneme_reader_next(struct phoneme_reader *reader, struct spoken_sentence *sentence, struct fault *fault)
{
    while (reader->done < reader->length) {
        size_t begin = reader->done, end = line_end(reader, begin);
        if (end == reader->length && !reader->finished)
            return 0;
        *sentence = (struct spoken_sentence){.begin = reader->offset + begin, .end = reader->offset + end};
        reader->done = end < reader->length ? end + 1 : end;
        if (cut_line(reader, begin, end, sentence, fault))
            return fault->code;
        if (sentence->count)
            return 1;
    }
    return 0;
}
