/* mel.h - triangular mel filters on Slaney's scale, stored as the few weights of each that are not zero.
 *
 * Scale and area normalisation: M. Slaney, Auditory Toolbox (1998), as librosa.filters.mel(htk=False, norm="slaney")
 * and the published extractors have them: linear to 1 kHz (15 mel), then 27 mel per factor of 6.4. */
#ifndef AUDIO_MEL_H
#define AUDIO_MEL_H

#include "src/base/error.h"

/* Filters read powers in blocks of four, so the power buffer has this many zeros after its last bin. */
enum { MEL_PADDING = 4 };

struct mel_filter {
    int start;  /* first bin */
    int blocks; /* of four bins */
    int offset; /* of its first weight in mel_bank.weights */
};

struct mel_bank {
    int mels, bins;
    struct mel_filter *filters; /* [mels] */
    float *weights;
};

/* bins: n_fft / 2 + 1 over 0 … sample_rate / 2; the filters lie evenly in mel between 0 and high Hz. Errors: MEMORY. */
int mel_bank_open(struct mel_bank *bank, int mels, int bins, int sample_rate, double high, struct fault *fault);
void mel_bank_close(struct mel_bank *bank);

/* out [mels] = filters · power [bins + MEL_PADDING]. */
void mel_bank_apply(const struct mel_bank *bank, const float *power, float *out);

#endif
