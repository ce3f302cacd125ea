#include "src/base/memory.h"
#include "src/caller.h"
#include "src/cutting.h"
#include "src/hearing.h"
#include "src/intake.h"
#include "src/message.h"
#include "src/writing.h"

#include <stdlib.h>
#include <string.h>

/* After FINISHED and FAILED only next, timings, reset and close make sense. */
enum state { SESSION_OPEN = 0, SESSION_FINISHED, SESSION_FAILED };

enum warning { WARNING_NOT_FINITE, WARNING_CLIPPED, WARNINGS };

struct utter_session {
    const struct utter_model *model;
    struct decoding decoding;
    struct writing *writing; /* NULL: nothing is asked of it */
    struct intake *intake;
    struct hearing hearing;
    struct segment *handed;         /* what next gave last, … */
    struct dropped *handed_dropped; /* … what next_dropped did, … */
    struct nbest *handed_nbest;     /* … what next_nbest … */
    struct event *handed_event;     /* … and what next_event */
    enum state state;
    struct caller caller;
    bool warned[WARNINGS];
    double began, ended; /* clock of the first call and of the last; 0: none yet */
};

static int open_parts(struct utter_session *session, const struct utter_session_params *params, struct fault *fault)
{
    const struct utter_model *model = session->model;
    struct cutter_params cutting = {0};
    if (decoding_read(&session->decoding, model, params->beam, params->nbest, params->language, params->decoding,
                      fault))
        return fault->code;
    bool live = params->live != NULL;
    bool cut = !live && cutting_choose(&cutting, model, &session->decoding, params->batch);
    struct intake_params intake = {.sample_rate = params->sample_rate ? params->sample_rate : WINDOW_RATE,
                                   .channel_count = params->channel_count ? params->channel_count : 1,
                                   .channels = params->channels,
                                   .cutting = cut ? &cutting : NULL,
                                   .live = live};
    if (intake_open(&session->intake, &intake, fault) ||
        writing_open(&session->writing, params->text, model, params->language, intake_channels(session->intake), fault))
        return fault->code;
    struct recognizer_params recognizer = {.lanes = intake_channels(session->intake),
                                           .batch = params->batch,
                                           .decoding = &session->decoding,
                                           .writing = session->writing,
                                           .longest = (int64_t)cutting.longest * WINDOW_RATE / 100};
    return hearing_open(&session->hearing, model, params->live, &recognizer, fault);
}

static void drop_handed(struct utter_session *session)
{
    free(session->handed);
    free(session->handed_dropped);
    session->handed = NULL;
    session->handed_dropped = NULL;
    nbest_free(session->handed_nbest);
    session->handed_nbest = NULL;
    event_free(session->handed_event);
    session->handed_event = NULL;
}

static void free_session(struct utter_session *session)
{
    drop_handed(session);
    hearing_close(&session->hearing);
    writing_close(&session->writing);
    intake_close(&session->intake);
    decoding_free(&session->decoding);
    free(session);
}

static int open_session(utter_model *model, const struct utter_session_params *given, utter_session **out,
                        struct fault *fault)
{
    struct utter_session_params params;
    if (need_pointer(model, "model", fault) || need_pointer(out, "out", fault) ||
        params_read(&params, sizeof params, given, "utter_session_params", fault))
        return fault->code;
    struct utter_session *session = memory_new(1, sizeof *session);
    if (!session)
        return fail_memory(fault, "a session");
    session->model = model;
    if (open_parts(session, &params, fault))
        free_session(session);
    else
        *out = session;
    return fault->code;
}

int utter_session_open(utter_model *model, const struct utter_session_params *params, utter_session **out)
{
    struct fault fault = {0};
    open_session(model, params, out, &fault);
    return message_publish(&fault);
}

void utter_session_close(utter_session **session)
{
    if (!session || !*session)
        return;
    struct utter_session *s = *session;
    *session = NULL;
    if (caller_close(&s->caller, s->model->engine, "session"))
        free_session(s);
}

/* ---- one thread at a time ---- */

