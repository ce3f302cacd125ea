/* whisper_batch.h - batch.h for Whisper models: windows padded to the one length that the encoder hears, languages
 * detected, texts searched for, and cut into words. */
#ifndef SRC_WHISPER_BATCH_H
#define SRC_WHISPER_BATCH_H

#include "src/decoding.h"
#include "src/feature_batch.h"

struct whisper_batch;

int whisper_batch_open(struct whisper_batch **batch, const struct utter_model *model, int rows,
                       const struct decoding *decoding, struct fault *fault);
void whisper_batch_close(struct whisper_batch **batch);
void whisper_batch_reset(struct whisper_batch *batch);
/* Searches from here on as decoding says, which is borrowed and asks for no more rows than the one it was opened with.
 */
void whisper_batch_decode(struct whisper_batch *batch, const struct decoding *decoding);
int whisper_batch_rows(const struct utter_model *model, const struct decoding *decoding, int wanted);
/* heard is borrowed until the search is over. */
int whisper_batch_forward(struct whisper_batch *batch, const struct feature_batch *heard, struct fault *fault);
int whisper_batch_search(struct whisper_batch *batch, struct fault *fault);
const char *whisper_batch_language(const struct whisper_batch *batch);
size_t whisper_batch_bytes(const struct whisper_batch *batch);
double whisper_batch_flops(const struct whisper_batch *batch);
int whisper_batch_steps(const struct whisper_batch *batch);

#endif
