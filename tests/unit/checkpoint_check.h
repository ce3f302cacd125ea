/* checkpoint_check.h - what the tests of checkpoint readers have in common: bytes through a reader, from memory of
 * exactly their size, where AddressSanitizer sees the first byte behind; and through a file. */
#ifndef TESTS_UNIT_CHECKPOINT_CHECK_H
#define TESTS_UNIT_CHECKPOINT_CHECK_H

#include "models/load/stored_list.h"
#include "tests/unit/checkpoint_files.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

typedef int reader(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
                   struct fault *fault);

/* Reads, and walks over every element and every token. */
static inline int read_bytes(reader *read, const void *data, size_t size, struct fault *fault)
{
    struct stored_list list = {0};
    unsigned char *copy = malloc(size ? size : 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    int code = read(copy, size, "m.bin", "m.bin", &list, fault);
    for (size_t i = 0; i < list.count && !code; i++) {
        struct stored_statistics s;
        stored_statistics(&list.items[i], &s);
    }
    volatile unsigned sum = 0;
    for (size_t i = 0; i < list.tokens_count && !code; i++)
        for (size_t k = 0; k < list.tokens[i].length; k++)
            sum += (unsigned char)list.tokens[i].bytes[k];
    (void)sum;
    stored_list_release(&list);
    free(copy);
    return code;
}

/* code 0: it is read. Otherwise one sentence of printable characters that names the file and says this. */
static inline void expect_bytes(reader *read, const struct bytes *b, int code, const char *says)
{
    struct fault fault = {0};
    int got = read_bytes(read, b->data, b->size, &fault);
    if (got != code)
        fail_msg("%d '%s' and not %d '%s'", got, fault.message, code, says);
    assert_int_equal(fault.code, code);
    if (code && (strncmp(fault.message, "m.bin: ", 7) != 0 || !strstr(fault.message, says)))
        fail_msg("'%s' does not say '%s'", fault.message, says);
    for (const char *c = fault.message; *c; c++)
        assert_true(*c >= 0x20 && *c < 0x7f);
}

/* Through a file of the given name in a new folder, both gone when it returns. */
static inline int open_bytes(struct checkpoint **c, const struct bytes *b, const char *name, struct fault *fault)
{
    char folder[] = "/tmp/utter-formats-XXXXXX", path[128];
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(b->data, 1, b->size, file), b->size);
    fclose(file);
    int code = checkpoint_open(c, path, fault);
    remove(path);
    rmdir(folder);
    return code;
}

static inline struct checkpoint *open_good(const struct bytes *b, const char *name, const char *format)
{
    struct checkpoint *c;
    struct fault fault = {0};
    if (open_bytes(&c, b, name, &fault))
        fail_msg("%s", fault.message);
    assert_string_equal(checkpoint_format(c), format);
    return c;
}

static inline void expect_floats(const struct checkpoint *c, const char *name, int rank, const int64_t *shape,
                                 const float *values, int count)
{
    float *out;
    struct fault fault = {0};
    if (checkpoint_floats(c, name, rank, shape, &out, &fault))
        fail_msg("%s", fault.message);
    for (int i = 0; i < count; i++)
        assert_true(out[i] == values[i]);
    free(out);
}

static inline void expect_number(const struct checkpoint *c, const char *name, int64_t expected)
{
    int64_t value = 0;
    assert_true(checkpoint_number(c, name, &value) == (expected != 0));
    assert_int_equal(value, expected);
}

static inline void expect_token(const struct checkpoint *c, size_t id, const char *text, size_t length)
{
    const char *bytes;
    size_t got;
    assert_true(checkpoint_token(c, id, &bytes, &got));
    assert_int_equal(got, length);
    assert_memory_equal(bytes, text, length);
}

/* The tensors that every sample holds. */
static inline void expect_sample(const struct checkpoint *c, bool quantised)
{
    float eights[32];
    for (int i = 0; i < 32; i++)
        eights[i] = (float)(i - 16) * 0.5f;
    assert_int_equal(checkpoint_count(c), quantised ? 3 : 2);
    expect_floats(c, "a.weight", 2, (int64_t[]){2, 3}, SAMPLE_WEIGHT, 6);
    expect_floats(c, "conv.bias", 1, (int64_t[]){2}, SAMPLE_BIAS, 2);
    if (quantised)
        expect_floats(c, "q.weight", 2, (int64_t[]){1, 32}, eights, 32);
}

/* A fault made of a good file: the bytes at some place replaced (as a number of size bytes), or the file cut there. */
struct change {
    size_t at;
    int size; /* 0: cut */
    uint64_t number;
    int code;
    const char *says;
};

static inline void expect_changes(reader *read, const struct bytes *good, const struct change *changes, size_t count)
{
    static struct bytes b;
    for (size_t i = 0; i < count; i++) {
        const struct change *c = &changes[i];
        b = *good;
        b.size = c->at;
        if (c->size) {
            put_number(&b, c->number, c->size);
            b.size = good->size;
        }
        expect_bytes(read, &b, c->code, c->says);
    }
}

#endif
