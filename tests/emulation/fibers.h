/* fibers.h - a block's threads as fibers of one thread: each runs until it must wait for others (cuda.h has what they
 * wait with).
 *
 * A warp gets as far ahead of the others as it can, and which one, and which of its threads, is another in each block:
 * the first, the last, or any. So what waits too little (a race) differs from plain C in some block, and what would
 * hang ends with a sentence. AddressSanitizer is told of the stacks: it sees what kernels read and write beside their
 * memory. */
#ifndef TESTS_EMULATION_FIBERS_H
#define TESTS_EMULATION_FIBERS_H

enum { WARP_LANES = 32, MOST_THREADS = 1024 };

#endif
