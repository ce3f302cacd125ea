#include "src/model.h"

#include "src/base/memory.h"
#include "src/text_file.h"

#include <stdlib.h>
#include <string.h>

#ifndef UTTER_INSTALLED_MODELS
#define UTTER_INSTALLED_MODELS ""
#endif
#ifndef UTTER_SOURCE_MODELS
#define UTTER_SOURCE_MODELS ""
#endif

static int take_path(char **out, const char *path, struct fault *fault)
{
    if (!path_exists(path))
        return fail(fault, UTTER_ERROR_IO, "%s: there is no such model directory or file", path);
    *out = memory_text(path, strlen(path));
    return *out ? 0 : fail_memory(fault, "a model's path");
}

/* A name leads nowhere but into the folders of models: "..", "." and hidden names are none. */
static bool plausible_name(const char *name)
{
    return *name && *name != '.' && !strchr(name, '/');
}

int model_find(char **out, const char *model, struct fault *fault)
{
    if (strchr(model, '/') || path_exists(model))
        return take_path(out, model, fault);
    const char *places[] = {getenv("UTTER_MODELS"), UTTER_INSTALLED_MODELS, UTTER_SOURCE_MODELS};
    for (size_t i = 0; i < sizeof places / sizeof *places && plausible_name(model); i++) {
        if (!places[i] || !*places[i])
            continue;
        char *path = path_join(places[i], model);
        if (!path)
            return fail_memory(fault, "a model's path");
        if (path_is_directory(path)) {
            *out = path;
            return 0;
        }
        free(path);
    }
    return fail(fault, UTTER_ERROR_IO,
                "there is no model \"%.100s\": neither a directory or file of that path nor a directory of "
                "that name in $UTTER_MODELS, " UTTER_INSTALLED_MODELS " or " UTTER_SOURCE_MODELS,
                model);
}
