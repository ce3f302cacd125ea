#include "decoder/search/whisper_alignment.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>

enum { MEDIAN = 7 };

/* ---- dynamic time warping ---- */

enum { DIAGONAL, UP, LEFT };

/* trace [rows + 1, columns + 1]: where the cheapest way to each cell comes from. */
static void fill_trace(const float *costs, int rows, int columns, float *line, unsigned char *trace)
{
    size_t width = (size_t)columns + 1;
    for (int j = 0; j <= columns; j++)
        line[j] = j ? INFINITY : 0;
    for (int i = 1; i <= rows; i++) {
        float diagonal = line[0];
        line[0] = INFINITY;
        for (int j = 1; j <= columns; j++) {
            float up = line[j], left = line[j - 1], best;
            unsigned char from = LEFT;
            if (diagonal < up && diagonal < left)
                from = DIAGONAL;
            else if (up < diagonal && up < left)
                from = UP;
            best = from == DIAGONAL ? diagonal : from == UP ? up : left;
            trace[(size_t)i * width + (size_t)j] = from;
            diagonal = line[j];
            line[j] = costs[(size_t)(i - 1) * (size_t)columns + (size_t)(j - 1)] + best;
        }
    }
}

int whisper_warp(const float *costs, int rows, int columns, int *out, struct fault *fault)
{
    size_t width = (size_t)columns + 1;
    unsigned char *trace = memory_new(((size_t)rows + 1) * width, 1);
    float *line = memory_new(width, sizeof *line);
    if (trace && line) {
        fill_trace(costs, rows, columns, line, trace);
        for (int i = rows, j = columns; i > 0 && j > 0;) {
            out[i - 1] = j - 1; /* the last to be written is the first of the row */
            int from = trace[(size_t)i * width + (size_t)j];
            if (i == 1 && j == 1)
                break;
            if (j == 1)
                from = UP;
            else if (i == 1)
                from = LEFT;
            i -= from != LEFT;
            j -= from != UP;
        }
    } else {
        fail_memory(fault, "an alignment");
    }
    free(trace);
    free(line);
    return trace && line ? 0 : UTTER_ERROR_MEMORY;
}

/* ---- from attention to costs ---- */

/* Softmax over the valid positions alone, then, for each position, mean 0 and deviation 1 over the rows. */
static void normalise(float *head, int rows, int valid)
{
    for (int i = 0; i < rows; i++) {
        float *row = head + (size_t)i * (size_t)valid, sum = 0;
        for (int t = 0; t < valid; t++)
            sum += row[t];
        for (int t = 0; t < valid && sum > 0; t++)
            row[t] /= sum;
    }
    for (int t = 0; t < valid; t++) {
        double sum = 0, squares = 0;
        for (int i = 0; i < rows; i++)
            sum += (double)head[(size_t)i * (size_t)valid + (size_t)t];
        double mean = sum / rows;
        for (int i = 0; i < rows; i++) {
            double away = (double)head[(size_t)i * (size_t)valid + (size_t)t] - mean;
            squares += away * away;
        }
        double deviation = sqrt(squares / rows);
        for (int i = 0; i < rows; i++) {
            float *x = &head[(size_t)i * (size_t)valid + (size_t)t];
            *x = deviation > 0 ? (float)(((double)*x - mean) / deviation) : 0;
        }
    }
}

/* Position i of a row mirrored at its ends. */
static int mirrored(int i, int count)
{
    i = i < 0 ? -i : i;
    return i < count ? i : 2 * (count - 1) - i;
}

static float median_at(const float *row, int at, int count)
{
    float window[MEDIAN];
    for (int k = 0; k < MEDIAN; k++) {
        float value = row[mirrored(at + k - MEDIAN / 2, count)];
        int place = k;
        for (; place > 0 && window[place - 1] > value; place--)
            window[place] = window[place - 1];
        window[place] = value;
    }
    return window[MEDIAN / 2];
}

/* costs [rows, valid] -= the filtered head / heads */
static void add_costs(float *costs, const float *head, int heads, int rows, int valid)
{
    for (int i = 0; i < rows; i++) {
        const float *row = head + (size_t)i * (size_t)valid;
        for (int t = 0; t < valid; t++)
            costs[(size_t)i * (size_t)valid + (size_t)t] -=
                (valid > MEDIAN / 2 ? median_at(row, t, valid) : row[t]) / (float)heads;
    }
}

int whisper_align(const float *attention, int heads, int rows, int positions, int valid, int first, int *out,
                  struct fault *fault)
{
    size_t cells = (size_t)rows * (size_t)valid;
    float *costs = memory_new(cells, sizeof *costs), *head = memory_new(cells, sizeof *head);
    int code = costs && head ? 0 : fail_memory(fault, "an alignment");
    for (int h = 0; h < heads && !code; h++) {
        for (int i = 0; i < rows; i++)
            for (int t = 0; t < valid; t++)
                head[(size_t)i * (size_t)valid + (size_t)t] =
                    attention[((size_t)h * (size_t)rows + (size_t)i) * (size_t)positions + (size_t)t];
        normalise(head, rows, valid);
        add_costs(costs, head, heads, rows, valid);
    }
    if (!code)
        code = whisper_warp(costs + (size_t)first * (size_t)valid, rows - 1 - first, valid, out, fault);
    free(costs);
    free(head);
    return code;
}
