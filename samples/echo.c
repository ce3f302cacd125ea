/* echo.c - says back what is said into the microphone, utterance by utterance:  echo [MODEL [VOICE]]
 * SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include <utter.h>

enum { RATE = 48000, MOST = 4096 }; /* a rate that every sound card has */

static utter_microphone *microphone;
static utter_session *session; /* sound to text */
static utter_speech *speech;   /* text to sound */
static utter_player *player;
static float samples[MOST];

/* Each step returns 0, or not, as the library's functions do; the first that does not ends the program. */
static int open_all(utter_model *model, utter_voice *voice)
{
    struct utter_microphone_params input = {.struct_size = sizeof input, .channel_count = 1};
    struct utter_microphone_info info = {.struct_size = sizeof info};
    struct utter_player_params output = {.struct_size = sizeof output, .sample_rate = RATE};
    struct utter_speech_params spoken = {.struct_size = sizeof spoken, .sample_rate = RATE};
    struct utter_live_params live = {.struct_size = sizeof live}; /* zeros are the defaults */
    struct utter_session_params heard = {.struct_size = sizeof heard, .live = &live};
    int error = utter_speech_open(voice, &spoken, &speech) || utter_player_open(&player, &output) ||
                utter_microphone_open(&microphone, &input) || utter_microphone_get_info(microphone, &info);
    heard.sample_rate = info.sample_rate; /* the microphone's own, where it refused what the session would like best */
    return error || utter_session_open(model, &heard, &session);
}

/* Plays what speech was given while it is computed, and throws away what the microphone heard of it. */
static int speak(void)
{
    size_t got = 1, written;
    int error = utter_speech_flush(speech);
    while (!error && got > 0)
        error =
            utter_speech_read(speech, samples, MOST, &got) || utter_player_write(player, samples, got, -1, &written);
    error = error || utter_player_drain(player, -1, NULL);
    for (got = 1; !error && got > 0;)
        error = utter_microphone_read(microphone, samples, MOST, 0, &got);
    return error || utter_session_reset(session);
}

/* Answers an utterance when it has ended; its words come as soon as they are certain. */
static int answer(const struct utter_event *event)
{
    const char *text = event->segment.text;
    if (event->kind == UTTER_EVENT_END)
        return speak();
    if (event->kind != UTTER_EVENT_COMMITTED)
        return 0;
    puts(text);
    return fflush(stdout) || utter_speech_text(speech, text, strlen(text)) || utter_speech_text(speech, " ", 1);
}

int main(int argc, char **argv)
{
    struct utter_event event = {.struct_size = sizeof event};
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    utter_voice *voice = NULL;
    size_t got;
    int more, error;
    error = utter_engine_open(&engine, NULL) || utter_model_open(engine, argc > 1 ? argv[1] : NULL, NULL, &model) ||
            utter_voice_open(engine, argc > 2 ? argv[2] : NULL, NULL, &voice) || open_all(model, voice);
    while (!error) { /* until the microphone is gone, or Ctrl-C */
        error = utter_microphone_read(microphone, samples, MOST, -1, &got) || utter_session_feed(session, samples, got);
        while (!error && (more = utter_session_next_event(session, &event)) != 0)
            error = more < 0 || answer(&event);
    }
    fprintf(stderr, "%s\n", utter_error_message());
    utter_player_close(&player);
    utter_speech_close(&speech);
    utter_voice_close(&voice);
    utter_session_close(&session);
    utter_microphone_close(&microphone);
    utter_model_close(&model);
    utter_engine_close(&engine);
    return error;
}
