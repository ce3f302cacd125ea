/* pass.c - a context, what it keeps, and who owns which slot.
 *
 * Every token that a hypothesis has read has its keys and values in a slot, one slot in all layers. A hypothesis is the
 * list of its slots; those that have a beginning in common list the same ones. So a beam is reordered by copying lists
 * of numbers, and a slot is free once no list names it. There are as many slots as all lists together can name. */
#include "models/whisper/config.h"
#include "models/whisper/forward.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* The hypotheses of a step. */
struct rows {
    int count;
    int *slots;  /* [rows, text_positions] */
    int *length; /* [rows] */
    int *window; /* [rows] */
};

struct whisper_pass {
    const struct whisper *model;
    struct context context;
    int windows, rows, limit; /* limit: lines of one run of the decoder */
    int encoded;              /* windows that were heard */
    struct kept *kept;        /* [decoder_layers] */
    size_t behind_kept;       /* arena mark */
    struct rows now, before;
    unsigned char *taken; /* [rows · text_positions] */
    int free_from;        /* no slot below is free */

    /* Of a run, each [limit]. */
    int *tokens, *positions, *slots, *last;
    struct query_span *spans, *cross;
};

/* ---- memory ---- */

static bool rows_open(struct rows *r, int rows, int positions)
{
    r->slots = memory_new((size_t)rows * (size_t)positions, sizeof *r->slots);
    r->length = memory_new((size_t)rows, sizeof *r->length);
    r->window = memory_new((size_t)rows, sizeof *r->window);
    return r->slots && r->length && r->window;
}

static void rows_close(struct rows *r)
{
    free(r->slots);
    free(r->length);
    free(r->window);
}

static void place_kept(struct whisper_pass *p)
{
    struct context *c = &p->context;
    const struct whisper_config *g = &p->model->config;
    const int64_t width = g->width, heads = g->decoder_heads;
    const enum tensor_type type = tensor_type_size(p->model->type) == 1 ? TENSOR_I8 : c->compute;
    const int64_t cross[] = {p->windows, heads, g->positions, width / heads + (type == TENSOR_I8 ? KEPT_SCALE : 0)};
    const int64_t self[] = {(int64_t)p->rows * g->text_positions, width};
    arena_release(c, 0);
    for (int i = 0; i < g->decoder_layers; i++)
        p->kept[i] = (struct kept){tensor_new(c, type, 4, cross), tensor_new(c, type, 4, cross),
                                   tensor_new(c, c->compute, 2, self), tensor_new(c, c->compute, 2, self)};
    p->behind_kept = arena_mark(c);
}

/* How many of the windows that are left the encoder takes together. */
static int at_once(const struct whisper_pass *p, int left)
{
    const int most = p->model->device->windows;
    return left < most ? left : most;
}

/* The largest that each call may ask for: windows that are encoded together, a run of as many lines and rows as there
 * may be, and a whole sequence with its attention. Host data is not looked at while measuring. */
static size_t measure(struct whisper_pass *p)
{
    struct context *c = &p->context;
    float nothing;
    const struct whisper_wanted ask = {.per_row = WHISPER_RANGES_MOST, .count = LIKELIEST_MOST};
    const struct answer scores = {.logits = &nothing}, few = {.ask = &ask}, whole_attention = {.attention = &nothing};
    const int positions = p->model->config.positions, sequence = p->model->config.text_positions;
    const struct query_span span = {0, p->limit, positions, 0, NULL}, whole = {0, sequence, positions, 0, NULL};
    struct lines l = {.n = p->limit, .before = &span, .cross = &span, .last_count = p->rows};
    context_measure(c, true);
    place_kept(p);
    encode_windows(c, p->model, p->kept, 0, at_once(p, p->windows), NULL, NULL);
    decode_lines(c, p->model, p->kept, &l, &scores);
    decode_lines(c, p->model, p->kept, &l, &few);
    l.n = sequence;
    l.before = NULL;
    l.cross = &whole;
    decode_lines(c, p->model, p->kept, &l, &whole_attention);
    context_measure(c, false);
    return c->arena.peak;
}

static int take_memory(struct whisper_pass *p, struct fault *fault)
{
    const struct whisper_config *g = &p->model->config;
    size_t limit = (size_t)p->limit;
    p->kept = memory_new((size_t)g->decoder_layers, sizeof *p->kept);
    p->taken = memory_new((size_t)p->rows * (size_t)g->text_positions, 1);
    p->tokens = memory_new(limit, sizeof *p->tokens);
    p->positions = memory_new(limit, sizeof *p->positions);
    p->slots = memory_new(limit, sizeof *p->slots);
    p->last = memory_new(limit, sizeof *p->last);
    p->spans = memory_new(limit, sizeof *p->spans);
    p->cross = memory_new(limit, sizeof *p->cross);
    bool whole = rows_open(&p->now, p->rows, g->text_positions) && rows_open(&p->before, p->rows, g->text_positions);
    if (!whole || !p->kept || !p->taken || !p->tokens || !p->positions || !p->slots || !p->last || !p->spans ||
        !p->cross)
        return fail_memory(fault, "a forward pass");
    return 0;
}

