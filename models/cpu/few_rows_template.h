/* few_rows_template.h - the kernel of few_rows.h, once per instruction set and type. The file that includes this
 * provides: SUM (a vector of sums), WEIGHTS, WORD; VECTORS (of sums in a block), GROUP (steps of k in a word),
 * VECTOR_BYTES (of weights that make one WEIGHTS); sum_load, sum_store, weights_load, word_load (from x), step(sum,
 * word, weights), and ELEMENT (of x). */
#include "models/cpu/few_rows.h"

/* The weights are a stream that the processor's own prefetcher loses at the end of each page. */
enum { AHEAD_BYTES = 1024 };

static inline __attribute__((always_inline)) void tile(unsigned char *sums, const ELEMENT *x, int64_t x_step,
                                                       const unsigned char *block, int64_t groups, const int rows)
{
    SUM sum[FEW_ROWS][VECTORS];
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < VECTORS; v++)
            sum[i][v] = sum_load(block + (size_t)v * sizeof(SUM));
    block += VECTORS * sizeof(SUM);
    for (int64_t g = 0; g < groups; g++, block += VECTORS * VECTOR_BYTES) {
        WEIGHTS w[VECTORS];
        for (int v = 0; v < VECTORS; v++)
            w[v] = weights_load(block + v * VECTOR_BYTES);
        for (int at = 0; at < VECTORS * VECTOR_BYTES; at += 64)
            __builtin_prefetch(block + AHEAD_BYTES + at);
        for (int i = 0; i < rows; i++) {
            WORD word = word_load(x + i * x_step + g * GROUP);
            for (int v = 0; v < VECTORS; v++)
                sum[i][v] = step(sum[i][v], word, w[v]);
        }
    }
    for (int i = 0; i < rows; i++)
        for (int v = 0; v < VECTORS; v++)
            sum_store(sums + (size_t)(i * VECTORS + v) * sizeof(SUM), sum[i][v]);
}

/* The number of rows is a constant in each call, so that all sums stay in registers. */
static void multiply_block(void *sums, const void *x, int64_t x_step, const void *block, int64_t groups, int rows)
{
    switch (rows) {
    case 1:
        tile(sums, x, x_step, block, groups, 1);
        break;
    case 2:
        tile(sums, x, x_step, block, groups, 2);
        break;
    case 3:
        tile(sums, x, x_step, block, groups, 3);
        break;
    case 4:
        tile(sums, x, x_step, block, groups, 4);
        break;
    case 5:
        tile(sums, x, x_step, block, groups, 5);
        break;
    default:
        tile(sums, x, x_step, block, groups, FEW_ROWS);
    }
}
