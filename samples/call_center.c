/* call_center.c - many telephone calls at once: of each, the G.711 of agent and customer comes in packets of 20 ms, and
 * two threads have half of the calls each. Prints what is said, while it is spoken. sox call.wav -t raw -r 8000 -c 2 -e
 * mu-law call.raw call_center call.raw [CALLS [SPEED]]     SPEED 1: the pace of speech; 0: as fast as it goes
 * SPDX-License-Identifier: Apache-2.0 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <utter.h>

enum { PACKET = 160, THREADS = 2, MOST_CALLS = 1000, MOST_FRAMES = 8000 * 3600 };

static utter_session *calls[MOST_CALLS];
static int call_count = 50;
static double speed = 1;
static uint8_t line[2 * MOST_FRAMES]; /* what every call hears: [frames, 2], µ-law */
static size_t frame_count;

static void print_events(int call)
{
    struct utter_event event = {.struct_size = sizeof event};
    while (utter_session_next_event(calls[call], &event) == 1)
        if (event.kind == UTTER_EVENT_COMMITTED)
            printf("call %d  %s %7.2f  %s\n", call, event.channel ? "customer" : "agent   ", event.segment.start,
                   event.segment.text);
}

/* Returns 0, or a negative enum utter_error after a message. */
static int feed_packet(int call, size_t at)
{
    size_t frames = frame_count - at < PACKET ? frame_count - at : PACKET;
    int error = utter_session_feed_ulaw(calls[call], line + 2 * at, frames);
    if (error >= 0 && at + frames == frame_count)
        error = utter_session_finish(calls[call]);
    if (error < 0)
        fprintf(stderr, "call %d: %s\n", call, utter_error_message());
    print_events(call);
    return error;
}

/* One of the threads: a session belongs to one thread at a time. Returns NULL, or something where a call failed. */
static void *serve(void *first)
{
    void *failed = NULL;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (size_t at = 0; at < frame_count; at += PACKET) {
        for (int call = *(int *)first; call < call_count; call += THREADS)
            failed = feed_packet(call, at) < 0 ? first : failed;
        next.tv_nsec += speed > 0 ? (long)(20e6 / speed) : 0;
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
    }
    return failed;
}

static int run(utter_model *model)
{
    int first[THREADS] = {0, 1}, error = 0;
    void *failed = NULL;
    pthread_t threads[THREADS];
    struct utter_live_params live;
    struct utter_session_params params;
    utter_live_params_init(&live);
    utter_session_params_init(&params);
    params.sample_rate = 8000;
    params.channel_count = 2;
    params.channels = UTTER_CHANNELS_SPLIT;
    params.live = &live;
    for (int i = 0; i < call_count && error >= 0; i++)
        error = utter_session_open(model, &params, &calls[i]);
    if (error < 0)
        return error;
    for (int i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, serve, &first[i]) != 0)
            exit(1);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], &failed);
        error = failed ? UTTER_ERROR_STATE : error;
    }
    return error;
}

int main(int argc, char **argv)
{
    utter_engine *engine = NULL;
    utter_model *model = NULL;
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : NULL;
    frame_count = file ? fread(line, 2, MOST_FRAMES, file) : 0;
    call_count = argc > 2 ? atoi(argv[2]) : call_count;
    speed = argc > 3 ? atof(argv[3]) : speed;
    if (!frame_count || call_count < 1 || call_count > MOST_CALLS) {
        fprintf(stderr, "usage: %s CALL.raw [CALLS [SPEED]]     two channels of mu-law at 8 kHz\n", argv[0]);
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    int error = utter_engine_open(&engine, NULL);
    if (error >= 0)
        error = utter_model_open(engine, NULL, NULL, &model);
    if (error >= 0)
        error = run(model);
    if (error < 0)
        fprintf(stderr, "%s\n", utter_error_message());
    for (int i = 0; i < call_count; i++)
        utter_session_close(&calls[i]);
    utter_model_close(&model);
    utter_engine_close(&engine);
    fclose(file);
    return error < 0;
}
