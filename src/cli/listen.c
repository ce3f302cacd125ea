/* listen.c - `utter listen`: what is said into a microphone, while it is said. */
#include "clock.h"
#include "command.h"
#include "decoding.h"
#include "formats.h"
#include "json.h"
#include "options.h"
#include "output_device.h"
#include "output.h"
#include "screen.h"
#include "setup.h"
#include "stop.h"
#include "writing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_CHANNELS = 64, BLOCK = 8192, WAIT_MS = 100 };

/* What is known of a channel's utterance. */
struct utterance {
    struct text certain, tentative;
};

struct listening {
    struct setup setup;
    struct decoding decoding;
    struct writing writing;
    struct utter_decoding_params decoding_params;
    const char *format, *channels, *language, *input, *voice_activity;
    bool list, timings, json, split;
    int rate, beam;
    double silence;
    utter_microphone *microphone;
    utter_session *session;
    struct utter_microphone_info heard; /* struct_size set: the microphone, and what it had lost when last asked */
    struct utterance utterances[MOST_CHANNELS];
    double seconds; /* of sound so far */
    bool failed, warned;
};

static const char summary[] = "Writes what is said into a microphone while it is said, a line for each utterance.\n";
static const char notes[] =
    "On a terminal the words that are not certain yet are grey, and change; elsewhere only whole lines come out, each "
    "as\n"
    "soon as its utterance has ended. json is one event a line: speech, tentative, committed, no_match, end, warning.\n"
    "--input is a number or a name from --list, or a part of one name. Ctrl-C ends the listening and writes the last\n"
    "words; a second one ends at once. Exit status: 0 done, 1 something failed, 2 wrong usage.";

/* ---- events out ---- */

/* Says something on standard error, where the row of the terminal is not in the way. */
static void say(const char *message)
{
    screen_hide();
    complain("%s", message);
}

static void print(struct listening *work, struct text *text)
{
    if (!screen_hide() || !output_text(text)) {
        work->failed = true;
        stop_now(); /* nobody hears the rest */
    }
    text_free(text);
}

static void json_event(struct text *out, const struct utter_event *event)
{
    static const char *const names[] = {"", "speech", "tentative", "committed", "end", "warning"};
    const struct utter_segment *segment = &event->segment;
    bool text = event->kind == UTTER_EVENT_TENTATIVE || event->kind == UTTER_EVENT_COMMITTED;
    json_begin(out, '{');
    json_key_string(out, "event", names[event->kind]);
    json_key_integer(out, "channel", event->channel);
    json_key_number(out, "time", event->time, 3);
    if (event->kind != UTTER_EVENT_WARNING)
        json_key_number(out, "start", segment->start, 3);
    if (text || event->kind == UTTER_EVENT_END)
        json_key_number(out, "end", segment->end, 3);
    if (text) {
        json_key_string(out, "text", segment->text);
        json_key_number(out, "confidence", segment->confidence, 4);
        format_json_words(out, segment);
    }
    if (event->kind == UTTER_EVENT_END)
        json_key_string(out, "reason", utter_end_name(event->end));
    if (event->kind == UTTER_EVENT_WARNING)
        json_key_string(out, "message", event->message);
    json_end(out, '}');
    text_add(out, "\n");
}

static void label_of(const struct listening *work, int channel, char *label, size_t size)
{
    label[0] = '\0';
    if (work->split)
        snprintf(label, size, "[%d] ", channel);
}

static void show(struct listening *work, int channel)
{
    const struct utterance *u = &work->utterances[channel];
    const char *certain = u->certain.data ? u->certain.data : "",
               *tentative = u->tentative.data ? u->tentative.data : "";
    char label[16];
    label_of(work, channel, label, sizeof label);
    if (!*certain && !*tentative)
        screen_hide();
    else if (!screen_show(label, certain, tentative)) {
        work->failed = true;
        stop_now();
    }
}

/* The whole utterance, as one line that the terminal may break as it likes. */
static void print_utterance(struct listening *work, int channel)
{
    struct utterance *u = &work->utterances[channel];
    struct text line = {0};
    char label[16];
    label_of(work, channel, label, sizeof label);
    text_clear(&u->tentative);
    if (u->certain.length || u->certain.failed) {
        text_add(&line, label);
        text_add_bytes(&line, u->certain.data, u->certain.length);
        text_add(&line, "\n");
        line.failed = line.failed || u->certain.failed;
        print(work, &line);
    }
    text_clear(&u->certain);
}

