/* transducer_batch.h - batch.h for transducers: windows heard together, and texts searched for, step by step. */
#ifndef SRC_TRANSDUCER_BATCH_H
#define SRC_TRANSDUCER_BATCH_H

#include "src/decoding.h"
#include "src/feature_batch.h"

struct transducer_batch;

int transducer_batch_open(struct transducer_batch **batch, const struct utter_model *model, int rows,
                          const struct decoding *decoding, struct fault *fault);
void transducer_batch_close(struct transducer_batch **batch);
void transducer_batch_decode(struct transducer_batch *batch, const struct decoding *decoding);
/* heard is borrowed until the search is over. */
int transducer_batch_forward(struct transducer_batch *batch, const struct feature_batch *heard, struct fault *fault);
int transducer_batch_search(struct transducer_batch *batch, struct fault *fault);
size_t transducer_batch_bytes(const struct transducer_batch *batch);
double transducer_batch_flops(const struct transducer_batch *batch);
int transducer_batch_steps(const struct transducer_batch *batch);

#endif
