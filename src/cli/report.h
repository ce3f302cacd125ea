/* report.h - the lines of a benchmark's report: the same numbers as text for people and as JSON. */
#ifndef CLI_REPORT_H
#define CLI_REPORT_H

#include "text.h"

struct report {
    struct text out;
    bool json; /* the members of an object, which its writer begins and ends */
};

/* key: the JSON member's; label: what the line begins with. */
void report_text(struct report *report, const char *key, const char *label, const char *value);
/* unit stands behind the number in the line alone. */
void report_number(struct report *report, const char *key, const char *label, double value, int decimals,
                   const char *unit);
/* A stage's seconds, and the share of the total that it takes. */
void report_stage(struct report *report, const char *key, const char *label, double seconds, double total);

/* Sorts the values. */
double report_median(double *values, int count);

#endif
