#include "src/base/error.h"

#include <stdarg.h>
#include <stdio.h>

int fail(struct fault *fault, int code, const char *format, ...)
{
    if (!fault)
        return code;
    if (fault->code)
        return fault->code;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(fault->message, sizeof fault->message, format, arguments);
    va_end(arguments);
    fault->code = code;
    return code;
}

int fail_memory(struct fault *fault, const char *what)
{
    return fail(fault, UTTER_ERROR_MEMORY, "memory ran out for %s", what);
}

void fault_clear(struct fault *fault)
{
    fault->code = 0;
    fault->message[0] = 0;
}