static void on_text(struct listening *work, const struct utter_event *event)
{
    struct utterance *u = &work->utterances[event->channel];
    switch (event->kind) {
    case UTTER_EVENT_TENTATIVE:
        text_clear(&u->tentative);
        text_add_line(&u->tentative, event->segment.text);
        break;
    case UTTER_EVENT_COMMITTED:
        text_clear(&u->tentative);
        text_add(&u->certain, u->certain.length && *event->segment.text ? " " : "");
        text_add_line(&u->certain, event->segment.text);
        break;
    case UTTER_EVENT_END:
        print_utterance(work, event->channel);
        break;
    case UTTER_EVENT_WARNING:
        say(event->message);
        break;
    default:
        return;
    }
    show(work, event->channel);
}

/* What the committed texts so far have lost: events of their own. */
static void take_redacted(struct listening *work, double time)
{
    struct utter_redacted redacted;
    while (!work->failed && utter_session_next_redacted(work->session, &redacted) == 1) {
        struct text line = {0};
        if (!work->json)
            continue;
        json_begin(&line, '{');
        json_key_string(&line, "event", "redacted");
        json_key_integer(&line, "channel", redacted.channel);
        json_key_number(&line, "time", time, 3);
        json_key_number(&line, "start", redacted.start, 3);
        json_key_number(&line, "end", redacted.end, 3);
        json_key_string(&line, "kind", utter_redact_name(redacted.kind));
        json_end(&line, '}');
        text_add(&line, "\n");
        print(work, &line);
    }
}

static void json_no_match(struct text *out, double time, const struct utter_dropped *dropped)
{
    json_begin(out, '{');
    json_key_string(out, "event", utter_reason_name(dropped->reason));
    json_key_integer(out, "channel", dropped->channel);
    json_key_number(out, "time", time, 3);
    json_key_number(out, "start", dropped->start, 3);
    json_key_number(out, "end", dropped->end, 3);
    json_key_string(out, "text", dropped->text);
    json_key_number(out, "confidence", dropped->confidence, 4);
    json_end(out, '}');
    text_add(out, "\n");
}

/* What was said and is no sentence of the grammar: heard before the events that it brought about. */
static void take_no_matches(struct listening *work)
{
    struct utter_dropped dropped;
    while (!work->failed && utter_session_next_dropped(work->session, &dropped) > 0) {
        struct text line = {0};
        if (!work->json || dropped.reason != UTTER_REASON_NO_MATCH)
            continue;
        json_no_match(&line, work->seconds, &dropped);
        print(work, &line);
    }
}

/* Hands out what is new. Returns 0, or the session's error after a message. */
static int take_events(struct listening *work)
{
    struct utter_event event = {.struct_size = sizeof event};
    int got = 0;
    take_no_matches(work);
    while (!work->failed && (got = utter_session_next_event(work->session, &event)) > 0) {
        struct text line = {0};
        if (event.channel < 0 || event.channel >= MOST_CHANNELS)
            continue;
        if (!work->json) {
            on_text(work, &event);
        } else {
            json_event(&line, &event);
            print(work, &line);
        }
        if (event.kind == UTTER_EVENT_COMMITTED)
            take_redacted(work, event.time);
    }
    return got < 0 ? got : 0;
}

/* ---- sound in ---- */

static void warn(struct listening *work, const char *message)
{
    struct utter_event event = {.kind = UTTER_EVENT_WARNING, .time = work->seconds, .message = message};
    struct text line = {0};
    if (!work->json) {
        say(message);
        return;
    }
    json_event(&line, &event);
    print(work, &line);
}

/* Sound that was lost is said once, when it begins. */
static void look_for_losses(struct listening *work)
{
    if (work->warned || utter_microphone_get_info(work->microphone, &work->heard) < 0)
        return;
    work->warned = work->heard.lost_frames || work->heard.overruns;
    if (work->heard.lost_frames)
        warn(work, "sound is being lost: this machine is too slow for the model, at least now");
    else if (work->heard.overruns)
        warn(work, "sound was lost on its way from the microphone");
}

/* Feeds what there is. Returns 0, or an error of the microphone or the session after a message. */
static int hear(struct listening *work, int timeout_ms, size_t *got)
{
    static float samples[BLOCK];
    size_t frames = BLOCK / (size_t)work->heard.channel_count;
    int error = utter_microphone_read(work->microphone, samples, frames, timeout_ms, got);
    if (error >= 0 && *got > 0) {
        work->seconds += (double)*got / work->heard.sample_rate;
        error = utter_session_feed(work->session, samples, *got);
    }
    if (error >= 0)
        error = take_events(work);
    if (error < 0)
        say(utter_error_message());
    look_for_losses(work);
    return error;
}

