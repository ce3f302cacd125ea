#include "decoder/written/card_number.h"

#include <string.h>

bool luhn_holds(const char *digits, size_t count)
{
    unsigned sum = 0;
    for (size_t i = 0; i < count; i++) {
        const unsigned digit = (unsigned)(digits[count - 1 - i] - '0'), twice = i % 2 ? digit * 2 : digit;
        sum += twice > 9 ? twice - 9 : twice;
    }
    return count > 1 && sum % 10 == 0;
}

bool nanp_holds(const char *digits, size_t count)
{
    return count == 10 && digits[0] >= '2' && digits[3] >= '2';
}

bool ssn_holds(const char *digits, size_t count)
{
    return count == 9 && digits[0] < '9' && memcmp(digits, "000", 3) != 0 && memcmp(digits, "666", 3) != 0 &&
           memcmp(digits + 3, "00", 2) != 0 && memcmp(digits + 5, "0000", 4) != 0;
}
