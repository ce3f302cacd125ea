/* progress.c - see progress.h. There is one terminal, hence one bar: its state is static. */
#include "progress.h"

#include "clock.h"
#include "jobs.h"
#include "text.h"

#include <math.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static struct {
    bool open, shown;
    size_t files, finished;
    double finished_seconds;
    double fraction[JOBS_AHEAD], seconds[JOBS_AHEAD]; /* of the files under way, at index modulo JOBS_AHEAD */
    double started, drawn;
    pthread_mutex_t lock;
} bar = {.lock = PTHREAD_MUTEX_INITIALIZER};

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

void progress_open(size_t files)
{
    const char *terminal = getenv("TERM");
    pthread_mutex_lock(&bar.lock);
    bar.open = isatty(STDERR_FILENO) && (!terminal || strcmp(terminal, "dumb") != 0);
    bar.files = files;
    bar.finished = 0;
    bar.finished_seconds = 0;
    bar.started = clock_now();
    bar.drawn = 0;
    memset(bar.fraction, 0, sizeof bar.fraction);
    memset(bar.seconds, 0, sizeof bar.seconds);
    pthread_mutex_unlock(&bar.lock);
}

static void hide(void)
{
    if (bar.shown)
        fputs("\r\033[K", stderr);
    bar.shown = false;
}

/* The text of the line in at most width columns: "3/10 [####    ]  42% 1:02:03 512x name". What does not fit goes,
 * the name first, then the bar. */
static void compose(struct text *line, const char *name, size_t width)
{
    double fraction = (double)bar.finished, seconds = bar.finished_seconds;
    for (size_t i = 0; i < JOBS_AHEAD; i++) {
        fraction += bar.fraction[i];
        seconds += bar.seconds[i];
    }
    fraction = bar.files ? fmin(1, fraction / (double)bar.files) : 0;
    char left[48], right[80];
    double elapsed = clock_now() - bar.started;
    long whole = (long)seconds;
    snprintf(left, sizeof left, "%zu/%zu ", bar.finished, bar.files);
    snprintf(right, sizeof right, " %3.0f%% %ld:%02ld:%02ld %.0fx", 100 * fraction, whole / 3600, whole / 60 % 60,
             whole % 60, elapsed > 0 ? seconds / elapsed : 0);
    size_t used = strlen(left) + strlen(right);
    size_t cells = width > used + 12 ? width - used - 2 : 0;
    if (cells > 24)
        cells = 24;
    text_add(line, left);
    if (cells) {
        text_add(line, "[");
        for (size_t i = 0; i < cells; i++)
            text_add(line, (double)i < fraction * (double)cells ? "#" : " ");
        text_add(line, "]");
    }
    text_add(line, right);
    if (width > line->length + 9) {
        text_add(line, " ");
        text_add_line(line, name);
    }
}

static void draw(const char *name)
{
    struct text line = {0};
    size_t width = terminal_width() - 1; /* the last column stays free: some terminals wrap there */
    compose(&line, name, width);
    const char *end = line.data;
    for (size_t i = 0; i < width && end && *end; i++)
        utf8_next(&end);
    if (!line.failed)
        fprintf(stderr, "\r%.*s\033[K", (int)(end - line.data), line.data);
    bar.shown = true;
    bar.drawn = clock_now();
    text_free(&line);
}

void progress_update(size_t index, const char *name, double done, double total)
{
    pthread_mutex_lock(&bar.lock);
    if (bar.open) {
        bar.fraction[index % JOBS_AHEAD] = total > 0 ? fmax(0, fmin(1, done / total)) : 0;
        bar.seconds[index % JOBS_AHEAD] = done;
        if (clock_now() - bar.drawn >= 0.1)
            draw(name);
    }
    pthread_mutex_unlock(&bar.lock);
}

void progress_finish(size_t index, double seconds)
{
    pthread_mutex_lock(&bar.lock);
    bar.fraction[index % JOBS_AHEAD] = 0;
    bar.seconds[index % JOBS_AHEAD] = 0;
    bar.finished++;
    bar.finished_seconds += seconds;
    pthread_mutex_unlock(&bar.lock);
}

void progress_hide(void)
{
    pthread_mutex_lock(&bar.lock);
    hide();
    pthread_mutex_unlock(&bar.lock);
}

void progress_close(void)
{
    pthread_mutex_lock(&bar.lock);
    hide();
    bar.open = false;
    pthread_mutex_unlock(&bar.lock);
}
