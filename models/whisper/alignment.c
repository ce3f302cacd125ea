/* alignment.c - which decoder heads of the published weights follow the sound: measured by OpenAI, and published with
 * openai/whisper as a mask per model. large-v1 has the shape of large-v2 and other heads; the shape alone cannot tell
 * them apart, and large-v2 is the one in use. */
#include "models/whisper/config.h"

#include <string.h>

struct mask {
    int layer;
    uint32_t heads; /* bit h: head h */
};

enum { MASKS = 12 };

/* Decoder layers and vocabulary do not name a shape: distilled models have few layers of a large model's width. */
static const struct {
    int layers, heads, vocabulary;
    struct mask masks[MASKS + 1]; /* ended by heads 0 */
} published[] = {
    {4, 6, 51864, {{1, 0x1}, {2, 0x21}, {3, 0x1f}}},
    {4, 6, 51865, {{2, 0x4}, {3, 0x3d}}},
    {6, 8, 51864, {{3, 0x8}, {4, 0x80}, {5, 0xa2}}},
    {6, 8, 51865, {{3, 0x2}, {4, 0x8c}, {5, 0x56}}},
    {12, 12, 51864, {{6, 0x40}, {7, 0x109}, {8, 0xa4}, {9, 0x511}, {10, 0x84f}, {11, 0x14}}},
    {12, 12, 51865, {{5, 0x208}, {8, 0x191}, {9, 0x281}, {10, 0x20}}},
    {24,
     16,
     51864,
     {{11, 0x10}, {14, 0x5002}, {15, 0x10}, {16, 0x211}, {17, 0x5000}, {18, 0x8480}, {20, 0x4209}, {21, 0x1000}}},
    {24, 16, 51865, {{13, 0x8000}, {15, 0x8010}, {16, 0x2}, {20, 0x1}, {23, 0x10}}},
    {32,
     20,
     51865,
     {{10, 0x1000},
      {13, 0x20000},
      {16, 0x3800},
      {17, 0x18000},
      {18, 0x80810},
      {19, 0x800},
      {21, 0xc},
      {22, 0x1208},
      {23, 0x20a0},
      {25, 0x20},
      {26, 0x1002},
      {27, 0x8000}}},
    {32,
     20,
     51866,
     {{7, 0x1},
      {10, 0x20000},
      {12, 0x40000},
      {13, 0x1000},
      {16, 0x2},
      {17, 0x4000},
      {19, 0x800},
      {21, 0x10},
      {24, 0x2},
      {25, 0x40}}},
    {4, 20, 51866, {{2, 0x810}, {3, 0x4848}}},
};

void whisper_config_known_alignment(struct whisper_config *c)
{
    memset(c->alignment, 0, sizeof c->alignment);
    for (size_t i = 0; i < sizeof published / sizeof *published; i++) {
        bool same = published[i].layers == c->decoder_layers && published[i].vocabulary == c->vocabulary &&
                    published[i].heads == c->decoder_heads && c->encoder_heads == c->decoder_heads &&
                    c->width == 64 * c->decoder_heads;
        for (int k = 0; same && published[i].masks[k].heads; k++)
            c->alignment[published[i].masks[k].layer] = published[i].masks[k].heads;
    }
}
