/* portaudio.c - see portaudio.h. */
#include "audio/portaudio.h"

#include <dlfcn.h>
#include <portaudio.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

typedef void (*alsa_handler)(const char *file, int line, const char *function, int error, const char *format, va_list);
typedef alsa_handler (*alsa_set_local)(alsa_handler handler);
typedef void (*jack_handler)(const char *message);

/* ALSA's setting is the calling thread's own, so the program's messages of its own use of ALSA still come. JACK has one
 * for the process only, which is put back. */
static struct {
    pthread_mutex_t lock;
    int holds;
    alsa_set_local alsa; /* NULL: no ALSA here */
    alsa_handler alsa_before;
    jack_handler *jack[2]; /* where JACK keeps its handlers of errors and of news; NULL: no JACK here */
    jack_handler jack_before[2];
} state = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void drop_alsa(const char *file, int line, const char *function, int error, const char *format,
                      va_list arguments)
{
    (void)file, (void)line, (void)function, (void)error, (void)format, (void)arguments;
}

static void drop_jack(const char *message)
{
    (void)message;
}

/* A symbol of a library that is loaded already, being PortAudio's own; it is not loaded for this. C has no conversion
 * from an object's pointer to a function's, hence the copy. */
static void find(const char *library, const char *symbol, void *into)
{
    void *handle = dlopen(library, RTLD_LAZY | RTLD_NOLOAD);
    void *found = handle ? dlsym(handle, symbol) : NULL;
    memcpy(into, &found, sizeof found);
    if (handle)
        dlclose(handle);
}

static void hush(void)
{
    if (!state.alsa) /* a stream's thread reads it, too: it is stored before there is one */
        find("libasound.so.2", "snd_lib_error_set_local", &state.alsa);
    find("libjack.so.0", "jack_error_callback", &state.jack[0]);
    find("libjack.so.0", "jack_info_callback", &state.jack[1]);
    if (state.alsa)
        state.alsa_before = state.alsa(drop_alsa);
    for (int i = 0; i < 2; i++) {
        if (!state.jack[i])
            continue;
        state.jack_before[i] = *state.jack[i];
        *state.jack[i] = drop_jack;
    }
}

static void unhush(void)
{
    if (state.alsa)
        state.alsa(state.alsa_before);
    for (int i = 0; i < 2; i++)
        if (state.jack[i])
            *state.jack[i] = state.jack_before[i];
}

void portaudio_begin(void)
{
    pthread_mutex_lock(&state.lock);
    hush();
}

void portaudio_end(void)
{
    unhush();
    pthread_mutex_unlock(&state.lock);
}

void portaudio_hush_thread(void)
{
    if (state.alsa)
        state.alsa(drop_alsa);
}

/* PortAudio 19.6 aborts the program where ALSA's configuration, which its library comes with, names no device at all.
 */
static bool lacks_configuration(void)
{
    int (*update)(void);
    int (*search)(void *node, const char *key, void **found);
    void **top, *devices;
    find("libasound.so.2", "snd_config_update", &update);
    find("libasound.so.2", "snd_config_search", &search);
    find("libasound.so.2", "snd_config", &top);
    return update && search && top && (update() < 0 || !*top || search(*top, "pcm", &devices) < 0);
}

int portaudio_hold(const char *noun, struct fault *fault)
{
    portaudio_begin();
    int error = 0;
    if (!state.holds && lacks_configuration())
        fail(fault, UTTER_ERROR_DEVICE, "there is no %s: ALSA has no configuration (its alsa.conf is missing)", noun);
    else if (!state.holds && (error = Pa_Initialize()) != 0)
        portaudio_fail(fault, error, "sound devices cannot be reached", NULL);
    else
        state.holds++;
    portaudio_end();
    return fault->code;
}

void portaudio_release(void)
{
    portaudio_begin();
    if (--state.holds == 0)
        Pa_Terminate();
    portaudio_end();
}

int portaudio_fail(struct fault *fault, int error, const char *what, const char *name)
{
    const PaHostErrorInfo *host = error == paUnanticipatedHostError ? Pa_GetLastHostErrorInfo() : NULL;
    const char *why = host && host->errorText && *host->errorText ? host->errorText : Pa_GetErrorText(error);
    return fail(fault, UTTER_ERROR_DEVICE, name ? "%s '%s': %s" : "%s%s: %s", what, name ? name : "", why);
}
