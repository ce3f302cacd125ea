#include "models/load/checkpoint.h"
#include "src/message.h"

static int visit_tensor(const struct stored_tensor *tensor,
                        int (*visit)(void *context, const struct utter_tensor_info *tensor), void *context)
{
    struct stored_statistics statistics;
    stored_statistics(tensor, &statistics);
    struct utter_tensor_info info = {
        .name = tensor->name,
        .file = tensor->file,
        .type = stored_type_name(tensor->type),
        .rank = tensor->rank,
        .shape = tensor->shape,
        .count = tensor->count,
        .bytes = (int64_t)tensor->bytes,
        .minimum = statistics.minimum,
        .maximum = statistics.maximum,
        .mean = statistics.mean,
        .deviation = statistics.deviation,
        .not_finite = statistics.not_finite,
        .zeros = statistics.zeros,
    };
    return visit(context, &info);
}

int utter_inspect(const char *path, int (*visit)(void *context, const struct utter_tensor_info *tensor), void *context)
{
    struct fault fault = {0};
    struct checkpoint *checkpoint = NULL;
    if (need_pointer(path, "path", &fault))
        return message_publish(&fault);
    if (!visit) {
        fail(&fault, UTTER_ERROR_ARGUMENT, "visit is NULL");
        return message_publish(&fault);
    }
    if (checkpoint_open(&checkpoint, path, &fault))
        return message_publish(&fault);
    for (size_t i = 0; i < checkpoint_count(checkpoint) && !fault.code; i++)
        if (visit_tensor(checkpoint_at(checkpoint, i), visit, context))
            fail(&fault, UTTER_ERROR_CANCELLED, "the visitor ended the walk through %s", path);
    checkpoint_close(&checkpoint);
    return message_publish(&fault);
}
