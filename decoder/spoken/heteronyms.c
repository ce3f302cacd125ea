#include "decoder/spoken/heteronyms.h"

#include "decoder/spoken/word_class.h"

#include <string.h>

enum { PARTS = 5, NEAR = 6 /* words */, SKIPPED = 3 /* adverbs */ };

/* Votes by part of speech, in the order of enum speech_part's bits. */
struct votes {
    int of[PARTS];
};

/* ---- neighbours ---- */

struct place {
    const struct spoken_sentence *sentence;
    size_t at;
    unsigned before, before_that, after, after_that; /* classes; adverbs are passed over to the left */
};

static unsigned classes_of(const struct spoken_item *item)
{
    return word_classes(item->text, strlen(item->text));
}

static bool is_word(const struct spoken_sentence *s, size_t i)
{
    return i < s->count && s->items[i].kind == SPOKEN_WORD && s->items[i].text;
}

/* Whether a clause ends between item i and the next. A dash, as in "well-read", joins. */
static bool is_edge(const struct spoken_sentence *s, size_t i)
{
    return !is_word(s, i) || !is_word(s, i + 1) || (s->items[i].after && s->items[i].after != '-');
}

/* The classes of the word before item *i, which becomes that word's; EDGE where the clause begins. */
static unsigned step_left(const struct spoken_sentence *s, size_t *i)
{
    if (*i == 0 || is_edge(s, *i - 1))
        return CLASS_EDGE;
    --*i;
    return classes_of(&s->items[*i]);
}

static unsigned step_right(const struct spoken_sentence *s, size_t *i)
{
    if (*i + 1 >= s->count || is_edge(s, *i))
        return CLASS_EDGE;
    ++*i;
    return classes_of(&s->items[*i]);
}

static struct place look_around(const struct spoken_sentence *s, size_t at)
{
    struct place p = {.sentence = s, .at = at};
    size_t left = at, right = at;
    p.before = step_left(s, &left);
    for (int i = 0; i < SKIPPED && p.before & CLASS_ADVERB && !(p.before & CLASS_DETERMINER); i++)
        p.before = step_left(s, &left);
    p.before_that = p.before == CLASS_EDGE ? CLASS_EDGE : step_left(s, &left);
    p.after = step_right(s, &right);
    p.after_that = p.after == CLASS_EDGE ? CLASS_EDGE : step_right(s, &right);
    return p;
}

/* ---- rules ---- */

enum { ANY = 0 };

