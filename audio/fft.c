/* fft.c - FFTW behind one small interface.
 *
 * FFTW's planner keeps tables shared by the whole process and is not safe to enter twice, so every planner call sits
 * under one lock; executing a plan on new arrays is safe anywhere. FFTW_ESTIMATE, since measured plans differ from run
 * to run in their rounding, and would cost a tenth of a second at every start. */
#include "audio/fft.h"

#include "src/base/memory.h"

#include <fftw3.h>
#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t planner = PTHREAD_MUTEX_INITIALIZER;

struct fft {
    int size;
    fftwf_plan plan;
};

static fftwf_plan plan_power(int size)
{
    float *in = memory_aligned((size_t)size * sizeof *in);
    fftwf_complex *out = memory_aligned(((size_t)size / 2 + 1) * sizeof *out);
    fftwf_plan plan = NULL;
    if (in && out) {
        pthread_mutex_lock(&planner);
        plan = fftwf_plan_dft_r2c_1d(size, in, out, FFTW_ESTIMATE | FFTW_PRESERVE_INPUT);
        pthread_mutex_unlock(&planner);
    }
    free(in);
    free(out);
    return plan;
}

int fft_open(struct fft **fft, int size, struct fault *fault)
{
    *fft = NULL;
    if (size < 2 || size > 32768 || size % 2)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a Fourier transform of %d points is not supported", size);
    struct fft *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "a Fourier transform");
    new->size = size;
    new->plan = plan_power(size);
    if (!new->plan) {
        free(new);
        return fail_memory(fault, "a Fourier transform");
    }
    *fft = new;
    return 0;
}

void fft_close(struct fft **fft)
{
    if (!*fft)
        return;
    pthread_mutex_lock(&planner);
    fftwf_destroy_plan((*fft)->plan);
    pthread_mutex_unlock(&planner);
    free(*fft);
    *fft = NULL;
}

int fft_spectrum_size(const struct fft *fft)
{
    return (fft->size + 2 + 15) / 16 * 16;
}

void fft_power(const struct fft *fft, float *in, float *spectrum, float *restrict power)
{
    fftwf_execute_dft_r2c(fft->plan, in, (fftwf_complex *)spectrum);
    const float *restrict s = spectrum;
    const int bins = fft->size / 2 + 1;
    for (int k = 0; k < bins; k++)
        power[k] = s[2 * k] * s[2 * k] + s[2 * k + 1] * s[2 * k + 1];
}
