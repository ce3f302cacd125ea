/* model.c - `utter model`: what a file of weights holds, and the models that ship. */
#include "clock.h"
#include "command.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "setup.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char model_usage[] =
    "usage: utter model inspect PATH [--format txt|json]   the tensors of a model or of a checkpoint\n"
    "       utter model list [--format txt|json]           the models that ship with Utter\n"
    "\n"
    "pull and verify are not in this version.\n";

/* A walk over the tensors of a file; what was said goes out in pieces, so that no file is too large. */
struct inspection {
    struct text out;
    bool json, broken;
    int64_t tensors, parameters, bytes, not_finite;
};

static void add_shape(struct text *out, const struct utter_tensor_info *tensor)
{
    text_add(out, "[");
    for (int i = 0; i < tensor->rank; i++)
        text_format(out, "%s%" PRId64, i ? "," : "", tensor->shape[i]);
    text_add(out, "]");
}

/* The program never sets a locale, so the point is a point; what is not finite JSON cannot say. */
static void add_statistic(struct text *out, const char *key, double value)
{
    json_key(out, key);
    text_format(out, "%.9g", value - value == 0 ? value : 0.0);
}

static void add_object(struct text *out, const struct utter_tensor_info *tensor)
{
    json_item(out);
    json_begin(out, '{');
    json_key_string(out, "name", tensor->name);
    json_key_string(out, "file", tensor->file);
    json_key_string(out, "type", tensor->type);
    json_key(out, "shape");
    add_shape(out, tensor);
    json_key_integer(out, "parameters", tensor->count);
    json_key_integer(out, "bytes", tensor->bytes);
    add_statistic(out, "minimum", tensor->minimum);
    add_statistic(out, "maximum", tensor->maximum);
    add_statistic(out, "mean", tensor->mean);
    add_statistic(out, "deviation", tensor->deviation);
    json_key_integer(out, "not_finite", tensor->not_finite);
    json_key_integer(out, "zeros", tensor->zeros);
    json_end(out, '}');
}

static void add_row(struct text *out, const struct utter_tensor_info *tensor)
{
    struct text shape = {0};
    add_shape(&shape, tensor);
    text_format(out, "%-7s %-18s %12" PRId64 " %11.4g %11.4g %11.4g %11.4g %10" PRId64 "  ", tensor->type,
                shape.data ? shape.data : "", tensor->count, tensor->minimum, tensor->maximum, tensor->mean,
                tensor->deviation, tensor->not_finite);
    text_add_line(out, tensor->name);
    text_add(out, "\n");
    text_free(&shape);
}

static int visit(void *context, const struct utter_tensor_info *tensor)
{
    struct inspection *inspection = context;
    struct text *out = &inspection->out;
    inspection->tensors++;
    inspection->parameters += tensor->count;
    inspection->bytes += tensor->bytes;
    inspection->not_finite += tensor->not_finite;
    (inspection->json ? add_object : add_row)(out, tensor);
    return out->failed;
}

static void add_totals(struct inspection *inspection)
{
    struct text *out = &inspection->out;
    if (inspection->json) {
        json_end(out, ']');
        json_key_integer(out, "tensor_count", inspection->tensors);
        json_key_integer(out, "parameters", inspection->parameters);
        json_key_integer(out, "bytes", inspection->bytes);
        json_key_integer(out, "not_finite", inspection->not_finite);
        json_end(out, '}');
        text_add(out, "\n");
    } else {
        text_format(out, "%" PRId64 " tensors, %" PRId64 " parameters, %" PRId64 " bytes, %" PRId64 " not finite\n",
                    inspection->tensors, inspection->parameters, inspection->bytes, inspection->not_finite);
    }
}

static int inspect(const char *path, bool json)
{
    struct inspection inspection = {.json = json};
    struct text *out = &inspection.out;
    if (json) {
        json_begin(out, '{');
        json_key_string(out, "path", path);
        json_key(out, "tensors");
        json_begin(out, '[');
    } else {
        text_format(out, "%-7s %-18s %12s %11s %11s %11s %11s %10s  %s\n", "type", "shape", "parameters", "minimum",
                    "maximum", "mean", "deviation", "not finite", "name");
    }
    int status = EXIT_DONE;
    if (utter_inspect(path, visit, &inspection) < 0 && !out->failed) {
        complain_about(path, utter_error_message());
        status = EXIT_SOME_FAILED;
    } else {
        add_totals(&inspection);
        status = output_text(out) ? EXIT_DONE : EXIT_SOME_FAILED;
    }
    text_free(out);
    return status;
}

