/* play_sound.c - plays on one device and hears it on another, by the public API; play.sh sees to the devices.
 *   play_sound SCENARIO LOUDSPEAKER MICROPHONE
 * Says what does not hold, and leaves with 1; 77 where the scenario cannot be run. */
#include "utter.h"

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RATE = 16000, LONGEST = 60 * RATE };

static const double pi = 3.14159265358979323846;
static int failures;

static void check(bool holds, const char *what, double value)
{
    if (!holds)
        printf("FAILED: %s: %g\n", what, value);
    failures += !holds;
}

/* 0, or the program's end with the library's sentence. */
static void must(int error)
{
    if (!error)
        return;
    printf("FAILED: %s\n", utter_error_message());
    exit(1);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void rest(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)(1e9 * (seconds - floor(seconds)))};
    nanosleep(&t, NULL);
}

/* ---- the ear: a thread that writes down all that the microphone hears ---- */

static struct ear {
    utter_microphone *microphone;
    pthread_t thread;
    _Atomic bool closing;
    _Atomic int heard;
    float samples[LONGEST];
} ear;

static void *listen(void *context)
{
    struct ear *e = context;
    size_t got = 1;
    while (got || !e->closing) {
        int at = e->heard;
        if (utter_microphone_read(e->microphone, e->samples + at, (size_t)(LONGEST - at), 50, &got))
            break;
        e->heard = at + (int)got;
    }
    return NULL;
}

static void open_ear(const char *name)
{
    struct utter_microphone_params params;
    utter_microphone_params_init(&params);
    params.device = name;
    params.channel_count = 1;
    must(utter_microphone_open(&ear.microphone, &params));
    pthread_create(&ear.thread, NULL, listen, &ear);
    while (!ear.heard)
        rest(0.01);
}

/* A moment later, since a microphone, too, takes its time. */
static void close_ear(void)
{
    rest(0.7);
    utter_microphone_stop(ear.microphone);
    ear.closing = true;
    pthread_join(ear.thread, NULL);
    utter_microphone_close(&ear.microphone);
}

/* Seconds of sound, and the number of its pieces that silence of 20 ms or more parts. */
static double sound_heard(int *pieces)
{
    int sounding = 0, quiet = RATE;
    *pieces = 0;
    for (int i = 0; i < ear.heard; i++) {
        bool loud = fabsf(ear.samples[i]) > 0.02f;
        *pieces += loud && quiet > RATE / 50;
        if (loud)
            sounding += quiet > RATE / 50 ? 1 : quiet + 1;
        quiet = loud ? 0 : quiet + 1;
    }
    return (double)sounding / RATE;
}

/* Share of the energy of all that was heard that lies at this frequency, looked at in pieces of 50 ms: where the device
 * has run dry, the phase jumps. */
static double share_at(double hertz)
{
    enum { PIECE = RATE / 20 };
    double there = 0, all = 0;
    for (int at = 0; at + PIECE <= ear.heard; at += PIECE) {
        double re = 0, im = 0;
        for (int i = 0; i < PIECE; i++) {
            double x = ear.samples[at + i];
            re += x * cos(2 * pi * hertz * i / RATE);
            im += x * sin(2 * pi * hertz * i / RATE);
            all += x * x;
        }
        there += 2 * (re * re + im * im) / PIECE;
    }
    return all > 0 ? there / all : 0;
}

/* ---- the mouth ---- */

static utter_player *open_player(const char *name, int rate, int channels)
{
    utter_player *player = NULL;
    struct utter_player_params params;
    utter_player_params_init(&params);
    params.device = name;
    params.sample_rate = rate;
    params.channel_count = channels;
    params.buffer_seconds = 0.5;
    must(utter_player_open(&player, &params));
    return player;
}

/* Seconds of a tone, in every channel. */
static float *make_tone(double hertz, int rate, int channels, double seconds, size_t *frames)
{
    *frames = (size_t)(seconds * rate);
    float *x = malloc(*frames * (size_t)channels * sizeof *x);
    for (size_t i = 0; i < *frames * (size_t)channels; i++)
        x[i] = (float)(0.5 * sin(2 * pi * hertz * (double)(i / (size_t)channels) / rate + 0.5));
    return x;
}

