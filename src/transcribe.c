#include "audio/file.h"
#include "src/base/memory.h"
#include "src/base/threads.h"
#include "src/cutting.h"
#include "src/hearing.h"
#include "src/intake.h"
#include "src/message.h"
#include "src/source_file.h"
#include "src/transcript.h"
#include "src/writing.h"
#include "src/window_queue.h"

#include <stdlib.h>

/* Two threads: a reader decodes, resamples and cuts; the caller's runs the model and every callback. Reading an hour
 * of compressed sound takes seconds, which the model's threads can fill. */
struct job {
    utter_model *model;
    struct utter_transcribe_params params;
    struct decoding decoding;
    struct audio_file *file;
    struct audio_file_info info;
    struct window_queue *queue;
    struct writing *writing;
    struct hearing hearing;
    struct utter_live_params live;  /* where params.live is not NULL */
    struct segment_queue committed; /* of live lanes */
    double total;                   /* seconds, 0: unknown */
    double done;                    /* as last reported */
    double read;                    /* second that the reader has come to, when the caller's thread last looked */

    /* The reader's, until it is joined. */
    struct intake *intake;
    float *buffer; /* [block, channels] */
    int64_t block, frames;
    double decode_seconds;
    struct fault reader_fault;
};

/* ---- the reader ---- */

static int read_all(struct job *job, struct fault *fault)
{
    for (;;) {
        double began = clock_seconds();
        int64_t count = audio_file_read(job->file, job->buffer, job->block, fault);
        job->decode_seconds += clock_seconds() - began;
        if (count < 0)
            return (int)count;
        if (!count)
            return intake_finish(job->intake, window_queue_push, job->queue, fault);
        struct intake_samples samples = {.floats = job->buffer};
        if (intake_feed(job->intake, samples, (size_t)count, window_queue_push, job->queue, fault))
            return fault->code;
        job->frames += count;
        if (!window_queue_moved(job->queue, (double)job->frames / job->info.sample_rate))
            return fail(fault, UTTER_ERROR_CANCELLED, "the reader was told to stop");
    }
}

static void *reader(void *context)
{
    struct job *job = context;
    read_all(job, &job->reader_fault);
    window_queue_end(job->queue);
    return NULL;
}

/* ---- the caller's thread ---- */

static int report(void *context)
{
    struct job *job = context;
    if (!job->params.progress)
        return 0;
    const struct recognizer *r = job->hearing.recognizer;
    double done = r && recognizer_waiting(r) ? recognizer_reached(r) : job->read;
    if (done > job->done)
        job->done = done;
    return job->params.progress(job->params.progress_context, job->done, job->total);
}

static int cancelled(struct fault *fault)
{
    return fail(fault, UTTER_ERROR_CANCELLED, "the caller cancelled the transcription");
}

/* Finished segments: those that a live session would have committed, or the recognizer's. */
static struct segment_queue *finished(struct job *job)
{
    if (!job->hearing.live)
        return recognizer_segments(job->hearing.recognizer);
    for (struct event *event; (event = event_take(live_events(job->hearing.live)));) {
        if (event->public.kind == UTTER_EVENT_COMMITTED) {
            segment_queue_add(&job->committed, event->segment);
            event->segment = NULL;
        }
        event_free(event);
    }
    return &job->committed;
}

/* Hands finished segments to the caller's callback, when there is one. */
static int deliver(struct job *job, struct fault *fault)
{
    while (job->params.segment) {
        struct segment *segment = segment_queue_take(finished(job));
        if (!segment)
            break;
        int stop = job->params.segment(job->params.segment_context, &segment->public);
        free(segment);
        if (stop)
            return cancelled(fault);
    }
    return 0;
}

static int recognize(struct job *job, struct fault *fault)
{
    for (;;) {
        struct window window;
        enum window_event event = window_queue_pop(job->queue, &window, &job->read);
        if (event == WINDOW_ENDED)
            return 0;
        if (event == WINDOW_MOVED) {
            if (report(job))
                return cancelled(fault);
        } else if (hearing_take(&job->hearing, &window, fault) || deliver(job, fault)) {
            return fault->code;
        }
    }
}

static int run(struct job *job, struct fault *fault)
{
    pthread_t thread;
    if (!thread_start(&thread, reader, job))
        return fail(fault, UTTER_ERROR_MEMORY, "a thread to read the recording could not be started");
    if (recognize(job, fault))
        window_queue_stop(job->queue);
    pthread_join(thread, NULL);
    if (fault->code)
        return fault->code;
    if (job->reader_fault.code)
        return fail(fault, job->reader_fault.code, "%s", job->reader_fault.message);
    if (hearing_finish(&job->hearing, fault) || deliver(job, fault))
        return fault->code;
    job->read = (double)job->frames / job->info.sample_rate;
    return report(job) ? cancelled(fault) : 0;
}

