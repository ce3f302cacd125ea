/* written_rules.h - the rules that turn spoken words into written ones.
 *
 * A rule looks at a stretch of words without a mark in it, from one of them on, and either declines or drafts pieces:
 * so many words of the stretch become this one. Rules stand in tables, the particular before the general; the first
 * that does not decline wins, and reading goes on behind what it drafted. */
#ifndef DECODER_WRITTEN_RULES_H
#define DECODER_WRITTEN_RULES_H

#include "decoder/written/heard.h"

#include <stdint.h>

struct stretch {
    const struct heard_list *list;
    size_t begin, end;
};

enum { DRAFT_PIECES = 12 };

struct piece {
    size_t heard; /* words of the stretch that it stands for, at least 1 */
    size_t end;   /* of its text in the draft's */
    bool same;    /* it is the word as it was */
};

struct draft {
    struct text text;
    struct piece pieces[DRAFT_PIECES];
    size_t count;
};

/* A piece for the next so many words. */
void draft_put(struct draft *draft, size_t heard, const char *text);
/* The next word stays as it is. */
void draft_keep(struct draft *draft);

/* False where the rule declines, whatever it has drafted. */
typedef bool written_rule(const struct stretch *s, size_t at, struct draft *draft);

/* The word at `at`, or one without text where the stretch does not have it. */
static inline const struct heard *word_at(const struct stretch *s, size_t at)
{
    return heard_at(s->list, at >= s->begin && at < s->end ? at : SIZE_MAX);
}

/* Whether one of the n words before `at` is in the list. */
bool before_in(const struct stretch *s, size_t at, size_t n, const char *list);

written_rule write_address, write_letters;                    /* written_address.c */
written_rule write_house, write_digits;                       /* written_digits.c */
written_rule write_date, write_day, write_year, write_decade; /* written_date.c */
written_rule write_clock, write_past;                         /* written_time.c */
written_rule write_money, write_range, write_quantity;        /* written_quantity.c */
written_rule write_ordinal, write_cardinal;                   /* written_quantity.c */

#endif
