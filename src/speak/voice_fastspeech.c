/* voice_fastspeech.c - voices that are a FastSpeech2 Conformer and a HiFi-GAN: phones in, spectrograms between. */
#include "decoder/phone_vocabulary.h"
#include "models/fastspeech/fastspeech.h"
#include "models/hifigan/hifigan.h"
#include "src/base/memory.h"
#include "src/speak/vocoder.h"
#include "src/speak/voice.h"
#include "src/text_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { VOCABULARY_LIMIT = 1 << 20, CONFIG_LIMIT = 4 << 20 };

/* A voice's parts. */
struct fastspeech_voice {
    struct fastspeech *acoustic;
    struct vocoder vocoder;
    struct phone_vocabulary vocabulary;
    float pitch_per_semitone; /* in the deviations that the model counts pitch in; 0: it does not say */
};
