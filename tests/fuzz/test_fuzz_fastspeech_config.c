/* test_fuzz_fastspeech_config.c - hostile config.json of a voice. */
#define GOLDEN_CONFIG "fastspeech/brought/config.json"

/* clang-format off: the target goes first */
#include "fuzz_fastspeech_config.c"
#include "config_anywhere.h"