static void print_timings(const struct listening *work)
{
    struct utter_timings t = {0};
    struct text out = {0};
    utter_session_get_timings(work->session, &t);
    double compute = t.decode_seconds + t.features_seconds + t.model_seconds + t.search_seconds;
    json_begin(&out, '{');
    json_key_string(&out, "microphone", work->heard.name);
    json_key_number(&out, "audio_seconds", work->seconds, 3);
    json_key_number(&out, "lost_seconds", (double)work->heard.lost_frames / work->heard.sample_rate, 3);
    json_key_number(&out, "load_seconds", work->setup.load_seconds, 4);
    json_key_number(&out, "compute_seconds", compute, 4);
    json_key_number(&out, "real_time_factor_x", compute > 0 ? work->seconds / compute : 0, 1);
    json_key_number(&out, "peak_rss_mb", peak_memory_mb(), 1);
    json_end(&out, '}');
    text_add(&out, "\n");
    if (!out.failed)
        output_message(out.data);
    text_free(&out);
}

/* Listens until a signal, a failure or a reader that has gone; then says what is left. */
static int listen_to(struct listening *work)
{
    size_t got = 1;
    int error = 0;
    while (!error && !stopping()) {
        error = hear(work, WAIT_MS, &got);
        if (!screen_refresh() || !output_is_wanted()) {
            work->failed = true;
            stop_now();
        }
    }
    utter_microphone_stop(work->microphone);
    while (!error && !work->failed && got > 0)
        error = hear(work, 0, &got);
    if (!work->failed && utter_session_finish(work->session) < 0 && !error) {
        error = UTTER_ERROR_DEVICE;
        say(utter_error_message());
    }
    take_events(work);
    for (int i = 0; i < MOST_CHANNELS && !work->failed; i++) /* of a session that failed: what was certain */
        print_utterance(work, i);
    screen_hide();
    utter_microphone_get_info(work->microphone, &work->heard);
    if (work->timings)
        print_timings(work);
    return error || work->failed ? EXIT_SOME_FAILED : EXIT_DONE;
}

/* ---- the way there ---- */

static int open_microphone(struct listening *work)
{
    struct utter_microphone_params params;
    utter_microphone_params_init(&params);
    params.device = work->input;
    params.sample_rate = work->rate;
    params.channel_count = work->split ? 2 : 0;
    work->heard.struct_size = sizeof work->heard;
    bool watched = isatty(STDERR_FILENO);
    output_own_messages();
    if (utter_microphone_open(&work->microphone, &params) < 0 ||
        utter_microphone_get_info(work->microphone, &work->heard) < 0) {
        complain("%s", utter_error_message());
        return EXIT_SOME_FAILED;
    }
    if (work->rate && work->heard.sample_rate != work->rate)
        complain("microphone '%s' does not take %d Hz: %d Hz it is", work->heard.name, work->rate,
                 work->heard.sample_rate);
    if (watched)
        complain("listening to '%s'; Ctrl-C ends", work->heard.name);
    return 0;
}

static int open_session(struct listening *work)
{
    struct utter_session_params params;
    struct utter_live_params live;
    utter_session_params_init(&params);
    utter_live_params_init(&live);
    live.silence_after_words = work->silence;
    live.voice_activity = work->voice_activity;
    live.tentative_interval = work->json || screen_open() ? 0 : -1; /* where nobody sees them they need not be made */
    params.sample_rate = work->heard.sample_rate;
    params.channel_count = work->heard.channel_count;
    params.channels = work->split ? UTTER_CHANNELS_SPLIT : UTTER_CHANNELS_MIX;
    params.beam = work->beam;
    params.language = work->language;
    params.decoding = &work->decoding_params;
    params.live = &live;
    params.text = writing_params(&work->writing);
    if (utter_session_open(work->setup.opened, &params, &work->session) == 0)
        return 0;
    complain("%s", utter_error_message());
    return EXIT_SOME_FAILED;
}

