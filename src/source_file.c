#include "src/source_file.h"

#include "src/message.h"

int source_file_open(struct audio_file **file, const struct utter_source *given, struct fault *fault)
{
    struct utter_source source;
    if (need_pointer(given, "source", fault) || params_read(&source, sizeof source, given, "utter_source", fault))
        return fault->code;
    if (!!source.path + !!source.data + !!source.read != 1)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a source needs exactly one of path, data and read");
    const char *name = source.name ? source.name : source.path ? source.path : "input";
    if (source.path)
        return audio_file_open_path(file, source.path, name, fault);
    if (source.data)
        return audio_file_open_memory(file, source.data, source.size, name, fault);
    return audio_file_open_callback(file, source.read, source.read_context, name, fault);
}
