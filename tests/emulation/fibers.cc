#include "tests/emulation/fibers.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>
#include <utility>
#include <vector>

#include "tests/emulation/cuda.h"

#ifdef __has_feature /* clang's */
#if __has_feature(address_sanitizer)
#define ADDRESS_SANITIZER
#endif
#endif
#ifdef ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
/* Before a jump that it knows of, AddressSanitizer clears what it knows of the stack, at a hundred times the jump's
 * cost; it does not know of clang's own. */
#define NOT_SANITIZED    __attribute__((no_sanitize_address))
#define SET_PLACE(place) __builtin_setjmp((void **)(place))
#define JUMP_TO(place)   __builtin_longjmp((void **)(place), 1)
#else
#define NOT_SANITIZED
#define SET_PLACE(place) _setjmp(place)
#define JUMP_TO(place)   _longjmp(place, 1)
#endif

enum { STACK = 64 * 1024, SCHEDULER = MOST_THREADS };

struct dim3 threadIdx, blockIdx, blockDim, gridDim;

/* Fibers stay from block to block. A context of its own is only how each begins, since changing contexts is a call of
 * the system; after that jumps do. */
static ucontext_t beginnings[MOST_THREADS];
static jmp_buf places[MOST_THREADS + 1]; /* the scheduler's is the last */
static bool begun[MOST_THREADS], ended[MOST_THREADS];
static std::vector<unsigned char> stacks;
static const std::function<void()> *running;
static int current;

/* ---- from one stack to another ---- */

#ifdef ADDRESS_SANITIZER
static void *frames[MOST_THREADS + 1]; /* AddressSanitizer's, of who waits */
static const void *scheduler_stack;
static size_t scheduler_size;

static void leave_stack(int from, int to)
{
    const void *stack = to == SCHEDULER ? scheduler_stack : stacks.data() + (size_t)to * STACK;
    __sanitizer_start_switch_fiber(&frames[from], stack, to == SCHEDULER ? scheduler_size : (size_t)STACK);
}

/* A fiber is only ever come to from the scheduler. */
static void reach_stack(int at)
{
    const bool fiber = at != SCHEDULER;
    __sanitizer_finish_switch_fiber(frames[at], fiber ? &scheduler_stack : NULL, fiber ? &scheduler_size : NULL);
}
#else
static void leave_stack(int, int)
{
}

static void reach_stack(int)
{
}
#endif

static void fiber_main(void);

static void begin(int fiber)
{
    begun[fiber] = true;
    getcontext(&beginnings[fiber]);
    beginnings[fiber].uc_stack.ss_sp = stacks.data() + (size_t)fiber * STACK;
    beginnings[fiber].uc_stack.ss_size = STACK;
    makecontext(&beginnings[fiber], fiber_main, 0);
    setcontext(&beginnings[fiber]);
}

/* Runs the current fiber until it waits or ends. */
NOT_SANITIZED static void resume(void)
{
    if (!SET_PLACE(places[SCHEDULER])) {
        leave_stack(SCHEDULER, current);
        if (begun[current])
            JUMP_TO(places[current]);
        begin(current);
    }
    reach_stack(SCHEDULER);
}

NOT_SANITIZED static void yield(void)
{
    const int self = current;
    if (!SET_PLACE(places[self])) {
        leave_stack(self, SCHEDULER);
        JUMP_TO(places[SCHEDULER]);
    }
    reach_stack(self);
    threadIdx = dim3((unsigned)self);
}

/* ---- waiting for each other ---- */

/* Those that have ended are not waited for. */
struct barrier {
    int running, arrived, opened;
};
static struct barrier of_block, of_warps[MOST_THREADS / WARP_LANES];

/* What a fiber waits for: that the barrier opens once more than `opened` times. NULL: nothing. */
static struct {
    const struct barrier *barrier;
    int opened;
} waits[MOST_THREADS];

static bool can_go_on(int fiber)
{
    return !ended[fiber] && (!waits[fiber].barrier || waits[fiber].barrier->opened != waits[fiber].opened);
}

static void open_if_all(struct barrier *b)
{
    if (b->arrived < b->running)
        return;
    b->arrived = 0;
    b->opened++;
}

static void wait_at(struct barrier *b)
{
    waits[current] = {b, b->opened};
    b->arrived++;
    open_if_all(b);
    if (!can_go_on(current))
        yield();
    waits[current].barrier = NULL;
}

static void leave(struct barrier *b)
{
    b->running--;
    open_if_all(b);
}

void __syncthreads(void)
{
    wait_at(&of_block);
}

void __syncwarp(void)
{
    wait_at(&of_warps[current / WARP_LANES]);
}

float __shfl_xor_sync(unsigned mask, float value, int lane)
{
    static float slots[MOST_THREADS];
    const int self = current, first = self / WARP_LANES * WARP_LANES;
    (void)mask;
    slots[self] = value;
    __syncwarp();
    const float other = slots[first + ((self - first) ^ lane)];
    __syncwarp(); /* nobody writes before all have read */
    return other;
}

/* ---- a block ---- */

static void fiber_main(void)
{
    const int self = current;
    reach_stack(self);
    threadIdx = dim3((unsigned)self);
    for (;;) {
        (*running)();
        ended[self] = true;
        leave(&of_block);
        leave(&of_warps[self / WARP_LANES]);
        yield(); /* until the next block */
    }
}

/* 0 to count - 1 as they come, the other way round, or shuffled, by the block's number. */
static void order(int *out, int count, uint32_t block)
{
    for (int i = 0; i < count; i++)
        out[i] = block % 2 ? count - 1 - i : i;
    for (int i = count - 1; block % 4 > 1 && i > 0; i--) {
        block = block * 1664525u + 1013904223u;
        std::swap(out[i], out[(block >> 8) % (uint32_t)(i + 1)]);
    }
}

/* Lets a warp run as long as any of its threads can. Whether any could. */
static bool run_warp(int first, int threads, const int (&lanes)[WARP_LANES])
{
    bool any = false;
    for (bool some = true; some; any |= some) {
        some = false;
        for (int lane : lanes) {
            current = first + lane;
            if (current >= threads || !can_go_on(current))
                continue;
            some = true;
            resume();
        }
    }
    return any;
}

void emulation_run_block(int threads, const std::function<void()> &body)
{
    static uint32_t block;
    const int warps = (threads + WARP_LANES - 1) / WARP_LANES;
    int lanes[WARP_LANES], turns[MOST_THREADS / WARP_LANES];
    running = &body;
    stacks.resize((size_t)MOST_THREADS * STACK);
    of_block = {threads, 0, 0};
    for (int i = 0; i < threads; i++) {
        ended[i] = false;
        waits[i].barrier = NULL;
        of_warps[i / WARP_LANES] = {i % WARP_LANES + 1, 0, 0};
    }
    order(lanes, WARP_LANES, block);
    order(turns, warps, block++);
    for (bool any = true; any;) {
        any = false;
        for (int turn = 0; turn < warps; turn++)
            any |= run_warp(turns[turn] * WARP_LANES, threads, lanes);
    }
    if (of_block.running) { /* on a GPU, it would hang */
        fprintf(stderr, "threads of a block wait for each other in different places\n");
        abort();
    }
}
