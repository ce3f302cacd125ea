/* Live sessions, with the model that understands the language of tones: what is committed does not depend on how the
 * sound comes in, tentative text comes before it, and utterances end as the rules say. */
#include "audio/file.h"
#include "src/include/utter.h"

#include "tests/stream/tiny.h"
#include "tests/stream/tones.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

static utter_engine *engine;
static utter_model *model;

static int open_all(void **unused)
{
    (void)unused;
    return tiny_open(&engine, &model);
}

static int close_all(void **unused)
{
    (void)unused;
    utter_model_close(&model);
    utter_engine_close(&engine);
    return 0;
}

/* ---- what a session says of a stream ---- */

enum { CHANNELS = 3 };

struct heard {
    char committed[CHANNELS][1 << 16]; /* texts and times, as a string that can be compared */
    char text[CHANNELS][1 << 15];      /* the words alone */
    char ends[4096];                   /* "0 silence 3.25;" … */
    char warnings[512];
    size_t utterances[CHANNELS], tentative, wrong;
    double time, last_tentative;
    bool speaking[CHANNELS];
};

static void append(char *to, size_t size, const char *text)
{
    size_t length = strlen(to);
    if (length + strlen(text) + 1 > size)
        abort();
    strcpy(to + length, text);
}

static void hear_committed(struct heard *h, const struct utter_event *event)
{
    char line[96];
    const struct utter_segment *s = &event->segment;
    h->wrong += !h->speaking[event->channel] || !s->word_count || !*s->text;
    for (size_t i = 0; i < s->word_count; i++) {
        snprintf(line, sizeof line, "%s %.3f %.3f;", s->words[i].text, s->words[i].start, s->words[i].end);
        append(h->committed[event->channel], sizeof h->committed[0], line);
    }
    if (*h->text[event->channel])
        append(h->text[event->channel], sizeof h->text[0], " ");
    append(h->text[event->channel], sizeof h->text[0], s->text);
}

static void hear_event(struct heard *h, const struct utter_event *event)
{
    char line[64];
    int channel = event->channel;
    h->wrong += channel < 0 || channel >= CHANNELS || event->time < h->time;
    h->time = event->time;
    switch (event->kind) {
    case UTTER_EVENT_SPEECH:
        h->wrong += h->speaking[channel];
        h->speaking[channel] = true;
        h->utterances[channel]++;
        break;
    case UTTER_EVENT_TENTATIVE:
        h->wrong += !h->speaking[channel];
        h->tentative++;
        h->last_tentative = event->time;
        break;
    case UTTER_EVENT_COMMITTED:
        hear_committed(h, event);
        break;
    case UTTER_EVENT_END:
        h->wrong += !h->speaking[channel] && event->end != UTTER_END_NOTHING;
        h->speaking[channel] = false;
        snprintf(line, sizeof line, "%d %s %.2f;", channel, utter_end_name(event->end), event->segment.end);
        append(h->ends, sizeof h->ends, line);
        break;
    case UTTER_EVENT_WARNING:
        append(h->warnings, sizeof h->warnings, event->message);
        break;
    default:
        h->wrong++;
    }
}

static void drain(utter_session *session, struct heard *heard)
{
    struct utter_event event = {.struct_size = sizeof event};
    while (utter_session_next_event(session, &event) == 1)
        hear_event(heard, &event);
}

static utter_session *open_live(const struct utter_live_params *live, int rate, int channels)
{
    utter_session *session = NULL;
    struct utter_session_params params;
    struct utter_live_params defaults;
    utter_live_params_init(&defaults);
    defaults.voice_activity = "energy"; /* tones are no speech to a network */
    utter_session_params_init(&params);
    params.live = live ? live : &defaults;
    params.sample_rate = rate;
    params.channel_count = channels;
    params.channels = channels > 1 ? UTTER_CHANNELS_SPLIT : UTTER_CHANNELS_MIX;
    if (utter_session_open(model, &params, &session))
        fprintf(stderr, "%s\n", utter_error_message());
    return session;
}

