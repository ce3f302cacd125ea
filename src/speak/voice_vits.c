/* voice_vits.c - voices that are a VITS: letters or IPA in, sound out, by way of latents. */
#include "decoder/spoken/espeak.h"
#include "decoder/spoken/ipa.h"
#include "decoder/tokens/vits_vocabulary.h"
#include "models/vits/vits.h"
#include "src/base/memory.h"
#include "src/model.h"
#include "src/speak/voice.h"
#include "src/text_file.h"

#include <stdlib.h>
#include <string.h>

struct vits_voice {
    struct vits *network;
    struct vits_vocabulary *vocabulary;
};

/* ---- opening ---- */

static int read_vocabulary(struct vits_voice *parts, const char *directory, int size, struct fault *fault)
{
    struct text_file vocabulary = {0}, rules = {0};
    bool there = false;
    if (text_file_read(&vocabulary, directory, "vocab.json", MODEL_TOKENIZER_LIMIT, fault))
        return fault->code;
    if (!text_file_read_if_there(&rules, directory, "tokenizer_config.json", MODEL_CONFIG_LIMIT, &there, fault))
        vits_vocabulary_open(&parts->vocabulary, vocabulary.text, vocabulary.length, there ? rules.text : NULL,
                             rules.length, vocabulary.path, fault);
    if (!fault->code && vits_vocabulary_size(parts->vocabulary) > size)
        fail(fault, UTTER_ERROR_MODEL, "%s: it has a token %d, but config.json a vocabulary of %d", vocabulary.path,
             vits_vocabulary_size(parts->vocabulary) - 1, size);
    text_file_free(&vocabulary);
    if (there)
        text_file_free(&rules);
    return fault->code;
}

static int read_config(struct vits_config *config, const char *directory, struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    vits_config_read(config, file.text, file.length, file.path, fault);
    text_file_free(&file);
    return fault->code;
}

static bool is_english(const char *language)
{
    return !*language || !strncmp(language, "en", 2);
}

/* What the vocabulary's rules ask for: phones need the pronouncer, or for another language espeak-ng. */
static int open_text(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    const struct vits_voice *parts = voice->parts;
    const struct vits_rules *rules = vits_vocabulary_rules(parts->vocabulary);
    voice->english = is_english(rules->language);
    if (voice->english)
        return rules->phonemize ? voice_open_pronouncer(voice, source->params->lexicon, fault) : 0;
    if (rules->phonemize && !espeak_is_there())
        return fail(fault, UTTER_ERROR_UNSUPPORTED,
                    "the voice %.200s speaks \"%.20s\" from phones, for which the library espeak-ng is needed, and "
                    "it is not installed",
                    voice->name, rules->language);
    return voice_set_language(voice, rules->language, fault);
}

static int load(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    struct vits_voice *parts = voice->parts;
    struct vits_config config;
    struct checkpoint *checkpoint = NULL;
    if (read_config(&config, source->directory, fault) ||
        read_vocabulary(parts, source->directory, config.vocabulary, fault) || open_text(voice, source, fault) ||
        checkpoint_open(&checkpoint, source->directory, fault))
        return fault->code;
    vits_open(&parts->network, &config, checkpoint, voice->engine->device, voice->type, fault);
    checkpoint_close(&checkpoint);
    return fault->code;
}

static int make(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    static const char letters[] = "{\" \":1,\"a\":2,\"b\":3,\"c\":4,\"d\":5,\"e\":6,\"f\":7,\"g\":8,\"h\":9,\"i\":10,"
                                  "\"j\":11,\"k\":12,\"l\":13,\"m\":14,\"n\":15,\"o\":16,\"p\":17,\"q\":18,\"r\":19,"
                                  "\"s\":20,\"t\":21,\"u\":22,\"v\":23,\"w\":24,\"x\":25,\"y\":26,\"z\":27}";
    static const char rules[] = "{\"phonemize\":false,\"language\":\"eng\"}";
    struct vits_voice *parts = voice->parts;
    struct vits_config config;
    struct checkpoint *checkpoint = NULL;
    vits_config_named(&config, source->shape);
    if (vits_vocabulary_open(&parts->vocabulary, letters, sizeof letters - 1, rules, sizeof rules - 1,
                             "made-up letters", fault) ||
        checkpoint_open_random(&checkpoint, source->seed, fault))
        return fault->code;
    vits_open(&parts->network, &config, checkpoint, voice->engine->device, voice->type, fault);
    checkpoint_close(&checkpoint);
    return fault->code;
}

static int open_vits(struct utter_voice *voice, const struct voice_source *source, struct fault *fault)
{
    struct vits_voice *parts = memory_new(1, sizeof *parts);
    if (!parts)
        return fail_memory(fault, "a voice");
    voice->parts = parts;
    if (source->params->vocoder)
        return fail(fault, UTTER_ERROR_ARGUMENT, "the voice %.200s is a VITS, which has no vocoder to be replaced",
                    voice->name);
    if (source->directory ? load(voice, source, fault) : make(voice, source, fault))
        return fault->code;
    const struct vits_config *config = vits_get_config(parts->network);
    voice->sample_rate = config->sampling_rate;
    voice->hop = vits_hop(config);
    voice->speakers = config->speakers > 1 ? config->speakers : 1;
    voice->parameters = vits_parameters(parts->network);
    voice->weight_bytes = vits_weight_bytes(parts->network);
    return 0;
}