/* Writes a tone in pieces, each of which may take its time. */
static int play_tone(utter_player *player, double hertz, int rate, int channels, double seconds)
{
    size_t frames, written, at = 0;
    int error = 0;
    float *x = make_tone(hertz, rate, channels, seconds, &frames);
    while (at < frames && !error) {
        size_t piece = frames - at < 2000 ? frames - at : 2000;
        error = utter_player_write(player, x + at * (size_t)channels, piece, -1, &written);
        at += written;
        if (!error && written != piece)
            check(false, "a write without end took fewer frames", (double)written);
    }
    free(x);
    return error;
}

static struct utter_player_info info_of(utter_player *player)
{
    struct utter_player_info info = {.struct_size = sizeof info};
    must(utter_player_get_info(player, &info));
    return info;
}

/* ---- scenarios ---- */

/* All of a tone is heard, to its last sample, though the loudspeaker is closed as soon as it is drained. It is
 * not in the first block that the device asks for, of which see play_at_once. */
static void drain(const char *loudspeaker, const char *microphone, int rate, int channels)
{
    int pieces;
    size_t left = 1;
    open_ear(microphone);
    utter_player *player = open_player(loudspeaker, rate, channels);
    rest(0.3);
    double began = now();
    must(play_tone(player, 440, rate, channels, 2));
    must(utter_player_drain(player, -1, &left));
    double took = now() - began;
    struct utter_player_info info = info_of(player);
    utter_player_close(&player);
    close_ear();
    double heard = sound_heard(&pieces);
    printf("%d Hz, %d channels, played at %d Hz: 2 s took %.3f s, heard %.4f s in %d pieces, latency %.3f s, %lld "
           "gaps, %lld underruns\n",
           rate, channels, info.sample_rate, took, heard, pieces, info.latency, (long long)info.gaps,
           (long long)info.underruns);
    check(left == 0, "frames left after a drain", (double)left);
    /* A machine that is too busy lets the device run dry, which it says: nothing is known then. */
    const double unsure = 0.003 + 0.1 * (double)info.underruns;
    check(heard > 2 - unsure && heard < 2 + unsure, "seconds heard of 2", heard);
    check(pieces <= 1 + info.underruns, "pieces heard of one", pieces);
    check(took > 1.9 && took < 4, "seconds taken for 2", took);
    check(share_at(440) > (info.underruns ? 0.5 : 0.98), "share of the energy at 440 Hz", share_at(440));
    check(info.gaps == 0, "gaps", (double)info.gaps);
}

static void play(const char *loudspeaker, const char *microphone)
{
    drain(loudspeaker, microphone, RATE, 1);
}

/* Sound that stands in the first block that the device asks for loses nothing of its beginning. */
static void play_at_once(const char *loudspeaker, const char *microphone)
{
    int pieces;
    open_ear(microphone);
    utter_player *player = open_player(loudspeaker, RATE, 1);
    must(play_tone(player, 440, RATE, 1, 0.5));
    must(utter_player_drain(player, -1, NULL));
    utter_player_close(&player);
    close_ear();
    double heard = sound_heard(&pieces);
    printf("written at once: heard %.4f s of 0.5 s\n", heard);
    check(heard > 0.488 && heard < 0.6, "seconds heard of 0.5, written at once", heard);
}

/* At a rate and with channels of its own. */
static void play_other_rate(const char *loudspeaker, const char *microphone)
{
    drain(loudspeaker, microphone, 22050, 2);
}

struct stopper {
    utter_player *player;
    double at;
};

static void *stop_soon(void *context)
{
    struct stopper *s = context;
    rest(0.8);
    s->at = now();
    must(utter_player_stop(s->player));
    return NULL;
}