static const struct rule {
    unsigned before_that, before, after; /* a class of each at least; ANY: whatever is there */
    signed char noun, verb, adjective, past;
} rules[] = {
    {ANY, CLASS_TO, ANY, 0, 4, 0, -2},
    {CLASS_WANT | CLASS_GERUND, CLASS_TO, ANY, 0, 2, 0, 0},
    {ANY, CLASS_MODAL, ANY, -1, 5, 0, -3},
    {CLASS_MODAL, CLASS_SUBJECT, ANY, -1, 4, 0, -4},
    {CLASS_MODAL, CLASS_PRONOUN | CLASS_OPEN, ANY, 0, 1, 0, 0},
    {ANY, CLASS_SUBJECT, ANY, -2, 3, 0, 2},
    {ANY, CLASS_THIRD, ANY, 0, 0, 0, 4},
    {ANY, CLASS_QUESTION, ANY, 0, 1, 0, 0},
    {ANY, CLASS_BE, ANY, 0, -3, 3, 4},
    {ANY, CLASS_LINKING, ANY, 0, -1, 3, 0},
    {ANY, CLASS_DEGREE, ANY, -2, 0, 3, 0},
    {ANY, CLASS_HAVE, ANY, 1, -3, 0, 6},
    {CLASS_HAVE, CLASS_SUBJECT, ANY, 0, -2, 0, 4},
    {ANY, CLASS_DETERMINER | CLASS_POSSESSIVE, ANY, 4, -3, 3, -2},
    {ANY, CLASS_DETERMINER | CLASS_POSSESSIVE, CLASS_OPEN | CLASS_PLURAL | CLASS_ADJECTIVE, -1, 0, 2, 0},
    {ANY, CLASS_DETERMINER | CLASS_POSSESSIVE, CLASS_EDGE, 1, 0, -1, 0},
    {ANY, CLASS_ADJECTIVE, ANY, 3, -1, 1, 0},
    {ANY, CLASS_NUMBER, ANY, 2, -1, 1, 0},
    {ANY, CLASS_PREPOSITION, ANY, 3, -3, 1, -1},
    {ANY, CLASS_PREPOSITION, CLASS_OPEN | CLASS_PLURAL, -1, 0, 2, 0},
    {ANY, CLASS_GERUND | CLASS_PARTICIPLE, CLASS_PLURAL | CLASS_OPEN, 0, 0, 2, 0},
    {ANY, CLASS_GERUND | CLASS_PARTICIPLE, ANY, 2, -2, 1, 0},
    {ANY, CLASS_PLURAL, ANY, 0, 2, 0, 1},
    {ANY, CLASS_PLURAL, CLASS_EDGE | CLASS_BE | CLASS_MODAL, 1, -1, 0, 0},
    {CLASS_DETERMINER | CLASS_POSSESSIVE | CLASS_ADJECTIVE, CLASS_OPEN, CLASS_EDGE, 3, -1, 0, 0},
    {CLASS_DETERMINER | CLASS_POSSESSIVE, CLASS_OPEN, ANY, 1, 1, 0, 1},
    {CLASS_OPEN | CLASS_PREPOSITION | CLASS_EDGE, CLASS_OPEN, ANY, 1, 0, 0, 0},
    {ANY, CLASS_EDGE, CLASS_DETERMINER | CLASS_POSSESSIVE | CLASS_PRONOUN, -1, 3, 0, -1},
    {ANY, CLASS_EDGE, CLASS_BE | CLASS_MODAL | CLASS_OPEN, 2, -1, 1, 0},
    {ANY, CLASS_CONJUNCTION, CLASS_DETERMINER | CLASS_POSSESSIVE | CLASS_PRONOUN, -1, 2, 0, 1},
    {ANY, CLASS_CONJUNCTION, CLASS_EDGE, 1, 0, 1, 0},
    {ANY, ANY, CLASS_DETERMINER | CLASS_POSSESSIVE | CLASS_PRONOUN, -1, 2, -1, 2},
    {ANY, CLASS_OPEN | CLASS_PLURAL, CLASS_DETERMINER | CLASS_POSSESSIVE, 0, 1, 0, 1},
    {ANY, ANY, CLASS_BE | CLASS_HAVE | CLASS_MODAL, 2, -2, 0, 0},
    {ANY, ANY, CLASS_PREPOSITION, 1, 0, -1, 0},
    {ANY, ANY, CLASS_EDGE, 1, 0, 1, 0},
    {ANY, ANY, CLASS_ADVERB, 0, 1, 0, 0},
    {ANY, CLASS_OPEN | CLASS_PLURAL | CLASS_SUBJECT, CLASS_PARTICLE, 0, 1, 0, 1},
    {ANY, ANY, CLASS_QUESTION, 0, 1, 0, 0},
};

static bool meets(unsigned wanted, unsigned classes)
{
    return wanted == ANY || (wanted & classes);
}

static void vote_by_rules(const struct place *p, struct votes *votes)
{
    for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++) {
        const struct rule *r = &rules[i];
        if (!meets(r->before_that, p->before_that) || !meets(r->before, p->before) || !meets(r->after, p->after))
            continue;
        votes->of[0] += r->noun;
        votes->of[1] += r->verb;
        votes->of[2] += r->adjective;
        votes->of[3] += r->past;
    }
}

/* Between a base and a past that are written alike ("read") the rest of the sentence tells. */
static void vote_by_time(const struct place *p, struct votes *votes)
{
    enum { TIME = 3 };
    unsigned seen = 0;
    for (size_t i = 0; i < p->sentence->count; i++)
        if (i != p->at && is_word(p->sentence, i))
            seen |= classes_of(&p->sentence->items[i]);
    votes->of[3] += seen & (CLASS_PAST_TIME | CLASS_PARTICIPLE) ? TIME : 0;
    votes->of[1] += seen & CLASS_USUAL_TIME ? TIME : 0;
}

/* ---- words that tell ---- */

enum where { NEARBY, NEXT, LAST };

