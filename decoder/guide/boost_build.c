/* boost_build.c - from a list of phrases to the automaton. Patterns are sorted, so that those that share a beginning
 * are a range, and nodes are made from ranges, breadth first: a node's children lie side by side, and the node that it
 * fails to is there before it. */
#include "decoder/guide/boost_parts.h"
#include "decoder/guide/plain_text.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FREE_LETTERS = 2 };                              /* of a phrase, at least, which gain nothing */
static const double EXPECTED = -3.5, UNEXPECTED = -5.0; /* log10 */
static const double EXPECTED_SHARE = 0.25;
/* A beam is full of what only begins like one of many phrases, where that counts in full. */
static const float UNFINISHED = 0.5f;

/* A phrase, or a word of one, in plain form behind the space that its first word needs. */
struct pattern {
    size_t at;         /* in the builder's text … */
    const char *bytes; /* … once that does not move any more */
    size_t length;
    float weight;  /* of each letter; 0: a word, which gains nothing by itself */
    size_t unpaid; /* letters at its beginning, which gain nothing */
    bool word;     /* there is but one word in it */
    bool unspaced; /* its last character ends a word whatever follows */
    size_t number; /* of the phrase */
};

/* The patterns that go through a node, and what they share up to there. */
struct range {
    size_t begin, end, depth, letters;
    int32_t parent;
};

struct builder {
    struct boost *boost;
    const struct fusion *fusion;
    const char *name;
    struct text text;
    struct pattern *patterns; /* sorted, once all are there */
    size_t count, capacity;
    struct range *ranges; /* of each node */
    size_t range_capacity, node_capacity, byte_capacity;
};

/* ---- phrases ---- */

static int refuse(const struct builder *b, const struct boost_phrase *phrase, const char *why, struct fault *fault)
{
    return fail(fault, UTTER_ERROR_ARGUMENT, "%s %zu: %s", b->name, phrase->number, why);
}

static int check_phrase(const struct builder *b, const struct boost_phrase *phrase, struct fault *fault)
{
    if (phrase->length > BOOST_PHRASE_LONGEST)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s %zu: a phrase of %zu bytes, of which there may be %d", b->name,
                    phrase->number, phrase->length, BOOST_PHRASE_LONGEST);
    if (!utf8_valid(phrase->text, phrase->length))
        return refuse(b, phrase, "the phrase is not valid UTF-8", fault);
    if (!(phrase->weight >= 0.0 && phrase->weight <= BOOST_WEIGHT_MOST))
        return fail(fault, UTTER_ERROR_ARGUMENT, "%s %zu: its weight must be a number above 0 and at most %g", b->name,
                    phrase->number, BOOST_WEIGHT_MOST);
    return 0;
}

static int check_spelling(const struct builder *b, const struct pattern *p, struct fault *fault)
{
    const char *text = b->text.bytes + p->at;
    for (size_t i = 0, size; i < p->length; i += size) {
        size = utf8_length(text + i, p->length - i);
        if (text[i] != ' ' && !spelling_writes(b->boost->spelling, text + i, size))
            return fail(fault, UTTER_ERROR_ARGUMENT, "%s %zu: the model cannot write \"%.*s\"", b->name, p->number,
                        (int)size, text + i);
    }
    return 0;
}

static bool add_pattern(struct builder *b, struct pattern pattern)
{
    void *patterns = b->patterns;
    if (b->text.failed || !memory_grow(&patterns, &b->capacity, b->count + 1, sizeof pattern))
        return false;
    b->patterns = patterns;
    b->patterns[b->count++] = pattern;
    return true;
}

static bool unspaced_at(const char *text, size_t length)
{
    return length > 0 && (unsigned char)text[0] >= 0x80 &&
           plain_text_unspaced(utf8_code(text, utf8_length(text, length)));
}

static bool unspaced_end(const char *text, size_t length)
{
    size_t last = length - 1;
    while (last > 0 && ((unsigned char)text[last] & 0xC0) == 0x80)
        last--;
    return unspaced_at(text + last, length - last);
}

/* The phrase's plain form in the builder's text: a space, its words, no space. Returns its length, 0 where there are no
 * words; at: where it begins. */
static size_t add_plain(struct builder *b, const struct boost_phrase *phrase, size_t *at)
{
    *at = b->text.length;
    text_add(&b->text, " ", 1);
    plain_text_add(&b->text, phrase->text, phrase->length);
    if (b->text.failed)
        return 0;
    if (b->text.length > *at + 1 && b->text.bytes[*at + 1] == ' ')
        ++*at;
    size_t length = b->text.length - *at;
    while (length && b->text.bytes[*at + length - 1] == ' ')
        length--;
    if (length && unspaced_at(b->text.bytes + *at + 1, length - 1)) {
        ++*at;
        length--;
    }
    return length;
}

