#include "decoder/tokens/protobuf.h"

#include <string.h>

/* Seven bits a byte, the lowest first; a set high bit says that more follow. */
static bool read_varint(struct message *m, uint64_t *value)
{
    *value = 0;
    for (int shift = 0; shift < 64 && m->at < m->end; shift += 7) {
        const unsigned char byte = *m->at++;
        *value |= (uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

/* Little-endian. */
static bool read_fixed(struct message *m, size_t bytes, uint64_t *value)
{
    if (message_length(m) < bytes)
        return false;
    *value = 0;
    for (size_t i = 0; i < bytes; i++)
        *value |= (uint64_t)m->at[i] << 8 * i;
    m->at += bytes;
    return true;
}

static bool read_body(struct message *m, struct message *body)
{
    uint64_t length;
    if (!read_varint(m, &length) || length > message_length(m))
        return false;
    *body = (struct message){m->at, m->at + length};
    m->at += length;
    return true;
}

int message_next(struct message *m, struct field *f)
{
    uint64_t key;
    if (m->at >= m->end)
        return 0;
    if (!read_varint(m, &key) || key >> 3 == 0 || key >> 3 > UINT32_MAX >> 3)
        return -1;
    *f = (struct field){.number = (uint32_t)(key >> 3), .type = (enum field_type)(key & 7)};
    switch (key & 7) {
    case FIELD_VARINT:
        return read_varint(m, &f->value) ? 1 : -1;
    case FIELD_64_BITS:
        return read_fixed(m, 8, &f->value) ? 1 : -1;
    case FIELD_BYTES:
        return read_body(m, &f->body) ? 1 : -1;
    case FIELD_32_BITS:
        return read_fixed(m, 4, &f->value) ? 1 : -1;
    default: /* groups, which nobody writes any more, and what is not there */
        return -1;
    }
}

float field_float(const struct field *f)
{
    const uint32_t bits = (uint32_t)f->value;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}
