#include "src/base/memory.h"
#include "src/cutting.h"
#include "src/intake.h"
#include "src/message.h"
#include "src/recognizer.h"

#include <stdlib.h>

/* After FINISHED and FAILED only next, timings, reset and close make sense. */
enum state { SESSION_OPEN = 0, SESSION_FINISHED, SESSION_FAILED };

struct utter_session {
    const struct utter_model *model;
    struct decoding decoding;
    struct intake *intake;
    struct recognizer *recognizer;
    struct segment *handed;         /* what next gave last, … */
    struct dropped *handed_dropped; /* … what next_dropped did, … */
    struct nbest *handed_nbest;     /* … and what next_nbest */
    enum state state;
    double began, ended; /* clock of the first call and of the last; 0: none yet */
};

static int open_parts(struct utter_session *session, const struct utter_session_params *params, struct fault *fault)
{
    const struct utter_model *model = session->model;
    struct cutter_params cutting = {0};
    if (decoding_read(&session->decoding, model, params->beam, params->nbest, params->language, params->decoding,
                      fault))
        return fault->code;
    bool cut = cutting_choose(&cutting, model, &session->decoding, params->batch);
    if (intake_open(&session->intake, params->sample_rate ? params->sample_rate : WINDOW_RATE,
                    params->channel_count ? params->channel_count : 1, params->channels, cut ? &cutting : NULL, fault))
        return fault->code;
    struct recognizer_params recognizer = {.lanes = intake_channels(session->intake),
                                           .batch = params->batch,
                                           .decoding = &session->decoding,
                                           .longest = (int64_t)cutting.longest * WINDOW_RATE / 100};
    return recognizer_open(&session->recognizer, model, &recognizer, fault);
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
        utter_session_close(&session);
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

static void drop_handed(struct utter_session *session)
{
    free(session->handed);
    free(session->handed_dropped);
    session->handed = NULL;
    session->handed_dropped = NULL;
    nbest_free(session->handed_nbest);
    session->handed_nbest = NULL;
}

void utter_session_close(utter_session **session)
{
    if (!session || !*session)
        return;
    drop_handed(*session);
    intake_close(&(*session)->intake);
    recognizer_close(&(*session)->recognizer);
    decoding_free(&(*session)->decoding);
    free(*session);
    *session = NULL;
}

/* ---- feeding ---- */

static int begin_call(struct utter_session *session, const char *call, struct fault *fault)
{
    if (need_pointer(session, "session", fault))
        return fault->code;
    drop_handed(session);
    if (session->state == SESSION_FINISHED)
        return fail(fault, UTTER_ERROR_STATE, "%s after finish: reset the session for another stream", call);
    if (session->state == SESSION_FAILED)
        return fail(fault, UTTER_ERROR_STATE, "%s after a failure: reset or close the session", call);
    if (session->began == 0)
        session->began = clock_seconds();
    return 0;
}

/* A stream with a hole in it would give wrong text without a word, so a failure ends it. */
static void end_call(struct utter_session *session, const struct fault *fault)
{
    if (fault->code)
        session->state = SESSION_FAILED;
    session->ended = clock_seconds();
}

static int feed(struct utter_session *session, struct intake_samples samples, size_t frames)
{
    struct fault fault = {0};
    if (begin_call(session, "feed", &fault))
        return message_publish(&fault);
    if (frames && !samples.floats && !samples.integers) {
        need_pointer(NULL, "samples", &fault);
        return message_publish(&fault);
    }
    intake_feed(session->intake, samples, frames, recognizer_take, session->recognizer, &fault);
    end_call(session, &fault);
    return message_publish(&fault);
}

int utter_session_feed(utter_session *session, const float *samples, size_t frames)
{
    return feed(session, (struct intake_samples){.floats = samples}, frames);
}

int utter_session_feed_s16(utter_session *session, const int16_t *samples, size_t frames)
{
    return feed(session, (struct intake_samples){.integers = samples}, frames);
}

int utter_session_finish(utter_session *session)
{
    struct fault fault = {0};
    if (begin_call(session, "finish", &fault))
        return message_publish(&fault);
    if (!intake_finish(session->intake, recognizer_take, session->recognizer, &fault) &&
        !recognizer_finish(session->recognizer, &fault))
        session->state = SESSION_FINISHED;
    end_call(session, &fault);
    return message_publish(&fault);
}

int utter_session_reset(utter_session *session)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault))
        return message_publish(&fault);
    drop_handed(session);
    intake_reset(session->intake);
    recognizer_reset(session->recognizer);
    session->state = SESSION_OPEN;
    session->began = session->ended = 0;
    return 0;
}

/* ---- results ---- */

int utter_session_next(utter_session *session, struct utter_segment *segment)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault) || need_pointer(segment, "segment", &fault))
        return message_publish(&fault);
    drop_handed(session);
    session->handed = segment_queue_take(recognizer_segments(session->recognizer));
    if (!session->handed)
        return 0;
    *segment = session->handed->public;
    return 1;
}

int utter_session_next_dropped(utter_session *session, struct utter_dropped *dropped)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault) || need_pointer(dropped, "dropped", &fault))
        return message_publish(&fault);
    drop_handed(session);
    session->handed_dropped = dropped_queue_take(recognizer_dropped(session->recognizer));
    if (!session->handed_dropped)
        return 0;
    *dropped = session->handed_dropped->public;
    return 1;
}

int utter_session_next_nbest(utter_session *session, struct utter_nbest *nbest)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault) || need_pointer(nbest, "nbest", &fault))
        return message_publish(&fault);
    drop_handed(session);
    session->handed_nbest = nbest_queue_take(recognizer_nbest(session->recognizer));
    if (!session->handed_nbest)
        return 0;
    *nbest = session->handed_nbest->public;
    return 1;
}

int utter_session_get_language(const utter_session *session, const char **language)
{
    struct fault fault = {0};
    if (need_pointer(session, "session", &fault) || need_pointer(language, "language", &fault))
        return message_publish(&fault);
    *language = session->model->whisper ? recognizer_language(session->recognizer) : session->model->language;
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
    recognizer_add_timings(session->recognizer, timings);
    return 0;
}
