#include "src/constraint.h"

#include "src/base/memory.h"
#include "src/text_file.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct constraint {
    struct token_trie *trie;
    struct grammar *grammar;
    double threshold;
};

static int open_grammar(struct constraint *s, const char *text, const char *path, struct fault *fault)
{
    struct text_file file;
    if (text)
        return grammar_open(&s->grammar, text, strlen(text), "the grammar", s->trie, fault);
    if (text_file_read_path(&file, path, GRAMMAR_BYTES, fault))
        return fault->code;
    grammar_open(&s->grammar, file.text, file.length, path, s->trie, fault);
    text_file_free(&file);
    return fault->code;
}

int constraint_open(struct constraint **constraint, const struct utter_model *model, const char *text, const char *path,
                    double threshold, struct fault *fault)
{
    struct constraint *s = memory_new(1, sizeof *s);
    if (!s)
        return fail_memory(fault, "a grammar");
    s->threshold = threshold;
    if (!token_trie_open(&s->trie, model->spelling, fault))
        open_grammar(s, text, path, fault);
    if (fault->code)
        constraint_close(&s);
    else
        *constraint = s;
    return fault->code;
}

void constraint_close(struct constraint **constraint)
{
    struct constraint *s = *constraint;
    if (!s)
        return;
    grammar_close(&s->grammar);
    token_trie_close(&s->trie);
    free(s);
    *constraint = NULL;
}

const struct grammar *constraint_grammar(const struct constraint *s)
{
    return s->grammar;
}

const struct token_trie *constraint_tokens(const struct constraint *s)
{
    return s->trie;
}

int constraint_walk(const struct constraint *s, struct grammar_walk **walk, struct fault *fault)
{
    return grammar_walk_open(walk, s->grammar, s->trie, fault);
}

float sentence_confidence(double sentence, size_t sentence_tokens, double free_path, size_t free_tokens)
{
    size_t tokens = sentence_tokens > free_tokens ? sentence_tokens : free_tokens;
    double ratio = exp((sentence - free_path) / (double)(tokens ? tokens : 1));
    return ratio < 1.0 ? (float)ratio : 1.0f;
}

void constraint_judge(const struct constraint *s, float confidence, struct window *window)
{
    window->sentence = true;
    window->confidence = confidence;
    if ((double)confidence < s->threshold)
        window->reason = UTTER_REASON_NO_MATCH;
    /* A window is a sentence: its neighbours' words are theirs. */
    window->seam_before = window->seam_after = false;
}
