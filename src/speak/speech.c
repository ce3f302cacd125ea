/* speech.c - utter_speech: text in, samples out. */
#include "src/base/memory.h"
#include "src/base/threads.h"
#include "src/caller.h"
#include "src/message.h"
#include "src/speak/breaths.h"
#include "src/speak/sentences.h"
#include "src/speak/rendering.h"
#include "src/speak/speaker_names.h"

#include <stdlib.h>

/* After ENDED, nothing is left to compute; after FAILED, only marks, timings, reset and close make sense. */
enum state { SPEECH_OPEN = 0, SPEECH_FINISHED, SPEECH_ENDED, SPEECH_FAILED };

struct utter_speech {
    const struct utter_voice *voice;
    struct utter_speech_params params;
    struct sentences sentences;
    struct breaths breaths;
    struct rendering *rendering;
    struct mark_queue marks;
    struct mark *handed; /* what next_mark gave last */
    enum state state;
    struct caller caller;
    double text_seconds, total_seconds;
    double entered;              /* clock of the call that is going on */
    double began, first_seconds; /* clock of the first text; seconds from there to the first sound */
};

/* ---- opening ---- */

static int check_number(const char *what, double value, double least, double most, struct fault *fault)
{
    if (value >= least && value <= most)
        return 0;
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s is %g, and must be %g to %g", what, value, least, most);
}

static int check_speaker(const struct utter_voice *voice, struct utter_speech_params *params, struct fault *fault)
{
    if (params->speaker_name && speaker_find(voice, params->speaker_name, &params->speaker, fault))
        return fault->code;
    params->speaker_name = NULL; /* the caller's */
    if (params->speaker < 0 || params->speaker >= voice->speakers)
        return fail(fault, UTTER_ERROR_ARGUMENT, "there is no speaker %d: the voice %.200s has %d, from 0",
                    params->speaker, voice->name, voice->speakers);
    return 0;
}

static int check_params(const struct utter_voice *voice, struct utter_speech_params *params, struct fault *fault)
{
    if (!params->sample_rate)
        params->sample_rate = voice->sample_rate;
    if (params->rate == 0)
        params->rate = 1;
    if (params->markup == UTTER_MARKUP_PHONEMES && !voice->pronouncer)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "the voice %.200s is not given phones of English", voice->name);
    if (check_speaker(voice, params, fault) || check_number("sample_rate", params->sample_rate, 8000, 192000, fault) ||
        check_number("rate", params->rate, 0.25, 4, fault) || check_number("pitch", params->pitch, -12, 12, fault))
        return fault->code;
    return check_number("volume", params->volume, -60, 20, fault);
}

static int open_rendering(struct utter_speech *speech, double shift, struct fault *fault)
{
    struct rendering_params params = {
        .sample_rate = speech->params.sample_rate, .seed = speech->params.seed, .shift = shift};
    rendering_close(&speech->rendering);
    return rendering_open(&speech->rendering, speech->voice, &params, fault);
}

/* A voice that does not follow the pitch of its tokens is shifted as a whole. */
static int open_parts(struct utter_speech *speech, struct fault *fault)
{
    const struct utter_speech_params *params = &speech->params;
    if (open_rendering(speech, 0, fault))
        return fault->code;
    bool shifted = params->pitch != 0 && !rendering_bends(speech->rendering);
    if (shifted && open_rendering(speech, params->pitch, fault))
        return fault->code;
    struct prosody prosody = {.rate = (float)params->rate,
                              .pitch = shifted ? 0 : (float)params->pitch,
                              .volume = (float)params->volume,
                              .speaker = params->speaker};
    return sentences_open(&speech->sentences, speech->voice, params->markup, &prosody, fault);
}

static void free_speech(struct utter_speech *speech)
{
    free(speech->handed);
    mark_clear(&speech->marks);
    rendering_close(&speech->rendering);
    breaths_clear(&speech->breaths);
    sentences_close(&speech->sentences);
    free(speech);
}

static int open_speech(utter_voice *voice, const struct utter_speech_params *given, utter_speech **out,
                       struct fault *fault)
{
    struct utter_speech_params params;
    if (need_pointer(voice, "voice", fault) || need_pointer(out, "out", fault) ||
        params_read(&params, sizeof params, given, "utter_speech_params", fault) || check_params(voice, &params, fault))
        return fault->code;
    utter_speech *speech = memory_new(1, sizeof *speech);
    if (!speech)
        return fail_memory(fault, "a speech");
    speech->voice = voice;
    speech->params = params;
    if (open_parts(speech, fault))
        free_speech(speech);
    else
        *out = speech;
    return fault->code;
}