/* Each word of a phrase of many, so that the automaton knows them apart, too. */
static bool add_words(struct builder *b, const struct pattern *phrase)
{
    for (size_t begin = phrase->at, end; begin < phrase->at + phrase->length; begin = end) {
        for (end = begin + 1; end < phrase->at + phrase->length && b->text.bytes[end] != ' ';)
            end++;
        struct pattern word = {.at = begin, .length = end - begin, .word = true, .number = phrase->number};
        if (b->text.bytes[begin] == ' ' && end - begin > 1 && !add_pattern(b, word))
            return false;
    }
    return true;
}

/* What is left of the weight of a phrase that the language model expects anyway. */
static double share_of(const struct builder *b, const char *text, size_t length)
{
    size_t space = text[0] == ' ' ? 1 : 0;
    if (!b->fusion)
        return 1.0;
    double least = fusion_least(b->fusion, text + space, length - space);
    return fmin(fmax((EXPECTED - least) / (EXPECTED - UNEXPECTED), EXPECTED_SHARE), 1.0);
}

/* Of a phrase of one word. "seven" speaks for "seventh" no more than for itself. */
static size_t unpaid_letters(const struct builder *b, const char *text, size_t length)
{
    size_t unpaid = FREE_LETTERS, letters = 0;
    const size_t space = text[0] == ' ' ? 1 : 0;
    for (size_t at = space, size; b->fusion && at < length; at += size, letters++) {
        size = utf8_length(text + at, length - at);
        if (letters > FREE_LETTERS && fusion_least(b->fusion, text + space, at - space) >= EXPECTED)
            unpaid = letters;
    }
    return unpaid;
}

static int add_phrase(struct builder *b, const struct boost_phrase *phrase, double weight, struct fault *fault)
{
    struct pattern p = {.number = phrase->number};
    if (check_phrase(b, phrase, fault))
        return fault->code;
    p.length = add_plain(b, phrase, &p.at);
    if (b->text.failed)
        return fail_memory(fault, "a list of phrases");
    if (!p.length)
        return refuse(b, phrase, "there is no phrase", fault);
    const char *text = b->text.bytes + p.at;
    p.weight = (float)((phrase->weight > 0.0 ? phrase->weight : weight) * share_of(b, text, p.length));
    p.word = memchr(text + 1, ' ', p.length - 1) == NULL;
    p.unpaid = p.word ? unpaid_letters(b, text, p.length) : FREE_LETTERS;
    p.unspaced = unspaced_end(text, p.length);
    if (check_spelling(b, &p, fault))
        return fault->code;
    if (!add_pattern(b, p) || (!p.word && !add_words(b, &p)))
        return fail_memory(fault, "a list of phrases");
    return 0;
}

/* By bytes, what is shorter first; of equals a phrase before a word, then by number. */
static int by_bytes(const void *a, const void *b)
{
    const struct pattern *x = a, *y = b;
    size_t shared = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->bytes, y->bytes, shared);
    if (order || x->length != y->length)
        return order ? order : x->length < y->length ? -1 : 1;
    if ((x->weight > 0.0f) != (y->weight > 0.0f))
        return x->weight > 0.0f ? -1 : 1;
    return (x->number > y->number) - (x->number < y->number);
}

static int sort_patterns(struct builder *b, struct fault *fault)
{
    for (size_t i = 0; i < b->count; i++)
        b->patterns[i].bytes = b->text.bytes + b->patterns[i].at;
    qsort(b->patterns, b->count, sizeof *b->patterns, by_bytes);
    for (size_t i = 1; i < b->count; i++) {
        const struct pattern *one = &b->patterns[i - 1], *two = &b->patterns[i];
        if (two->weight > 0.0f && one->length == two->length && memcmp(one->bytes, two->bytes, one->length) == 0)
            return fail(fault, UTTER_ERROR_ARGUMENT, "%s %zu: the phrase is there already, as %zu", b->name,
                        two->number, one->number);
    }
    return 0;
}

/* ---- nodes ---- */

