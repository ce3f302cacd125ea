/* resample.c - libsoxr at its high quality (20 bits: stop band below -120 dB, linear phase, delay compensated),
 * without the roll-off of up to 0.01 dB that it allows itself by default below the band's edge: that alone would leave
 * the tones near 7 kHz of a 44.1 kHz recording only 60 dB from where they belong.
 *
 * soxr works in blocks, so what one call yields depends on where its blocks end; the samples themselves do not. What
 * a call may not hand out yet, under its promised bound, waits in a queue.
 *
 * speexdsp's is a windowed sinc, one output at a time, so what is there is the same however it was fed. Its delay is
 * skipped at the beginning and fetched with zeros at the end. */
#include "audio/resample.h"

#include "src/base/memory.h"

#include <soxr.h>
#include <speex/speex_resampler.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_RATE = 1000, MOST_RATE = 768000 };
/* Samples beyond its share that one call may hand out; and input samples given to soxr at a time. */
enum { SLACK = 8192, PIECE = 8192 };
/* Of speexdsp's 0 to 10: 256 taps. Less shows: features are normalised bin by bin, so that images at -70 dB in the
 * empty upper half of a telephone's band look as loud as speech. */
enum { LIVE_QUALITY = 10 };

struct resampler {
    int from, to;
    soxr_t soxr; /* one of the two; both NULL where the rates are equal */
    SpeexResamplerState *speex;
    int64_t fed, written;
    bool flushed;
    float *queue; /* [begin, end) waits, of capacity */
    size_t begin, end, capacity;
};

static bool open_soxr(struct resampler *r)
{
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, SOXR_ROLLOFF_NONE);
    const soxr_io_spec_t io = soxr_io_spec(SOXR_FLOAT32_I, SOXR_FLOAT32_I);
    const soxr_runtime_spec_t runtime = soxr_runtime_spec(1);
    soxr_error_t error = NULL;
    r->soxr = soxr_create(r->from, r->to, 1, &error, &io, &quality, &runtime);
    return r->soxr && !error;
}

static bool open_speex(struct resampler *r)
{
    int error = 0;
    r->speex = speex_resampler_init(1, (spx_uint32_t)r->from, (spx_uint32_t)r->to, LIVE_QUALITY, &error);
    return r->speex && !error && !speex_resampler_skip_zeros(r->speex);
}

static int open_with(struct resampler **resampler, int from, int to, bool (*open)(struct resampler *),
                     struct fault *fault)
{
    *resampler = NULL;
    if (from < LEAST_RATE || from > MOST_RATE || to < LEAST_RATE || to > MOST_RATE)
        return fail(fault, UTTER_ERROR_ARGUMENT, "resampling from %d to %d Hz: rates lie in %d to %d Hz", from, to,
                    LEAST_RATE, MOST_RATE);
    struct resampler *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "a resampler");
    new->from = from;
    new->to = to;
    if (from != to && !open(new)) {
        resampler_close(&new);
        return fail_memory(fault, "a resampler");
    }
    *resampler = new;
    return 0;
}

int resampler_open(struct resampler **resampler, int from, int to, struct fault *fault)
{
    return open_with(resampler, from, to, open_soxr, fault);
}

int resampler_open_live(struct resampler **resampler, int from, int to, struct fault *fault)
{
    return open_with(resampler, from, to, open_speex, fault);
}

void resampler_close(struct resampler **resampler)
{
    if (!*resampler)
        return;
    soxr_delete((*resampler)->soxr);
    if ((*resampler)->speex)
        speex_resampler_destroy((*resampler)->speex);
    free((*resampler)->queue);
    free(*resampler);
    *resampler = NULL;
}

void resampler_reset(struct resampler *resampler)
{
    if (resampler->soxr)
        soxr_clear(resampler->soxr);
    if (resampler->speex) {
        speex_resampler_reset_mem(resampler->speex);
        speex_resampler_skip_zeros(resampler->speex);
    }
    resampler->fed = resampler->written = 0;
    resampler->begin = resampler->end = 0;
    resampler->flushed = false;
}

int64_t resampler_bound(const struct resampler *resampler, int64_t count)
{
    return (count * resampler->to + resampler->from - 1) / resampler->from + SLACK;
}

/* Room for more floats behind the queue's end. */
static bool reserve(struct resampler *r, size_t more)
{
    if (r->begin) {
        memmove(r->queue, r->queue + r->begin, (r->end - r->begin) * sizeof *r->queue);
        r->end -= r->begin;
        r->begin = 0;
    }
    return memory_grow((void **)&r->queue, &r->capacity, r->end + more, sizeof *r->queue);
}

