#include "src/caller.h"

/* Who is inside: nobody, a call, or a call during which somebody else closed the handle. */
enum use { USE_NONE = 0, USE_CALL, USE_CLOSED };

int caller_enter(struct caller *caller, const char *handle, struct fault *fault)
{
    int nobody = USE_NONE;
    if (atomic_compare_exchange_strong(&caller->use, &nobody, USE_CALL))
        return 0;
    return fail(fault, UTTER_ERROR_STATE,
                "another thread is inside a call on this %s, which belongs to one thread at a time", handle);
}

bool caller_leave(struct caller *caller)
{
    int inside = USE_CALL;
    return !atomic_compare_exchange_strong(&caller->use, &inside, USE_NONE);
}

/* engine is the caller's own copy of the pointer: the call inside may end, and the handle with it, at any moment. */
bool caller_close(struct caller *caller, const utter_engine *engine, const char *handle)
{
    int inside = USE_CALL;
    if (!atomic_compare_exchange_strong(&caller->use, &inside, USE_CLOSED))
        return true;
    engine_log(engine, UTTER_LOG_ERROR,
               "a %s was closed while another thread was inside a call on it; it ends with that call", handle);
    return false;
}
