/* screen.c - see screen.h. */
#include "screen.h"

#include "output.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char grey[] = "\033[90m", plain[] = "\033[0m", more[] = "\342\200\246"; /* … */

static struct {
    bool open, colour, reflows;
    size_t drawn, width; /* columns in use, 0 when hidden; and those that the terminal had */
    struct text label, certain, tentative;
} row;

static size_t terminal_width(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

bool screen_open(void)
{
    const char *terminal = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    row.open = isatty(STDOUT_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
    row.colour = !no_colour || !*no_colour;
    /* When a terminal gets narrower, nearly all of them break a row that is too long into two; xterm cuts it off. */
    row.reflows = !getenv("XTERM_VERSION");
    return row.open;
}

/* The part of text that begins after skip columns, which may fall into the middle of a wide character. */
static const char *skip_columns(const char *text, size_t skip)
{
    size_t skipped = 0;
    while (*text && skipped < skip)
        skipped += utf8_columns(utf8_next(&text));
    const char *next = text;
    while (*text && utf8_columns(utf8_next(&next)) == 0) /* marks of the character that went */
        text = next;
    return text;
}

size_t screen_compose(struct text *out, const char *label, const char *certain, const char *tentative, size_t width,
                      bool colour)
{
    size_t first = text_columns(certain), second = text_columns(tentative), head = text_columns(label);
    size_t gap = first && second;
    if (head + 8 > width)
        head = 0;
    if (head)
        text_add(out, label);
    size_t room = width - head, all = first + gap + second;
    if (room == 0)
        return 0;
    if (all > room) {
        size_t skip = all - room + 1;
        text_add(out, more);
        head++;
        const char *rest = skip_columns(tentative, skip > first + gap ? skip - first - gap : 0);
        certain = skip_columns(certain, skip);
        gap = gap && skip <= first;
        tentative = rest;
    }
    text_add(out, certain);
    text_add(out, gap ? " " : "");
    if (*tentative) {
        text_add(out, colour ? grey : "");
        text_add(out, tentative);
        text_add(out, colour ? plain : "");
    }
    return head + text_columns(certain) + gap + text_columns(tentative);
}

/* Moves to the row's beginning and clears what was drawn, which a narrower terminal has broken into several. */
static void erase(struct text *out, size_t width)
{
    size_t above = row.reflows && row.drawn > width ? (row.drawn - 1) / width : 0;
    text_add(out, "\r");
    if (above)
        text_format(out, "\033[%zuA", above);
    text_add(out, above ? "\033[J" : "\033[K");
}

static bool draw(void)
{
    struct text out = {0};
    size_t width = terminal_width();
    erase(&out, width);
    /* The last column stays free: some terminals wrap there. */
    row.drawn = screen_compose(&out, row.label.data, row.certain.data, row.tentative.data, width - 1, row.colour);
    row.width = width;
    bool written = output_text(&out);
    text_free(&out);
    return written;
}

static void keep(struct text *text, const char *string)
{
    text_clear(text);
    text_add(text, string);
}

bool screen_show(const char *label, const char *certain, const char *tentative)
{
    if (!row.open)
        return true;
    keep(&row.label, label);
    keep(&row.certain, certain);
    keep(&row.tentative, tentative);
    return row.label.failed || row.certain.failed || row.tentative.failed || draw();
}

bool screen_refresh(void)
{
    return !row.open || !row.drawn || terminal_width() == row.width || draw();
}

bool screen_hide(void)
{
    struct text out = {0};
    if (!row.open || !row.drawn)
        return true;
    erase(&out, terminal_width());
    row.drawn = 0;
    bool written = output_text(&out);
    text_free(&out);
    return written;
}
