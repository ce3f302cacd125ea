#include "decoder/written/redact.h"

#include "decoder/spoken/spoken_lists.h"
#include "decoder/written/card_number.h"
#include "decoder/written/written_number.h"
#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    FILLERS = 3,
    CONTEXT_BEFORE = 16,
    CONTEXT_BEHIND = 6,
    CARD_DIGITS = 13,
    CARD_LEAST = 11,
    PHONE_DIGITS = 7,
    OPEN_DIGITS = 4,
    STRANGERS = 2 /* words between digits that were a digit, misheard */
};

const char *redact_name(enum redact_kind kind)
{
    return kind == REDACT_CARD ? "card" : kind == REDACT_PHONE ? "phone" : kind == REDACT_SSN ? "ssn" : "number";
}

const char *redact_tag(enum redact_kind kind)
{
    return kind == REDACT_CARD    ? "[CARD]"
           : kind == REDACT_PHONE ? "[PHONE]"
           : kind == REDACT_SSN   ? "[SSN]"
                                  : "[NUMBER]";
}

/* ---- runs of digits ---- */

struct run {
    size_t first, end; /* items */
    struct digit_string string;
    size_t joined;            /* parts as "forty one", which may be 41 or 40 and 1 */
    size_t rounds;            /* parts in hundreds and thousands: amounts have them, too */
    bool from_left, to_right; /* nothing but fillers lies between it and the edge */
    size_t misheard;          /* digits that are none in the text */
    enum redact_kind kind;    /* alone */
};

struct runs {
    struct run *items;
    size_t count, capacity;
};

static bool is_filler(const struct heard *word)
{
    return heard_in(word,
                    " uh um er erm ah hm mhm dash hyphen space and then okay ok yes yeah right sorry so plus area "
                    "code next is it's comma period point dot like ");
}

static bool is_year(const char *digits)
{
    return strncmp(digits, "19", 2) == 0 || strncmp(digits, "20", 2) == 0 || strncmp(digits, "18", 2) == 0;
}

/* A written number of digits only and what groups them: "555-0199", "(555)"; not money, dates, decimals or years. */
static bool is_written(const struct heard *word, struct digit_string *string)
{
    size_t digits = 0, groups = 1, others = 0;
    for (size_t i = 0; i < word->length; i++) {
        const char c = word->text[i];
        digits += is_digit(c);
        groups += (c == '-' || c == '.') && i > 0;
        others += !is_digit(c) && !strchr("-.()+#", c);
    }
    const bool point = memchr(word->text, '.', word->length) != NULL;
    const bool years = word->length == 9 && word->text[4] == '-' && is_year(word->text) && is_year(word->text + 5);
    const bool iso = word->length == 10 && word->text[4] == '-' && word->text[7] == '-';
    if (!digits || others || years || iso || (point && groups < 3))
        return false;
    for (size_t i = 0; i < word->length; i++)
        if (is_digit(word->text[i]) && string->count < STRING_DIGITS) {
            string->digits[string->count++] = word->text[i];
            string->singles++;
        }
    string->digits[string->count] = 0;
    string->parts++;
    return true;
}

/* Digits that begin at `at`, appended to the run; how many items they take. */
static size_t read_part(const struct stretch *s, size_t at, struct run *run)
{
    const size_t before = run->string.count, singles = run->string.singles;
    size_t n = 0;
    if (run->string.count + 4 >= STRING_DIGITS) {
        run->string.count = CARD_DIGITS; /* longer than any number: what matters is that it is long */
        run->string.digits[run->string.count] = 0;
        return read_part(s, at, run);
    }
    n = read_digits_part(s, at, &run->string);
    if (!n && is_written(word_at(s, at), &run->string))
        n = 1;
    const bool composed = n == 2 && run->string.singles == singles;
    run->rounds += composed && run->string.count - before > 2;
    run->joined += composed && run->string.count - before == 2;
    return n;
}

/* The digit that a homophone between digits stands for; 0: none. */
static char homophone(const struct heard *word)
{
    return heard_is(word, "won")        ? '1'
           : heard_in(word, " to too ") ? '2'
           : heard_is(word, "for")      ? '4'
           : heard_is(word, "ate")      ? '8'
                                        : 0;
}

