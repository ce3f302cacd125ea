#include "src/speak/speakers.h"

#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC = 6, SIZE_LIMIT = 256 << 20, WIDTH_LIMIT = 1 << 16 };

/* What the header's dictionary says. */
struct layout {
    size_t data; /* where the values begin */
    int value;   /* bytes of one */
    int count, width;
};

/* The text behind 'key': in a dictionary that Python wrote; NULL: there is no such key. */
static const char *value_of(const char *header, const char *key)
{
    const char *at = strstr(header, key);
    if (!at)
        return NULL;
    at += strlen(key);
    while (*at == ' ' || *at == ':')
        at++;
    return at;
}

/* A number of a shape, from 1 to limit; 0: none. Moves *at behind it and its comma. */
static int read_number(const char **at, int limit)
{
    char *end;
    long number = strtol(*at, &end, 10);
    if (end == *at || number < 1 || number > limit)
        return 0;
    while (*end == ',' || *end == ' ')
        end++;
    *at = end;
    return (int)number;
}

static int read_shape(struct layout *layout, const char *shape, const char *name, struct fault *fault)
{
    int numbers[2] = {0, 0}, count = 0;
    if (shape && *shape == '(')
        for (shape++; *shape != ')' && count < 2; count++)
            if (!(numbers[count] = read_number(&shape, SIZE_LIMIT)))
                break;
    if (!count || !shape || *shape != ')' || !numbers[count - 1] || numbers[count - 1] > WIDTH_LIMIT)
        return fail(fault, UTTER_ERROR_MODEL, "%s: its shape is not (speakers, width)", name);
    layout->count = count == 2 ? numbers[0] : 1;
    layout->width = numbers[count - 1];
    return 0;
}

static int read_header(struct layout *layout, const char *header, const char *name, struct fault *fault)
{
    const char *type = value_of(header, "'descr'"), *order = value_of(header, "'fortran_order'");
    layout->value = type && !strncmp(type, "'<f4'", 5) ? 4 : type && !strncmp(type, "'<f8'", 5) ? 8 : 0;
    if (!layout->value)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: its values are not little-endian float32 or float64", name);
    if (!order || strncmp(order, "False", 5) != 0)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s: its values are not in C order", name);
    return read_shape(layout, value_of(header, "'shape'"), name, fault);
}

/* Where the header lies: its length has two bytes in version 1, and four later. */
static int find_header(const unsigned char *bytes, size_t size, size_t *begin, size_t *length)
{
    if (size < 12 || memcmp(bytes, "\x93NUMPY", MAGIC) != 0 || bytes[MAGIC] < 1 || bytes[MAGIC] > 3)
        return -1;
    *begin = bytes[MAGIC] == 1 ? 10 : 12;
    *length = (size_t)bytes[8] | (size_t)bytes[9] << 8;
    if (*begin == 12)
        *length |= (size_t)bytes[10] << 16 | (size_t)bytes[11] << 24;
    return *length <= size - *begin ? 0 : -1;
}

static int read_layout(struct layout *layout, const unsigned char *bytes, size_t size, const char *name,
                       struct fault *fault)
{
    size_t begin, length;
    if (find_header(bytes, size, &begin, &length))
        return fail(fault, UTTER_ERROR_MODEL, "%s: it is no .npy file of NumPy's", name);
    char *header = memory_text((const char *)bytes + begin, length);
    if (!header)
        return fail_memory(fault, "speaker embeddings");
    layout->data = begin + length;
    read_header(layout, header, name, fault);
    free(header);
    if (!fault->code && (size - layout->data) / (size_t)layout->value / (size_t)layout->width < (size_t)layout->count)
        fail(fault, UTTER_ERROR_MODEL, "%s: it ends before its %d embeddings of %d numbers do", name, layout->count,
             layout->width);
    return fault->code;
}

static float value_at(const unsigned char *bytes, int size)
{
    float single;
    double full;
    if (size == 4) {
        memcpy(&single, bytes, sizeof single);
        return single;
    }
    memcpy(&full, bytes, sizeof full);
    return (float)full;
}

int speakers_parse(struct speakers *speakers, const void *bytes, size_t size, const char *name, struct fault *fault)
{
    struct layout layout = {0};
    if (read_layout(&layout, bytes, size, name, fault))
        return fault->code;
    size_t count = (size_t)layout.count * (size_t)layout.width;
    float *values = memory_new(count, sizeof *values);
    if (!values)
        return fail_memory(fault, "speaker embeddings");
    for (size_t i = 0; i < count; i++) {
        values[i] = value_at((const unsigned char *)bytes + layout.data + i * (size_t)layout.value, layout.value);
        if (!isfinite(values[i])) {
            free(values);
            return fail(fault, UTTER_ERROR_MODEL, "%s: embedding %zu holds a value that is not finite", name,
                        i / (size_t)layout.width);
        }
    }
    *speakers = (struct speakers){values, layout.count, layout.width};
    return 0;
}

int speakers_read(struct speakers *speakers, const char *path, struct fault *fault)
{
    struct mapping mapping = {0};
    if (mapping_open(&mapping, path, fault))
        return fault->code;
    if (mapping.size > SIZE_LIMIT)
        fail(fault, UTTER_ERROR_MODEL, "%s: it is larger than %d MiB", path, SIZE_LIMIT >> 20);
    else
        speakers_parse(speakers, mapping.data, mapping.size, path, fault);
    mapping_close(&mapping);
    return fault->code;
}

void speakers_free(struct speakers *speakers)
{
    free(speakers->values);
    *speakers = (struct speakers){0};
}
