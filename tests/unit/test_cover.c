/* test_cover.c - a recording is copied, sample by sample, but for the stretches that are to be covered. */
#include "src/include/utter.h"

#include <math.h>
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
#include <sndfile.h>

enum { RATE = 11025, CHANNELS = 2, FRAMES = 3 * RATE };

static char folder[] = "/tmp/utter-cover-XXXXXX";
static char from[64], to[64];

/* Between -0.9 and 0.9, the same every time, and nowhere 0. */
static float sample(int64_t i)
{
    uint32_t x = (uint32_t)i * 2654435761u;
    x ^= x >> 15;
    float value = (float)(x * 2246822519u >> 16) / 65536.0f * 1.8f - 0.9f;
    return fabsf(value) < 0.01f ? 0.01f : value;
}

static int make(void **state)
{
    (void)state;
    static float samples[FRAMES * CHANNELS];
    assert_non_null(mkdtemp(folder));
    snprintf(from, sizeof from, "%s/from.wav", folder);
    snprintf(to, sizeof to, "%s/to.wav", folder);
    struct utter_sink_params params;
    utter_sink *sink = NULL;
    utter_sink_params_init(&params);
    params.path = from;
    params.format = "wav-f32";
    params.sample_rate = RATE;
    params.channel_count = CHANNELS;
    for (int64_t i = 0; i < FRAMES * CHANNELS; i++)
        samples[i] = sample(i);
    assert_int_equal(utter_sink_open(&sink, &params), 0);
    assert_int_equal(utter_sink_write(sink, samples, FRAMES), 0);
    assert_int_equal(utter_sink_finish(sink), 0);
    utter_sink_close(&sink);
    return 0;
}

static int clean(void **state)
{
    (void)state;
    unlink(from);
    unlink(to);
    return rmdir(folder);
}

static int cover(const struct utter_redacted *stretches, size_t count, enum utter_channels channels,
                 enum utter_cover with, const char *path, const char *format)
{
    struct utter_source source;
    struct utter_sink_params sink;
    struct utter_cover_params params;
    utter_source_init(&source);
    utter_sink_params_init(&sink);
    utter_cover_params_init(&params);
    source.path = from;
    sink.path = path;
    sink.format = format;
    params.channels = channels;
    params.with = with;
    return utter_cover(&source, stretches, count, &params, &sink);
}

static float *read_back(SF_INFO *info)
{
    SNDFILE *file = sf_open(to, SFM_READ, info);
    float *samples = calloc(FRAMES * CHANNELS + 64, sizeof *samples);
    assert_non_null(file);
    assert_non_null(samples);
    assert_int_equal(info->channels, CHANNELS);
    assert_int_equal(sf_readf_float(file, samples, FRAMES + 32), FRAMES);
    sf_close(file);
    return samples;
}

/* What covers the channel at a second: 2 all of it, 1 it fades, 0 nothing. */
static int covered(const struct utter_redacted *stretches, size_t count, bool split, int channel, double seconds)
{
    int most = 0;
    for (size_t i = 0; i < count; i++) {
        const struct utter_redacted *s = &stretches[i];
        int here = seconds >= s->start && seconds <= s->end                   ? 2
                   : seconds > s->start - 0.0051 && seconds < s->end + 0.0051 ? 1
                                                                              : 0;
        if ((!split || s->channel == channel) && here > most)
            most = here;
    }
    return most;
}

/* Neighbours that touch, one that overlaps another, one at the very beginning, one that goes beyond the end. */
static const struct utter_redacted stretches[] = {{0.0, 0.1, 1, UTTER_REDACT_SSN},
                                                  {0.5, 0.75, 0, UTTER_REDACT_CARD},
                                                  {0.7, 1.2, 0, UTTER_REDACT_PHONE},
                                                  {1.2, 1.3, 1, UTTER_REDACT_PHONE},
                                                  {2.9, 99.0, 0, UTTER_REDACT_CARD}};
enum { STRETCHES = sizeof stretches / sizeof *stretches };

