/* caller.h - handles that belong to one thread at a time: a second caller is told so instead of meeting half-changed
 * memory, and a handle that is closed inside another thread's call lives until that call ends. */
#ifndef SRC_CALLER_H
#define SRC_CALLER_H

#include "src/engine.h"

#include <stdatomic.h>

/* Begins zeroed: nobody is inside. */
struct caller {
    atomic_int use;
};

/* Every call begins with enter and, where that gave 0, ends with leave. handle: "session". Errors: STATE. */
int caller_enter(struct caller *caller, const char *handle, struct fault *fault);
/* True where the handle was closed meanwhile: the caller frees it now. */
bool caller_leave(struct caller *caller);
/* True where nobody is inside: the caller frees it now. Else the call inside will, and the engine's log says so. */
bool caller_close(struct caller *caller, const utter_engine *engine, const char *handle);

#endif
