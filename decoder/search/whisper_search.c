/* whisper_search.c - windows through the temperatures: every attempt decodes the windows that are not content yet, all
 * their hypotheses in one step of the model after another. */
#include "decoder/search/whisper_search.h"

#include "decoder/search/whisper_hypotheses.h"
#include "src/base/memory.h"
#include "src/base/threads.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static const double default_temperatures[] = {0, 0.2, 0.4, 0.6, 0.8, 1.0};
enum { DEFAULT_BEST_OF = 5, PREFIX = 4 };

/* ---- parameters ---- */

static int beam_of(const struct whisper_search_params *p)
{
    return p->beam > 1 ? p->beam : 1;
}

static int best_of(const struct whisper_search_params *p)
{
    return p->best_of > 0 ? p->best_of : DEFAULT_BEST_OF;
}

static int temperature_count(const struct whisper_search_params *p)
{
    if (p->force_tokens > 0)
        return 1;
    return p->temperatures > 0 ? p->temperatures : (int)(sizeof default_temperatures / sizeof *default_temperatures);
}

static double temperature_at(const struct whisper_search_params *p, int attempt)
{
    return p->temperatures > 0 ? p->temperature[attempt] : default_temperatures[attempt];
}

static int group_at(const struct whisper_search_params *p, double temperature)
{
    return temperature > 0 ? best_of(p) : beam_of(p);
}

int whisper_search_rows(const struct whisper_search_params *params, int windows)
{
    int most = 1;
    for (int i = 0; i < temperature_count(params); i++) {
        int group = group_at(params, temperature_at(params, i));
        most = group > most ? group : most;
    }
    return most * windows;
}

static int check_params(const struct whisper_search_params *p, struct fault *fault)
{
    if (p->beam < 0 || p->beam > WHISPER_BEAM_MAXIMUM || p->best_of < 0 || p->best_of > WHISPER_BEAM_MAXIMUM)
        return fail(fault, UTTER_ERROR_ARGUMENT, "a beam or a number of samples outside 0 to %d", WHISPER_BEAM_MAXIMUM);
    if (p->temperatures < 0 || p->temperatures > WHISPER_TEMPERATURES_MAXIMUM)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d temperatures, outside 0 to %d", p->temperatures,
                    WHISPER_TEMPERATURES_MAXIMUM);
    if (p->text_positions < 8)
        return fail(fault, UTTER_ERROR_ARGUMENT, "%d text positions are too few", p->text_positions);
    return 0;
}

/* ---- an attempt ---- */

/* One window of an attempt. */
struct attempt {
    const struct whisper_search_window *task;
    struct whisper_result *result;
    struct search search;
    struct guide guide; /* the search's, with a walk of its own */
    size_t begin;       /* tokens before the first that is sampled */
    int first_row;
    bool cut_off; /* its texts are within a sentence of the grammar */
};

struct run {
    const struct whisper_vocabulary *vocabulary;
    const struct whisper_search_params *params;
    struct whisper_rules rules;
    whisper_search_step step;
    void *context;
    float *logits; /* [rows, size] */
    struct whisper_search_row *rows;
    struct whisper_range *ranges; /* [rows, WHISPER_RANGES] where the likeliest may be asked for */
    float *found;
    struct scored scored; /* what the last step gave */
    int *prompts;         /* [windows, text_positions] */
    struct attempt *attempts;
    int count;   /* of attempts */
    int longest; /* tokens that may be sampled */
    double temperature;
};

static int *prompt_at(const struct run *r, int i)
{
    return r->prompts + (size_t)i * (size_t)(r->params->text_positions + PREFIX);
}

/* What follows <|startoftranscript|>. */
static int prefix_of(const struct run *r, const struct whisper_search_window *task, int *out)
{
    const struct whisper_special *s = r->rules.special;
    int count = 0;
    if (task->language >= 0) {
        out[count++] = task->language;
        out[count++] = r->params->translate ? s->translate : s->transcribe;
    }
    if (!r->params->timestamps)
        out[count++] = s->no_timestamps;
    return count;
}

/* The text before, as far back as is looked, and <|startoftranscript|>. */
static int prompt_of(const struct run *r, const struct whisper_search_window *task, int *out)
{
    const struct whisper_special *s = r->rules.special;
    size_t most = (size_t)(r->params->text_positions / 2 - 1), count = task->prompt_count;
    size_t kept = count < most ? count : most;
    int at = 0;
    if (kept) {
        out[at++] = s->sot_prev;
        memcpy(out + at, task->prompt + count - kept, kept * sizeof *out);
        at += (int)kept;
    }
    out[at++] = s->sot;
    return at;
}

