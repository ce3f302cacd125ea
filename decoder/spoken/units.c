/* units.c - the tables of units and currencies. */
#include "decoder/spoken/units.h"

#include "decoder/spoken/spoken_lists.h"

#include <string.h>

struct unit {
    const char *sign;
    const char *one, *many;
    bool tight; /* only right behind the number: "5in", but not "5 in" */
};

/* Case counts. Metres are spelled as the pronouncing dictionary has them. */
static const struct unit units[] = {
    {"%", "percent", "percent", false},
    {"\xB0", "degree", "degrees", false},
    {"\xB0"
     "C",
     "degree celsius", "degrees celsius", false},
    {"\xB0"
     "F",
     "degree fahrenheit", "degrees fahrenheit", false},
    {"\xB0 C", "degree celsius", "degrees celsius", false},
    {"\xB0 F", "degree fahrenheit", "degrees fahrenheit", false},
    {"mm", "millimeter", "millimeters", false},
    {"cm", "centimeter", "centimeters", false},
    {"m", "meter", "meters", false},
    {"km", "kilometer", "kilometers", false},
    {"nm", "nanometer", "nanometers", false},
    {"\xB5m", "micrometer", "micrometers", false},
    {"in", "inch", "inches", true},
    {"in.", "inch", "inches", false},
    {"ft", "foot", "feet", false},
    {"ft.", "foot", "feet", false},
    {"yd", "yard", "yards", false},
    {"mi", "mile", "miles", false},
    {"sq ft", "square foot", "square feet", false},
    {"sq. ft.", "square foot", "square feet", false},
    {"sq m", "square meter", "square meters", false},
    {"sq km", "square kilometer", "square kilometers", false},
    {"sq mi", "square mile", "square miles", false},
    {"m\xB2", "square meter", "square meters", false},
    {"m\xB3", "cubic meter", "cubic meters", false},
    {"cm\xB2", "square centimeter", "square centimeters", false},
    {"cm\xB3", "cubic centimeter", "cubic centimeters", false},
    {"km\xB2", "square kilometer", "square kilometers", false},
    {"ft\xB2", "square foot", "square feet", false},
    {"ha", "hectare", "hectares", false},
    {"mg", "milligram", "milligrams", false},
    {"\xB5g", "microgram", "micrograms", false},
    {"g", "gram", "grams", false},
    {"kg", "kilogram", "kilograms", false},
    {"lb", "pound", "pounds", false},
    {"lb.", "pound", "pounds", false},
    {"lbs", "pound", "pounds", false},
    {"lbs.", "pound", "pounds", false},
    {"oz", "ounce", "ounces", false},
    {"oz.", "ounce", "ounces", false},
    {"ml", "milliliter", "milliliters", false},
    {"mL", "milliliter", "milliliters", false},
    {"cl", "centiliter", "centiliters", false},
    {"l", "liter", "liters", true},
    {"L", "liter", "liters", false},
    {"tsp", "teaspoon", "teaspoons", false},
    {"tsp.", "teaspoon", "teaspoons", false},
    {"tbsp", "tablespoon", "tablespoons", false},
    {"Tbsp", "tablespoon", "tablespoons", false},
    {"tbsp.", "tablespoon", "tablespoons", false},
    {"qt", "quart", "quarts", false},
    {"gal", "gallon", "gallons", false},
    {"mph", "mile per hour", "miles per hour", false},
    {"kph", "kilometer per hour", "kilometers per hour", false},
    {"km/h", "kilometer per hour", "kilometers per hour", false},
    {"kmh", "kilometer per hour", "kilometers per hour", false},
    {"rpm", "R P M", "R P M", false},
    {"mpg", "mile per gallon", "miles per gallon", false},
    {"ms", "millisecond", "milliseconds", false},
    {"\xB5s", "microsecond", "microseconds", false},
    {"ns", "nanosecond", "nanoseconds", false},
    {"s", "second", "seconds", true},
    {"sec", "second", "seconds", false},
    {"sec.", "second", "seconds", false},
    {"secs", "second", "seconds", false},
    {"min", "minute", "minutes", false},
    {"min.", "minute", "minutes", false},
    {"mins", "minute", "minutes", false},
    {"h", "hour", "hours", false},
    {"hr", "hour", "hours", false},
    {"hr.", "hour", "hours", false},
    {"hrs", "hour", "hours", false},
    {"yr", "year", "years", false},
    {"yrs", "year", "years", false},
    {"mo.", "month", "months", true},
    {"Hz", "hertz", "hertz", false},
    {"kHz", "kilohertz", "kilohertz", false},
    {"MHz", "megahertz", "megahertz", false},
    {"GHz", "gigahertz", "gigahertz", false},
    {"THz", "terahertz", "terahertz", false},
    {"B", "byte", "bytes", true},
    {"kB", "kilobyte", "kilobytes", false},
    {"KB", "kilobyte", "kilobytes", false},
    {"MB", "megabyte", "megabytes", false},
    {"GB", "gigabyte", "gigabytes", false},
    {"TB", "terabyte", "terabytes", false},
    {"PB", "petabyte", "petabytes", false},
    {"KiB", "kibibyte", "kibibytes", false},
    {"MiB", "mebibyte", "mebibytes", false},
    {"GiB", "gibibyte", "gibibytes", false},
    {"kbps", "kilobit per second", "kilobits per second", false},
    {"Kbps", "kilobit per second", "kilobits per second", false},
    {"Mbps", "megabit per second", "megabits per second", false},
    {"Gbps", "gigabit per second", "gigabits per second", false},
    {"fps", "frame per second", "frames per second", false},
    {"dpi", "D P I", "D P I", false},
    {"px", "pixel", "pixels", false},
    {"MP", "megapixel", "megapixels", false},
    {"W", "watt", "watts", false},
    {"kW", "kilowatt", "kilowatts", false},
    {"MW", "megawatt", "megawatts", false},
    {"GW", "gigawatt", "gigawatts", false},
    {"kWh", "kilowatt hour", "kilowatt hours", false},
    {"MWh", "megawatt hour", "megawatt hours", false},
    {"V", "volt", "volts", false},
    {"mV", "millivolt", "millivolts", false},
    {"kV", "kilovolt", "kilovolts", false},
    {"mA", "milliamp", "milliamps", false},
    {"mAh", "milliamp hour", "milliamp hours", false},
    {"J", "joule", "joules", false},
    {"kJ", "kilojoule", "kilojoules", false},
    {"N", "newton", "newtons", true},
    {"Pa", "pascal", "pascals", false},
    {"hPa", "hectopascal", "hectopascals", false},
    {"kPa", "kilopascal", "kilopascals", false},
    {"psi", "P S I", "P S I", false},
    {"hp", "horsepower", "horsepower", false},
    {"dB", "decibel", "decibels", false},
    {"kcal", "kilocalorie", "kilocalories", false},
    {"cal", "calorie", "calories", true},
    {"x", "times", "times", true},
    {"bn", "billion", "billion", false},
    {"K", "K", "K", true},
    {"k", "K", "K", true},
    {"p", "penny", "pence", true},
    {"\xA2", "cent", "cents", false},
    {"\x80", "euro", "euros", false},
    {"\xA3", "pound", "pounds", false},
    {"\xA5", "yen", "yen", false},
    {"$", "dollar", "dollars", false},
    {"EUR", "euro", "euros", false},
    {"GBP", "british pound", "british pounds", false},
    {"USD", "U S dollar", "U S dollars", false},
    {"JPY", "yen", "yen", false},
};

