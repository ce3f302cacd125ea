/* test_fuzz_hifigan_config.c - hostile config.json of a vocoder. */
#define GOLDEN_CONFIG "hifigan/pairs/config.json"

/* clang-format off: the target goes first */
#include "fuzz_hifigan_config.c"
#include "config_anywhere.h"
