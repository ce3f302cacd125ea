#include "src/boosting.h"

#include "decoder/guide/boost_list.h"
#include "decoder/search/spotting.h"
#include "src/base/mapping.h"
#include "src/base/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Natural log for a letter; chosen on the development set (docs/benchmarks.md). */
static const double BESIDE_A_LANGUAGE_MODEL = 1.5, ALONE = 0.8;
enum { KEPT = 4 }; /* lists that nobody listens for any more */

/* A list and what it was made of. */
struct entry {
    struct boosting made; /* first: what callers hold */
    struct boostings *home;
    struct entry *next;
    size_t users;
    struct boost_list list; /* emptied where it has no home */
    const struct fusion *fusion;
    double weight;
};

struct boostings {
    pthread_mutex_t lock;
    struct entry *entries; /* the newest first */
};

/* ---- the lists of a model ---- */

int boostings_open(struct boostings **boostings, struct fault *fault)
{
    *boostings = memory_new(1, sizeof **boostings);
    if (!*boostings)
        return fail_memory(fault, "a model");
    pthread_mutex_init(&(*boostings)->lock, NULL);
    return 0;
}

static void free_entry(struct entry *entry)
{
    spotting_close(&entry->made.spotting);
    boost_close(&entry->made.boost);
    boost_list_free(&entry->list);
    free(entry);
}

void boostings_close(struct boostings **boostings)
{
    if (!*boostings)
        return;
    for (struct entry *entry = (*boostings)->entries, *next; entry; entry = next) {
        next = entry->next;
        free_entry(entry);
    }
    pthread_mutex_destroy(&(*boostings)->lock);
    free(*boostings);
    *boostings = NULL;
}

static bool same_list(const struct boost_list *a, const struct boost_list *b)
{
    if (a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++) {
        const struct boost_phrase *x = &a->phrases[i], *y = &b->phrases[i];
        if (x->length != y->length || x->weight != y->weight || memcmp(x->text, y->text, x->length) != 0)
            return false;
    }
    return true;
}

static struct entry *find(const struct boostings *boostings, const struct entry *like)
{
    struct entry *entry = boostings->entries;
    while (entry &&
           (entry->fusion != like->fusion || entry->weight != like->weight || !same_list(&entry->list, &like->list)))
        entry = entry->next;
    return entry;
}

/* Of what nobody uses the oldest goes; so does what is large, and was for this once. */
static void forget(struct boostings *boostings)
{
    size_t kept = 0;
    for (struct entry **at = &boostings->entries; *at;) {
        struct entry *entry = *at;
        bool stays = entry->users || (entry->list.count <= SPOTTING_PHRASES_MOST && kept++ < KEPT);
        if (stays) {
            at = &entry->next;
        } else {
            *at = entry->next;
            free_entry(entry);
        }
    }
}

/* ---- one list ---- */

static int read_array(struct boost_list *list, const struct utter_decoding_params *p, struct fault *fault)
{
    *list = (struct boost_list){0};
    list->phrases = memory_new(p->boost_phrase_count, sizeof *list->phrases);
    if (!list->phrases)
        return fail_memory(fault, "a list of phrases");
    for (size_t i = 0; i < p->boost_phrase_count; i++)
        text_add_string(&list->text, p->boost_phrases[i].text ? p->boost_phrases[i].text : "");
    const char *text = list->text.bytes;
    for (size_t i = 0; i < p->boost_phrase_count && !list->text.failed; i++) {
        const struct utter_boost_phrase *given = &p->boost_phrases[i];
        const size_t length = given->text ? strlen(given->text) : 0;
        list->phrases[list->count++] = (struct boost_phrase){length ? text : "", length, given->weight, i + 1};
        text += length;
    }
    return list->text.failed ? fail_memory(fault, "a list of phrases") : 0;
}

static int read_list(struct boost_list *list, const struct utter_decoding_params *p, struct fault *fault)
{
    int code = p->boost ? boost_list_read(list, p->boost, fault) : read_array(list, p, fault);
    if (code)
        boost_list_free(list);
    return code;
}

static int make(struct entry *entry, const char *file, const struct spelling *spelling, bool spotted,
                struct fault *fault)
{
    const struct boost_list *list = &entry->list;
    char name[FAULT_MESSAGE_SIZE] = "boost phrase";
    if (file)
        snprintf(name, sizeof name, "%s, line", path_for_message(file));
    int code =
        boost_open(&entry->made.boost, spelling, entry->fusion, list->phrases, list->count, entry->weight, name, fault);
    if (!code && spotted)
        code = spotting_open(&entry->made.spotting, spelling, entry->made.boost, list->phrases, list->count, fault);
    return code;
}

/* The entry, or one like it that is there already, in whose favour it is given up. NULL: the fault says why. */
static struct entry *share(struct boostings *home, struct entry *entry, const char *file,
                           const struct spelling *spelling, bool spotted, struct fault *fault)
{
    pthread_mutex_lock(&home->lock);
    struct entry *found = find(home, entry);
    if (!found && !make(entry, file, spelling, spotted, fault)) {
        entry->home = home;
        entry->next = home->entries;
        home->entries = found = entry;
    } else {
        free_entry(entry);
    }
    if (found)
        found->users++;
    forget(home);
    pthread_mutex_unlock(&home->lock);
    return found;
}

static int check(const struct utter_decoding_params *p, struct fault *fault)
{
    if (!(p->boost_weight >= 0.0 && p->boost_weight <= BOOST_WEIGHT_MOST))
        return fail(fault, UTTER_ERROR_ARGUMENT, "boost_weight is %g, and must be 0 to %g", p->boost_weight,
                    BOOST_WEIGHT_MOST);
    if (!p->boost_phrases != !p->boost_phrase_count)
        return fail(fault, UTTER_ERROR_ARGUMENT, "boost_phrases and boost_phrase_count do not fit together");
    if (p->boost && p->boost_phrases)
        return fail(fault, UTTER_ERROR_ARGUMENT, "boost and boost_phrases are both set, and only one list can be");
    return 0;
}

int boosting_open(const struct boosting **boosting, struct boostings *shared, const struct utter_decoding_params *p,
                  const struct spelling *spelling, const struct fusion *fusion, bool spotted, struct fault *fault)
{
    *boosting = NULL;
    if (check(p, fault) || (!p->boost && !p->boost_phrases))
        return fault->code;
    struct entry *entry = memory_new(1, sizeof *entry);
    if (!entry)
        return fail_memory(fault, "a list of phrases");
    entry->fusion = fusion;
    entry->weight = p->boost_weight > 0.0 ? p->boost_weight : fusion ? BESIDE_A_LANGUAGE_MODEL : ALONE;
    if (read_list(&entry->list, p, fault)) {
        free_entry(entry);
        return fault->code;
    }
    if (shared) {
        entry = share(shared, entry, p->boost, spelling, spotted, fault);
    } else if (make(entry, p->boost, spelling, spotted, fault)) {
        free_entry(entry);
        entry = NULL;
    } else {
        boost_list_free(&entry->list);
    }
    *boosting = entry ? &entry->made : NULL;
    return fault->code;
}

void boosting_close(const struct boosting **boosting)
{
    struct entry *entry = (struct entry *)*boosting;
    *boosting = NULL;
    if (!entry)
        return;
    if (!entry->home) {
        free_entry(entry);
        return;
    }
    struct boostings *home = entry->home;
    pthread_mutex_lock(&home->lock);
    entry->users--;
    forget(home);
    pthread_mutex_unlock(&home->lock);
}
