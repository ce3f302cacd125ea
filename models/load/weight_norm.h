/* weight_norm.h - convolutions whose weights are stored as a direction and a length, read as weights. */
#ifndef MODELS_LOAD_WEIGHT_NORM_H
#define MODELS_LOAD_WEIGHT_NORM_H

#include "models/load/bind.h"

/* w = g · v / |v|, the norm over all dimensions but the first (Salimans and Kingma 2016, arXiv 1602.07868, equation 2):
 * *out [shape], the caller's to free, from NAME.weight_g [shape[0], 1, 1] and NAME.weight_v [shape], as PyTorch's older
 * weight norm stores them, from NAME.parametrizations.weight.original0 and original1, as its newer one does, or from
 * NAME.weight as it is. Errors: MODEL (missing, wrongly shaped, not finite; a direction of length 0), MEMORY. */
int weights_read_normed(struct binder *b, const char *prefix, const char *name, const int64_t shape[3], float **out);

#endif
