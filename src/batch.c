#include "src/batch.h"

#include "src/base/memory.h"
#include "src/base/threads.h"
#include "src/ctc_batch.h"
#include "src/transducer_batch.h"
#include "src/whisper_batch.h"

#include <stdlib.h>

/* Features of the pass after the one in progress. */
struct ahead {
    struct feature_batch heard;
    struct window *const *windows; /* that were announced … */
    int count;
    bool made; /* … and heard */
    struct fault fault;
};

struct batch {
    struct feature_batch heard;
    struct ahead *ahead; /* NULL: the processors have no time for that */
    /* One of them: */
    struct ctc_batch *ctc;
    struct transducer_batch *transducer;
    struct whisper_batch *whisper;
};

/* A device that is far leaves the processors alone while it computes. */
static int open_ahead(struct batch *b, const struct utter_model *model, int rows, int64_t samples, struct fault *fault)
{
    if (!model->engine->device->far)
        return 0;
    b->ahead = memory_new(1, sizeof *b->ahead);
    return b->ahead ? feature_batch_open(&b->ahead->heard, model, rows, samples, fault)
                    : fail_memory(fault, "a session");
}

static int open_family(struct batch *b, const struct utter_model *model, int rows, const struct decoding *decoding,
                       struct fault *fault)
{
    if (model->whisper)
        return whisper_batch_open(&b->whisper, model, rows, decoding, fault);
    return model->transducer ? transducer_batch_open(&b->transducer, model, rows, decoding, fault)
                             : ctc_batch_open(&b->ctc, model, rows, decoding, fault);
}

int batch_open(struct batch **batch, const struct utter_model *model, int rows, int64_t samples,
               const struct decoding *decoding, struct fault *fault)
{
    struct batch *b = memory_new(1, sizeof *b);
    if (!b)
        return fail_memory(fault, "a session");
    if (feature_batch_open(&b->heard, model, rows, samples, fault) || open_ahead(b, model, rows, samples, fault) ||
        open_family(b, model, rows, decoding, fault))
        batch_close(&b);
    else
        *batch = b;
    return fault->code;
}

void batch_close(struct batch **batch)
{
    if (!*batch)
        return;
    if ((*batch)->ahead)
        feature_batch_close(&(*batch)->ahead->heard);
    free((*batch)->ahead);
    feature_batch_close(&(*batch)->heard);
    ctc_batch_close(&(*batch)->ctc);
    transducer_batch_close(&(*batch)->transducer);
    whisper_batch_close(&(*batch)->whisper);
    free(*batch);
    *batch = NULL;
}

void batch_reset(struct batch *b)
{
    batch_announce(b, NULL, 0);
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
    return model->whisper ? feature_batch_whole(model) : 0;
}

/* ---- features, beside the pass before them or not ---- */

void batch_announce(struct batch *b, struct window *const *windows, int count)
{
    if (!b->ahead)
        return;
    b->ahead->windows = windows;
    b->ahead->count = count;
    b->ahead->made = false;
}

static void *hear_ahead(void *batch)
{
    struct ahead *a = ((struct batch *)batch)->ahead;
    fault_clear(&a->fault);
    a->made = !feature_batch_compute(&a->heard, a->windows, a->count, &a->fault);
    return NULL;
}

int batch_features(struct batch *b, struct window *const *windows, int count, struct fault *fault)
{
    struct ahead *a = b->ahead;
    if (!a || !a->made || a->windows != windows || a->count != count)
        return feature_batch_compute(&b->heard, windows, count, fault);
    const struct feature_batch before = b->heard;
    b->heard = a->heard;
    a->heard = before;
    batch_announce(b, NULL, 0);
    return 0;
}

static int forward(struct batch *b, struct fault *fault)
{
    if (b->whisper)
        return whisper_batch_forward(b->whisper, &b->heard, fault);
    return b->transducer ? transducer_batch_forward(b->transducer, &b->heard, fault)
                         : ctc_batch_forward(b->ctc, &b->heard, fault);
}

/* What could not be made ahead is made, or fails, in its turn. */
int batch_forward(struct batch *b, struct fault *fault)
{
    pthread_t thread;
    const bool beside = b->ahead && b->ahead->count && thread_start(&thread, hear_ahead, b);
    const int code = forward(b, fault);
    if (beside)
        pthread_join(thread, NULL);
    return code;
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
