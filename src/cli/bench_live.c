/* bench_live.c - see bench_live.h. */
#include "bench_live.h"

#include "clock.h"
#include "command.h"
#include "output.h"
#include "stop.h"

#include <math.h>
#include <pthread.h>
#include <sndfile.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const double silence = 0.7; /* that ends an utterance */

enum { MOST_SEEN = 256, MOST_FEEDERS = 256, WORD_SIZE = 32, PACKETS_A_SECOND = 50 };

struct sound {
    short *samples; /* [frames, channels] */
    size_t frames;
    int channels, rate;
};

struct samples {
    double *values;
    size_t count, capacity;
};

struct seen {
    char word[WORD_SIZE];
    double start, end, first; /* where it is, and when it was first shown */
    int channel;
};

struct stream {
    utter_session *session;
    double began; /* when its first sample was spoken */
    size_t at;    /* frame of the sound that comes next */
    size_t packets;
    struct seen seen[MOST_SEEN];
    size_t seen_count;
};

struct feeder {
    const struct bench_live *bench;
    const struct sound *sound;
    struct stream *streams; /* of all feeders: every so-many-th is this one's */
    int first;
    struct samples word, same, commit;
    double late;
    char message[256]; /* of a failure */
    pthread_t thread;
};

/* ---- numbers ---- */

static void add(struct samples *s, double value)
{
    if (s->count == s->capacity) {
        size_t capacity = s->capacity ? 2 * s->capacity : 1024;
        double *grown = realloc(s->values, capacity * sizeof *grown);
        if (!grown)
            return; /* a measurement is missing: no reason to end a benchmark */
        s->values = grown;
        s->capacity = capacity;
    }
    s->values[s->count++] = value;
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

static struct quantiles quantiles_of(struct samples *s)
{
    if (!s->count)
        return (struct quantiles){NAN, NAN, NAN, 0};
    qsort(s->values, s->count, sizeof *s->values, by_value);
    return (struct quantiles){s->values[s->count / 2], s->values[(size_t)((double)s->count * 0.95)],
                              s->values[s->count - 1], s->count};
}

static void move(struct samples *to, struct samples *from)
{
    for (size_t i = 0; i < from->count; i++)
        add(to, from->values[i]);
    free(from->values);
    *from = (struct samples){0};
}

static double resident_mb(void)
{
    long pages = 0, total;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file && fscanf(file, "%ld %ld", &total, &pages) != 2)
        pages = 0;
    if (file)
        fclose(file);
    return (double)pages * 4096 / 1e6;
}

/* ---- what a stream says ---- */

static bool same_text(const struct seen *seen, const struct utter_word *word)
{
    return !strncmp(seen->word, word->text, WORD_SIZE - 1);
}

/* What was shown first in the word's place: any word, or only the same one. They are in order of when they were. */
static struct seen *find(struct stream *stream, const struct utter_word *word, int channel, bool same)
{
    for (size_t i = 0; i < stream->seen_count; i++) {
        struct seen *seen = &stream->seen[i];
        double common = fmin(seen->end, word->end) - fmax(seen->start, word->start);
        double shorter = fmin(seen->end - seen->start, word->end - word->start);
        if (seen->channel == channel && common >= 0.5 * shorter && (!same || same_text(seen, word)))
            return seen;
    }
    return NULL;
}

/* Remembers when each word was first shown. */
static void look(struct stream *stream, const struct utter_segment *segment, double now)
{
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct utter_word *word = &segment->words[i];
        if (find(stream, word, segment->channel, true) || stream->seen_count == MOST_SEEN)
            continue;
        struct seen *seen = &stream->seen[stream->seen_count++];
        *seen = (struct seen){.start = word->start, .end = word->end, .first = now, .channel = segment->channel};
        snprintf(seen->word, sizeof seen->word, "%s", word->text);
    }
}

