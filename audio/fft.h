/* fft.h - the power spectrum of real frames; the only place that knows FFTW, so that another library with its
 * interface can stand in. */
#ifndef AUDIO_FFT_H
#define AUDIO_FFT_H

#include "src/base/error.h"

struct fft;

/* size: even, 2 to 32768. The plan is FFTW's estimate, not its measurement: the same numbers in every run.
 * Safe from any thread. Errors: ARGUMENT, MEMORY. */
int fft_open(struct fft **fft, int size, struct fault *fault);
void fft_close(struct fft **fft);

/* Floats in the spectrum buffer of fft_power: size + 2, rounded up to a cache line. */
int fft_spectrum_size(const struct fft *fft);

/* power [size/2 + 1] = |DFT(in [size])|². in and spectrum are aligned to 64 bytes; in keeps its values. Any number of
 * threads may call this on one plan, each with its own buffers. */
void fft_power(const struct fft *fft, float *in, float *spectrum, float *power);

#endif
