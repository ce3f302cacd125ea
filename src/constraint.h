/* constraint.h - a grammar opened for one model's tokens, and what a window comes to when its search was held to it: a
 * sentence, or no match. */
#ifndef SRC_CONSTRAINT_H
#define SRC_CONSTRAINT_H

#include "decoder/search/ctc.h"
#include "src/model.h"
#include "src/window.h"

/* Immutable; any thread. */
struct constraint;

/* text: a grammar; else path: of a file with one. threshold: confidence below which a sentence is no match. Errors: IO,
 * MODEL, MEMORY. */
int constraint_open(struct constraint **constraint, const struct utter_model *model, const char *text, const char *path,
                    double threshold, struct fault *fault);
void constraint_close(struct constraint **constraint);

const struct grammar *constraint_grammar(const struct constraint *constraint);
const struct token_trie *constraint_tokens(const struct constraint *constraint);
/* A walk for one search, the caller's. Errors: MEMORY. */
int constraint_walk(const struct constraint *constraint, struct grammar_walk **walk, struct fault *fault);

/* How sure a sentence is, in [0, 1]: what its likelihood is short of the likelihood of what would have been heard
 * without a grammar, per token of the longer of the two: exp((sentence - free_path) / tokens), at most 1. Logarithms
 * are natural. */
float sentence_confidence(double sentence, size_t sentence_tokens, double free_path, size_t free_tokens);

/* Sets what the window says of its sentence, and NO_MATCH where it is not believed. */
void constraint_judge(const struct constraint *constraint, float confidence, struct window *window);

#endif
