/* pages.h - memory for weights: read from end to end in every pass, so it lies in large pages, of which the processor's
 * table of translations (TLB) knows hundreds of megabytes where it knows a few of pages of 4 kB. Where a machine's
 * memory is itself a guest's, a page that rested costs some twenty microseconds: the fewer, the better. */
#ifndef BASE_PAGES_H
#define BASE_PAGES_H

#include <stddef.h>

enum { LARGE_PAGE = 2 << 20 };

/* size bytes aligned to 64; what is asked for one after another lies side by side. Any thread. NULL: memory ran out.
 * A large page is given back when all that lies in it is: so for what comes and goes together, as a model's weights. */
void *pages_new(size_t size);
void pages_free(void *memory); /* or NULL */

/* size bytes aligned to a large page, in large pages if the system has them. Freed with free(). */
void *pages_alone(size_t size);

#endif