/* The names that utter_model_open and utter_voice_open know. */
static const struct shipped {
    const char *name, *about;
    bool is_voice;
} shipped[] = {{"en", "English, speech to text", false}, {"voice-en", "English, text to speech", true}};

/* What one that ships says of itself. */
struct shipped_info {
    bool opens;
    char family[64], language[32];
    int64_t parameters;
};

static bool ask_model(utter_engine *engine, const char *name, struct shipped_info *said)
{
    struct utter_model_info info = {.struct_size = sizeof info};
    utter_model *model = NULL;
    bool opens = utter_model_open(engine, name, NULL, &model) == 0 && utter_model_get_info(model, &info) == 0;
    if (opens) {
        snprintf(said->family, sizeof said->family, "%s", info.family);
        snprintf(said->language, sizeof said->language, "%s", info.language);
        said->parameters = info.parameters;
    }
    utter_model_close(&model);
    return opens;
}

static bool ask_voice(utter_engine *engine, const char *name, struct shipped_info *said)
{
    struct utter_voice_info info = {.struct_size = sizeof info};
    utter_voice *voice = NULL;
    bool opens = utter_voice_open(engine, name, NULL, &voice) == 0 && utter_voice_get_info(voice, &info) == 0;
    if (opens) {
        snprintf(said->family, sizeof said->family, "%s", info.family);
        snprintf(said->language, sizeof said->language, "%s", info.language);
        said->parameters = info.parameters;
    }
    utter_voice_close(&voice);
    return opens;
}

static void list_one(struct text *out, bool json, const struct shipped *one)
{
    struct shipped_info info = {0};
    utter_engine *engine = NULL;
    info.opens = utter_engine_open(&engine, NULL) == 0 &&
                 (one->is_voice ? ask_voice(engine, one->name, &info) : ask_model(engine, one->name, &info));
    if (json) {
        json_item(out);
        json_begin(out, '{');
        json_key_string(out, "name", one->name);
        json_key_string(out, "about", one->about);
        json_key(out, "opens");
        text_add(out, info.opens ? "true" : "false");
        json_key_string(out, "family", info.family);
        json_key_string(out, "language", info.language);
        json_key_integer(out, "parameters", info.parameters);
        json_end(out, '}');
    } else if (info.opens) {
        text_format(out, "%-8s %-26s %s, %.1f M parameters\n", one->name, one->about, info.family,
                    1e-6 * (double)info.parameters);
    } else {
        text_format(out, "%-8s %-26s does not open: %s\n", one->name, one->about, utter_error_message());
    }
    utter_engine_close(&engine);
}

static int list(bool json)
{
    struct text out = {0};
    if (json)
        json_begin(&out, '[');
    for (size_t i = 0; i < sizeof shipped / sizeof *shipped; i++)
        list_one(&out, json, &shipped[i]);
    text_add(&out, json ? "]\n" : "");
    bool written = output_text(&out);
    text_free(&out);
    return written ? EXIT_DONE : EXIT_SOME_FAILED;
}

int command_model(int argc, char **argv)
{
    const char *format = "txt", *action = argc > 0 ? argv[0] : "";
    const struct option_spec options[] = {
        {"format", OPTION_CHOICE, &format, "txt|json", 0, 0, "a table (default), or JSON"},
    };
    const struct usage usage = {"utter model", "inspect PATH | list", "Looks into models.\n", NULL, options, 1};
    int status;
    if (strcmp(action, "-h") == 0 || strcmp(action, "--help") == 0) {
        struct text help = {0};
        text_add(&help, model_usage);
        bool written = output_text(&help);
        text_free(&help);
        return written ? EXIT_DONE : EXIT_SOME_FAILED;
    }
    if (strcmp(action, "pull") == 0 || strcmp(action, "verify") == 0)
        return usage_error(&usage, "%s is not in this version", action);
    if (strcmp(action, "inspect") != 0 && strcmp(action, "list") != 0)
        return usage_error(&usage, *action ? "no such action: %s" : "inspect or list?%s", action);
    int count = options_parse(&usage, argc - 1, argv + 1, &status);
    if (count < 0)
        return status;
    bool json = strcmp(format, "json") == 0;
    if (strcmp(action, "list") == 0)
        return count ? usage_error(&usage, "list takes no path") : list(json);
    return count == 1 ? inspect(argv[1], json) : usage_error(&usage, "inspect takes one path");
}
