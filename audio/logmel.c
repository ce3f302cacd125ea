/* logmel.c - log-mel features, frame by frame: window → power spectrum (fft.c) → mel filters (mel.c) → logarithm.
 *
 * A frame is centred on sample frame · hop. Parakeet (transformers, feature_extraction_parakeet.py, after NVIDIA NeMo)
 * windows 400 preemphasised samples in the middle of 512 points, with zeros beyond the recording; Whisper
 * (feature_extraction_whisper.py, after OpenAI's log_mel_spectrogram) windows 400, and mirrors the recording at its
 * edges. */
#include "audio/logmel_internal.h"

#include "audio/logarithm.h"
#include "src/base/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double pi = 3.14159265358979323846;
static const float parakeet_guard = 0x1p-24f; /* added before ln */
static const float whisper_least = 1e-10f;    /* the least power, before log10 */
static const float log10_e = 0.4342944819f;

/* Hann's window: symmetric (both ends zero) for Parakeet, periodic for Whisper. */
static int make_window(struct logmel *logmel)
{
    const int size = logmel->params.window;
    const int period = logmel->params.kind == LOGMEL_PARAKEET ? size - 1 : size;
    logmel->window = memory_new((size_t)size, sizeof *logmel->window);
    if (!logmel->window)
        return -1;
    for (int i = 0; i < size; i++)
        logmel->window[i] = (float)(0.5 - 0.5 * cos(2 * pi * i / period));
    return 0;
}

static double highest_frequency(const struct logmel_params *params)
{
    const double half = params->sample_rate / 2;
    return params->kind == LOGMEL_WHISPER ? fmin(8000, half) : half;
}

int logmel_open(struct logmel **logmel, const struct logmel_params *params, struct fault *fault)
{
    *logmel = NULL;
    int rc = logmel_params_check(params, "the log-mel features", UTTER_ERROR_ARGUMENT, fault);
    if (rc)
        return rc;
    struct logmel *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "the log-mel features");
    new->params = *params;
    if (make_window(new))
        rc = fail_memory(fault, "the log-mel features");
    else
        rc = fft_open(&new->fft, params->fft, fault);
    if (!rc)
        rc = mel_bank_open(&new->bank, params->mels, params->fft / 2 + 1, params->sample_rate,
                           highest_frequency(params), fault);
    if (rc)
        logmel_close(&new);
    *logmel = new;
    return rc;
}

void logmel_close(struct logmel **logmel)
{
    if (!*logmel)
        return;
    fft_close(&(*logmel)->fft);
    mel_bank_close(&(*logmel)->bank);
    free((*logmel)->window);
    free(*logmel);
    *logmel = NULL;
}

const struct logmel_params *logmel_get_params(const struct logmel *logmel)
{
    return &logmel->params;
}

int logmel_frames(const struct logmel *logmel, int64_t count)
{
    const int64_t frames = count / logmel->params.hop;
    return frames > INT_MAX ? INT_MAX : (int)frames;
}

/* Scratch: the windowed frame [fft], its spectrum, and its power [fft/2 + 1 + MEL_PADDING], each on a cache line. */
struct buffers {
    float *frame, *spectrum, *power;
};

static size_t padded(int floats)
{
    return ((size_t)floats + 15) / 16 * 16;
}

static struct buffers divide(const struct logmel *logmel, void *scratch)
{
    struct buffers b = {.frame = scratch};
    b.spectrum = b.frame + padded(logmel->params.fft);
    b.power = b.spectrum + fft_spectrum_size(logmel->fft);
    return b;
}

size_t logmel_scratch_size(const struct logmel *logmel)
{
    const int fft = logmel->params.fft;
    return (padded(fft) + (size_t)fft_spectrum_size(logmel->fft) + padded(fft / 2 + 1 + MEL_PADDING)) * sizeof(float);
}

void logmel_scratch_prepare(const struct logmel *logmel, void *scratch)
{
    memset(scratch, 0, logmel_scratch_size(logmel));
}

/* Index i mirrored into [0, count) about the first and the last sample, as often as it takes. */
static int64_t mirrored(int64_t i, int64_t count)
{
    i = i < 0 ? -i : i;
    if (i < count)
        return i;
    if (count == 1)
        return 0;
    const int64_t period = 2 * (count - 1);
    i %= period;
    return i < count ? i : period - i;
}

/* Sample i as the window sees it, anywhere: preemphasised or mirrored. */
static float sample_at(const struct logmel_params *params, const struct logmel_view *view, int64_t i)
{
    if (params->kind == LOGMEL_WHISPER)
        return view->samples[mirrored(i, view->count) - view->base];
    if (i < 0 || i >= view->count)
        return 0;
    const float *x = view->samples + (i - view->base);
    return i ? x[0] - params->preemphasis * x[-1] : x[0];
}

