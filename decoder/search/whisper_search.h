/* whisper_search.h - from a Whisper decoder's logits to tokens: greedy, beam and best-of sampling under the timestamp
 * rules, with temperature fallback (Radford et al. 2022, section 4.5; the rules are openai/whisper's decoding.py). The
 * model is a callback; host floats only. Batched over windows: one step serves all hypotheses of all windows. */
#ifndef DECODER_WHISPER_SEARCH_H
#define DECODER_WHISPER_SEARCH_H

#include "decoder/guide/guide.h"
#include "decoder/tokens/whisper_vocabulary.h"

enum { WHISPER_BEAM_MAXIMUM = 64, WHISPER_TEMPERATURES_MAXIMUM = 16 };

/* A hypothesis that continues row `parent` of the step before, or begins anew (-1), by token_count tokens. Several rows
 * may name one parent; rows that nobody names are forgotten. */
struct whisper_search_row {
    int window;
    int parent;
    const int *tokens;
    int token_count;
};
/* logits [count, vocabulary] after the last token of each row. Returns 0 or the fault's code. */
typedef int (*whisper_search_step)(void *context, const struct whisper_search_row *rows, int count, float *logits,
                                   struct fault *fault);

/* Where few tokens decide, the search asks for those instead: it says for every row which tokens may come, in
 * WHISPER_RANGES ranges [begin, end) in ascending order (some empty), less those whose bit is set in barred
 * [vocabulary / 32, rounded up]. found [rows, WHISPER_RANGES, 1 + 2·count] gets for each range: the natural log of the
 * sum of the exponentials of its logits (-infinity of none); the count largest of them, largest first, of equals the
 * lower token first; and their tokens. Where there are fewer: -infinity, and -1. Returns 0 or the fault's code; called
 * by the thread that searches. */
enum { WHISPER_RANGES = 4, WHISPER_LIKELIEST_MOST = 8 };
struct whisper_range {
    int begin, end;
};
struct whisper_ask {
    const struct whisper_range *ranges; /* [rows, WHISPER_RANGES] */
    const uint32_t *barred;
    int count; /* 1 to WHISPER_LIKELIEST_MOST */
};
typedef int (*whisper_search_likeliest)(void *context, const struct whisper_search_row *rows, int count,
                                        const struct whisper_ask *ask, float *found, struct fault *fault);

struct whisper_search_params {
    int text_positions;    /* 448: prompt and text together stay below it */
    int maximum_tokens;    /* sampled per window; 0: text_positions / 2 */
    int beam;              /* at temperature 0; 0 or 1: greedy; at most WHISPER_BEAM_MAXIMUM */
    double patience;       /* beam search ends with round(beam · patience) finished hypotheses; 0: 1 */
    double length_penalty; /* 0: score by log probability / length; else by ((5 + length) / 6)^length_penalty */
    int best_of;           /* samples at temperatures above 0; 0: 5; at most WHISPER_BEAM_MAXIMUM */
    int temperatures;      /* count; 0: the six of openai/whisper, 0.0 to 1.0 */
    double temperature[WHISPER_TEMPERATURES_MAXIMUM];
    double compression_ratio; /* above it a result is taken for a repetition loop; 0: 2.4; negative: never */
    double log_probability;   /* mean below it: failed; 0: -1.0; positive: never */
    double no_speech; /* probability above it, with the mean below log_probability: silence; 0: 0.6; negative: never */
    bool translate;
    bool timestamps;                  /* false: <|notimestamps|> is given and no timestamp comes out */
    double maximum_initial_timestamp; /* seconds; 0: 1.0; negative: no limit */
    double window_seconds;            /* of sound in a window's positions: 30; 0: 30 */
    bool suppress_blank_off, suppress_non_speech_off;
    const int *suppress; /* further tokens never to come out */
    size_t suppress_count;
    uint64_t seed;
    int force_tokens; /* > 0: exactly so many tokens, the end suppressed until then: for benchmarks; no fallback */
    int nbest;        /* hypotheses kept per window; 0: 1 */
    /* Only sentences of the grammar come out, times and the end beside them; NULL: any text. Log-probabilities stay the
       model's own, of all tokens. Nothing is retried for repetition or doubt. trie: of the vocabulary. Borrowed. */
    const struct grammar *grammar;
    const struct token_trie *trie;
    bool unfinished;           /* texts may end within a sentence of the grammar, too */
    const struct guide *guide; /* what is asked beside the logits; NULL: nothing. Borrowed */
    /* In place of step where the likeliest tokens are enough: at temperature 0, without a guide or a grammar, for beams
       below WHISPER_LIKELIEST_MOST. For devices that logits are far away from; NULL: every row comes whole. */
    whisper_search_likeliest likeliest;
    struct thread_pool *threads; /* that share the windows of a step; NULL: the caller alone */
};

/* One window to decode. language: id of its language token, or -1 (English only models). prompt: tokens of the text
 * before, the last text_positions/2 - 1 of which are used behind <|startofprev|>. */
struct whisper_search_window {
    int window;
    int language;
    const int *prompt;
    size_t prompt_count;
};

struct whisper_hypothesis {
    int *tokens;              /* text and timestamp tokens, without the beginning and without eot */
    float *log_probabilities; /* [count]: of each token, natural, after suppression, at temperature 1 */
    size_t count;
    double sum;  /* of the log-probabilities, eot's included where it was reached; a guide adds nothing to it */
    double mean; /* sum / (count + 1) */
    double gap;  /* with a grammar: mean over its text tokens and its end of how much less likely each is than what the
                    model would have said there (natural log, at most 0) */
};
enum whisper_verdict {
    WHISPER_FINE = 0,
    WHISPER_SILENCE,    /* no_speech above its threshold and the mean below its own */
    WHISPER_REPETITION, /* compression ratio above its threshold at every temperature */
    WHISPER_DOUBTFUL,   /* mean log-probability below its threshold at every temperature */
    WHISPER_NO_SENTENCE /* no text came to the end of a sentence of the grammar */
};
struct whisper_result {
    struct whisper_hypothesis *best; /* [count], best first; at least one */
    size_t count;
    double temperature, no_speech, compression_ratio;
    enum whisper_verdict verdict;
};

/* Rows that a search of this many windows needs at most in one step. */
int whisper_search_rows(const struct whisper_search_params *params, int windows);

/* results [count] are filled, freed one by one with whisper_result_free; on an error they are all empty.
 * Errors: ARGUMENT, MEMORY, and what step gives. */
int whisper_search(const struct whisper_vocabulary *vocabulary, const struct whisper_search_params *params,
                   whisper_search_step step, void *context, const struct whisper_search_window *windows, int count,
                   struct whisper_result *results, struct fault *fault);
void whisper_result_free(struct whisper_result *result);

/* Language identification: one step after <|startoftranscript|>. languages [count]: the likeliest language's id,
 * probabilities [count]: its probability among all languages. Errors: ARGUMENT (English only), and what step gives. */
int whisper_detect_language(const struct whisper_vocabulary *vocabulary, whisper_search_step step, void *context,
                            const int *windows, int count, int *languages, float *probabilities, struct fault *fault);

/* Bytes over bytes after zlib's default compression (RFC 1950), as openai/whisper measures it. 0 for no text. */
double whisper_compression_ratio(const char *text, size_t length);

#endif