/* Only words that are committed count: a tentative word that was wrong is nobody's word. */
static void count_words(struct feeder *f, struct stream *stream, const struct utter_segment *segment)
{
    for (size_t i = 0; i < segment->word_count; i++) {
        const struct utter_word *word = &segment->words[i];
        const struct seen *any = find(stream, word, segment->channel, false);
        const struct seen *same = find(stream, word, segment->channel, true);
        if (any)
            add(&f->word, any->first - (stream->began + word->end));
        if (same)
            add(&f->same, same->first - (stream->began + word->end));
    }
}

static void take_events(struct feeder *f, struct stream *stream)
{
    struct utter_event event = {.struct_size = sizeof event};
    while (utter_session_next_event(stream->session, &event) == 1) {
        double now = clock_now();
        if (event.kind == UTTER_EVENT_TENTATIVE || event.kind == UTTER_EVENT_COMMITTED)
            look(stream, &event.segment, now);
        if (event.kind == UTTER_EVENT_COMMITTED)
            count_words(f, stream, &event.segment);
        if (event.kind == UTTER_EVENT_END && event.end == UTTER_END_SILENCE)
            add(&f->commit, now - (stream->began + event.segment.end + silence));
        if (event.kind == UTTER_EVENT_END)
            stream->seen_count = 0;
    }
}

/* ---- feeding ---- */

static void sleep_until(double when)
{
    double left = when - clock_now();
    if (left <= 0)
        return;
    struct timespec rest = {(time_t)left, (long)(1e9 * (left - floor(left)))};
    nanosleep(&rest, NULL);
}

static bool feed_packet(struct feeder *f, struct stream *stream)
{
    const struct sound *sound = f->sound;
    size_t packet = (size_t)(sound->rate / PACKETS_A_SECOND);
    if (stream->at + packet > sound->frames)
        stream->at = 0;
    const short *samples = sound->samples + stream->at * (size_t)sound->channels;
    if (utter_session_feed_s16(stream->session, samples, packet) < 0) {
        snprintf(f->message, sizeof f->message, "%s", utter_error_message());
        return false;
    }
    stream->at += packet;
    stream->packets++;
    take_events(f, stream);
    return true;
}

/* When the stream's next packet has been spoken. */
static double due(const struct stream *stream)
{
    return stream->began + (double)(stream->packets + 1) / PACKETS_A_SECOND;
}

static void *feed(void *context)
{
    struct feeder *f = context;
    size_t packets = (size_t)(f->bench->seconds * PACKETS_A_SECOND);
    for (size_t packet = 0; packet < packets && !stopping(); packet++)
        for (int i = f->first; i < f->bench->streams; i += f->bench->feeders) {
            double when = due(&f->streams[i]);
            sleep_until(when);
            double late = clock_now() - when;
            f->late = late > f->late ? late : f->late;
            if (!feed_packet(f, &f->streams[i]))
                return NULL;
        }
    return NULL;
}

/* ---- around it ---- */

static int read_sound(struct sound *sound, const char *path)
{
    SF_INFO info = {0};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    if (!file) {
        complain("%s: %s", path, sf_strerror(NULL));
        return EXIT_SOME_FAILED;
    }
    *sound = (struct sound){.channels = info.channels, .rate = info.samplerate};
    if (info.frames > 0 && info.frames < (sf_count_t)1 << 31)
        sound->samples = malloc((size_t)info.frames * (size_t)info.channels * sizeof *sound->samples);
    if (sound->samples)
        sound->frames = (size_t)sf_readf_short(file, sound->samples, info.frames);
    sf_close(file);
    if (sound->frames >= (size_t)sound->rate)
        return 0;
    complain("%s: less than a second of sound, or more than memory holds", path);
    return EXIT_SOME_FAILED;
}

