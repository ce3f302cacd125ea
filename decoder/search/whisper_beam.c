/* whisper_beam.c - beam search as openai/whisper does it: of the likeliest beam + 1 ways to go on from each hypothesis
 * the best are taken, and those among them that end are set aside until there are enough. */
#include "decoder/search/whisper_hypotheses.h"

enum { MOST = WHISPER_BEAM_MAXIMUM * (WHISPER_BEAM_MAXIMUM + 1) };

static int gather(const struct search *s, const struct scored *scored, struct choice *out)
{
    int count = 0;
    struct choice choices[CHOICES_MOST];
    for (int i = 0; i < s->now.count; i++) {
        int found = search_choices(s, i, scored, choices);
        for (int k = 0; k < found && k <= s->beam; k++)
            out[count++] = choices[k];
    }
    return count;
}

void search_beam(struct search *s, const struct scored *scored)
{
    struct choice all[MOST];
    int count = gather(s, scored, all);
    choices_sort(all, count);
    s->next.count = 0;
    for (int i = 0; i < count && s->next.count < s->beam; i++)
        if (all[i].token != s->rules->special->eot || s->done.count < s->candidates)
            search_go_on(s, &all[i]);
    struct hypotheses old = s->now;
    s->now = s->next;
    s->next = old;
}
