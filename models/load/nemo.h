/* nemo.h - NVIDIA NeMo's .nemo archives of Parakeet models: a tar file of model_config.yaml, model_weights.ckpt
 * (PyTorch) and the tokenizer's files (nemo/core/connectors/save_restore_connector.py there). */
#ifndef MODELS_LOAD_NEMO_H
#define MODELS_LOAD_NEMO_H

#include "models/load/stored_list.h"

/* As ggml_read. Tensors get the names that they have in Hugging Face's form of the same models. Refused: archives
 * without model_weights.ckpt, and what pytorch.h refuses. */
int nemo_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
              struct fault *fault);

/* The config.json that Hugging Face's form of the model would have, from the shapes of the tensors and
 * model_config.yaml, in memory of the caller's (free). Only what the families' readers look at is in it; they check it.
 * Errors: MODEL, UNSUPPORTED (another kind of network, or other features), MEMORY. */
int nemo_config(const struct checkpoint *checkpoint, char **json, struct fault *fault);

#endif
