/* ctc_batch.h - batch.h for models with a CTC head. */
#ifndef SRC_CTC_BATCH_H
#define SRC_CTC_BATCH_H

#include "src/decoding.h"
#include "src/feature_batch.h"

struct ctc_batch;

int ctc_batch_open(struct ctc_batch **batch, const struct utter_model *model, int rows, const struct decoding *decoding,
                   struct fault *fault);
void ctc_batch_close(struct ctc_batch **batch);
void ctc_batch_decode(struct ctc_batch *batch, const struct decoding *decoding);
/* heard is borrowed until the search is over. */
int ctc_batch_forward(struct ctc_batch *batch, const struct feature_batch *heard, struct fault *fault);
int ctc_batch_search(struct ctc_batch *batch, struct fault *fault);
size_t ctc_batch_bytes(const struct ctc_batch *batch);
double ctc_batch_flops(const struct ctc_batch *batch);

#endif
