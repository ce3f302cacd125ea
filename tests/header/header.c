/* The public header must stand alone in strict C11. */
#include "utter.h"
#include "utter.h" /* and may come twice */

int header_in_c(void);
int header_in_c(void)
{
    struct utter_engine_params params = {sizeof params, NULL, 0, NULL, NULL, UTTER_LOG_NONE};
    return (int)params.struct_size + UTTER_OK;
}
