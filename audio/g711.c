#include "audio/g711.h"

/* Both codes are a sign, a segment of three bits and a step of four: a floating-point number with a leading one that is
 * not sent. µ-law inverts all bits and biases by 33 so that segment 0 has that one, too; A-law inverts every other bit,
 * and its segment 0 is linear. Values in units of 16-bit samples. */

float g711_ulaw(uint8_t code)
{
    const int bits = ~code & 0xff, segment = bits >> 4 & 7, step = bits & 15;
    const int magnitude = (((step << 1) + 33) << segment) - 33;
    return (float)((bits & 0x80 ? -magnitude : magnitude) * 4) / 32768.0f;
}

float g711_alaw(uint8_t code)
{
    const int bits = code ^ 0x55, segment = bits >> 4 & 7, step = bits & 15;
    const int magnitude = segment ? ((step << 1) + 33) << (segment - 1) : (step << 1) + 1;
    return (float)((bits & 0x80 ? magnitude : -magnitude) * 8) / 32768.0f;
}
