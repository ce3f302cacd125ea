/* pytorch.h - what torch.save writes (torch/serialization.py there), from memory.
 *
 * Since PyTorch 1.6: a zip archive of entries that are not packed: NAME/data.pkl, a pickle that says which tensors
 * there are, and NAME/data/KEY, the bytes of one storage, of which tensors are views; two tensors may share one, as
 * tied weights do. Before: five pickles one behind the other (a magic number, a version, facts about the machine, what
 * was saved, the list of its storages' keys), and behind them the storages in the order of the list, each its elements'
 * number in eight bytes and the elements themselves. The pickle's dict of names and tensors is looked for under
 * "model_state_dict" (OpenAI's Whisper), under "state_dict" (training frameworks), under "generator" (HiFi-GAN), and is
 * otherwise the pickle's own. Whole numbers in a dict "dims" are hyperparameters. */
#ifndef MODELS_LOAD_PYTORCH_H
#define MODELS_LOAD_PYTORCH_H

#include "models/load/stored_list.h"

/* As ggml_read. Data is not copied. Refused: packed entries, tensors that are not contiguous, a pickle that names
 * anything but tensors and plain data (pickle.h), TorchScript. */
int pytorch_read(const unsigned char *data, size_t size, const char *path, const char *file, struct stored_list *list,
                 struct fault *fault);

#endif
