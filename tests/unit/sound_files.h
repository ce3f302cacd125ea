/* sound_files.h - sound files made in a temporary folder and read through every door, for the tests of their readers;
 * what is printed meanwhile; and what libsndfile reads of the same. */
#ifndef TESTS_UNIT_SOUND_FILES_H
#define TESTS_UNIT_SOUND_FILES_H

#include "audio/file.h"

#include <math.h>
#include <setjmp.h>
#include <sndfile.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h> /* after our own: it has a macro named fail */

enum { RATE = 16000, COUNT = 16000 }; /* of make_sound: Hz, and samples of each channel */

/* The tests' own folder, and the file in it that the test at hand is about. */
static char folder[256], path[300];

/* Makes path that of the file of this name in folder; the test unlinks what it writes there. */
static inline void use_path(const char *name)
{
    snprintf(path, sizeof path, "%s/%s", folder, name);
}

/* Set up and torn down once for a group of tests. */
static inline int make_folder(void **state)
{
    (void)state;
    const char *place = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/utter-test-XXXXXX", place && *place ? place : "/tmp");
    return mkdtemp(folder) ? 0 : -1;
}

static inline int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails where a test left something behind */
}

/* data: from malloc, for the test to free; at: how many read_pipe has handed out. */
struct bytes {
    unsigned char *data;
    size_t size, at;
};

/* Hands out bytes in odd-sized pieces, as a pipe does. */
static inline int64_t read_pipe(void *context, void *buffer, size_t size)
{
    struct bytes *b = context;
    size_t count = b->size - b->at < 1237 ? b->size - b->at : 1237;
    count = count < size ? count : size;
    memcpy(buffer, b->data + b->at, count);
    b->at += count;
    return (int64_t)count;
}

/* All bytes of a file, for the caller to free. */
static inline struct bytes load(const char *from)
{
    struct bytes b = {0};
    struct stat status;
    FILE *file = fopen(from, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &status), 0);
    b.size = (size_t)status.st_size;
    b.data = malloc(b.size + 1);
    assert_int_equal(fread(b.data, 1, b.size, file), b.size);
    fclose(file);
    return b;
}

/* A chirp of a second, [COUNT, channels], each channel quieter than the last; for the caller to free. */
static inline float *make_sound(int channels)
{
    float *x = malloc((size_t)COUNT * (size_t)channels * sizeof *x);
    for (int i = 0; i < COUNT; i++)
        for (int c = 0; c < channels; c++)
            x[i * channels + c] = (float)(0.5 / (c + 1) * sin(1000.0 * i / RATE + 4000.0 * i / RATE * i / COUNT));
    return x;
}

/* Reads all of an open file in pieces of odd size and closes it. Returns [frames, its channels], for the caller to
 * free; warning: FAULT_MESSAGE_SIZE bytes. */
static inline float *read_all(struct audio_file *file, int64_t *frames, char *warning)
{
    struct audio_file_info info;
    struct fault fault = {0};
    float *x = NULL;
    audio_file_get_info(file, &info);
    *frames = 0;
    for (int64_t got = 1; got; *frames += got) {
        x = realloc(x, (size_t)(*frames + 701) * (size_t)info.channels * sizeof *x);
        got = audio_file_read(file, x + *frames * info.channels, 701, &fault);
        assert_in_range(got, 0, 701);
    }
    snprintf(warning, FAULT_MESSAGE_SIZE, "%s", audio_file_warning(file));
    audio_file_close(&file);
    assert_null(file);
    return x;
}

static char format_text[128];

/* The same samples of the file at path through all three doors; returns those of the path, as read_all does. */
static inline float *read_three_ways(int64_t *frames, struct audio_file_info *info, char *warning)
{
    struct fault fault = {0};
    struct audio_file *file;
    struct bytes b = load(path);
    int64_t again;
    assert_int_equal(audio_file_open_path(&file, path, "a.wav", &fault), 0);
    audio_file_get_info(file, info);
    snprintf(format_text, sizeof format_text, "%s", info->format);
    info->format = format_text; /* outlives the file */
    float *x = read_all(file, frames, warning);
    for (int way = 0; way < 2; way++) {
        assert_int_equal(way ? audio_file_open_memory(&file, b.data, b.size, "a.wav", &fault)
                             : audio_file_open_callback(&file, read_pipe, &b, "a.wav", &fault),
                         0);
        float *y = read_all(file, &again, warning);
        assert_int_equal(again, *frames);
        assert_memory_equal(x, y, (size_t)(*frames * info->channels) * sizeof *x);
        free(y);
    }
    free(b.data);
    return x;
}

/* Between these two, whatever is printed goes to a file; at the end there must be nothing in it. */
static int printed_before[2];
static FILE *printed;

static inline void watch_prints(void)
{
    use_path("printed");
    fflush(stdout), fflush(stderr);
    printed_before[0] = dup(1), printed_before[1] = dup(2);
    printed = fopen(path, "wb+");
    dup2(fileno(printed), 1), dup2(fileno(printed), 2);
    unlink(path);
}

static inline void expect_no_prints(void)
{
    char text[1000] = "";
    fflush(stdout), fflush(stderr);
    dup2(printed_before[0], 1), dup2(printed_before[1], 2);
    close(printed_before[0]), close(printed_before[1]);
    fseek(printed, 0, SEEK_END);
    const long length = ftell(printed);
    rewind(printed);
    assert_true(fread(text, 1, sizeof text - 1, printed) <= sizeof text);
    fclose(printed);
    if (length)
        print_message("printed: %s\n", text);
    assert_int_equal(length, 0);
}

/* Appends size bytes. */
static inline void put(struct bytes *b, const void *data, size_t size)
{
    b->data = realloc(b->data, b->size + size);
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

/* What libsndfile reads of the file at path, up to 4 * COUNT frames of its channels, for the caller to free. */
static inline float *read_reference(int64_t *frames)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    assert_non_null(file);
    float *x = malloc(sizeof *x * (size_t)(4 * COUNT) * (size_t)info.channels);
    *frames = sf_readf_float(file, x, 4 * COUNT);
    sf_close(file);
    return x;
}

/* Opens and reads size bytes as "x.mp3"; returns the sample frames, or -1 where they are refused. message:
 * FAULT_MESSAGE_SIZE bytes, the fault or the warning. */
static inline int64_t try_bytes(const void *data, size_t size, char *message)
{
    struct fault fault = {0};
    struct audio_file *file;
    int64_t frames = -1;
    unsigned char *copy = malloc(size + 1); /* its own block, so that AddressSanitizer sees its end */
    memcpy(copy, data, size);
    message[0] = 0;
    if (audio_file_open_memory(&file, copy, size, "x.mp3", &fault)) {
        assert_int_equal(fault.code, UTTER_ERROR_AUDIO);
        snprintf(message, FAULT_MESSAGE_SIZE, "%s", fault.message);
    } else
        free(read_all(file, &frames, message));
    free(copy);
    return frames;
}

#endif
