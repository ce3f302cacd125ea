#include "src/engine.h"

#include "models/cpu/cpu.h"
#include "src/base/memory.h"
#include "src/message.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { THREADS_LIMIT = 256 };

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
    const char *device = params->device;
    if (!device || !strcmp(device, "auto") || !strcmp(device, "cpu"))
        return 0;
    if (!strncmp(device, "cuda", 4) && (!device[4] || device[4] == ':'))
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "device \"%.40s\": this build of the library has no CUDA", device);
    return fail(fault, UTTER_ERROR_ARGUMENT, "device \"%.40s\" is neither \"auto\" nor \"cpu\"", device);
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
    if (thread_pool_open(&engine->threads, params.threads, fault) ||
        cpu_device_open(&engine->device, engine->threads, CPU_AVX512, fault)) {
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
    if ((*engine)->device)
        cpu_device_close(&(*engine)->device);
    if ((*engine)->threads)
        thread_pool_close(&(*engine)->threads);
    free(*engine);
    *engine = NULL;
}