int utter_speech_open(utter_voice *voice, const struct utter_speech_params *params, utter_speech **out)
{
    struct fault fault = {0};
    open_speech(voice, params, out, &fault);
    return message_publish(&fault);
}

void utter_speech_close(utter_speech **speech)
{
    if (!speech || !*speech)
        return;
    utter_speech *s = *speech;
    *speech = NULL;
    if (caller_close(&s->caller, s->voice->engine, "speech"))
        free_speech(s);
}

/* Every call that changes the speech begins with enter and, where that gave 0, ends with leave. */
static int enter(utter_speech *speech, struct fault *fault)
{
    if (need_pointer(speech, "speech", fault) || caller_enter(&speech->caller, "speech", fault))
        return fault->code;
    speech->entered = clock_seconds();
    return 0;
}

static int leave(utter_speech *speech, const struct fault *fault)
{
    int code = message_publish(fault);
    speech->total_seconds += clock_seconds() - speech->entered;
    if (caller_leave(&speech->caller))
        free_speech(speech);
    return code;
}

/* ---- text ---- */

static int check_open(const utter_speech *speech, const char *call, struct fault *fault)
{
    if (speech->state == SPEECH_OPEN)
        return 0;
    return fail(fault, UTTER_ERROR_STATE, "%s after %s: reset the speech for another text", call,
                speech->state == SPEECH_FAILED ? "a failure" : "finish");
}

/* What is wrong with a text ends it there; what came before is still spoken. */
static void end_text(utter_speech *speech, const struct fault *fault)
{
    if (fault->code)
        speech->state = fault->code == UTTER_ERROR_ARGUMENT ? SPEECH_FINISHED : SPEECH_FAILED;
    speech->text_seconds += clock_seconds() - speech->entered;
}

int utter_speech_text(utter_speech *speech, const char *text, size_t size)
{
    struct fault fault = {0};
    if (enter(speech, &fault))
        return message_publish(&fault);
    if (!check_open(speech, "text", &fault) && (!size || !need_pointer(text, "text", &fault))) {
        if (speech->began == 0)
            speech->began = speech->entered;
        sentences_feed(&speech->sentences, text, size, &fault);
        end_text(speech, &fault);
    }
    return leave(speech, &fault);
}

/* The next sentence that has something to say: 1; 0: more text is needed; or an error. */
static int next_sentence(utter_speech *speech, struct fault *fault)
{
    double began = clock_seconds();
    struct spoken_sentence sentence;
    int got = sentences_next(&speech->sentences, &sentence, fault);
    if (got > 0)
        breaths_add(&speech->breaths, speech->voice, &sentence, fault);
    speech->text_seconds += clock_seconds() - began;
    return fault->code ? fault->code : got;
}

/* The rest of the text is read as if nothing followed, and then another text begins where it ended. */
static int flush(utter_speech *speech, struct fault *fault)
{
    if (check_open(speech, "flush", fault))
        return fault->code;
    if (speech->params.markup == UTTER_MARKUP_SSML)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "a speech in SSML cannot be flushed: its elements are still open");
    if (sentences_finish(&speech->sentences, fault))
        return fault->code;
    while (next_sentence(speech, fault) > 0)
        ;
    if (!fault->code)
        sentences_continue(&speech->sentences);
    return fault->code;
}

int utter_speech_flush(utter_speech *speech)
{
    struct fault fault = {0};
    if (enter(speech, &fault))
        return message_publish(&fault);
    if (flush(speech, &fault) && fault.code != UTTER_ERROR_STATE && fault.code != UTTER_ERROR_UNSUPPORTED)
        speech->state = SPEECH_FAILED;
    return leave(speech, &fault);
}

int utter_speech_finish(utter_speech *speech)
{
    struct fault fault = {0};
    if (enter(speech, &fault))
        return message_publish(&fault);
    if (!check_open(speech, "finish", &fault)) {
        speech->state = SPEECH_FINISHED;
        sentences_finish(&speech->sentences, &fault);
        end_text(speech, &fault);
    }
    return leave(speech, &fault);
}

/* ---- sound ---- */

static int add_last_marks(utter_speech *speech, struct fault *fault)
{
    const struct mark_list *list = &speech->breaths.marks;
    const double now = rendering_get_times(speech->rendering).audio;
    for (size_t i = list->taken; i < list->count && speech->params.marks; i++)
        if (mark_named(&speech->marks, &list->marks[i], now, fault))
            break;
    return fault->code;
}

