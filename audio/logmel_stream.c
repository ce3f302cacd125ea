/* logmel_stream.c - log-mel features of a recording that is still growing. Keeps the few samples that coming frames
 * still need, and runs the same logmel_frame on them as the whole-file side. */
#include "audio/logmel_internal.h"

#include "src/base/memory.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct logmel_stream {
    const struct logmel *logmel;
    float *samples; /* [used] of capacity; samples[0] is sample base of the recording */
    size_t used, capacity;
    int64_t base;
    int64_t next; /* frame */
    bool finished;
    void *scratch;
};

int logmel_stream_open(struct logmel_stream **stream, const struct logmel *logmel, struct fault *fault)
{
    struct logmel_stream *new = memory_new(1, sizeof *new);
    *stream = NULL;
    if (!new)
        return fail_memory(fault, "a stream of features");
    new->logmel = logmel;
    new->scratch = memory_aligned(logmel_scratch_size(logmel));
    if (!new->scratch) {
        free(new);
        return fail_memory(fault, "a stream of features");
    }
    logmel_scratch_prepare(logmel, new->scratch);
    *stream = new;
    return 0;
}

void logmel_stream_close(struct logmel_stream **stream)
{
    if (!*stream)
        return;
    free((*stream)->samples);
    free((*stream)->scratch);
    free(*stream);
    *stream = NULL;
}

void logmel_stream_reset(struct logmel_stream *stream)
{
    stream->used = 0;
    stream->base = stream->next = 0;
    stream->finished = false;
}

/* Drops what no coming frame needs: before the next frame's window and the one sample that preemphasis looks back.
 * Only once that is the larger part, so that feeding single samples stays linear. */
static void drop_passed(struct logmel_stream *stream)
{
    const struct logmel_params *p = &stream->logmel->params;
    const int64_t needed = stream->next * p->hop - p->fft / 2 - 1;
    int64_t passed = needed - stream->base;
    if (passed > (int64_t)stream->used)
        passed = (int64_t)stream->used;
    if (passed <= 0 || (size_t)passed < stream->used / 2)
        return;
    stream->used -= (size_t)passed;
    memmove(stream->samples, stream->samples + passed, stream->used * sizeof *stream->samples);
    stream->base += passed;
}

int logmel_stream_feed(struct logmel_stream *stream, const float *samples, int64_t count, struct fault *fault)
{
    if (stream->finished)
        return fail(fault, UTTER_ERROR_STATE, "a finished stream of features takes no more samples");
    if (count <= 0)
        return 0;
    drop_passed(stream);
    const size_t needed = stream->used + (size_t)count;
    if (!memory_grow((void **)&stream->samples, &stream->capacity, needed, sizeof *samples))
        return fail_memory(fault, "a stream of features");
    memcpy(stream->samples + stream->used, samples, (size_t)count * sizeof *samples);
    stream->used = needed;
    return 0;
}

void logmel_stream_finish(struct logmel_stream *stream)
{
    stream->finished = true;
}

/* Frames whose samples are all there. The one sample beyond fft/2 is what Whisper's first frame mirrors. */
static int64_t frames_ready(const struct logmel_stream *stream)
{
    const struct logmel_params *p = &stream->logmel->params;
    const int64_t fed = stream->base + (int64_t)stream->used;
    if (stream->finished)
        return fed / p->hop;
    const int64_t beyond = fed - p->fft / 2 - 1;
    return beyond < 0 ? 0 : beyond / p->hop + 1;
}

int logmel_stream_take(struct logmel_stream *stream, float *out, int frames)
{
    const int64_t fed = stream->base + (int64_t)stream->used, ready = frames_ready(stream);
    const struct logmel_view view = {stream->samples, stream->base, stream->finished ? fed : INT64_MAX};
    int taken = 0;
    for (; taken < frames && stream->next < ready; taken++, stream->next++)
        logmel_frame(stream->logmel, &view, stream->next, out + (size_t)taken * (size_t)stream->logmel->params.mels,
                     stream->scratch);
    return taken;
}
