/* stop.c - see stop.h. */
#include "stop.h"

#include <signal.h>
#include <stdatomic.h>
#include <string.h>

enum { REASON_OUTPUT = -1 };

static atomic_int reason; /* 0, a signal's number, or REASON_OUTPUT; lock-free, so a handler may store it */

static void on_signal(int number)
{
    atomic_store(&reason, number);
}

void stop_catch_signals(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_signal;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    /* A script's shell has background commands ignore the keyboard's interrupt: that stays so. */
    if (sigaction(SIGINT, NULL, &before) == 0 && before.sa_handler != SIG_IGN)
        sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

void stop_now(void)
{
    int none = 0;
    atomic_compare_exchange_strong(&reason, &none, REASON_OUTPUT);
}

bool stopping(void)
{
    return atomic_load(&reason) != 0;
}

int stop_status(int status)
{
    int number = atomic_load(&reason);
    return number > 0 ? 128 + number : status;
}
