/* setup.c - see setup.h. */
#include "setup.h"

#include "clock.h"
#include "command.h"
#include "output.h"
#include "stop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int setup_check(const struct usage *usage, const struct setup *setup)
{
    const char *device = setup->device;
    if (!device || strcmp(device, "auto") == 0 || strcmp(device, "cpu") == 0 || strcmp(device, "cuda") == 0 ||
        (strncmp(device, "cuda:", 5) == 0 && device[5] && strlen(device) < 9 &&
         device[5 + strspn(device + 5, "0123456789")] == '\0'))
        return 0;
    return usage_error(usage, "--device is auto, cpu, cuda or cuda:N, not '%s'", device);
}

int setup_threads(const struct setup *setup)
{
    return setup->threads ? setup->threads : processor_count();
}

enum utter_precision setup_precision(const char *name)
{
    static const char *const names[] = {"auto", "f32", "bf16", "int8", "f16", "fp8"};
    for (int i = 0; name && i < 6; i++)
        if (strcmp(name, names[i]) == 0)
            return (enum utter_precision)(UTTER_PRECISION_AUTO + i);
    return UTTER_PRECISION_AUTO;
}

int setup_open_engine(struct setup *setup, int jobs)
{
    struct utter_engine_params engine;
    utter_engine_params_init(&engine);
    engine.device = setup->device;
    engine.threads = setup_threads(setup) / jobs > 1 ? setup_threads(setup) / jobs : 1;
    if (engine.threads > 256)
        engine.threads = 256;
    if (utter_engine_open(&setup->engine, &engine) == 0)
        return 0;
    complain("%s", utter_error_message());
    return EXIT_SOME_FAILED;
}

int setup_open(struct setup *setup, int jobs, const char *shape)
{
    double began = clock_now();
    int status = setup_open_engine(setup, jobs);
    if (status)
        return status;
    struct utter_model_params model;
    utter_model_params_init(&model);
    model.precision = setup_precision(setup->precision);
    int error = shape ? utter_model_open_random(setup->engine, shape, 1, &model, &setup->opened)
                      : utter_model_open(setup->engine, setup->model, &model, &setup->opened);
    setup->load_seconds = clock_now() - began;
    setup->info.struct_size = sizeof setup->info;
    if (!error)
        error = utter_model_get_info(setup->opened, &setup->info);
    if (error < 0) {
        complain_about(shape ? shape : setup->model ? setup->model : "en", utter_error_message());
        setup_close(setup);
        return EXIT_SOME_FAILED;
    }
    return 0;
}

void setup_close(struct setup *setup)
{
    utter_model_close(&setup->opened);
    utter_engine_close(&setup->engine);
}

int setup_check_language(const struct setup *setup, const char *language)
{
    struct utter_session_params params;
    utter_session *session = NULL;
    if (!language)
        return 0;
    utter_session_params_init(&params);
    params.language = language;
    int error = utter_session_open(setup->opened, &params, &session);
    if (error < 0)
        complain("--language %s: %s", language, utter_error_message());
    utter_session_close(&session);
    return error == UTTER_ERROR_UNSUPPORTED ? EXIT_USAGE : error < 0 ? EXIT_SOME_FAILED : 0;
}

int64_t setup_read_input(void *context, void *buffer, size_t size)
{
    /* A signal may reach another thread than the one that waits here, so the wait looks up now and then. */
    const int descriptor = context ? *(const int *)context : STDIN_FILENO;
    struct pollfd input = {.fd = descriptor, .events = POLLIN};
    for (;;) {
        if (stopping())
            return -1;
        int ready = poll(&input, 1, 100);
        if (ready < 0 && errno != EINTR)
            return -1;
        if (ready <= 0)
            continue;
        ssize_t count = read(descriptor, buffer, size);
        if (count >= 0 || (errno != EINTR && errno != EAGAIN))
            return count;
    }
}

void setup_standard_input(struct utter_source *source)
{
    source->read = setup_read_input;
    source->name = "standard input";
}

void setup_path(struct utter_source *source, const char *path, int *descriptor)
{
    struct stat status;
    *descriptor = -1;
    /* What is wrong with it, the library says. Not blocking: a pipe that nobody writes to yet would not let go. */
    if (stat(path, &status) == 0 && (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)))
        *descriptor = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    source->path = *descriptor < 0 ? path : NULL;
    source->name = path;
    source->read = *descriptor < 0 ? NULL : setup_read_input;
    source->read_context = descriptor;
}