static void close_vits(struct utter_voice *voice)
{
    struct vits_voice *parts = voice->parts;
    if (!parts)
        return;
    vits_close(&parts->network);
    vits_vocabulary_close(&parts->vocabulary);
    free(parts);
    voice->parts = NULL;
}

/* ---- spelling ---- */

/* What an item is in the text that the vocabulary is given: IPA or letters. */
static void write_item(const struct utter_voice *voice, const struct breath *breath, size_t i, struct text *text)
{
    const struct spoken_item *item = &breath->sentence->items[i];
    if (!voice->pronouncer) {
        text_add_string(text, item->text);
        return;
    }
    const struct pronounced_item *said = &breath->pronunciation->items[i];
    ipa_write(breath->pronunciation->phones + said->first, said->count, text);
}

/* The text of a breath; ends [end - first]: where each item ends in it. */
static int write_breath(const struct utter_voice *voice, const struct breath *breath, struct text *text, size_t *ends,
                        struct fault *fault)
{
    for (size_t i = breath->first; i < breath->end; i++) {
        size_t before = text->length;
        char mark[2] = {breath->sentence->items[i].after, '\0'};
        text_add_string(text, before ? " " : "");
        size_t begin = text->length;
        write_item(voice, breath, i, text);
        if (text->length == begin)
            text->length = before;
        ends[i - breath->first] = text->length;
        text_add_string(text, text->length ? mark : "");
    }
    return text->failed ? fail_memory(fault, "a sentence's letters") : 0;
}

/* Phones of another language, of a text that is written in it. */
static int phonemize(const struct utter_voice *voice, struct text *text, struct fault *fault)
{
    const struct vits_voice *parts = voice->parts;
    const struct vits_rules *rules = vits_vocabulary_rules(parts->vocabulary);
    struct text ipa = {0};
    if (!rules->phonemize || voice->pronouncer)
        return 0;
    if (!espeak_ipa(text->bytes, text->length, rules->language, &ipa, fault) && ipa.failed)
        fail_memory(fault, "a sentence's phones");
    text_free(text);
    *text = ipa;
    return fault->code;
}

static int add_words(const struct breath *breath, struct utterance *utterance, struct fault *fault)
{
    for (size_t i = breath->first; i < breath->end && !fault->code; i++) {
        const struct spoken_item *item = &breath->sentence->items[i];
        utterance_add_word(utterance, item->text, item->begin, item->end, fault);
    }
    return fault->code;
}

/* ends NULL: which word a token belongs to is not known. */
static int add_tokens(const struct vits_voice *parts, const struct breath *breath, const struct text *text,
                      const size_t *ends, struct utterance *utterance, struct fault *fault)
{
    struct vits_token *tokens = NULL;
    size_t count = 0, item = 0, last = breath->end - breath->first - 1;
    if (vits_vocabulary_encode(parts->vocabulary, text->bytes, text->length, &tokens, &count, fault))
        return fault->code;
    for (size_t i = 0; i < count && !fault->code; i++) {
        while (ends && item < last && tokens[i].begin >= ends[item])
            item++;
        if (!utterance_add_token(utterance, tokens[i].id, NULL, false,
                                 &breath->sentence->items[breath->first + item].prosody, fault) &&
            ends && tokens[i].begin < ends[item])
            utterance->tokens[i].word = (int)item;
    }
    free(tokens);
    return fault->code;
}

static int spell(const struct utter_voice *voice, const struct breath *breath, struct utterance *utterance,
                 struct fault *fault)
{
    const struct vits_voice *parts = voice->parts;
    bool foreign = vits_vocabulary_rules(parts->vocabulary)->phonemize && !voice->pronouncer;
    struct text text = {0};
    size_t *ends = memory_new(breath->end - breath->first, sizeof *ends);
    if (!ends)
        return fail_memory(fault, "a sentence's letters");
    if (!write_breath(voice, breath, &text, ends, fault) && text.length && !phonemize(voice, &text, fault) &&
        !add_words(breath, utterance, fault))
        add_tokens(parts, breath, &text, foreign ? NULL : ends, utterance, fault);
    text_free(&text);
    free(ends);
    return fault->code;
}

/* ---- rendering ---- */

struct vits_renderer {
    struct renderer renderer;
    const struct utter_voice *voice;
    struct vits_pass *pass;
    int *tokens, *durations; /* [capacity] each */
    float *rates;
    size_t capacity;
    float *latents; /* [frames, flow_size] */
    size_t latents_capacity;
    float *samples; /* of a stretch with what lies beside it */
    size_t samples_capacity;
    int frames, speaker;
};

