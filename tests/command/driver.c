/* driver.c - libcuda.so.1 as far as libutter asks it: a driver that finds CARDS cards, that fails (-1), or that is
 * another library of that name (-2). */
#if CARDS == -2
#define cuInit cuInitialize
#endif

__attribute__((visibility("default"))) int cuInit(unsigned flags);
__attribute__((visibility("default"))) int cuDeviceGetCount(int *cards);

int cuInit(unsigned flags)
{
    return flags || CARDS < 0 ? 999 : CARDS == 0 ? 100 : 0;
}

int cuDeviceGetCount(int *cards)
{
    *cards = CARDS;
    return 0;
}
