/* writer.c - see writer.h. libsndfile writes through its virtual output, so that paths, pipes and callers' functions
 * run the same code.
 *
 * libsndfile writes a header at the beginning and once more, with the sizes, at the end. Until then a WAV or AU file
 * says that it is as long as it can be, which every reader takes as "up to the end", so what was cut off by a lost
 * process or went into a pipe is read. An MP3 begins with a frame that holds nothing but such sizes, which a stream
 * goes without. */
#include "audio/writer.h"

#include "audio/outgoing.h"
#include "audio/sink.h"
#include "audio/source.h"
#include "src/base/memory.h"

#include <math.h>
#include <sndfile.h>
#include <stdlib.h>
#include <string.h>

enum { LEAST_RATE = 1000, MOST_RATE = 768000, PIECE = 4096, PAGE_MS = 200 };
/* Below 2^31, for readers that have a sign, and whole frames of anything. */
static const uint32_t endless = 0x7ffff000;
static const int64_t most_size = 0xffffffff;

struct writer {
    char *name;
    const struct sound_format *format;
    struct sink sink;
    SNDFILE *handle;
    struct outgoing *outgoing;
    int channels, rate;
    int64_t frames;
    bool begun, closing, broken, finished;
    int64_t bytes; /* once the sink is closed */
    short *shorts; /* [PIECE, channels] */
};

/* ---- headers of what cannot go back ---- */

static bool is_type(const struct writer *w, int type)
{
    return (w->format->code & SF_FORMAT_TYPEMASK) == type;
}

static void put_size(unsigned char *at, uint32_t size, bool big)
{
    for (int i = 0; i < 4; i++)
        at[i] = (unsigned char)(size >> 8 * (big ? 3 - i : i));
}

/* A header of size bytes as libsndfile writes it: RIFF and its chunks up to the size of that of the sound; or .au. */
static void make_endless(unsigned char *header, int64_t size)
{
    if (size >= 24 && !memcmp(header, ".snd", 4))
        put_size(header + 8, UINT32_MAX, true);
    if (size < 44 || memcmp(header, "RIFF", 4) || memcmp(header + size - 8, "data", 4))
        return;
    put_size(header + 4, endless + (uint32_t)size - 8, false);
    put_size(header + size - 4, endless, false);
}

/* Bytes of the frame of MPEG audio layer III that begins here; 0: none does. Rates in kbit/s and Hz: ISO/IEC 11172-3
 * and 13818-3, section 2.4.2.3, and the halved rates of "MPEG 2.5". */
static int64_t mpeg_frame(const unsigned char *p, int64_t size)
{
    static const int kilobits[2][15] = {{0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
                                        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320}};
    static const int hertz[3] = {44100, 48000, 32000};
    if (size < 4 || p[0] != 0xff || (p[1] & 0xe6) != 0xe2 || p[2] >> 4 == 15 || (p[2] >> 2 & 3) == 3)
        return 0;
    const int version = p[1] >> 3 & 3; /* 3: 1, 2: 2, 0: 2.5 */
    const int rate = hertz[p[2] >> 2 & 3] >> (version == 3 ? 0 : version == 2 ? 1 : 2);
    return (version == 3 ? 144 : 72) * 1000 * kilobits[version == 3][p[2] >> 4] / rate + (p[2] >> 1 & 1);
}

/* ---- libsndfile's virtual output ---- */

static sf_count_t virtual_length(void *user)
{
    return ((struct writer *)user)->sink.size;
}

static sf_count_t virtual_seek(sf_count_t offset, int whence, void *user)
{
    struct sink *s = &((struct writer *)user)->sink;
    const int64_t to = source_seek(s->position, s->size, offset, whence);
    if (to >= 0)
        s->position = to;
    return to;
}

static sf_count_t virtual_read(void *buffer, sf_count_t count, void *user)
{
    (void)buffer, (void)count, (void)user;
    return 0;
}

static sf_count_t virtual_tell(void *user)
{
    return ((struct writer *)user)->sink.position;
}

/* A header, written at the beginning, perhaps again; its sizes are known only when the sound has ended, and a WAV
 * file's have 32 bits. */
static void write_header(struct writer *w, const unsigned char *bytes, int64_t count)
{
    unsigned char header[256];
    const bool known = w->closing && w->sink.size <= most_size;
    if (known || count > (int64_t)sizeof header || !(is_type(w, SF_FORMAT_WAV) || is_type(w, SF_FORMAT_AU))) {
        sink_write(&w->sink, bytes, count);
        return;
    }
    memcpy(header, bytes, (size_t)count);
    make_endless(header, count);
    sink_write(&w->sink, header, count);
}

