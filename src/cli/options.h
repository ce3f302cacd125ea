/* options.h - the words of a command line, read by a table that also prints the help. */
#ifndef CLI_OPTIONS_H
#define CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

enum option_kind {
    OPTION_FLAG,    /* bool: no value */
    OPTION_TEXT,    /* const char *: any value that is not empty */
    OPTION_MAYBE,   /* const char *: "" without a value, which only "--name=value" gives */
    OPTION_CHOICE,  /* const char *: one of the words in choices, divided by '|' */
    OPTION_INTEGER, /* int in [least, most] */
    OPTION_NUMBER   /* double in [least, most] */
};

struct option_spec {
    const char *name; /* without the dashes; "file,f" may be given as --file or as -f */
    enum option_kind kind;
    void *target;      /* where the value goes; untouched when the option is not given */
    const char *value; /* what the help calls the value; for a choice also the choices; NULL for a flag */
    double least, most;
    const char *help;
};

struct usage {
    const char *command;  /* "utter transcribe" */
    const char *synopsis; /* what follows the command */
    const char *summary;  /* one or more lines */
    const char *notes;    /* after the options; may be NULL */
    const struct option_spec *options;
    size_t option_count;
};

/* Reads argv, moving what is no option to its front, in order. "--name value", "--name=value", "--" ends the options,
 * "-" is no option, "-f VALUE" is one of a letter, "-h" and "--help" print the help on standard output. A repeated
 * option: the last one counts. Returns how many words are no options, or -1 with *status set to what the command must
 * return at once. */
int options_parse(const struct usage *usage, int argc, char **argv, int *status);

/* Prints one sentence and how to get help on standard error; returns EXIT_USAGE. */
int usage_error(const struct usage *usage, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

#endif