static bool add_node(struct builder *b, struct range range, unsigned char byte)
{
    struct boost *boost = b->boost;
    void *nodes = boost->nodes, *ranges = b->ranges, *bytes = boost->bytes;
    size_t needed = (size_t)boost->count + 1;
    bool grown = needed < INT32_MAX && memory_grow(&nodes, &b->node_capacity, needed, sizeof *boost->nodes);
    boost->nodes = nodes;
    grown = grown && memory_grow(&ranges, &b->range_capacity, needed, sizeof range);
    b->ranges = ranges;
    grown = grown && memory_grow(&bytes, &b->byte_capacity, needed, 1);
    boost->bytes = bytes;
    if (!grown)
        return false;
    boost->nodes[boost->count] = (struct boost_node){0};
    b->ranges[boost->count] = range;
    boost->bytes[boost->count++] = byte;
    return true;
}

static size_t letter(unsigned char byte)
{
    return byte != ' ' && (byte & 0xC0) != 0x80;
}

/* The children of a node are those of its patterns that go on, parted by their next byte. */
static bool add_children(struct builder *b, int32_t node)
{
    const struct range range = b->ranges[node];
    size_t at = range.begin;
    int32_t first = b->boost->count;
    while (at < range.end && b->patterns[at].length == range.depth)
        at++;
    while (at < range.end) {
        unsigned char byte = (unsigned char)b->patterns[at].bytes[range.depth];
        struct range child = {at, at, range.depth + 1, range.letters + letter(byte), node};
        while (child.end < range.end && (unsigned char)b->patterns[child.end].bytes[range.depth] == byte)
            child.end++;
        if (!add_node(b, child, byte))
            return false;
        at = child.end;
    }
    b->boost->nodes[node].first = first;
    b->boost->nodes[node].count = (uint16_t)(b->boost->count - first);
    return true;
}

static int32_t failure_of(const struct builder *b, int32_t node)
{
    int32_t parent = b->ranges[node].parent;
    if (parent == BOOST_ROOT)
        return BOOST_ROOT;
    return boost_step(b->boost, b->boost->nodes[parent].fail, b->boost->bytes[node]);
}

/* What so many letters of a pattern are worth; whole: there are no more, and the shortest gain for one. */
static float worth(const struct pattern *p, size_t letters, bool whole)
{
    size_t paid = letters > p->unpaid ? letters - p->unpaid : whole;
    return p->weight * (float)paid * (whole ? 1.0f : UNFINISHED);
}

/* What the patterns that go through a node, or end there, are worth there. */
static void value_patterns(const struct builder *b, int32_t node)
{
    struct boost_node *n = &b->boost->nodes[node];
    const struct range *range = &b->ranges[node];
    for (size_t i = range->begin; i < range->end; i++) {
        const struct pattern *p = &b->patterns[i];
        bool ends = p->length == range->depth;
        float value = worth(p, range->letters, ends);
        n->is |= ends && p->word;
        if (ends && p->unspaced)
            n->here += value;
        else if (ends)
            n->word_end += value;
        if (!(ends && p->unspaced) && value > n->partial)
            n->partial = value;
    }
}

/* The node that it fails to is done. */
static void value_node(const struct builder *b, int32_t node)
{
    struct boost_node *n = &b->boost->nodes[node];
    const int32_t parent = b->ranges[node].parent;
    n->fail = failure_of(b, node);
    const struct boost_node *fail = &b->boost->nodes[n->fail];
    value_patterns(b, node);
    n->begins = b->boost->bytes[node] == ' ' || b->boost->nodes[parent].begins;
    n->is |= fail->is;
    n->here += fail->here;
    n->word_end += fail->word_end;
    n->partial = fail->partial > n->partial ? fail->partial : n->partial;
    n->partial = n->word_end > n->partial ? n->word_end : n->partial;
}

static int add_nodes(struct builder *b, struct fault *fault)
{
    bool whole = add_node(b, (struct range){0, b->count, 0, 0, BOOST_NONE}, 0);
    for (int32_t node = 0; whole && node < b->boost->count; node++)
        whole = add_children(b, node);
    if (!whole)
        return fail_memory(fault, "a list of phrases");
    for (int32_t node = 1; node < b->boost->count; node++)
        value_node(b, node);
    b->boost->start = boost_step(b->boost, BOOST_ROOT, ' ');
    for (int32_t node = 0; node < b->boost->count; node++) {
        bool spaced = node != BOOST_ROOT && b->boost->bytes[node] == ' ';
        b->boost->nodes[node].space = spaced ? node : boost_step(b->boost, node, ' ');
    }
    return 0;
}

