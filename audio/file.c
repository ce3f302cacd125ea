/* file.c - sound files on libsndfile, through its virtual input so that paths, memory and pipes run the same code; MPEG
 * audio and Opus never reach it (mpeg.h and opus.h say why).
 *
 * libsndfile's own failures become one sentence each. Its last error before a handle exists is a global of its own:
 * two threads that fail to open files at once may swap the ends of their sentences, nothing more. */
#include "audio/file.h"

#include "audio/container.h"
#include "audio/mpeg.h"
#include "audio/opus.h"
#include "audio/source.h"
#include "src/base/memory.h"

#include <inttypes.h>
#include <sndfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_RATE = 1000, MOST_RATE = 768000, MOST_CHANNELS = 64 };
/* Beyond this no sample is sound, and its square would overflow in the features. */
static const float most_sample = 1e9f;

struct audio_file {
    char *name;
    struct source source;
    struct container container;
    /* One of these reads it, the others are NULL. */
    SNDFILE *handle;
    struct mpeg *mpeg;
    struct opus_file *opus;
    SF_INFO info;
    char format[104];
    int64_t frames_read, samples_bad;
    bool ended;
    char warning[FAULT_MESSAGE_SIZE];
};

static sf_count_t virtual_length(void *user)
{
    return ((struct audio_file *)user)->source.size;
}

static sf_count_t virtual_seek(sf_count_t offset, int whence, void *user)
{
    struct source *s = &((struct audio_file *)user)->source;
    const int64_t to = source_seek(s->position, s->size, offset, whence);
    if (to >= 0)
        s->position = to;
    return to;
}

static sf_count_t virtual_read(void *buffer, sf_count_t count, void *user)
{
    struct source *s = &((struct audio_file *)user)->source;
    const int64_t done = source_read_at(s, s->position, buffer, count);
    s->position += done;
    return done;
}

static sf_count_t virtual_write(const void *buffer, sf_count_t count, void *user)
{
    (void)buffer, (void)count, (void)user;
    return 0;
}

static sf_count_t virtual_tell(void *user)
{
    return ((struct audio_file *)user)->source.position;
}

static int check_rate(const char *name, double rate, struct fault *fault)
{
    if (rate >= LEAST_RATE && rate <= MOST_RATE)
        return 0;
    return fail(fault, UTTER_ERROR_AUDIO, "%s: %.10g Hz is outside %d to %d Hz", name, rate, LEAST_RATE, MOST_RATE);
}

static int check_channels(const char *name, int64_t channels, struct fault *fault)
{
    if (channels >= 1 && channels <= MOST_CHANNELS)
        return 0;
    return fail(fault, UTTER_ERROR_AUDIO, "%s: %" PRId64 " channels, where 1 to %d can be read", name, channels,
                MOST_CHANNELS);
}

static int check_format(const char *name, double rate, int64_t channels, struct fault *fault)
{
    const int rc = check_channels(name, channels, fault);
    return rc ? rc : check_rate(name, rate, fault);
}

/* libsndfile's text for an error, less "Error : " and the like, and less the final stop and line end. */
static void tidy_text(const char *text, char *out, size_t size)
{
    static const char *const starts[] = {"Error : ", "Error: ", "Error in ", "Error while "};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (!strncmp(text, starts[i], strlen(starts[i]))) {
            text += strlen(starts[i]);
            break;
        }
    snprintf(out, size, "%s", text);
    for (size_t length = strlen(out); length && strchr(".\n ", out[length - 1]);)
        out[--length] = 0;
}

/* Why sf_open failed. */
static int fail_open(const struct audio_file *file, struct fault *fault)
{
    const int number = sf_error(NULL);
    char text[160];
    if (file->source.failure)
        return fail(fault, UTTER_ERROR_IO, "%s: reading failed", file->name);
    if (number == SF_ERR_UNRECOGNISED_FORMAT || number == SF_ERR_NO_ERROR || number == SF_ERR_SYSTEM)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: not a sound file that libsndfile knows", file->name);
    tidy_text(sf_error_number(number), text, sizeof text);
    return fail(fault, UTTER_ERROR_AUDIO, "%s: a damaged or unusual sound file (libsndfile: %s)", file->name, text);
}

static const char *format_name(int format, char *buffer, size_t size)
{
    SF_FORMAT_INFO info = {.format = format};
    if (sf_command(NULL, SFC_GET_FORMAT_INFO, &info, sizeof info) || !info.name)
        return "unknown";
    snprintf(buffer, size, "%s", info.name);
    char *bracket = strstr(buffer, " (");
    if (bracket)
        *bracket = 0;
    return buffer;
}

