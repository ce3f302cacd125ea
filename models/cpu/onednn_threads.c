/* onednn_threads.c - one thread in oneDNN.
 *
 * Debian's oneDNN runs on OpenMP. Its pool would fight ours over the cores, so every call is held to one thread, and
 * the host's own setting is put back. Looked up at run time: with another runtime below oneDNN there is none to hold.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "models/cpu/onednn.h"

#include <dlfcn.h>
#include <pthread.h>
#include <string.h>

static struct {
    int (*get)(void);
    void (*set)(int);
} openmp;
static pthread_once_t openmp_once = PTHREAD_ONCE_INIT;

static void find_openmp(void)
{
    void *get = dlsym(RTLD_DEFAULT, "omp_get_max_threads"), *set = dlsym(RTLD_DEFAULT, "omp_set_num_threads");
    if (!get || !set)
        return;
    memcpy(&openmp.get, &get, sizeof get);
    memcpy(&openmp.set, &set, sizeof set);
}

int onednn_threads_hold(int threads)
{
    pthread_once(&openmp_once, find_openmp);
    int before = openmp.get ? openmp.get() : 0;
    if (openmp.set)
        openmp.set(threads);
    return before;
}

void onednn_threads_restore(int before)
{
    if (openmp.set)
        openmp.set(before);
}
