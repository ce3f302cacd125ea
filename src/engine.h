/* engine.h - what an engine is inside: a pool of threads, a device on them, and where log lines go. */
#ifndef SRC_ENGINE_H
#define SRC_ENGINE_H

#include "models/tensor/ops.h"

struct utter_engine {
    struct thread_pool *threads;
    struct device *device;
    utter_log_callback log;
    void *log_context;
    enum utter_log_level log_level;
};

/* One line for the engine's log callback, when there is one and it asked for the level. */
void engine_log(const utter_engine *engine, enum utter_log_level level, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

#endif