/* Every call that touches the session begins with enter and, where that gave 0, ends with leave. */
static int enter(struct utter_session *session, struct fault *fault)
{
    if (need_pointer(session, "session", fault))
        return fault->code;
    if (caller_enter(&session->caller, "session", fault))
        return fault->code;
    drop_handed(session);
    return 0;
}

static int leave(struct utter_session *session, const struct fault *fault)
{
    int code = message_publish(fault);
    if (caller_leave(&session->caller))
        free_session(session);
    return code;
}

/* ---- feeding ---- */

static int check_open(const struct utter_session *session, const char *call, struct fault *fault)
{
    if (session->state == SESSION_FINISHED)
        return fail(fault, UTTER_ERROR_STATE, "%s after finish: reset the session for another stream", call);
    if (session->state == SESSION_FAILED)
        return fail(fault, UTTER_ERROR_STATE, "%s after a failure: reset or close the session", call);
    return 0;
}

static int warn_once(struct utter_session *session, enum warning warning, const char *message, struct fault *fault)
{
    if (session->warned[warning])
        return 0;
    session->warned[warning] = true;
    return live_warn(session->hearing.live, message, fault);
}

static int warn(struct utter_session *session, struct fault *fault)
{
    struct intake_faults faults = intake_get_faults(session->intake);
    if (faults.not_finite &&
        warn_once(session, WARNING_NOT_FINITE, "samples that are no numbers count as silence", fault))
        return fault->code;
    if (faults.clipped_blocks)
        return warn_once(session, WARNING_CLIPPED, "the sound is clipped: its level is too high", fault);
    return 0;
}

/* A block has come in whole, or its last part: live events from here on arise at its end. */
static int take_block(void *context, struct window *window, struct fault *fault)
{
    struct utter_session *session = context;
    if (session->hearing.live) {
        live_set_time(session->hearing.live, intake_seconds(session->intake));
        if (warn(session, fault)) {
            window_free(window);
            return fault->code;
        }
    }
    return hearing_take(&session->hearing, window, fault);
}

/* A stream with a hole in it would give wrong text without
 * a word, so a failure ends it. */
static void end_stream_call(struct utter_session *session, const struct fault *fault)
{
    if (fault->code)
        session->state = SESSION_FAILED;
    session->ended = clock_seconds();
}

static int feed(struct utter_session *session, struct intake_samples samples, size_t frames)
{
    struct fault fault = {0};
    if (enter(session, &fault))
        return message_publish(&fault);
    bool any = samples.floats || samples.integers || samples.ulaw || samples.alaw;
    if (check_open(session, "feed", &fault) || (frames && !any && need_pointer(NULL, "samples", &fault)))
        return leave(session, &fault);
    if (session->began == 0)
        session->began = clock_seconds();
    intake_feed(session->intake, samples, frames, take_block, session, &fault);
    end_stream_call(session, &fault);
    return leave(session, &fault);
}

int utter_session_feed(utter_session *session, const float *samples, size_t frames)
{
    return feed(session, (struct intake_samples){.floats = samples}, frames);
}

int utter_session_feed_s16(utter_session *session, const int16_t *samples, size_t frames)
{
    return feed(session, (struct intake_samples){.integers = samples}, frames);
}

int utter_session_feed_ulaw(utter_session *session, const uint8_t *samples, size_t frames)
{
    return feed(session, (struct intake_samples){.ulaw = samples}, frames);
}

int utter_session_feed_alaw(utter_session *session, const uint8_t *samples, size_t frames)
{
    return feed(session, (struct intake_samples){.alaw = samples}, frames);
}

static int flush(struct utter_session *session, struct fault *fault)
{
    if (session->hearing.live)
        return live_flush(session->hearing.live, fault);
    if (intake_flush(session->intake, take_block, session, fault))
        return fault->code;
    return recognizer_finish(session->hearing.recognizer, fault);
}

static int finish(struct utter_session *session, struct fault *fault)
{
    if (intake_finish(session->intake, take_block, session, fault))
        return fault->code;
    return hearing_finish(&session->hearing, fault);
}

