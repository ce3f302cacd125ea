/* voice_fastspeech.c - voices that are a FastSpeech2 Conformer and a HiFi-GAN: phones in, spectrograms between.
 * Speakers are told by a table in the model, by embeddings that the user brings, or by both. */
#include "decoder/spoken/phone_vocabulary.h"
#include "models/fastspeech/fastspeech.h"
#include "src/base/memory.h"
#include "src/model.h"
#include "src/speak/speakers.h"
#include "src/speak/vocoder.h"
#include "src/text_file.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* A voice's parts. */
struct fastspeech_voice {
    struct fastspeech *acoustic;
    struct hifigan *vocoder;
    struct phone_vocabulary vocabulary;
    struct speakers embeddings;
    float *pitch_per_semitone; /* [speakers], in the deviations that the model counts pitch in; NULL: it does not say */
    int made_up_frames;        /* of every token of a voice with random weights, whose own durations would be none; 0 */
};

/* ---- opening ---- */

/* What config.json says beside the two networks' shapes. */
struct extras {
    struct spectrogram spectrogram;
    bool has_vocoder;
};

/* 0 where there is none, or none that could be meant. */
static int whole_number(const cJSON *object, const char *key)
{
    double number = cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return number >= 1 && number <= 1e6 ? (int)number : 0;
}

static void read_extras(struct extras *extras, const char *json, size_t length)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    const cJSON *vocoder = cJSON_GetObjectItemCaseSensitive(root, "vocoder_config");
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(root, "utter");
    extras->has_vocoder = vocoder != NULL;
    extras->spectrogram.sample_rate = whole_number(own, "sampling_rate");
    extras->spectrogram.hop = whole_number(own, "hop_length");
    cJSON_Delete(root);
}

/* Natural logarithms of Hz. */
struct log_f0 {
    double mean, deviation;
};

static struct log_f0 log_f0_of(const cJSON *mean, const cJSON *deviation)
{
    return (struct log_f0){cJSON_GetNumberValue(mean), cJSON_GetNumberValue(deviation)};
}

/* A speaker's pitch: his own entry "utter.speaker_log_f0", or what the voice says of all. */
static struct log_f0 read_log_f0(const cJSON *own, int speaker)
{
    const cJSON *all = cJSON_GetObjectItemCaseSensitive(own, "speaker_log_f0");
    const cJSON *pair = cJSON_GetArrayItem(all, speaker);
    if (pair)
        return log_f0_of(cJSON_GetArrayItem(pair, 0), cJSON_GetArrayItem(pair, 1));
    return log_f0_of(cJSON_GetObjectItemCaseSensitive(own, "log_f0_mean"),
                     cJSON_GetObjectItemCaseSensitive(own, "log_f0_deviation"));
}

/* What each speaker's pitch is counted in, and what it is on average. A voice that does not say both of all of its
 * speakers, in numbers that can be meant, has neither. */
static int read_pitch(struct utter_voice *voice, const cJSON *own, struct fault *fault)
{
    struct fastspeech_voice *parts = voice->parts;
    parts->pitch_per_semitone = memory_new((size_t)voice->speakers, sizeof *parts->pitch_per_semitone);
    voice->speaker_hertz = memory_new((size_t)voice->speakers, sizeof *voice->speaker_hertz);
    if (!parts->pitch_per_semitone || !voice->speaker_hertz)
        return fail_memory(fault, "a voice");
    for (int i = 0; i < voice->speakers; i++) {
        const struct log_f0 f0 = read_log_f0(own, i);
        if (!(f0.mean > log(20) && f0.mean < log(2000) && f0.deviation > 1e-3 && f0.deviation < 10)) {
            free(parts->pitch_per_semitone);
            free(voice->speaker_hertz);
            parts->pitch_per_semitone = voice->speaker_hertz = NULL;
            return 0;
        }
        parts->pitch_per_semitone[i] = (float)(log(2) / 12 / f0.deviation);
        voice->speaker_hertz[i] = (float)exp(f0.mean);
    }
    return 0;
}

/* What config.json says of the speakers' pitch; how many there are is known. */
static int read_speakers(struct utter_voice *voice, const struct text_file *file, struct fault *fault)
{
    cJSON *root = cJSON_ParseWithLength(file->text, file->length);
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(root, "utter");
    read_pitch(voice, own, fault);
    cJSON_Delete(root);
    return fault->code;
}