/* After the last sentence: what breaks asked for, and what the resampler still has. */
static int end_speech(utter_speech *speech, struct fault *fault)
{
    double pause = speech->breaths.pause;
    add_last_marks(speech, fault);
    breaths_clear(&speech->breaths);
    if (fault->code)
        return fault->code;
    if (pause > 0)
        return rendering_begin(speech->rendering, NULL, pause, NULL, fault);
    speech->state = SPEECH_ENDED;
    return rendering_finish(speech->rendering, fault);
}

/* Begins what comes next: 1; 0: nothing until there is more text; or an error. */
static int begin_next(utter_speech *speech, struct fault *fault)
{
    struct utterance *utterance;
    while (!(utterance = breaths_take(&speech->breaths))) {
        int got = next_sentence(speech, fault);
        if (got < 0)
            return got;
        if (got == 0 && speech->state == SPEECH_FINISHED)
            return end_speech(speech, fault) ? fault->code : 1;
        if (got == 0)
            return 0;
    }
    if (rendering_begin(speech->rendering, utterance, utterance->silence, speech->params.marks ? &speech->marks : NULL,
                        fault))
        return fault->code;
    return 1;
}

/* Computes some more: 1; 0: nothing until there is more text; or an error. */
static int advance(utter_speech *speech, struct fault *fault)
{
    if (speech->state == SPEECH_ENDED)
        return 0;
    if (rendering_idle(speech->rendering)) {
        int begun = begin_next(speech, fault);
        if (begun <= 0 || speech->state == SPEECH_ENDED)
            return begun;
    }
    return rendering_step(speech->rendering, fault) ? fault->code : 1;
}

static int read_samples(utter_speech *speech, float *samples, size_t capacity, size_t *got, struct fault *fault)
{
    if (speech->state == SPEECH_FAILED)
        return fail(fault, UTTER_ERROR_STATE, "read after a failure: reset or close the speech");
    size_t count;
    while (!(count = rendering_read(speech->rendering, samples, capacity)) && capacity) {
        int more = advance(speech, fault);
        if (more < 0)
            speech->state = SPEECH_FAILED;
        if (more <= 0)
            break;
    }
    if (count && speech->first_seconds == 0)
        speech->first_seconds = clock_seconds() - speech->began;
    *got = count;
    return fault->code;
}

int utter_speech_read(utter_speech *speech, float *samples, size_t capacity, size_t *got)
{
    struct fault fault = {0};
    if (enter(speech, &fault))
        return message_publish(&fault);
    if (!need_pointer(got, "got", &fault) && (!capacity || !need_pointer(samples, "samples", &fault)))
        read_samples(speech, samples, capacity, got, &fault);
    return leave(speech, &fault);
}

/* ---- the rest ---- */

int utter_speech_next_mark(utter_speech *speech, struct utter_mark *mark)
{
    struct fault fault = {0};
    if (need_pointer(mark, "mark", &fault) || enter(speech, &fault))
        return message_publish(&fault);
    free(speech->handed);
    speech->handed = mark_take(&speech->marks);
    bool there = speech->handed != NULL;
    if (there)
        result_write(mark, &speech->handed->public, sizeof *mark, "utter_mark", &fault);
    int code = leave(speech, &fault);
    return code ? code : there;
}

int utter_speech_get_timings(const utter_speech *speech, struct utter_speech_timings *timings)
{
    struct fault fault = {0};
    if (!need_pointer(speech, "speech", &fault) && !need_pointer(timings, "timings", &fault)) {
        struct rendering_times times = rendering_get_times(speech->rendering);
        struct utter_speech_timings full = {.text_seconds = speech->text_seconds,
                                            .acoustic_seconds = times.acoustic,
                                            .vocoder_seconds = times.vocoder,
                                            .first_seconds = speech->first_seconds,
                                            .total_seconds = speech->total_seconds,
                                            .audio_seconds = times.audio};
        result_write(timings, &full, sizeof full, "utter_speech_timings", &fault);
    }
    return message_publish(&fault);
}

int utter_speech_reset(utter_speech *speech)
{
    struct fault fault = {0};
    if (enter(speech, &fault))
        return message_publish(&fault);
    sentences_reset(&speech->sentences);
    breaths_clear(&speech->breaths);
    rendering_reset(speech->rendering);
    mark_clear(&speech->marks);
    speech->state = SPEECH_OPEN;
    speech->text_seconds = speech->total_seconds = speech->began = speech->first_seconds = 0;
    return leave(speech, &fault);
}