/* chunk 0: random sizes, from one sample to ten seconds. */
static bool feed_all(utter_session *session, const struct sound *sound, size_t chunk, uint32_t seed,
                     struct heard *heard)
{
    struct sound dice = {.state = seed};
    for (size_t at = 0; at < sound->count;) {
        size_t count = chunk ? chunk : (size_t)exp(6 * (1 + (double)sound_noise(&dice)));
        if (count > sound->count - at)
            count = sound->count - at;
        if (utter_session_feed(session, sound->samples + at, count))
            return false;
        drain(session, heard);
        at += count;
    }
    bool fine = !utter_session_finish(session);
    drain(session, heard);
    return fine;
}

static struct heard *hear(const struct sound *sound, const struct utter_live_params *live, size_t chunk, uint32_t seed)
{
    struct heard *heard = calloc(1, sizeof *heard);
    assert_non_null(heard);
    utter_session *session = open_live(live, 0, 0);
    assert_non_null(session);
    assert_true(feed_all(session, sound, chunk, seed, heard));
    assert_int_equal(heard->wrong, 0);
    for (int i = 0; i < CHANNELS; i++)
        assert_false(heard->speaking[i]);
    utter_session_close(&session);
    return heard;
}

static void energy_params(struct utter_live_params *live)
{
    utter_live_params_init(live);
    live->voice_activity = "energy";
}

/* ---- tests ---- */

/* At the pace of speech, since tentative texts come as there is time for them. */
static void words_come_while_spoken(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 15}};
    struct heard *heard = calloc(1, sizeof *heard);
    utter_session *session = open_live(NULL, 0, 0);
    tones_pause(&t, 0.6);
    tones_say(&t, 6);
    for (size_t at = 0; at + 320 <= t.sound.count; at += 320) {
        assert_int_equal(utter_session_feed(session, t.sound.samples + at, 320), 0);
        drain(session, heard);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    assert_true(heard->tentative >= 3);
    assert_string_equal(heard->text[0], "");
    assert_int_equal(utter_session_finish(session), 0);
    drain(session, heard);
    assert_true(tones_understood(heard->text[0], t.text));
    assert_int_equal(heard->wrong, 0);
    utter_session_close(&session);
    free(heard);
    tones_free(&t);
}

static void every_sentence_is_an_utterance(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 11}};
    for (int i = 0; i < 6; i++) {
        tones_pause(&t, 1.5);
        tones_say(&t, 5 + i);
    }
    tones_pause(&t, 1);
    struct heard *heard = hear(&t.sound, NULL, 320, 0);
    assert_true(tones_understood(heard->text[0], t.text));
    assert_int_equal(heard->utterances[0], 6);
    free(heard);
    tones_free(&t);
}

static void some_minutes(struct tones *t, uint32_t seed)
{
    *t = (struct tones){.sound = {.state = seed}};
    for (int i = 0; i < 10; i++) {
        tones_pause(t, tones_dice(t, 0.1, 2.5));
        tones_say(t, (int)tones_dice(t, 5, i % 5 == 4 ? 90 : 15));
    }
    tones_pause(t, 1);
}

static void chunks_do_not_matter(void **unused)
{
    (void)unused;
    struct tones t;
    some_minutes(&t, 2);
    struct heard *whole = hear(&t.sound, NULL, t.sound.count, 0);
    assert_true(tones_understood(whole->text[0], t.text));
    static const size_t chunks[] = {1, 160, 16000, 160000, 0, 0, 0, 0};
    for (uint32_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct heard *pieces = hear(&t.sound, NULL, chunks[i], i);
        assert_string_equal(pieces->committed[0], whole->committed[0]);
        assert_string_equal(pieces->ends, whole->ends);
        free(pieces);
    }
    free(whole);
    tones_free(&t);
}