/* How many speakers there are: as many as have all that tells them apart. */
static int count_speakers(struct utter_voice *voice, const struct fastspeech_config *config, const char *path,
                          struct fault *fault)
{
    struct speakers *given = &((struct fastspeech_voice *)voice->parts)->embeddings;
    voice->speakers = config->speakers > 1 ? config->speakers : 1;
    if (!config->speaker_embed_dim)
        return 0;
    if (!path)
        return fail(fault, UTTER_ERROR_ARGUMENT, "the voice %.200s speaks by speaker embeddings: name a file of them",
                    voice->name);
    if (speakers_read(given, path, fault))
        return fault->code;
    if (given->width != config->speaker_embed_dim)
        return fail(fault, UTTER_ERROR_MODEL, "%s: its embeddings have %d numbers, and the voice %.200s takes %d", path,
                    given->width, voice->name, config->speaker_embed_dim);
    if (config->speakers <= 1 || given->count < voice->speakers)
        voice->speakers = given->count;
    return 0;
}

static int read_vocabulary(struct phone_vocabulary *vocabulary, const char *directory, int size, struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "vocab.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    if (!phone_vocabulary_read(vocabulary, file.text, file.length, file.path, fault) && vocabulary->size > size)
        fail(fault, UTTER_ERROR_MODEL, "%s: it has a token %d, but config.json a vocabulary of %d", file.path,
             vocabulary->size - 1, size);
    text_file_free(&file);
    return fault->code;
}

static int open_vocoder(struct utter_voice *voice, const struct voice_source *source, const struct extras *extras,
                        const struct checkpoint *checkpoint, struct fault *fault)
{
    struct fastspeech_voice *parts = voice->parts;
    if (source->params->vocoder)
        vocoder_open_path(&parts->vocoder, voice, source->params->vocoder, fault);
    else if (extras->has_vocoder)
        vocoder_open_own(&parts->vocoder, voice, source->directory, checkpoint, fault);
    else
        fail(fault, UTTER_ERROR_MODEL, "the voice %.200s has no vocoder of its own: name one", voice->name);
    return fault->code ? fault->code : vocoder_check(parts->vocoder, voice, &extras->spectrogram, fault);
}

static int open_weights(struct utter_voice *voice, const struct voice_source *source,
                        const struct fastspeech_config *config, const struct extras *extras, struct fault *fault)
{
    struct fastspeech_voice *parts = voice->parts;
    struct checkpoint *checkpoint = NULL;
    if (checkpoint_open(&checkpoint, source->directory, fault))
        return fault->code;
    if (!fastspeech_open(&parts->acoustic, config, checkpoint, config->with_vocoder ? "model." : "",
                         voice->engine->device, voice->type, fault))
        open_vocoder(voice, source, extras, checkpoint, fault);
    checkpoint_close(&checkpoint);
    return fault->code;
}

