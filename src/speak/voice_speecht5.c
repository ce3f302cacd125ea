/* voice_speecht5.c - voices that are a SpeechT5 and a HiFi-GAN: letters in, a spectrogram step by step, by a speaker
 * whose embedding the user brings. */
#include "decoder/text.h"
#include "decoder/tokens/sentencepiece.h"
#include "models/speecht5/speecht5.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"
#include "src/model.h"
#include "src/speak/speakers.h"
#include "src/speak/vocoder.h"
#include "src/text_file.h"

#include <stdlib.h>
#include <string.h>

struct speecht5_voice {
    struct speecht5 *acoustic;
    struct hifigan *vocoder;
    struct sentencepiece *pieces;
    int end; /* "</s>" */
    struct speakers speakers;
};

/* ---- opening ---- */

static int read_config(struct speecht5_config *config, const char *directory, struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    speecht5_config_read(config, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return fault->code;
}

static int read_pieces(struct speecht5_voice *parts, const char *directory, int vocabulary, struct fault *fault)
{
    struct mapping mapping = {0};
    char *path = path_join(directory, "spm_char.model");
    if (!path)
        return fail_memory(fault, "a voice");
    if (!mapping_open(&mapping, path, fault))
        sentencepiece_open(&parts->pieces, mapping.data, mapping.size, path, fault);
    mapping_close(&mapping);
    if (!fault->code && sentencepiece_size(parts->pieces) > vocabulary)
        fail(fault, UTTER_ERROR_MODEL, "%s: it has %d pieces, but config.json a vocabulary of %d", path,
             sentencepiece_size(parts->pieces), vocabulary);
    parts->end = fault->code ? -1 : sentencepiece_find(parts->pieces, "</s>");
    if (!fault->code && parts->end < 0)
        fail(fault, UTTER_ERROR_MODEL, "%s: it has no piece </s>", path);
    free(path);
    return fault->code;
}

static int read_speakers(struct utter_voice *voice, const char *path, int width, struct fault *fault)
{
    struct speecht5_voice *parts = voice->parts;
    if (!path)
        return fail(fault, UTTER_ERROR_ARGUMENT,
                    "the voice %.200s is a SpeechT5, which speaks by speaker embeddings: name a file of them",
                    voice->name);
    if (speakers_read(&parts->speakers, path, fault))
        return fault->code;
    if (parts->speakers.width != width)
        return fail(fault, UTTER_ERROR_MODEL, "%s: its embeddings have %d numbers, and the voice %.200s takes %d", path,
                    parts->speakers.width, voice->name, width);
    voice->speakers = parts->speakers.count;
    return 0;
}

static int open_networks(struct utter_voice *voice, const struct voice_source *source,
                         const struct speecht5_config *config, struct fault *fault)
{
    struct speecht5_voice *parts = voice->parts;
    const struct spectrogram spectrogram = {.mels = config->mel_bins, .sample_rate = 16000, .hop = 256};
    struct checkpoint *checkpoint = NULL;
    if (!source->params->vocoder)
        return fail(fault, UTTER_ERROR_ARGUMENT,
                    "the voice %.200s is a SpeechT5, which is published without its vocoder: name one", voice->name);
    if (vocoder_open_path(&parts->vocoder, voice, source->params->vocoder, fault) ||
        vocoder_check(parts->vocoder, voice, &spectrogram, fault) ||
        checkpoint_open(&checkpoint, source->directory, fault))
        return fault->code;
    speecht5_open(&parts->acoustic, config, checkpoint, voice->engine->device, voice->type, fault);
    checkpoint_close(&checkpoint);
    return fault->code;
}

static int open_speecht5(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    struct speecht5_voice *parts = memory_new(1, sizeof *parts);
    struct speecht5_config config;
    if (!parts)
        return fail_memory(fault, "a voice");
    voice->parts = parts;
    if (read_config(&config, source->directory, fault) ||
        read_pieces(parts, source->directory, config.vocabulary, fault) ||
        read_speakers(voice, source->params->speakers, config.speaker_embedding_dim, fault) ||
        open_networks(voice, source, &config, fault))
        return fault->code;
    voice->sample_rate = 16000;
    voice->hop = hifigan_hop(hifigan_get_config(parts->vocoder));
    voice->parameters = speecht5_parameters(parts->acoustic) + hifigan_parameters(parts->vocoder);
    voice->weight_bytes = speecht5_weight_bytes(parts->acoustic) + hifigan_weight_bytes(parts->vocoder);
    return 0;
}

static void close_speecht5(struct utter_voice *voice)
{
    struct speecht5_voice *parts = voice->parts;
    if (!parts)
        return;
    speecht5_close(&parts->acoustic);
    hifigan_close(&parts->vocoder);
    sentencepiece_close(&parts->pieces);
    speakers_free(&parts->speakers);
    free(parts);
    voice->parts = NULL;
}

/* ---- spelling ---- */

static void write_breath(const struct breath *breath, struct text *text)
{
    for (size_t i = breath->first; i < breath->end; i++) {
        const struct spoken_item *item = &breath->sentence->items[i];
        const char mark[2] = {item->after, '\0'};
        text_add_string(text, text->length ? " " : "");
        text_add_string(text, item->text);
        text_add_string(text, mark);
    }
}

static int add_ids(const struct utter_voice *voice, const int *ids, int64_t count, const struct prosody *prosody,
                   struct utterance *utterance, struct fault *fault)
{
    const struct speecht5_voice *parts = voice->parts;
    for (int64_t i = 0; i < count; i++)
        if (utterance_add_token(utterance, ids[i], NULL, false, prosody, fault))
            return fault->code;
    return utterance_add_token(utterance, parts->end, NULL, false, prosody, fault);
}

static int spell(const struct utter_voice *voice, const struct breath *breath, struct utterance *utterance,
                 struct fault *fault)
{
    const struct speecht5_voice *parts = voice->parts;
    struct text text = {0};
    write_breath(breath, &text);
    size_t capacity = 2 * text.length + 8; /* a character becomes one piece, and a blank may go in front */
    int *ids = text.failed ? NULL : memory_new(capacity, sizeof *ids);
    int64_t count = -1;
    if (!ids)
        fail_memory(fault, "a sentence's letters");
    else
        count = sentencepiece_encode(parts->pieces, text.bytes, text.length, ids, capacity, fault);
    if (count > (int64_t)capacity)
        count = (int64_t)capacity;
    if (count > 0)
        add_ids(voice, ids, count, &breath->sentence->items[breath->first].prosody, utterance, fault);
    free(ids);
    text_free(&text);
    return fault->code;
}

/* ---- rendering ---- */

struct speecht5_renderer {
    struct renderer renderer;
    const struct utter_voice *voice;
    struct speecht5_pass *acoustic;
    struct hifigan_pass *vocoder;
    int *tokens;
    size_t token_capacity;
    float *mel; /* [frames, mels] */
    size_t mel_capacity;
    int frames;
};

static void close_renderer(struct renderer **renderer)
{
    struct speecht5_renderer *r = (struct speecht5_renderer *)*renderer;
    if (!r)
        return;
    speecht5_pass_close(&r->acoustic);
    hifigan_pass_close(&r->vocoder);
    free(r->tokens);
    free(r->mel);
    free(r);
    *renderer = NULL;
}

static int begin(struct renderer *renderer, const struct renderer_request *request, int64_t *frames,
                 struct fault *fault)
{
    struct speecht5_renderer *r = (struct speecht5_renderer *)renderer;
    const struct speecht5_voice *parts = r->voice->parts;
    const struct speecht5_config *config = speecht5_get_config(parts->acoustic);
    int count = (int)request->utterance->count;
    size_t values = (size_t)speecht5_most_frames(config, count, NULL) * (size_t)config->mel_bins;
    struct speecht5_row row = {parts->speakers.values + (size_t)request->speaker * (size_t)parts->speakers.width,
                               request->seed};
    if (!memory_grow((void **)&r->tokens, &r->token_capacity, (size_t)count, sizeof *r->tokens) ||
        !memory_grow((void **)&r->mel, &r->mel_capacity, values, sizeof *r->mel))
        return fail_memory(fault, "a sentence");
    for (int i = 0; i < count; i++)
        r->tokens[i] = request->utterance->tokens[i].id;
    if (speecht5_speak(r->acoustic, r->tokens, &count, 1, count, &row, NULL, r->mel, &r->frames, fault))
        return fault->code;
    *frames = r->frames;
    return 0;
}

static int vocode(struct renderer *renderer, int64_t first, int64_t count, float *samples, struct fault *fault)
{
    struct speecht5_renderer *r = (struct speecht5_renderer *)renderer;
    return hifigan_forward_part(r->vocoder, r->mel, r->frames, (int)first, (int)count, NULL, samples, fault);
}

static const struct renderer_ops renderer_ops = {begin, vocode, close_renderer, .timed = false, .bends = false};

static int open_renderer(struct renderer **renderer, const struct utter_voice *voice, struct fault *fault)
{
    const struct speecht5_voice *parts = voice->parts;
    struct speecht5_renderer *r = memory_new(1, sizeof *r);
    if (!r)
        return fail_memory(fault, "a speech");
    r->renderer.ops = &renderer_ops;
    r->voice = voice;
    struct renderer *opened = &r->renderer;
    if (speecht5_pass_open(&r->acoustic, parts->acoustic, fault) ||
        hifigan_pass_open(&r->vocoder, parts->vocoder, fault))
        close_renderer(&opened);
    else
        *renderer = opened;
    return fault->code;
}

static bool is_type(const char *model_type)
{
    return !strcmp(model_type, "speecht5");
}

static bool is_shape(const char *shape)
{
    (void)shape;
    return false; /* its speakers and pieces would have to be made up, too */
}

const struct voice_family speecht5_family = {
    .name = "speecht5",
    .is_type = is_type,
    .is_shape = is_shape,
    .open = open_speecht5,
    .close = close_speecht5,
    .spell = spell,
    .renderer_open = open_renderer,
};