static void describe_format(struct audio_file *file)
{
    char major[48], minor[48];
    snprintf(file->format, sizeof file->format, "%s, %s",
             format_name(file->info.format & SF_FORMAT_TYPEMASK, major, sizeof major),
             format_name(file->info.format & SF_FORMAT_SUBMASK, minor, sizeof minor));
}

static int open_mpeg(struct audio_file *file, const struct mpeg_span *span, struct fault *fault)
{
    static const int layers[] = {SF_FORMAT_MPEG_LAYER_I, SF_FORMAT_MPEG_LAYER_II, SF_FORMAT_MPEG_LAYER_III};
    const int rc = mpeg_open(&file->mpeg, span, &file->source, file->name, fault);
    if (rc)
        return rc;
    file->info.format = SF_FORMAT_MPEG | layers[span->layer - 1];
    file->info.samplerate = span->sample_rate;
    file->info.channels = span->channels;
    file->info.frames = mpeg_length(file->mpeg);
    file->container.has_size = span->promised > 0;
    file->container.promised = span->promised;
    file->container.present = file->source.size - span->start;
    return 0;
}

static int open_opus(struct audio_file *file, struct fault *fault)
{
    const int rc = opus_file_open(&file->opus, &file->source, file->name, fault);
    if (rc)
        return rc;
    file->info.format = SF_FORMAT_OGG | SF_FORMAT_OPUS;
    file->info.samplerate = OPUS_FILE_RATE;
    file->info.channels = opus_file_channels(file->opus);
    file->info.frames = opus_file_length(file->opus);
    return 0;
}

/* What libsndfile does not know may be MPEG audio behind something else. */
static int open_other(struct audio_file *file, struct fault *fault)
{
    static SF_VIRTUAL_IO input = {virtual_length, virtual_seek, virtual_read, virtual_write, virtual_tell};
    struct mpeg_span span;
    container_look(&file->container, &file->source);
    if (file->container.has_format) {
        const int rc = check_format(file->name, file->container.rate, file->container.channels, fault);
        if (rc)
            return rc;
    }
    file->handle = sf_open_virtual(&input, SFM_READ, &file->info, file);
    if (file->handle)
        return 0;
    if (sf_error(NULL) == SF_ERR_UNRECOGNISED_FORMAT && mpeg_search(&span, &file->source))
        return open_mpeg(file, &span, fault);
    return fail_open(file, fault);
}

/* From an open source to an open file. */
static int open_sound(struct audio_file *file, struct fault *fault)
{
    struct mpeg_span span;
    if (!file->source.size)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: the file is empty", file->name);
    const enum mpeg_verdict verdict = mpeg_look(&span, &file->source);
    if (file->source.failure)
        return fail(fault, UTTER_ERROR_IO, "%s: reading failed", file->name);
    if (verdict == MPEG_CLAIMED)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: begins like an MP3 file, but there is no sound in it", file->name);
    int rc = verdict == MPEG_FOUND           ? open_mpeg(file, &span, fault)
             : opus_file_look(&file->source) ? open_opus(file, fault)
                                             : open_other(file, fault);
    if (!rc)
        rc = check_format(file->name, file->info.samplerate, file->info.channels, fault);
    if (!rc)
        describe_format(file);
    return rc;
}

static struct audio_file *new_file(const char *name, struct fault *fault)
{
    struct audio_file *file = memory_new(1, sizeof *file);
    if (!file || !(file->name = memory_text(name, strlen(name)))) {
        free(file);
        fail_memory(fault, "a sound file");
        return NULL;
    }
    file->source.fd = -1;
    return file;
}

/* Hands file to the caller, or closes it where rc says that opening failed. */
static int deliver(struct audio_file **out, struct audio_file *file, int rc, struct fault *fault)
{
    if (!rc)
        rc = open_sound(file, fault);
    if (rc)
        audio_file_close(&file);
    *out = file;
    return rc;
}

int audio_file_open_path(struct audio_file **file, const char *path, const char *name, struct fault *fault)
{
    *file = NULL;
    struct audio_file *new = new_file(name, fault);
    if (!new)
        return UTTER_ERROR_MEMORY;
    return deliver(file, new, source_open_path(&new->source, path, name, fault), fault);
}

int audio_file_open_memory(struct audio_file **file, const void *data, size_t size, const char *name,
                           struct fault *fault)
{
    *file = NULL;
    struct audio_file *new = new_file(name, fault);
    if (!new)
        return UTTER_ERROR_MEMORY;
    source_open_memory(&new->source, data, size);
    return deliver(file, new, 0, fault);
}

