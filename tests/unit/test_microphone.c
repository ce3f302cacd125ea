/* test_microphone.c - microphones where there is none: what is refused, and that nothing is left behind. With one:
 * tests/command/listen.sh. */
#include "src/include/utter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int count(void *context, const struct utter_microphone_info *info)
{
    (void)info;
    ++*(int *)context;
    return 0;
}

static void test_arguments(void **state)
{
    (void)state;
    utter_microphone *microphone = NULL;
    struct utter_microphone_params params;
    struct utter_microphone_info info = {.struct_size = sizeof info};
    float sample;
    size_t got;
    assert_int_equal(utter_microphone_list(NULL, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_microphone_open(NULL, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_microphone_read(NULL, &sample, 1, 0, &got), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_microphone_stop(NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_microphone_get_info(NULL, &info), UTTER_ERROR_ARGUMENT);
    utter_microphone_close(NULL);
    utter_microphone_close(&microphone);
    utter_microphone_params_init(&params);
    params.sample_rate = 999;
    assert_int_equal(utter_microphone_open(&microphone, &params), UTTER_ERROR_ARGUMENT);
    utter_microphone_params_init(&params);
    params.channel_count = 65;
    assert_int_equal(utter_microphone_open(&microphone, &params), UTTER_ERROR_ARGUMENT);
    utter_microphone_params_init(&params);
    params.buffer_seconds = 0.01;
    assert_int_equal(utter_microphone_open(&microphone, &params), UTTER_ERROR_ARGUMENT);
    params.struct_size = 3;
    assert_int_equal(utter_microphone_open(&microphone, &params), UTTER_ERROR_ARGUMENT);
    assert_null(microphone);
}

/* Twice: the second finds what the first has left. */
static void test_no_device(void **state)
{
    (void)state;
    /* An ALSA with one device, which gives no sound; and with none, where PortAudio by itself would abort. */
    static const char *const configurations[] = {TEST_DATA "/unit/silent_alsa.conf", "/dev/null"};
    for (int i = 0; i < 4; i++) {
        utter_microphone *microphone = NULL;
        int devices = 0;
        setenv("ALSA_CONFIG_PATH", configurations[i % 2], 1);
        int error = utter_microphone_list(count, &devices);
        assert_true(error == 0 || error == UTTER_ERROR_DEVICE);
        assert_int_equal(devices, 0);
        assert_int_equal(utter_microphone_open(&microphone, NULL), UTTER_ERROR_DEVICE);
        assert_non_null(strstr(utter_error_message(), "there is no microphone"));
        assert_null(microphone);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments),
        cmocka_unit_test(test_no_device),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
