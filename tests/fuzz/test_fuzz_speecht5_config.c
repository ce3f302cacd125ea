/* test_fuzz_speecht5_config.c - hostile config.json of a SpeechT5. */
#define GOLDEN_CONFIG "speecht5/other/config.json"

/* clang-format off: the target goes first */
#include "fuzz_speecht5_config.c"
#include "config_anywhere.h"