static int load(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    struct fastspeech_voice *parts = voice->parts;
    struct fastspeech_config config;
    struct extras extras = {0};
    struct text_file file;
    if (text_file_read(&file, source->directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    if (!fastspeech_config_read(&config, file.text, file.length, file.path, fault) &&
        !count_speakers(voice, &config, source->params->speakers, fault) && !read_speakers(voice, &file, fault))
        read_extras(&extras, file.text, file.length);
    text_file_free(&file);
    extras.spectrogram.mels = config.mel_bins;
    if (fault->code || read_vocabulary(&parts->vocabulary, source->directory, config.vocabulary, fault))
        return fault->code;
    return open_weights(voice, source, &config, &extras, fault);
}

/* Shapes: of the acoustic model, and the vocoder behind it. */
static const struct {
    const char *name, *acoustic, *vocoder;
} shapes[] = {
    {"voice-en", "default-voice-en", "hifigan-small"},
    {"fastspeech2-conformer", "fastspeech2-conformer", "hifigan-v1"},
    {"fastspeech2-conformer/v2", "fastspeech2-conformer", "hifigan-v2"},
    {"fastspeech2-conformer/v3", "fastspeech2-conformer", "hifigan-v3"},
};

static int shape_of(const char *name)
{
    for (int i = 0; i < (int)(sizeof shapes / sizeof *shapes); i++)
        if (!strcmp(shapes[i].name, name))
            return i;
    return -1;
}

static int make(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    struct fastspeech_voice *parts = voice->parts;
    struct fastspeech_config config;
    struct checkpoint *checkpoint = NULL;
    int shape = shape_of(source->shape);
    fastspeech_config_named(&config, shapes[shape].acoustic);
    phone_vocabulary_make(&parts->vocabulary, config.vocabulary);
    parts->made_up_frames = 7; /* 80 ms at 22 050 Hz: as in speech */
    if (checkpoint_open_random(&checkpoint, source->seed, fault))
        return fault->code;
    fastspeech_open(&parts->acoustic, &config, checkpoint, "", voice->engine->device, voice->type, fault);
    checkpoint_close(&checkpoint);
    if (fault->code)
        return fault->code;
    if (source->params->vocoder)
        return vocoder_open_path(&parts->vocoder, voice, source->params->vocoder, fault);
    return vocoder_make(&parts->vocoder, voice, shapes[shape].vocoder, source->seed, fault);
}

static void describe(struct utter_voice *voice)
{
    const struct fastspeech_voice *parts = voice->parts;
    const struct hifigan_config *vocoder = hifigan_get_config(parts->vocoder);
    voice->sample_rate = vocoder->sample_rate ? vocoder->sample_rate : 22050;
    voice->hop = hifigan_hop(vocoder);
    voice->parameters = fastspeech_parameters(parts->acoustic) + hifigan_parameters(parts->vocoder);
    voice->weight_bytes = fastspeech_weight_bytes(parts->acoustic) + hifigan_weight_bytes(parts->vocoder);
}

static int open_fastspeech(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    voice->parts = memory_new(1, sizeof(struct fastspeech_voice));
    if (!voice->parts)
        return fail_memory(fault, "a voice");
    if (voice_open_pronouncer(voice, source->params->lexicon, fault) ||
        (source->directory ? load(voice, source, fault) : make(voice, source, fault)))
        return fault->code;
    describe(voice);
    return 0;
}

static void close_fastspeech(struct utter_voice *voice)
{
    struct fastspeech_voice *parts = voice->parts;
    if (!parts)
        return;
    fastspeech_close(&parts->acoustic);
    hifigan_close(&parts->vocoder);
    speakers_free(&parts->embeddings);
    free(parts->pitch_per_semitone);
    free(parts);
    voice->parts = NULL;
}

/* ---- spelling ---- */

static int spell_item(const struct phone_vocabulary *vocabulary, const struct breath *breath, size_t i,
                      struct utterance *utterance, struct fault *fault)
{
    const struct spoken_item *item = &breath->sentence->items[i];
    const struct pronounced_item *said = &breath->pronunciation->items[i];
    const unsigned char *phones = breath->pronunciation->phones + said->first;
    if (said->count && utterance_add_word(utterance, item->text, item->begin, item->end, fault))
        return fault->code;
    for (size_t p = 0; p < said->count; p++)
        if (utterance_add_token(utterance, vocabulary->phones[phones[p]], phone_name(phones[p]), true, &item->prosody,
                                fault))
            return fault->code;
    int mark = phone_vocabulary_mark(vocabulary, item->after);
    if (mark < 0 || !utterance->count) /* nothing is said in front of the first word */
        return 0;
    return utterance_add_token(utterance, mark, NULL, false, &item->prosody, fault);
}

/* The mark that ends a breath which ends with none: a full stop, or, where its sentence goes on, a comma. */
static int end_breath(const struct phone_vocabulary *vocabulary, const struct breath *breath,
                      struct utterance *utterance, struct fault *fault)
{
    const struct prosody prosody = utterance->tokens[utterance->count - 1].prosody;
    int mark = phone_vocabulary_mark(vocabulary, breath->end == breath->sentence->count ? '.' : ',');
    if (utterance->tokens[utterance->count - 1].phone && mark >= 0 &&
        utterance_add_token(utterance, mark, NULL, false, &prosody, fault))
        return fault->code;
    return utterance_add_token(utterance, vocabulary->end, NULL, false, &prosody, fault);
}

static int spell(const struct utter_voice *voice, const struct breath *breath, struct utterance *utterance,
                 struct fault *fault)
{
    const struct fastspeech_voice *parts = voice->parts;
    for (size_t i = breath->first; i < breath->end; i++)
        if (spell_item(&parts->vocabulary, breath, i, utterance, fault))
            return fault->code;
    return utterance->count ? end_breath(&parts->vocabulary, breath, utterance, fault) : 0;
}

/* ---- rendering ---- */

struct fastspeech_renderer {
    struct renderer renderer;
    const struct utter_voice *voice;
    struct fastspeech_pass *acoustic;
    struct hifigan_pass *vocoder;
    int *tokens, *durations; /* [capacity] each, … */
    float *rate, *pitch;
    size_t capacity;
    float *mel; /* [frames, mels] */
    size_t mel_capacity;
    int frames;
};

static void close_renderer(struct renderer **renderer)
{
    struct fastspeech_renderer *r = (struct fastspeech_renderer *)*renderer;
    if (!r)
        return;
    fastspeech_pass_close(&r->acoustic);
    hifigan_pass_close(&r->vocoder);
    free(r->tokens);
    free(r->durations);
    free(r->rate);
    free(r->pitch);
    free(r->mel);
    free(r);
    *renderer = NULL;
}

static int grow(struct fastspeech_renderer *r, size_t count, struct fault *fault)
{
    size_t capacities[4] = {r->capacity, r->capacity, r->capacity, r->capacity};
    if (!memory_grow((void **)&r->tokens, &capacities[0], count, sizeof *r->tokens) ||
        !memory_grow((void **)&r->durations, &capacities[1], count, sizeof *r->durations) ||
        !memory_grow((void **)&r->rate, &capacities[2], count, sizeof *r->rate) ||
        !memory_grow((void **)&r->pitch, &capacities[3], count, sizeof *r->pitch))
        return fail_memory(fault, "a sentence's tokens");
    r->capacity = capacities[0];
    return 0;
}

static void take_tokens(struct fastspeech_renderer *r, const struct utterance *utterance, int speaker)
{
    const struct fastspeech_voice *parts = r->voice->parts;
    const float per_semitone = parts->pitch_per_semitone ? parts->pitch_per_semitone[speaker] : 0;
    for (size_t i = 0; i < utterance->count; i++) {
        const struct utterance_token *token = &utterance->tokens[i];
        r->tokens[i] = token->id;
        r->rate[i] = token->prosody.rate;
        r->pitch[i] = token->prosody.pitch * per_semitone;
        r->durations[i] = parts->made_up_frames;
    }
}

static int encode(struct fastspeech_renderer *r, const struct renderer_request *request, struct fault *fault)
{
    const struct fastspeech_voice *parts = r->voice->parts;
    int count = (int)request->utterance->count;
    const size_t embedding = (size_t)request->speaker * (size_t)parts->embeddings.width;
    struct fastspeech_control control = {.rate = r->rate,
                                         .pitch = r->pitch,
                                         .durations = parts->made_up_frames ? r->durations : NULL,
                                         .speaker = request->speaker};
    if (parts->embeddings.values)
        control.embedding = parts->embeddings.values + embedding;
    return fastspeech_encode(r->acoustic, r->tokens, &count, 1, count, &control, (int)request->longest, r->durations,
                             &r->frames, fault);
}

static int begin(struct renderer *renderer, const struct renderer_request *request, int64_t *frames,
                 struct fault *fault)
{
    struct fastspeech_renderer *r = (struct fastspeech_renderer *)renderer;
    const struct fastspeech_voice *parts = r->voice->parts;
    struct utterance *utterance = request->utterance;
    if (grow(r, utterance->count, fault))
        return fault->code;
    take_tokens(r, utterance, request->speaker);
    if (encode(r, request, fault))
        return fault->code;
    size_t values = (size_t)r->frames * (size_t)fastspeech_get_config(parts->acoustic)->mel_bins;
    if (!memory_grow((void **)&r->mel, &r->mel_capacity, values, sizeof *r->mel))
        return fail_memory(fault, "a spectrogram");
    if (fastspeech_decode(r->acoustic, r->mel, fault))
        return fault->code;
    for (size_t i = 0; i < utterance->count; i++)
        utterance->tokens[i].frames = r->durations[i];
    *frames = r->frames;
    return 0;
}

static int vocode(struct renderer *renderer, int64_t first, int64_t count, float *samples, struct fault *fault)
{
    struct fastspeech_renderer *r = (struct fastspeech_renderer *)renderer;
    return hifigan_forward_part(r->vocoder, r->mel, r->frames, (int)first, (int)count, NULL, samples, fault);
}

static const struct renderer_ops bending = {begin, vocode, close_renderer, .timed = true, .bends = true};
static const struct renderer_ops unbending = {begin, vocode, close_renderer, .timed = true, .bends = false};

static int open_renderer(struct renderer **renderer, const struct utter_voice *voice, struct fault *fault)
{
    const struct fastspeech_voice *parts = voice->parts;
    struct fastspeech_renderer *r = memory_new(1, sizeof *r);
    if (!r)
        return fail_memory(fault, "a speech");
    r->renderer.ops = parts->pitch_per_semitone ? &bending : &unbending;
    r->voice = voice;
    struct renderer *opened = &r->renderer;
    if (fastspeech_pass_open(&r->acoustic, parts->acoustic, fault) ||
        hifigan_pass_open(&r->vocoder, parts->vocoder, fault))
        close_renderer(&opened);
    else
        *renderer = opened;
    return fault->code;
}

static bool is_type(const char *model_type)
{
    return !strcmp(model_type, "fastspeech2_conformer") || !strcmp(model_type, "fastspeech2_conformer_with_hifigan");
}

static bool is_shape(const char *shape)
{
    return shape_of(shape) >= 0;
}

const struct voice_family fastspeech_family = {
    .name = "fastspeech2-conformer",
    .is_type = is_type,
    .is_shape = is_shape,
    .open = open_fastspeech,
    .close = close_fastspeech,
    .spell = spell,
    .renderer_open = open_renderer,
};
