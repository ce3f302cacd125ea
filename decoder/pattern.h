/* pattern.h - the patterns of a tokenizer.json: a fixed string or a regular expression (PCRE2). */
#ifndef DECODER_PATTERN_H
#define DECODER_PATTERN_H

#include "decoder/text.h"
#include "src/base/error.h"

struct pattern;

/* literal: the text stands for itself. name: the tokenizer, for messages. Errors: UNSUPPORTED (PCRE2 does not
 * understand it), MEMORY. Immutable; any thread. */
int pattern_open(struct pattern **pattern, const char *text, bool literal, const char *name, struct fault *fault);
void pattern_close(struct pattern **pattern);

/* Matches, one after the other, of one pattern in one text of well-formed UTF-8. */
struct matches;
int matches_open(struct matches **matches, const struct pattern *pattern, const char *text, size_t length,
                 struct fault *fault);
/* 1 and the next match [*begin, *end), empty ones left out; 0 at the end; or a negative error: UNSUPPORTED where the
 * search takes too many steps. */
int matches_next(struct matches *matches, size_t *begin, size_t *end, struct fault *fault);
void matches_close(struct matches **matches);

/* Appends text with every match replaced. */
int pattern_replace(const struct pattern *pattern, const char *text, size_t length, const char *content,
                    struct text *out, struct fault *fault);

#endif
