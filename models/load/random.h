/* random.h - weights from a seed, for benchmarks of shapes whose files are not at hand. */
#ifndef MODELS_LOAD_RANDOM_H
#define MODELS_LOAD_RANDOM_H

#include <stdint.h>

/* Fills the count elements of the tensor of this name and shape. The values depend on the seed, the name and the
 * shape, not on what was asked for before. Biases and running means are 0; running variances and other vectors, the
 * weights of norms, are 1; all else is bell-shaped (a sum of four uniform values) of mean 0 and deviation
 * 1/sqrt(fan in), fan in being the product of all dimensions but the first. */
void random_floats(uint64_t seed, const char *name, int rank, const int64_t *shape, int64_t count, float *out);

#endif