static int reserve(struct whisper_pass *p, struct fault *fault)
{
    if (context_open(&p->context, p->model->device, p->model->compute, fault))
        return fault->code;
    size_t size = measure(p);
    if (p->context.fault.code)
        return fail(fault, p->context.fault.code, "%s", p->context.fault.message);
    if (context_reserve(&p->context, size, fault))
        return fault->code;
    place_kept(p);
    return 0;
}

int whisper_pass_open(struct whisper_pass **pass, const struct whisper *model, int windows, int rows,
                      struct fault *fault)
{
    struct fault own = {0};
    *pass = NULL;
    if (windows < 1 || rows < 1 || windows > 4096 || rows > 4096)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a pass of %d windows and %d hypotheses", windows, rows);
    struct whisper_pass *p = memory_new(1, sizeof *p);
    if (!p)
        return fail_memory(fault, "a forward pass");
    *p = (struct whisper_pass){.model = model, .windows = windows, .rows = rows};
    p->limit = model->config.text_positions > rows ? model->config.text_positions : rows;
    if (take_memory(p, &own) || reserve(p, &own)) {
        whisper_pass_close(&p);
        return fail(fault, own.code, "%s", own.message);
    }
    *pass = p;
    return 0;
}

void whisper_pass_close(struct whisper_pass **pass)
{
    struct whisper_pass *p = *pass;
    *pass = NULL;
    if (!p)
        return;
    if (p->context.device)
        context_close(&p->context);
    rows_close(&p->now);
    rows_close(&p->before);
    free(p->kept);
    free(p->taken);
    free(p->tokens);
    free(p->positions);
    free(p->slots);
    free(p->last);
    free(p->spans);
    free(p->cross);
    free(p);
}

size_t whisper_pass_bytes(const struct whisper_pass *pass)
{
    return pass->context.arena.size;
}

double whisper_pass_flops(const struct whisper_pass *pass)
{
    return pass->context.flops;
}

/* ---- calls ---- */

static void begin(struct whisper_pass *p)
{
    fault_clear(&p->context.fault);
    arena_release(&p->context, p->behind_kept);
    p->context.flops = 0;
}

static int end(const struct whisper_pass *p, struct fault *fault)
{
    return p->context.fault.code ? fail(fault, p->context.fault.code, "%s", p->context.fault.message) : 0;
}

int whisper_encode(struct whisper_pass *p, const float *features, int windows, float *output, struct fault *fault)
{
    const struct whisper_config *g = &p->model->config;
    if (!features || windows < 1 || windows > p->windows)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d windows to encode, outside 1 to %d", windows, p->windows);
    size_t each = 2 * (size_t)g->positions * (size_t)g->mel_bins, heard = (size_t)g->positions * (size_t)g->width;
    begin(p);
    p->now.count = 0;
    p->encoded = windows;
    for (int i = 0; i < windows; i += at_once(p, windows - i))
        encode_windows(&p->context, p->model, p->kept, i, at_once(p, windows - i), features + (size_t)i * each,
                       output ? output + (size_t)i * heard : NULL);
    return end(p, fault);
}

static int check_tokens(const struct whisper_pass *p, const int *tokens, int count, struct fault *fault)
{
    for (int i = 0; i < count; i++)
        if (tokens[i] < 0 || tokens[i] >= p->model->config.vocabulary)
            return fail(fault, UTTER_ERROR_ARGUMENT, "token %d is outside the vocabulary of %d", tokens[i],
                        p->model->config.vocabulary);
    return 0;
}

static int check_row(const struct whisper_pass *p, const struct whisper_row *row, struct fault *fault)
{
    if (row->window < 0 || row->window >= p->encoded)
        return fail(fault, UTTER_ERROR_ARGUMENT, "window %d was not encoded", row->window);
    if (row->parent < -1 || row->parent >= p->now.count)
        return fail(fault, UTTER_ERROR_ARGUMENT, "row %d is not one of the %d before", row->parent, p->now.count);
    int length = row->parent < 0 ? 0 : p->now.length[row->parent];
    if (row->token_count < 1 || !row->tokens || row->token_count > p->model->config.text_positions - length)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d tokens after %d, outside 1 to %d in all", row->token_count, length,
                    p->model->config.text_positions);
    return check_tokens(p, row->tokens, row->token_count, fault);
}

/* ---- slots ---- */

/* The lists of the new hypotheses begin as those of their parents; slots that none of them names are free. */
static void inherit(struct whisper_pass *p, const struct whisper_row *rows, int count)
{
    const size_t positions = (size_t)p->model->config.text_positions;
    struct rows old = p->now;
    p->now = p->before;
    p->before = old;
    p->now.count = count;
    p->free_from = 0;
    memset(p->taken, 0, (size_t)p->rows * positions);
    for (int i = 0; i < count; i++) {
        int parent = rows[i].parent, *slots = p->now.slots + (size_t)i * positions;
        p->now.length[i] = parent < 0 ? 0 : old.length[parent];
        p->now.window[i] = rows[i].window;
        if (parent >= 0)
            memcpy(slots, old.slots + (size_t)parent * positions, (size_t)p->now.length[i] * sizeof *slots);
        for (int k = 0; k < p->now.length[i]; k++)
            p->taken[slots[k]] = 1;
    }
}