/* Without a pause: words are committed window by window, none lost or doubled, and utterances end by length. */
static void running_speech_is_committed(void **unused)
{
    (void)unused;
    static const double longest[] = {0, 300, 5};
    for (int i = 0; i < 3; i++) {
        struct tones t = {.sound = {.state = 3}};
        struct utter_live_params live;
        energy_params(&live);
        live.longest = longest[i];
        tones_pause(&t, 0.7);
        tones_say(&t, 200);
        tones_pause(&t, 1);
        struct heard *heard = hear(&t.sound, &live, 1600, 0);
        if (i < 2)
            assert_true(tones_understood(heard->text[0], t.text));
        else /* a window of 5 s is too short for this model to hear every word in */
            assert_in_range(tones_count(heard->text[0]), tones_count(t.text) - 4, tones_count(t.text) + 4);
        double seconds = (double)t.sound.count / 16000;
        assert_true(heard->utterances[0] >= (size_t)(seconds / (live.longest > 0 ? live.longest : 30)));
        if (i == 1)
            assert_int_equal(heard->utterances[0], 1);
        free(heard);
        tones_free(&t);
    }
}

/* Of two silences the longer ends an utterance; and silence itself is reported, once. */
static void silences_end_utterances(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 5}};
    struct utter_live_params live;
    energy_params(&live);
    live.silence_after_words = 1.5;
    live.silence_after_nothing = 3;
    tones_pause(&t, 0.7);
    tones_say(&t, 6);
    tones_pause(&t, 1);
    tones_say(&t, 6);
    tones_pause(&t, 2);
    tones_say(&t, 6);
    tones_pause(&t, 20);
    struct heard *heard = hear(&t.sound, &live, 1600, 0);
    assert_int_equal(heard->utterances[0], 2);
    const char *first = strstr(heard->ends, "silence"), *second = first ? strstr(first + 1, "silence") : NULL;
    assert_non_null(second);
    const char *nothing = strstr(second, "nothing");
    assert_non_null(nothing);
    assert_null(strstr(nothing + 1, "nothing"));
    free(heard);
    tones_free(&t);
}

static void silence_says_nothing_once(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 6};
    for (size_t i = 0; i < 30 * 16000; i++)
        sound_add(&sound, 0.0003f * sound_noise(&sound));
    struct heard *heard = hear(&sound, NULL, 0, 1);
    assert_string_equal(heard->ends, "0 nothing 5.00;");
    assert_int_equal(heard->tentative, 0);
    free(heard);
    sound_free(&sound);
}

static void flush_ends_the_utterance(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 7}};
    struct heard *heard = calloc(1, sizeof *heard);
    utter_session *session = open_live(NULL, 0, 0);
    tones_pause(&t, 0.7);
    tones_say(&t, 8);
    tones_pause(&t, 0.2);
    assert_int_equal(utter_session_feed(session, t.sound.samples, t.sound.count), 0);
    drain(session, heard);
    assert_string_equal(heard->ends, "");
    assert_int_equal(utter_session_flush(session), 0);
    drain(session, heard);
    assert_non_null(strstr(heard->ends, "flushed"));
    assert_true(tones_understood(heard->text[0], t.text));
    size_t before = t.sound.count;
    tones_pause(&t, 0.5);
    tones_say(&t, 8);
    assert_int_equal(utter_session_feed(session, t.sound.samples + before, t.sound.count - before), 0);
    assert_int_equal(utter_session_finish(session), 0);
    drain(session, heard);
    assert_true(tones_understood(heard->text[0], t.text));
    assert_non_null(strstr(heard->ends, "finished"));
    assert_int_equal(heard->wrong, 0);
    utter_session_close(&session);
    free(heard);
    tones_free(&t);
}

/* Two callers on one line at 8 kHz, in packets of 20 ms: each has its own words, events come in order of time. (The
 * model of tones does not understand µ-law, whose noise follows the sound; telephone.sh tries it with speech.) */
