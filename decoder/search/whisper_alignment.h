/* whisper_alignment.h - when each token of a text is heard, by dynamic time warping over the cross-attention
 * (openai/whisper's timing.py; Sakoe and Chiba 1978). */
#ifndef DECODER_WHISPER_ALIGNMENT_H
#define DECODER_WHISPER_ALIGNMENT_H

#include "src/base/error.h"

/* attention [heads, rows, positions]: softmaxed cross-attention of the alignment heads while a sequence of rows tokens
 * was read. Row i is about the token after token i. valid: positions with sound in them, 1 to positions; the others are
 * left out. out [rows - 1 - first]: for rows first to rows - 2 (the last is the end of the text), the position at which
 * the warping path comes to it, ascending. Errors: MEMORY. */
int whisper_align(const float *attention, int heads, int rows, int positions, int valid, int first, int *out,
                  struct fault *fault);

/* The path itself through costs [rows, columns]: out [rows], the first column of each row. For tests. */
int whisper_warp(const float *costs, int rows, int columns, int *out, struct fault *fault);

#endif