/* What lies between two parts: fillers, or one homophone; how many items, and where nothing goes on, the list's end. */
static size_t skip_between(const struct stretch *s, size_t at, struct run *run)
{
    struct run next = {0};
    const char digit = homophone(word_at(s, at));
    if (digit && run->string.singles > 2 && read_part(s, at + 1, &next) && next.string.singles) {
        run->string.digits[run->string.count++] = digit;
        run->string.digits[run->string.count] = 0;
        run->string.singles++;
        return 1;
    }
    size_t n = 0;
    while (n < FILLERS && is_filler(word_at(s, at + n)))
        n++;
    return n;
}

/* The run that begins at `at`, if one does. */
static bool read_run(const struct stretch *s, size_t at, struct run *run)
{
    size_t n, between = 0;
    *run = (struct run){.first = at, .end = at};
    while ((n = read_part(s, run->end + between, run)) > 0) {
        run->end += between + n;
        between = skip_between(s, run->end, run);
    }
    run->to_right = run->end + between >= s->end;
    return run->end > at;
}

/* ---- what a run is ---- */

static enum redact_kind named_by(const struct stretch *s, size_t at)
{
    const struct heard *word = word_at(s, at);
    if (heard_in(word, " card cards visa mastercard amex credit debit discover cvv cvc maestro "))
        return REDACT_CARD;
    if (heard_in(word, " social ssn "))
        return REDACT_SSN;
    const bool letters = heard_is(word, "s") && heard_is(word_at(s, at + 1), "s") && heard_is(word_at(s, at + 2), "n");
    if (letters)
        return REDACT_SSN;
    return heard_in(word, " phone telephone call calling dial fax cell mobile text reach contact callback ")
               ? REDACT_PHONE
               : REDACT_NONE;
}

static enum redact_kind nearest_context(const struct stretch *s, const struct run *run, enum redact_kind before)
{
    for (size_t i = 1; i <= CONTEXT_BEFORE && i <= run->first; i++)
        if (named_by(s, run->first - i))
            return named_by(s, run->first - i);
    if (before && run->first < CONTEXT_BEFORE)
        return before;
    for (size_t i = 0; i < CONTEXT_BEHIND; i++)
        if (named_by(s, run->end + i))
            return named_by(s, run->end + i);
    return REDACT_NONE;
}

/* "c v v is", "security code" right before. */
static bool behind_check_code(const struct stretch *s, const struct run *run)
{
    for (size_t i = 1; i <= 4 && i <= run->first; i++) {
        const size_t at = run->first - i;
        if (heard_in(word_at(s, at), " cvv cvc ") ||
            (heard_is(word_at(s, at), "code") && heard_is(word_at(s, at - 1), "security")))
            return true;
        if (heard_in(word_at(s, at), " v c ") && heard_is(word_at(s, at - 1), "v") && heard_is(word_at(s, at - 2), "c"))
            return true;
    }
    return false;
}

/* Nothing but years, said in pairs. */
static bool is_years(const struct run *run)
{
    for (size_t i = 0; i + 4 <= run->string.count; i += 4)
        if (!is_year(run->string.digits + i))
            return false;
    return run->string.singles < 3 && run->string.count % 4 == 0;
}

/* What follows counts, so that the digits are an amount. */
static bool is_counted(const struct stretch *s, const struct run *run)
{
    const struct heard *after = word_at(s, run->end);
    return after->number.class == NUMBER_SCALE || after->number.ordinal ||
           heard_in(after, " dollars dollar euros pounds percent cents million ");
}

