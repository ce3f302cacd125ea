/* g711.h - the two codings of telephone sound (ITU-T G.711): eight bits a sample, at 8 kHz. */
#ifndef AUDIO_G711_H
#define AUDIO_G711_H

#include <stdint.h>

/* One byte as a sample in [-1, 1]: of 14 bits (µ-law) or 13 (A-law), as G.711 tabulates them. */
float g711_ulaw(uint8_t code);
float g711_alaw(uint8_t code);

#endif
