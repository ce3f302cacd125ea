/* fuzz_spoken.c - libFuzzer: any bytes as a text to be spoken, plain, verbatim and SSML. The first byte chooses, and
 * how the rest is cut. Seeds: sentences, SSML documents. */
#include "decoder/spoken/spoken_text.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_items(const struct spoken_sentence *sentence, size_t size)
{
    if ((!sentence->count && !sentence->mark_count) || sentence->begin > sentence->end || sentence->end > size)
        abort();
    for (size_t i = 0; i < sentence->count; i++)
        if (sentence->items[i].begin > sentence->items[i].end || sentence->items[i].end > size ||
            (sentence->items[i].kind != SPOKEN_BREAK && !sentence->items[i].text))
            abort();
    for (size_t i = 0; i < sentence->mark_count; i++)
        if (!sentence->marks[i].name || sentence->marks[i].at > size)
            abort();
}

static int read_ready(struct spoken_reader *reader, size_t size)
{
    struct spoken_sentence sentence;
    struct fault fault = {0};
    int result;
    while ((result = spoken_reader_next(reader, &sentence, &fault)) == 1)
        check_items(&sentence, size);
    return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"a", "b"};
    static const float hertz[] = {100, 200};
    struct spoken_reader *reader = NULL;
    struct fault fault = {0};
    if (!size)
        return 0;
    const struct spoken_options options = {.markup = data[0] & 1 ? SPOKEN_SSML : SPOKEN_PLAIN,
                                           .verbatim = (data[0] & 2) != 0,
                                           .prosody = {.rate = 1.0f},
                                           .voice = {.speakers = 2, .names = names, .hertz = hertz}};
    const size_t piece = 1 + (data[0] >> 2);
    if (spoken_reader_open(&reader, &options, &fault))
        return 0;
    int error = 0;
    for (size_t at = 1; at < size && !error; at += piece) {
        const size_t left = size - at;
        error = spoken_reader_feed(reader, (const char *)data + at, left < piece ? left : piece, &fault);
        if (!error)
            error = read_ready(reader, size - 1);
    }
    if (!error && !spoken_reader_finish(reader, &fault))
        read_ready(reader, size - 1);
    spoken_reader_close(&reader);
    return 0;
}
