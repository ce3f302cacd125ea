/* protobuf.h - the wire format of Protocol Buffers, as far as a reader needs it (protobuf.dev, "Encoding"). */
#ifndef DECODER_PROTOBUF_H
#define DECODER_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of a message that are not read yet. */
struct message {
    const unsigned char *at, *end;
};

enum field_type { FIELD_VARINT = 0, FIELD_64_BITS = 1, FIELD_BYTES = 2, FIELD_32_BITS = 5 };

struct field {
    uint32_t number;
    enum field_type type;
    uint64_t value;      /* of a varint or of fixed bits, which may be those of a float */
    struct message body; /* of bytes: a string, or a message in the message */
};

/* 1 and the next field, 0 at the end, -1 where the bytes are no fields. */
int message_next(struct message *m, struct field *f);

static inline size_t message_length(const struct message *m)
{
    return (size_t)(m->end - m->at);
}

float field_float(const struct field *f); /* of 32 bits */

#endif