int audio_file_open_callback(struct audio_file **file, int64_t (*read)(void *context, void *buffer, size_t size),
                             void *context, const char *name, struct fault *fault)
{
    *file = NULL;
    struct audio_file *new = new_file(name, fault);
    if (!new)
        return UTTER_ERROR_MEMORY;
    return deliver(file, new, source_open_callback(&new->source, read, context, name, fault), fault);
}

void audio_file_close(struct audio_file **file)
{
    if (!*file)
        return;
    if ((*file)->handle)
        sf_close((*file)->handle);
    mpeg_close(&(*file)->mpeg);
    opus_file_close(&(*file)->opus);
    source_close(&(*file)->source);
    free((*file)->name);
    free(*file);
    *file = NULL;
}

/* Whether the container gives a number of frames that means something. */
static bool frames_known(const struct audio_file *file)
{
    return file->info.frames >= 0 && file->info.frames < SF_COUNT_MAX / MOST_CHANNELS;
}

void audio_file_get_info(const struct audio_file *file, struct audio_file_info *info)
{
    *info = (struct audio_file_info){
        .sample_rate = file->info.samplerate,
        .channels = file->info.channels,
        .frames = frames_known(file) ? file->info.frames : -1,
        .format = file->format,
    };
}

/* Replaces what is not a number, infinite, or far beyond any sound; returns how many. */
static int64_t replace_bad(float *x, int64_t count)
{
    int64_t bad = 0;
    for (int64_t i = 0; i < count; i++) {
        const bool good = x[i] > -most_sample && x[i] < most_sample;
        bad += !good;
        x[i] = good ? x[i] : 0;
    }
    return bad;
}

/* At the end: what was wrong with the file, in one sentence. */
static void sum_up(struct audio_file *file)
{
    const int64_t samples = file->frames_read * file->info.channels;
    const double seconds = (double)file->frames_read / file->info.samplerate;
    const int error = file->handle ? sf_error(file->handle) : 0;
    const char *problem = file->mpeg ? mpeg_problem(file->mpeg) : file->opus ? opus_file_problem(file->opus) : "";
    char text[160];
    if (file->container.has_size && file->container.promised > file->container.present)
        snprintf(file->warning, sizeof file->warning,
                 "%s: cut short: the header promises %" PRId64 " bytes of sound, %" PRId64 " are there", file->name,
                 file->container.promised, file->container.present);
    else if (error) {
        tidy_text(sf_error_number(error), text, sizeof text);
        snprintf(file->warning, sizeof file->warning, "%s: damaged after %.2f s (libsndfile: %s)", file->name, seconds,
                 text);
    } else if (*problem)
        snprintf(file->warning, sizeof file->warning, "%s: %s", file->name, problem);
    else if (!file->opus && frames_known(file) && file->frames_read < file->info.frames)
        snprintf(file->warning, sizeof file->warning, "%s: cut short: the header promises %.2f s, %.2f s are there",
                 file->name, (double)file->info.frames / file->info.samplerate, seconds);
    else if (!samples)
        snprintf(file->warning, sizeof file->warning, "%s: no sound in it", file->name);
    else if (file->samples_bad == samples)
        snprintf(file->warning, sizeof file->warning, "%s: not one sample is a number; read as silence", file->name);
    else if (file->samples_bad)
        snprintf(file->warning, sizeof file->warning,
                 "%s: %" PRId64 " of %" PRId64 " samples are not numbers; read as silence", file->name,
                 file->samples_bad, samples);
}

static int64_t read_frames(struct audio_file *file, float *out, int64_t frames)
{
    if (file->mpeg)
        return mpeg_read(file->mpeg, out, frames);
    return file->opus ? opus_file_read(file->opus, out, frames) : sf_readf_float(file->handle, out, frames);
}

int64_t audio_file_read(struct audio_file *file, float *out, int64_t frames, struct fault *fault)
{
    if (frames < 0)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s: a negative number of frames was asked for", file->name);
    if (file->ended || !frames)
        return 0;
    const int64_t got = read_frames(file, out, frames);
    if (file->source.failure)
        return fail(fault, UTTER_ERROR_IO, "%s: reading failed after %.2f s", file->name,
                    (double)file->frames_read / file->info.samplerate);
    if (got <= 0) {
        file->ended = true;
        sum_up(file);
        return 0;
    }
    file->frames_read += got;
    file->samples_bad += replace_bad(out, got * file->info.channels);
    return got;
}

const char *audio_file_warning(const struct audio_file *file)
{
    return file->warning;
}
