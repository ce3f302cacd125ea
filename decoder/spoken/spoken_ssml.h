/* spoken_ssml.h - SSML (W3C Speech Synthesis Markup Language 1.1, sections 3.1 to 3.2) into folded text, with Expat. */
#ifndef DECODER_SPOKEN_SSML_H
#define DECODER_SPOKEN_SSML_H

#include "decoder/spoken/spoken_folded.h"
#include "decoder/spoken/spoken_marks.h"
#include "decoder/spoken/spoken_text.h"
#include "src/base/error.h"

struct ssml;

/* What is read is appended to folded and marks. They and the voice must outlive it; folded's last style is where
 * prosody begins. */
int ssml_open(struct ssml **ssml, struct folded *folded, struct mark_list *marks, const struct spoken_voice *voice,
              struct fault *fault);
void ssml_close(struct ssml **ssml);

/* size bytes more; last: the document ends with them. What stands before an error has been appended. Errors: ARGUMENT,
 * UNSUPPORTED, MEMORY. */
int ssml_feed(struct ssml *ssml, const char *bytes, size_t size, bool last, struct fault *fault);

/* Values of attributes. Each gives false for a value that it does not know. */
bool ssml_read_rate(const char *value, float *times);
bool ssml_read_volume(const char *value, float *decibels);
bool ssml_read_pitch(const char *value, float *semitones);
/* "220Hz", or with a sign a change of so much. */
bool ssml_read_hertz(const char *value, bool *change, float *hertz);
bool ssml_read_emphasis(const char *level, struct prosody *change); /* as what prosody changes by */
bool ssml_read_strength(const char *value, double *seconds);
bool ssml_read_time(const char *value, double *seconds); /* "500ms", "1.5s" */

#endif
