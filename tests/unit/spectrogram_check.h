/* spectrogram_check.h - the spectrograms of a batch of rows against golden ones, on the plain device and the fast one:
 * what the tests of acoustic models share. */
#ifndef TESTS_SPECTROGRAM_CHECK_H
#define TESTS_SPECTROGRAM_CHECK_H

#include "tests/unit/model_devices.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* ---- golden files ---- */

/* All bytes of a file of less than a MiB, with a NUL behind them, for the caller to free. */
static char *read_text(const char *path, size_t *length)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = calloc(1, 1 << 20);
    assert_non_null(text);
    *length = fread(text, 1, (1 << 20) - 1, file);
    fclose(file);
    return text;
}

/* `values` floats, all that the file has. */
static float *read_spectrograms(const char *path, size_t values)
{
    size_t length;
    float *mel = (float *)read_text(path, &length);
    assert_int_equal(length, sizeof(float) * values);
    return mel;
}

/* ---- comparing ---- */

struct difference {
    double cosine, largest; /* of all values, around their means */
};

static struct difference compare(const float *a, const float *b, int n)
{
    double ab = 0, aa = 0, bb = 0, x = 0, y = 0;
    struct difference d = {0};
    for (int i = 0; i < n; i++) {
        x += (double)a[i] / n;
        y += (double)b[i] / n;
    }
    for (int i = 0; i < n; i++) {
        ab += ((double)a[i] - x) * ((double)b[i] - y);
        aa += ((double)a[i] - x) * ((double)a[i] - x);
        bb += ((double)b[i] - y) * ((double)b[i] - y);
        d.largest = fmax(d.largest, fabs((double)a[i] - (double)b[i]));
        assert_true(isfinite(a[i]));
    }
    d.cosine = ab / sqrt(aa * bb);
    return d;
}

/* mel [rows, most, mels], 0 behind a row's frames, against the rows one behind the other: the least cosine and the
 * largest difference of a row. */
static struct difference compare_rows(const float *mel, const int *frames, int rows, int most, int mels,
                                      const float *expected)
{
    struct difference worst = {1, 0};
    for (int row = 0; row < rows; row++, mel += most * mels) {
        const struct difference d = compare(mel, expected, frames[row] * mels);
        worst.cosine = fmin(worst.cosine, d.cosine);
        worst.largest = fmax(worst.largest, d.largest);
        expected += frames[row] * mels;
        for (int i = frames[row] * mels; i < most * mels; i++)
            assert_true(mel[i] == 0);
    }
    return worst;
}

static void print_difference(const char *what, const struct device *device, enum tensor_type type, struct difference d)
{
    printf("%s, %s, %s: cosine %.8f, largest difference %.2g\n", what, device->name, tensor_type_name(type), d.cosine,
           d.largest);
}

#endif
