/* test_fuzz_transducer_config.c - hostile config.json of a transducer. */
#define GOLDEN_CONFIG "transducer/tdt/config.json"

/* clang-format off: the target goes first */
#include "fuzz_transducer_config.c"
#include "config_anywhere.h"
