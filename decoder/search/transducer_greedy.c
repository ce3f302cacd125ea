/* transducer_greedy.c - the likeliest token and the likeliest duration, place by place. A blank changes nothing that
 * the prediction network has read, so frames that lie ahead can be scored in the same step in the hope of blanks, as
 * the inner loop of label looping has them (Bataev et al. 2024, arXiv 2406.06220): what comes out is the same. How far
 * ahead doubles with every step that gave blanks alone, so that speech wastes little and pauses pass quickly. */
#include "decoder/search/ctc_scores.h"
#include "decoder/search/transducer_parts.h"
#include "src/base/memory.h"

#include <stdlib.h>

struct transducer_greedy {
    const struct transducer_search_params *params;
    int window, frames, smallest;
    int frame, symbols; /* tokens that the frame has given without moving on */
    int unread;         /* the token that is to be read next, or -1 */
    bool begun;
    int asked;   /* joints */
    int looking; /* how many are worth asking for */
    struct ctc_hypothesis text;
    size_t capacity;
};

int transducer_greedy_open(struct transducer_greedy **greedy, const struct transducer_search_params *params, int window,
                           int frames, struct fault *fault)
{
    struct transducer_greedy *g = memory_new(1, sizeof *g);
    if (!g)
        return fail_memory(fault, "a search");
    *g = (struct transducer_greedy){.params = params, .window = window, .frames = frames, .unread = params->blank};
    g->smallest = transducer_smallest_duration(params);
    g->looking = 1;
    *greedy = g;
    return 0;
}

void transducer_greedy_close(struct transducer_greedy **greedy)
{
    if (*greedy)
        free((*greedy)->text.tokens);
    free(*greedy);
    *greedy = NULL;
}

bool transducer_greedy_ask(struct transducer_greedy *g, struct transducer_round *round, int joints)
{
    g->asked = 0;
    if (g->frame >= g->frames)
        return false;
    if (g->unread >= 0)
        ask_prediction(round, g->begun ? g->window : -1, g->unread, g->window);
    g->begun = true;
    g->unread = -1;
    for (; g->asked < joints && g->asked < g->looking && g->frame + g->asked < g->frames; g->asked++)
        ask_joint(round, g->window, g->frame + g->asked, g->window);
    return true;
}

/* The likeliest of a row, the lowest among equals; -1 where nothing is finite. */
static int best_of(const float *row, int count, double *score)
{
    int best = -1;
    *score = -INFINITY;
    float bar = row_maximum(row, count);
    for (int i = 0; i < count && best < 0; i++)
        if (row[i] == bar && score_of(row, i) > -INFINITY)
            best = i;
    for (int i = 0; i < count && best < 0; i++) /* +infinity, or nothing at all */
        if (score_of(row, i) > *score) {
            best = i;
            *score = score_of(row, i);
        }
    if (best >= 0)
        *score = score_of(row, best);
    return best;
}

static int best_token(const struct transducer_greedy *g, const float *tokens, double *score)
{
    int best = best_of(tokens, g->params->vocabulary, score);
    if (best >= 0)
        return best;
    *score = 0;
    return g->params->blank;
}

/* The likeliest duration's frames; without durations a token has none. */
static int best_duration(const struct transducer_greedy *g, const float *durations, double *score)
{
    *score = 0;
    if (!g->params->duration_count)
        return 0;
    int best = best_of(durations, g->params->duration_count, score);
    *score = best < 0 ? 0 : *score;
    return best < 0 ? 0 : g->params->durations[best];
}

static bool add_token(struct transducer_greedy *g, int id, double score, int duration)
{
    void *tokens = g->text.tokens;
    bool grown = memory_grow(&tokens, &g->capacity, g->text.count + 1, sizeof *g->text.tokens);
    g->text.tokens = tokens;
    if (!grown)
        return false;
    int last = g->frame + (duration > 1 ? duration - 1 : 0);
    g->text.tokens[g->text.count++] = (struct ctc_token){
        .id = id, .first = g->frame, .last = last < g->frames ? last : g->frames - 1, .log_probability = (float)score};
    return true;
}

static void move_on(struct transducer_greedy *g, int frames)
{
    g->symbols = frames ? 0 : g->symbols + 1;
    if (g->symbols >= g->params->max_symbols) {
        g->symbols = 0;
        frames = 1;
    }
    g->frame += frames;
}

int transducer_greedy_hear(struct transducer_greedy *g, const float *tokens, const float *durations,
                           struct fault *fault)
{
    const int first = g->frame;
    while (g->frame < first + g->asked && g->unread < 0) {
        const size_t row = (size_t)(g->frame - first);
        double token_score, duration_score;
        int token = best_token(g, tokens + row * (size_t)g->params->vocabulary, &token_score);
        int duration =
            best_duration(g, durations ? durations + row * (size_t)g->params->duration_count : NULL, &duration_score);
        g->text.score += token_score + duration_score;
        if (token == g->params->blank) {
            move_on(g, duration ? duration : g->smallest);
            continue;
        }
        if (!add_token(g, token, token_score, duration))
            return fail_memory(fault, "the tokens of a recording");
        g->unread = token;
        move_on(g, duration);
    }
    g->looking = g->unread >= 0 ? 1 : 2 * g->asked;
    return 0;
}

int transducer_greedy_finish(struct transducer_greedy *g, struct ctc_result *result, struct fault *fault)
{
    result->best = memory_new(1, sizeof *result->best);
    if (!result->best)
        return fail_memory(fault, "the tokens of a recording");
    result->count = 1;
    result->best[0] = g->text;
    result->best[0].sound = g->text.score;
    g->text = (struct ctc_hypothesis){0};
    return 0;
}
