#include "src/speak/vocoder.h"

#include "src/base/memory.h"
#include "src/model.h"
#include "src/text_file.h"

#include <stdlib.h>
#include <string.h>

static int read_config(struct hifigan_config *config, const char *directory, struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    hifigan_config_read(config, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return fault->code;
}

int vocoder_open_own(struct hifigan **vocoder, const struct utter_voice *voice, const char *directory,
                     const struct checkpoint *checkpoint, struct fault *fault)
{
    struct hifigan_config config;
    if (read_config(&config, directory, fault))
        return fault->code;
    return hifigan_open(vocoder, &config, checkpoint, "vocoder.", voice->engine->device, voice->type, fault);
}

/* Where config.json lies: the directory itself, or that of the file of weights. Of the caller's (free). */
static char *directory_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (path_is_directory(path))
        return memory_text(path, strlen(path));
    if (!slash)
        return memory_text(".", 1);
    return slash == path ? memory_text("/", 1) : memory_text(path, (size_t)(slash - path));
}

/* What the names of its tensors begin with: nothing where it is published alone. */
static const char *prefix_of(const struct checkpoint *checkpoint)
{
    for (size_t i = 0; i < checkpoint_count(checkpoint); i++)
        if (!strncmp(checkpoint_at(checkpoint, i)->name, "vocoder.", 8))
            return "vocoder.";
    return "";
}

int vocoder_open_path(struct hifigan **vocoder, const struct utter_voice *voice, const char *path, struct fault *fault)
{
    struct hifigan_config config;
    struct checkpoint *checkpoint = NULL;
    char *directory = directory_of(path);
    if (!directory)
        return fail_memory(fault, "a vocoder");
    if (!read_config(&config, directory, fault) && !checkpoint_open(&checkpoint, path, fault))
        hifigan_open(vocoder, &config, checkpoint, prefix_of(checkpoint), voice->engine->device, voice->type, fault);
    checkpoint_close(&checkpoint);
    free(directory);
    return fault->code;
}

int vocoder_make(struct hifigan **vocoder, const struct utter_voice *voice, const char *shape, uint64_t seed,
                 struct fault *fault)
{
    struct hifigan_config config;
    struct checkpoint *checkpoint = NULL;
    if (!hifigan_config_named(&config, shape))
        return fail(fault, UTTER_ERROR_ARGUMENT, "there is no shape of vocoders \"%.100s\"", shape);
    if (!checkpoint_open_random(&checkpoint, seed, fault))
        hifigan_open(vocoder, &config, checkpoint, "", voice->engine->device, voice->type, fault);
    checkpoint_close(&checkpoint);
    return fault->code;
}

static int differ(const struct utter_voice *voice, const char *what, int vocoder, int acoustic, struct fault *fault)
{
    if (!vocoder || !acoustic || vocoder == acoustic)
        return 0;
    return fail(fault, UTTER_ERROR_MODEL,
                "the vocoder does not fit the voice %.200s: it was made for spectrograms with %s of %d, not %d",
                voice->name, what, vocoder, acoustic);
}

int vocoder_check(const struct hifigan *vocoder, const struct utter_voice *voice, const struct spectrogram *spectrogram,
                  struct fault *fault)
{
    const struct hifigan_config *config = hifigan_get_config(vocoder);
    if (differ(voice, "a number of mel bands", config->mels, spectrogram->mels, fault) ||
        differ(voice, "a sample rate", config->sample_rate, spectrogram->sample_rate, fault))
        return fault->code;
    return differ(voice, "a hop length", hifigan_hop(config), spectrogram->hop, fault);
}
