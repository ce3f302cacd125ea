/* command.h - the subcommands of `utter` and what they return to the shell. */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

enum exit_status {
    EXIT_DONE = 0,
    EXIT_SOME_FAILED = 1, /* an input, an output or the model failed; each was named on standard error */
    EXIT_USAGE = 2        /* the command line asks for something that is wrong, or not in this version */
};

/* Each gets the words after its own name and returns an exit status, or 128 + a signal's number. */
int command_transcribe(int argc, char **argv);
int command_eval(int argc, char **argv);
int command_bench(int argc, char **argv);
int command_model(int argc, char **argv);
int command_lm(int argc, char **argv);
int command_listen(int argc, char **argv);
int command_speak(int argc, char **argv);

#endif