/* Another thread stops it: silence within 100 ms, nothing of the old sound after a reset. */
static void stop(const char *loudspeaker, const char *microphone)
{
    int pieces;
    size_t written, left;
    float sample = 0;
    pthread_t thread;
    open_ear(microphone);
    struct stopper s = {.player = open_player(loudspeaker, RATE, 1)};
    double began = now();
    pthread_create(&thread, NULL, stop_soon, &s);
    int error = play_tone(s.player, 440, RATE, 1, 4);
    double returned = now();
    pthread_join(thread, NULL);
    double stopped = now();
    check(error == UTTER_ERROR_CANCELLED, "the error of a write that was stopped", error);
    check(utter_player_write(s.player, &sample, 1, -1, &written) == UTTER_ERROR_STATE, "a write after a stop", 0);
    check(utter_player_drain(s.player, -1, &left) == UTTER_ERROR_STATE, "a drain after a stop", 0);
    rest(0.5);
    double heard = sound_heard(&pieces);
    printf("stopped after %.3f s: heard %.3f s, stop took %.0f ms, the write returned after %.0f ms\n", s.at - began,
           heard, 1e3 * (stopped - s.at), 1e3 * (returned - s.at));
    check(heard > 0.3, "seconds heard before a stop", heard);
    check(heard < s.at - began + 0.1, "seconds heard, of what was played until a stop", heard);
    check(returned - s.at < 0.5, "seconds until a stopped write returns", returned - s.at);
    must(utter_player_reset(s.player));
    must(play_tone(s.player, 440, RATE, 1, 0.5));
    must(utter_player_drain(s.player, -1, NULL));
    double more = sound_heard(&pieces) - heard;
    utter_player_close(&s.player);
    close_ear();
    more = sound_heard(&pieces) - heard;
    check(more > 0.45 && more < 0.55, "seconds heard after a reset, of 0.5", more);
    check(pieces >= 2, "pieces heard of two", pieces);
}

/* Timeouts are kept; a hole in the middle of sound is a gap, one after a drain is not. */
static void gaps(const char *loudspeaker, const char *microphone)
{
    size_t written, left, frames;
    (void)microphone;
    utter_player *player = open_player(loudspeaker, RATE, 1);
    float *x = make_tone(440, RATE, 1, 3, &frames);
    double began = now();
    must(utter_player_write(player, x, frames, 200, &written));
    double took = now() - began;
    check(took > 0.15 && took < 0.5, "seconds of a write of 200 ms", took);
    check(written > RATE / 2 && written < RATE * 5 / 4, "frames taken within 200 ms", (double)written);
    must(utter_player_drain(player, 0, &left));
    check(left > RATE / 8 && left <= written, "frames left at once", (double)left);
    must(utter_player_drain(player, -1, &left));
    must(play_tone(player, 440, RATE, 1, 0.3));
    must(utter_player_drain(player, -1, &left));
    check(info_of(player).gaps == 0, "gaps, where all was drained", (double)info_of(player).gaps);
    must(play_tone(player, 440, RATE, 1, 0.3));
    rest(0.6);
    must(play_tone(player, 440, RATE, 1, 0.3));
    must(utter_player_drain(player, -1, &left));
    check(info_of(player).gaps == 1, "gaps of one", (double)info_of(player).gaps);
    utter_player_close(&player);
    free(x);
}

/* Plays until the device goes away, which play.sh sees to. */
static void unplugged(const char *loudspeaker, const char *microphone)
{
    (void)microphone;
    utter_player *player = open_player(loudspeaker, RATE, 1);
    puts("playing");
    fflush(stdout);
    int error = play_tone(player, 440, RATE, 1, 30);
    printf("%s\n", utter_error_message());
    check(error == UTTER_ERROR_DEVICE, "the error of a device that went", error);
    utter_player_close(&player);
}

static int print_one(void *context, const struct utter_player_info *info)
{
    (void)context;
    printf("%d %s (%s, %d channels, %d Hz)%s\n", info->number, info->name, info->host, info->channel_count,
           info->sample_rate, info->is_default ? ", default" : "");
    return 0;
}

static void list(const char *loudspeaker, const char *microphone)
{
    (void)loudspeaker, (void)microphone;
    must(utter_player_list(print_one, NULL));
}

int main(int count, char **words)
{
    static const struct {
        const char *name;
        void (*run)(const char *loudspeaker, const char *microphone);
    } scenarios[] = {{"list", list}, {"play", play}, {"at-once", play_at_once}, {"rate", play_other_rate},
                     {"stop", stop}, {"gaps", gaps}, {"unplugged", unplugged}};
    for (size_t i = 0; count == 4 && i < sizeof scenarios / sizeof *scenarios; i++) {
        if (strcmp(words[1], scenarios[i].name))
            continue;
        scenarios[i].run(words[2], words[3]);
        return failures != 0;
    }
    fprintf(stderr, "usage: play_sound list|play|at-once|rate|stop|gaps|unplugged LOUDSPEAKER MICROPHONE\n");
    return 2;
}
