/* jobs.c - see jobs.h. */
#include "jobs.h"

#include "stop.h"

#include <pthread.h>

enum { MOST_WORKERS = 64 };

struct crew {
    const struct jobs *jobs;
    size_t taken, emitted;
    bool done[JOBS_AHEAD];
    pthread_mutex_t lock;
    pthread_cond_t changed;
};

static bool may_take(const struct crew *crew)
{
    return crew->taken < crew->jobs->count && !stopping();
}

static void *worker(void *argument)
{
    struct crew *crew = argument;
    pthread_mutex_lock(&crew->lock);
    while (may_take(crew)) {
        if (crew->taken - crew->emitted >= JOBS_AHEAD) {
            pthread_cond_wait(&crew->changed, &crew->lock);
            continue;
        }
        size_t index = crew->taken++;
        pthread_mutex_unlock(&crew->lock);
        crew->jobs->work(crew->jobs->context, index);
        pthread_mutex_lock(&crew->lock);
        crew->done[index % JOBS_AHEAD] = true;
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
    return NULL;
}

static void hand_on(struct crew *crew)
{
    pthread_mutex_lock(&crew->lock);
    while (crew->emitted < crew->taken || may_take(crew)) {
        size_t slot = crew->emitted % JOBS_AHEAD;
        if (!crew->done[slot]) {
            pthread_cond_wait(&crew->changed, &crew->lock);
            continue;
        }
        pthread_mutex_unlock(&crew->lock);
        crew->jobs->emit(crew->jobs->context, crew->emitted);
        pthread_mutex_lock(&crew->lock);
        crew->done[slot] = false;
        crew->emitted++;
        pthread_cond_broadcast(&crew->changed);
    }
    pthread_cond_broadcast(&crew->changed);
    pthread_mutex_unlock(&crew->lock);
}

static void run_here(const struct jobs *jobs)
{
    for (size_t i = 0; i < jobs->count && !stopping(); i++) {
        jobs->work(jobs->context, i);
        jobs->emit(jobs->context, i);
    }
}

void jobs_run(const struct jobs *jobs)
{
    struct crew crew = {.jobs = jobs, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
    pthread_t threads[MOST_WORKERS];
    int started = 0;
    while (jobs->workers > 1 && started < jobs->workers && started < MOST_WORKERS &&
           pthread_create(&threads[started], NULL, worker, &crew) == 0)
        started++;
    if (started == 0)
        run_here(jobs);
    else
        hand_on(&crew);
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    pthread_cond_destroy(&crew.changed);
    pthread_mutex_destroy(&crew.lock);
}

int jobs_default(size_t files, int threads)
{
    enum { MOST = 8 };
    if (files < 4)
        return 1;
    int jobs = threads < MOST ? threads : MOST;
    return (size_t)jobs > files / 2 ? (int)(files / 2) : jobs;
}
