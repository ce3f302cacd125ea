/* random.h - random numbers that a seed fixes: the same on every machine, in any order, on any thread.
 *
 * A counter, scrambled (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3", Philox4x32-10): element i of
 * a stream depends on the seed, the stream and i alone, so a row draws in a batch what it draws alone, and a piece what
 * the whole does there. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* The four words of block `block` of a stream. */
void random_block(uint64_t seed, uint64_t stream, uint64_t block, uint32_t out[4]);

/* Elements [first, first + count) of a stream of normal deviates of mean 0 and variance 1 (Box and Muller 1958), at
 * most 6.77 in size. Computed by additions, products and square roots only, whose rounding IEEE 754 fixes. */
void random_normals(uint64_t seed, uint64_t stream, uint64_t first, size_t count, float *out);

#endif