static void window_edge(const struct logmel *logmel, const struct logmel_view *view, int64_t first, float *restrict out)
{
    for (int i = 0; i < logmel->params.window; i++)
        out[i] = sample_at(&logmel->params, view, first + i) * logmel->window[i];
}

/* The same where no sample of the window lies at an edge; x points to the first. */
static void window_inside(const struct logmel *logmel, const float *restrict x, float *restrict out)
{
    const float *restrict window = logmel->window;
    const int size = logmel->params.window;
    const float preemphasis = logmel->params.preemphasis;
    if (logmel->params.kind == LOGMEL_WHISPER) {
        for (int i = 0; i < size; i++)
            out[i] = x[i] * window[i];
    } else {
        for (int i = 0; i < size; i++)
            out[i] = (x[i] - preemphasis * x[i - 1]) * window[i];
    }
}

static void take_logarithm(const struct logmel *logmel, float *restrict out)
{
    const int mels = logmel->params.mels;
    if (logmel->params.kind == LOGMEL_PARAKEET) {
        for (int m = 0; m < mels; m++)
            out[m] += parakeet_guard;
        logarithm(out, mels);
    } else {
        for (int m = 0; m < mels; m++)
            out[m] = out[m] < whisper_least ? whisper_least : out[m];
        logarithm(out, mels);
        for (int m = 0; m < mels; m++)
            out[m] *= log10_e;
    }
}

void logmel_frame(const struct logmel *logmel, const struct logmel_view *view, int64_t frame, float *out, void *scratch)
{
    const struct logmel_params *p = &logmel->params;
    const struct buffers b = divide(logmel, scratch);
    const int left = (p->fft - p->window) / 2;
    const int64_t first = frame * p->hop - p->fft / 2 + left;
    if (first >= 1 && first + p->window <= view->count)
        window_inside(logmel, view->samples + (first - view->base), b.frame + left);
    else
        window_edge(logmel, view, first, b.frame + left);
    fft_power(logmel->fft, b.frame, b.spectrum, b.power);
    mel_bank_apply(&logmel->bank, b.power, out);
    take_logarithm(logmel, out);
}

void logmel_compute(const struct logmel *logmel, const float *samples, int64_t count, int first, int frames, float *out,
                    void *scratch)
{
    const struct logmel_view view = {samples, 0, count};
    logmel_scratch_prepare(logmel, scratch);
    for (int i = 0; i < frames; i++)
        logmel_frame(logmel, &view, (int64_t)first + i, out + (size_t)i * (size_t)logmel->params.mels, scratch);
}

/* Bins side by side that one pass over the frames handles: a cache line of them. */
enum { NORMALISED_TOGETHER = 16 };

/* What a bin is multiplied by for its squares about the mean to sum up to frames - 1, or 0. */
static double scale_of(double squares, int frames, double least_deviation)
{
    const double deviation = sqrt(squares / (frames > 1 ? frames - 1 : 1));
    return deviation < least_deviation ? 0 : 1 / (deviation + 1e-5);
}

/* Mean, then deviation, of bins [0, width) of x, whose rows lie stride apart; in double, since an hour may be summed.
 */
static void normalise_bins(float *x, int frames, size_t stride, int width, double least_deviation)
{
    double mean[NORMALISED_TOGETHER] = {0}, scale[NORMALISED_TOGETHER] = {0};
    for (int i = 0; i < frames; i++)
        for (int m = 0; m < width; m++)
            mean[m] += x[(size_t)i * stride + (size_t)m];
    for (int m = 0; m < width; m++)
        mean[m] /= frames;
    for (int i = 0; i < frames; i++)
        for (int m = 0; m < width; m++) {
            const double d = x[(size_t)i * stride + (size_t)m] - mean[m];
            scale[m] += d * d;
        }
    for (int m = 0; m < width; m++)
        scale[m] = scale_of(scale[m], frames, least_deviation);
    for (int i = 0; i < frames; i++)
        for (int m = 0; m < width; m++)
            x[(size_t)i * stride + (size_t)m] = (float)((x[(size_t)i * stride + (size_t)m] - mean[m]) * scale[m]);
}

static void compress_range(float *x, size_t count)
{
    float most = -INFINITY;
    for (size_t i = 0; i < count; i++)
        most = x[i] > most ? x[i] : most;
    for (size_t i = 0; i < count; i++)
        x[i] = ((x[i] > most - 8.0f ? x[i] : most - 8.0f) + 4.0f) / 4.0f;
}

void logmel_normalise(const struct logmel *logmel, float *features, int frames)
{
    const int mels = logmel->params.mels;
    if (frames <= 0)
        return;
    if (logmel->params.kind == LOGMEL_WHISPER)
        compress_range(features, (size_t)frames * (size_t)mels);
    else
        for (int m = 0; m < mels; m += NORMALISED_TOGETHER)
            normalise_bins(features + m, frames, (size_t)mels,
                           mels - m < NORMALISED_TOGETHER ? mels - m : NORMALISED_TOGETHER,
                           logmel->params.least_deviation);
}
