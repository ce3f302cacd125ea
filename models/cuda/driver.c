#include "models/cuda/driver.h"

#include <dlfcn.h>

/* The driver's interface (CUDA Driver API, "Initialization" and "Device Management"), without its headers: a result is
 * an int, 0 is success. */
typedef int driver_init(unsigned flags);
typedef int driver_count(int *cards);
enum { DRIVER_NO_DEVICE = 100 };

static int count_cards(driver_init *init, driver_count *count, struct fault *fault)
{
    int cards = 0;
    int result = init(0);
    if (!result)
        result = count(&cards);
    if (result && result != DRIVER_NO_DEVICE)
        return fail(fault, UTTER_ERROR_DEVICE, "no GPU: NVIDIA's driver fails with error %d", result);
    if (result || cards < 1)
        return fail(fault, UTTER_ERROR_DEVICE, "no GPU: NVIDIA's driver finds no card");
    return 0;
}

int cuda_driver_check(struct fault *fault)
{
    void *driver = dlopen("libcuda.so.1", RTLD_LAZY | RTLD_LOCAL);
    if (!driver)
        return fail(fault, UTTER_ERROR_UNSUPPORTED, "no GPU: there is no driver of NVIDIA's (libcuda.so.1)");
    driver_init *init;
    driver_count *count;
    *(void **)&init = dlsym(driver, "cuInit");
    *(void **)&count = dlsym(driver, "cuDeviceGetCount");
    if (!init || !count)
        return fail(fault, UTTER_ERROR_DEVICE, "no GPU: libcuda.so.1 is no driver of NVIDIA's");
    return count_cards(init, count, fault);
}
