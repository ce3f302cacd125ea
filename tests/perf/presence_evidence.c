/* presence_evidence.c - by what a model's text is judged as spoken or made of noise, for models/training/presence.py.
 *
 *     presence_evidence MODEL BEAM CUTTING FILE ...
 *
 * BEAM: 0 as shipped. CUTTING: "file" or "live", as whole recordings or streams are cut; or CONTEXT:LONG:SHORT:SETTLED,
 * a recording's with these of struct cutter_params. A line for each window with words: the file, the window's first
 * sample, the five numbers of decoder/search/presence.h in their order (zeros where the speech runs on across the
 * window's edge), the words' mean confidence, and the words. */
#include "audio/file.h"
#include "src/base/memory.h"
#include "src/batch.h"
#include "src/cutting.h"
#include "src/intake.h"
#include "src/model.h"
#include "src/voice.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 4096, LONGEST = 2000 };

struct listener {
    const char *path;
    struct batch *batch;
};

static double mean_confidence(const struct word_list *words)
{
    double sum = 0;
    for (size_t i = 0; i < words->count; i++)
        sum += (double)words->words[i].confidence;
    return sum / (double)words->count;
}

static void print_window(const char *path, const struct window *w)
{
    const struct presence_evidence *e = &w->evidence;
    printf("%s\t%lld\t%.6f\t%g\t%.4f\t%.4f\t%.5f\t%.5f\t", path, (long long)w->begin, e->acoustic, e->letters,
           e->seconds, e->mass, e->entropy, mean_confidence(&w->words));
    for (size_t i = 0; i < w->words.count; i++)
        printf("%s%s", i ? " " : "", w->words.words[i].text);
    printf("\n");
}

static int take_window(void *context, struct window *w, struct fault *fault)
{
    struct listener *l = context;
    if (!batch_features(l->batch, &w, 1, fault) && !batch_forward(l->batch, fault) && !batch_search(l->batch, fault) &&
        w->words.count)
        print_window(l->path, w);
    window_free(w);
    return fault->code;
}

static int hear_file(struct listener *l, const struct cutter_params *cutting, struct fault *fault)
{
    struct audio_file *file = NULL;
    struct audio_file_info info;
    struct intake *intake = NULL;
    if (audio_file_open_path(&file, l->path, l->path, fault))
        return fault->code;
    audio_file_get_info(file, &info);
    const struct intake_params params = {.sample_rate = info.sample_rate,
                                         .channel_count = info.channels,
                                         .channels = UTTER_CHANNELS_MIX,
                                         .cutting = cutting};
    float *block = memory_new((size_t)BLOCK * (size_t)info.channels, sizeof *block);
    int64_t frames = 0;
    if (!block)
        fail_memory(fault, "a recording");
    else if (!intake_open(&intake, &params, fault))
        while ((frames = audio_file_read(file, block, BLOCK, fault)) > 0 &&
               !intake_feed(intake, (struct intake_samples){.floats = block}, (size_t)frames, take_window, l, fault)) {
        }
    if (intake && !fault->code)
        intake_finish(intake, take_window, l, fault);
    intake_close(&intake);
    free(block);
    audio_file_close(&file);
    return fault->code;
}

static int hear_all(struct utter_model *model, int beam, const char *how, char **paths, int count, struct fault *fault)
{
    struct utter_decoding_params params;
    struct decoding decoding = {0};
    struct cutter_params cutting;
    struct listener listener = {0};
    struct voice *voice = NULL;
    utter_decoding_params_init(&params);
    params.no_speech = -1; /* nothing is dropped */
    const bool live = !strcmp(how, "live");
    model->tells_noise = true;
    if (!decoding_read(&decoding, model, beam, 0, NULL, &params, fault) &&
        (!live || !voice_open(&voice, model->engine, NULL, fault)) &&
        !batch_open(&listener.batch, model, 1, (int64_t)LONGEST * (WINDOW_RATE / 100), &decoding, fault)) {
        cutting_choose(&cutting, model, &decoding, 0);
        if (live) /* as src/live.c */
            cutting = (struct cutter_params){.longest = 1200,
                                             .context = 60,
                                             .long_pause = 70,
                                             .short_pause = 70,
                                             .settled = 1200,
                                             .overlap = 150,
                                             .threshold = 0.5f,
                                             .voice = voice};
        sscanf(how, "%d:%d:%d:%d", &cutting.context, &cutting.long_pause, &cutting.short_pause, &cutting.settled);
        for (int i = 0; i < count && !fault->code; i++) {
            listener.path = paths[i];
            hear_file(&listener, &cutting, fault);
        }
    }
    batch_close(&listener.batch);
    decoding_free(&decoding);
    voice_close(&voice);
    return fault->code;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    struct fault fault = {0};
    if (argc < 5) {
        fprintf(stderr, "usage: presence_evidence MODEL BEAM CUTTING FILE ...\n");
        return 2;
    }
    if (utter_engine_open(&engine, NULL) < 0 || utter_model_open(engine, argv[1], NULL, &model) < 0)
        fail(&fault, UTTER_ERROR_MODEL, "%s", utter_error_message());
    else if (!model->network)
        fail(&fault, UTTER_ERROR_UNSUPPORTED, "%s has no CTC head", argv[1]);
    else
        hear_all(model, atoi(argv[2]), argv[3], argv + 4, argc - 4, &fault);
    utter_model_close(&model);
    utter_engine_close(&engine);
    if (fault.code)
        fprintf(stderr, "presence_evidence: %s\n", fault.message);
    return fault.code ? 1 : 0;
}
