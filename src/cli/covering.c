/* covering.c - see covering.h. */
#include "covering.h"

#include "command.h"
#include "output.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

static bool is_folder(const char *path)
{
    struct stat there;
    const size_t length = strlen(path);
    return path[length - 1] == '/' || (stat(path, &there) == 0 && S_ISDIR(there.st_mode));
}

/* A pipe or a device. */
static bool is_stream(const char *path)
{
    struct stat there;
    return stat(path, &there) == 0 && !S_ISREG(there.st_mode) && !S_ISDIR(there.st_mode);
}

int covering_check(const struct usage *usage, struct covering *c, char *const *files, size_t count)
{
    if (!c->path)
        return c->with ? usage_error(usage, "--redact-with says what is heard in a file of --redact-audio") : 0;
    for (size_t i = 0; i < count; i++)
        if (strcmp(files[i], "-") == 0 || is_stream(files[i]))
            return usage_error(usage, "--redact-audio: %s can be read once only, so it must be a file",
                               strcmp(files[i], "-") == 0 ? "standard input" : files[i]);
    c->folder = count > 1 || is_folder(c->path);
    return 0;
}

/* Whether sound files of this ending can be both read and written. */
static bool keeps_ending(const char *ending)
{
    static const char *const endings[] = {".wav", ".wave", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".au", ".snd"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (strcasecmp(ending, endings[i]) == 0)
            return true;
    return false;
}

/* The name in the folder: the recording's own, where that can be written, else NAME.wav; the caller's. NULL: memory ran
 * out. */
static char *name_in_folder(const void *files, size_t index)
{
    const char *file = ((char *const *)files)[index];
    const char *slash = strrchr(file, '/');
    const char *base = slash ? slash + 1 : file, *dot = strrchr(base, '.');
    const bool keeps = dot && dot != base && keeps_ending(dot);
    struct text name = {0};
    text_add_bytes(&name, base, dot && dot != base && !keeps ? (size_t)(dot - base) : strlen(base));
    if (!keeps)
        text_add(&name, ".wav");
    if (name.failed)
        text_free(&name);
    return name.data;
}

int covering_prepare(const struct usage *usage, const struct covering *c, char *const *files, size_t count)
{
    if (!c->path || !c->folder)
        return 0;
    const int status = output_check_names(usage, c->path, name_in_folder, files, count);
    return status ? status : output_directory(c->path);
}

void covering_write(const struct covering *c, const struct utter_source *source,
                    const struct utter_transcript *transcript, enum utter_channels channels, char *message, size_t size)
{
    struct utter_cover_params params;
    struct utter_sink_params sink;
    struct text path = {0};
    char *name = c->folder ? name_in_folder(&source->path, 0) : NULL;
    utter_cover_params_init(&params);
    utter_sink_params_init(&sink);
    params.channels = channels;
    params.with = c->with && strcmp(c->with, "beep") == 0 ? UTTER_COVER_BEEP : UTTER_COVER_SILENCE;
    text_add(&path, c->path);
    if (c->folder) {
        text_add(&path, "/");
        text_add(&path, name ? name : "");
    }
    sink.path = path.data;
    if (path.failed || (c->folder && !name))
        snprintf(message, size, "memory ran out");
    else if (utter_cover(source, transcript->redacted, transcript->redacted_count, &params, &sink) < 0)
        snprintf(message, size, "%s", utter_error_message());
    text_free(&path);
    free(name);
}
