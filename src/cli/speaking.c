/* speaking.c - see speaking.h. */
#include "speaking.h"

#include "clock.h"
#include "command.h"
#include "output.h"

static int open_voice(struct speaking *speaking, const char *shape)
{
    struct utter_voice_params params;
    utter_voice_params_init(&params);
    params.precision = setup_precision(speaking->setup.precision);
    params.vocoder = speaking->vocoder;
    params.lexicon = speaking->lexicon;
    params.speakers = speaking->speakers;
    int error = shape ? utter_voice_open_random(speaking->setup.engine, shape, 1, &params, &speaking->opened)
                      : utter_voice_open(speaking->setup.engine, speaking->voice, &params, &speaking->opened);
    speaking->info.struct_size = sizeof speaking->info;
    return error ? error : utter_voice_get_info(speaking->opened, &speaking->info);
}

int speaking_open(struct speaking *speaking, const char *shape)
{
    double began = clock_now();
    int status = setup_open_engine(&speaking->setup, 1);
    if (status)
        return status;
    if (open_voice(speaking, shape) < 0) {
        complain("%s", utter_error_message());
        speaking_close(speaking);
        return EXIT_SOME_FAILED;
    }
    speaking->load_seconds = clock_now() - began;
    return 0;
}

void speaking_close(struct speaking *speaking)
{
    utter_voice_close(&speaking->opened);
    setup_close(&speaking->setup);
}

void speaking_params(const struct speaking *speaking, struct utter_speech_params *params)
{
    utter_speech_params_init(params);
    params->speaker_name = speaking->speaker;
    params->rate = speaking->rate;
    params->pitch = speaking->pitch;
    params->volume = speaking->volume;
    params->seed = (uint64_t)speaking->seed;
}