static void close_renderer(struct renderer **renderer)
{
    struct vits_renderer *r = (struct vits_renderer *)*renderer;
    if (!r)
        return;
    vits_pass_close(&r->pass);
    free(r->tokens);
    free(r->durations);
    free(r->rates);
    free(r->latents);
    free(r->samples);
    free(r);
    *renderer = NULL;
}

static int take_tokens(struct vits_renderer *r, const struct utterance *utterance, struct fault *fault)
{
    size_t count = utterance->count, capacities[3] = {r->capacity, r->capacity, r->capacity};
    if (!memory_grow((void **)&r->tokens, &capacities[0], count, sizeof *r->tokens) ||
        !memory_grow((void **)&r->durations, &capacities[1], count, sizeof *r->durations) ||
        !memory_grow((void **)&r->rates, &capacities[2], count, sizeof *r->rates))
        return fail_memory(fault, "a sentence's tokens");
    r->capacity = capacities[0];
    for (size_t i = 0; i < count; i++) {
        r->tokens[i] = utterance->tokens[i].id;
        r->rates[i] = utterance->tokens[i].prosody.rate;
    }
    return 0;
}

/* NULL where the voice is one speaker's. */
static const int *speaker_of(const struct vits_renderer *r)
{
    return r->voice->speakers > 1 ? &r->speaker : NULL;
}

static int find_durations(struct vits_renderer *r, const struct renderer_request *request, struct fault *fault)
{
    const struct vits_voice *parts = r->voice->parts;
    int count = (int)request->utterance->count, most = request->longest < 1 << 20 ? (int)request->longest : 1 << 20;
    struct vits_control control;
    vits_control_init(&control, vits_get_config(parts->network));
    control.seed = request->seed;
    control.rates = r->rates;
    r->speaker = request->speaker;
    if (vits_durations(r->pass, r->tokens, &count, 1, count, &control, speaker_of(r), most, r->durations, &r->frames,
                       fault))
        return fault->code;
    if (r->frames == most)
        return fail(fault, UTTER_ERROR_MODEL, "the voice %.200s would speak a sentence for more than %.0f seconds",
                    r->voice->name, (double)most * r->voice->hop / r->voice->sample_rate);
    return 0;
}

static int begin(struct renderer *renderer, const struct renderer_request *request, int64_t *frames,
                 struct fault *fault)
{
    struct vits_renderer *r = (struct vits_renderer *)renderer;
    const struct vits_voice *parts = r->voice->parts;
    struct utterance *utterance = request->utterance;
    if (take_tokens(r, utterance, fault) || find_durations(r, request, fault))
        return fault->code;
    size_t values = (size_t)r->frames * (size_t)vits_get_config(parts->network)->flow_size;
    if (!memory_grow((void **)&r->latents, &r->latents_capacity, values, sizeof *r->latents))
        return fail_memory(fault, "a sentence's latents");
    if (vits_latents(r->pass, NULL, r->latents, fault))
        return fault->code;
    for (size_t i = 0; i < utterance->count; i++)
        utterance->tokens[i].frames = r->durations[i];
    *frames = r->frames;
    return 0;
}

static int vocode(struct renderer *renderer, int64_t first, int64_t count, float *samples, struct fault *fault)
{
    struct vits_renderer *r = (struct vits_renderer *)renderer;
    const struct vits_config *config = vits_get_config(((const struct vits_voice *)r->voice->parts)->network);
    int reach = vits_reach(config), hop = r->voice->hop;
    int begin = first > reach ? (int)first - reach : 0;
    int end = first + count + reach < r->frames ? (int)(first + count) + reach : r->frames, length = end - begin;
    if (!memory_grow((void **)&r->samples, &r->samples_capacity, (size_t)length * (size_t)hop, sizeof *r->samples))
        return fail_memory(fault, "a sentence's samples");
    if (vits_decode(r->pass, r->latents + (size_t)begin * (size_t)config->flow_size, &length, 1, length, speaker_of(r),
                    r->samples, fault))
        return fault->code;
    memcpy(samples, r->samples + (size_t)(first - begin) * (size_t)hop, (size_t)(count * hop) * sizeof *samples);
    return 0;
}

static const struct renderer_ops renderer_ops = {begin, vocode, close_renderer, .timed = true, .bends = false};

static int open_renderer(struct renderer **renderer, const struct utter_voice *voice, struct fault *fault)
{
    const struct vits_voice *parts = voice->parts;
    struct vits_renderer *r = memory_new(1, sizeof *r);
    if (!r)
        return fail_memory(fault, "a speech");
    r->renderer.ops = &renderer_ops;
    r->voice = voice;
    struct renderer *opened = &r->renderer;
    if (vits_pass_open(&r->pass, parts->network, fault))
        close_renderer(&opened);
    else
        *renderer = opened;
    return fault->code;
}

static bool is_type(const char *model_type)
{
    return !strcmp(model_type, "vits");
}

static bool is_shape(const char *shape)
{
    struct vits_config config;
    return vits_config_named(&config, shape);
}

const struct voice_family vits_family = {
    .name = "vits",
    .is_type = is_type,
    .is_shape = is_shape,
    .open = open_vits,
    .close = close_vits,
    .spell = spell,
    .renderer_open = open_renderer,
};
