#include "models/load/config_reader.h"

int config_number(const struct config_reader *r, const cJSON *object, const char *key, int minimum, int maximum,
                  int *value)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    int64_t number;
    if (!item)
        return 0;
    if (!json_whole(item, &number))
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is not a whole number", r->name, key);
    if (number < minimum || number > maximum)
        return fail(r->fault, UTTER_ERROR_MODEL, "%s: %s is %lld, outside %d to %d", r->name, key, (long long)number,
                    minimum, maximum);
    *value = (int)number;
    return 0;
}
