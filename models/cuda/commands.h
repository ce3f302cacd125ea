/* commands.h - what is asked of a card: kernels and matrix products, each put on the context's stream at once, or,
 * while a list is kept, written down with its arguments to be issued later (steps.h). A list is bytes without gaps: two
 * that ask for the same are the same bytes. */
#ifndef MODELS_CUDA_COMMANDS_H
#define MODELS_CUDA_COMMANDS_H

#include "models/cuda/device.h"

#include <string.h>
#include <tuple>
#include <utility>

/* Puts a command on the context's stream, from what was written down of it. */
typedef void issue_command(struct context *c, const unsigned char *arguments);

/* Zeroed room for the arguments of one more command, until the next is added. NULL: the context's fault says why. */
unsigned char *commands_add(struct context *c, issue_command *issue, size_t size);

/* All of the context's list, in its order. Failures stick to the context. */
void commands_issue(struct context *c);

/* ---- arguments ---- */

template <typename T> static constexpr size_t argument_room = (sizeof(T) + 15) / 16 * 16;

/* Arguments have no gaps between their members, whose bytes would differ from call to call; one that was overlooked is
 * zeroed by compilers that can. */
template <typename T> static inline void put_argument(unsigned char *&at, T value)
{
#if defined(__has_builtin)
#if __has_builtin(__builtin_clear_padding)
    __builtin_clear_padding(&value);
#endif
#endif
    memcpy(at, &value, sizeof value);
    at += argument_room<T>;
}

template <typename T> static inline T take_argument(const unsigned char *&at)
{
    T value;
    memcpy(&value, at, sizeof value);
    at += argument_room<T>;
    return value;
}

/* ---- kernels ---- */

struct launch_shape {
    void (*kernel)(void);
    dim3 grid;
    int threads;
    size_t shared; /* bytes */
};

/* Kernels that take these arguments. */
template <typename... Parameters> struct kernel_command {
    static constexpr size_t size = argument_room<launch_shape> + (0 + ... + argument_room<Parameters>);

    template <size_t... I>
    static void launch_with(struct context *c, const struct launch_shape &s, const std::tuple<Parameters...> &arguments,
                            std::index_sequence<I...>)
    {
        launch((void (*)(Parameters...))s.kernel, s.grid, s.threads, s.shared, cuda_of(c)->stream,
               std::get<I>(arguments)...);
    }

    static void issue(struct context *c, const unsigned char *at)
    {
        const struct launch_shape s = take_argument<launch_shape>(at);
        const std::tuple<Parameters...> arguments{take_argument<Parameters>(at)...};
        launch_with(c, s, arguments, std::index_sequence_for<Parameters...>());
    }
};

/* A kernel on the context's stream, in its turn. */
template <typename... Parameters, typename... Arguments>
static inline void enqueue(struct context *c, void (*kernel)(Parameters...), dim3 grid, int threads, size_t shared,
                           Arguments... arguments)
{
    typedef kernel_command<Parameters...> command;
    if (!cuda_of(c)->listing) {
        launch(kernel, grid, threads, shared, cuda_of(c)->stream, arguments...);
        return;
    }
    unsigned char *at = commands_add(c, command::issue, command::size);
    if (!at)
        return;
    put_argument(at, launch_shape{(void (*)(void))kernel, grid, threads, shared});
    (put_argument<Parameters>(at, arguments), ...);
}

#endif
