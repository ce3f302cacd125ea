/* ipa.h - phones to and from the International Phonetic Alphabet, General American. */
#ifndef DECODER_IPA_H
#define DECODER_IPA_H

#include "decoder/spoken/arpabet.h"
#include "decoder/text.h"

/* Appends one word as espeak-ng writes en-us, which is what voices that were trained on its output expect: "həlˈoʊ",
 * "wˈɔːɾɚ", the mark of stress before its vowel. Out of memory: out->failed. */
void ipa_write(const unsigned char *phones, size_t count, struct text *out);

/* Appends the nearest phones of what is written in IPA, as espeak-ng, a dictionary or a person writes it; slashes or
 * brackets around it, ties, syllable dots and blanks are passed over, and sounds that English has not become the
 * nearest that it has. A mark of stress goes to the vowel that follows; where there is none, the first that is not
 * reduced bears it. Errors: ARGUMENT, naming the symbol that is not known; MEMORY. */
int ipa_read(const char *text, size_t length, struct phones *phones, struct fault *fault);

/* What a person gives: ARPAbet where it is made of its names alone, else IPA. Errors: ARGUMENT (also for no phones at
 * all), MEMORY. */
int phones_read(const char *text, size_t length, struct phones *phones, struct fault *fault);

#endif
