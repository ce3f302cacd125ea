/* G.711 against libsndfile's own decoder, every code. */
#include "audio/g711.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <sndfile.h>

static void matches(int format, float (*decode)(uint8_t))
{
    char path[] = "/tmp/utter_g711_XXXXXX";
    int descriptor = mkstemp(path);
    assert_true(descriptor >= 0);
    uint8_t codes[256];
    float samples[256];
    for (int i = 0; i < 256; i++)
        codes[i] = (uint8_t)i;
    assert_int_equal(write(descriptor, codes, sizeof codes), sizeof codes);
    close(descriptor);
    SF_INFO info = {.samplerate = 8000, .channels = 1, .format = SF_FORMAT_RAW | format};
    SNDFILE *file = sf_open(path, SFM_READ, &info);
    assert_non_null(file);
    assert_int_equal(sf_readf_float(file, samples, 256), 256);
    sf_close(file);
    unlink(path);
    for (int i = 0; i < 256; i++)
        assert_true(fabsf(decode(codes[i]) - samples[i]) < 1e-6f);
}

static void ulaw_is_libsndfiles(void **state)
{
    (void)state;
    matches(SF_FORMAT_ULAW, g711_ulaw);
}

static void alaw_is_libsndfiles(void **state)
{
    (void)state;
    matches(SF_FORMAT_ALAW, g711_alaw);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(ulaw_is_libsndfiles), cmocka_unit_test(alaw_is_libsndfiles)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
