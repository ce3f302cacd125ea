/* memory.h - allocation with the multiplication checked. */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>

/* count * size zeroed bytes, or NULL when memory ran out or the product overflows. Freed with free().
 * A count of 0 gives a pointer that may be freed. */
void *memory_new(size_t count, size_t size);

/* Grows *items, an array of *capacity elements of size bytes, to at least needed of them, at least doubling so that
 * appending is linear. False (and nothing changed) when memory ran out. New elements are not initialised. */
bool memory_grow(void **items, size_t *capacity, size_t needed, size_t size);

/* size bytes aligned to 64 (a cache line, and a vector register of AVX-512), large ones in large pages (pages.h). Freed
 * with free(). */
void *memory_aligned(size_t size);

/* A copy of length bytes of text and a final NUL. */
char *memory_text(const char *text, size_t length);

#endif
