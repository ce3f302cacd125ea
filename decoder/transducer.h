#include "decoder/ctc.h"
