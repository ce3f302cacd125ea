#include "src/voices.h"

#include "src/base/memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    struct entry *next;
    char *detector; /* "" for the one that ships */
    struct voice *voice;
};

struct voices {
    const struct utter_engine *engine;
    pthread_mutex_t lock;
    struct entry *entries;
};

int voices_open(struct voices **voices, const struct utter_engine *engine, struct fault *fault)
{
    struct voices *v = memory_new(1, sizeof *v);
    if (!v)
        return fail_memory(fault, "a model");
    v->engine = engine;
    pthread_mutex_init(&v->lock, NULL);
    *voices = v;
    return 0;
}

static void free_entry(struct entry *entry)
{
    if (!entry)
        return;
    if (entry->voice)
        voice_close(&entry->voice);
    free(entry->detector);
    free(entry);
}

void voices_close(struct voices **voices)
{
    struct voices *v = *voices;
    if (!v)
        return;
    for (struct entry *entry = v->entries, *next; entry; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    pthread_mutex_destroy(&v->lock);
    free(v);
    *voices = NULL;
}

static const struct entry *find(const struct voices *v, const char *detector)
{
    const struct entry *entry = v->entries;
    while (entry && strcmp(entry->detector, detector ? detector : ""))
        entry = entry->next;
    return entry;
}

static int add(struct voices *v, const char *detector, struct fault *fault)
{
    const char *name = detector ? detector : "";
    struct entry *entry = memory_new(1, sizeof *entry);
    if (entry)
        entry->detector = memory_text(name, strlen(name));
    if (!entry || !entry->detector)
        fail_memory(fault, "voice activity");
    else
        voice_open(&entry->voice, v->engine, detector, fault);
    if (fault->code) {
        free_entry(entry);
        return fault->code;
    }
    entry->next = v->entries;
    v->entries = entry;
    return 0;
}

int voices_get(struct voices *v, const char *detector, const struct voice **voice, struct fault *fault)
{
    pthread_mutex_lock(&v->lock);
    if (find(v, detector) || !add(v, detector, fault))
        *voice = find(v, detector)->voice;
    pthread_mutex_unlock(&v->lock);
    return fault->code;
}