static int run(const struct usage *usage, struct listening *work)
{
    int status = setup_open(&work->setup, 1, NULL);
    if (!status)
        status = decoding_check(usage, &work->decoding, &work->setup.info);
    if (!status)
        status = setup_check_language(&work->setup, work->language);
    if (!status)
        status = writing_check(&work->writing, work->setup.opened, work->language);
    decoding_params(&work->decoding, work->json, &work->decoding_params);
    if (!status)
        status = decoding_check_files(usage, &work->decoding, work->beam, work->setup.opened, &work->decoding_params);
    stop_catch_signals();
    if (!status)
        status = open_microphone(work);
    if (!status)
        status = open_session(work);
    if (!status)
        status = listen_to(work);
    utter_microphone_close(&work->microphone);
    utter_session_close(&work->session);
    setup_close(&work->setup);
    for (int i = 0; i < MOST_CHANNELS; i++) {
        text_free(&work->utterances[i].certain);
        text_free(&work->utterances[i].tentative);
    }
    return status;
}

/* ---- the list ---- */

static int list_one(void *context, const struct utter_microphone_info *info)
{
    struct listening *work = context;
    struct text line = {0};
    if (work->json) {
        json_begin(&line, '{');
        json_key_integer(&line, "number", info->number);
        json_key_string(&line, "name", info->name);
        json_key_string(&line, "host", info->host);
        json_key_integer(&line, "channels", info->channel_count);
        json_key_integer(&line, "sample_rate", info->sample_rate);
        json_key(&line, "default");
        text_add(&line, info->is_default ? "true}\n" : "false}\n");
    } else {
        output_device(&line, info->number, info->name, info->host, info->channel_count, info->sample_rate,
                      info->is_default);
    }
    work->warned = true; /* there is one */
    print(work, &line);
    return work->failed;
}

static int list(struct listening *work)
{
    output_own_messages();
    int error = utter_microphone_list(list_one, work);
    if (error < 0 && !work->failed)
        complain("%s", utter_error_message());
    else if (!error && !work->warned)
        complain("there is no microphone, or none that this user may open");
    return error || !work->warned ? EXIT_SOME_FAILED : EXIT_DONE;
}

int command_listen(int argc, char **argv)
{
    static struct listening work = {.format = "txt", .channels = "mix"};
    const struct option_spec options[] = {
        {"list", OPTION_FLAG, &work.list, NULL, 0, 0, "the microphones that there are"},
        {"input", OPTION_TEXT, &work.input, "NAME|N", 0, 0, "the microphone (default: the system's)"},
        {"rate", OPTION_INTEGER, &work.rate, "HZ", 1000, 768000,
         "to capture at (default: 16000, or the microphone's own)"},
        {"channels", OPTION_CHOICE, &work.channels, "mix|split", 0, 0, "all as one (default), or two, each alone"},
        SETUP_OPTIONS(work.setup),
        {"format", OPTION_CHOICE, &work.format, "txt|json", 0, 0, "lines of text (default), or events"},
        {"silence", OPTION_NUMBER, &work.silence, "S", 0.2, 10, "seconds of it that end an utterance (default: 0.7)"},
        {"voice-activity", OPTION_TEXT, &work.voice_activity, "energy|PATH", 0, 0,
         "what tells speech from the rest, instead of what ships: the level, or a Silero VAD's weights"},
        {"language", OPTION_TEXT, &work.language, "L", 0, 0, "the language spoken, as en"},
        {"beam", OPTION_INTEGER, &work.beam, "N", 1, 256,
         "width of the beam search (default: 64 with a language model, 32 with phrases or a grammar alone, else 1, "
         "greedy; Whisper: "
         "at most 64)"},
        {"timings", OPTION_FLAG, &work.timings, NULL, 0, 0, "a JSON line on standard error, at the end"},
        LM_OPTIONS(work.decoding),
        WRITING_OPTIONS(work.writing),
        GRAMMAR_OPTIONS(work.decoding),
        BOOST_OPTIONS(work.decoding),
        NO_SPEECH_OPTION(work.decoding),
        DECODING_OPTIONS(work.decoding),
    };
    const struct usage usage = {"utter listen", "[options]", summary, notes, options, sizeof options / sizeof *options};
    int status;
    int count = options_parse(&usage, argc, argv, &status);
    if (count < 0)
        return status;
    if (count > 0)
        return usage_error(&usage, "'%s' is no option; a recording is for utter transcribe", argv[0]);
    work.json = strcmp(work.format, "json") == 0;
    work.split = strcmp(work.channels, "split") == 0;
    if (work.list)
        return list(&work);
    status = writing_check_kinds(&usage, &work.writing);
    if (!status)
        status = setup_check(&usage, &work.setup);
    return status ? status : run(&usage, &work);
}
