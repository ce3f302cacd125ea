#include "src/engine.h"

#include "models/cpu/cpu.h"
#include "models/cuda/cuda.h"
#include "src/base/memory.h"
#include "src/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_LIMIT = 256, CARDS_LIMIT = 1000 };

void engine_log(const utter_engine *engine, enum utter_log_level level, const char *format, ...)
{
    if (!engine->log || level > engine->log_level)
        return;
    char text[FAULT_MESSAGE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    engine->log(engine->log_context, level, text);
}

static int check_params(const struct utter_engine_params *params, struct fault *fault)
{
    if (params->threads < 0 || params->threads > THREADS_LIMIT)
        return fail(fault, UTTER_ERROR_ARGUMENT, "threads is %d, and must be 0 to %d", params->threads, THREADS_LIMIT);
    if ((int)params->log_level < UTTER_LOG_NONE || (int)params->log_level > UTTER_LOG_DEBUG)
        return fail(fault, UTTER_ERROR_ARGUMENT, "log_level is %d, which is no level", (int)params->log_level);
    return 0;
}

/* The number of a card, from "cuda" (0) or "cuda:N"; -1 where the name is not of that form. */
static int card_of(const char *device)
{
    if (strncmp(device, "cuda", 4) != 0)
        return -1;
    if (!device[4])
        return 0;
    if (device[4] != ':' || device[5] < '0' || device[5] > '9')
        return -1;
    char *end;
    long card = strtol(device + 5, &end, 10);
    return *end || card > CARDS_LIMIT ? -1 : (int)card;
}

/* The GPU where there is one that can be used; else the CPU, and the log says why. */
static int open_any_device(utter_engine *engine, struct fault *fault)
{
    struct fault why = {0};
    if (!cuda_device_open(&engine->device, engine->threads, 0, &why))
        return 0;
    engine_log(engine, why.code == UTTER_ERROR_UNSUPPORTED ? UTTER_LOG_INFO : UTTER_LOG_WARNING,
               "computing on the CPU: %s", why.message);
    return cpu_device_open(&engine->device, engine->threads, CPU_BEST, fault);
}

static int open_device(utter_engine *engine, const char *name, struct fault *fault)
{
    if (!name || !strcmp(name, "auto"))
        return open_any_device(engine, fault);
    if (!strcmp(name, "cpu"))
        return cpu_device_open(&engine->device, engine->threads, CPU_BEST, fault);
    int card = card_of(name);
    if (card < 0)
        return fail(fault, UTTER_ERROR_ARGUMENT,
                    "device \"%.40s\" is neither \"auto\", \"cpu\", \"cuda\" nor \"cuda:N\"", name);
    return cuda_device_open(&engine->device, engine->threads, card, fault);
}

static int open_engine(utter_engine **out, const struct utter_engine_params *given, struct fault *fault)
{
    struct utter_engine_params params;
    if (need_pointer(out, "engine", fault) ||
        params_read(&params, sizeof params, given, "utter_engine_params", fault) || check_params(&params, fault))
        return fault->code;
    utter_engine *engine = memory_new(1, sizeof *engine);
    if (!engine)
        return fail_memory(fault, "an engine");
    engine->log = params.log;
    engine->log_context = params.log_context;
    engine->log_level = params.log_level;
    if (thread_pool_open(&engine->threads, params.threads, fault) || open_device(engine, params.device, fault)) {
        utter_engine_close(&engine);
        return fault->code;
    }
    engine_log(engine, UTTER_LOG_INFO, "engine: %s, %d threads", engine->device->name,
               thread_pool_size(engine->threads));
    *out = engine;
    return 0;
}

int utter_engine_open(utter_engine **engine, const struct utter_engine_params *params)
{
    struct fault fault = {0};
    open_engine(engine, params, &fault);
    return message_publish(&fault);
}

void utter_engine_close(utter_engine **engine)
{
    if (!engine || !*engine)
        return;
    device_close(&(*engine)->device);
    if ((*engine)->threads)
        thread_pool_close(&(*engine)->threads);
    free(*engine);
    *engine = NULL;
}