static void check_copy(bool split, enum utter_cover with)
{
    SF_INFO info = {0};
    double beep = 0;
    int beeps = 0;
    assert_int_equal(
        cover(stretches, STRETCHES, split ? UTTER_CHANNELS_SPLIT : UTTER_CHANNELS_MIX, with, to, "wav-f32"), 0);
    float *got = read_back(&info);
    assert_int_equal(info.samplerate, RATE);
    for (int64_t i = 0; i < FRAMES * CHANNELS; i++) {
        int how = covered(stretches, STRETCHES, split, (int)(i % CHANNELS), (double)(i / CHANNELS) / RATE);
        if (how == 0 && got[i] != sample(i))
            fail_msg("frame %d: %g, not %g", (int)(i / CHANNELS), (double)got[i], (double)sample(i));
        if (how == 1)
            assert_true(fabsf(got[i]) <= fabsf(sample(i)) + (with == UTTER_COVER_BEEP ? 0.1f : 0.0f) + 1e-6f);
        if (how == 2 && with == UTTER_COVER_SILENCE)
            assert_true(got[i] == 0.0f);
        if (how == 2 && with == UTTER_COVER_BEEP) {
            beep += (double)(got[i] * got[i]);
            beeps++;
        }
    }
    if (beeps) /* a sine at -20 dB of full scale */
        assert_true(fabs(sqrt(2 * beep / beeps) - 0.1) < 0.001);
    free(got);
}

static void test_copies(void **state)
{
    (void)state;
    check_copy(false, UTTER_COVER_SILENCE);
    check_copy(true, UTTER_COVER_SILENCE);
    check_copy(false, UTTER_COVER_BEEP);
    check_copy(true, UTTER_COVER_BEEP);
}

/* Nothing to cover is a copy; integers and other formats keep rate and channels. */
static void test_formats(void **state)
{
    (void)state;
    SF_INFO info = {0};
    assert_int_equal(cover(NULL, 0, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, to, "wav"), 0);
    float *got = read_back(&info);
    assert_int_equal(info.format & SF_FORMAT_SUBMASK, SF_FORMAT_PCM_16);
    for (int64_t i = 0; i < FRAMES * CHANNELS; i++)
        assert_true(fabsf(got[i] - sample(i)) < 1e-4f);
    free(got);
    assert_int_equal(cover(stretches, STRETCHES, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, to, "flac"), 0);
    memset(&info, 0, sizeof info);
    got = read_back(&info);
    assert_true(info.samplerate == RATE && got[(RATE * 3 / 4) * CHANNELS] == 0.0f);
    free(got);
}

static void test_refused(void **state)
{
    (void)state;
    const struct utter_redacted other = {0.1, 0.2, 2, UTTER_REDACT_CARD}, backward = {0.2, 0.1, 0, UTTER_REDACT_CARD},
                                nowhere = {NAN, 1.0, 0, UTTER_REDACT_CARD};
    unlink(to);
    assert_int_equal(cover(&other, 1, UTTER_CHANNELS_SPLIT, UTTER_COVER_SILENCE, to, NULL), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(utter_error_message(), "channel 2"));
    assert_int_equal(cover(&backward, 1, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, to, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(cover(&nowhere, 1, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, to, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(cover(NULL, 1, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, to, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(cover(stretches, 1, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, to, "xyz"), UTTER_ERROR_ARGUMENT);
    assert_int_not_equal(access(to, F_OK), 0);
    assert_int_equal(cover(stretches, 1, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, from, NULL), UTTER_ERROR_ARGUMENT);
    assert_non_null(strstr(utter_error_message(), "overwrite the recording"));
    assert_int_equal(cover(stretches, 1, UTTER_CHANNELS_MIX, UTTER_COVER_SILENCE, "/nowhere/to.wav", NULL),
                     UTTER_ERROR_IO);
    assert_int_equal(utter_cover(NULL, NULL, 0, NULL, NULL), UTTER_ERROR_ARGUMENT);
    check_copy(false, UTTER_COVER_SILENCE); /* the recording is whole */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_copies), cmocka_unit_test(test_formats),
                                       cmocka_unit_test(test_refused)};
    return cmocka_run_group_tests(tests, make, clean);
}