static void a_call_has_two_channels(void **unused)
{
    (void)unused;
    struct tones t[2] = {{.sound = {.state = 8}}, {.sound = {.state = 9}}};
    for (int c = 0; c < 2; c++)
        for (int i = 0; i < 3; i++) {
            tones_pause(&t[c], 0.6 + 1.1 * c);
            tones_say(&t[c], 6);
            tones_pause(&t[c], 1.5);
        }
    size_t most = t[0].sound.count > t[1].sound.count ? t[0].sound.count : t[1].sound.count, frames = most / 2;
    int16_t *line = malloc(2 * frames * sizeof *line);
    assert_non_null(line);
    for (size_t i = 0; i < frames; i++)
        for (int c = 0; c < 2; c++)
            line[2 * i + (size_t)c] = (int16_t)(2 * i < t[c].sound.count ? t[c].sound.samples[2 * i] * 30000 : 0);
    struct heard *heard = calloc(1, sizeof *heard);
    utter_session *session = open_live(NULL, 8000, 2);
    for (size_t at = 0; at < frames; at += 160) {
        size_t count = frames - at < 160 ? frames - at : 160;
        assert_int_equal(utter_session_feed_s16(session, line + 2 * at, count), 0);
        drain(session, heard);
    }
    assert_int_equal(utter_session_finish(session), 0);
    drain(session, heard);
    assert_int_equal(heard->wrong, 0);
    for (int c = 0; c < 2; c++) {
        assert_true(tones_understood(heard->text[c], t[c].text));
        assert_int_equal(heard->utterances[c], 3);
        tones_free(&t[c]);
    }
    utter_session_close(&session);
    free(heard);
    free(line);
}

static void warns_once(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 10};
    for (size_t i = 0; i < 16000; i++)
        sound_add(&sound, i % 100 ? 1.5f * sound_noise(&sound) : NAN);
    struct heard *heard = hear(&sound, NULL, 0, 3);
    const char *numbers = strstr(heard->warnings, "no numbers"), *clipped = strstr(heard->warnings, "clipped");
    assert_true(numbers && clipped);
    assert_null(strstr(numbers + 1, "no numbers"));
    assert_null(strstr(clipped + 1, "clipped"));
    free(heard);
    sound_free(&sound);
}

static void refuses_what_makes_no_sense(void **unused)
{
    (void)unused;
    struct utter_live_params live;
    struct utter_event event = {.struct_size = sizeof event};
    struct utter_segment segment;
    utter_session *session = NULL;
    struct utter_session_params params;
    utter_session_params_init(&params);
    params.live = &live;
    for (int i = 0; i < 5; i++) {
        energy_params(&live);
        if (i == 0)
            live.silence_after_words = -1;
        else if (i == 1)
            live.silence_after_nothing = 0.3;
        else if (i == 2)
            live.longest = NAN;
        else if (i == 3)
            live.speech_threshold = 7;
        else
            live.voice_activity = "/nowhere/vad.safetensors";
        int code = utter_session_open(model, &params, &session);
        if (i < 4)
            assert_int_equal(code, UTTER_ERROR_ARGUMENT);
        else
            assert_true(code < 0);
        assert_null(session);
    }
    session = open_live(NULL, 0, 0);
    assert_int_equal(utter_session_next(session, &segment), UTTER_ERROR_STATE);
    assert_int_equal(utter_session_finish(session), 0);
    assert_int_equal(utter_session_feed(session, NULL, 0), UTTER_ERROR_STATE);
    assert_int_equal(utter_session_flush(session), UTTER_ERROR_STATE);
    utter_session_close(&session);
    params.live = NULL;
    assert_int_equal(utter_session_open(model, &params, &session), 0);
    assert_int_equal(utter_session_next_event(session, &event), UTTER_ERROR_STATE);
    utter_session_close(&session);
}

/* The recording of samples/ three times, with pauses. */
static void read_sample(struct sound *sound)
{
    struct audio_file *file = NULL;
    struct fault fault = {0};
    static float samples[16000 * 5];
    assert_int_equal(audio_file_open_path(&file, SOURCE_DIR "/samples/morning.flac", "morning", &fault), 0);
    int64_t count = audio_file_read(file, samples, 16000 * 5, &fault);
    audio_file_close(&file);
    assert_true(count > 16000);
    for (int i = 0; i < 3; i++) {
        sound_pause(sound, 0.3 + i);
        for (int64_t k = 0; k < count; k++)
            sound_add(sound, samples[k]);
    }
    sound_pause(sound, 2);
}

