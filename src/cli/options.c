/* options.c - see options.h. */
#include "options.h"

#include "command.h"
#include "output.h"
#include "text.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int usage_error(const struct usage *usage, const char *format, ...)
{
    va_list arguments;
    fprintf(stderr, "%s: ", usage->command);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, "\nTry '%s --help'.\n", usage->command);
    return EXIT_USAGE;
}

/* Of "file,f": how long the name is, and the letter, or 0. */
static int name_length(const struct option_spec *option)
{
    return (int)strcspn(option->name, ",");
}

static char letter_of(const struct option_spec *option)
{
    return option->name[name_length(option)] ? option->name[name_length(option) + 1] : '\0';
}

static int print_help(const struct usage *usage)
{
    struct text text = {0};
    text_format(&text, "usage: %s %s\n%s\n", usage->command, usage->synopsis, usage->summary);
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct option_spec *option = &usage->options[i];
        char left[128];
        char letter[8] = "";
        if (letter_of(option))
            snprintf(letter, sizeof letter, "-%c, ", letter_of(option));
        const char *between = option->kind == OPTION_MAYBE ? "" : " ";
        snprintf(left, sizeof left, "%s--%.*s%s%s", letter, name_length(option), option->name,
                 option->value ? between : "", option->value ? option->value : "");
        if (strlen(left) > 22)
            text_format(&text, "  %s\n%26s%s\n", left, "", option->help);
        else
            text_format(&text, "  %-22s  %s\n", left, option->help);
    }
    text_format(&text, "  %-22s  %s\n", "-h, --help", "this text");
    if (usage->notes)
        text_format(&text, "%s\n", usage->notes);
    bool written = output_text(&text);
    text_free(&text);
    return written ? EXIT_DONE : EXIT_SOME_FAILED;
}

static bool is_choice(const char *choices, const char *value)
{
    size_t length = strlen(value);
    for (const char *at = choices; length && at; at = strchr(at, '|')) {
        at += *at == '|';
        if (strncmp(at, value, length) == 0 && (at[length] == '|' || at[length] == '\0') && !strchr(value, '|'))
            return true;
    }
    return false;
}

static bool read_number(const struct option_spec *option, const char *value, double *number)
{
    char *end;
    errno = 0;
    *number = option->kind == OPTION_INTEGER ? (double)strtol(value, &end, 10) : strtod(value, &end);
    return end != value && *end == '\0' && !errno && isfinite(*number) && *number >= option->least &&
           *number <= option->most;
}

/* Stores the value; false after a message when it is not one that the option takes. */
static bool store(const struct usage *usage, const struct option_spec *option, const char *value)
{
    double number = 0;
    switch (option->kind) {
    case OPTION_FLAG:
        *(bool *)option->target = true;
        return true;
    case OPTION_TEXT:
        if (!*value) {
            usage_error(usage, "--%.*s needs a value that is not empty", name_length(option), option->name);
            return false;
        }
        *(const char **)option->target = value;
        return true;
    case OPTION_MAYBE:
        *(const char **)option->target = value;
        return true;
    case OPTION_CHOICE:
        if (!is_choice(option->value, value)) {
            usage_error(usage, "--%.*s is one of %s, not '%s'", name_length(option), option->name, option->value,
                        value);
            return false;
        }
        *(const char **)option->target = value;
        return true;
    case OPTION_INTEGER:
    case OPTION_NUMBER:
        if (!read_number(option, value, &number)) {
            usage_error(usage, "--%.*s is %s from %g to %g, not '%s'", name_length(option), option->name,
                        option->kind == OPTION_INTEGER ? "a whole number" : "a number", option->least, option->most,
                        value);
            return false;
        }
        if (option->kind == OPTION_INTEGER)
            *(int *)option->target = (int)number;
        else
            *(double *)option->target = number;
        return true;
    }
    return false;
}

static const struct option_spec *find(const struct usage *usage, const char *name, size_t length)
{
    for (size_t i = 0; i < usage->option_count; i++)
        if ((size_t)name_length(&usage->options[i]) == length && strncmp(usage->options[i].name, name, length) == 0)
            return &usage->options[i];
    return NULL;
}

static const struct option_spec *find_letter(const struct usage *usage, char letter)
{
    for (size_t i = 0; i < usage->option_count; i++)
        if (letter_of(&usage->options[i]) == letter)
            return &usage->options[i];
    return NULL;
}

/* Reads the option "-f" at argv[*at], and moves *at to its value. */
static bool read_letter(const struct usage *usage, int argc, char **argv, int *at)
{
    const char *word = argv[*at];
    const struct option_spec *option = word[2] ? NULL : find_letter(usage, word[1]);
    if (!option) {
        usage_error(usage, "unknown option %s", word);
        return false;
    }
    const bool alone = option->kind == OPTION_FLAG || option->kind == OPTION_MAYBE;
    if (!alone && *at + 1 >= argc) {
        usage_error(usage, "%s needs a value", word);
        return false;
    }
    return store(usage, option, alone ? "" : argv[++*at]);
}

/* Reads the option at argv[*at], which begins with "--", and moves *at to its last word. */
static bool read_option(const struct usage *usage, int argc, char **argv, int *at)
{
    const char *name = argv[*at] + 2;
    const char *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const struct option_spec *option = find(usage, name, length);
    if (!option) {
        usage_error(usage, "unknown option --%.*s", (int)length, name);
        return false;
    }
    if (option->kind == OPTION_MAYBE && !equals)
        return store(usage, option, "");
    if (option->kind == OPTION_FLAG) {
        if (equals)
            usage_error(usage, "--%.*s takes no value", name_length(option), option->name);
        return !equals && store(usage, option, "");
    }
    if (equals)
        return store(usage, option, equals + 1);
    if (*at + 1 >= argc) {
        usage_error(usage, "--%.*s needs a value", name_length(option), option->name);
        return false;
    }
    return store(usage, option, argv[++*at]);
}

int options_parse(const struct usage *usage, int argc, char **argv, int *status)
{
    int kept = 0;
    bool ended = false;
    *status = EXIT_USAGE;
    for (int i = 0; i < argc; i++) {
        const char *word = argv[i];
        if (ended || word[0] != '-' || strcmp(word, "-") == 0) {
            argv[kept++] = argv[i];
        } else if (strcmp(word, "--") == 0) {
            ended = true;
        } else if (strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0) {
            *status = print_help(usage);
            return -1;
        } else if (word[1] != '-' ? !read_letter(usage, argc, argv, &i) : !read_option(usage, argc, argv, &i)) {
            return -1;
        }
    }
    return kept;
}