size_t find_unit(const char *text, size_t length, bool spaced, const struct unit **unit)
{
    size_t best = 0;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (!length || units[i].sign[0] != text[0])
            continue;
        const size_t n = strlen(units[i].sign);
        const bool word = is_alnum(units[i].sign[n - 1]);
        if (n <= best || n > length || (spaced && units[i].tight) || memcmp(units[i].sign, text, n) != 0)
            continue;
        if (n < length && word && (is_alnum(text[n]) || (text[n] == '\'' && n + 1 < length && is_alpha(text[n + 1]))))
            continue;
        best = n;
        *unit = &units[i];
    }
    return best;
}

const char *unit_name(const struct unit *unit, bool many)
{
    return many ? unit->many : unit->one;
}

/* Whether a list, as " mm cm ", has the sign; case counts. */
static bool has_sign(const char *list, const char *sign)
{
    const size_t length = strlen(sign);
    for (const char *at = list; (at = strstr(at, sign)) != NULL; at++)
        if (at > list && at[-1] == ' ' && at[length] == ' ')
            return true;
    return false;
}

/* Names in either case, "metre" and "litre" as their American selves. */
static bool same_name(const char *name, const char *words, size_t length)
{
    size_t at = 0;
    for (size_t i = 0; i < length; i++, at++) {
        const bool turned = i + 1 < length && words[i] == 'r' && words[i + 1] == 'e' && i > 0 && words[i - 1] == 't' &&
                            (i + 2 == length || !is_alpha(words[i + 2]) || words[i + 2] == 's');
        if (turned && name[at] == 'e' && name[at + 1] == 'r') {
            i++;
            at++;
        } else if (to_lower(name[at]) != words[i]) {
            return false;
        }
    }
    return !name[at];
}

const struct unit *unit_named(const char *words, size_t length, const char *signs)
{
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if ((same_name(units[i].one, words, length) || same_name(units[i].many, words, length)) &&
            (!signs || has_sign(signs, units[i].sign)))
            return &units[i];
    return NULL;
}

const char *unit_sign(const struct unit *unit)
{
    return unit->sign;
}

const struct currency currencies[CURRENCIES] = {{"$", "dollar", "dollars", "cent", "cents"},
                                                {"\x80", "euro", "euros", "cent", "cents"},
                                                {"\xA3", "pound", "pounds", "penny", "pence"},
                                                {"\xA5", "yen", "yen", NULL, NULL},
                                                {"\x8D", "rupee", "rupees", "paisa", "paise"}};