/* The model and the detector that ship, on speech. */
static void what_ships_does_not_mind_chunks_either(void **unused)
{
    (void)unused;
    struct sound sound = {.state = 16};
    struct utter_live_params live;
    utter_model *tiny = model, *ships = NULL;
    utter_live_params_init(&live);
    read_sample(&sound);
    assert_int_equal(utter_model_open(engine, SOURCE_DIR "/models/default/en", NULL, &ships), 0);
    model = ships;
    struct heard *whole = hear(&sound, &live, sound.count, 0);
    assert_true(tones_count(whole->text[0]) >= 12);
    assert_int_equal(whole->utterances[0], 3);
    static const size_t chunks[] = {1, 333, 0, 0};
    for (uint32_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
        struct heard *pieces = hear(&sound, &live, chunks[i], i);
        assert_string_equal(pieces->committed[0], whole->committed[0]);
        assert_string_equal(pieces->ends, whole->ends);
        free(pieces);
    }
    model = tiny;
    utter_model_close(&ships);
    free(whole);
    sound_free(&sound);
}

/* Left at any point, or begun anew. */
static void abandoned_at_any_point(void **unused)
{
    (void)unused;
    struct tones t;
    some_minutes(&t, 12);
    struct sound dice = {.state = 13};
    struct heard *whole = hear(&t.sound, NULL, 16000, 0);
    utter_session *kept = open_live(NULL, 0, 0);
    for (int i = 0; i < 12; i++) {
        size_t count = (size_t)((1 + (double)sound_noise(&dice)) * 0.5 * (double)t.sound.count);
        utter_session *session = open_live(NULL, 0, 0);
        assert_int_equal(utter_session_feed(session, t.sound.samples, count), 0);
        utter_session_close(&session);
        assert_int_equal(utter_session_feed(kept, t.sound.samples, count), 0);
        assert_int_equal(utter_session_reset(kept), 0);
    }
    struct heard *again = calloc(1, sizeof *again);
    assert_true(feed_all(kept, &t.sound, 0, 14, again));
    assert_string_equal(again->committed[0], whole->committed[0]);
    utter_session_close(&kept);
    free(again);
    free(whole);
    tones_free(&t);
}

/* ---- threads ---- */

enum { THREADS = 8, SESSIONS = 50 };

struct crowd {
    const struct tones *tones; /* [4] */
    utter_session *sessions[SESSIONS];
    struct heard *heard[SESSIONS];
    int first;
    bool fine;
};

/* Its own asserts, since cmocka's belong to the main thread. Every eighth session is this thread's; all at once. */
static void *serve(void *context)
{
    struct crowd *crowd = context;
    crowd->fine = true;
    for (size_t at = 0; crowd->fine; at += 3200) {
        bool any = false;
        for (int i = crowd->first; i < SESSIONS; i += THREADS) {
            const struct sound *sound = &crowd->tones[i % 4].sound;
            if (at >= sound->count)
                continue;
            size_t count = sound->count - at < 3200 ? sound->count - at : 3200;
            crowd->fine = crowd->fine && !utter_session_feed(crowd->sessions[i], sound->samples + at, count);
            drain(crowd->sessions[i], crowd->heard[i]);
            any = true;
        }
        if (!any)
            break;
    }
    for (int i = crowd->first; i < SESSIONS; i += THREADS) {
        crowd->fine = crowd->fine && !utter_session_finish(crowd->sessions[i]);
        drain(crowd->sessions[i], crowd->heard[i]);
        crowd->fine = crowd->fine && !crowd->heard[i]->wrong &&
                      tones_understood(crowd->heard[i]->text[0], crowd->tones[i % 4].text);
    }
    return NULL;
}

