/* ngram_arpa.c - language models in the ARPA format, as SRILM, KenLM and others write it:
 *
 *   \data\
 *   ngram 1=3
 *   ngram 2=1
 *   \1-grams:
 *   -0.5 word -0.3
 *   \2-grams:
 *   -0.2 a word
 *   \end\
 *
 * Counts are claims: memory follows what is there. Numbers are read here, since strtod asks the host's locale. */
#include "decoder/guide/ngram.h"
#include "decoder/guide/ngram_build.h"
#include "src/base/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LINE_MAXIMUM = 1 << 20, NUMBER_DIGITS = 400, FIELDS_MAXIMUM = NGRAM_ORDER_MAXIMUM + 2 };

struct arpa {
    const char *name;
    gzFile file; /* or … */
    const char *text;
    size_t left;
    char *line;
    size_t length, capacity;
    long number; /* of the line */
    unsigned long long claimed[NGRAM_ORDER_MAXIMUM];
    struct ngram_build build;
};

static int wrong(const struct arpa *a, struct fault *fault, const char *what)
{
    return fail(fault, UTTER_ERROR_MODEL, "%.300s, line %ld: %s", a->name, a->number, what);
}

/* ---- lines ---- */

static int next_byte(struct arpa *a)
{
    if (a->file)
        return gzgetc(a->file);
    if (!a->left)
        return -1;
    a->left--;
    return (unsigned char)*a->text++;
}

/* The next line without its end, in a->line; *there false behind the last. */
static int next_line(struct arpa *a, bool *there, struct fault *fault)
{
    int byte;
    a->length = 0;
    a->number++;
    while ((byte = next_byte(a)) >= 0 && byte != '\n') {
        void *line = a->line;
        if (a->length >= LINE_MAXIMUM)
            return wrong(a, fault, "longer than any line of an ARPA file");
        if (!memory_grow(&line, &a->capacity, a->length + 2, 1))
            return fail_memory(fault, "a line of an ARPA file");
        a->line = line;
        if (byte == '\0')
            return wrong(a, fault, "a NUL byte in text");
        a->line[a->length++] = (char)byte;
    }
    int error = 0;
    if (a->file && byte < 0)
        gzerror(a->file, &error);
    if (error != Z_OK && error != Z_STREAM_END)
        return wrong(a, fault, error == Z_BUF_ERROR ? "the gzip file ends early" : "the file cannot be unpacked");
    *there = byte >= 0 || a->length > 0;
    while (a->length && (a->line[a->length - 1] == '\r' || a->line[a->length - 1] == ' '))
        a->length--;
    if (a->line)
        a->line[a->length] = '\0';
    return 0;
}

/* The next line that is not empty; MODEL when there is none. */
static int need_line(struct arpa *a, struct fault *fault)
{
    bool there;
    do {
        if (next_line(a, &there, fault))
            return fault->code;
    } while (there && !a->length);
    return there ? 0 : wrong(a, fault, "the file ends before \\end\\");
}

/* ---- numbers and fields ---- */

/* A decimal number that fills text; false for anything else, and for what is not finite. */
static bool read_number(const char *text, float *out)
{
    double value = 0.0;
    int exponent = 0, written = 0, digits = 0;
    bool negative = *text == '-', point = false, minus;
    text += *text == '-' || *text == '+';
    for (; (*text >= '0' && *text <= '9') || (*text == '.' && !point); text++) {
        point |= *text == '.';
        if (*text == '.')
            continue;
        if (++digits > NUMBER_DIGITS)
            return false;
        value = value * 10.0 + (*text - '0');
        exponent -= point;
    }
    if (digits && (*text == 'e' || *text == 'E')) {
        minus = *++text == '-';
        text += *text == '-' || *text == '+';
        if (*text < '0' || *text > '9')
            return false;
        for (; *text >= '0' && *text <= '9' && written < 10000; text++)
            written = written * 10 + (*text - '0');
        exponent += minus ? -written : written;
    }
    *out = (float)((negative ? -value : value) * pow(10.0, exponent));
    return digits && !*text && isfinite(*out);
}

/* Cuts the line at blanks; returns how many fields, at most FIELDS_MAXIMUM + 1. */
static int cut(char *line, char **fields)
{
    int count = 0;
    for (char *at = line; *at && count <= FIELDS_MAXIMUM; count++) {
        at += strspn(at, " \t");
        if (!*at)
            break;
        fields[count] = at;
        at += strcspn(at, " \t");
        if (*at)
            *at++ = '\0';
    }
    return count;
}

/* ---- sections ---- */