static int open_stream(utter_model *model, const struct bench_live *bench, const struct sound *sound,
                       struct stream *stream)
{
    struct utter_session_params params;
    struct utter_live_params live;
    utter_session_params_init(&params);
    utter_live_params_init(&live);
    live.silence_after_words = silence;
    live.voice_activity = bench->voice_activity;
    params.live = &live;
    params.sample_rate = sound->rate;
    params.channel_count = sound->channels;
    params.channels = sound->channels > 1 ? UTTER_CHANNELS_SPLIT : UTTER_CHANNELS_MIX;
    params.beam = bench->beam;
    params.decoding = bench->decoding;
    if (!utter_session_open(model, &params, &stream->session))
        return 0;
    complain("%s", utter_error_message());
    return EXIT_SOME_FAILED;
}

static int run_feeders(const struct bench_live *bench, const struct sound *sound, struct stream *streams,
                       struct bench_live_result *result)
{
    static struct feeder feeders[MOST_FEEDERS];
    struct samples word = {0}, same = {0}, commit = {0};
    int status = 0;
    memset(feeders, 0, sizeof feeders);
    for (int i = 0; i < bench->feeders; i++) {
        struct feeder *f = &feeders[i];
        *f = (struct feeder){.bench = bench, .sound = sound, .streams = streams, .first = i};
        if (pthread_create(&f->thread, NULL, feed, f)) {
            complain("a thread could not be started");
            exit(EXIT_SOME_FAILED);
        }
    }
    for (int i = 0; i < bench->feeders; i++) {
        struct feeder *f = &feeders[i];
        pthread_join(f->thread, NULL);
        move(&word, &f->word);
        move(&same, &f->same);
        move(&commit, &f->commit);
        result->late = f->late > result->late ? f->late : result->late;
        if (*f->message && !status) {
            complain("%s", f->message);
            status = EXIT_SOME_FAILED;
        }
    }
    result->word = quantiles_of(&word);
    result->same = quantiles_of(&same);
    result->commit = quantiles_of(&commit);
    free(word.values);
    free(same.values);
    free(commit.values);
    return status;
}

static void add_timings(struct stream *streams, int count, struct bench_live_result *result)
{
    for (int i = 0; i < count; i++) {
        struct utter_timings timings;
        if (utter_session_get_timings(streams[i].session, &timings))
            continue;
        result->features_seconds += timings.features_seconds;
        result->model_seconds += timings.model_seconds;
        result->search_seconds += timings.search_seconds;
    }
}

/* The streams begin spread over the sound, and over the time of a packet. */
static int open_streams(utter_model *model, const struct bench_live *bench, const struct sound *sound,
                        struct stream *streams)
{
    int status = 0;
    for (int i = 0; i < bench->streams && !status; i++) {
        status = open_stream(model, bench, sound, &streams[i]);
        streams[i].at = sound->frames / (size_t)bench->streams * (size_t)i;
    }
    double now = clock_now() + 0.05;
    for (int i = 0; i < bench->streams; i++)
        streams[i].began = now + (double)i / bench->streams / PACKETS_A_SECOND;
    return status;
}

int bench_live_run(utter_model *model, const struct bench_live *bench, struct bench_live_result *result)
{
    struct sound sound = {0};
    *result = (struct bench_live_result){0};
    int status = read_sound(&sound, bench->file);
    struct stream *streams = status ? NULL : calloc((size_t)bench->streams, sizeof *streams);
    if (!status && !streams) {
        complain("memory ran out");
        status = EXIT_SOME_FAILED;
    }
    double before = resident_mb();
    if (!status)
        status = open_streams(model, bench, &sound, streams);
    double began = clock_now(), processor = processor_seconds();
    if (!status)
        status = run_feeders(bench, &sound, streams, result);
    double wall = clock_now() - began;
    if (!status) {
        result->processor_share = (processor_seconds() - processor) / (wall * processor_count());
        result->megabytes_a_stream = (resident_mb() - before) / bench->streams;
        add_timings(streams, bench->streams, result);
    }
    for (int i = 0; streams && i < bench->streams; i++)
        utter_session_close(&streams[i].session);
    free(streams);
    free(sound.samples);
    return status;
}
