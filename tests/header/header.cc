// The public header must stand alone in C++.
#include "utter.h"

int header_in_cxx()
{
    utter_source source{};
    source.struct_size = sizeof source;
    return static_cast<int>(source.struct_size) + UTTER_OK;
}