/* As boost_gain.length has it. */
static size_t length_index(size_t bytes)
{
    return bytes < 2 ? 0 : (bytes < BOOST_LENGTHS ? bytes : BOOST_LENGTHS) - 1;
}

static int add_leaps(struct boost *b, struct fault *fault)
{
    b->tokens = spelling_size(b->spelling);
    b->leaps = memory_new((size_t)b->tokens, sizeof *b->leaps);
    if (!b->leaps)
        return fail_memory(fault, "a list of phrases");
    for (int token = 0; token < b->tokens; token++)
        b->leaps[token] = boost_walk(b, BOOST_ROOT, token);
    for (int token = 0; token < b->tokens; token++) {
        b->leaps[token].length = (int8_t)length_index(spelling_plain(b->spelling, token).length);
        b->gain = fmax(b->gain, boost_gain(b, token).begins);
    }
    return 0;
}

/* ---- bounds ---- */

/* Up to so many bytes above it, a node is within a token's reach. What begins in the token itself is boost_gain's. */
static void reach_up(const struct builder *b, size_t longest)
{
    for (int32_t node = 1; node < b->boost->count; node++) {
        int32_t above = node;
        for (size_t i = 0; i <= longest && above != BOOST_ROOT; i++, above = b->ranges[above].parent)
            for (size_t k = length_index(i); k < BOOST_LENGTHS; k++) {
                float *reach = &b->boost->reaches[(size_t)above * BOOST_LENGTHS + k];
                *reach = fmaxf(*reach, b->boost->nodes[node].partial);
            }
    }
}

/* What a node reaches, and the nodes that its bytes end with. */
static void reach_across(struct boost *b)
{
    for (int32_t node = 1; node < b->count; node++)
        for (size_t k = 0; k < BOOST_LENGTHS; k++) {
            float *reach = &b->reaches[(size_t)node * BOOST_LENGTHS + k];
            *reach = fmaxf(*reach, b->reaches[(size_t)b->nodes[node].fail * BOOST_LENGTHS + k]);
        }
}

static size_t spaces_within(struct spelled spelled)
{
    size_t count = 0;
    for (size_t i = 1; i < spelled.length; i++)
        count += spelled.bytes[i] == ' ';
    return count;
}

static int bound(struct builder *b, struct fault *fault)
{
    struct boost *boost = b->boost;
    size_t longest = 0, spaces = 0;
    float here = 0.0f, word_end = 0.0f;
    for (int token = 0; token < spelling_size(boost->spelling); token++) {
        const struct spelled spelled = spelling_plain(boost->spelling, token);
        longest = spelled.length > longest ? spelled.length : longest;
        spaces = spaces_within(spelled) > spaces ? spaces_within(spelled) : spaces;
    }
    for (int32_t node = 1; node < boost->count; node++) {
        here = fmaxf(here, boost->nodes[node].here);
        word_end = fmaxf(word_end, boost->nodes[node].word_end);
    }
    boost->jump = (double)longest * (double)here + (double)spaces * (double)word_end;
    boost->reaches = memory_new((size_t)boost->count * BOOST_LENGTHS, sizeof *boost->reaches);
    if (!boost->reaches)
        return fail_memory(fault, "a list of phrases");
    reach_up(b, longest);
    reach_across(boost);
    return 0;
}

/* ---- all ---- */

static int build(struct builder *b, const struct boost_phrase *phrases, size_t count, double weight,
                 struct fault *fault)
{
    if (count > BOOST_PHRASES_MOST)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%zu phrases to boost, of which there may be %d", count,
                    BOOST_PHRASES_MOST);
    for (size_t i = 0; i < count; i++)
        if (add_phrase(b, &phrases[i], weight, fault))
            return fault->code;
    if (sort_patterns(b, fault) || add_nodes(b, fault) || add_leaps(b->boost, fault))
        return fault->code;
    return bound(b, fault);
}

int boost_open(struct boost **boost, const struct spelling *spelling, const struct fusion *fusion,
               const struct boost_phrase *phrases, size_t count, double weight, const char *name, struct fault *fault)
{
    struct builder b = {.boost = memory_new(1, sizeof *b.boost), .fusion = fusion, .name = name};
    if (!b.boost)
        return fail_memory(fault, "a list of phrases");
    b.boost->spelling = spelling;
    int code = build(&b, phrases, count, weight, fault);
    text_free(&b.text);
    free(b.patterns);
    free(b.ranges);
    if (code)
        boost_close(&b.boost);
    else
        *boost = b.boost;
    return code;
}
