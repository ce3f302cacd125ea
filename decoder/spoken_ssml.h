/* spoken_ssml.h - SSML (W3C Speech Synthesis Markup Language 1.1, sections 3.1 to 3.2) into folded text, with Expat. */
#ifndef DECODER_SPOKEN_SSML_H
#define DECODER_SPOKEN_SSML_H

#include "decoder/spoken_folded.h"
#include "src/base/error.h"

struct ssml;

/* What is read is appended to folded, which must outlive it and whose last style is where prosody begins. */
int ssml_open(struct ssml **ssml, struct folded *folded, struct fault *fault);
void ssml_close(struct ssml **ssml);

/* size bytes more; last: the document ends with them. What stands before an error has been appended. Errors: ARGUMENT,
 * UNSUPPORTED, MEMORY. */
int ssml_feed(struct ssml *ssml, const char *bytes, size_t size, bool last, struct fault *fault);

/* Values of attributes. Each gives false for a value that it does not know. */
bool ssml_read_rate(const char *value, float *times);
bool ssml_read_volume(const char *value, float *decibels);
bool ssml_read_pitch(const char *value, float *semitones);
bool ssml_read_strength(const char *value, double *seconds);
bool ssml_read_time(const char *value, double *seconds); /* "500ms", "1.5s" */

#endif
