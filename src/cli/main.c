/* main.c - `utter`: finds the subcommand. */
#include "command.h"
#include "output.h"
#include "utter.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *name, *about;
    int (*run)(int argc, char **argv); /* NULL: not in this version */
} commands[] = {
    {"transcribe", "recordings to text, JSON, subtitles or tables", command_transcribe},
    {"listen", "a microphone to text, while it is spoken", command_listen},
    {"speak", "text to a voice, in a loudspeaker or a file", command_speak},
    {"eval", "word error rate on labelled recordings", command_eval},
    {"bench", "the time and memory of each stage", command_bench},
    {"model", "look into models: inspect, list", command_model},
    {"lm", "make language models: build", command_lm},
    {"serve", NULL, NULL},
    {"batch", NULL, NULL},
};

static int print(const char *string)
{
    struct text text = {0};
    text_add(&text, string);
    bool written = output_text(&text);
    text_free(&text);
    return written ? EXIT_DONE : EXIT_SOME_FAILED;
}

static int print_help(void)
{
    struct text text = {0};
    text_add(&text, "usage: utter COMMAND [options]\nTurns speech into text, and text into speech.\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (commands[i].run)
            text_format(&text, "  %-12s %s\n", commands[i].name, commands[i].about);
    text_add(&text, "\n  --version    the version\n  --help       this text; after a COMMAND, its options\n");
    bool written = output_text(&text);
    text_free(&text);
    return written ? EXIT_DONE : EXIT_SOME_FAILED;
}

static int print_version(void)
{
    char line[64];
    snprintf(line, sizeof line, "utter %s\n", utter_version());
    return print(line);
}

int main(int argc, char **argv)
{
    output_prepare();
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "--version") == 0)
        return print_version();
    if (strcmp(name, "-h") == 0 || strcmp(name, "--help") == 0 || strcmp(name, "help") == 0)
        return print_help();
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
        if (strcmp(name, commands[i].name) != 0)
            continue;
        if (commands[i].run)
            return commands[i].run(argc - 2, argv + 2);
        complain("%s is not in this version", name);
        return EXIT_USAGE;
    }
    if (*name)
        complain("no such command: %s", name);
    else
        complain("a command is missing");
    fputs("Try 'utter --help'.\n", stderr);
    return EXIT_USAGE;
}
