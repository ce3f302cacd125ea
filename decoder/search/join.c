/* join.c - tokens to text: the decoder steps of a tokenizer.json, each from a list of pieces to a list of pieces. */
#include "decoder/tokens/tokenizer_parts.h"

#include <string.h>

static bool starts_with(const char *bytes, size_t length, const char *what, size_t size)
{
    return size > 0 && size <= length && memcmp(bytes, what, size) == 0;
}

/* Appends bytes with every occurrence of what replaced. */
static void add_replaced(struct text *out, const char *bytes, size_t length, const char *what, const char *content)
{
    size_t size = strlen(what), done = 0;
    for (size_t i = 0; i < length;) {
        if (!starts_with(bytes + i, length - i, what, size)) {
            i++;
            continue;
        }
        text_add(out, bytes + done, i - done);
        text_add_string(out, content);
        done = i += size;
    }
    text_add(out, bytes + done, length - done);
}

/* A byte-level piece to its bytes; a piece with a letter that stands for no byte stays as it is. */
static void add_bytes(struct text *out, const char *piece, size_t length)
{
    size_t before = out->length;
    for (size_t i = 0, n; i < length; i += n) {
        n = utf8_length(piece + i, length - i);
        int byte = n ? letter_to_byte(utf8_code(piece + i, n)) : -1;
        if (byte < 0) {
            out->length = before;
            text_add(out, piece, length);
            return;
        }
        char b = (char)byte;
        text_add(out, &b, 1);
    }
}

static void join_byte_level(const struct pieces *in, struct pieces *out)
{
    struct text bytes = {0};
    for (size_t i = 0; i < in->count; i++)
        add_bytes(&bytes, in->text.bytes + piece_begin(in, i), in->ends[i] - piece_begin(in, i));
    utf8_add_lossy(&out->text, bytes.bytes, bytes.length);
    out->text.failed |= bytes.failed;
    pieces_end(out);
    text_free(&bytes);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte that "<0x41>" stands for, or -1. */
static int fallback_byte(const char *piece, size_t length)
{
    if (length != 6 || memcmp(piece, "<0x", 3) != 0 || piece[5] != '>')
        return -1;
    int high = hex_digit(piece[3]), low = hex_digit(piece[4]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* A run of byte pieces is the text that they spell together, or one U+FFFD each. */
static void end_run(struct text *run, struct pieces *out)
{
    if (run->length == 0)
        return;
    if (utf8_valid(run->bytes, run->length)) {
        text_add(&out->text, run->bytes, run->length);
        pieces_end(out);
    } else {
        for (size_t i = 0; i < run->length; i++) {
            text_add_code(&out->text, 0xFFFD);
            pieces_end(out);
        }
    }
    run->length = 0;
}

static void join_byte_fallback(const struct pieces *in, struct pieces *out)
{
    struct text run = {0};
    for (size_t i = 0; i < in->count; i++) {
        const char *piece = in->text.bytes + piece_begin(in, i);
        size_t length = in->ends[i] - piece_begin(in, i);
        int byte = fallback_byte(piece, length);
        if (byte >= 0) {
            char b = (char)byte;
            text_add(&run, &b, 1);
            continue;
        }
        end_run(&run, out);
        text_add(&out->text, piece, length);
        pieces_end(out);
    }
    end_run(&run, out);
    out->text.failed |= run.failed;
    text_free(&run);
}

static void join_strip(const struct step *step, const char *piece, size_t length, struct text *out)
{
    size_t size = strlen(step->content), cut;
    for (cut = 0; cut < step->start && starts_with(piece, length, step->content, size); cut++) {
        piece += size;
        length -= size;
    }
    for (cut = 0; cut < step->stop && size > 0 && length >= size; cut++) {
        if (memcmp(piece + length - size, step->content, size) != 0)
            break;
        length -= size;
    }
    text_add(out, piece, length);
}

/* Steps that change each piece by itself. */
static int join_piece(const struct step *step, const char *piece, size_t length, bool first, bool last,
                      struct text *out, struct fault *fault)
{
    switch (step->kind) {
    case STEP_METASPACE:
        add_replaced(out, piece, length, step->content, first && step->prepend != PREPEND_NEVER ? "" : " ");
        return 0;
    case STEP_REPLACE:
        return pattern_replace(step->pattern, piece, length, step->content, out, fault);
    case STEP_STRIP:
        join_strip(step, piece, length, out);
        return 0;
    case STEP_SUFFIX:
        add_replaced(out, piece, length, step->content, last ? "" : " ");
        return 0;
    default:
        text_add(out, piece, length);
        return 0;
    }
}

static int join_step(const struct step *step, const struct pieces *in, struct pieces *out, struct fault *fault)
{
    if (step->kind == STEP_BYTE_LEVEL) {
        join_byte_level(in, out);
    } else if (step->kind == STEP_BYTE_FALLBACK) {
        join_byte_fallback(in, out);
    } else if (step->kind == STEP_FUSE) {
        text_add(&out->text, in->text.bytes, in->text.length);
        pieces_end(out);
    } else {
        for (size_t i = 0; i < in->count; i++) {
            size_t begin = piece_begin(in, i);
            int error = join_piece(step, in->text.bytes + begin, in->ends[i] - begin, i == 0, i + 1 == in->count,
                                   &out->text, fault);
            if (error)
                return error;
            pieces_end(out);
        }
    }
    return 0;
}

int join(const struct tokenizer *t, struct pieces *tokens, struct text *out, struct fault *fault)
{
    struct pieces next = {0};
    int error = 0;
    for (size_t i = 0; i < t->decoder.count && !error; i++) {
        error = join_step(&t->decoder.steps[i], tokens, &next, fault);
        next.text.failed |= tokens->text.failed;
        struct pieces swap = *tokens;
        *tokens = next;
        next = swap;
        pieces_clear(&next);
    }
    for (size_t i = 0; i < tokens->count && !error; i++) {
        if (i > 0 && !t->has_decoder)
            text_add(out, " ", 1);
        text_add(out, tokens->text.bytes + piece_begin(tokens, i), tokens->ends[i] - piece_begin(tokens, i));
    }
    out->failed |= tokens->text.failed;
    pieces_free(&next);
    return error ? error : out->failed ? fail_memory(fault, "a text") : 0;
}