static void write_first(struct writer *w, const unsigned char *bytes, int64_t count)
{
    const int64_t skipped = is_type(w, SF_FORMAT_MPEG) && !w->sink.can_seek ? mpeg_frame(bytes, count) : 0;
    if (skipped && skipped <= count)
        sink_write(&w->sink, bytes + skipped, count - skipped);
    else
        write_header(w, bytes, count);
}

/* An odd WAV file ends with a byte that fills it up, which would be sound where no size says that it is not. */
static bool is_padding(const struct writer *w, int64_t count)
{
    return w->closing && count == 1 && is_type(w, SF_FORMAT_WAV) && (!w->sink.can_seek || w->sink.size > most_size);
}

static void write_bytes(struct writer *w, const void *bytes, int64_t count)
{
    const bool first = !w->begun;
    w->begun = true;
    if (first)
        write_first(w, bytes, count);
    else if (w->sink.position)
        sink_write(&w->sink, bytes, count);
    else
        write_header(w, bytes, count);
}

/* libsndfile 1.2.0 loses memory of its own where it cannot write Vorbis's headers, so it is told that all is well; the
 * sink knows better, and is asked after every call. */
static sf_count_t virtual_write(const void *bytes, sf_count_t count, void *user)
{
    struct writer *w = user;
    if (!is_padding(w, count))
        write_bytes(w, bytes, count);
    return count;
}

/* ---- opening ---- */

static int check_params(const struct writer_params *p, const struct sound_format *format, struct fault *fault)
{
    if (p->rate < LEAST_RATE || p->rate > MOST_RATE)
        return fail(fault, UTTER_ERROR_ARGUMENT, "sound of %d Hz cannot be written, but of %d to %d", p->rate,
                    LEAST_RATE, MOST_RATE);
    if (p->channels < 1 || p->channels > format->most_channels)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s holds 1 to %d channels, not %d", format->name,
                    format->most_channels, p->channels);
    return 0;
}

static void set_up(struct writer *w)
{
    int constant = SF_BITRATE_MODE_CONSTANT;
    double page = PAGE_MS;
    sf_command(w->handle, SFC_SET_ADD_PEAK_CHUNK, NULL, SF_FALSE);
    /* Without sizes in front, a reader takes the length from the first frame's bit rate. */
    if (is_type(w, SF_FORMAT_MPEG) && !w->sink.can_seek)
        sf_command(w->handle, SFC_SET_BITRATE_MODE, &constant, sizeof constant);
    if ((w->format->code & SF_FORMAT_SUBMASK) == SF_FORMAT_OPUS && !w->sink.can_seek)
        sf_command(w->handle, SFC_SET_OGG_PAGE_LATENCY_MS, &page, sizeof page);
}

static int open_handle(struct writer *w, struct fault *fault)
{
    static SF_VIRTUAL_IO output = {virtual_length, virtual_seek, virtual_read, virtual_write, virtual_tell};
    SF_INFO info = {.samplerate = w->rate, .channels = w->channels, .format = w->format->code};
    w->handle = sf_open_virtual(&output, SFM_WRITE, &info, w);
    if (sink_check(&w->sink, fault))
        return fault->code;
    if (!w->handle)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: libsndfile cannot write %s here: %s", w->name, w->format->name,
                    sf_strerror(NULL));
    set_up(w);
    return 0;
}

static int open_sink(struct writer *w, const struct writer_params *params, struct fault *fault)
{
    if (params->path)
        return sink_open_path(&w->sink, params->path, w->name, fault);
    sink_open_callback(&w->sink, params->write, params->context, w->name);
    return 0;
}

/* Where it fails the caller closes it. The sink comes last: nothing is made for what cannot be. */
static int open_all(struct writer *w, const struct writer_params *params, struct fault *fault)
{
    if (sound_format_find(&w->format, params->format, params->path, fault) || check_params(params, w->format, fault) ||
        sound_format_rate(w->format, params->rate, params->out_rate, &w->rate, fault))
        return fault->code;
    w->channels = params->channels;
    const struct outgoing_params outgoing = {params->rate, w->rate, w->channels, w->channels, false};
    w->name = memory_text(params->name, strlen(params->name));
    w->shorts = memory_new((size_t)PIECE * (size_t)w->channels, sizeof *w->shorts);
    if (!w->name || !w->shorts)
        return fail_memory(fault, "a sound file");
    if (outgoing_open(&w->outgoing, &outgoing, fault) || open_sink(w, params, fault))
        return fault->code;
    return open_handle(w, fault);
}

