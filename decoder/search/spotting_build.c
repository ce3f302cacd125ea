/* spotting_build.c - from a phrase to the lattice of tokens that write it, or something that sounds like it. */
#include "decoder/guide/plain_text.h"
#include "decoder/search/spotting_parts.h"
#include "src/base/memory.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Natural log. Chosen on the development set, as is what follows. */
static const float SPACE = 1.0f, FARTHEST = 4.0f;
/* What a phrase is worth beyond so much for each letter after the second counts a quarter: more of it would find the
 * phrase anywhere. */
static const double PLENTY = 1.5, REST = 0.25;
enum { LONGER = 2 }; /* letters that a token may stand for beyond those that it has */

/* A token in plain form. */
struct piece {
    const char *bytes; /* without the space */
    size_t length;
    size_t shared; /* bytes that it begins with like the one before it */
    int32_t token;
    bool begins;
};

struct letters {
    char bytes[BOOST_PHRASE_LONGEST];
    bool parted[BOOST_PHRASE_LONGEST + 1]; /* a space goes before the letter */
    size_t count;
};

struct arc {
    int32_t token, to;
    float cost;
};

struct builder {
    struct piece *pieces; /* [count], sorted */
    size_t count, longest;
    float *rows; /* [longest + 1, longest + LONGER + 1] of the table of distances */
    struct arc *arcs;
    size_t arc_count, arc_capacity;
    struct text text;
};

/* ---- what sounds alike: the letters of English, and of what is written like it ---- */

