/* mel.c - see mel.h. Filters are worked out in double precision and kept as floats, as the extractors do. */
#include "audio/mel.h"

#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double linear_end_hz = 1000.0, linear_end_mel = 15.0;

static double log_step(void)
{
    return log(6.4) / 27.0;
}

static double hertz_to_mel(double hertz)
{
    if (hertz < linear_end_hz)
        return hertz * 3.0 / 200.0;
    return linear_end_mel + log(hertz / linear_end_hz) / log_step();
}

static double mel_to_hertz(double mel)
{
    if (mel < linear_end_mel)
        return mel * 200.0 / 3.0;
    return linear_end_hz * exp((mel - linear_end_mel) * log_step());
}

/* The triangle's edges and peak, in Hz. */
struct triangle {
    double low, peak, high;
};

static struct triangle triangle_of(int index, int mels, double high)
{
    const double step = hertz_to_mel(high) / (mels + 1);
    return (struct triangle){mel_to_hertz(step * index), mel_to_hertz(step * (index + 1)),
                             mel_to_hertz(step * (index + 2))};
}

static double weight_at(const struct triangle *t, double hertz)
{
    const double rise = (hertz - t->low) / (t->peak - t->low), fall = (t->high - hertz) / (t->high - t->peak);
    const double height = fmin(rise, fall);
    return height > 0 ? height * 2.0 / (t->high - t->low) : 0;
}

/* Appends one filter's weights, padded with zeros to whole blocks. */
static void add_filter(struct mel_bank *bank, int index, int *used, const struct triangle *t, double bin_hz)
{
    int first = -1, last = -1;
    for (int k = 0; k < bank->bins; k++) {
        if ((float)weight_at(t, k * bin_hz) <= 0)
            continue;
        first = first < 0 ? k : first;
        last = k;
    }
    struct mel_filter *f = &bank->filters[index];
    f->start = first < 0 ? 0 : first;
    f->blocks = first < 0 ? 0 : (last - first + 4) / 4;
    f->offset = *used;
    for (int k = 0; first >= 0 && k <= last - first; k++)
        bank->weights[*used + k] = (float)weight_at(t, (first + k) * bin_hz);
    *used += f->blocks * 4;
}

int mel_bank_open(struct mel_bank *bank, int mels, int bins, int sample_rate, double high, struct fault *fault)
{
    /* Every bin lies in at most two triangles, and every filter rounds up by at most three. */
    const size_t most = 2 * (size_t)bins + 4 * (size_t)mels;
    *bank = (struct mel_bank){.mels = mels, .bins = bins};
    bank->filters = memory_new((size_t)mels, sizeof *bank->filters);
    bank->weights = memory_new(most, sizeof *bank->weights);
    if (!bank->filters || !bank->weights) {
        mel_bank_close(bank);
        return fail_memory(fault, "the mel filters");
    }
    const double bin_hz = (double)(sample_rate / 2) / (bins - 1);
    int used = 0;
    for (int m = 0; m < mels; m++) {
        const struct triangle t = triangle_of(m, mels, high);
        add_filter(bank, m, &used, &t, bin_hz);
    }
    return 0;
}

void mel_bank_close(struct mel_bank *bank)
{
    free(bank->filters);
    free(bank->weights);
    memset(bank, 0, sizeof *bank);
}

void mel_bank_apply(const struct mel_bank *bank, const float *restrict power, float *restrict out)
{
    for (int m = 0; m < bank->mels; m++) {
        const struct mel_filter *f = &bank->filters[m];
        const float *p = power + f->start, *w = bank->weights + f->offset;
        float sum[4] = {0, 0, 0, 0};
        for (int b = 0; b < f->blocks; b++, p += 4, w += 4)
            for (int lane = 0; lane < 4; lane++)
                sum[lane] += w[lane] * p[lane];
        out[m] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
    }
}