static enum redact_kind classify(const struct stretch *s, const struct run *run, const struct redact_setting *setting)
{
    const size_t n = run->string.count + run->misheard + (run->from_left ? setting->before.digits : 0),
                 singles = run->string.singles;
    const enum redact_kind context = nearest_context(s, run, setting->context);
    const bool solid = singles >= 3 || !run->rounds,
               open = (run->to_right && setting->open) || (run->from_left && setting->before.digits);
    if (n >= CARD_DIGITS && solid && !is_years(run))
        return REDACT_CARD;
    if (n >= CARD_LEAST && n + run->joined >= CARD_DIGITS && solid && context != REDACT_PHONE && !is_years(run))
        return REDACT_CARD;
    if (behind_check_code(s, run) && n >= 3 && n <= 4)
        return REDACT_CARD;
    if (is_counted(s, run) && singles < 4)
        return REDACT_NONE;
    if (context == REDACT_SSN && n >= 4 && solid && run->string.parts > 1)
        return REDACT_SSN;
    if (context == REDACT_CARD && n >= 8 && solid)
        return REDACT_CARD;
    if (context != REDACT_PHONE && !run->misheard && ssn_holds(run->string.digits, n) && singles >= 4)
        return REDACT_SSN;
    if (n >= PHONE_DIGITS && (singles >= 3 || context == REDACT_PHONE))
        return REDACT_PHONE;
    if (open && n >= OPEN_DIGITS && (singles >= 3 || (context && solid)))
        return REDACT_NUMBER;
    return setting->strict && n >= 3 ? REDACT_NUMBER : REDACT_NONE;
}

/* ---- numbers with a misheard digit ---- */

/* Words from `at` to `end` that are neither fillers nor name a kind of number; STRANGERS + 1: too many, or one that
 * names one. */
static size_t count_strangers(const struct stretch *s, size_t at, size_t end)
{
    size_t strangers = 0;
    for (; at < end && strangers <= STRANGERS; at++)
        strangers += named_by(s, at) ? STRANGERS + 1 : !is_filler(word_at(s, at));
    return strangers < STRANGERS + 1 ? strangers : STRANGERS + 1;
}

/* "one one", as the parts of a number that strangers cut up; a lone "one" is a part only between two of those. */
static bool is_fragment(const struct run *run)
{
    return run->string.singles >= 2;
}

/* The number of which both are parts. */
static void join(struct run *left, const struct run *right)
{
    struct digit_string *all = &left->string;
    for (size_t i = 0; i < right->string.count && all->count < STRING_DIGITS; i++)
        all->digits[all->count++] = right->string.digits[i];
    all->digits[all->count] = 0;
    all->singles += right->string.singles;
    all->parts += right->string.parts;
    left->joined += right->joined;
    left->rounds += right->rounds;
    left->misheard++;
    left->end = right->end;
    left->to_right = right->to_right;
}

static bool may_join(const struct stretch *s, const struct run *left, const struct run *right)
{
    return (is_fragment(left) || is_fragment(right)) && left->string.singles && right->string.singles &&
           count_strangers(s, left->end, right->first) <= STRANGERS;
}

/* The runs from the first one on that may be one number with misheard digits between: how many, and that number. */
static size_t join_fragments(const struct stretch *s, const struct run *runs, size_t count, struct run *joined)
{
    struct run all = runs[0];
    size_t whole = 1;
    *joined = all;
    for (size_t n = 1; n < count && is_fragment(&runs[0]) && may_join(s, &runs[n - 1], &runs[n]); n++) {
        join(&all, &runs[n]);
        if (!is_fragment(&runs[n]))
            continue;
        *joined = all;
        whole = n + 1;
    }
    return whole;
}

/* How many of the runs from the first one on are to be taken as one, *joined: where a part alone would stay, and
 * something else than the digits tells that they are a number, a word or a part that is one. */
static size_t take_joined(const struct stretch *s, const struct run *runs, size_t count,
                          const struct redact_setting *setting, struct run *joined)
{
    const size_t n = join_fragments(s, runs, count, joined);
    size_t alone = 0;
    for (size_t i = 0; i < n; i++)
        alone += runs[i].kind != REDACT_NONE;
    if (n == 1 || alone == n || (!alone && !nearest_context(s, joined, setting->context)))
        return 1;
    joined->kind = classify(s, joined, setting);
    return joined->kind ? n : 1;
}

/* ---- all of them ---- */

