/* error.h - how a failure travels inside the library.
 *
 * A function that can fail returns 0 or a negative enum utter_error and writes one sentence into the
 * struct fault that its caller handed it. The codes are those of the public header, so that none is
 * ever translated. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "src/include/utter.h"

enum { FAULT_MESSAGE_SIZE = 512 };

struct fault {
    int code; /* 0, or the enum utter_error of the first failure */
    char message[FAULT_MESSAGE_SIZE];
};

/* Records the failure and returns code, so that callers write `return fail(fault, …);`. The first failure wins: a
 * later one on the same fault is dropped, since it is usually the echo of the first. fault may be NULL. */
int fail(struct fault *fault, int code, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 3, 4)))
#endif
    ;

/* fail() with UTTER_ERROR_MEMORY and the one sentence for it; what: "a session's arena". */
int fail_memory(struct fault *fault, const char *what);

void fault_clear(struct fault *fault);

#endif
