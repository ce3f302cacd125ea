/* echo.c - hears what is said into the microphone, and says it back in a voice of its own; Ctrl-C ends it.
 *   echo [MODEL [VOICE]]
 * SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <utter.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    interrupted = number;
}

/* Everything that is open. */
struct echo {
    utter_engine *engine;
    utter_model *model;
    utter_voice *voice;
    utter_microphone *microphone;
    utter_session *session;
    utter_speech *speech;
    utter_player *player;
};

/* Says a text: sound is played while the rest is still computed. Returns 0, or a negative enum utter_error. */
static int say(struct echo *echo, const char *text)
{
    float samples[2048];
    size_t got = 1, left = 1;
    int error = utter_speech_text(echo->speech, text, strlen(text));
    if (error >= 0)
        error = utter_speech_flush(echo->speech); /* nothing more is to be waited for */
    while (error >= 0 && got > 0 && !interrupted) {
        error = utter_speech_read(echo->speech, samples, 2048, &got);
        for (size_t at = 0, written = 0; error >= 0 && at < got && !interrupted; at += written)
            error = utter_player_write(echo->player, samples + at, got - at, 100, &written);
    }
    while (error >= 0 && left > 0 && !interrupted)
        error = utter_player_drain(echo->player, 100, &left);
    return error;
}

/* What was captured while we spoke is our own voice: it is thrown away. */
static int forget(struct echo *echo)
{
    float samples[4096];
    size_t got = 1;
    int error = 0;
    while (error >= 0 && got > 0)
        error = utter_microphone_read(echo->microphone, samples, 4096, 0, &got);
    return error < 0 ? error : utter_session_reset(echo->session);
}

/* Answers every utterance that has ended. */
static int answer(struct echo *echo)
{
    static char heard[4096]; /* the utterance so far */
    struct utter_event event = {.struct_size = sizeof event};
    int got;
    while ((got = utter_session_next_event(echo->session, &event)) > 0) {
        if (event.kind == UTTER_EVENT_COMMITTED)
            snprintf(heard + strlen(heard), sizeof heard - strlen(heard), "%s ", event.segment.text);
        if (event.kind != UTTER_EVENT_END || !*heard)
            continue;
        printf("%s\n", heard);
        fflush(stdout);
        int error = say(echo, heard);
        heard[0] = '\0';
        return error < 0 ? error : forget(echo);
    }
    return got;
}

static int converse(struct echo *echo)
{
    float samples[4096];
    size_t got;
    int error = 0;
    while (error >= 0 && !interrupted) {
        error = utter_microphone_read(echo->microphone, samples, 4096, 100, &got);
        if (error >= 0 && got > 0)
            error = utter_session_feed(echo->session, samples, got);
        if (error >= 0)
            error = answer(echo);
    }
    return error;
}

static int open_ears(struct echo *echo, const char *model)
{
    struct utter_microphone_params input;
    struct utter_microphone_info info = {.struct_size = sizeof info};
    struct utter_session_params params;
    struct utter_live_params live = {.struct_size = sizeof live}; /* the defaults */
    utter_microphone_params_init(&input);
    utter_session_params_init(&params);
    input.channel_count = 1;
    int error = utter_model_open(echo->engine, model, NULL, &echo->model);
    if (error >= 0 && (error = utter_microphone_open(&echo->microphone, &input)) >= 0)
        error = utter_microphone_get_info(echo->microphone, &info);
    params.sample_rate = info.sample_rate; /* the microphone's own, where it refused 16 kHz */
    params.live = &live;
    return error < 0 ? error : utter_session_open(echo->model, &params, &echo->session);
}

static int open_mouth(struct echo *echo, const char *voice)
{
    struct utter_voice_info info = {.struct_size = sizeof info};
    struct utter_player_params output;
    utter_player_params_init(&output);
    int error = utter_voice_open(echo->engine, voice, NULL, &echo->voice);
    if (error >= 0 && (error = utter_voice_get_info(echo->voice, &info)) >= 0)
        error = utter_speech_open(echo->voice, NULL, &echo->speech);
    output.sample_rate = info.sample_rate;
    return error < 0 ? error : utter_player_open(&echo->player, &output);
}

int main(int argc, char **argv)
{
    struct echo echo = {0};
    signal(SIGINT, on_interrupt);
    int error = utter_engine_open(&echo.engine, NULL);
    if (error >= 0)
        error = open_ears(&echo, argc > 1 ? argv[1] : NULL);
    if (error >= 0)
        error = open_mouth(&echo, argc > 2 ? argv[2] : NULL);
    if (error >= 0)
        error = converse(&echo);
    if (error < 0)
        fprintf(stderr, "%s: %s\n", utter_error_name(error), utter_error_message());
    utter_player_close(&echo.player);
    utter_speech_close(&echo.speech);
    utter_voice_close(&echo.voice);
    utter_session_close(&echo.session);
    utter_microphone_close(&echo.microphone);
    utter_model_close(&echo.model);
    utter_engine_close(&echo.engine);
    return error < 0;
}
