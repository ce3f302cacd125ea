/* espeak.h - text of any language to IPA, through the espeak-ng library where it is installed. That library changes
 * LC_CTYPE as it begins, at the first call of the process, which is put back before the call returns.
 *
 * The library (GPL-3) is looked for when it is first asked for; nothing of it is needed to build or to run. It keeps
 * one voice for the whole process, so calls wait for each other. */
#ifndef DECODER_ESPEAK_H
#define DECODER_ESPEAK_H

#include "decoder/text.h"
#include "src/base/error.h"

/* Appends the phones of length bytes of UTF-8 in a language as espeak-ng names it ("de", "en-us", "cmn"), with stress
 * marks and with the punctuation where it stood, which is what voices that were trained on the Python package
 * phonemizer's output (preserve_punctuation, with_stress) expect: "həlˈoʊ, wˈɜːld!". Any thread. Errors: UNSUPPORTED
 * (not installed, or the language is unknown to it), MEMORY. */
int espeak_ipa(const char *text, size_t length, const char *language, struct text *out, struct fault *fault);

/* Whether the library can be had. */
bool espeak_is_there(void);

#endif
