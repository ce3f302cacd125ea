/* vocoder.h - the HiFi-GAN of a voice: the one beside its weights, another that its user names, or a made-up one. */
#ifndef SRC_SPEAK_VOCODER_H
#define SRC_SPEAK_VOCODER_H

#include "models/hifigan/hifigan.h"
#include "src/speak/voice.h"

/* The vocoder in a voice's own directory, whose config.json and checkpoint are given. Errors: MODEL, UNSUPPORTED. */
int vocoder_open_own(struct hifigan **vocoder, const struct utter_voice *voice, const char *directory,
                     const struct checkpoint *checkpoint, struct fault *fault);
/* The one at path: a directory, or a file of weights with its config.json beside it. Errors also: IO. */
int vocoder_open_path(struct hifigan **vocoder, const struct utter_voice *voice, const char *path, struct fault *fault);
/* Of a published shape, with random weights. Errors: ARGUMENT (no such shape). */
int vocoder_make(struct hifigan **vocoder, const struct utter_voice *voice, const char *shape, uint64_t seed,
                 struct fault *fault);

/* What a voice's spectrograms are; 0 where it does not say. Its logarithm, and what it was normalized by, no
 * configuration says: a vocoder that was made for others of the same shape gives noise. */
struct spectrogram {
    int mels, sample_rate, hop;
};

/* Whether the vocoder takes spectrograms of that kind; else MODEL, naming what differs. */
int vocoder_check(const struct hifigan *vocoder, const struct utter_voice *voice, const struct spectrogram *spectrogram,
                  struct fault *fault);

#endif