static const struct clue {
    const char *word; /* the heteronym */
    enum speech_part part;
    enum where where;
    const char *words; /* between blanks */
} clues[] = {
    {"axes", PART_OTHER, NEARBY,
     " x y graph coordinate coordinates vertical horizontal plot parallel rotation symmetry "},
    {"bases", PART_OTHER, NEARBY, " theoretical legal moral factual scientific "},
    {"bass", PART_OTHER, NEARBY,
     " fish fishing lake striped sea caught catch largemouth smallmouth river trout pond "
     "fisherman fishermen boat grilled "},
    {"bow", PART_OTHER, NEARBY, " ship ship's boat boat's stern deck deeply head audience queen king curtain knee "},
    {"bow", PART_NOUN, NEARBY, " arrow arrows tie ribbon hair violin "},
    {"bows", PART_OTHER, NEARBY, " ship ship's boat boat's stern deck deeply head audience queen king curtain "},
    {"bows", PART_NOUN, NEARBY, " arrow arrows ribbon ribbons hair violin "},
    {"close", PART_ADJECTIVE, NEXT, " to friend friends call enough together by "},
    {"close", PART_NOUN, NEXT, " of "},
    {"content", PART_ADJECTIVE, NEXT, " with "},
    {"does", PART_OTHER, NEARBY, " deer bucks fawns stags "},
    {"dove", PART_PAST, NEXT, " into in down under off headfirst "},
    {"lead", PART_OTHER, NEXT, " pipe pipes paint poisoning pencil pencils bullet bullets shot acid weights free ore "},
    {"lead", PART_OTHER, NEARBY, " zinc copper metal metals toxic mercury tin pipes roof arsenic iron "},
    {"live", PART_ADJECTIVE, NEXT,
     " music show shows broadcast broadcasts concert concerts stream streams streaming "
     "performance performances event events audience audiences tv television coverage "
     "video feed wire wires ammunition bait animal animals album recording recordings band "
     "entertainment report reports update updates chat "},
    {"live", PART_ADJECTIVE, LAST,
     " go went going broadcast broadcasts recorded performed perform streamed stream watch "
     "watched play played sing sang televised shown "},
    {"minute", PART_ADJECTIVE, NEXT,
     " detail details particle particles amount amounts quantity quantities fragment "
     "fragments trace traces difference differences adjustments creatures organisms "
     "inspection examination changes portion print crystals "},
    {"polish", PART_OTHER, NEARBY, " poland warsaw government language border army zloty german russian czech "},
    {"row", PART_OTHER, NEARBY, " argument neighbours neighbors furious blazing quarrel shouting "},
    {"sewer", PART_OTHER, NEARBY, " needle thread sewing "},
    {"tear", PART_OTHER, NEARBY, " wear muscle ligament tendon cartilage "},
    {"used", PART_OTHER, NEXT, " to "},
    {"wind", PART_VERB, NEXT, " up the around through down it "},
    {"winds", PART_VERB, NEXT, " up through around its down "},
    {"wound", PART_PAST, NEXT, " up around down through its the "},
};

enum { TELLING = 8 };

static bool is_among(const char *words, const struct spoken_sentence *s, size_t i)
{
    if (!is_word(s, i))
        return false;
    size_t length = strlen(s->items[i].text);
    for (const char *at = words; (at = strchr(at, ' ')) != NULL; at++)
        if (strncmp(at + 1, s->items[i].text, length) == 0 && at[1 + length] == ' ')
            return true;
    return false;
}

static bool tells(const struct clue *clue, const struct place *p)
{
    size_t at = p->at, begin = at > NEAR ? at - NEAR : 0;
    if (clue->where == NEXT)
        return !is_edge(p->sentence, at) && is_among(clue->words, p->sentence, at + 1);
    if (clue->where == LAST)
        return at > 0 && is_among(clue->words, p->sentence, at - 1);
    for (size_t i = begin; i <= at + NEAR; i++)
        if (i != at && is_among(clue->words, p->sentence, i))
            return true;
    return false;
}

static int index_of(enum speech_part part)
{
    int index = 0;
    while (1 << index != (int)part)
        index++;
    return index;
}

static void vote_by_clues(const struct place *p, struct votes *votes)
{
    const char *word = p->sentence->items[p->at].text;
    for (size_t i = 0; i < sizeof clues / sizeof clues[0]; i++)
        if (strcmp(clues[i].word, word) == 0 && tells(&clues[i], p))
            votes->of[index_of(clues[i].part)] += TELLING;
}

/* ---- the verdict ---- */

/* Whether base and past are said differently. */
static bool is_told_by_time(const struct lexicon_entry *entry)
{
    unsigned seen = 0;
    for (int i = 0; i < entry->count; i++) {
        unsigned parts = entry->variants[i].parts & (PART_PAST | PART_VERB);
        if (parts == (PART_PAST | PART_VERB))
            return false;
        seen |= parts;
    }
    return seen == (PART_PAST | PART_VERB);
}

/* The best of its parts; a point more for the usual variant. */
static int score_of(const struct lexicon_variant *variant, const struct votes *votes)
{
    int best = -100;
    for (int i = 0; i < PARTS; i++)
        if (variant->parts & 1 << i && votes->of[i] > best)
            best = votes->of[i];
    return best + (variant->parts & PART_DEFAULT ? 1 : 0);
}

const struct lexicon_variant *heteronym_variant(const struct lexicon_entry *entry,
                                                const struct spoken_sentence *sentence, size_t at)
{
    struct place p = look_around(sentence, at);
    struct votes votes = {{0}};
    const struct lexicon_variant *best = &entry->variants[0];
    vote_by_rules(&p, &votes);
    if (is_told_by_time(entry))
        vote_by_time(&p, &votes);
    vote_by_clues(&p, &votes);
    for (int i = 1; i < entry->count; i++)
        if (score_of(&entry->variants[i], &votes) > score_of(best, &votes))
            best = &entry->variants[i];
    return best;
}