/* Gives soxr count samples (NULL: the end) and queues all that it yields. */
static int convert(struct resampler *r, const float *in, int64_t count, struct fault *fault)
{
    const float *at = in;
    for (;;) {
        const size_t piece = count < PIECE ? (size_t)count : PIECE;
        const size_t room = (size_t)resampler_bound(r, (int64_t)piece);
        size_t used = 0, made = 0;
        if (!reserve(r, room))
            return fail_memory(fault, "a resampler");
        const soxr_error_t error = soxr_process(r->soxr, at, piece, &used, r->queue + r->end, room, &made);
        if (error)
            return fail(fault, UTTER_ERROR_MEMORY, "resampling failed: %s", error);
        r->end += made;
        count -= (int64_t)used;
        at = in ? at + used : NULL;
        if (!count && made < room)
            return 0;
    }
}

/* Gives speexdsp count samples (NULL: zeros) and queues what it yields. */
static int convert_live(struct resampler *r, const float *in, int64_t count, struct fault *fault)
{
    static const float zeros[256];
    while (count > 0) {
        const int64_t most = in ? PIECE : (int64_t)(sizeof zeros / sizeof *zeros);
        spx_uint32_t used = (spx_uint32_t)(count < most ? count : most);
        spx_uint32_t made = (spx_uint32_t)resampler_bound(r, used);
        if (!reserve(r, made))
            return fail_memory(fault, "a resampler");
        if (speex_resampler_process_float(r->speex, 0, in ? in : zeros, &used, r->queue + r->end, &made))
            return fail_memory(fault, "a resampler");
        r->end += made;
        count -= used;
        in = in ? in + used : NULL;
    }
    return 0;
}

static int convert_any(struct resampler *r, const float *in, int64_t count, struct fault *fault)
{
    return r->speex ? convert_live(r, in, count, fault) : convert(r, in, count, fault);
}

/* What the resampler still holds back. */
static int drain(struct resampler *r, struct fault *fault)
{
    return r->speex ? convert_live(r, NULL, speex_resampler_get_input_latency(r->speex) + 1, fault)
                    : convert(r, NULL, 0, fault);
}

/* Moves up to most queued samples to out. */
static int64_t hand_out(struct resampler *r, float *out, int64_t most)
{
    int64_t count = (int64_t)(r->end - r->begin);
    count = count < most ? count : most;
    if (count > 0)
        memcpy(out, r->queue + r->begin, (size_t)count * sizeof *out);
    r->begin += (size_t)count;
    r->written += count;
    return count;
}

int64_t resampler_feed(struct resampler *resampler, const float *in, int64_t count, float *out, struct fault *fault)
{
    if (resampler->flushed)
        return fail(fault, UTTER_ERROR_STATE, "a finished resampler takes no more samples");
    if (count <= 0)
        return 0;
    resampler->fed += count;
    if (resampler->from == resampler->to) {
        memcpy(out, in, (size_t)count * sizeof *out);
        resampler->written += count;
        return count;
    }
    const int rc = convert_any(resampler, in, count, fault);
    return rc ? rc : hand_out(resampler, out, resampler_bound(resampler, count));
}

/* Cuts or fills the queue so that the total is exact; soxr itself may differ by a sample. */
static int settle_length(struct resampler *r, struct fault *fault)
{
    const int64_t total = (r->fed * r->to + r->from / 2) / r->from;
    const int64_t wanted = total - r->written, queued = (int64_t)(r->end - r->begin);
    if (wanted > queued) {
        if (!reserve(r, (size_t)(wanted - queued)))
            return fail_memory(fault, "a resampler");
        memset(r->queue + r->end, 0, (size_t)(wanted - queued) * sizeof *r->queue);
    }
    r->end = r->begin + (size_t)(wanted > 0 ? wanted : 0);
    return 0;
}

int64_t resampler_finish(struct resampler *resampler, float *out, struct fault *fault)
{
    if (resampler->from == resampler->to)
        return 0;
    if (!resampler->flushed) {
        int rc = resampler->fed ? drain(resampler, fault) : 0;
        if (!rc)
            rc = settle_length(resampler, fault);
        if (rc)
            return rc;
        resampler->flushed = true;
    }
    return hand_out(resampler, out, SLACK);
}