static bool vowel(char c)
{
    return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

/* Half of the cost, as far as it is below that of letters that have nothing in common. */
static float relation(char a, char b)
{
    static const struct {
        char pair[3];
        float cost;
    } relations[] = {{"ck", 0.7f}, {"sz", 0.7f}, {"kq", 0.7f}, {"cs", 1.0f}, {"fv", 1.0f}, {"gj", 1.0f}, {"dt", 1.2f},
                     {"bp", 1.2f}, {"gk", 1.2f}, {"mn", 1.2f}, {"vw", 1.2f}, {"sx", 1.2f}, {"fp", 1.5f}, {"lr", 1.5f},
                     {"bv", 1.5f}, {"pt", 1.5f}, {"kt", 1.5f}, {"cg", 1.5f}, {"ct", 1.5f}};
    char low = a < b ? a : b, high = a < b ? b : a;
    for (size_t i = 0; i < sizeof relations / sizeof *relations; i++)
        if (relations[i].pair[0] == low && relations[i].pair[1] == high)
            return relations[i].cost;
    return 3.0f;
}

static float replaced(char a, char b)
{
    if (a == b)
        return 0.0f;
    if (vowel(a) && vowel(b))
        return (a == 'i' && b == 'y') || (a == 'y' && b == 'i') ? 1.4f : 2.0f;
    return 2.0f * relation(a, b);
}

/* A letter of the phrase that is not written. */
static float left_out(const struct letters *l, size_t at)
{
    char c = l->bytes[at];
    bool doubled = at > 0 && l->bytes[at - 1] == c, silent = c == 'e' && at + 1 == l->count;
    if (doubled || silent)
        return 1.0f;
    return c == 'h' ? 2.0f : vowel(c) ? 3.0f : 4.4f;
}

/* A letter that is written and not there. */
static float added(char c)
{
    return c == 'h' ? 2.4f : vowel(c) ? 3.0f : 5.0f;
}

/* ---- tokens ---- */

static int by_bytes(const void *a, const void *b)
{
    const struct piece *x = a, *y = b;
    size_t shorter = x->length < y->length ? x->length : y->length;
    int order = memcmp(x->bytes, y->bytes, shorter);
    if (order || x->length != y->length)
        return order ? order : x->length < y->length ? -1 : 1;
    return (x->token > y->token) - (x->token < y->token);
}

static void share(struct builder *b)
{
    for (size_t i = 1; i < b->count; i++) {
        const struct piece *one = &b->pieces[i - 1];
        struct piece *two = &b->pieces[i];
        while (two->shared < one->length && two->shared < two->length &&
               one->bytes[two->shared] == two->bytes[two->shared])
            two->shared++;
    }
}

/* A token that holds a space beside that of its first word, if any, is left out. */
static int read_pieces(struct builder *b, const struct spelling *spelling, struct fault *fault)
{
    b->pieces = memory_new((size_t)spelling_size(spelling), sizeof *b->pieces);
    if (!b->pieces)
        return fail_memory(fault, "a list of phrases");
    for (int token = 0; token < spelling_size(spelling); token++) {
        struct spelled s = spelling_plain(spelling, token);
        if (!s.length)
            continue;
        bool begins = s.bytes[0] == ' ';
        struct piece piece = {s.bytes + begins, s.length - begins, 0, token, begins};
        if ((piece.length && memchr(piece.bytes, ' ', piece.length)) || piece.length > BOOST_PHRASE_LONGEST)
            continue;
        b->pieces[b->count++] = piece;
        b->longest = piece.length > b->longest ? piece.length : b->longest;
    }
    qsort(b->pieces, b->count, sizeof *b->pieces, by_bytes);
    share(b);
    b->rows = memory_new((b->longest + 1) * (b->longest + LONGER + 1), sizeof *b->rows);
    return b->rows ? 0 : fail_memory(fault, "a list of phrases");
}

/* ---- arcs ---- */

static float smaller(float a, float b)
{
    return a < b ? a : b;
}

/* The row of the table of distances (Wagner and Fischer, JACM 21(1), 1974) for the first n bytes of a token against
 * the letters from at; its least. */
static float fill_row(struct builder *b, const struct letters *l, size_t at, size_t most, size_t n, char byte)
{
    size_t wide = b->longest + LONGER + 1;
    float *row = b->rows + n * wide, least;
    const float *above = n ? row - wide : row;
    float more = added(byte);
    row[0] = n ? above[0] + more : 0.0f;
    least = row[0];
    for (size_t i = 1; i <= most; i++) {
        row[i] = row[i - 1] + left_out(l, at + i - 1);
        if (n && above[i] + more < row[i])
            row[i] = above[i] + more;
        if (n && above[i - 1] < row[i] && above[i - 1] <= FARTHEST) /* else it stays out of reach */
            row[i] = smaller(row[i], above[i - 1] + replaced(byte, l->bytes[at + i - 1]));
        least = smaller(least, row[i]);
    }
    return least;
}

static bool add_arc(struct builder *b, int32_t token, int32_t to, float cost)
{
    void *arcs = b->arcs;
    bool grown = memory_grow(&arcs, &b->arc_capacity, b->arc_count + 1, sizeof *b->arcs);
    b->arcs = arcs;
    if (grown)
        b->arcs[b->arc_count++] = (struct arc){token, to, cost};
    return grown;
}

/* Spaces that should be there and are not, or the other way round. */
static float spaces(const struct letters *l, const struct piece *piece, size_t at, size_t to)
{
    float cost = at > 0 && piece->begins != l->parted[at] ? SPACE : 0.0f;
    for (size_t i = at + 1; i < to; i++)
        cost += l->parted[i] ? SPACE : 0.0f;
    return cost;
}

/* The arcs of one token from a letter on; its last row is filled. */
static bool add_arcs_of(struct builder *b, const struct letters *l, const struct piece *piece, size_t at, size_t most)
{
    const float *row = b->rows + piece->length * (b->longest + LONGER + 1);
    for (size_t i = 1; i <= most; i++)
        if (row[i] <= FARTHEST &&
            !add_arc(b, piece->token, (int32_t)(1 + at + i), row[i] + spaces(l, piece, at, at + i)))
            return false;
    return true;
}

/* Which tokens may leave a node: the first word needs its space, in the token or as one. */
static bool may_leave(const struct piece *piece, size_t node)
{
    return node == 0 ? piece->begins : node == 1 ? !piece->begins : true;
}

static bool add_arcs(struct builder *b, const struct letters *l, size_t node)
{
    size_t at = node ? node - 1 : 0, filled = 0, dead = SIZE_MAX;
    size_t left = l->count - at, wide = b->longest + LONGER, most = left < wide ? left : wide;
    fill_row(b, l, at, most, 0, 0);
    for (size_t i = 0; i < b->count; i++) {
        const struct piece *piece = &b->pieces[i];
        if (node == 0 && piece->begins && !piece->length && !add_arc(b, piece->token, 1, 0.0f))
            return false;
        filled = filled < piece->shared ? filled : piece->shared;
        if (dead <= filled)
            continue;
        for (dead = SIZE_MAX; filled < piece->length && dead == SIZE_MAX; filled++)
            if (fill_row(b, l, at, most, filled + 1, piece->bytes[filled]) > FARTHEST)
                dead = filled + 1;
        if (dead == SIZE_MAX && piece->length && may_leave(piece, node) && !add_arcs_of(b, l, piece, at, most))
            return false;
    }
    return true;
}

/* ---- a phrase ---- */

/* False: there are none, or some of a script without spaces. */
static bool read_letters(struct builder *b, const struct boost_phrase *phrase, struct letters *l)
{
    *l = (struct letters){0};
    b->text.length = 0;
    plain_text_add(&b->text, phrase->text, phrase->length);
    for (size_t i = 0, size; i < b->text.length; i += size) {
        const char *at = b->text.bytes + i;
        size = utf8_length(at, b->text.length - i);
        if (*at == ' ') {
            l->parted[l->count] = true;
        } else if (l->count + size > sizeof l->bytes || (size > 1 && plain_text_unspaced(utf8_code(at, size)))) {
            return false;
        } else {
            memcpy(l->bytes + l->count, at, size);
            l->count += size;
        }
    }
    return l->count > 0;
}

/* The fewest tokens that cost nothing, by the shortest way from each node to the end. */
static int spell(struct spotting_lattice *l, struct fault *fault)
{
    int32_t *far = memory_new((size_t)l->nodes, sizeof *far), *by = memory_new((size_t)l->nodes, sizeof *by);
    if (!far || !by) {
        free(far);
        free(by);
        return fail_memory(fault, "a list of phrases");
    }
    for (int32_t n = l->nodes - 2; n >= 0; n--)
        for (int32_t k = l->first[n]; k < l->first[n + 1]; k++) {
            const int32_t to = l->to[k];
            bool open = to == l->nodes - 1 || far[to];
            if (!(l->cost[k] > 0.0f) && open && (!far[n] || far[to] + 1 < far[n])) {
                far[n] = far[to] + 1;
                by[n] = k;
            }
        }
    l->tokens = memory_new((size_t)far[0], sizeof *l->tokens);
    for (int32_t n = 0; l->tokens && far[n]; n = l->to[by[n]])
        l->tokens[l->token_count++] = l->token[by[n]];
    free(far);
    free(by);
    return l->tokens ? 0 : fail_memory(fault, "a list of phrases");
}

static double worth_of(const struct boost *boost, const struct spotting_lattice *l)
{
    struct boosted state, next;
    boost_begin(boost, &state);
    for (size_t i = 0; i < l->token_count; i++, state = next)
        boost_extend(boost, &state, l->tokens[i], &next);
    return boost_whole(boost, &state);
}

/* What does not count of what a phrase is worth. */
static double taken_from(const struct letters *letters, double worth)
{
    double plenty = PLENTY * fmax((double)letters->count - 2.0, 1.0);
    return worth > plenty ? (1.0 - REST) * (worth - plenty) : 0.0;
}

static int add_lattice(struct builder *b, struct spotting *s, const struct letters *letters, struct fault *fault)
{
    struct spotting_lattice *l = &s->phrases[s->count];
    l->nodes = (int32_t)letters->count + 2;
    l->first = memory_new((size_t)l->nodes + 1, sizeof *l->first);
    b->arc_count = 0;
    for (int32_t n = 0; l->first && n < l->nodes; n++) {
        l->first[n] = (int32_t)b->arc_count;
        if (n < l->nodes - 1 && !add_arcs(b, letters, (size_t)n))
            return fail_memory(fault, "a list of phrases");
    }
    l->token = memory_new(b->arc_count, sizeof *l->token);
    l->to = memory_new(b->arc_count, sizeof *l->to);
    l->cost = memory_new(b->arc_count, sizeof *l->cost);
    if (!l->first || !l->token || !l->to || !l->cost)
        return fail_memory(fault, "a list of phrases");
    for (size_t k = 0; k < b->arc_count; k++) {
        l->token[k] = b->arcs[k].token;
        l->to[k] = b->arcs[k].to;
        l->cost[k] = b->arcs[k].cost;
    }
    l->first[l->nodes] = (int32_t)b->arc_count;
    return spell(l, fault);
}

static void free_lattice(struct spotting_lattice *l)
{
    free(l->token);
    free(l->to);
    free(l->cost);
    free(l->first);
    free(l->tokens);
    *l = (struct spotting_lattice){0};
}

static int add_phrase(struct builder *b, struct spotting *s, const struct boost_phrase *phrase, struct fault *fault)
{
    struct letters letters;
    struct spotting_lattice *l = &s->phrases[s->count];
    if (!read_letters(b, phrase, &letters))
        return b->text.failed ? fail_memory(fault, "a list of phrases") : 0;
    if (add_lattice(b, s, &letters, fault) || !l->token_count) {
        free_lattice(l);
        return fault->code;
    }
    l->worth = worth_of(s->boost, l);
    l->taken = taken_from(&letters, l->worth);
    s->most_nodes = l->nodes > s->most_nodes ? l->nodes : s->most_nodes;
    s->most_arcs = l->first[l->nodes] > s->most_arcs ? l->first[l->nodes] : s->most_arcs;
    s->count++;
    return 0;
}

int spotting_open(struct spotting **spotting, const struct spelling *spelling, const struct boost *boost,
                  const struct boost_phrase *phrases, size_t count, struct fault *fault)
{
    struct builder b = {0};
    *spotting = NULL;
    if (count > SPOTTING_PHRASES_MOST)
        return 0;
    struct spotting *s = memory_new(1, sizeof *s);
    if (s)
        s->phrases = memory_new(count, sizeof *s->phrases);
    if (!s || !s->phrases) {
        spotting_close(&s);
        return fail_memory(fault, "a list of phrases");
    }
    s->spelling = spelling;
    s->boost = boost;
    int code = read_pieces(&b, spelling, fault);
    for (size_t i = 0; i < count && !code; i++)
        code = add_phrase(&b, s, &phrases[i], fault);
    free(b.pieces);
    free(b.rows);
    free(b.arcs);
    text_free(&b.text);
    if (code)
        spotting_close(&s);
    *spotting = s;
    return code;
}

void spotting_close(struct spotting **spotting)
{
    struct spotting *s = *spotting;
    if (!s)
        return;
    for (size_t i = 0; s->phrases && i < s->count; i++)
        free_lattice(&s->phrases[i]);
    free(s->phrases);
    free(s);
    *spotting = NULL;
}
