/* spoken_ssml_values.c - what attributes of SSML say, in the units of struct prosody. */
#include "decoder/spoken/spoken_ssml.h"

#include <math.h>
#include <string.h>

struct label {
    const char *name;
    double value;
};

static bool read_label(const struct label *labels, size_t count, const char *value, double *out)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(labels[i].name, value) == 0) {
            *out = labels[i].value;
            return true;
        }
    return false;
}

/* A decimal number as XML writes it, whatever the locale: digits, at most one point; NULL where there is none, or the
 * address after it. */
static const char *read_digits(const char *at, double *out)
{
    double value = 0.0, place = 0.0;
    size_t digits = 0;
    for (; (*at >= '0' && *at <= '9') || (*at == '.' && place == 0.0); at++) {
        if (*at == '.') {
            place = 1.0;
            continue;
        }
        place /= 10.0;
        value = place > 0.0 ? value + place * (*at - '0') : value * 10.0 + (*at - '0');
        digits++;
    }
    *out = value;
    return digits && digits < 20 ? at : NULL;
}

/* A number, its sign ('+', '-' or 0) apart, and what unit stands after it; NULL where there is no number. */
static const char *read_number(const char *value, char *sign, double *out)
{
    *sign = *value == '+' || *value == '-' ? *value : 0;
    const char *unit = read_digits(value + (*sign ? 1 : 0), out);
    *out = *sign == '-' ? -*out : *out;
    return unit;
}

/* The factor that "120%" (of it), "+20%" or "-20%" (more, less) or "1.2" is; false for anything else. */
static bool read_factor(const char *value, double *factor)
{
    char sign;
    double number;
    const char *unit = read_number(value, &sign, &number);
    if (!unit || (strcmp(unit, "%") != 0 && (*unit || sign)))
        return false;
    *factor = *unit == 0 ? number : sign ? 1.0 + number / 100.0 : number / 100.0;
    return *factor >= 0.0;
}

bool ssml_read_rate(const char *value, float *times)
{
    static const struct label labels[] = {{"x-slow", 0.5}, {"slow", 0.75},  {"medium", 1.0},
                                          {"fast", 1.33},  {"x-fast", 2.0}, {"default", 1.0}};
    double factor;
    if (!read_label(labels, sizeof labels / sizeof *labels, value, &factor) && !read_factor(value, &factor))
        return false;
    *times = (float)factor;
    return true;
}

/* SSML 1.1 has changes in dB; 1.0 had numbers from 0 to 100, linear in amplitude. */
bool ssml_read_volume(const char *value, float *decibels)
{
    static const struct label labels[] = {{"silent", -60.0}, {"x-soft", -12.0}, {"soft", -6.0},  {"medium", 0.0},
                                          {"loud", 6.0},     {"x-loud", 10.0},  {"default", 0.0}};
    char sign;
    double number;
    if (read_label(labels, sizeof labels / sizeof *labels, value, &number)) {
        *decibels = (float)number;
        return true;
    }
    const char *unit = read_number(value, &sign, &number);
    if (!unit || (strcmp(unit, "dB") != 0 && (*unit || sign || number > 100.0)))
        return false;
    *decibels = (float)(*unit ? number : number > 0.1 ? 20.0 * log10(number / 100.0) : -60.0);
    return true;
}

bool ssml_read_pitch(const char *value, float *semitones)
{
    static const struct label labels[] = {{"x-low", -6.0}, {"low", -3.0},   {"medium", 0.0},
                                          {"high", 3.0},   {"x-high", 6.0}, {"default", 0.0}};
    char sign;
    double number;
    if (read_label(labels, sizeof labels / sizeof *labels, value, &number)) {
        *semitones = (float)number;
        return true;
    }
    const char *unit = read_number(value, &sign, &number);
    if (unit && sign && strcmp(unit, "st") == 0) {
        *semitones = (float)number;
        return true;
    }
    if (!unit || *unit != '%' || !read_factor(value, &number) || number < 0.05)
        return false;
    *semitones = (float)(12.0 * log2(number));
    return true;
}

bool ssml_read_hertz(const char *value, bool *change, float *hertz)
{
    char sign;
    double number;
    const char *unit = read_number(value, &sign, &number);
    if (!unit || strcmp(unit, "Hz") != 0)
        return false;
    *change = sign != 0;
    *hertz = (float)number;
    return true;
}

/* The standard leaves open how it is made: what is stressed is slower, higher and louder. */
bool ssml_read_emphasis(const char *level, struct prosody *change)
{
    static const struct {
        const char *level;
        struct prosody change;
    } levels[] = {{"strong", {.rate = 0.8f, .pitch = 2.0f, .volume = 4.0f}},
                  {"moderate", {.rate = 0.9f, .pitch = 1.0f, .volume = 2.0f}},
                  {"none", {.rate = 1.0f}},
                  {"reduced", {.rate = 1.15f, .pitch = -1.0f, .volume = -4.0f}}};
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (strcmp(levels[i].level, level) == 0) {
            *change = levels[i].change;
            return true;
        }
    return false;
}

bool ssml_read_strength(const char *value, double *seconds)
{
    static const struct label labels[] = {{"none", 0.0},   {"x-weak", 0.1}, {"weak", 0.25},
                                          {"medium", 0.5}, {"strong", 0.8}, {"x-strong", 1.2}};
    return read_label(labels, sizeof labels / sizeof *labels, value, seconds);
}

bool ssml_read_time(const char *value, double *seconds)
{
    char sign;
    double number;
    const char *unit = read_number(value, &sign, &number);
    if (!unit || sign == '-' || (strcmp(unit, "s") != 0 && strcmp(unit, "ms") != 0))
        return false;
    *seconds = *unit == 'm' ? number / 1000.0 : number;
    return true;
}