static void fifty_sessions_on_eight_threads(void **unused)
{
    (void)unused;
    struct tones tones[4];
    static struct crowd crowds[THREADS];
    pthread_t threads[THREADS];
    for (uint32_t i = 0; i < 4; i++) {
        tones[i] = (struct tones){.sound = {.state = 30 + i}};
        for (int k = 0; k < 2; k++) {
            tones_pause(&tones[i], 0.8);
            tones_say(&tones[i], 8);
        }
    }
    for (int i = 0; i < THREADS; i++) {
        crowds[i].tones = tones;
        crowds[i].first = i;
        for (int k = i; k < SESSIONS; k += THREADS) {
            crowds[i].sessions[k] = open_live(NULL, 0, 0);
            crowds[i].heard[k] = calloc(1, sizeof *crowds[i].heard[k]);
        }
        assert_int_equal(pthread_create(&threads[i], NULL, serve, &crowds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++) {
        assert_true(crowds[i].fine);
        for (int k = i; k < SESSIONS; k += THREADS) {
            utter_session_close(&crowds[i].sessions[k]);
            free(crowds[i].heard[k]);
        }
    }
    for (int i = 0; i < 4; i++)
        tones_free(&tones[i]);
}

/* ---- the contract broken ---- */

struct long_call {
    utter_session *session;
    struct sound sound;
    int code;
};

static void *feed_long(void *context)
{
    struct long_call *call = context;
    do /* the other thread may be inside just now */
        call->code = utter_session_feed(call->session, call->sound.samples, call->sound.count);
    while (call->code == UTTER_ERROR_STATE);
    return NULL;
}

static int closed_inside;

static void count_log(void *context, enum utter_log_level level, const char *text)
{
    (void)context;
    closed_inside += level == UTTER_LOG_ERROR && strstr(text, "inside a call") != NULL;
}

/* While one thread is in a long call, another is refused, and may close the session, which the call then ends. */
static void a_second_thread_is_refused(void **unused)
{
    (void)unused;
    struct tones t = {.sound = {.state = 40}};
    struct utter_engine_params params;
    utter_engine *own = NULL;
    utter_model *shared = model;
    pthread_t thread;
    utter_engine_params_init(&params);
    params.log = count_log;
    params.log_level = UTTER_LOG_ERROR;
    assert_int_equal(utter_engine_open(&own, &params), 0);
    model = tiny_model(own);
    tones_say(&t, 2000);
    struct long_call call = {.session = open_live(NULL, 0, 0), .sound = t.sound};
    utter_session *session = call.session;
    assert_int_equal(pthread_create(&thread, NULL, feed_long, &call), 0);
    int code = 0;
    while (!code)
        code = utter_session_feed(session, t.sound.samples, 0);
    assert_int_equal(code, UTTER_ERROR_STATE);
    utter_session_close(&session);
    assert_null(session);
    assert_int_equal(closed_inside, 1);
    pthread_join(thread, NULL);
    assert_int_equal(call.code, 0);
    utter_model_close(&model);
    utter_engine_close(&own);
    model = shared;
    tones_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_come_while_spoken),
        cmocka_unit_test(every_sentence_is_an_utterance),
        cmocka_unit_test(chunks_do_not_matter),
        cmocka_unit_test(running_speech_is_committed),
        cmocka_unit_test(silences_end_utterances),
        cmocka_unit_test(silence_says_nothing_once),
        cmocka_unit_test(flush_ends_the_utterance),
        cmocka_unit_test(a_call_has_two_channels),
        cmocka_unit_test(warns_once),
        cmocka_unit_test(refuses_what_makes_no_sense),
        cmocka_unit_test(what_ships_does_not_mind_chunks_either),
        cmocka_unit_test(abandoned_at_any_point),
        cmocka_unit_test(fifty_sessions_on_eight_threads),
        cmocka_unit_test(a_second_thread_is_refused),
    };
    return cmocka_run_group_tests(tests, open_all, close_all);
}
