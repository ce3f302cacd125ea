/* clock.c - see clock.h. */
#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE /* sched_getaffinity */
#endif
#include "clock.h"

#include <sched.h>
#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double clock_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

double processor_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + 1e-9 * (double)used.tv_nsec;
}

#if defined(__linux__)
/* The peak of this program's own memory, in kB; 0 where the kernel does not say. getrusage's is inherited from whoever
 * started the program, if that was larger. */
static long own_peak_kb(void)
{
    char line[256];
    long peak = 0;
    FILE *status = fopen("/proc/self/status", "r");
    while (status && !peak && fgets(line, sizeof line, status))
        if (sscanf(line, "VmHWM: %ld", &peak) != 1)
            peak = 0;
    if (status)
        fclose(status);
    return peak;
}
#endif

double peak_memory_mb(void)
{
#if defined(__linux__)
    long own = own_peak_kb();
    if (own > 0)
        return (double)own * 1024 / 1e6;
#endif
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage))
        return 0;
#if defined(__APPLE__)
    return (double)usage.ru_maxrss / 1e6;
#else
    return (double)usage.ru_maxrss * 1024 / 1e6;
#endif
}

int processor_count(void)
{
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 && count < 4096 ? (int)count : 1;
}
