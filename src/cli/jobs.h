/* jobs.h - numbered pieces of work done by a few threads and handed on in order.
 *
 * Windows of one short file cannot fill the cores of a machine, so many short files are transcribed side by side. */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include <stdbool.h>
#include <stddef.h>

/* No piece begins before the piece JOBS_AHEAD in front of it was handed on: what waits stays bounded, and results may
 * live in an array of JOBS_AHEAD slots at index modulo JOBS_AHEAD. */
enum { JOBS_AHEAD = 32 };

struct jobs {
    size_t count;
    int workers;
    void (*work)(void *context, size_t index); /* on any worker, several at once */
    void (*emit)(void *context, size_t index); /* on the thread of jobs_run, in order, after work */
    void *context;
};

/* Returns when all pieces are handed on, or, once stopping(), when those begun are. */
void jobs_run(const struct jobs *jobs);

/* How many files to do at once when the user did not say, on so many threads: see docs/command.md. */
int jobs_default(size_t files, int threads);

#endif