static int take_slot(struct whisper_pass *p)
{
    while (p->taken[p->free_from])
        p->free_from++;
    p->taken[p->free_from] = 1;
    return p->free_from++;
}

/* ---- runs ---- */

/* Adds the tokens of a row to the run. */
static void add_row(struct whisper_pass *p, struct lines *l, const struct whisper_row *row, int index)
{
    int *list = p->now.slots + (size_t)index * (size_t)p->model->config.text_positions;
    for (int k = 0; k < row->token_count; k++) {
        int at = p->now.length[index]++, line = l->n++;
        list[at] = take_slot(p);
        p->tokens[line] = row->tokens[k];
        p->positions[line] = at;
        p->slots[line] = list[at];
        p->spans[line] = (struct query_span){line, 1, at + 1, 0, list};
    }
    struct query_span *last = l->cross_count ? &p->cross[l->cross_count - 1] : NULL;
    if (last && last->row == row->window)
        last->count += row->token_count;
    else
        p->cross[l->cross_count++] = (struct query_span){l->n - row->token_count, row->token_count,
                                                         p->model->config.positions, row->window, NULL};
    p->last[l->last_count++] = l->n - 1;
}

/* Of a step's answer that of the rows from first on. ask: where it goes. */
static struct answer answer_from(const struct whisper_pass *p, const struct answer *whole, size_t first,
                                 struct whisper_wanted *ask)
{
    struct answer a = *whole;
    if (a.logits)
        a.logits += first * (size_t)p->model->config.vocabulary;
    if (a.ask) {
        *ask = *a.ask;
        ask->ranges += first * (size_t)ask->per_row;
        a.ask = ask;
        a.found += first * (size_t)ask->per_row * (1 + 2 * (size_t)ask->count);
    }
    return a;
}

/* Rows from first on, as many as a run takes; returns how many. */
static int run_rows(struct whisper_pass *p, const struct whisper_row *rows, int first, int count,
                    const struct answer *whole)
{
    struct whisper_wanted ask;
    const struct answer answer = answer_from(p, whole, (size_t)first, &ask);
    struct lines l = {.tokens = p->tokens, .positions = p->positions, .slots = p->slots, .before = p->spans};
    int i = first;
    l.cross = p->cross;
    l.last = p->last;
    while (i < count && l.n + rows[i].token_count <= p->limit) {
        add_row(p, &l, &rows[i], i);
        i++;
    }
    l.before_count = l.n;
    decode_lines(&p->context, p->model, p->kept, &l, &answer);
    return i - first;
}

static int step(struct whisper_pass *p, const struct whisper_row *rows, int count, const struct answer *answer,
                struct fault *fault)
{
    if (!rows || !(answer->logits || answer->found) || count < 1 || count > p->rows)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a step of %d rows, outside 1 to %d", count, p->rows);
    for (int i = 0; i < count; i++)
        if (check_row(p, &rows[i], fault))
            return fault ? fault->code : UTTER_ERROR_ARGUMENT;
    begin(p);
    inherit(p, rows, count);
    for (int first = 0; first < count && !p->context.fault.code;)
        first += run_rows(p, rows, first, count, answer);
    if (p->context.fault.code)
        p->now.count = 0;
    return end(p, fault);
}

int whisper_step(struct whisper_pass *p, const struct whisper_row *rows, int count, float *logits, struct fault *fault)
{
    return step(p, rows, count, &(struct answer){.logits = logits}, fault);
}

int whisper_step_likeliest(struct whisper_pass *p, const struct whisper_row *rows, int count,
                           const struct whisper_wanted *ask, float *found, struct fault *fault)
{
    if (ask->per_row < 1 || ask->per_row > WHISPER_RANGES_MOST)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d ranges of a row, outside 1 to %d", ask->per_row,
                    WHISPER_RANGES_MOST);
    return step(p, rows, count, &(struct answer){.ask = ask, .found = found}, fault);
}

int whisper_attend(struct whisper_pass *p, int window, const int *tokens, int count, float *weights,
                   struct fault *fault)
{
    if (window < 0 || window >= p->encoded)
        return fail(fault, UTTER_ERROR_ARGUMENT, "window %d was not encoded", window);
    if (!tokens || !weights || count < 1 || count > p->model->config.text_positions)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a sequence of %d tokens, outside 1 to %d", count,
                    p->model->config.text_positions);
    if (check_tokens(p, tokens, count, fault))
        return fault ? fault->code : UTTER_ERROR_ARGUMENT;
    for (int i = 0; i < count; i++)
        p->positions[i] = i;
    struct query_span cross = {0, count, p->model->config.positions, window, NULL};
    struct lines l = {.n = count, .tokens = tokens, .positions = p->positions, .cross = &cross, .cross_count = 1};
    begin(p);
    decode_lines(&p->context, p->model, p->kept, &l, &(struct answer){.attention = weights});
    return end(p, fault);
}