static bool open_search(const struct run *r, struct attempt *a)
{
    const struct whisper_search_params *p = r->params;
    struct search *s = &a->search;
    int group = group_at(p, r->temperature);
    double patience = p->patience > 0 ? p->patience : 1;
    a->guide = p->guide ? *p->guide : (struct guide){0};
    a->guide.unfinished = p->unfinished;
    if (p->grammar && grammar_walk_open(&a->guide.grammar, p->grammar, p->trie, NULL))
        return false;
    *s = (struct search){.rules = &r->rules,
                         .guide = guide_asks(&a->guide) ? &a->guide : NULL,
                         .beam = group,
                         .candidates = group,
                         .temperature = r->temperature};
    bool beam = group > 1 && r->temperature == 0;
    if (beam) {
        int wanted = (int)(group * patience + 0.5);
        s->candidates = wanted > 1 ? wanted : 1;
    }
    /* The same window draws the same numbers whatever it shares its steps with. */
    s->random = p->seed * UINT64_C(0x9e3779b97f4a7c15) + (uint64_t)(r->temperature * 1e6) * 1000003u + 1;
    return hypotheses_open(&s->now, group, r->longest) && hypotheses_open(&s->next, group, r->longest) &&
           hypotheses_open(&s->done, s->candidates + group, r->longest);
}

static void close_search(struct attempt *a)
{
    struct search *s = &a->search;
    hypotheses_close(&s->now);
    hypotheses_close(&s->next);
    hypotheses_close(&s->done);
    grammar_walk_close(&a->guide.grammar);
}

static int call(struct run *r, int count, struct fault *fault)
{
    r->scored = (struct scored){.logits = r->logits};
    return r->step(r->context, r->rows, count, r->logits, fault);
}

/* The same where the likeliest tokens are enough; the searches of a run want equally many. */
static int call_for_choices(struct run *r, int count, struct fault *fault)
{
    const int wanted = r->params->likeliest ? search_asks_for(&r->attempts[0].search) : 0;
    if (!wanted)
        return call(r, count, fault);
    const struct whisper_ask ask = {r->ranges, r->rules.barred, wanted};
    r->scored = (struct scored){NULL, r->found, wanted};
    return r->params->likeliest(r->context, r->rows, count, &ask, r->found, fault);
}

/* <|startoftranscript|> and what is before it, whose logits say whether there is speech; then what follows it. */
static int begin(struct run *r, struct fault *fault)
{
    int prefix[PREFIX], rest[PREFIX];
    const struct whisper_special *special = r->rules.special;
    for (int i = 0; i < r->count; i++) {
        int *tokens = prompt_at(r, i);
        int length = prompt_of(r, r->attempts[i].task, tokens);
        r->attempts[i].begin = (size_t)(length + prefix_of(r, r->attempts[i].task, prefix));
        r->rows[i] = (struct whisper_search_row){r->attempts[i].task->window, -1, tokens, length};
    }
    if (call(r, r->count, fault))
        return fault->code;
    for (int i = 0; i < r->count; i++)
        r->attempts[i].result->no_speech =
            whisper_rules_probability(&r->rules, r->logits + (size_t)i * (size_t)r->rules.size, special->no_speech);
    int count = 0;
    for (int i = 0; i < r->count; i++) {
        int *tokens = prompt_at(r, i);
        count = prefix_of(r, r->attempts[i].task, rest);
        memcpy(tokens, rest, (size_t)count * sizeof *tokens);
        r->rows[i] = (struct whisper_search_row){r->attempts[i].task->window, i, tokens, count};
    }
    return count ? call(r, r->count, fault) : 0;
}

/* Every hypothesis begins from its window's one row; a beam parts by itself, samples are drawn apart. */
static void plant(const struct run *r, struct attempt *a, int row)
{
    struct hypothesis empty = {.row = row};
    if (a->search.guide)
        guide_begin(a->search.guide, &empty.guided);
    int copies = r->temperature > 0 ? a->search.beam : 1;
    for (int i = 0; i < copies; i++)
        hypotheses_add(&a->search.now, &empty, -1, 0);
}

static bool finished(const struct run *r, const struct attempt *a)
{
    const struct search *s = &a->search;
    if (!s->now.count || (s->beam > 1 && r->temperature == 0 && s->done.count >= s->candidates))
        return true;
    size_t length = s->now.items[0].count;
    return length >= (size_t)r->longest || a->begin + length > (size_t)r->params->text_positions;
}

