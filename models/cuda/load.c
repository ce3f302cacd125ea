/* load.c - finds and loads the module that has the GPU's code, where there is a card. It stays loaded: CUDA keeps
 * threads and handlers that outlive what was opened by it. */
#define _GNU_SOURCE /* dladdr */
#include "models/cuda/cuda.h"
#include "models/cuda/driver.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char file_name[] = "libutter-cuda.so";

/* The module beside the file that this code is in; false where that cannot be told, or is too long. */
static bool path_beside(char *path, size_t size)
{
    static const char here;
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname)
        return false;
    const char *slash = strrchr(info.dli_fname, '/');
    int length = slash ? (int)(slash - info.dli_fname) + 1 : 0;
    return snprintf(path, size, "%.*s%s", length, info.dli_fname, file_name) < (int)size;
}

static void *load(const char *named)
{
    if (named)
        return dlopen(named, RTLD_NOW | RTLD_LOCAL);
    char path[PATH_MAX];
    bool beside = path_beside(path, sizeof path) && access(path, F_OK) == 0;
    return dlopen(beside ? path : file_name, RTLD_NOW | RTLD_LOCAL);
}

int cuda_device_open(struct device **device, struct thread_pool *threads, int index, struct fault *fault)
{
    const char *named = getenv("UTTER_CUDA_MODULE");
    const char *name = named ? named : file_name;
    *device = NULL;
    if (!named && cuda_driver_check(fault)) /* a module that is named may need no driver */
        return fault->code;
    void *module = load(named);
    if (!module) {
        const char *why = dlerror();
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "no GPU without %s: %.300s", name,
                    why ? why : "it cannot be loaded");
    }
    const struct cuda_module *(*find)(void);
    *(void **)&find = dlsym(module, "utter_cuda_module");
    const struct cuda_module *found = find ? find() : NULL;
    if (!found || found->version != CUDA_MODULE_VERSION)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "%s is not of this version of the library", name);
    return found->open(device, threads, index, fault);
}
