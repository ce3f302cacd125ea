/* checkpoint_files.h - small checkpoints written byte by byte, for the tests of their readers. */
#ifndef TESTS_UNIT_CHECKPOINT_FILES_H
#define TESTS_UNIT_CHECKPOINT_FILES_H

#include <stdint.h>
#include <string.h>

enum { BYTES_ROOM = 1 << 16 };

struct bytes {
    unsigned char data[BYTES_ROOM];
    size_t size;
};

static inline void put(struct bytes *b, const void *data, size_t size)
{
    if (size > BYTES_ROOM - b->size)
        size = BYTES_ROOM - b->size;
    memcpy(b->data + b->size, data, size);
    b->size += size;
}

/* size bytes of the number, little endian; beyond its own they are zeros. */
static inline void put_number(struct bytes *b, uint64_t number, int size)
{
    for (int i = 0; i < size; i++) {
        unsigned char byte = (unsigned char)(i < 8 ? number >> 8 * i : 0);
        put(b, &byte, 1);
    }
}

static inline void put_u32(struct bytes *b, uint32_t number)
{
    put_number(b, number, 4);
}

static inline void put_text(struct bytes *b, const char *text)
{
    put(b, text, strlen(text));
}

/* ---- ggml ---- */

/* dims: innermost first, as in the file. */
static inline void put_ggml_tensor(struct bytes *b, const char *name, uint32_t type, int rank, const int *dims,
                                   const void *data, size_t size)
{
    put_u32(b, (uint32_t)rank);
    put_u32(b, (uint32_t)strlen(name));
    put_u32(b, type);
    for (int i = 0; i < rank; i++)
        put_u32(b, (uint32_t)dims[i]);
    put_text(b, name);
    put(b, data, size);
}

/* The hyperparameters 3 (n_vocab), 2, 3 … 9 (n_text_layer), 10 (n_mels), two filters and the tokens "a", "" and
 * "\0\377". */
static inline void put_ggml_head(struct bytes *b)
{
    static const uint32_t parameters[] = {3, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1};
    b->size = 0;
    put_u32(b, 0x67676d6c);
    for (int i = 0; i < 11; i++)
        put_u32(b, parameters[i]);
    put_u32(b, 1);
    put_u32(b, 2);
    put(b, "filters!", 8);
    put_u32(b, 3);
    put_u32(b, 1);
    put(b, "a", 1);
    put_u32(b, 0);
    put_u32(b, 2);
    put(b, "\0\377", 2);
}

/* The tensors of every sample: "a.weight" [2, 3] f32, 1 to 6; "conv.bias" [2] f32, 7 and 8; "q.weight" [1, 32] in
 * Q8_0, -16 to 15 with the scale 0.5, which ggml and GGUF have. */
static const float SAMPLE_WEIGHT[] = {1, 2, 3, 4, 5, 6}, SAMPLE_BIAS[] = {7, 8};

static inline const unsigned char *sample_q8(void)
{
    static unsigned char block[34] = {0x00, 0x38}; /* 0.5 as a half */
    for (int i = 0; i < 32; i++)
        block[2 + i] = (unsigned char)(i - 16);
    return block;
}

static inline void build_ggml(struct bytes *b)
{
    put_ggml_head(b);
    put_ggml_tensor(b, "a.weight", 0, 2, (int[]){3, 2}, SAMPLE_WEIGHT, sizeof SAMPLE_WEIGHT);
    put_ggml_tensor(b, "conv.bias", 0, 2, (int[]){1, 2}, SAMPLE_BIAS, sizeof SAMPLE_BIAS);
    put_ggml_tensor(b, "q.weight", 8, 2, (int[]){32, 1}, sample_q8(), 34);
}

/* ---- GGUF ---- */

static inline void put_gguf_text(struct bytes *b, const char *text)
{
    put_number(b, strlen(text), 8);
    put_text(b, text);
}

static inline void put_gguf_head(struct bytes *b, uint32_t version, uint64_t tensors, uint64_t keys)
{
    b->size = 0;
    put_text(b, "GGUF");
    put_u32(b, version);
    put_number(b, tensors, 8);
    put_number(b, keys, 8);
}

/* A key with a number of that type and size. */
static inline void put_gguf_number(struct bytes *b, const char *key, uint32_t type, uint64_t number, int size)
{
    put_gguf_text(b, key);
    put_u32(b, type);
    put_number(b, number, size);
}

/* A key with the head of an array; the elements follow. */
static inline void put_gguf_array(struct bytes *b, const char *key, uint32_t type, uint64_t count)
{
    put_gguf_text(b, key);
    put_u32(b, 9);
    put_u32(b, type);
    put_number(b, count, 8);
}

