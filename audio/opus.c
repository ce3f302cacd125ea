/* opus.c - see opus.h. Pages: RFC 3533, section 6; Opus in them: RFC 7845. */
#include "audio/opus.h"

#include "src/base/memory.h"

#include <opusfile.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_CHANNELS = 8,     /* of the channel mappings that libopusfile knows, 0 and 1 */
    BLOCK = 960,           /* sample frames decoded at a time */
    LONGEST_PACKET = 5760, /* sample frames: 120 ms */
    PAGE_HEADER = 27,      /* bytes, before the table of segments */
    MOST_STREAMS = 64,     /* looked at, of those that begin together */
    CHUNK = 64 * 1024      /* bytes of pages looked over at a time */
};

struct opus_file {
    OggOpusFile *handle;
    struct source *source;
    int64_t position; /* in source, of the next read */
    int channels;
    int64_t length, frames;  /* sample frames: in all, or -1; read so far */
    int64_t damaged_after;   /* sample frames read before the first hole, or -1 */
    int left, left_channels; /* sample frames not yet handed out from block's end, as their link has them */
    int left_at;
    bool ended;
    float block[BLOCK * MOST_CHANNELS];
    char problem[160];
};

/* Bytes of the page at offset with its header, which goes to b, and what begins its body; 0: no page stands there. */
static int64_t read_page(struct source *source, int64_t offset, unsigned char b[PAGE_HEADER], unsigned char body[8])
{
    unsigned char segments[255];
    if (source_read_at(source, offset, b, PAGE_HEADER) != PAGE_HEADER || memcmp(b, "OggS", 5) ||
        source_read_at(source, offset + PAGE_HEADER, segments, b[26]) != b[26])
        return 0;
    int64_t size = PAGE_HEADER + b[26];
    if (source_read_at(source, offset + size, body, 8) != 8)
        memset(body, 0, 8);
    for (int i = 0; i < b[26]; i++)
        size += segments[i];
    return size;
}

/* The pages that begin a stream stand before all others. */
bool opus_file_look(struct source *source)
{
    unsigned char b[PAGE_HEADER], body[8];
    int64_t at = 0;
    for (int i = 0; i < MOST_STREAMS; i++) {
        const int64_t size = read_page(source, at, b, body);
        if (!size || !(b[5] & 2))
            return false;
        if (!memcmp(body, "OpusHead", 8))
            return true;
        at += size;
    }
    return false;
}

static int read_source(void *context, unsigned char *buffer, int size)
{
    struct opus_file *o = context;
    const int64_t done = source_read_at(o->source, o->position, buffer, size);
    o->position += done;
    return o->source->failure ? -1 : (int)done;
}

static int seek_source(void *context, opus_int64 offset, int whence)
{
    struct opus_file *o = context;
    const int64_t to = source_seek(o->position, o->source->size, offset, whence);
    if (to < 0)
        return -1;
    o->position = to;
    return 0;
}

static opus_int64 tell_source(void *context)
{
    return ((struct opus_file *)context)->position;
}

static const char *describe(int error)
{
    switch (error) {
    case OP_ENOTFORMAT:
    case OP_EBADHEADER:
        return "its Opus headers are cut off or damaged";
    case OP_EVERSION:
        return "its version of Opus is not known";
    case OP_EIMPL:
        return "its channel mapping is not known";
    case OP_EBADTIMESTAMP:
        return "its granule positions are impossible";
    case OP_EBADPACKET:
        return "an Opus packet is invalid";
    case OP_EBADLINK:
        return "a chained stream cannot be found again";
    default:
        return "libopusfile fails";
    }
}

/* What the pages of a file say of its state; libopusfile passes over some of it in silence. */
struct survey {
    int64_t end;      /* of the last whole page */
    bool ends_stream; /* that page does */
    bool lost;        /* pages of an Opus stream are broken, not just left out, as where a live stream was joined */
    bool skipped;     /* bytes that are no page stand before the next one */
    bool in_opus;
    int serial;  /* of the Opus stream … */
    long number; /* … and of its last page */
};

static void survey_page(struct survey *s, ogg_page *page)
{
    const int serial = ogg_page_serialno(page);
    const long number = ogg_page_pageno(page);
    s->ends_stream = ogg_page_eos(page);
    if (ogg_page_bos(page) && page->body_len >= 8 && !memcmp(page->body, "OpusHead", 8))
        s->in_opus = true;
    else if (!s->in_opus || serial != s->serial)
        return;
    else if (s->skipped && number != s->number + 1)
        s->lost = true;
    s->serial = serial;
    s->number = number;
    s->skipped = false;
}

static void survey_pages(struct survey *s, struct source *source)
{
    int64_t offset = 0, at = 0;
    ogg_sync_state sync;
    ogg_page page;
    *s = (struct survey){0};
    ogg_sync_init(&sync);
    for (;;) {
        const long size = ogg_sync_pageseek(&sync, &page);
        at += size < 0 ? -size : size;
        if (size > 0) {
            survey_page(s, &page);
            s->end = at;
        } else if (size < 0)
            s->skipped = true;
        else {
            char *buffer = ogg_sync_buffer(&sync, CHUNK);
            const int64_t count = buffer ? source_read_at(source, offset, buffer, CHUNK) : 0;
            if (!count || ogg_sync_wrote(&sync, (long)count))
                break;
            offset += count;
        }
    }
    ogg_sync_clear(&sync);
}

/* Whether the file breaks off within a page: what follows a last page may be a tag or padding, too. */
static bool ends_in_page(const struct survey *s, struct source *source)
{
    char tag[4];
    return s->end < source->size &&
           (!s->ends_stream || (source_read_at(source, s->end, tag, 4) == 4 && !memcmp(tag, "OggS", 4)));
}

