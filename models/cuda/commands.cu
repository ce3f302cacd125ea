/* commands.cu - the list of commands, and matrix products as some of them. */
#include "models/cuda/commands.h"
#include "models/cuda/matmul.h"

#include <string.h>

/* What goes before a command's arguments. */
struct command {
    issue_command *issue;
    size_t size; /* of the arguments, rounded up such that the next command is aligned */
};

unsigned char *commands_add(struct context *c, issue_command *issue, size_t size)
{
    struct commands *list = &cuda_of(c)->commands;
    const struct command command = {issue, (size + 15) / 16 * 16};
    const size_t room = sizeof command + command.size;
    void *bytes = list->bytes;
    const bool grown = memory_grow(&bytes, &list->capacity, list->size + room, 1);
    list->bytes = (unsigned char *)bytes;
    if (!grown) {
        fail_memory(&c->fault, "a step");
        return NULL;
    }
    unsigned char *at = list->bytes + list->size;
    memset(at, 0, room);
    memcpy(at, &command, sizeof command);
    list->size += room;
    return at + sizeof command;
}

void commands_issue(struct context *c)
{
    const struct commands *list = &cuda_of(c)->commands;
    for (size_t at = 0; at < list->size && !c->fault.code;) {
        struct command command;
        memcpy(&command, list->bytes + at, sizeof command);
        command.issue(c, list->bytes + at + sizeof command);
        at += sizeof command + command.size;
    }
    cuda_launched(c, "a step");
}

/* ---- matrix products ---- */

struct product_operands {
    void *out;
    const void *x, *weight, *bias;
};

static void issue_product(struct context *c, const unsigned char *at)
{
    const struct product product = take_argument<struct product>(at);
    const struct product_operands o = take_argument<product_operands>(at);
    matmul_issue(c, &product, o.out, o.x, o.weight, o.bias);
}

void matmul_run(struct context *c, const struct product *product, void *out, const void *x, const void *weight,
                const void *bias)
{
    if (!cuda_of(c)->listing) {
        matmul_issue(c, product, out, x, weight, bias);
        return;
    }
    unsigned char *at = commands_add(c, issue_product, argument_room<struct product> + argument_room<product_operands>);
    if (!at)
        return;
    put_argument(at, *product);
    put_argument(at, product_operands{out, x, weight, bias});
}
