/* test_voices.c - the families behind the public API: the small golden networks as directories, with vocabularies that
 * are made up here. */
#include "decoder/spoken/arpabet.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define GOLDEN TEST_DATA "/golden/"

struct world {
    utter_engine *engine;
    char directory[64], path[128];
};

static int open_world(void **state)
{
    static struct world world;
    assert_int_equal(utter_engine_open(&world.engine, NULL), 0);
    strcpy(world.directory, "/tmp/utter-voice-XXXXXX");
    assert_non_null(mkdtemp(world.directory));
    *state = &world;
    return 0;
}

static const char *path_in(struct world *world, const char *name)
{
    snprintf(world->path, sizeof world->path, "%s/%s", world->directory, name);
    return world->path;
}

static void empty(struct world *world)
{
    static const char *const names[] = {"config.json",           "model.safetensors", "vocab.json",
                                        "tokenizer_config.json", "spm_char.model",    "speakers.npy"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unlink(path_in(world, names[i]));
}

static int close_world(void **state)
{
    struct world *world = *state;
    empty(world);
    rmdir(world->directory);
    utter_engine_close(&world->engine);
    return 0;
}

static void write_file(struct world *world, const char *name, const void *bytes, size_t size)
{
    FILE *file = fopen(path_in(world, name), "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

/* The world's directory becomes a family's: its golden configuration and weights, and no more. */
static void take(struct world *world, const char *golden)
{
    char target[256];
    empty(world);
    snprintf(target, sizeof target, GOLDEN "%s/config.json", golden);
    assert_int_equal(symlink(target, path_in(world, "config.json")), 0);
    snprintf(target, sizeof target, GOLDEN "%s/model.safetensors", golden);
    assert_int_equal(symlink(target, path_in(world, "model.safetensors")), 0);
}

static void fails(struct world *world, const struct utter_voice_params *params, int code, const char *said)
{
    utter_voice *voice = NULL;
    int got = utter_voice_open(world->engine, world->directory, params, &voice);
    if (got != code || !strstr(utter_error_message(), said))
        fail_msg("%d, not %d, or no '%s': %s", got, code, said, utter_error_message());
    assert_null(voice);
}

struct sound {
    float samples[1 << 18];
    size_t count;
};

static void speak(utter_voice *voice, const struct utter_speech_params *params, const char *text, struct sound *sound)
{
    utter_speech *speech = NULL;
    size_t got = 1;
    sound->count = 0;
    if (utter_speech_open(voice, params, &speech) || utter_speech_text(speech, text, strlen(text)) ||
        utter_speech_finish(speech))
        fail_msg("%s", utter_error_message());
    while (got > 0) {
        if (utter_speech_read(speech, sound->samples + sound->count, 1000, &got))
            fail_msg("%s", utter_error_message());
        sound->count += got;
        assert_true(sound->count < sizeof sound->samples / sizeof(float) - 1000);
    }
    utter_speech_close(&speech);
}

static bool same(const struct sound *a, const struct sound *b)
{
    return a->count == b->count && !memcmp(a->samples, b->samples, a->count * sizeof(float));
}

/* ---- FastSpeech 2 ---- */

static void write_phones(struct world *world, int size)
{
    static char json[4096];
    strcpy(json, "{\"<sos/eos>\":0");
    for (unsigned char phone = 0; phone < PHONE_COUNT; phone++)
        snprintf(json + strlen(json), sizeof json - strlen(json), ",\"%s\":%d", phone_name(phone),
                 1 + phone % (size - 1));
    strcat(json, ",\".\":1}");
    write_file(world, "vocab.json", json, strlen(json));
}

static void test_fastspeech(void **state)
{
    struct world *world = *state;
    static struct sound once, twice;
    utter_voice *voice = NULL;
    struct utter_voice_info info = {.struct_size = sizeof info};
    take(world, "fastspeech/voice");
    fails(world, NULL, UTTER_ERROR_IO, "vocab.json");
    write_phones(world, 14);
    fails(world, NULL, UTTER_ERROR_MODEL, "a vocabulary of 13");
    write_phones(world, 13);
    if (utter_voice_open(world->engine, world->directory, NULL, &voice))
        fail_msg("%s", utter_error_message());
    assert_int_equal(utter_voice_get_info(voice, &info), 0);
    assert_string_equal(info.family, "fastspeech2-conformer");
    assert_string_equal(info.language, "en");
    speak(voice, NULL, "Hello there. How are you?", &once);
    speak(voice, NULL, "Hello there. How are you?", &twice);
    assert_true(once.count > 0 && same(&once, &twice));
    utter_voice_close(&voice);
}

/* Embeddings of two speakers, as NumPy writes them, [2, width]. */
static void write_embeddings(struct world *world, int width)
{
    char bytes[128 + 2 * 16 * sizeof(float)] = "\x93NUMPY\x01";
    const float values[32] = {1, 0.5f, 0, -1, 2, -2, 1, 1, 0.3f, -1};
    int length = snprintf(bytes + 10, 118, "{'descr': '<f4', 'fortran_order': False, 'shape': (2, %d), }", width);
    memset(bytes + 10 + length, ' ', 118 - (size_t)length);
    bytes[8] = 118;
    memcpy(bytes + 128, values, 2 * (size_t)width * sizeof(float));
    write_file(world, "speakers.npy", bytes, 128 + 2 * (size_t)width * sizeof(float));
}

/* A voice that is told its speaker by an embedding. */
static void test_fastspeech_embeddings(void **state)
{
    struct world *world = *state;
    static struct sound first, second;
    struct utter_voice_params params;
    struct utter_speech_params speech;
    struct utter_voice_info info = {.struct_size = sizeof info};
    char speakers[128];
    utter_voice *voice = NULL;
    utter_voice_params_init(&params);
    utter_speech_params_init(&speech);
    take(world, "fastspeech/brought");
    write_phones(world, 13);
    params.vocoder = GOLDEN "fastspeech/voice";
    fails(world, &params, UTTER_ERROR_ARGUMENT, "speaker embeddings");
    snprintf(speakers, sizeof speakers, "%s/speakers.npy", world->directory);
    params.speakers = speakers;
    write_embeddings(world, 4);
    fails(world, &params, UTTER_ERROR_MODEL, "have 4 numbers");
    write_embeddings(world, 5);
    if (utter_voice_open(world->engine, world->directory, &params, &voice))
        fail_msg("%s", utter_error_message());
    assert_int_equal(utter_voice_get_info(voice, &info), 0);
    assert_int_equal(info.speaker_count, 2);
    speak(voice, &speech, "Hello there.", &first);
    speech.speaker = 1;
    speak(voice, &speech, "Hello there.", &second);
    assert_true(first.count > 0 && second.count > 0 && !same(&first, &second));
    utter_voice_close(&voice);
}

/* A vocoder for other spectrograms is refused, in a sentence that says what differs. */
static void test_other_vocoder(void **state)
{
    struct world *world = *state;
    struct utter_voice_params params;
    utter_voice_params_init(&params);
    take(world, "fastspeech/voice");
    write_phones(world, 13);
    params.vocoder = GOLDEN "hifigan/pairs";
    fails(world, &params, UTTER_ERROR_MODEL, "does not fit");
    params.vocoder = GOLDEN "hifigan/pairs/generator_v1";
    fails(world, &params, UTTER_ERROR_MODEL, "does not fit");
    params.vocoder = "/nowhere";
    fails(world, &params, UTTER_ERROR_IO, "/config.json");
}

/* ---- VITS ---- */

static const char letters[] =
    "{\" \":0,\"a\":1,\"e\":2,\"h\":3,\"i\":4,\"l\":5,\"n\":6,\"o\":7,\"s\":8,\"t\":9,\"r\":10,\"d\":11}";
static const char rules[] = "{\"phonemize\":false,\"add_blank\":true,\"language\":\"eng\"}";

static void test_vits(void **state)
{
    struct world *world = *state;
    static struct sound first, second, other, seeded;
    utter_voice *voice = NULL;
    utter_speech *speech = NULL;
    struct utter_voice_info info = {.struct_size = sizeof info};
    struct utter_speech_params params;
    utter_speech_params_init(&params);
    take(world, "vits/speakers");
    write_file(world, "vocab.json", letters, sizeof letters - 1);
    write_file(world, "tokenizer_config.json", rules, sizeof rules - 1);
    if (utter_voice_open(world->engine, world->directory, NULL, &voice))
        fail_msg("%s", utter_error_message());
    assert_int_equal(utter_voice_get_info(voice, &info), 0);
    assert_string_equal(info.family, "vits");
    assert_int_equal(info.speaker_count, 5);
    speak(voice, &params, "This is the hill. No other one is 3.", &first);
    speak(voice, &params, "This is the hill. No other one is 3.", &second);
    params.speaker = 4;
    speak(voice, &params, "This is the hill. No other one is 3.", &other);
    params.speaker = 0;
    params.seed = 7;
    speak(voice, &params, "This is the hill. No other one is 3.", &seeded);
    assert_true(first.count > 0 && same(&first, &second) && !same(&first, &other) && !same(&first, &seeded));
    params.speaker = 5;
    assert_int_equal(utter_speech_open(voice, &params, &speech), UTTER_ERROR_ARGUMENT);
    params.speaker = 0;
    params.markup = UTTER_MARKUP_PHONEMES;
    assert_int_equal(utter_speech_open(voice, &params, &speech), UTTER_ERROR_UNSUPPORTED);
    utter_voice_close(&voice);
}

/* The golden configuration of several speakers with more in it, in place of the link. */
static void add_to_config(struct world *world, const char *more)
{
    static char json[16384] = "{";
    FILE *file = fopen(GOLDEN "vits/speakers/config.json", "rb");
    assert_non_null(file);
    size_t length = (size_t)snprintf(json, 1024, "{%s,", more);
    assert_int_equal(fgetc(file), '{');
    length += fread(json + length, 1, sizeof json - length, file);
    assert_true(length < sizeof json);
    fclose(file);
    unlink(path_in(world, "config.json"));
    write_file(world, "config.json", json, length);
}

static utter_voice *open_with_names(struct world *world, const char *names)
{
    utter_voice *voice = NULL;
    take(world, "vits/speakers");
    write_file(world, "vocab.json", letters, sizeof letters - 1);
    write_file(world, "tokenizer_config.json", rules, sizeof rules - 1);
    add_to_config(world, names);
    if (utter_voice_open(world->engine, world->directory, NULL, &voice))
        fail_msg("%s", utter_error_message());
    return voice;
}

static void refuse_speaker(utter_voice *voice, const char *name, const char *said)
{
    struct utter_speech_params params;
    utter_speech *speech = NULL;
    utter_speech_params_init(&params);
    params.speaker_name = name;
    assert_int_equal(utter_speech_open(voice, &params, &speech), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(utter_error_message(), said));
}

static void check_names(struct world *world, const char *names)
{
    static struct sound by_name, by_number, by_digits, by_markup;
    struct utter_voice_info info = {.struct_size = sizeof info};
    struct utter_speech_params params;
    utter_voice *voice = open_with_names(world, names);
    assert_int_equal(utter_voice_get_info(voice, &info), 0);
    assert_string_equal(info.speaker_names[3], "Carl");
    assert_null(info.speaker_names[1]);
    utter_speech_params_init(&params);
    params.speaker = 3;
    speak(voice, &params, "This is the hill.", &by_number);
    params.speaker = 0;
    params.speaker_name = "Carl";
    speak(voice, &params, "This is the hill.", &by_name);
    params.speaker_name = "3";
    speak(voice, &params, "This is the hill.", &by_digits);
    params.speaker_name = NULL;
    params.markup = UTTER_MARKUP_SSML;
    speak(voice, &params, "<speak><voice name='Carl'>This is the hill.</voice></speak>", &by_markup);
    assert_true(same(&by_name, &by_number) && same(&by_name, &by_digits) && same(&by_name, &by_markup));
    refuse_speaker(voice, "carl", "there is no speaker carl: the voice ");
    refuse_speaker(voice, "5", " has 5, from 0: Anna, Carl");
    refuse_speaker(voice, "", "there is no speaker : ");
    utter_voice_close(&voice);
}

/* Speakers by their names, as a list of ours and as Piper's map; what is no name, or no speaker's, is passed over. */
static void test_speaker_names(void **state)
{
    struct world *world = *state;
    check_names(world, "\"utter\":{\"speakers\":[\"Anna\",7,\"\",\"Carl\",null,\"Nobody\"]}");
    check_names(world, "\"speaker_id_map\":{\"Carl\":3,\"Anna\":0,\"Nobody\":5,\"Worse\":-1,\"None\":\"x\",\"\":4}");
    utter_voice *voice = open_with_names(world, "\"speaker_id_map\":[1]");
    refuse_speaker(voice, "Anna", " has 5, from 0");
    utter_voice_close(&voice);
}

/* The same letters by another's rules: English from phones. */
static void test_vits_from_phones(void **state)
{
    struct world *world = *state;
    static const char by_phones[] = "{\"phonemize\":true,\"add_blank\":true}";
    static struct sound sound;
    utter_voice *voice = NULL;
    take(world, "vits/stochastic");
    write_file(world, "vocab.json", letters, sizeof letters - 1);
    write_file(world, "tokenizer_config.json", by_phones, sizeof by_phones - 1);
    if (utter_voice_open(world->engine, world->directory, NULL, &voice))
        fail_msg("%s", utter_error_message());
    speak(voice, NULL, "Sit still.", &sound);
    assert_true(sound.count > 0);
    utter_voice_close(&voice);
    struct utter_voice_params params;
    utter_voice_params_init(&params);
    params.vocoder = GOLDEN "hifigan/pairs/generator_v1";
    fails(world, &params, UTTER_ERROR_ARGUMENT, "has no vocoder");
}

/* ---- SpeechT5 ---- */

static void test_speecht5(void **state)
{
    struct world *world = *state;
    struct utter_voice_params params;
    char speakers[128], target[256];
    static const char npy[] = "\x93NUMPY\x01\x00\x39"
                              "\x00"
                              "{'descr': '<f4', 'fortran_order': False, 'shape': (1, 9)}";
    char bytes[10 + 57 + 36] = {0};
    utter_voice_params_init(&params);
    take(world, "speecht5/plain");
    fails(world, NULL, UTTER_ERROR_IO, "spm_char.model");
    snprintf(target, sizeof target, GOLDEN "sentencepiece/unigram.model");
    assert_int_equal(symlink(target, path_in(world, "spm_char.model")), 0);
    fails(world, NULL, UTTER_ERROR_MODEL, "pieces, but config.json");
    unlink(path_in(world, "spm_char.model"));
    write_file(world, "spm_char.model",
               "\x0a\x0e\x0a\x05<unk>\x15\0\0\0\0\x18\x02\x0a\x0d\x0a\x04</s>\x15\0\0\0\0\x18\x03"
               "\x12\x02\x18\x04",
               35);
    fails(world, NULL, UTTER_ERROR_ARGUMENT, "speaker embeddings");
    memcpy(bytes, npy, sizeof npy - 1);
    write_file(world, "speakers.npy", bytes, sizeof bytes);
    snprintf(speakers, sizeof speakers, "%s/speakers.npy", world->directory);
    params.speakers = speakers;
    fails(world, &params, UTTER_ERROR_MODEL, "have 9 numbers");
}

static void test_no_voice(void **state)
{
    struct world *world = *state;
    empty(world);
    fails(world, NULL, UTTER_ERROR_IO, "config.json");
    write_file(world, "config.json", "{\"model_type\":\"bert\"}", 21);
    fails(world, NULL, UTTER_ERROR_UNSUPPORTED, "\"bert\"");
    write_file(world, "config.json", "{}", 2);
    fails(world, NULL, UTTER_ERROR_UNSUPPORTED, "no voice");
    write_file(world, "config.json", "{", 1);
    fails(world, NULL, UTTER_ERROR_MODEL, "no JSON");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fastspeech),    cmocka_unit_test(test_fastspeech_embeddings),
        cmocka_unit_test(test_other_vocoder), cmocka_unit_test(test_vits),
        cmocka_unit_test(test_speaker_names), cmocka_unit_test(test_vits_from_phones),
        cmocka_unit_test(test_speecht5),      cmocka_unit_test(test_no_voice),
    };
    return cmocka_run_group_tests(tests, open_world, close_world);
}
