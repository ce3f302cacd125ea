/* byte_level.c - GPT-2's letters for bytes: printable Latin-1 stands for itself, the others are moved to U+0100 on, in
 * order (Radford et al. 2019). */
#include "decoder/tokens/tokenizer_parts.h"

static bool stands_for_itself(uint32_t byte)
{
    return (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || (byte >= 0xAE && byte <= 0xFF);
}

/* How many bytes below this one are moved: those up to the space, DEL to U+00A0, and the soft hyphen. */
static uint32_t moved_below(uint32_t byte)
{
    if (byte <= '!')
        return byte;
    if (byte <= 0x7F)
        return 33;
    if (byte <= 0xA1)
        return 33 + byte - 0x7F;
    return byte <= 0xAD ? 67 : 68;
}

uint32_t byte_to_letter(unsigned char byte)
{
    return stands_for_itself(byte) ? byte : 0x100 + moved_below(byte);
}

int letter_to_byte(uint32_t code)
{
    if (code < 0x100)
        return stands_for_itself(code) ? (int)code : -1;
    code -= 0x100;
    if (code < 33)
        return (int)code;
    if (code < 67)
        return (int)(code - 33 + 0x7F);
    return code == 67 ? 0xAD : -1;
}
