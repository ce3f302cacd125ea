/* spoken_ssml_prosody.h - the elements of SSML that change how what is in them is said, and who says it. */
#ifndef DECODER_SPOKEN_SSML_PROSODY_H
#define DECODER_SPOKEN_SSML_PROSODY_H

#include "decoder/spoken/spoken_text.h"

/* What is wrong with an element's attributes. */
struct ssml_refusal {
    int code;         /* of enum utter_error; 0: nothing is */
    const char *what; /* a format with one string, … */
    const char *of;   /* … which is this one */
};

/* A value of Expat's attributes, or NULL. */
const char *ssml_attribute(const char **attributes, const char *name);

/* What holds outside becomes what holds inside of <prosody>, <emphasis> or <voice>. */
struct ssml_refusal ssml_prosody(struct prosody *prosody, const struct spoken_voice *voice, const char **attributes);
struct ssml_refusal ssml_emphasis(struct prosody *prosody, const char **attributes);
void ssml_voice(struct prosody *prosody, const struct spoken_voice *voice, const char **attributes);

#endif
