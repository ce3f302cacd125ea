#include "src/batch.h"

#include "src/base/memory.h"
#include "src/ctc_batch.h"
#include "src/transducer_batch.h"
#include "src/whisper_batch.h"

#include <stdlib.h>

/* One of them. */
struct batch {
    struct ctc_batch *ctc;
    struct transducer_batch *transducer;
    struct whisper_batch *whisper;
};

int batch_open(struct batch **batch, const struct utter_model *model, int rows, int64_t samples,
               const struct decoding *decoding, struct fault *fault)
{
    struct batch *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a session");
    if (model->whisper)
        whisper_batch_open(&b->whisper, model, rows, decoding, fault);
    else if (model->transducer)
        transducer_batch_open(&b->transducer, model, rows, samples, decoding, fault);
    else
        ctc_batch_open(&b->ctc, model, rows, samples, decoding, fault);
    if (fault->code)
        batch_close(&b);
    else
        *batch = b;
    return fault->code;
}

void batch_close(struct batch **batch)
{
    if (!*batch)
        return;
    ctc_batch_close(&(*batch)->ctc);
    transducer_batch_close(&(*batch)->transducer);
    whisper_batch_close(&(*batch)->whisper);
    free(*batch);
    *batch = NULL;
}

void batch_reset(struct batch *b)
{
    if (b->whisper)
        whisper_batch_reset(b->whisper);
}

void batch_decode(struct batch *b, const struct decoding *decoding)
{
    if (b->whisper)
        whisper_batch_decode(b->whisper, decoding);
    else if (b->transducer)
        transducer_batch_decode(b->transducer, decoding);
    else
        ctc_batch_decode(b->ctc, decoding);
}

int batch_rows(const struct utter_model *model, const struct decoding *decoding, int wanted)
{
    return model->whisper ? whisper_batch_rows(model, decoding, wanted) : wanted;
}

int64_t batch_longest(const struct utter_model *model)
{
    return model->whisper ? whisper_batch_longest(model) : 0;
}

int batch_features(struct batch *b, struct window *const *windows, int count, struct fault *fault)
{
    if (b->whisper)
        return whisper_batch_features(b->whisper, windows, count, fault);
    return b->transducer ? transducer_batch_features(b->transducer, windows, count, fault)
                         : ctc_batch_features(b->ctc, windows, count, fault);
}

int batch_forward(struct batch *b, struct fault *fault)
{
    if (b->whisper)
        return whisper_batch_forward(b->whisper, fault);
    return b->transducer ? transducer_batch_forward(b->transducer, fault) : ctc_batch_forward(b->ctc, fault);
}

int batch_search(struct batch *b, struct fault *fault)
{
    if (b->whisper)
        return whisper_batch_search(b->whisper, fault);
    return b->transducer ? transducer_batch_search(b->transducer, fault) : ctc_batch_search(b->ctc, fault);
}

const char *batch_language(const struct batch *b)
{
    return b->whisper ? whisper_batch_language(b->whisper) : "";
}

size_t batch_bytes(const struct batch *b)
{
    if (b->whisper)
        return whisper_batch_bytes(b->whisper);
    return b->transducer ? transducer_batch_bytes(b->transducer) : ctc_batch_bytes(b->ctc);
}

double batch_flops(const struct batch *b)
{
    if (b->whisper)
        return whisper_batch_flops(b->whisper);
    return b->transducer ? transducer_batch_flops(b->transducer) : ctc_batch_flops(b->ctc);
}

int batch_steps(const struct batch *b)
{
    if (b->whisper)
        return whisper_batch_steps(b->whisper);
    return b->transducer ? transducer_batch_steps(b->transducer) : 0;
}
