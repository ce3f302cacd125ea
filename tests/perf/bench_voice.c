/* bench_voice.c - voice activity of raw sound, frame by frame, and its time: what voice_activity.py measures with.
 *     bench_voice DETECTOR THRESHOLD FILE …
 * DETECTOR: "default", "energy" or a path; FILE: 16 kHz mono, 32-bit floats. Prints a line for each file, '1' or '0'
 * for each frame of 10 ms, then one with the seconds of sound and of computing, and the memory that a stream takes. */
#include "src/base/threads.h"
#include "src/voice.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 320 };

static float *read_sound(const char *path, long *count)
{
    FILE *file = fopen(path, "rb");
    float *samples = NULL;
    if (file && !fseek(file, 0, SEEK_END) && (*count = ftell(file) / (long)sizeof *samples) >= 0) {
        rewind(file);
        samples = malloc((size_t)(*count + 1) * sizeof *samples);
        if (samples && fread(samples, sizeof *samples, (size_t)*count, file) != (size_t)*count)
            *count = 0;
    }
    if (file)
        fclose(file);
    return samples;
}

static void take(struct voice_stream *stream, char **to)
{
    struct activity_frame frames[64];
    for (int got; (got = voice_stream_take(stream, frames, 64)) > 0;)
        for (int i = 0; i < got; i++)
            *(*to)++ = frames[i].speech ? '1' : '0';
}

/* In chunks of 20 ms, as a telephone sends them. Returns the seconds that it took. */
static double judge(struct voice_stream *stream, const float *samples, long count, char *line)
{
    struct fault fault = {0};
    const double start = clock_seconds();
    for (long at = 0; at < count; at += CHUNK) {
        voice_stream_feed(stream, samples + at, count - at < CHUNK ? count - at : CHUNK, &fault);
        take(stream, &line);
    }
    voice_stream_finish(stream, &fault);
    take(stream, &line);
    *line = 0;
    if (fault.code)
        fprintf(stderr, "%s\n", fault.message);
    return clock_seconds() - start;
}

static size_t memory_in_use(void)
{
    return mallinfo2().uordblks;
}

int main(int argc, char **argv)
{
    struct voice *voice;
    struct voice_stream *stream;
    struct fault fault = {0};
    double seconds = 0, sound = 0;
    if (argc < 4)
        return 2;
    if (voice_open(&voice, NULL, strcmp(argv[1], "default") ? argv[1] : NULL, &fault)) {
        fprintf(stderr, "%s\n", fault.message);
        return 1;
    }
    size_t before = memory_in_use(), memory = 0;
    if (voice_stream_open(&stream, voice, (float)atof(argv[2]), &fault))
        return 1;
    for (int i = 3; i < argc; i++) {
        long count = 0;
        float *samples = read_sound(argv[i], &count);
        char *line = malloc((size_t)count / ACTIVITY_HOP + 2);
        if (!samples || !line)
            return 1;
        voice_stream_reset(stream);
        seconds += judge(stream, samples, count, line);
        sound += (double)count / ACTIVITY_RATE;
        puts(line);
        free(samples);
        free(line);
        memory = memory_in_use() - before;
    }
    printf("sound %.2f seconds %.4f memory %zu\n", sound, seconds, memory);
    voice_stream_close(&stream);
    voice_close(&voice);
    return 0;
}
