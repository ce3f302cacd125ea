/* ngram_quantize.c - values to 8 bits: bins that hold as many values each, as in Federico and Bertoldi, "How Many Bits
 * Are Needed to Store Probabilities for Phrase-Based Translation?" (WMT 2006), section 4.2, but by their median, and
 * with equal values in one bin: back-offs of 0 are many and stay exact. */
#include "decoder/guide/ngram_build.h"

#include "decoder/guide/ngram_format.h"

#include <stdlib.h>

/* A gap that no bin spans: -99 for what is never said would pull its neighbours far down. */
static const float GAP = 10.0f;

static int ascending(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return x < y ? -1 : x > y;
}

void ngram_levels(float *values, size_t count, float *table)
{
    qsort(values, count, sizeof *values, ascending);
    size_t begin = 0, bin = 0;
    while (begin < count && bin < NGRAM_LEVELS) {
        size_t share = (count - begin) / (NGRAM_LEVELS - bin), end = begin + 1;
        while (end < count &&
               (values[end] == values[end - 1] || (end - begin < share && values[end] - values[end - 1] < GAP)))
            end++;
        table[bin++] = values[begin + (end - begin) / 2];
        begin = end;
    }
    float last = bin ? table[bin - 1] : 0.0f;
    while (bin < NGRAM_LEVELS)
        table[bin++] = last;
}

unsigned ngram_nearest(const float *table, float value)
{
    unsigned begin = 0, end = NGRAM_LEVELS - 1;
    while (begin < end) {
        unsigned middle = (begin + end) / 2;
        if (table[middle] < value)
            begin = middle + 1;
        else
            end = middle;
    }
    return begin > 0 && value - table[begin - 1] < table[begin] - value ? begin - 1 : begin;
}
