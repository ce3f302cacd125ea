/* test_speakers.c - speaker embeddings in NumPy's files, whole, odd and broken. */
#include "src/speak/speakers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct file {
    unsigned char bytes[512];
    size_t size;
};

/* A file of version 1 with that dictionary, and values 1, 2, 3 … in float32 behind it. */
static struct file make_file(const char *dictionary, int values)
{
    struct file file = {.size = 10};
    size_t length = strlen(dictionary);
    memcpy(file.bytes, "\x93NUMPY\x01\x00", 8);
    file.bytes[8] = (unsigned char)length;
    memcpy(file.bytes + 10, dictionary, length);
    file.size += length;
    for (int i = 0; i < values; i++, file.size += sizeof(float))
        memcpy(file.bytes + file.size, &(float){(float)(i + 1)}, sizeof(float));
    return file;
}

static void test_shapes(void **state)
{
    (void)state;
    static const struct {
        const char *dictionary;
        int values, count, width;
    } cases[] = {
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n", 6, 2, 3},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (4,), }\n", 4, 1, 4},
        {"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }\n", 4, 1, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file file = make_file(cases[i].dictionary, cases[i].values);
        struct speakers speakers = {0};
        struct fault fault = {0};
        assert_int_equal(speakers_parse(&speakers, file.bytes, file.size, "x.npy", &fault), 0);
        assert_int_equal(speakers.count, cases[i].count);
        assert_int_equal(speakers.width, cases[i].width);
        if (i < 2)
            assert_true(speakers.values[cases[i].values - 1] == (float)cases[i].values);
        speakers_free(&speakers);
    }
}

static void test_faults(void **state)
{
    (void)state;
    static const struct {
        const char *dictionary;
        int values, code;
        const char *said;
    } cases[] = {
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (2, 3), }", 6, UTTER_ERROR_UNSUPPORTED, "float32"},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (2, 3), }", 6, UTTER_ERROR_UNSUPPORTED, "C order"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }", 5, UTTER_ERROR_MODEL, "ends before"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (200000000, 60000), }", 5, UTTER_ERROR_MODEL,
         "ends before"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", 1, UTTER_ERROR_MODEL, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (0, 3), }", 1, UTTER_ERROR_MODEL, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 3), }", 1, UTTER_ERROR_MODEL, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2, 3), }", 6, UTTER_ERROR_MODEL, "shape"},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (1,", 6, UTTER_ERROR_MODEL, "shape"},
        {"{'descr': '<f4', 'fortran_order': False}", 6, UTTER_ERROR_MODEL, "shape"},
        {"", 0, UTTER_ERROR_MODEL, "no .npy file"},
        {"{}", 0, UTTER_ERROR_UNSUPPORTED, "float32"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct file file = make_file(cases[i].dictionary, cases[i].values);
        struct speakers speakers = {0};
        struct fault fault = {0};
        assert_int_equal(speakers_parse(&speakers, file.bytes, file.size, "x.npy", &fault), cases[i].code);
        assert_non_null(strstr(fault.message, cases[i].said));
        assert_non_null(strstr(fault.message, "x.npy"));
        assert_null(speakers.values);
    }
}

/* Cut anywhere, and with any byte changed, it is read or refused, and nothing is read beyond it. */
static void test_damage(void **state)
{
    (void)state;
    const struct file whole = make_file("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  \n", 6);
    for (size_t size = 0; size < whole.size; size++) {
        unsigned char *cut = malloc(size ? size : 1);
        struct speakers speakers = {0};
        struct fault fault = {0};
        assert_non_null(cut);
        memcpy(cut, whole.bytes, size);
        assert_true(speakers_parse(&speakers, cut, size, "x.npy", &fault) < 0);
        free(cut);
    }
    for (size_t at = 0; at < whole.size; at++)
        for (int value = 0; value < 256; value += 5) {
            struct file file = whole;
            struct speakers speakers = {0};
            struct fault fault = {0};
            file.bytes[at] = (unsigned char)value;
            speakers_parse(&speakers, file.bytes, file.size, "x.npy", &fault);
            speakers_free(&speakers);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_shapes),
        cmocka_unit_test(test_faults),
        cmocka_unit_test(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
