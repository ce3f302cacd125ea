/* test_player.c - loudspeakers where there is none: what is refused, and that nothing is left behind. With one:
 * tests/command/play.sh. */
#include "src/include/utter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static int count(void *context, const struct utter_player_info *info)
{
    (void)info;
    ++*(int *)context;
    return 0;
}

static void test_arguments(void **state)
{
    (void)state;
    utter_player *player = NULL;
    struct utter_player_params params;
    struct utter_player_info info = {.struct_size = sizeof info};
    float sample = 0;
    size_t written;
    assert_int_equal(utter_player_list(NULL, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_player_open(NULL, NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_player_write(NULL, &sample, 1, 0, &written), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_player_drain(NULL, 0, &written), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_player_stop(NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_player_reset(NULL), UTTER_ERROR_ARGUMENT);
    assert_int_equal(utter_player_get_info(NULL, &info), UTTER_ERROR_ARGUMENT);
    utter_player_close(NULL);
    utter_player_close(&player);
    utter_player_params_init(&params);
    params.sample_rate = 768001;
    assert_int_equal(utter_player_open(&player, &params), UTTER_ERROR_ARGUMENT);
    utter_player_params_init(&params);
    params.channel_count = -1;
    assert_int_equal(utter_player_open(&player, &params), UTTER_ERROR_ARGUMENT);
    utter_player_params_init(&params);
    params.buffer_seconds = 601;
    assert_int_equal(utter_player_open(&player, &params), UTTER_ERROR_ARGUMENT);
    params.struct_size = 3;
    assert_int_equal(utter_player_open(&player, &params), UTTER_ERROR_ARGUMENT);
    assert_null(player);
}

/* Twice: the second finds what the first has left. */
static void test_no_device(void **state)
{
    (void)state;
    /* An ALSA with one device, which takes no sound; and with none, where PortAudio by itself would abort. */
    static const char *const configurations[] = {TEST_DATA "/unit/silent_alsa.conf", "/dev/null"};
    for (int i = 0; i < 4; i++) {
        utter_player *player = NULL;
        int devices = 0;
        setenv("ALSA_CONFIG_PATH", configurations[i % 2], 1);
        int error = utter_player_list(count, &devices);
        assert_true(error == 0 || error == UTTER_ERROR_DEVICE);
        assert_int_equal(devices, 0);
        assert_int_equal(utter_player_open(&player, NULL), UTTER_ERROR_DEVICE);
        assert_non_null(strstr(utter_error_message(), "there is no loudspeaker"));
        assert_null(player);
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