/* Where the ends of the links contradict what lies between them, as in a damaged file, it is read as a stream. */
static int start(struct opus_file *o, const char *name, struct fault *fault)
{
    static const OpusFileCallbacks file = {read_source, seek_source, tell_source, NULL};
    static const OpusFileCallbacks stream = {read_source, NULL, NULL, NULL};
    struct survey survey;
    int error = 0;
    o->handle = op_open_callbacks(o, &file, NULL, 0, &error);
    if (!o->handle && error != OP_EFAULT && !o->source->failure) {
        o->position = 0;
        o->handle = op_open_callbacks(o, &stream, NULL, 0, &error);
    }
    if (o->source->failure)
        return fail(fault, UTTER_ERROR_IO, "%s: reading failed", name);
    if (!o->handle && error == OP_EFAULT)
        return fail_memory(fault, name);
    if (!o->handle)
        survey_pages(&survey, o->source);
    if (!o->handle && error == OP_EBADTIMESTAMP && !survey.ends_stream)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: cut short: an Opus file that breaks off before its sound", name);
    if (!o->handle)
        return fail(fault, UTTER_ERROR_AUDIO, "%s: a damaged or unusual sound file: %s", name, describe(error));
    o->channels = op_channel_count(o->handle, 0);
    o->length = op_pcm_total(o->handle, -1);
    if (o->length < 0 || o->length / LONGEST_PACKET > o->source->size) /* a packet has a byte at least */
        o->length = -1;
    return 0;
}

int opus_file_open(struct opus_file **file, struct source *source, const char *name, struct fault *fault)
{
    *file = NULL;
    struct opus_file *new = memory_new(1, sizeof *new);
    if (!new)
        return fail_memory(fault, "a sound file");
    new->source = source;
    new->damaged_after = -1;
    const int rc = start(new, name, fault);
    if (rc)
        opus_file_close(&new);
    *file = new;
    return rc;
}

void opus_file_close(struct opus_file **file)
{
    if (!*file)
        return;
    if ((*file)->handle)
        op_free((*file)->handle);
    free(*file);
    *file = NULL;
}

int opus_file_channels(const struct opus_file *file)
{
    return file->channels;
}

int64_t opus_file_length(const struct opus_file *file)
{
    return file->length;
}

static double seconds(int64_t frames)
{
    return (double)frames / OPUS_FILE_RATE;
}

/* Says what the end is: all of the file, or the place where it broke off. The granule positions of whole files may be
 * off by less than a packet. */
static void end(struct opus_file *o, int error)
{
    const bool is_short = o->length - o->frames > LONGEST_PACKET;
    const size_t size = sizeof o->problem;
    struct survey survey;
    o->ended = true;
    survey_pages(&survey, o->source);
    if (o->damaged_after >= 0 && is_short)
        snprintf(o->problem, size, "damaged after %.2f s: %.2f s could not be read", seconds(o->damaged_after),
                 seconds(o->length - o->frames));
    else if (o->damaged_after >= 0)
        snprintf(o->problem, size, "damaged after %.2f s: Opus packets are missing there", seconds(o->damaged_after));
    else if (ends_in_page(&survey, o->source))
        snprintf(o->problem, size, "cut short: its last Ogg page, after %.2f s, is not whole", seconds(o->frames));
    else if (!survey.ends_stream)
        snprintf(o->problem, size, "cut short: its Ogg stream does not end, but breaks off after %.2f s",
                 seconds(o->frames));
    else if (error)
        snprintf(o->problem, size, "damaged after %.2f s: %s", seconds(o->frames), describe(error));
    else if (survey.lost)
        snprintf(o->problem, size, "damaged: the first Ogg pages of its sound are broken");
    else if (is_short)
        snprintf(o->problem, size, "cut short: its pages promise %.2f s, %.2f s are there", seconds(o->length),
                 seconds(o->frames));
}

/* Decodes until there is sound, or the end. */
static void decode(struct opus_file *o)
{
    while (!o->left && !o->ended) {
        int link = 0;
        const int count = op_read_float(o->handle, o->block, BLOCK * MOST_CHANNELS, &link);
        if (count > 0) {
            o->left = count;
            o->left_at = 0;
            o->left_channels = op_channel_count(o->handle, link);
        } else if (count == OP_HOLE || count == OP_EBADPACKET) {
            if (o->damaged_after < 0)
                o->damaged_after = o->frames;
        } else
            end(o, count);
    }
}

/* A link with other channels than the first gives each of them the mean of its own. */
static void convert(float *out, int channels, const float *in, int in_channels, int64_t frames)
{
    for (int64_t i = 0; i < frames; i++) {
        float sum = 0;
        for (int c = 0; c < in_channels; c++)
            sum += in[i * in_channels + c];
        for (int c = 0; c < channels; c++)
            out[i * channels + c] = sum / (float)in_channels;
    }
}

int64_t opus_file_read(struct opus_file *file, float *out, int64_t frames)
{
    int64_t done = 0;
    while (done < frames) {
        decode(file);
        const int64_t count = file->left < frames - done ? file->left : frames - done;
        if (!count)
            break;
        const float *in = file->block + (ptrdiff_t)file->left_at * file->left_channels;
        float *to = out + done * file->channels;
        if (file->left_channels == file->channels)
            memcpy(to, in, (size_t)(count * file->channels) * sizeof *to);
        else
            convert(to, file->channels, in, file->left_channels, count);
        file->left_at += (int)count;
        file->left -= (int)count;
        file->frames += count;
        done += count;
    }
    return done;
}

const char *opus_file_problem(const struct opus_file *file)
{
    return file->problem;
}
