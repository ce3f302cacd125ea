/* clock.h - what a run costs: seconds and memory. */
#ifndef CLI_CLOCK_H
#define CLI_CLOCK_H

double clock_now(void);         /* monotonic seconds */
double processor_seconds(void); /* that this process has used, all threads */
double peak_memory_mb(void);    /* the most memory that this process ever had resident, in 10^6 bytes */
int processor_count(void);      /* cores that this process may run on, at least 1 */

#endif
