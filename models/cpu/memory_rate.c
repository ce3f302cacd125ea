/* memory_rate.c - the yardstick of whatever reads its weights once: how fast all threads together read memory. */
#include "models/cpu/device.h"
#include "src/base/memory.h"

#include <stdlib.h>

enum { MEMORY_BYTES = 256 << 20, MEMORY_REPEATS = 5 };

struct reading {
    const uint64_t *words;
    uint64_t sums[256]; /* by worker */
};

static void read_words(void *context, int64_t begin, int64_t end, int worker)
{
    struct reading *reading = context;
    uint64_t sum = 0;
    for (int64_t i = begin; i < end; i++)
        sum += reading->words[i];
    reading->sums[worker] += sum;
}

int cpu_memory_rate(const struct device *device, double *rate, struct fault *fault)
{
    struct thread_pool *threads = device->threads;
    int64_t count = MEMORY_BYTES / (int64_t)sizeof(uint64_t);
    uint64_t *words = memory_aligned(MEMORY_BYTES);
    if (!words)
        return fail_memory(fault, "a benchmark");
    for (int64_t i = 0; i < count; i++)
        words[i] = (uint64_t)i;
    struct reading reading = {.words = words};
    double best = 0;
    for (int run = 0; run < MEMORY_REPEATS; run++) {
        double began = clock_seconds();
        thread_pool_run(threads, count, count / thread_pool_size(threads) / 4, read_words, &reading);
        double seconds = clock_seconds() - began;
        if (!run || seconds < best)
            best = seconds;
    }
    free(words);
    *rate = best > 0 && reading.sums[0] != 1 ? MEMORY_BYTES / best : 0;
    return 0;
}