static int read_claim(struct arpa *a, struct fault *fault)
{
    char *end;
    long order = strtol(a->line + 6, &end, 10);
    if (*end != '=' || order != a->build.order + 1)
        return wrong(a, fault, "not 'ngram N=COUNT' with the next N");
    if (order > NGRAM_ORDER_MAXIMUM)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s, line %ld: an order of %ld, and at most %d is known", a->name,
                    a->number, order, NGRAM_ORDER_MAXIMUM);
    const char *digits = end + 1 + strspn(end + 1, " ");
    a->claimed[order - 1] = strtoull(digits, &end, 10);
    if (*digits < '0' || *digits > '9' || *end || a->claimed[order - 1] == ULLONG_MAX)
        return wrong(a, fault, "not a count of n-grams");
    a->build.order = (int)order;
    return 0;
}

static int read_head(struct arpa *a, struct fault *fault)
{
    bool there;
    do {
        if (next_line(a, &there, fault))
            return fault->code;
        if (!there)
            return fail(fault, UTTER_ERROR_MODEL, "%.300s: not an ARPA file: it has no line \\data\\", a->name);
    } while (!a->length || strcmp(a->line, "\\data\\") != 0);
    for (;;) {
        if (need_line(a, fault))
            return fault->code;
        if (strncmp(a->line, "ngram ", 6) != 0)
            break;
        if (read_claim(a, fault))
            return fault->code;
    }
    return a->build.order ? 0 : wrong(a, fault, "no 'ngram 1=COUNT' behind \\data\\");
}

static int read_entry(struct arpa *a, int n, struct fault *fault)
{
    char *fields[FIELDS_MAXIMUM + 1];
    int count = cut(a->line, fields);
    struct ngram_record record = {0};
    if (count != n + 1 && (count != n + 2 || n == a->build.order))
        return wrong(a, fault, "not a probability, the words of an n-gram, and a back-off");
    if (!read_number(fields[0], &record.probability))
        return wrong(a, fault, "the probability is not a number");
    if (record.probability > 0.0f)
        return wrong(a, fault, "a probability above 1");
    if (count == n + 2 && !read_number(fields[n + 1], &record.back_off))
        return wrong(a, fault, "the back-off is not a number");
    record.probability = record.probability < -100.0f ? -100.0f : record.probability;
    if (!(record.back_off >= -100.0f && record.back_off <= 100.0f))
        return wrong(a, fault, "the back-off is beyond all measure");
    if (n == 1)
        return ngram_build_word(&a->build, fields[1], record.probability, record.back_off, fault);
    for (int i = 0; i < n; i++) {
        int64_t word = ngram_build_find(&a->build, fields[n - i]);
        if (word < 0)
            return wrong(a, fault, "a word that is no 1-gram");
        record.words[i] = (uint32_t)word;
    }
    return ngram_build_add(&a->build, n, &record, fault);
}

/* Reads \n-grams:, whose title is the line at hand, up to the next title. */
static int read_section(struct arpa *a, int n, struct fault *fault)
{
    char title[] = "\\0-grams:";
    unsigned long long count = 0;
    title[1] = (char)('0' + n);
    if (strcmp(a->line, title) != 0)
        return wrong(a, fault, "not the title of the next order's n-grams");
    for (;; count++) {
        if (need_line(a, fault))
            return fault->code;
        if (a->line[0] == '\\' && (strcmp(a->line, "\\end\\") == 0 || strstr(a->line, "-grams:")))
            break;
        if (read_entry(a, n, fault))
            return fault->code;
    }
    if (count != a->claimed[n - 1])
        return fail(fault, UTTER_ERROR_MODEL, "%.300s, line %ld: %llu %d-grams, and \\data\\ says %llu", a->name,
                    a->number, count, n, a->claimed[n - 1]);
    return n == 1 ? ngram_build_vocabulary(&a->build, fault) : 0;
}

static int read_arpa(struct arpa *a, bool quantize, void **bytes, size_t *size, struct fault *fault)
{
    a->build.name = a->name;
    int code = read_head(a, fault);
    for (int n = 1; !code && n <= a->build.order; n++)
        code = read_section(a, n, fault);
    if (!code && strcmp(a->line, "\\end\\") != 0)
        code = wrong(a, fault, "more orders than \\data\\ says");
    if (!code)
        code = ngram_build_finish(&a->build, quantize, bytes, size, fault);
    ngram_build_free(&a->build);
    free(a->line);
    return code;
}

int ngram_parse_arpa(const void *text, size_t length, const char *name, bool quantize, void **bytes, size_t *size,
                     struct fault *fault)
{
    struct arpa a = {.name = name, .text = text, .left = length};
    return read_arpa(&a, quantize, bytes, size, fault);
}

int ngram_read_arpa(const char *path, bool quantize, void **bytes, size_t *size, struct fault *fault)
{
    struct arpa a = {.name = path, .file = gzopen(path, "rb")};
    if (!a.file)
        return fail(fault, UTTER_ERROR_IO, "%s: cannot be opened", path);
    gzbuffer(a.file, 1 << 17);
    int code = read_arpa(&a, quantize, bytes, size, fault);
    gzclose(a.file);
    return code;
}
