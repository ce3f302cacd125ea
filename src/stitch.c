#include "src/stitch.h"

#include <math.h>
#include <stdbool.h>
#include <string.h>

/* How far apart, in seconds, two windows may place the same word: a few frames of scores. */
static const double same_place = 0.3;

static double middle(const struct word *word)
{
    return (word->start + word->end) / 2;
}

/* Words whose middle lies before at. */
static size_t count_before(const struct word_list *list, double at)
{
    size_t count = 0;
    while (count < list->count && middle(&list->words[count]) < at)
        count++;
    return count;
}

/* Whether the two cover the same sound: more than half of the shorter lies in the other. */
static bool same_sound(const struct word *a, const struct word *b)
{
    double common = fmin(a->end, b->end) - fmax(a->start, b->start);
    return common > 0.5 * fmin(a->end - a->start, b->end - b->start);
}

/* The word of list that says what word says, at the same place; of several the nearest. NULL: none. */
static const struct word *twin(const struct word *word, const struct word_list *list)
{
    const struct word *best = NULL;
    double nearest = same_place;
    for (size_t i = 0; i < list->count; i++) {
        double distance = fabs(middle(&list->words[i]) - middle(word));
        if (distance <= nearest && !strcmp(list->words[i].text, word->text)) {
            nearest = distance;
            best = &list->words[i];
        }
    }
    return best;
}

/* The pair of twins nearest to the seam. */
static bool tie(struct stitch *stitch, const struct word_list *left, const struct word_list *right, double at)
{
    double nearest = INFINITY;
    for (size_t i = 0; i < left->count; i++) {
        const struct word *a = &left->words[i];
        double distance = fabs(middle(a) - at);
        if (distance >= nearest)
            continue;
        const struct word *b = twin(a, right);
        if (!b || twin(b, left) != a)
            continue;
        nearest = distance;
        *stitch = (struct stitch){i + 1, (size_t)(b - right->words) + 1};
    }
    return nearest < INFINITY;
}

struct stitch stitch_words(const struct word_list *left, const struct word_list *right, double at)
{
    struct stitch s;
    if (tie(&s, left, right, at))
        return s;
    s.left_count = count_before(left, at);
    s.right_first = count_before(right, at);
    const struct word *kept_left = s.left_count ? &left->words[s.left_count - 1] : NULL;
    const struct word *kept_right = s.right_first < right->count ? &right->words[s.right_first] : NULL;
    const struct word *dropped_left = s.left_count < left->count ? &left->words[s.left_count] : NULL;
    const struct word *dropped_right = s.right_first ? &right->words[s.right_first - 1] : NULL;
    if (kept_left && kept_right && same_sound(kept_left, kept_right)) {
        if (kept_left->confidence < kept_right->confidence)
            s.left_count--;
        else
            s.right_first++;
    } else if (dropped_left && dropped_right && same_sound(dropped_left, dropped_right)) {
        if (dropped_left->confidence < dropped_right->confidence)
            s.right_first--;
        else
            s.left_count++;
    }
    return s;
}

void stitch_trim(struct stitch stitch, struct word_list *left, const struct word_list *right)
{
    if (!stitch.left_count || stitch.right_first >= right->count)
        return;
    struct word *last = &left->words[stitch.left_count - 1];
    const double next = right->words[stitch.right_first].start;
    if (last->end > next)
        last->end = next > last->start ? next : last->start;
}
