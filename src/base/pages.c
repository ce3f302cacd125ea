#include "src/base/pages.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

/* AddressSanitizer sees what lies beside a block only if each is an allocation of its own. */
#if defined(__SANITIZE_ADDRESS__)
enum { SHARED = false };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
enum { SHARED = false };
#else
enum { SHARED = true };
#endif
#else
enum { SHARED = true };
#endif

enum { ALIGNMENT = 64, SLAB = 4 * LARGE_PAGE, LARGEST_SHARED = LARGE_PAGE / 2 };

/* Some large pages, which blocks share; it lies before them. */
struct slab {
    size_t used; /* bytes */
    int blocks;  /* that are not given back yet */
};

/* Before each block. */
struct block {
    struct slab *slab; /* NULL: the block shares nothing, and `memory` is to be freed */
    void *memory;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slab *filling; /* the one that blocks are taken from; NULL: none yet */

static size_t rounded(size_t size, size_t to)
{
    return (size + to - 1) / to * to;
}

void *pages_alone(size_t size)
{
    if (size > SIZE_MAX - LARGE_PAGE)
        return NULL;
    const size_t whole = rounded(size ? size : 1, LARGE_PAGE);
    void *memory = aligned_alloc(LARGE_PAGE, whole);
#ifdef MADV_HUGEPAGE
    if (memory)
        madvise(memory, whole, MADV_HUGEPAGE); /* refused where the system has none: then they are small */
#endif
    return memory;
}

static void *place(void *memory, struct slab *slab, size_t at)
{
    unsigned char *bytes = (unsigned char *)(slab ? (void *)slab : memory) + at;
    *(struct block *)(void *)bytes = (struct block){slab, memory};
    return bytes + ALIGNMENT;
}

static void *new_alone(size_t size)
{
    void *memory = size < LARGE_PAGE ? aligned_alloc(ALIGNMENT, size) : pages_alone(size);
    return memory ? place(memory, NULL, 0) : NULL;
}

/* Under the lock. */
static void *new_shared(size_t size)
{
    if (!filling || filling->used + size > SLAB) {
        struct slab *slab = pages_alone(SLAB);
        if (!slab)
            return NULL;
        *slab = (struct slab){ALIGNMENT, 0};
        filling = slab;
    }
    const size_t at = filling->used;
    filling->used += size;
    filling->blocks++;
    return place(NULL, filling, at);
}

void *pages_new(size_t size)
{
    if (size > SIZE_MAX - 2 * (size_t)LARGE_PAGE)
        return NULL;
    const size_t whole = rounded(size, ALIGNMENT) + ALIGNMENT; /* the block before it */
    if (!SHARED || whole > LARGEST_SHARED)
        return new_alone(whole);
    pthread_mutex_lock(&lock);
    void *memory = new_shared(whole);
    pthread_mutex_unlock(&lock);
    return memory;
}

void pages_free(void *memory)
{
    if (!memory)
        return;
    const struct block block = *(struct block *)(void *)((unsigned char *)memory - ALIGNMENT);
    free(block.memory);
    if (!block.slab)
        return;
    pthread_mutex_lock(&lock);
    const bool last = --block.slab->blocks == 0;
    if (last && block.slab == filling)
        filling = NULL;
    pthread_mutex_unlock(&lock);
    if (last)
        free(block.slab);
}
