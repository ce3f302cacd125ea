/* config.h - what the files of this folder share about configurations. */
#ifndef MODELS_WHISPER_CONFIG_H
#define MODELS_WHISPER_CONFIG_H

#include "models/whisper/whisper.h"

/* Fills alignment for the published shapes, zeros for others. */
void whisper_config_known_alignment(struct whisper_config *config);

/* The heads of a layer whose cross-attention places the words: those of alignment, or the default. */
uint32_t whisper_config_heads(const struct whisper_config *config, int layer);

#endif