/* The attempts from begin to end, each with rows of logits of its own. */
static void advance(void *context, int64_t begin, int64_t end, int worker)
{
    const struct run *r = context;
    (void)worker;
    for (int64_t i = begin; i < end; i++) {
        struct attempt *a = &r->attempts[i];
        if (finished(r, a))
            continue;
        if (a->search.beam > 1 && r->temperature == 0)
            search_beam(&a->search, &r->scored);
        else
            search_sample(&a->search, &r->scored);
    }
}

/* The next step's rows: the last token of every hypothesis of the windows that are not finished. */
static int next_rows(struct run *r)
{
    int count = 0;
    for (int i = 0; i < r->count; i++) {
        struct hypotheses *now = &r->attempts[i].search.now;
        for (int k = 0; k < now->count && !finished(r, &r->attempts[i]); k++) {
            struct hypothesis *h = &now->items[k];
            r->rows[count] =
                (struct whisper_search_row){r->attempts[i].task->window, h->row, &h->tokens[h->count - 1], 1};
            if (r->ranges)
                whisper_rules_allow(&r->rules, h->tokens, h->count, r->ranges + (size_t)count * WHISPER_RANGES);
            h->row = count++;
        }
    }
    return count;
}

static int sample_all(struct run *r, struct fault *fault)
{
    if (begin(r, fault))
        return fault->code;
    for (int i = 0; i < r->count; i++)
        plant(r, &r->attempts[i], i);
    for (;;) {
        if (r->params->threads)
            thread_pool_run(r->params->threads, r->count, 1, advance, r);
        else
            advance(r, 0, r->count, 0);
        int count = next_rows(r);
        if (!count)
            return 0;
        if (call_for_choices(r, count, fault))
            return fault->code;
    }
}

/* ---- results ---- */

static double rank_of(const struct whisper_search_params *p, const struct guide *guide, struct hypothesis *h)
{
    double sum = guide ? h->sum + guide_whole(guide, &h->guided) : h->sum;
    if (p->length_penalty > 0)
        return sum / pow((5 + (double)h->count) / 6, p->length_penalty);
    return h->count ? sum / (double)h->count : -INFINITY;
}

/* Those cut off are candidates, too: of a beam the likeliest, until there are as many as hypotheses side by side; of
 * samples all. */
static void add_cut_off(const struct run *r, struct search *s, bool whole)
{
    bool beam = s->beam > 1 && r->temperature == 0;
    /* A beam is in order of score already. */
    for (int i = 0; i < s->now.count && (!beam || s->done.count < s->beam); i++)
        if (!whole || search_may_end(s, &s->now.items[i]))
            hypotheses_add(&s->done, &s->now.items[i], -1, 0);
}

/* With a grammar those that are sentences, and only where there are none the others. */
static void add_all_cut_off(const struct run *r, struct attempt *a)
{
    struct search *s = &a->search;
    const struct hypothesis nothing = {0};
    add_cut_off(r, s, true);
    if (s->done.count)
        return;
    a->cut_off = true;
    add_cut_off(r, s, false);
    if (!s->done.count)
        hypotheses_add(&s->done, &nothing, -1, 0);
}

static int copy_hypothesis(struct whisper_hypothesis *to, const struct hypothesis *from, struct fault *fault)
{
    to->tokens = memory_new(from->count + 1, sizeof *to->tokens);
    to->log_probabilities = memory_new(from->count + 1, sizeof *to->log_probabilities);
    if (!to->tokens || !to->log_probabilities)
        return fail_memory(fault, "a search's result");
    memcpy(to->tokens, from->tokens, from->count * sizeof *to->tokens);
    memcpy(to->log_probabilities, from->log_probabilities, from->count * sizeof *to->log_probabilities);
    to->count = from->count;
    to->sum = from->sum;
    to->mean = from->sum / (double)(from->count + 1);
    to->gap = from->spoken ? from->gap / (double)from->spoken : 0;
    return 0;
}

static void free_hypotheses(struct whisper_result *result)
{
    for (size_t i = 0; i < result->count; i++) {
        free(result->best[i].tokens);
        free(result->best[i].log_probabilities);
    }
    free(result->best);
    result->best = NULL;
    result->count = 0;
}

void whisper_result_free(struct whisper_result *result)
{
    free_hypotheses(result);
    memset(result, 0, sizeof *result);
}

