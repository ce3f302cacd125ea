/* mpeg.c - see mpeg.h. Frame headers: ISO/IEC 11172-3, 2.4.2.3, and 13818-3 for the lower rates; MPEG 2.5 as every
 * decoder has it. Tags: id3.org ID3v2.4.0 and ID3v1, APEv2. */
#include "audio/mpeg.h"

#include "src/base/memory.h"

#include <inttypes.h>
#include <mpg123.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bytes that are searched for the first frame, and for the next one after damage. */
enum { SEARCH = 64 * 1024 };
/* What has the size of a frame header, and of all that can stand before the end of a Xing header's byte count. */
enum { HEADER = 4, XING = 52 };

struct frame {
    int rate, channels, layer, version; /* version: 1, 2, or 3 for 2.5 */
    int size;                           /* bytes, with the header */
};

static int bit_rate(int version, int layer, int index)
{
    static const short kilobits[5][15] = {
        {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
        {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
        {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
        {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
    };
    return 1000 * kilobits[version == 1 ? layer - 1 : layer == 1 ? 3 : 4][index];
}

/* Frames of free format (a bit rate of 0) do not say where they end, and are not read. */
static bool parse_header(struct frame *frame, const unsigned char *b)
{
    static const int versions[] = {3, 0, 2, 1}, rates[] = {44100, 48000, 32000};
    const int version = versions[b[1] >> 3 & 3], layer = 4 - (b[1] >> 1 & 3);
    const int index = b[2] >> 4, rate_index = b[2] >> 2 & 3, padding = b[2] >> 1 & 1;
    if (b[0] != 0xff || (b[1] & 0xe0) != 0xe0 || !version || layer == 4 || !index || index == 15 || rate_index == 3)
        return false;
    const int rate = rates[rate_index] >> (version - 1), bits = bit_rate(version, layer, index);
    const int size = layer == 1                   ? 4 * (12 * bits / rate + padding)
                     : layer == 3 && version != 1 ? 72 * bits / rate + padding
                                                  : 144 * bits / rate + padding;
    *frame = (struct frame){rate, (b[3] & 0xc0) == 0xc0 ? 1 : 2, layer, version, size};
    return true;
}

static bool read_header(struct frame *frame, struct source *source, int64_t offset)
{
    unsigned char b[HEADER];
    return source_read_at(source, offset, b, HEADER) == HEADER && parse_header(frame, b);
}

/* Whether count frames of one kind follow each other from offset on, of which the last need not be whole. */
static bool have_frames(struct frame *first, struct source *source, int64_t offset, int count)
{
    struct frame f;
    if (!read_header(first, source, offset))
        return false;
    f = *first;
    for (int i = 1; i < count; i++) {
        offset += f.size;
        if (!read_header(&f, source, offset) || f.version != first->version || f.layer != first->layer ||
            f.rate != first->rate || f.channels != first->channels)
            return false;
    }
    return true;
}

/* Where the ID3v2 tags at the beginning end. Their sizes are four times seven bits; one with a footer may say so or
 * not. */
static int64_t skip_tags(struct source *source)
{
    unsigned char b[10];
    int64_t at = 0;
    while (source_read_at(source, at, b, sizeof b) == sizeof b &&
           (!memcmp(b, "ID3", 3) || (at && !memcmp(b, "3DI", 3))))
        at += 10 + (b[0] == '3' ? 0 : (b[6] & 0x7f) << 21 | (b[7] & 0x7f) << 14 | (b[8] & 0x7f) << 7 | (b[9] & 0x7f));
    return at;
}

/* Where the sound ends: before an ID3v1 tag (128 bytes) and, before that, an APE tag, whose footer says how long it is
 * without its header. */
static int64_t trim_tags(struct source *source, int64_t start)
{
    int64_t end = source->size;
    unsigned char b[32];
    if (end - start >= 128 && source_read_at(source, end - 128, b, 3) == 3 && !memcmp(b, "TAG", 3))
        end -= 128;
    if (end - start >= 32 && source_read_at(source, end - 32, b, 32) == 32 && !memcmp(b, "APETAGEX", 8)) {
        const int64_t size = ((int64_t)b[15] << 24 | b[14] << 16 | b[13] << 8 | b[12]) + (b[23] & 0x80 ? 32 : 0);
        if (size >= 32 && size <= end - start)
            end -= size;
    }
    return end;
}

static int64_t big_word(const unsigned char *p)
{
    return (int64_t)p[0] << 24 | p[1] << 16 | p[2] << 8 | p[3];
}

/* The Xing (or Info) header lies in the first frame of layer III, behind its side information: flags, number of frames
 * where bit 0 is set, number of bytes where bit 1 is. */
static void read_xing(struct mpeg_span *span, struct source *source, const struct frame *first)
{
    unsigned char b[XING];
    if (first->layer != 3 || source_read_at(source, span->start, b, XING) != XING)
        return;
    int at = first->version == 1 ? (first->channels == 1 ? 21 : 36) : (first->channels == 1 ? 13 : 21);
    if (memcmp(b + at, "Xing", 4) && memcmp(b + at, "Info", 4))
        return;
    const int flags = b[at + 7];
    at += 8;
    span->has_frames = flags & 1 && big_word(b + at) > 0;
    if (flags & 1)
        at += 4;
    if (flags & 2)
        span->promised = big_word(b + at);
}

static void set_span(struct mpeg_span *span, struct source *source, int64_t start, const struct frame *first)
{
    *span = (struct mpeg_span){.start = start, .end = trim_tags(source, start)};
    span->sample_rate = first->rate;
    span->channels = first->channels;
    span->layer = first->layer;
    read_xing(span, source, first);
}

static bool search_from(struct mpeg_span *span, struct source *source, int64_t start)
{
    unsigned char b[4096];
    struct frame first;
    for (int64_t at = start; at < start + SEARCH; at += sizeof b - 1) {
        const int64_t got = source_read_at(source, at, b, sizeof b);
        for (int64_t i = 0; i + 1 < got; i++)
            if (b[i] == 0xff && (b[i + 1] & 0xe0) == 0xe0 && have_frames(&first, source, at + i, 3)) {
                set_span(span, source, at + i, &first);
                return true;
            }
    }
    return false;
}

enum mpeg_verdict mpeg_look(struct mpeg_span *span, struct source *source)
{
    unsigned char b[2];
    struct frame first;
    const int64_t start = skip_tags(source);
    if (start >= source->size)
        return start ? MPEG_CLAIMED : MPEG_ABSENT;
    if (source_read_at(source, start, b, 2) != 2 || b[0] != 0xff || (b[1] & 0xe0) != 0xe0)
        return MPEG_ABSENT;
    if (!have_frames(&first, source, start, 2))
        return search_from(span, source, start + 1) ? MPEG_FOUND : MPEG_CLAIMED;
    set_span(span, source, start, &first);
    return MPEG_FOUND;
}

bool mpeg_search(struct mpeg_span *span, struct source *source)
{
    return search_from(span, source, skip_tags(source));
}

struct mpeg {
    mpg123_handle *handle;
    struct source *source;
    struct mpeg_span span;
    int64_t position;         /* of the next read, from the span's start */
    const unsigned char *pcm; /* what is left of the last decoded frame, in libmpg123's buffer */
    size_t left;              /* bytes */
    int64_t expected;         /* where the next frame should begin, from the span's start */
    int64_t frames, skipped;  /* sample frames read, bytes that were no frames */
    int64_t skipped_after;    /* sample frames read before the first of those */
    long rate;                /* of what libmpg123 decodes now; only the span's own is let through */
    double foreign;           /* seconds of other rates */
    int64_t foreign_after;    /* sample frames read before them */
    bool ended;
    char problem[160];
};

static mpg123_ssize_t read_span(void *context, void *buffer, size_t size)
{
    struct mpeg *m = context;
    const int64_t left = m->span.end - m->span.start - m->position;
    const int64_t count = left < 0 ? 0 : (int64_t)size < left ? (int64_t)size : left;
    const int64_t done = source_read_at(m->source, m->span.start + m->position, buffer, count);
    m->position += done;
    return m->source->failure ? -1 : done;
}

static off_t seek_span(void *context, off_t offset, int whence)
{
    struct mpeg *m = context;
    const int64_t to = source_seek(m->position, m->span.end - m->span.start, offset, whence);
    if (to >= 0)
        m->position = to;
    return to;
}

/* The one number of channels makes libmpg123 turn a mono file's stereo passages to mono, and the other way round. All
 * rates are let in, since it prints about one that is not, however quiet it was asked to be. */
static int set_format(struct mpeg *m)
{
    const long *rates;
    size_t count;
    int rc = mpg123_format_none(m->handle);
    mpg123_rates(&rates, &count);
    for (size_t i = 0; !rc && i < count; i++)
        rc = mpg123_format(m->handle, rates[i], m->span.channels, MPG123_ENC_FLOAT_32);
    return rc;
}

/* Gapless as libsndfile has it, but files that were joined are read to their end. */
static int set_up(struct mpeg *m)
{
    int rc = mpg123_param2(m->handle, MPG123_ADD_FLAGS,
                           MPG123_QUIET | MPG123_FORCE_FLOAT | MPG123_GAPLESS | MPG123_SKIP_ID3V2, 0);
    if (!rc)
        rc = mpg123_param2(m->handle, MPG123_REMOVE_FLAGS, MPG123_AUTO_RESAMPLE, 0);
    if (!rc)
        rc = mpg123_param2(m->handle, MPG123_RESYNC_LIMIT, SEARCH, 0);
    if (!rc)
        rc = set_format(m);
    if (!rc)
        rc = mpg123_replace_reader_handle(m->handle, read_span, seek_span, NULL);
    return rc ? rc : mpg123_open_handle(m->handle, m);
}

/* Opens the handle and reads the first frame. */
static int start(struct mpeg *m, const char *name, struct fault *fault)
{
    long rate = 0;
    int channels = 0, encoding = 0, error = mpg123_init();
    if (!error)
        m->handle = mpg123_new(NULL, &error);
    if (!m->handle)
        return error == MPG123_OUT_OF_MEM ? fail_memory(fault, name)
                                          : fail(fault, UTTER_ERROR_AUDIO, "%s: libmpg123 cannot be used: %s", name,
                                                 mpg123_plain_strerror(error));
    error = set_up(m);
    if (!error)
        error = mpg123_getformat(m->handle, &rate, &channels, &encoding);
    if (m->source->failure)
        return fail(fault, UTTER_ERROR_IO, "%s: reading failed", name);
    if (error == MPG123_DONE || (error == MPG123_ERR && mpg123_errcode(m->handle) == MPG123_DONE))
        return fail(fault, UTTER_ERROR_AUDIO, "%s: begins like an MP3 file, but there is no sound in it", name);
    if (error)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: a damaged or unusual sound file (libmpg123: %s)", name,
                    error == MPG123_ERR ? mpg123_strerror(m->handle) : mpg123_plain_strerror(error));
    if (rate != m->span.sample_rate || channels != m->span.channels || encoding != MPG123_ENC_FLOAT_32)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: a damaged sound file: its first MPEG frames contradict each other",
                    name);
    return 0;
}

int mpeg_open(struct mpeg **mpeg, const struct mpeg_span *span, struct source *source, const char *name,
              struct fault *fault)
{
    *mpeg = NULL;
    struct mpeg *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "a sound file");
    new->source = source;
    new->span = *span;
    new->rate = span->sample_rate;
    new->expected = -1;
    const int rc = start(new, name, fault);
    if (rc)
        mpeg_close(&new);
    *mpeg = new;
    return rc;
}

void mpeg_close(struct mpeg **mpeg)
{
    if (!*mpeg)
        return;
    mpg123_delete((*mpeg)->handle);
    free(*mpeg);
    *mpeg = NULL;
}

int64_t mpeg_length(const struct mpeg *mpeg)
{
    const int64_t length = mpeg->span.has_frames ? mpg123_length(mpeg->handle) : -1;
    return length > 0 ? length : -1;
}

/* Whether a tag stands between two frames, as where files were joined. */
static bool is_tag(struct mpeg *m, int64_t offset)
{
    unsigned char b[8] = {0};
    source_read_at(m->source, m->span.start + offset, b, sizeof b);
    return !memcmp(b, "ID3", 3) || !memcmp(b, "TAG", 3) || !memcmp(b, "APETAGEX", 8) || !memcmp(b, "LYRICS", 6);
}

/* libmpg123 passes over what is no frame without a word; the places of the frames tell. */
static void follow_frame(struct mpeg *m)
{
    struct mpg123_frameinfo2 info;
    const int64_t place = mpg123_framepos(m->handle);
    if (place < 0 || mpg123_info2(m->handle, &info))
        return;
    if (m->expected >= 0 && place > m->expected && !is_tag(m, m->expected)) {
        if (!m->skipped)
            m->skipped_after = m->frames;
        m->skipped += place - m->expected;
    }
    m->expected = place + info.framesize;
}

static double seconds(const struct mpeg *m, int64_t frames)
{
    return (double)frames / m->span.sample_rate;
}

/* Says what the end is: all of the file, or the place where it broke off. */
static void end(struct mpeg *m, int error)
{
    struct frame f;
    const int64_t left = m->expected < 0 ? 0 : m->span.end - m->span.start - m->expected;
    const bool tag = left > 0 && is_tag(m, m->expected);
    m->ended = true;
    if (m->foreign > 0)
        snprintf(m->problem, sizeof m->problem, "after %.2f s, %.2f s of another sample rate are left out",
                 seconds(m, m->foreign_after), m->foreign);
    else if (m->skipped)
        snprintf(m->problem, sizeof m->problem, "damaged after %.2f s: %" PRId64 " bytes are not MPEG frames",
                 seconds(m, m->skipped_after), m->skipped);
    else if (left < 0 || (left > 0 && read_header(&f, m->source, m->span.start + m->expected) && f.size > left))
        snprintf(m->problem, sizeof m->problem, "cut short: its last frame, at %.2f s, is not whole",
                 seconds(m, m->frames));
    else if (left > 0 && !tag)
        snprintf(m->problem, sizeof m->problem, "damaged after %.2f s: %" PRId64 " bytes are not MPEG frames",
                 seconds(m, m->frames), left);
    else if (error != MPG123_DONE && !tag)
        snprintf(m->problem, sizeof m->problem, "damaged after %.2f s (libmpg123: %.100s)", seconds(m, m->frames),
                 mpg123_strerror(m->handle));
}

/* Takes what was decoded, unless its rate is another than the file's. */
static void take(struct mpeg *m, const unsigned char *pcm, size_t size)
{
    if (m->rate == m->span.sample_rate) {
        m->pcm = pcm;
        m->left = size;
    } else {
        if (!(m->foreign > 0))
            m->foreign_after = m->frames;
        m->foreign += (double)(size / sizeof(float)) / m->span.channels / (double)m->rate;
    }
}

/* Decodes frames until there is sound, or the end. */
static void decode(struct mpeg *m)
{
    while (!m->left && !m->ended) {
        off_t number;
        unsigned char *pcm = NULL;
        size_t size = 0;
        int channels, encoding, rc = mpg123_decode_frame(m->handle, &number, &pcm, &size);
        if (rc == MPG123_NEW_FORMAT)
            rc = mpg123_getformat(m->handle, &m->rate, &channels, &encoding);
        if (rc == MPG123_OK) {
            follow_frame(m);
            take(m, pcm, pcm ? size : 0);
        } else
            end(m, rc);
    }
}

int64_t mpeg_read(struct mpeg *mpeg, float *out, int64_t frames)
{
    const size_t frame = (size_t)mpeg->span.channels * sizeof *out;
    int64_t done = 0;
    while (done < frames) {
        decode(mpeg);
        const size_t wanted = (size_t)(frames - done) * frame;
        const size_t size = (mpeg->left < wanted ? mpeg->left : wanted) / frame * frame;
        if (!size)
            break;
        memcpy(out + done * mpeg->span.channels, mpeg->pcm, size);
        mpeg->pcm += size;
        mpeg->left -= size;
        done += (int64_t)(size / frame);
        mpeg->frames += (int64_t)(size / frame);
    }
    return done;
}

const char *mpeg_problem(const struct mpeg *mpeg)
{
    return mpeg->problem;
}