int writer_open(struct writer **writer, const struct writer_params *params, struct fault *fault)
{
    struct writer *w = memory_new(1, sizeof *w);
    if (!w)
        return fail_memory(fault, "a sound file");
    w->sink.fd = -1;
    if (open_all(w, params, fault))
        writer_close(&w);
    else
        *writer = w;
    return fault->code;
}

/* ---- writing ---- */

static short to_short(float x)
{
    const long value = lrintf(x * 32768);
    return (short)(value > 32767 ? 32767 : value);
}

static int64_t write_shorts(struct writer *w, const float *frames, int64_t count)
{
    for (int64_t i = 0; i < count * w->channels; i++)
        w->shorts[i] = to_short(frames[i]);
    return sf_writef_short(w->handle, w->shorts, count);
}

/* libsndfile scales floats by 32767 and has no rounding of its own for A-law. */
static bool has_shorts(const struct writer *w)
{
    const int coding = w->format->code & SF_FORMAT_SUBMASK;
    return coding == SF_FORMAT_PCM_16 || coding == SF_FORMAT_ULAW || coding == SF_FORMAT_ALAW;
}

/* Frames at the file's rate, clamped. */
static int write_frames(struct writer *w, const float *frames, int64_t count, struct fault *fault)
{
    const bool shorts = has_shorts(w);
    for (int64_t at = 0; at < count;) {
        const int64_t piece = count - at < PIECE ? count - at : PIECE;
        const float *from = frames + at * w->channels;
        const int64_t done = shorts ? write_shorts(w, from, piece) : sf_writef_float(w->handle, from, piece);
        if (sink_check(&w->sink, fault))
            return fault->code;
        if (done != piece)
            return fail(fault, UTTER_ERROR_IO, "%s: libsndfile cannot write on: %s", w->name, sf_strerror(w->handle));
        at += piece;
        w->frames += piece;
    }
    return 0;
}

static int check_state(const struct writer *w, struct fault *fault)
{
    if (w->finished)
        return fail(fault, UTTER_ERROR_STATE, "%s: the file is finished", w->name);
    return w->broken ? fail(fault, UTTER_ERROR_STATE, "%s: writing has failed before", w->name) : 0;
}

int writer_write(struct writer *w, const float *samples, int64_t frames, struct fault *fault)
{
    if (check_state(w, fault))
        return fault->code;
    for (int64_t at = 0; at < frames && !fault->code; at += OUTGOING_MOST) {
        const float *made;
        const int64_t piece = frames - at < OUTGOING_MOST ? frames - at : OUTGOING_MOST;
        const int64_t count = outgoing_feed(w->outgoing, samples + at * w->channels, piece, &made, fault);
        if (count > 0)
            write_frames(w, made, count, fault);
    }
    w->broken = fault->code != 0;
    return fault->code;
}

/* ---- the end ---- */

static void close_handle(struct writer *w)
{
    w->closing = true;
    if (w->handle)
        sf_close(w->handle);
    w->handle = NULL;
    w->bytes = w->sink.size;
}

static int finish(struct writer *w, struct fault *fault)
{
    const float *made;
    int64_t count;
    while ((count = outgoing_finish(w->outgoing, &made, fault)) > 0)
        if (write_frames(w, made, count, fault))
            return fault->code;
    if (count < 0)
        return fault->code;
    close_handle(w);
    return sink_close(&w->sink, true, fault);
}

int writer_finish(struct writer *w, struct fault *fault)
{
    if (check_state(w, fault))
        return fault->code;
    w->broken = finish(w, fault) != 0;
    w->finished = !w->broken;
    return fault->code;
}

void writer_get_info(const struct writer *w, struct writer_info *info)
{
    *info = (struct writer_info){
        .format = w->format->name,
        .rate = w->rate,
        .channels = w->channels,
        .frames = w->frames,
        .bytes = w->handle ? w->sink.size : w->bytes,
        .clipped = outgoing_clipped(w->outgoing),
    };
}

/* Closing a handle may write, even where nothing is wanted any more; a function that was given is not called then. */
static void abandon(struct writer *w)
{
    if (!w->sink.failure)
        w->sink.failure = -1;
    close_handle(w);
    sink_close(&w->sink, false, NULL);
}

void writer_close(struct writer **writer)
{
    struct writer *w = *writer;
    if (!w)
        return;
    if (!w->finished)
        abandon(w);
    outgoing_close(&w->outgoing);
    free(w->shorts);
    free(w->name);
    free(w);
    *writer = NULL;
}
