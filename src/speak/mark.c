#include "src/speak/mark.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static int add(struct mark_queue *queue, enum utter_mark_kind kind, double start, double end, const char *text,
               size_t text_begin, size_t text_end, struct fault *fault)
{
    size_t length = strlen(text) + 1;
    struct mark *mark = memory_new(1, sizeof *mark + length);
    if (!mark || !memory_grow((void **)&queue->marks, &queue->capacity, queue->count + 1, sizeof *queue->marks)) {
        free(mark);
        return fail_memory(fault, "a mark");
    }
    memcpy(mark + 1, text, length);
    mark->public = (struct utter_mark){.kind = kind,
                                       .start = start,
                                       .end = end,
                                       .text = (const char *)(mark + 1),
                                       .text_begin = text_begin,
                                       .text_end = text_end};
    queue->marks[queue->count++] = mark;
    return 0;
}

/* Frames of the tokens from first on that belong to the same word. */
static int64_t word_frames(const struct utterance *utterance, size_t first)
{
    int64_t frames = 0;
    for (size_t i = first; i < utterance->count && utterance->tokens[i].word == utterance->tokens[first].word; i++)
        frames += utterance->tokens[i].frames;
    return frames;
}

static int add_word(struct mark_queue *queue, const struct utterance *utterance, size_t token, double start,
                    double frame_seconds, struct fault *fault)
{
    const struct utterance_word *word = &utterance->words[utterance->tokens[token].word];
    double end = start + (double)word_frames(utterance, token) * frame_seconds;
    return add(queue, UTTER_MARK_WORD, start, end, utterance->text + word->text, word->begin, word->end, fault);
}

/* Adds the user's marks from *next on that stand in front of a byte of the text, or at it. */
static int add_named(struct mark_queue *queue, const struct utterance *utterance, size_t *next, size_t byte,
                     double time, struct fault *fault)
{
    for (; *next < utterance->mark_count && utterance->marks[*next].at <= byte; ++*next) {
        const struct spoken_mark *mark = &utterance->marks[*next];
        if (add(queue, UTTER_MARK_NAMED, time, time, mark->name, mark->at, mark->at, fault))
            break;
    }
    return fault->code;
}

static int add_tokens(struct mark_queue *queue, const struct utterance *utterance, double start, double frame_seconds,
                      struct fault *fault)
{
    int word = -1;
    size_t named = 0;
    int64_t frame = 0;
    for (size_t i = 0; i < utterance->count && !fault->code; i++) {
        const struct utterance_token *token = &utterance->tokens[i];
        double from = start + (double)frame * frame_seconds;
        frame += token->frames;
        if (token->word >= 0 && token->word != word &&
            !add_named(queue, utterance, &named, utterance->words[token->word].begin, from, fault))
            add_word(queue, utterance, i, from, frame_seconds, fault);
        word = token->word;
        if (token->word >= 0 && token->phone && !fault->code)
            add(queue, UTTER_MARK_PHONE, from, start + (double)frame * frame_seconds, token->phone,
                utterance->words[word].begin, utterance->words[word].end, fault);
    }
    if (!fault->code)
        add_named(queue, utterance, &named, SIZE_MAX, start + (double)frame * frame_seconds, fault);
    return fault->code;
}

int mark_utterance(struct mark_queue *queue, const struct utterance *utterance, double start, double end,
                   double frame_seconds, bool timed, struct fault *fault)
{
    if (utterance->opens) {
        queue->held = queue->count;
        if (add(queue, UTTER_MARK_SENTENCE, start, end, "", utterance->begin, utterance->end, fault))
            return fault->code;
    }
    queue->marks[queue->held]->public.end = end;
    size_t named = 0;
    if (timed ? add_tokens(queue, utterance, start, frame_seconds, fault)
              : add_named(queue, utterance, &named, SIZE_MAX, start, fault))
        return fault->code;
    if (utterance->closes)
        queue->held = queue->count;
    return 0;
}

int mark_named(struct mark_queue *queue, const struct spoken_mark *mark, double time, struct fault *fault)
{
    if (!add(queue, UTTER_MARK_NAMED, time, time, mark->name, mark->at, mark->at, fault))
        queue->held = queue->count;
    return fault->code;
}

struct mark *mark_take(struct mark_queue *queue)
{
    if (queue->first < queue->held)
        return queue->marks[queue->first++];
    if (queue->first == queue->count) /* all have been taken: begin at the front again */
        queue->first = queue->count = queue->held = 0;
    return NULL;
}

void mark_clear(struct mark_queue *queue)
{
    for (size_t i = queue->first; i < queue->count; i++)
        free(queue->marks[i]);
    free(queue->marks);
    *queue = (struct mark_queue){0};
}
