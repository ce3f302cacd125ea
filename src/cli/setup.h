/* setup.h - the options that every subcommand shares that runs a model, and the engine and model they ask for. */
#ifndef CLI_SETUP_H
#define CLI_SETUP_H

#include "options.h"
#include "utter.h"

struct setup {
    const char *model;
    const char *device;
    const char *precision;
    int threads; /* 0: one per core */
    utter_engine *engine;
    utter_model *opened;
    struct utter_model_info info;
    double load_seconds; /* for engine and model */
};

/* Of those, what does not depend on what is run: a model or a voice. */
#define ENGINE_OPTIONS(setup)                                                                                          \
    {"device", OPTION_TEXT, &(setup).device, "auto|cpu|cuda|cuda:N", 0, 0, "where to compute"},                        \
        {"threads", OPTION_INTEGER, &(setup).threads, "N", 1, 256, "processor threads in all (default: every core)"},  \
    {                                                                                                                  \
        "precision", OPTION_CHOICE, &(setup).precision, "auto|f32|bf16|f16|int8|fp8", 0, 0, "what to compute with"     \
    }

#define SETUP_OPTIONS(setup)                                                                                           \
    {"model",                                                                                                          \
     OPTION_TEXT,                                                                                                      \
     &(setup).model,                                                                                                   \
     "NAME|PATH",                                                                                                      \
     0,                                                                                                                \
     0,                                                                                                                \
     "a model that ships (default: en), a directory or a file"},                                                       \
        ENGINE_OPTIONS(setup)

/* Refuses devices that this version does not have. Returns 0, or EXIT_USAGE after a message. */
int setup_check(const struct usage *usage, const struct setup *setup);

/* Opens engine and model; jobs: how many sessions will run at once, which share the threads. shape: NULL, or a
 * published shape with random weights instead of the model. Returns 0, or an exit status after a message. */
int setup_open(struct setup *setup, int jobs, const char *shape);
void setup_close(struct setup *setup);

/* The engine alone. Returns as setup_open. */
int setup_open_engine(struct setup *setup, int jobs);
enum utter_precision setup_precision(const char *name); /* NULL: AUTO */

/* --language is checked before the work begins. Returns as setup_open. */
int setup_check_language(const struct setup *setup, const char *language);

int setup_threads(const struct setup *setup); /* the threads asked for, or one per core */

/* Reads from a descriptor, waiting for some: bytes, 0 at its end, -1 on failure or when stopping(). context: const int
 * *, or NULL for standard input. */
int64_t setup_read_input(void *context, void *buffer, size_t size);
/* A source that reads standard input in pieces, and stops reading when stopping(). */
void setup_standard_input(struct utter_source *source);
/* A source that reads a file: one that cannot seek (a pipe, a device) as standard input is read. *descriptor: to be
 * closed once the source was read, or -1; it is to live as long as the source. */
void setup_path(struct utter_source *source, const char *path, int *descriptor);

#endif