/* dims: innermost first, as in the file. */
static inline void put_gguf_info(struct bytes *b, const char *name, int rank, const uint64_t *dims, uint32_t type,
                                 uint64_t offset)
{
    put_gguf_text(b, name);
    put_u32(b, (uint32_t)rank);
    for (int i = 0; i < rank; i++)
        put_number(b, dims[i], 8);
    put_u32(b, type);
    put_number(b, offset, 8);
}

static inline void put_padding(struct bytes *b, size_t alignment)
{
    while (b->size % alignment)
        put_number(b, 0, 1);
}

/* The sample's tensors behind 8 keys: n_audio_state 384, n_text_layer 4 and n_mels 80 as three kinds of key, an array
 * of arrays, gpt2 and its tokens "a", " b", "\n" and, in no alphabet of gpt2's, "a b". */
static inline void build_gguf(struct bytes *b)
{
    put_gguf_head(b, 3, 3, 8);
    put_gguf_number(b, "whisper.encoder.embedding_length", 4, 384, 4);
    put_gguf_number(b, "n_mels", 5, 80, 4);
    put_gguf_number(b, "whisper.n_text_layer", 10, 4, 8);
    put_gguf_number(b, "general.alignment", 4, 64, 4);
    put_gguf_number(b, "whisper.some.float", 6, 0, 4);
    put_gguf_array(b, "nested", 9, 2);
    put_u32(b, 3), put_number(b, 1, 8), put_number(b, 7, 2);
    put_u32(b, 8), put_number(b, 1, 8), put_gguf_text(b, "deep");
    put_gguf_text(b, "tokenizer.ggml.model"), put_u32(b, 8), put_gguf_text(b, "gpt2");
    put_gguf_array(b, "tokenizer.ggml.tokens", 8, 4);
    put_gguf_text(b, "a"), put_gguf_text(b, "\304\240b"), put_gguf_text(b, "\304\212"), put_gguf_text(b, "a b");
    put_gguf_info(b, "a.weight", 2, (uint64_t[]){3, 2}, 0, 64);
    put_gguf_info(b, "conv.bias", 2, (uint64_t[]){1, 2}, 0, 0);
    put_gguf_info(b, "q.weight", 2, (uint64_t[]){32, 1}, 8, 128);
    put_padding(b, 64);
    put(b, SAMPLE_BIAS, sizeof SAMPLE_BIAS);
    put_padding(b, 64);
    put(b, SAMPLE_WEIGHT, sizeof SAMPLE_WEIGHT);
    put_padding(b, 64);
    put(b, sample_q8(), 34);
}

/* ---- PyTorch ---- */

/* A zip archive being written: its directory grows beside it. */
struct zip_bytes {
    struct bytes *out;
    struct bytes directory;
    uint32_t count;
};

static inline void zip_begin(struct zip_bytes *z, struct bytes *out)
{
    z->out = out;
    z->out->size = z->directory.size = z->count = 0;
}

/* What the local header and the one in the directory share, without the signature. */
static inline void put_zip_head(struct bytes *b, int method, size_t size, const char *name)
{
    put_number(b, 0, 2); /* version and, in the next, flags */
    put_number(b, 0, 2);
    put_number(b, (uint64_t)method, 2);
    put_number(b, 0, 8); /* time, date, checksum */
    put_u32(b, (uint32_t)size);
    put_u32(b, (uint32_t)size);
    put_number(b, strlen(name), 2);
}

/* wide: the sizes and the place are in a zip64 field of the directory. */
static inline void zip_add(struct zip_bytes *z, const char *name, int method, const void *data, size_t size, int wide)
{
    size_t at = z->out->size;
    put_u32(z->out, 0x04034b50);
    put_zip_head(z->out, method, size, name);
    put_number(z->out, 3, 2);
    put_text(z->out, name);
    put(z->out, "pad", 3);
    put(z->out, data, size);
    put_u32(&z->directory, 0x02014b50);
    put_number(&z->directory, 0, 2);
    put_zip_head(&z->directory, method, wide ? UINT32_MAX : size, name);
    put_number(&z->directory, wide ? 33 : 0, 2); /* of extra fields */
    put_number(&z->directory, 0, 2 + 2 + 2 + 4);
    put_u32(&z->directory, wide ? UINT32_MAX : (uint32_t)at);
    put_text(&z->directory, name);
    if (wide) {
        put_number(&z->directory, 0x0001ffff, 4), put(&z->directory, "x", 1); /* another field in front */
        put_number(&z->directory, 0x00180001, 4);
        put_number(&z->directory, size, 8), put_number(&z->directory, size, 8), put_number(&z->directory, at, 8);
    }
    z->count++;
}

