/* report.c - see report.h. */
#include "report.h"

#include "json.h"

#include <stdlib.h>

void report_text(struct report *report, const char *key, const char *label, const char *value)
{
    if (report->json)
        json_key_string(&report->out, key, value);
    else
        text_format(&report->out, "%-22s %s\n", label, value);
}

void report_number(struct report *report, const char *key, const char *label, double value, int decimals,
                   const char *unit)
{
    if (report->json)
        json_key_number(&report->out, key, value, decimals + 3);
    else
        text_format(&report->out, "%-22s %.*f%s\n", label, decimals, value, unit);
}

void report_stage(struct report *report, const char *key, const char *label, double seconds, double total)
{
    if (report->json)
        json_key_number(&report->out, key, seconds, 6);
    else
        text_format(&report->out, "%-22s %.2f ms (%.1f %%)\n", label, 1e3 * seconds,
                    total > 0 ? 100 * seconds / total : 0);
}

static int by_value(const void *a, const void *b)
{
    double first = *(const double *)a, second = *(const double *)b;
    return (first > second) - (first < second);
}

double report_median(double *values, int count)
{
    qsort(values, (size_t)count, sizeof *values, by_value);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}
