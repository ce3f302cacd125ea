#include "decoder/tokens/vocabulary.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static uint64_t hash_of(const char *piece, size_t length)
{
    uint64_t hash = HASH_SEED;
    for (size_t i = 0; i < length; i++)
        hash = hash_byte(hash, piece[i]);
    return hash;
}

/* The bucket that holds the piece, or the empty one where it belongs. The hash's high bits are folded in, since the
 * low bits of FNV are its weakest. */
static size_t bucket_of(const struct vocabulary *v, const char *piece, size_t length, uint64_t hash)
{
    size_t at = (size_t)(hash ^ hash >> 32) & (v->bucket_count - 1);
    for (; v->buckets[at]; at = (at + 1) & (v->bucket_count - 1)) {
        const struct entry *e = &v->entries[v->buckets[at] - 1];
        if (e->length == length && memcmp(v->strings.bytes + e->offset, piece, length) == 0)
            break;
    }
    return at;
}

static bool grow_buckets(struct vocabulary *v)
{
    if ((v->filled + 1) * 2 <= v->bucket_count)
        return true;
    size_t old_count = v->bucket_count;
    uint32_t *old = v->buckets, *made = memory_new(old_count ? old_count * 2 : 64, sizeof *made);
    if (!made)
        return false;
    v->buckets = made;
    v->bucket_count = old_count ? old_count * 2 : 64;
    for (size_t i = 0; i < old_count; i++) {
        if (!old[i])
            continue;
        const struct entry *e = &v->entries[old[i] - 1];
        const char *piece = v->strings.bytes + e->offset;
        v->buckets[bucket_of(v, piece, e->length, hash_of(piece, e->length))] = old[i];
    }
    free(old);
    return true;
}

static bool grow_entries(struct vocabulary *v, int id)
{
    void *entries = v->entries;
    if (!memory_grow(&entries, &v->capacity, (size_t)id + 1, sizeof *v->entries))
        return false;
    v->entries = entries;
    for (; v->size <= id; v->size++)
        v->entries[v->size] = (struct entry){0};
    return true;
}

enum vocabulary_result vocabulary_add(struct vocabulary *v, const char *piece, size_t length, int id)
{
    if (!grow_buckets(v) || !grow_entries(v, id))
        return VOCABULARY_MEMORY;
    struct entry *e = &v->entries[id];
    if (e->known)
        return e->length == length && memcmp(v->strings.bytes + e->offset, piece, length) == 0 ? VOCABULARY_DONE
                                                                                               : VOCABULARY_TAKEN;
    size_t offset = v->strings.length;
    text_add(&v->strings, piece, length);
    text_add(&v->strings, "", 1);
    if (v->strings.failed || length > UINT32_MAX)
        return VOCABULARY_MEMORY;
    size_t at = bucket_of(v, piece, length, hash_of(piece, length));
    v->filled += v->buckets[at] == 0;
    v->buckets[at] = (uint32_t)id + 1;
    *e = (struct entry){offset, (uint32_t)length, true};
    return VOCABULARY_DONE;
}

int vocabulary_find_hashed(const struct vocabulary *v, const char *piece, size_t length, uint64_t hash)
{
    if (!v->bucket_count)
        return -1;
    return (int)v->buckets[bucket_of(v, piece, length, hash)] - 1;
}

int vocabulary_find(const struct vocabulary *v, const char *piece, size_t length)
{
    return vocabulary_find_hashed(v, piece, length, hash_of(piece, length));
}

const char *vocabulary_piece(const struct vocabulary *v, int id)
{
    return id >= 0 && id < v->size && v->entries[id].known ? v->strings.bytes + v->entries[id].offset : NULL;
}

size_t vocabulary_length(const struct vocabulary *v, int id)
{
    return v->entries[id].length;
}

void vocabulary_free(struct vocabulary *v)
{
    text_free(&v->strings);
    free(v->entries);
    free(v->buckets);
    *v = (struct vocabulary){0};
}
