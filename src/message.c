#include "src/message.h"

#include <string.h>

/* Far above any struct of ours: a struct_size beyond it was never set, and must not be read through. */
enum { STRUCT_SIZE_LIMIT = 4096 };

static _Thread_local struct fault last_failure;

int message_publish(const struct fault *fault)
{
    if (fault->code)
        last_failure = *fault;
    return fault->code;
}

const char *utter_error_message(void)
{
    return last_failure.message;
}

const char *utter_error_name(int error)
{
    switch (error) {
    case UTTER_OK:
        return "no error";
    case UTTER_ERROR_ARGUMENT:
        return "argument error";
    case UTTER_ERROR_MEMORY:
        return "out of memory";
    case UTTER_ERROR_IO:
        return "input or output error";
    case UTTER_ERROR_AUDIO:
        return "audio error";
    case UTTER_ERROR_MODEL:
        return "model error";
    case UTTER_ERROR_UNSUPPORTED:
        return "unsupported";
    case UTTER_ERROR_DEVICE:
        return "device error";
    case UTTER_ERROR_CANCELLED:
        return "cancelled";
    case UTTER_ERROR_STATE:
        return "state error";
    default:
        return "unknown error";
    }
}

const char *utter_reason_name(int reason)
{
    static const char *const names[] = {"", "silence", "repetition", "doubtful", "no_match"};
    return reason > 0 && reason < (int)(sizeof names / sizeof *names) ? names[reason] : "";
}

const char *utter_redact_name(int kind)
{
    return kind == UTTER_REDACT_CARD     ? "card"
           : kind == UTTER_REDACT_PHONE  ? "phone"
           : kind == UTTER_REDACT_SSN    ? "ssn"
           : kind == UTTER_REDACT_NUMBER ? "number"
                                         : "";
}

const char *utter_end_name(int end)
{
    static const char *const names[] = {"", "silence", "nothing", "length", "flushed", "finished"};
    return end > 0 && end < (int)(sizeof names / sizeof *names) ? names[end] : "";
}

#define TEXT_OF(x)                        #x
#define VERSION_TEXT(major, minor, patch) TEXT_OF(major) "." TEXT_OF(minor) "." TEXT_OF(patch)

const char *utter_version(void)
{
    return VERSION_TEXT(UTTER_VERSION_MAJOR, UTTER_VERSION_MINOR, UTTER_VERSION_PATCH);
}

static int check_size(size_t theirs, const char *type, struct fault *fault)
{
    if (theirs >= sizeof(size_t) && theirs <= STRUCT_SIZE_LIMIT)
        return 0;
    return fail(fault, UTTER_ERROR_ARGUMENT, "struct_size of struct %s is %zu; fill the struct with its _init function",
                type, theirs);
}

int params_read(void *into, size_t size, const void *from, const char *type, struct fault *fault)
{
    memset(into, 0, size);
    if (from) {
        size_t theirs;
        memcpy(&theirs, from, sizeof theirs);
        int code = check_size(theirs, type, fault);
        if (code)
            return code;
        for (size_t i = size; i < theirs; i++)
            if (((const unsigned char *)from)[i])
                return fail(fault, UTTER_ERROR_UNSUPPORTED,
                            "struct %s has a field set that version %s of the library does not know", type,
                            utter_version());
        memcpy(into, from, theirs < size ? theirs : size);
    }
    memcpy(into, &size, sizeof size);
    return 0;
}

int result_write(void *into, const void *from, size_t size, const char *type, struct fault *fault)
{
    size_t theirs;
    memcpy(&theirs, into, sizeof theirs);
    int code = check_size(theirs, type, fault);
    if (code)
        return code;
    size_t common = theirs < size ? theirs : size;
    memset(into, 0, theirs);
    memcpy(into, from, common);
    memcpy(into, &theirs, sizeof theirs);
    return 0;
}

int need_pointer(const void *pointer, const char *what, struct fault *fault)
{
    return pointer ? 0 : fail(fault, UTTER_ERROR_ARGUMENT, "%s is NULL", what);
}

#define DEFINE_INIT(function, type)                                                                                    \
    void function(struct type *value)                                                                                  \
    {                                                                                                                  \
        if (!value)                                                                                                    \
            return;                                                                                                    \
        memset(value, 0, sizeof *value);                                                                               \
        value->struct_size = sizeof *value;                                                                            \
    }

DEFINE_INIT(utter_engine_params_init, utter_engine_params)
DEFINE_INIT(utter_model_params_init, utter_model_params)
DEFINE_INIT(utter_session_params_init, utter_session_params)
DEFINE_INIT(utter_live_params_init, utter_live_params)
DEFINE_INIT(utter_decoding_params_init, utter_decoding_params)
DEFINE_INIT(utter_text_params_init, utter_text_params)
DEFINE_INIT(utter_source_init, utter_source)
DEFINE_INIT(utter_transcribe_params_init, utter_transcribe_params)
DEFINE_INIT(utter_microphone_params_init, utter_microphone_params)
DEFINE_INIT(utter_voice_params_init, utter_voice_params)
DEFINE_INIT(utter_speech_params_init, utter_speech_params)
DEFINE_INIT(utter_player_params_init, utter_player_params)
DEFINE_INIT(utter_sink_params_init, utter_sink_params)
DEFINE_INIT(utter_cover_params_init, utter_cover_params)
DEFINE_INIT(utter_benchmark_params_init, utter_benchmark_params)
