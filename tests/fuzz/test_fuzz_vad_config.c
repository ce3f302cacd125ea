/* test_fuzz_vad_config.c - hostile config.json of a voice activity model. */
#define GOLDEN_CONFIG "vad/config.json"

/* clang-format off: the target goes first */
#include "fuzz_vad_config.c"
#include "config_anywhere.h"
