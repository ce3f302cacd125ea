/* test_fuzz_vits_config.c - hostile config.json of a VITS. */
#define GOLDEN_CONFIG "vits/speakers/config.json"

/* clang-format off: the target goes first */
#include "fuzz_vits_config.c"
#include "config_anywhere.h"
