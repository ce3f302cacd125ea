/* output.c - see output.h. */
#include "output.h"

#include "command.h"
#include "options.h"
#include "progress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static mode_t file_mode = 0600;
static FILE *messages; /* NULL: standard error as it is */

static int write_all(int descriptor, const char *bytes, size_t count)
{
    while (count > 0) {
        ssize_t written = write(descriptor, bytes, count);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        bytes += written;
        count -= (size_t)written;
    }
    return 0;
}

bool output_bytes(const void *bytes, size_t count)
{
    int error = write_all(STDOUT_FILENO, bytes, count);
    errno = error;
    return !error;
}

bool output_text(const struct text *text)
{
    static bool said;
    progress_hide();
    int error = text->failed ? ENOMEM : write_all(STDOUT_FILENO, text->data, text->length);
    if (error && error != EPIPE && !said) {
        said = true;
        complain("standard output: %s", strerror(error));
    }
    return !error;
}

bool output_file(const char *directory, const char *name, const struct text *text, char *message, size_t size)
{
    struct text path = {0}, temporary = {0};
    text_format(&path, "%s/%s", directory, name);
    text_format(&temporary, "%s/.utter-XXXXXX", directory);
    int error = path.failed || temporary.failed || text->failed ? ENOMEM : 0;
    int descriptor = error ? -1 : mkstemp(temporary.data);
    if (!error && descriptor < 0)
        error = errno;
    if (descriptor >= 0) {
        error = fchmod(descriptor, file_mode) ? errno : 0; /* mkstemp makes files that only their owner reads */
        if (!error)
            error = write_all(descriptor, text->data, text->length);
        if (close(descriptor) && !error)
            error = errno;
        if (!error && rename(temporary.data, path.data))
            error = errno;
        if (error)
            unlink(temporary.data);
    }
    if (error)
        snprintf(message, size, "%s/%s: cannot be written: %s", directory, name, strerror(error));
    text_free(&path);
    text_free(&temporary);
    return !error;
}

void complain(const char *format, ...)
{
    char message[2048];
    struct text line = {0};
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    text_add(&line, "utter: ");
    text_add_line(&line, message); /* a file's name may hold line feeds and a terminal's escapes */
    text_add(&line, "\n");
    progress_hide();
    output_message(line.failed ? "utter: memory ran out\n" : line.data);
    text_free(&line);
}

void output_message(const char *text)
{
    fputs(text, messages ? messages : stderr);
}

void output_own_messages(void)
{
    int kept = messages ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    int nowhere = kept < 0 ? -1 : open("/dev/null", O_WRONLY);
    messages = nowhere < 0 ? messages : fdopen(kept, "w");
    if (messages && nowhere >= 0) {
        setvbuf(messages, NULL, _IOLBF, 0);
        dup2(nowhere, STDERR_FILENO);
    } else if (kept >= 0) {
        close(kept);
    }
    if (nowhere >= 0)
        close(nowhere);
}

bool output_is_wanted(void)
{
    struct pollfd reader = {.fd = STDOUT_FILENO};
    return poll(&reader, 1, 0) <= 0 || !(reader.revents & (POLLERR | POLLHUP));
}

void complain_about(const char *thing, const char *message)
{
    if (strstr(message, thing))
        complain("%s", message);
    else
        complain("%s: %s", thing, message);
}

void output_prepare(void)
{
    struct sigaction ignore;
    memset(&ignore, 0, sizeof ignore);
    ignore.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &ignore, NULL); /* a reader that went away */
    sigaction(SIGXFSZ, &ignore, NULL); /* a file that may not grow further */
    mode_t mask = umask(0);
    umask(mask);
    file_mode = 0666 & ~mask;
    /* Opened the wrong way round: what is then written to a closed standard output fails instead of vanishing. */
    for (int descriptor = 0; descriptor <= 2; descriptor++)
        if (fcntl(descriptor, F_GETFD) < 0 && open("/dev/null", descriptor == 0 ? O_WRONLY : O_RDONLY) < 0)
            return;
}

/* ---- folders ---- */

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static int names_differ(const struct usage *usage, const char *directory, char **names, size_t count)
{
    qsort(names, count, sizeof *names, by_name);
    for (size_t i = 1; i < count; i++)
        if (strcmp(names[i - 1], names[i]) == 0)
            return usage_error(usage, "two of the files would both be written to %s/%s", directory, names[i]);
    return 0;
}

int output_check_names(const struct usage *usage, const char *directory,
                       char *(*name_of)(const void *context, size_t index), const void *context, size_t count)
{
    char **names = calloc(count + 1, sizeof *names);
    size_t named = 0;
    while (names && named < count && (names[named] = name_of(context, named)))
        named++;
    const bool whole = names && named == count;
    const int status = whole ? names_differ(usage, directory, names, count) : EXIT_SOME_FAILED;
    for (size_t i = 0; i < named; i++)
        free(names[i]);
    free(names);
    if (!whole)
        complain("memory ran out");
    return status;
}

int output_directory(const char *path)
{
    struct stat there;
    if (mkdir(path, 0777) && errno != EEXIST) {
        complain("%s: cannot be made: %s", path, strerror(errno));
        return EXIT_SOME_FAILED;
    }
    if (stat(path, &there) || !S_ISDIR(there.st_mode)) {
        complain("%s: not a directory", path);
        return EXIT_SOME_FAILED;
    }
    return 0;
}
