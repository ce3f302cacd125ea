/* capture.c - see capture.h. */
#include "audio/capture.h"

#include "audio/stream.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <stdlib.h>

struct capture {
    struct stream *stream;
    bool stopped;
};

int capture_open(struct capture **capture, const struct device_params *params, struct fault *fault)
{
    struct capture *c = memory_new(1, sizeof *c);
    if (!c)
        return fail_memory(fault, "a microphone");
    if (stream_open(&c->stream, CAPTURE, params, fault))
        free(c);
    else
        *capture = c;
    return fault->code;
}

void capture_stop(struct capture *c)
{
    c->stopped = true;
    stream_stop(c->stream, false);
}

void capture_close(struct capture **capture)
{
    if (*capture)
        stream_close(&(*capture)->stream, false);
    free(*capture);
    *capture = NULL;
}

int capture_read(struct capture *c, float *out, int64_t frames, int timeout_ms, int64_t *got, struct fault *fault)
{
    double began = clock_seconds();
    for (;;) {
        /* Asked before the ring is: what came in between is read, not lost. */
        bool running = !c->stopped && stream_is_running(c->stream);
        *got = ring_read(c->stream->ring, out, frames);
        if (*got || frames == 0 || c->stopped)
            return 0;
        if (!running)
            return stream_check(c->stream, fault);
        double left = timeout_ms < 0 ? 1 : 1e-3 * timeout_ms - (clock_seconds() - began);
        if (left <= 0)
            return 0;
        stream_rest(left);
    }
}

void capture_get_info(const struct capture *c, struct capture_info *info)
{
    const struct stream *s = c->stream;
    *info = (struct capture_info){.number = s->device.number,
                                  .name = s->device.name,
                                  .host = s->device.host,
                                  .is_default = s->device.is_default,
                                  .rate = s->rate,
                                  .channels = s->channels,
                                  .lost = ring_lost(s->ring),
                                  .overruns = atomic_load_explicit(&s->xruns, memory_order_relaxed)};
}
