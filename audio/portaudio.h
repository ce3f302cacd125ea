/* portaudio.h - PortAudio by turns: it belongs to the whole process, is not made for threads, and the libraries below
 * it print. Every call of it but those of a stream's own callback stands between begin and end. */
#ifndef AUDIO_PORTAUDIO_H
#define AUDIO_PORTAUDIO_H

#include "src/base/error.h"

/* Keeps PortAudio open until the matching release; the first hold finds the devices that there are. noun: what is
 * looked for, as device_noun says it. Errors: DEVICE. */
int portaudio_hold(const char *noun, struct fault *fault);
void portaudio_release(void);

/* Between these one thread is inside PortAudio, and neither ALSA nor JACK prints from it. They nest in hold and
 * release, never in each other. */
void portaudio_begin(void);
void portaudio_end(void);

/* Has ALSA print nothing from the calling thread, from here on: one that PortAudio made. Stores into a thread-local. */
void portaudio_hush_thread(void);

/* fail() with DEVICE, what did not work, and why: an error of PortAudio's. Between begin and end. */
int portaudio_fail(struct fault *fault, int error, const char *what, const char *name);

#endif
