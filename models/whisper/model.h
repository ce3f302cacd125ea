/* model.h - the weights of a Whisper in memory, shared by the files of this folder. d: width; f: inner. */
#ifndef MODELS_WHISPER_MODEL_H
#define MODELS_WHISPER_MODEL_H

#include "models/whisper/whisper.h"

struct attention_weights {
    struct norm norm;                        /* [d] */
    struct linear query, key, value, output; /* [d, d]; key has no bias */
};

struct encoder_block {
    struct attention_weights self;
    struct norm norm;       /* [d] */
    struct linear up, down; /* [f, d], [d, f] */
};

struct decoder_block {
    struct attention_weights self, cross;
    struct norm norm;
    struct linear up, down;
};

struct whisper {
    struct whisper_config config;
    const struct device *device;
    enum tensor_type type;         /* of the blocks' matrices and the output's, and of the keys kept across */
    enum tensor_type compute;      /* of activations, other kept keys, the convolutions and the embedding */
    struct linear conv1, conv2;    /* [d, 3·mels], [d, 3·d]: over unfolded frames */
    struct tensor audio_positions; /* [positions, d] f32 */
    struct encoder_block *encoder; /* [encoder_layers] */
    struct norm encoder_norm;
    struct tensor embedding;       /* [vocabulary, d] in compute */
    struct tensor text_positions;  /* [text_positions, d] f32 */
    struct decoder_block *decoder; /* [decoder_layers] */
    struct norm decoder_norm;
    struct linear output; /* [vocabulary, d]: the embedding again */
    int64_t parameters, bytes;
};

/* Reads and prepares everything into a model whose config, device and types are set. What was bound before an error is
 * released by whisper_release. */
int whisper_bind(struct whisper *m, const struct checkpoint *checkpoint, struct fault *fault);
void whisper_release(struct whisper *m);
/* The encoder's blocks and its norm alone. */
int whisper_bind_encoder(struct whisper *m, const struct checkpoint *checkpoint, struct fault *fault);

#endif