static inline void zip_end(struct zip_bytes *z, int wide)
{
    size_t at = z->out->size;
    put(z->out, z->directory.data, z->directory.size);
    if (wide) {
        size_t end = z->out->size;
        put_u32(z->out, 0x06064b50);
        put_number(z->out, 44, 8), put_number(z->out, 0, 4 + 4 + 4);
        put_number(z->out, z->count, 8), put_number(z->out, z->count, 8);
        put_number(z->out, z->directory.size, 8), put_number(z->out, at, 8);
        put_u32(z->out, 0x07064b50), put_u32(z->out, 0), put_number(z->out, end, 8), put_u32(z->out, 1);
    }
    put_u32(z->out, 0x06054b50);
    put_u32(z->out, 0);
    put_number(z->out, wide ? 0xffff : z->count, 2), put_number(z->out, wide ? 0xffff : z->count, 2);
    put_u32(z->out, wide ? UINT32_MAX : (uint32_t)z->directory.size);
    put_u32(z->out, wide ? UINT32_MAX : (uint32_t)at);
    put_number(z->out, 0, 2);
}

static inline void put_pickle_text(struct bytes *b, const char *text)
{
    put_text(b, "X");
    put_u32(b, (uint32_t)strlen(text));
    put_text(b, text);
}

static inline void put_pickle_whole(struct bytes *b, int64_t number)
{
    put(b, "\x8a\x08", 2);
    put_number(b, (uint64_t)number, 8);
}

static inline void put_pickle_tuple(struct bytes *b, int count, const int64_t *numbers)
{
    put_text(b, "(");
    for (int i = 0; i < count; i++)
        put_pickle_whole(b, numbers[i]);
    put_text(b, "t");
}

/* A tensor that begins at an offset of the storage "data/KEY" of so many elements. */
static inline void put_pickle_tensor(struct bytes *b, const char *type, const char *key, int64_t elements,
                                     int64_t offset, int rank, const int64_t *shape, const int64_t *strides)
{
    put_text(b, "ctorch._utils\n_rebuild_tensor_v2\n((");
    put_pickle_text(b, "storage");
    put_text(b, "ctorch\n"), put_text(b, type), put_text(b, "\n");
    put_pickle_text(b, key);
    put_pickle_text(b, "cpu");
    put_pickle_whole(b, elements);
    put_text(b, "tQ");
    put_pickle_whole(b, offset);
    put_pickle_tuple(b, rank, shape);
    put_pickle_tuple(b, rank, strides);
    put_text(b, "\x89"
                "ccollections\nOrderedDict\n)RtR");
}

/* The sample's dict of tensors, with the attributes that PyTorch gives it; the bias is the end of a storage of 4. */
static inline void put_pickle_sample(struct bytes *b)
{
    put_text(b, "ccollections\nOrderedDict\n)R(");
    put_pickle_text(b, "a.weight");
    put_pickle_tensor(b, "FloatStorage", "0", 6, 0, 2, (int64_t[]){2, 3}, (int64_t[]){3, 1});
    put_pickle_text(b, "conv.bias");
    put_text(b, "ctorch._utils\n_rebuild_parameter\n(");
    put_pickle_tensor(b, "FloatStorage", "1", 4, 2, 1, (int64_t[]){2}, (int64_t[]){1});
    put_text(b, "\x88"
                "ccollections\nOrderedDict\n)RtR");
    put_text(b, "u}");
    put_pickle_text(b, "_metadata");
    put_text(b, "}sb");
}

/* The archive of a pickle and of the sample's two storages. */
static inline void build_pytorch_of(struct bytes *b, const struct bytes *pickle, int wide)
{
    static struct zip_bytes z;
    const float second[] = {0, 0, SAMPLE_BIAS[0], SAMPLE_BIAS[1]};
    zip_begin(&z, b);
    zip_add(&z, "archive/data.pkl", 0, pickle->data, pickle->size, wide);
    zip_add(&z, "archive/byteorder", 0, "little", 6, wide);
    zip_add(&z, "archive/data/0", 0, SAMPLE_WEIGHT, sizeof SAMPLE_WEIGHT, wide);
    zip_add(&z, "archive/data/1", 0, second, sizeof second, wide);
    zip_end(&z, wide);
}

/* key: under which the tensors lie, beside the dims n_mels 80 and n_text_layer 4; NULL: the tensors alone. */
static inline void build_pytorch(struct bytes *b, const char *key, int wide)
{
    static struct bytes pickle;
    pickle.size = 0;
    put_text(&pickle, "\x80\x02");
    if (key) {
        put_text(&pickle, "}(");
        put_pickle_text(&pickle, "dims");
        put_text(&pickle, "}(");
        put_pickle_text(&pickle, "n_mels"), put_text(&pickle, "KP");
        put_pickle_text(&pickle, "n_text_layer"), put_text(&pickle, "K\x04");
        put_pickle_text(&pickle, "n_other"), put_text(&pickle, "N");
        put_text(&pickle, "u");
        put_pickle_text(&pickle, key);
    }
    put_pickle_sample(&pickle);
    put_text(&pickle, key ? "u." : ".");
    build_pytorch_of(b, &pickle, wide);
}

#endif