/* The best of done into the result, best first; of equals the one found first. */
static int give_result(const struct run *r, struct attempt *a, struct fault *fault)
{
    struct whisper_result *result = a->result;
    struct hypotheses *done = &a->search.done;
    int wanted = r->params->nbest > 0 ? r->params->nbest : 1;
    free_hypotheses(result);
    result->temperature = r->temperature;
    result->best = memory_new((size_t)wanted, sizeof *result->best);
    if (!result->best)
        return fail_memory(fault, "a search's result");
    for (int k = 0; k < wanted && k < done->count; k++) {
        int best = k;
        for (int i = k + 1; i < done->count; i++)
            if (rank_of(r->params, a->search.guide, &done->items[i]) >
                rank_of(r->params, a->search.guide, &done->items[best]))
                best = i;
        struct hypothesis chosen = done->items[best];
        memmove(&done->items[k + 1], &done->items[k], (size_t)(best - k) * sizeof chosen);
        done->items[k] = chosen;
        result->count++;
        if (copy_hypothesis(&result->best[k], &chosen, fault))
            return fault->code;
    }
    return 0;
}

double whisper_compression_ratio(const char *text, size_t length)
{
    uLongf size = compressBound((uLong)length);
    Bytef *packed = length ? memory_new(size, 1) : NULL;
    double ratio = 0;
    if (packed && compress2(packed, &size, (const Bytef *)text, (uLong)length, Z_DEFAULT_COMPRESSION) == Z_OK)
        ratio = (double)length / (double)size;
    free(packed);
    return ratio;
}

static int measure_text(const struct run *r, struct whisper_result *result, struct fault *fault)
{
    const struct whisper_hypothesis *best = &result->best[0];
    size_t length = whisper_vocabulary_decode(r->vocabulary, best->tokens, best->count, NULL, 0), first = 0;
    char *text = memory_new(length + 1, 1);
    if (!text)
        return fail_memory(fault, "a search's result");
    whisper_vocabulary_decode(r->vocabulary, best->tokens, best->count, text, length + 1);
    while (first < length && text[first] == ' ')
        first++;
    while (length > first && text[length - 1] == ' ')
        length--;
    result->compression_ratio = whisper_compression_ratio(text + first, length - first);
    free(text);
    return 0;
}

static double threshold(double given, double standard)
{
    return given == 0 ? standard : given;
}

static enum whisper_verdict judge(const struct whisper_search_params *p, const struct whisper_result *result)
{
    double silence = threshold(p->no_speech, 0.6), ratio = threshold(p->compression_ratio, 2.4);
    double bar = threshold(p->log_probability, -1);
    bool doubtful = bar <= 0 && result->best[0].mean < bar;
    if (p->force_tokens > 0)
        return WHISPER_FINE;
    if (silence >= 0 && result->no_speech > silence && (bar > 0 || !(result->best[0].mean > bar)))
        return WHISPER_SILENCE;
    if (p->grammar)
        return WHISPER_FINE;
    if (ratio >= 0 && result->compression_ratio > ratio)
        return WHISPER_REPETITION;
    return doubtful ? WHISPER_DOUBTFUL : WHISPER_FINE;
}

static int finish(struct run *r, struct fault *fault)
{
    for (int i = 0; i < r->count; i++) {
        struct attempt *a = &r->attempts[i];
        if (a->guide.grammar && grammar_check(a->guide.grammar, fault))
            return fault->code;
        add_all_cut_off(r, a);
        if (give_result(r, a, fault) || measure_text(r, a->result, fault))
            return fault->code;
        a->result->verdict = judge(r->params, a->result);
        if (a->cut_off && a->result->verdict == WHISPER_FINE)
            a->result->verdict = WHISPER_NO_SENTENCE;
    }
    return 0;
}

/* ---- all attempts ---- */