static int end_speech(struct utter_session *session, const char *call,
                      int (*run)(struct utter_session *, struct fault *), enum state after)
{
    struct fault fault = {0};
    if (enter(session, &fault))
        return message_publish(&fault);
    if (check_open(session, call, &fault))
        return leave(session, &fault);
    if (session->began == 0)
        session->began = clock_seconds();
    if (!run(session, &fault))
        session->state = after;
    end_stream_call(session, &fault);
    return leave(session, &fault);
}

int utter_session_flush(utter_session *session)
{
    return end_speech(session, "flush", flush, SESSION_OPEN);
}

int utter_session_finish(utter_session *session)
{
    return end_speech(session, "finish", finish, SESSION_FINISHED);
}

int utter_session_reset(utter_session *session)
{
    struct fault fault = {0};
    if (enter(session, &fault))
        return message_publish(&fault);
    intake_reset(session->intake);
    hearing_reset(&session->hearing);
    session->state = SESSION_OPEN;
    session->began = session->ended = 0;
    memset(session->warned, 0, sizeof session->warned);
    return leave(session, &fault);
}

/* ---- results ---- */

int utter_session_next(utter_session *session, struct utter_segment *segment)
{
    struct fault fault = {0};
    if (need_pointer(segment, "segment", &fault) || enter(session, &fault))
        return message_publish(&fault);
    if (session->hearing.live)
        fail(&fault, UTTER_ERROR_STATE, "a live session hands out events, not segments");
    else
        session->handed = segment_queue_take(recognizer_segments(session->hearing.recognizer));
    bool got = session->handed != NULL;
    if (got)
        *segment = session->handed->public;
    int code = leave(session, &fault);
    return code ? code : got;
}

int utter_session_next_event(utter_session *session, struct utter_event *event)
{
    struct fault fault = {0};
    if (need_pointer(event, "event", &fault) || enter(session, &fault))
        return message_publish(&fault);
    if (session->hearing.live)
        session->handed_event = event_take(live_events(session->hearing.live));
    else
        fail(&fault, UTTER_ERROR_STATE, "only a live session hands out events: set utter_session_params.live");
    bool got = session->handed_event != NULL;
    if (got)
        result_write(event, &session->handed_event->public, sizeof session->handed_event->public, "utter_event",
                     &fault);
    int code = leave(session, &fault);
    return code ? code : got;
}

int utter_session_next_dropped(utter_session *session, struct utter_dropped *dropped)
{
    struct fault fault = {0};
    if (need_pointer(dropped, "dropped", &fault) || enter(session, &fault))
        return message_publish(&fault);
    session->handed_dropped = dropped_queue_take(hearing_dropped(&session->hearing));
    bool got = session->handed_dropped != NULL;
    if (got)
        *dropped = session->handed_dropped->public;
    int code = leave(session, &fault);
    return code ? code : got;
}

int utter_session_next_nbest(utter_session *session, struct utter_nbest *nbest)
{
    struct fault fault = {0};
    if (need_pointer(nbest, "nbest", &fault) || enter(session, &fault))
        return message_publish(&fault);
    session->handed_nbest = nbest_queue_take(hearing_nbest(&session->hearing));
    bool got = session->handed_nbest != NULL;
    if (got)
        *nbest = session->handed_nbest->public;
    int code = leave(session, &fault);
    return code ? code : got;
}

int utter_session_next_redacted(utter_session *session, struct utter_redacted *redacted)
{
    struct fault fault = {0};
    if (need_pointer(redacted, "redacted", &fault) || enter(session, &fault))
        return message_publish(&fault);
    const int got = session->writing ? redacted_queue_take(writing_redacted(session->writing), redacted) : 0;
    int code = leave(session, &fault);
    return code ? code : got;
}

int utter_session_get_language(const utter_session *session, const char **language)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault) || need_pointer(language, "language", &fault))
        return message_publish(&fault);
    *language = hearing_language(&session->hearing);
    return 0;
}

int utter_session_get_timings(const utter_session *session, struct utter_timings *timings)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault) || need_pointer(timings, "timings", &fault))
        return message_publish(&fault);
    *timings = (struct utter_timings){.decode_seconds = intake_resample_seconds(session->intake),
                                      .features_seconds = intake_activity_seconds(session->intake),
                                      .total_seconds = session->ended - session->began};
    hearing_add_timings(&session->hearing, timings);
    return 0;
}