/* Hyphenated words are redacted whole. */
static int add(struct redactions *out, const struct stretch *s, const struct run *run, enum redact_kind kind,
               struct fault *fault)
{
    void *items = out->items;
    if (!memory_grow(&items, &out->capacity, out->count + 1, sizeof *out->items))
        return fail_memory(fault, "what is redacted");
    out->items = items;
    struct redaction new = {kind, word_at(s, run->first)->word, word_at(s, run->end - 1)->word + 1};
    if (out->count && out->items[out->count - 1].end > new.first)
        new.first = out->items[out->count - 1].end;
    if (new.first < new.end)
        out->items[out->count++] = new;
    return 0;
}

/* The word before the digits goes with them where it belongs to the number. */
static void widen(const struct stretch *s, struct run *run)
{
    if (run->first > 0 && heard_is(word_at(s, run->first - 1), "plus"))
        run->first--;
}

static bool only_fillers(const struct stretch *s, size_t at, size_t end)
{
    return end - at <= FILLERS && count_strangers(s, at, end) == 0;
}

/* Whether the words before, which end in digits, may go on in a run at `at`: strangers between are misheard digits only
 * where a word tells what the number is. */
static bool goes_on(const struct stretch *s, const struct run *run, const struct redact_setting *setting)
{
    if (!setting->before.digits)
        return false;
    if (!setting->before.apart && only_fillers(s, 0, run->first))
        return true;
    return is_fragment(run) && setting->before.apart + count_strangers(s, 0, run->first) <= STRANGERS &&
           nearest_context(s, run, setting->context);
}

/* Whether the run may go on behind the last word. */
static bool may_go_on(const struct stretch *s, const struct run *run, const struct redact_setting *setting)
{
    return run->to_right || (is_fragment(run) && count_strangers(s, run->end, s->end) <= STRANGERS &&
                             nearest_context(s, run, setting->context));
}

static int find_runs(const struct stretch *s, const struct redact_setting *setting, struct runs *runs,
                     struct fault *fault)
{
    struct run run;
    for (size_t at = 0; at < s->end; at++) {
        void *items = runs->items;
        if (!read_run(s, at, &run))
            continue;
        run.from_left = goes_on(s, &run, setting) && !runs->count;
        run.misheard = run.from_left && (setting->before.apart || !only_fillers(s, 0, run.first));
        run.to_right = may_go_on(s, &run, setting);
        run.kind = classify(s, &run, setting);
        if (!memory_grow(&items, &runs->capacity, runs->count + 1, sizeof run))
            return fail_memory(fault, "what is redacted");
        runs->items = items;
        runs->items[runs->count++] = run;
        at = run.end - 1;
    }
    return 0;
}

/* What the words end in. */
static void find_tail(const struct stretch *s, const struct redact_setting *setting, const struct run *last,
                      struct redactions *out)
{
    const size_t from = last ? last->end : 0, strangers = count_strangers(s, from, s->end),
                 apart = strangers + (last ? 0 : setting->before.apart);
    const bool near = last ? last->to_right : apart ? apart <= STRANGERS : only_fillers(s, 0, s->end);
    if (!near)
        return;
    out->tail.digits =
        last ? last->string.count + (last->from_left ? setting->before.digits : 0) : setting->before.digits;
    out->tail.apart = out->tail.digits ? apart : 0;
}

int redact_find(const struct heard_list *list, const struct redact_setting *setting, struct redactions *out,
                struct fault *fault)
{
    const struct stretch s = {list, 0, list->count};
    struct runs runs = {0};
    struct run run = {0};
    *out = (struct redactions){0};
    for (size_t at = 0; at < list->count; at++)
        out->context = named_by(&s, at) ? named_by(&s, at) : out->context;
    int code = find_runs(&s, setting, &runs, fault);
    for (size_t i = 0; i < runs.count && !code;) {
        const size_t n = take_joined(&s, runs.items + i, runs.count - i, setting, &run);
        if (n == 1)
            run = runs.items[i];
        const unsigned wanted = run.kind == REDACT_NUMBER ? setting->wanted : run.kind & setting->wanted;
        widen(&s, &run);
        if (wanted)
            code = add(out, &s, &run, run.kind, fault);
        i += n;
    }
    if (!code)
        find_tail(&s, setting, runs.count ? &run : NULL, out);
    free(runs.items);
    return code;
}

void redactions_free(struct redactions *redactions)
{
    free(redactions->items);
    *redactions = (struct redactions){0};
}