static int run_open(struct run *r, int windows, struct fault *fault)
{
    size_t rows = (size_t)whisper_search_rows(r->params, windows);
    int half = r->params->text_positions / 2;
    r->longest = r->params->maximum_tokens > 0 ? r->params->maximum_tokens : half;
    if (r->params->force_tokens > 0)
        r->longest = r->params->force_tokens;
    if (whisper_rules_open(&r->rules, r->vocabulary, r->params, fault))
        return fault->code;
    r->logits = memory_new(rows * (size_t)r->rules.size, sizeof *r->logits);
    r->rows = memory_new(rows, sizeof *r->rows);
    r->prompts = memory_new((size_t)windows * (size_t)(r->params->text_positions + PREFIX), sizeof *r->prompts);
    r->attempts = memory_new((size_t)windows, sizeof *r->attempts);
    if (r->params->likeliest) {
        r->ranges = memory_new(rows * WHISPER_RANGES, sizeof *r->ranges);
        r->found = memory_new(rows * WHISPER_RANGES * (1 + 2 * WHISPER_LIKELIEST_MOST), sizeof *r->found);
    }
    bool whole = r->logits && r->rows && r->prompts && r->attempts;
    return whole && (!r->params->likeliest || (r->ranges && r->found)) ? 0 : fail_memory(fault, "a search");
}

static void run_close(struct run *r)
{
    whisper_rules_close(&r->rules);
    free(r->logits);
    free(r->rows);
    free(r->ranges);
    free(r->found);
    free(r->prompts);
    free(r->attempts);
}

/* The windows that want another attempt: at the first temperature all. */
static int attempt_all(struct run *r, const struct whisper_search_window *windows, int count,
                       struct whisper_result *results, bool first, struct fault *fault)
{
    bool whole = true;
    r->count = 0;
    for (int i = 0; i < count; i++) {
        enum whisper_verdict verdict = results[i].verdict;
        if (!first && verdict != WHISPER_REPETITION && verdict != WHISPER_DOUBTFUL)
            continue;
        struct attempt *a = &r->attempts[r->count];
        *a = (struct attempt){.task = &windows[i], .result = &results[i]};
        r->count++;
        whole = whole && open_search(r, a);
    }
    if (!whole)
        fail_memory(fault, "a search");
    else if (r->count && !sample_all(r, fault))
        finish(r, fault);
    for (int i = 0; i < r->count; i++)
        close_search(&r->attempts[i]);
    return fault->code;
}

int whisper_search(const struct whisper_vocabulary *vocabulary, const struct whisper_search_params *params,
                   whisper_search_step step, void *context, const struct whisper_search_window *windows, int count,
                   struct whisper_result *results, struct fault *fault)
{
    struct run r = {.vocabulary = vocabulary, .params = params, .step = step, .context = context};
    struct fault own = {0};
    memset(results, 0, (size_t)count * sizeof *results);
    if (!check_params(params, &own) && !run_open(&r, count, &own))
        for (int attempt = 0; attempt < temperature_count(params) && !own.code; attempt++) {
            r.temperature = temperature_at(params, attempt);
            attempt_all(&r, windows, count, results, attempt == 0, &own);
        }
    run_close(&r);
    for (int i = 0; own.code && i < count; i++)
        whisper_result_free(&results[i]);
    return own.code ? fail(fault, own.code, "%s", own.message) : 0;
}

/* ---- language ---- */

/* The likeliest language of logits [size], and its probability among all languages. */
static int likeliest_language(const struct whisper_special *s, const float *logits, float *probability)
{
    int best = s->language_begin;
    double sum = 0;
    for (int id = s->language_begin; id < s->language_begin + s->languages; id++)
        if (logits[id] > logits[best])
            best = id;
    for (int id = s->language_begin; id < s->language_begin + s->languages; id++)
        sum += exp((double)logits[id] - (double)logits[best]);
    *probability = (float)(1 / sum);
    return best;
}

int whisper_detect_language(const struct whisper_vocabulary *vocabulary, whisper_search_step step, void *context,
                            const int *windows, int count, int *languages, float *probabilities, struct fault *fault)
{
    const struct whisper_special *s = whisper_vocabulary_special(vocabulary);
    size_t size = (size_t)whisper_vocabulary_size(vocabulary);
    if (!whisper_vocabulary_multilingual(vocabulary))
        return fail(fault, UTTER_ERROR_ARGUMENT, "the model knows English only: there is no language to detect");
    struct whisper_search_row *rows = memory_new((size_t)count, sizeof *rows);
    float *logits = memory_new((size_t)count * size, sizeof *logits);
    int code = rows && logits ? 0 : fail_memory(fault, "a language's probabilities");
    for (int i = 0; i < count && !code; i++)
        rows[i] = (struct whisper_search_row){windows[i], -1, &s->sot, 1};
    if (!code)
        code = step(context, rows, count, logits, fault);
    for (int i = 0; i < count && !code; i++)
        languages[i] = likeliest_language(s, logits + (size_t)i * size, &probabilities[i]);
    free(rows);
    free(logits);
    return code;
}