/* ---- around it ---- */

/* Nobody waits for tentative texts of a recording. */
static int read_live(struct job *job, struct fault *fault)
{
    if (job->params.live && !params_read(&job->live, sizeof job->live, job->params.live, "utter_live_params", fault)) {
        job->live.struct_size = sizeof job->live;
        job->live.tentative_interval = -1;
    }
    return fault->code;
}

static int open_job(struct job *job, const struct utter_source *source, struct fault *fault)
{
    if (read_live(job, fault))
        return fault->code;
    if (decoding_read(&job->decoding, job->model, job->params.beam, job->params.nbest, job->params.language,
                      job->params.decoding, fault) ||
        source_file_open(&job->file, source, fault))
        return fault->code;
    audio_file_get_info(job->file, &job->info);
    if (job->info.frames > 0)
        job->total = (double)job->info.frames / job->info.sample_rate;
    job->block = job->info.sample_rate / 2;
    job->buffer = memory_new((size_t)job->block * (size_t)job->info.channels, sizeof *job->buffer);
    if (!job->buffer)
        return fail_memory(fault, "a recording's samples");
    struct cutter_params cutting = {0};
    bool live = job->params.live != NULL;
    bool cut = !live && cutting_choose(&cutting, job->model, &job->decoding, job->params.batch);
    struct intake_params intake = {.sample_rate = job->info.sample_rate,
                                   .channel_count = job->info.channels,
                                   .channels = job->params.channels,
                                   .cutting = cut ? &cutting : NULL,
                                   .live = live};
    if (intake_open(&job->intake, &intake, fault) ||
        writing_open(&job->writing, job->params.text, job->model, job->params.language, intake_channels(job->intake),
                     fault))
        return fault->code;
    struct recognizer_params recognizer = {.lanes = intake_channels(job->intake),
                                           .batch = job->params.batch,
                                           .decoding = &job->decoding,
                                           .writing = job->writing,
                                           .longest = (int64_t)cutting.longest * WINDOW_RATE / 100,
                                           .poll = report,
                                           .poll_context = job};
    if (hearing_open(&job->hearing, job->model, live ? &job->live : NULL, &recognizer, fault))
        return fault->code;
    return window_queue_open(&job->queue, fault);
}

static void close_job(struct job *job)
{
    audio_file_close(&job->file);
    intake_close(&job->intake);
    hearing_close(&job->hearing);
    writing_close(&job->writing);
    segment_queue_clear(&job->committed);
    window_queue_close(&job->queue);
    decoding_free(&job->decoding);
    free(job->buffer);
}

static int make_transcript(struct job *job, double began, struct utter_transcript **out, struct fault *fault)
{
    struct transcript *transcript = NULL;
    const char *warning = audio_file_warning(job->file);
    if (transcript_open(&transcript, hearing_language(&job->hearing), warning ? warning : "", fault))
        return fault->code;
    struct utter_transcript *public = transcript_public(transcript);
    if (transcript_fill(transcript, finished(job), fault) ||
        transcript_fill_dropped(transcript, hearing_dropped(&job->hearing), fault) ||
        transcript_fill_nbest(transcript, hearing_nbest(&job->hearing), fault) ||
        transcript_fill_redacted(transcript, writing_redacted(job->writing),
                                 (double)job->frames / job->info.sample_rate, fault)) {
        utter_transcript_free(&public);
        return fault->code;
    }
    if (*public->warning)
        engine_log(job->model->engine, UTTER_LOG_WARNING, "%s", public->warning);
    public->duration = (double)job->frames / job->info.sample_rate;
    public->sample_rate = job->info.sample_rate;
    public->channel_count = job->info.channels;
    public->timings.decode_seconds = job->decode_seconds + intake_resample_seconds(job->intake);
    public->timings.features_seconds = intake_activity_seconds(job->intake);
    hearing_add_timings(&job->hearing, &public->timings);
    public->timings.total_seconds = clock_seconds() - began;
    *out = public;
    return 0;
}

int utter_transcribe(utter_model *model, const struct utter_source *source,
                     const struct utter_transcribe_params *params, struct utter_transcript **out)
{
    struct fault fault = {0};
    struct job job = {.model = model};
    double began = clock_seconds();
    if (!need_pointer(model, "model", &fault) && !need_pointer(out, "out", &fault) &&
        !params_read(&job.params, sizeof job.params, params, "utter_transcribe_params", &fault) &&
        !open_job(&job, source, &fault) && !run(&job, &fault))
        make_transcript(&job, began, out, &fault);
    close_job(&job);
    return message_publish(&fault);
}
