/* utter.h - the public face of libutter: speech to text, and text to speech.
 *
 * Handles:  engine (device and threads; immutable, shared)
 *        -> model  (weights; immutable, shared by any number of sessions and threads)
 *        -> session (one stream of sound; one thread at a time);
 *           engine -> voice (as a model) -> speech (one stream of text; as a session).
 *
 * Results:  every function that can fail returns 0 or a negative enum utter_error and hands its
 *           result through an out-parameter, which is left untouched on failure unless said otherwise.
 *           utter_error_message() then holds one sentence for people. The library never prints, exits,
 *           aborts, or touches signals or the locale (but that espeak-ng, which the first voice that
 *           needs it opens, sets LC_CTYPE for the moment in which it begins).
 *
 * Params:   structs named *_params begin with struct_size. Fill one with its _init function, which sets
 *           struct_size and zeroes the rest; a zeroed field means the default. A library newer than the
 *           program reads only the fields that the program's struct_size covers.
 *
 * Strings:  UTF-8. Times are seconds from the beginning of the stream. Samples are nominally in [-1, 1].
 *
 * SPDX-License-Identifier: Apache-2.0 */
#ifndef UTTER_H
#define UTTER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define UTTER_API __attribute__((visibility("default")))
#else
#define UTTER_API
#endif

#define UTTER_VERSION_MAJOR 0
#define UTTER_VERSION_MINOR 1
#define UTTER_VERSION_PATCH 0

/* "0.1.0": the version of the library that is linked, which may differ from the macros. Any thread. */
UTTER_API const char *utter_version(void);

/* ---- errors ------------------------------------------------------------------------------------ */

enum utter_error {
    UTTER_OK = 0,
    UTTER_ERROR_ARGUMENT = -1,    /* the caller broke the contract: null, out of range, wrong size */
    UTTER_ERROR_MEMORY = -2,      /* memory ran out */
    UTTER_ERROR_IO = -3,          /* a file could not be opened, read or written */
    UTTER_ERROR_AUDIO = -4,       /* the bytes are not sound we can read, or the sound is unusable */
    UTTER_ERROR_MODEL = -5,       /* a model is missing, damaged, or inconsistent with its configuration */
    UTTER_ERROR_UNSUPPORTED = -6, /* well formed, but of a kind that this build or machine cannot run */
    UTTER_ERROR_DEVICE = -7,      /* the device failed or is not there */
    UTTER_ERROR_CANCELLED = -8,   /* the caller's callback asked to stop */
    UTTER_ERROR_STATE = -9        /* the call does not fit the handle's state, as feed after finish */
};

/* A short constant name of a code, as "model error"; "unknown error" for anything else. Any thread. */
UTTER_API const char *utter_error_name(int error);

/* One sentence about the last call of this thread that failed, naming the thing and the fault; "" when
 * none did. Kept per thread since engines and models are shared and must not be written to.
 * Valid until this thread's next call of the library. */
UTTER_API const char *utter_error_message(void);

/* ---- engine ------------------------------------------------------------------------------------ */

typedef struct utter_engine utter_engine;

enum utter_log_level { UTTER_LOG_NONE = 0, UTTER_LOG_ERROR, UTTER_LOG_WARNING, UTTER_LOG_INFO, UTTER_LOG_DEBUG };

/* Called from any thread that runs the library; the text has no newline and is valid during the call. */
typedef void (*utter_log_callback)(void *context, enum utter_log_level level, const char *text);

struct utter_engine_params {
    size_t struct_size;
    const char *device; /* "auto" (default): a GPU where one can be used, else the CPU, and the log says why; "cpu";
                         * "cuda", "cuda:N": the first GPU, or the one of that number */
    int threads;        /* threads that one forward pass may use; 0: one per available core; at most 256 */
    utter_log_callback log;
    void *log_context;
    enum utter_log_level log_level; /* the most talkative level to deliver */
};

UTTER_API void utter_engine_params_init(struct utter_engine_params *params);

/* Opens an engine; params may be NULL. Errors: ARGUMENT, MEMORY, DEVICE, UNSUPPORTED. Any thread. */
UTTER_API int utter_engine_open(utter_engine **engine, const struct utter_engine_params *params);

/* Closes and nulls; NULL and *engine == NULL are allowed. Models of the engine must be closed before. */
UTTER_API void utter_engine_close(utter_engine **engine);

/* ---- model ------------------------------------------------------------------------------------- */

typedef struct utter_model utter_model;

enum utter_precision {
    UTTER_PRECISION_AUTO = 0, /* bf16 where the device multiplies bf16, else f32 */
    UTTER_PRECISION_F32,
    UTTER_PRECISION_BF16,
    UTTER_PRECISION_INT8, /* int8 weights, one scale per output; activations quantized per row; on a CPU.
                             A Whisper on a GPU: bf16, with a step's weights and what it listens to in 8 bits */
    UTTER_PRECISION_F16,  /* f16, sums in f32; on a GPU */
    UTTER_PRECISION_FP8   /* E4M3 in products of many rows, else as int8; on a GPU from compute capability 8.9 on */
};

struct utter_model_params {
    size_t struct_size;
    enum utter_precision precision;
};

UTTER_API void utter_model_params_init(struct utter_model_params *params);

/* Opens a model.
 * model   the path of a model directory as published on Hugging Face (config.json, safetensors,
 *         tokenizer.json, preprocessor_config.json) of a FastConformer with CTC head, of a transducer
 *         on one (RNN-T, TDT) or of a Whisper; or the path of one file: a Whisper as OpenAI's .pt,
 *         whisper.cpp's ggml-*.bin or GGUF, one of Parakeet's as NeMo's .nemo; or the name of a model
 *         that ships with Utter, as "en"; NULL means "en". A path has a '/' in it or exists; a name is
 *         looked up in the directory that $UTTER_MODELS names, then where Utter is installed. A .pt
 *         carries no vocabulary: multilingual.tiktoken (or gpt2.tiktoken, for English-only models) is
 *         looked for beside it, then in $UTTER_MODELS.
 * Errors: ARGUMENT, MEMORY, IO (not there), MODEL (damaged), UNSUPPORTED. Any thread. */
UTTER_API int utter_model_open(utter_engine *engine, const char *model, const struct utter_model_params *params,
                               utter_model **out);

/* Opens a model of a published shape with seeded random weights, for benchmarks and tests: its text is
 * noise. shape: "parakeet-ctc-0.6b", "parakeet-ctc-1.1b", "default-en"; "parakeet-tdt-0.6b-v2",
 * "parakeet-tdt-0.6b-v3" or without its end, "parakeet-rnnt-0.6b", "transducer-toy"; "whisper-tiny", "-tiny.en",
 * "-base", "-base.en", "-small", "-small.en", "-medium", "-medium.en", "-large-v2", "-large-v3",
 * "-large-v3-turbo", "-distil-large-v3"; "whisper-toy", which hears a second at a time.
 * Errors as utter_model_open. */
UTTER_API int utter_model_open_random(utter_engine *engine, const char *shape, uint64_t seed,
                                      const struct utter_model_params *params, utter_model **out);

/* Closes and nulls. Sessions of the model must be closed before. */
UTTER_API void utter_model_close(utter_model **model);

struct utter_model_info {
    size_t struct_size;
    const char *name;      /* as opened */
    const char *family;    /* "fastconformer-ctc", "fastconformer-tdt", "fastconformer-rnnt", "whisper" */
    const char *language;  /* BCP 47, or "" where the model does not say or speaks many */
    const char *precision; /* "f32", "bf16", "f16", "int8", "fp8": what is computed with */
    int64_t parameters;
    int64_t weight_bytes; /* in memory, as prepared */
    int vocabulary;       /* tokens, blank and special ones included */
    int sample_rate;      /* Hz that the features are computed at */
    double frame_seconds; /* time between two frames of scores */
    double load_seconds;  /* time that opening took */
    const char *device;   /* what computes: "cpu, avx512, bf16", "cuda:0, NVIDIA H200" */
};

/* Fills *info (struct_size set by the caller); strings live as long as the model. Any thread. */
UTTER_API int utter_model_get_info(const utter_model *model, struct utter_model_info *info);

/* ---- results ----------------------------------------------------------------------------------- */

struct utter_word {
    const char *text;
    double start, end; /* seconds */
    float confidence;  /* in [0, 1]: of the models that ship, the probability that the word is right, as fitted on a
                          development set (docs/models.md); of others the geometric mean of its tokens' probabilities */
};

struct utter_segment {
    double start, end; /* seconds */
    int channel;       /* 0 when channels were mixed */
    float confidence;  /* in [0, 1]: mean over words, the share of them that is likely right; with a grammar, of the
                          sentence */
    const char *text;  /* no leading or trailing space */
    const struct utter_word *words;
    size_t word_count;
};

/* Seconds of wall time spent in each stage of a session so far. */
struct utter_timings {
    double decode_seconds;   /* reading and resampling; in utter_transcribe alongside the other stages */
    double features_seconds; /* voice activity and log-mel, but for what is made beside a GPU's forward pass */
    double model_seconds;    /* forward passes */
    double search_seconds;   /* search and text; of a Whisper with the decoder's steps */
    double total_seconds;    /* from the first call to the last */
};

/* Why sound that was heard gives no text: the first three are a Whisper's, and SILENCE any other's that tells noise
 * from speech. */
enum utter_reason {
    UTTER_REASON_NONE = 0,
    UTTER_REASON_SILENCE,    /* the model takes it for silence or noise and does not believe its own text */
    UTTER_REASON_REPETITION, /* the text repeats itself at every temperature */
    UTTER_REASON_DOUBTFUL,   /* its mean log-probability is below the threshold at every temperature */
    UTTER_REASON_NO_MATCH    /* what was said is no sentence of the grammar */
};

/* "silence", "repetition", "doubtful", "no_match"; "" for anything else. Any thread. */
UTTER_API const char *utter_reason_name(int reason);

/* Text that was heard and not given out. */
struct utter_dropped {
    double start, end; /* seconds */
    int channel;
    enum utter_reason reason;
    const char *text; /* what would have been said; NO_MATCH: the sentence that comes nearest, "" where none is near */
    float confidence; /* NO_MATCH: of that sentence, in [0, 1] */
};

struct utter_token {
    int id;
    float log_probability; /* natural: a Whisper's of this token after those before; of a CTC model, its mean over the
                              frames that it spans */
    const char *text;      /* as its vocabulary spells it, "<|1.20|>" where it is a time; maybe a part of a character */
    size_t length;         /* bytes of text, which a NUL follows */
};

struct utter_alternative {
    const char *text;
    double log_probability; /* natural, of the whole: for a Whisper the sum over its tokens and its end; for a CTC model
                               that of its best alignment (greedy) or of all that were found (beam) */
    const struct utter_token *tokens;
    size_t token_count;
};

/* What a stretch of sound that was decoded in one go might have said, likeliest first: by the search's own ranking,
 * which is a Whisper's mean or penalised log-probability. The first is where the segments come from, as it was found:
 * before neighbouring stretches are stitched and what is doubted is dropped. Texts may be the same where tokens differ.
 */
struct utter_nbest {
    double start, end; /* seconds */
    int channel;
    const struct utter_alternative *alternatives;
    size_t alternative_count; /* at most as many as were asked for, at least 1 */
};

/* ---- decoding --------------------------------------------------------------------------------------- */

/* A phrase to listen for. weight: as boost_weight below; 0: that. */
struct utter_boost_phrase {
    const char *text; /* UTF-8, at most 255 bytes */
    double weight;
};

/* How a Whisper's text is searched for (Radford et al. 2022, section 4.5). The zeroed struct is what
 * openai/whisper does, but for the beam, which the session's params have. Models with a CTC head and transducers
 * read no_speech and the fields from lm on, and a Whisper all but blank_penalty. What is out of range is named when a
 * session is opened or a recording transcribed (ARGUMENT; translating with a model that knows English only:
 * UNSUPPORTED); nothing of it is kept by pointer. */
struct utter_decoding_params {
    size_t struct_size;
    int translate;              /* nonzero: into English */
    int sequential;             /* nonzero: windows follow each other by the timestamps that the model itself sets, each
                                   with the text before as its prompt; else they are cut at silences and batched */
    int forget;                 /* nonzero: in sequential mode, no text before as prompt */
    const char *prompt;         /* text that the recording is to be thought to follow, as names that occur in it */
    double patience;            /* beam search ends with beam · patience finished hypotheses; 0: 1 */
    double length_penalty;      /* 0: by mean log-probability; else by ((5 + length) / 6)^length_penalty */
    int best_of;                /* samples at temperatures above 0; 0: 5; at most 64 */
    const double *temperatures; /* [temperature_count], tried in turn; NULL: 0, 0.2 … 1 */
    size_t temperature_count;   /* at most 16 */
    double compression_ratio;   /* text that compresses better repeats itself; 0: 2.4; negative: never */
    double log_probability;     /* natural logarithm, per token: a mean below it has failed; 0: -1; positive: never */
    double no_speech;           /* a probability above it is silence; 0: 0.6; negative: never. Of other models that of
                                   noise: text is dropped (SILENCE) above it; 0: as the model's presence.json says,
                                   where it has one, else a few words that it doubts are dropped unsaid */
    uint64_t seed;              /* of the samples */
    int force_tokens;           /* > 0: exactly so many tokens per window, for benchmarks */
    int word_times;             /* nonzero: every word's times from the cross-attention; else only where windows
                                   overlap, and spread over the segment elsewhere */
    int drop_doubtful;          /* nonzero: doubtful text is dropped with its reason; else it is kept */
    /* A word n-gram model beside the search (shallow fusion: Gulcehre et al. 2015, arXiv 1503.03535, section 4.1):
       NULL: lm.bin in the model's directory, where there is one, for all but Whisper; "none": none; else the path of a
       file that utter_lm_build wrote (ARGUMENT for a beam of 1, but for a Whisper; IO, MODEL, UNSUPPORTED, as
       utter_model_open). A Whisper's words are compared without punctuation, in the case of the model's own words; one
       that begins as none of these does, as a number, is left to the Whisper */
    const char *lm;
    double lm_weight;    /* of its natural log probabilities; 0: 0.3, for a Whisper 0.2; at most 10 */
    double word_bonus;   /* natural log, added for each word; 0: 0.3, for a Whisper 0.8; -100 to 100 */
    double unknown_word; /* natural log, added for each word that it does not know; 0: -12, for a Whisper -4; -1000 to
                            0 */
    /* CTC, any beam above 1: natural log, taken from the score of the blank (no token) in every frame, so that less is
       left out; 0: 0.7 with a language model, nothing without; -100 to 100 */
    double blank_penalty;
    /* Any model: only sentences of this grammar come out, one for each stretch of sound between pauses, with its
       confidence; a stretch that is none is dropped (NO_MATCH). GBNF, as llama.cpp and whisper.cpp write it
       (docs/grammars.md): its text, or the path of a file with it; NULL: none. A language model is asked beside it only
       where lm names one. Not with sequential, nor with a beam of 1 but for a Whisper (ARGUMENT); a grammar that is
       none, left-recursive or unspeakable for the model is MODEL, one that cannot be followed UNSUPPORTED. */
    const char *grammar;
    const char *grammar_file;
    double grammar_threshold; /* a confidence below it is no match; 0: 0.5; negative: never; at most 1 */
    /* Phrases to listen for, names above all: a text gains for each that is in it, as whole words in whatever case, and
       nothing for one that it only begins. The words count as known to the language model. A phrase that it
       expects anyway gains less. With a CTC head, lists of up to 4000 phrases are also looked for in the scores
       themselves, spelled nearly so, and take the place of worse words. boost: NULL, or the path of a list in UTF-8,
       one phrase a line, where need be followed by a tab and its weight; lines that begin with "#" are comments. Or
       boost_phrases, and not both. All models but Whisper need a beam of 2 or more for it. Errors: ARGUMENT, which
       names the line or the phrase (empty, there twice, too long, no UTF-8, not to be written by the model, a weight
       out of range), IO */
    const char *boost;
    const struct utter_boost_phrase *boost_phrases; /* [boost_phrase_count] */
    size_t boost_phrase_count;                      /* at most 100000 */
    double boost_weight; /* natural log, for each letter of a phrase after its second (at least one); 0: 1.5 beside a
                            language model, else 0.8; at most 20 */
    double letter_bonus; /* with lm: natural log, added for each letter of a word that it knows (below 0: of any word);
                            0: 0.3, for a Whisper none; -100 to 100 */
};

UTTER_API void utter_decoding_params_init(struct utter_decoding_params *params);

/* ---- text as people write it ------------------------------------------------------------------------ */

/* Numbers that are redacted, or'ed. Where in doubt a number is: what is one digit short or was misheard is as secret.
 */
enum utter_redact {
    UTTER_REDACT_CARD = 1,  /* 13 digits and more; near a word as "card" from 8 on */
    UTTER_REDACT_PHONE = 2, /* 7 digits and more */
    UTTER_REDACT_SSN = 4,   /* social-security numbers: 9 digits; near "social security" from 4 on */
    UTTER_REDACT_ALL = 7,
    UTTER_REDACT_NUMBER = 8 /* in results: 4 digits and more that may be a part of one of those, where what is before or
                               behind them is not known: in live sessions, and in alternatives */
};

/* "card", "phone", "ssn", "number"; "" for anything else. Any thread. */
UTTER_API const char *utter_redact_name(int kind);

/* What becomes of words before they are handed out; all of it is off in the zeroed struct. Of a word that stands for
 * several, start is the first one's, end the last one's, and confidence their mean. Each segment is written by itself;
 * in recordings a number that goes on behind a pause has the words of the segment behind. */
struct utter_text_params {
    size_t struct_size;
    int written; /* nonzero: numbers, dates, times, money, units, telephone numbers, spelled letters and addresses
                    as people write them: "$105.20", "March 21, 2026", "3:30 p.m." (docs/written.md) */
    int mask;    /* nonzero: of profane words the first letter and stars */
    const char *mask_words; /* NULL: a list of English; else the path of a text file, a word a line */
    int redact;             /* of enum utter_redact, or'ed: numbers become "[CARD]", "[PHONE]", "[SSN]", "[NUMBER]" in
                               texts and words, and utter_redacted says where in the sound they are. Alternatives lose
                               their tokens, and every run of 3 digits */
};

UTTER_API void utter_text_params_init(struct utter_text_params *params);

/* A stretch of sound whose text was redacted: that of the words and up to 0.25 s beside them where no other word is. */
struct utter_redacted {
    double start, end; /* seconds */
    int channel;
    enum utter_redact kind;
};

/* ---- session: one stream of sound --------------------------------------------------------------- */

typedef struct utter_session utter_session;

enum utter_channels {
    UTTER_CHANNELS_MIX = 0, /* all channels averaged into one */
    UTTER_CHANNELS_SPLIT    /* each channel transcribed by itself; segments carry their channel */
};

/* How a live session ends utterances, and how often it says what it hears so far. Seconds. An utterance begins with the
 * first speech after the last one's end. */
struct utter_live_params {
    size_t struct_size;
    double silence_after_words; /* without speech that ends an utterance in which words were heard; 0: 0.7; 0.2 to 10 */
    double silence_after_nothing; /* … in which speech was detected and no words were heard, or, from the beginning of
                                     the stream or the last end on, none at all; 0: 5; at least silence_after_words,
                                     at most 3600 */
    double longest;             /* an utterance of this length ends at its last pause, or within a word's reach of one;
                                   0: 30; 5 to 3600 */
    double tentative_interval;  /* of sound, at least, between two tentative texts of a channel; 0: 0.1; negative: no
                                   tentative texts. Longer where the machine has no time for it */
    float speech_threshold;     /* probability of speech from which on a frame is speech; 0: 0.5 */
    const char *voice_activity; /* what tells speech from the rest: NULL: the detector that ships with Utter; "energy":
                                   one by level alone; or the path of a Silero VAD's weights, as published */
};

UTTER_API void utter_live_params_init(struct utter_live_params *params);

struct utter_session_params {
    size_t struct_size;
    int sample_rate;   /* Hz of what is fed, 1000 to 768000; 0: 16000 */
    int channel_count; /* interleaved channels of what is fed, 1 to 64; 0: 1 */
    enum utter_channels channels;
    int beam; /* width of the beam search, at most 256 (64 but for CTC); 1: greedy; 0: with a language model 64
                 (a transducer: 32), with phrases or a grammar alone 32 (utter_decoding_params), else
                 greedy */
    const char *language; /* NULL: the model's own, or, where it speaks many, the one it hears in the
                             first windows; a language it does not speak is UNSUPPORTED */
    int batch;            /* windows per forward pass, at most 256; 1: each is transcribed as soon as it
                             ends at a pause; 0: chosen for throughput, minutes of speech may wait */
    const struct utter_decoding_params *decoding; /* NULL: the defaults. Copied */
    int nbest; /* texts kept of each stretch, with their tokens (utter_nbest): at most the beam (Whisper: or best_of);
                  0: none */
    const struct utter_live_params *live; /* not NULL: a live session, which hands out events (utter_session_next_event)
                                             while it is fed. batch is ignored. Copied */
    const struct utter_text_params *text; /* NULL: words as they are heard. Written and redacted text needs English
                                             (else UNSUPPORTED); a segment that ends in digits may wait for the next
                                             where the session is not live. Copied */
};

UTTER_API void utter_session_params_init(struct utter_session_params *params);

/* Opens a session. All memory of a forward pass is taken here or at the first window, none later.
 * Errors: ARGUMENT, MEMORY, UNSUPPORTED. Any thread; afterwards one thread at a time. */
UTTER_API int utter_session_open(utter_model *model, const struct utter_session_params *params, utter_session **out);

/* Feeds frames sample frames, interleaved, in chunks of any size: the text does not depend on how the
 * sound is cut. The samples are copied. Samples that are not finite count as zero.
 * Errors: ARGUMENT, MEMORY, STATE (after finish). */
UTTER_API int utter_session_feed(utter_session *session, const float *samples, size_t frames);
UTTER_API int utter_session_feed_s16(utter_session *session, const int16_t *samples, size_t frames);
/* G.711 as telephones send it, one byte a sample (ITU-T G.711). */
UTTER_API int utter_session_feed_ulaw(utter_session *session, const uint8_t *samples, size_t frames);
UTTER_API int utter_session_feed_alaw(utter_session *session, const uint8_t *samples, size_t frames);

/* Says that what was said so far is complete, though the sound goes on: open windows end here and are transcribed, of a
 * live session the utterance ends (UTTER_END_FLUSHED). Up to 20 ms that are still on their way in (100 ms where the
 * session is not live) count to what follows. Errors: MEMORY, DEVICE, STATE (after finish). */
UTTER_API int utter_session_flush(utter_session *session);

/* Says that the sound has ended: what is left is transcribed. Errors: MEMORY, DEVICE, STATE (after finish).
 * A failure of feed or finish, other than ARGUMENT and STATE, ends the stream, since a hole in it would
 * give wrong text: finished segments can still be had, and then reset or close is next. */
UTTER_API int utter_session_finish(utter_session *session);

/* (Not of live sessions: STATE.) Hands out the next finished segment, oldest first: 1 and *segment filled, or 0 when
 * there is none until more is fed, or an error. Segments of one channel are in order of time. The segment's pointers
 * are valid until the next call on this session. */
UTTER_API int utter_session_next(utter_session *session, struct utter_segment *segment);

/* Hands out the next text that was dropped, oldest first, as utter_session_next does segments. */
UTTER_API int utter_session_next_dropped(utter_session *session, struct utter_dropped *dropped);

/* Hands out the next stretch's alternatives, oldest first, as utter_session_next does segments. */
UTTER_API int utter_session_next_nbest(utter_session *session, struct utter_nbest *nbest);

/* Hands out the next redacted stretch of sound, oldest first, as utter_session_next does segments; of live sessions, of
 * committed text. */
UTTER_API int utter_session_next_redacted(utter_session *session, struct utter_redacted *redacted);

/* The language of the stream: the one asked for, the model's own, or the one detected; "" while unknown.
 * Valid until the model is closed. Errors: ARGUMENT. */
UTTER_API int utter_session_get_language(const utter_session *session, const char **language);

/* Forgets the stream (fed sound, pending segments) and begins a new one with the same params. */
UTTER_API int utter_session_reset(utter_session *session);

UTTER_API int utter_session_get_timings(const utter_session *session, struct utter_timings *timings);

/* Closes and nulls. A session belongs to one thread at a time; where another thread is inside a call on it even so, the
 * engine's log says so, and the session is closed by that call when it ends. */
UTTER_API void utter_session_close(utter_session **session);

/* ---- live sessions: text while it is spoken ------------------------------------------------------- */

enum utter_event_kind {
    UTTER_EVENT_NONE = 0,
    UTTER_EVENT_SPEECH,    /* somebody began to speak: segment.start says when */
    UTTER_EVENT_TENTATIVE, /* what was heard of the utterance and is not committed yet: replaces the channel's tentative
                              text before; "" where it turned out to be nothing */
    UTTER_EVENT_COMMITTED, /* text that will not change: goes behind what the channel committed before, and replaces its
                              tentative text; more tentative text may follow at once */
    UTTER_EVENT_END,       /* the utterance has ended, and all of its text is committed: end says why */
    UTTER_EVENT_WARNING    /* something about the sound, in message: once for each kind and stream */
};

enum utter_end {
    UTTER_END_NONE = 0,
    UTTER_END_SILENCE, /* silence after words */
    UTTER_END_NOTHING, /* silence, and no words before it: once, until somebody speaks */
    UTTER_END_LENGTH,  /* too long: the next utterance begins at once, in the middle of the speech */
    UTTER_END_FLUSHED, /* by utter_session_flush */
    UTTER_END_FINISHED /* by utter_session_finish */
};

/* "silence", "nothing", "length", "flushed", "finished"; "" for anything else. Any thread. */
UTTER_API const char *utter_end_name(int end);

struct utter_event {
    size_t struct_size; /* set by the caller */
    enum utter_event_kind kind;
    int channel;
    double time;                  /* seconds of sound that had been fed when it arose; never before the last event's */
    struct utter_segment segment; /* of tentative and committed text; else start and end of the utterance's speech */
    enum utter_end end;
    const char *message;
};

/* Hands out the next event, oldest first: 1 and *event filled, or 0 when there is none until more is fed, or an error.
 * Its pointers are valid until the next call on this session. The committed texts and the ends of utterances depend on
 * the sound alone, not on how it was cut into calls or on how fast the machine is; tentative texts come as often as
 * there is time for them. Errors: ARGUMENT, STATE (the session is not live). */
UTTER_API int utter_session_next_event(utter_session *session, struct utter_event *event);

/* ---- whole recordings ---------------------------------------------------------------------------- */

/* Where a recording comes from: exactly one of path, data or read. */
struct utter_source {
    size_t struct_size;
    const char *path; /* UTF-8, as given to open(2) */
    const void *data; /* size bytes in memory, kept by the caller until the call returns */
    size_t size;
    /* Reads up to size bytes into buffer; returns how many, 0 at the end, negative on failure. One
     * call at a time, from the caller's thread or from one of the library's. */
    int64_t (*read)(void *context, void *buffer, size_t size);
    void *read_context;
    const char *name; /* what messages call it; NULL: the path, or "input" */
};

UTTER_API void utter_source_init(struct utter_source *source);

struct utter_transcribe_params {
    size_t struct_size;
    enum utter_channels channels;
    int beam; /* these three as in utter_session_params */
    const char *language;
    int batch;
    /* Called now and then, on the caller's thread, with seconds done and seconds in all (0 where
     * unknown); nonzero cancels. Never further apart than one forward pass. */
    int (*progress)(void *context, double done, double total);
    void *progress_context;
    /* Called with each segment as it is finished; nonzero cancels. With it the transcript keeps no
     * segments, so that memory does not grow with the recording. */
    int (*segment)(void *context, const struct utter_segment *segment);
    void *segment_context;
    const struct utter_decoding_params *decoding; /* NULL: the defaults */
    int nbest;                                    /* as in utter_session_params */
    const struct utter_live_params *live; /* not NULL: as a live session would commit it, a segment for every window, to
                                             try what a stream will give; without tentative texts. batch is ignored */
    const struct utter_text_params *text; /* as in utter_session_params */
};

UTTER_API void utter_transcribe_params_init(struct utter_transcribe_params *params);

struct utter_transcript {
    const struct utter_segment *segments; /* in order of start, then channel */
    size_t segment_count;
    const char *text;     /* the segments' texts joined by spaces; "" for silence */
    const char *language; /* as utter_model_info, or as detected */
    double duration;      /* seconds of sound read */
    int sample_rate;      /* Hz of the recording */
    int channel_count;
    struct utter_timings timings;
    /* "" or one sentence about sound that ended early: a truncated file whose beginning was read and
     * transcribed. The call still returns 0. */
    const char *warning;
    const struct utter_dropped *dropped; /* in order of start: what was heard and not given out, and why */
    size_t dropped_count;
    const struct utter_nbest *nbest; /* in order of start */
    size_t nbest_count;
    const struct utter_redacted *redacted; /* in order of start */
    size_t redacted_count;
};

/* Transcribes a recording with a session of its own, in memory that does not grow with its length
 * beyond the text. *out is the caller's, freed with utter_transcript_free. Errors: all.
 * Any thread; many at once on one model. */
UTTER_API int utter_transcribe(utter_model *model, const struct utter_source *source,
                               const struct utter_transcribe_params *params, struct utter_transcript **out);
UTTER_API void utter_transcript_free(struct utter_transcript **transcript);

/* ---- microphones --------------------------------------------------------------------------------- */

struct utter_microphone_info {
    size_t struct_size;  /* set by the caller where it is filled */
    int number;          /* from 1, as utter_microphone_params.device takes it; devices that come or go move it */
    const char *name;    /* as the system calls it */
    const char *host;    /* the system's interface to it: "ALSA", "JACK Audio Connection Kit", "Core Audio" … */
    int channel_count;   /* listed: the most it gives; open: as captured */
    int sample_rate;     /* Hz; listed: its own; open: as captured */
    int is_default;      /* nonzero: what is opened when no device is named */
    int64_t lost_frames; /* open: sample frames that came while nobody read and did not fit into the buffer */
    int64_t overruns; /* open: times that the system said it had lost sound on the way here; it does not say how much */
};

/* Visits every device that sound can be captured from; a nonzero return of the visitor ends the walk with CANCELLED.
 * What it is given is valid during the call. No device at all is no error. While a microphone is open, the list is as
 * it was when the first one was opened. The system's interfaces are asked one caller at a time, for which this and the
 * other functions of microphones but read wait. PortAudio, which all of this goes through, may itself write
 * a line to standard error where a device refuses something or is unplugged; nothing else here does.
 * Errors: ARGUMENT, DEVICE, CANCELLED. Any thread. */
UTTER_API int utter_microphone_list(int (*visit)(void *context, const struct utter_microphone_info *microphone),
                                    void *context);

typedef struct utter_microphone utter_microphone;

struct utter_microphone_params {
    size_t struct_size;
    const char *device;    /* NULL or "": the default; else its number, its name, or a part of its name that no other
                              name has (ASCII letters of either case) */
    int sample_rate;       /* Hz, 1000 to 768000; 0: 16000. Where the device refuses it, its own is taken, which
                              utter_microphone_get_info says and a session takes, too */
    int channel_count;     /* 1 to 64; 0: as many as it has, at most 2 */
    double buffer_seconds; /* of sound that is kept while nobody reads; 0: 10; 0.1 to 600 */
};

UTTER_API void utter_microphone_params_init(struct utter_microphone_params *params);

/* Opens a microphone and begins to capture; params may be NULL. Errors: ARGUMENT, MEMORY, DEVICE (there is none, none
 * of that name, or the system refuses it). Any thread; afterwards one thread at a time. */
UTTER_API int utter_microphone_open(utter_microphone **microphone, const struct utter_microphone_params *params);

/* Moves up to frames sample frames, interleaved, to samples and says in *got how many: as soon as there are some, or 0
 * after timeout_ms milliseconds (0: at once; negative: waits until something comes). What comes while nobody reads is
 * kept, up to buffer_seconds; beyond it the newest sound is lost and counted. A device that is unplugged, or delivers
 * nothing for two seconds, is DEVICE, after all that it gave has been read.
 * Errors: ARGUMENT, DEVICE. */
UTTER_API int utter_microphone_read(utter_microphone *microphone, float *samples, size_t frames, int timeout_ms,
                                    size_t *got);

/* Ends the capturing. What came until then can still be read; *got is 0, without waiting, when all of it has been. */
UTTER_API int utter_microphone_stop(utter_microphone *microphone);

/* Fills *info (struct_size set by the caller) with what was opened; strings live as long as the microphone. */
UTTER_API int utter_microphone_get_info(const utter_microphone *microphone, struct utter_microphone_info *info);

/* Closes and nulls. */
UTTER_API void utter_microphone_close(utter_microphone **microphone);

/* ---- voices: text to speech ------------------------------------------------------------------------ */

typedef struct utter_voice utter_voice;

struct utter_voice_params {
    size_t struct_size;
    enum utter_precision precision; /* int8: of matrix products only; convolutions compute in what AUTO chooses */
    const char *vocoder;  /* what turns mel spectrograms into sound: NULL: the one beside the voice's own weights; else
                             the path of a HiFi-GAN, as published: a directory, or a file of weights with its
                             config.json beside it */
    const char *lexicon;  /* NULL, or a text file of words that are to be pronounced otherwise: a word and its phones a
                             line, ARPAbet or /IPA/, "#" begins a comment */
    const char *speakers; /* NULL, or a file of speaker embeddings for voices that are told their speaker by one
                             (SpeechT5; FastSpeech2 with a speaker_embed_dim): float32 [speakers, width] as NumPy writes
                             it (.npy) */
};

UTTER_API void utter_voice_params_init(struct utter_voice_params *params);

/* Opens a voice.
 * voice   the path of a directory as published on Hugging Face: a FastSpeech2 Conformer with its HiFi-GAN, or without
 *         (then params name a vocoder), a VITS, or a SpeechT5 (which needs a vocoder and speakers, too); or the name of
 *         a voice that ships with Utter; NULL means "voice-en". Names and paths are told apart as by
 *         utter_model_open.
 * Errors: ARGUMENT, MEMORY, IO (not there), MODEL (damaged, or a vocoder for other spectrograms), UNSUPPORTED.
 * Any thread. */
UTTER_API int utter_voice_open(utter_engine *engine, const char *voice, const struct utter_voice_params *params,
                               utter_voice **out);

/* Opens a voice of a published shape with seeded random weights, for benchmarks and tests: its speech is noise. shape:
 * "voice-en", "fastspeech2-conformer" (with HiFi-GAN V1; "/v2" or "/v3" behind it: with that one), "vits-ljs".
 * Errors as utter_voice_open. */
UTTER_API int utter_voice_open_random(utter_engine *engine, const char *shape, uint64_t seed,
                                      const struct utter_voice_params *params, utter_voice **out);

/* Closes and nulls. Speeches of the voice must be closed before. */
UTTER_API void utter_voice_close(utter_voice **voice);

struct utter_voice_info {
    size_t struct_size;    /* set by the caller */
    const char *name;      /* as opened */
    const char *family;    /* "fastspeech2-conformer", "vits", "speecht5" */
    const char *language;  /* BCP 47 */
    const char *precision; /* "f32", "bf16", "f16", "int8", "fp8": what is computed with */
    const char *device;    /* what computes */
    int64_t parameters, weight_bytes;
    int sample_rate;   /* Hz, its own */
    int speaker_count; /* at least 1 */
    double load_seconds;
    const char *const *speaker_names; /* [speaker_count], NULL for a speaker without a name; NULL: none has one */
};

/* Fills *info; strings live as long as the voice. Any thread. */
UTTER_API int utter_voice_get_info(const utter_voice *voice, struct utter_voice_info *info);

/* ---- speech: one stream of text, spoken ------------------------------------------------------------ */

typedef struct utter_speech utter_speech;

enum utter_markup {
    UTTER_MARKUP_PLAIN = 0, /* text as people write it; a blank line ends a paragraph */
    UTTER_MARKUP_SSML,      /* W3C's Speech Synthesis Markup Language 1.1, of which are understood: speak, p, s, break,
                               prosody (rate, pitch, volume), emphasis, voice (name: a speaker's number or name),
                               phoneme, sub, say-as, mark; other elements are looked through */
    UTTER_MARKUP_PHONEMES   /* phones with spaces between, in ARPAbet ("HH AH0 L OW1") or IPA; "|" between words;
                               , . ? ! ; : end words and phrases; a sentence a line */
};

struct utter_speech_params {
    size_t struct_size;
    enum utter_markup markup;
    int sample_rate; /* Hz of what is read, 8000 to 192000; 0: the voice's own */
    int speaker;     /* from 0; see speaker_name */
    double rate;     /* times the voice's own speed, 0.25 to 4; 0: 1 */
    double pitch;    /* semitones above the voice's own, -12 to 12 */
    double volume;   /* dB above the voice's own, -60 to 20 */
    uint64_t seed;   /* of voices that never say a thing the same way twice */
    int marks;       /* nonzero: keeps the times of sentences, words and phones (utter_speech_next_mark) */
    const char
        *speaker_name; /* NULL, or who speaks instead of `speaker`: one of utter_voice_info.speaker_names, or a
                          number in digits; anything else is ARGUMENT, and the message names those that there are */
};

UTTER_API void utter_speech_params_init(struct utter_speech_params *params);

/* Opens a speech. params may be NULL. Errors: ARGUMENT, MEMORY, UNSUPPORTED. Any thread; afterwards one thread at a
 * time. */
UTTER_API int utter_speech_open(utter_voice *voice, const struct utter_speech_params *params, utter_speech **out);

/* Adds size bytes of text, in pieces of any size: the speech does not depend on how the text is cut. It is copied.
 * Sentences are spoken when their end is known, which may be when the next one begins.
 * Errors: ARGUMENT (not UTF-8, or markup at fault, with where: what came before is still spoken), MEMORY, STATE (after
 * finish). */
UTTER_API int utter_speech_text(utter_speech *speech, const char *text, size_t size);

/* Says that what was given so far is complete, though the text goes on: it is spoken without waiting for what follows.
 * Errors: MEMORY, STATE (after finish), UNSUPPORTED (SSML, whose elements are still open). */
UTTER_API int utter_speech_flush(utter_speech *speech);

/* Says that the text has ended. Errors: ARGUMENT (markup that is not closed), MEMORY, STATE. */
UTTER_API int utter_speech_finish(utter_speech *speech);

/* Moves up to capacity samples, mono, to samples and says in *got how many, computing a little ahead of what is asked
 * for: the first samples of a long text come before the rest is computed, and all are the same however they are asked
 * for. *got is 0 when more text is needed or, after finish, when all of it has been spoken.
 * Errors: ARGUMENT (markup or phones at fault, after all that came before has been read), MEMORY, MODEL (the voice
 * gives numbers that are none, or draws a sentence out without end), DEVICE, STATE (after such a failure). */
UTTER_API int utter_speech_read(utter_speech *speech, float *samples, size_t capacity, size_t *got);

enum utter_mark_kind { UTTER_MARK_NONE = 0, UTTER_MARK_SENTENCE, UTTER_MARK_WORD, UTTER_MARK_PHONE, UTTER_MARK_NAMED };

struct utter_mark {
    size_t struct_size; /* set by the caller */
    enum utter_mark_kind kind;
    double start, end;           /* seconds of the sound that is read */
    const char *text;            /* of a word as it is spoken; of a phone in ARPAbet, as the voice spells it; "" of a
                                    sentence; NAMED: the name of SSML's mark, whose end is its start */
    size_t text_begin, text_end; /* bytes of the text, as it was given */
};

/* Hands out the next mark of what has been computed, oldest first: 1 and *mark filled, or 0 when there is none until
 * more is read, or an error. Sentences come before their words, and words before their phones. Voices that do not say
 * how long their tokens last (SpeechT5) have marks of sentences alone, and named ones at the beginning of theirs. Its
 * text is valid until the next call on this speech. Errors: ARGUMENT. */
UTTER_API int utter_speech_next_mark(utter_speech *speech, struct utter_mark *mark);

struct utter_speech_timings {
    size_t struct_size;      /* set by the caller */
    double text_seconds;     /* reading and pronouncing */
    double acoustic_seconds; /* tokens to spectrograms */
    double vocoder_seconds;  /* spectrograms to sound */
    double first_seconds;    /* from the first call with text to the first sound computed; 0: none yet */
    double total_seconds;    /* spent in calls on this speech */
    double audio_seconds;    /* of sound computed */
};

UTTER_API int utter_speech_get_timings(const utter_speech *speech, struct utter_speech_timings *timings);

/* Forgets the text and begins anew with the same params. */
UTTER_API int utter_speech_reset(utter_speech *speech);

/* Closes and nulls. */
UTTER_API void utter_speech_close(utter_speech **speech);

struct utter_pronunciation {
    const char *text;            /* the word as it is spoken: "doctor" for "Dr." */
    const char *phones;          /* ARPAbet, with spaces between; "" for what cannot be pronounced */
    const char *ipa;             /* the same in the International Phonetic Alphabet, without spaces */
    size_t text_begin, text_end; /* bytes of the text */
    int sentence;                /* from 0 */
};

/* Visits every word of a text, in order, with the way the voice would pronounce it; a nonzero return of the visitor
 * ends the walk with CANCELLED. What it is given is valid during the call. Errors: ARGUMENT, MEMORY, CANCELLED,
 * UNSUPPORTED (voices that are given letters or another language's text). Any thread. */
UTTER_API int utter_voice_pronounce(const utter_voice *voice, enum utter_markup markup, const char *text, size_t size,
                                    int (*visit)(void *context, const struct utter_pronunciation *word), void *context);
/* ---- loudspeakers -------------------------------------------------------------------------------- */

struct utter_player_info {
    size_t struct_size; /* set by the caller where it is filled */
    int number;         /* from 1, as utter_player_params.device takes it; devices that come or go move it */
    const char *name;   /* as the system calls it */
    const char *host;   /* the system's interface to it, as in utter_microphone_info */
    int channel_count;  /* listed: the most it takes; open: as played */
    int sample_rate;    /* Hz; listed: its own; open: as played, to which what is written is resampled */
    int is_default;     /* nonzero: what is opened when no device is named */
    double latency;     /* open: seconds from its buffer to the ear, as the system says */
    int64_t clipped;    /* open: samples written that were beyond [-1, 1] (clamped), or not numbers (0) */
    int64_t gaps;       /* open: times that in the middle of sound nothing had been written to go on with */
    int64_t underruns;  /* open: times that the system said it had run dry on the way to the ear */
};

/* Visits every device that sound can be played on, as utter_microphone_list does those that it can be captured from. */
UTTER_API int utter_player_list(int (*visit)(void *context, const struct utter_player_info *player), void *context);

typedef struct utter_player utter_player;

struct utter_player_params {
    size_t struct_size;
    const char *device;    /* as in utter_microphone_params */
    int sample_rate;       /* Hz of what is written, 1000 to 768000; 0: 16000. Any can be heard */
    int channel_count;     /* of what is written, 1 to 64; 0: 1, which plays on two channels where it must */
    double buffer_seconds; /* of sound that is taken ahead of what is heard; 0: 2; 0.1 to 600 */
};

UTTER_API void utter_player_params_init(struct utter_player_params *params);

/* Opens a loudspeaker, which plays silence until something is written; params may be NULL. (Who records the monitor of
 * a PulseAudio sink misses the beginning of any stream that is added, by up to that recorder's own latency: the sink
 * has it.) Errors: ARGUMENT, MEMORY, DEVICE (there is none, none of that name, or the system refuses it). Any thread;
 * afterwards one thread at a time, beside which any other may call utter_player_stop. */
UTTER_API int utter_player_open(utter_player **player, const struct utter_player_params *params);

/* Takes frames sample frames, interleaved, which are copied and begin to be heard at once. Waits while the buffer is
 * full, timeout_ms milliseconds at most (0: not at all; negative: as long as it takes), and says in *written how many
 * frames were taken, also where it fails; fewer than frames without an error is that timeout. A device that is
 * unplugged, or plays nothing for two seconds, is DEVICE. Errors: ARGUMENT, DEVICE, CANCELLED (stopped meanwhile),
 * STATE (stopped before), MEMORY. */
UTTER_API int utter_player_write(utter_player *player, const float *samples, size_t frames, int timeout_ms,
                                 size_t *written);

/* Says that what was written is all for now, and waits until the last of it has been heard, timeout_ms at most (0: not
 * at all; negative: as long as it takes). *left (may be NULL): frames written and not heard yet; 0: all of it has been.
 * What is written after it is new sound: the silence in between is no gap. Errors: as utter_player_write. */
UTTER_API int utter_player_drain(utter_player *player, int timeout_ms, size_t *left);

/* Silence at once: what was written and not heard is dropped, a write or drain under way in another thread returns
 * CANCELLED, and later ones STATE until utter_player_reset. Any thread, but not a signal's handler: a program that is
 * interrupted has its handler set a flag, writes and drains with timeouts, and looks. */
UTTER_API int utter_player_stop(utter_player *player);

/* Stops, drops what was written, and begins anew. Errors: ARGUMENT, DEVICE. */
UTTER_API int utter_player_reset(utter_player *player);

/* Fills *info (struct_size set by the caller) with what was opened; strings live as long as the player. */
UTTER_API int utter_player_get_info(utter_player *player, struct utter_player_info *info);

/* Stops, closes and nulls: to have all heard, drain before. */
UTTER_API void utter_player_close(utter_player **player);

/* ---- sound files, written ------------------------------------------------------------------------ */

typedef struct utter_sink utter_sink;

/* Where a sound file goes to, and what it is to be: path or write, exactly one.
 *
 * format, in letters of either case:
 *   "wav", "au", "flac"       16-bit integers, for flac compressed without loss, at most 8 channels
 *   "wav-f32"                 32-bit floats
 *   "ogg", "opus", "mp3"      Vorbis and Opus in Ogg, at most 8 channels; MPEG audio layer III, at most 2
 *   "s16", "s16le"            samples without a header, 16-bit integers of the machine's byte order, or little-endian
 *   "f32", "f32le"            floats in the same way
 *   "ulaw", "alaw"            G.711 as telephones send it, a byte a sample, without a header
 *   "wav-ulaw", "wav-alaw", "au-ulaw", "au-alaw"   the same with one
 * The endings .wav .wave .au .snd .flac .ogg .oga .opus .mp3 .s16 .raw .pcm (s16) .f32 .ulaw .mulaw .ul .alaw .al of
 * path name them, too.
 *
 * Rates lie in 8000 to 192000 Hz; Opus has 8000, 12000, 16000, 24000 and 48000, MP3 those and 11025, 22050, 32000 and
 * 44100. */
struct utter_sink_params {
    size_t struct_size;
    const char *path; /* UTF-8, as given to open(2); what is there is overwritten */
    /* Takes size bytes and returns size; anything else is a failure. On the thread of the call that it is in. */
    int64_t (*write)(void *context, const void *bytes, size_t size);
    void *write_context;
    const char *name;   /* what messages call it; NULL: the path, or "output" */
    const char *format; /* NULL: by the path's ending; "wav" without path or ending */
    int sample_rate;    /* Hz of what is written, 1000 to 768000; 0: 16000 */
    int output_rate; /* Hz of the file, to which it is resampled, at high quality; 0: 8000 for G.711, else that of what
                        is written, or the next that the format has */
    int channel_count; /* 1 to 64; 0: 1 */
};

UTTER_API void utter_sink_params_init(struct utter_sink_params *params);

/* Opens a sound file to be written. Errors: ARGUMENT (an unknown format or ending, a rate or number of channels that
 * the format cannot have), IO, MEMORY, UNSUPPORTED. Any thread; afterwards one thread at a time. */
UTTER_API int utter_sink_open(utter_sink **sink, const struct utter_sink_params *params);

/* Writes frames sample frames, interleaved. They are clamped to [-1, 1] (what is not a number becomes 0) and, for
 * integers, rounded to nearest. A full disk or a pipe whose reader has gone (in a program that ignores SIGPIPE; the
 * library leaves signals alone) is IO. After a failure only close is of use. Errors: ARGUMENT, IO, MEMORY, STATE. */
UTTER_API int utter_sink_write(utter_sink *sink, const float *samples, size_t frames);

/* Ends the file: writes what is left, and the sizes in the header where it can go back to it. A pipe's, a device's and
 * a function's header says that the sound has no known end, which readers take as up to the end of the file. Errors:
 * ARGUMENT, IO, MEMORY, STATE. */
UTTER_API int utter_sink_finish(utter_sink *sink);

struct utter_sink_info {
    size_t struct_size; /* set by the caller */
    const char *format; /* as in utter_sink_params */
    int sample_rate;    /* Hz of the file */
    int channel_count;
    int64_t frames;  /* in the file so far; some of what was written may still be on its way through the resampler */
    int64_t bytes;   /* written so far */
    int64_t clipped; /* samples that were beyond [-1, 1], or not numbers */
};

/* Fills *info; strings live as long as the library. */
UTTER_API int utter_sink_get_info(const utter_sink *sink, struct utter_sink_info *info);

/* Closes and nulls. Without a finish that succeeded, the file is removed where there was none before, and emptied where
 * there was one, so that nobody takes it for whole; devices and pipes keep what they got. */
UTTER_API void utter_sink_close(utter_sink **sink);

/* ---- recordings without what was redacted -------------------------------------------------------- */

enum utter_cover { UTTER_COVER_SILENCE = 0, UTTER_COVER_BEEP /* 1 kHz at -20 dB of full scale */ };

struct utter_cover_params {
    size_t struct_size;
    enum utter_cover with;
    enum utter_channels channels; /* as the recording was transcribed: MIX covers all of its channels, SPLIT the one
                                     that a stretch names */
};

UTTER_API void utter_cover_params_init(struct utter_cover_params *params);

/* Copies a recording with stretches of it covered: utter_transcript.redacted of the same recording, which reach beyond
 * the words already, or what utter_session_next_redacted gave. They are covered whole, and the sound fades out within
 * the 5 ms before and back in within the 5 ms behind. source is read once more, so that it cannot be the stream that
 * was transcribed. sample_rate and channel_count of sink are the recording's and ignored; the format's rate is
 * output_rate, or for 0 the recording's, 8000 for G.711. params may be NULL. No file is left where it fails. Errors:
 * ARGUMENT (a stretch that is none, or of a channel that there is not; the file is the recording; a format or rate, as
 * utter_sink_open), IO, AUDIO, UNSUPPORTED, MEMORY. Any thread. */
UTTER_API int utter_cover(const struct utter_source *source, const struct utter_redacted *stretches, size_t count,
                          const struct utter_cover_params *params, const struct utter_sink_params *sink);

/* ---- looking inside ------------------------------------------------------------------------------ */

struct utter_tensor_info {
    const char *name;
    const char *file; /* the shard it lies in */
    const char *type; /* as stored: "F32", "F16", "BF16", "I8", "I64", "Q5_0" … */
    int rank;
    const int64_t *shape; /* rank dimensions */
    int64_t count;        /* elements */
    int64_t bytes;
    /* over the finite elements, 0 where there are none; zeros for types without values */
    double minimum, maximum, mean, deviation;
    int64_t not_finite, zeros;
};

/* Visits every tensor of a checkpoint (safetensors, ggml, GGUF or PyTorch, told apart by content), a
 * sharded index or a model directory, in order of name; a nonzero return of the visitor ends the walk
 * with CANCELLED. What it is given is valid during the call. Errors: ARGUMENT, MEMORY, IO, MODEL,
 * UNSUPPORTED, CANCELLED. Any thread. */
UTTER_API int utter_inspect(const char *path, int (*visit)(void *context, const struct utter_tensor_info *tensor),
                            void *context);

/* ---- language models ------------------------------------------------------------------------------ */

struct utter_lm_info {
    size_t struct_size; /* set by the caller */
    int order;
    int64_t counts[8]; /* n-grams of order 1 to order */
    int64_t bytes;     /* of the file */
};

/* Makes a file that sessions map and use where it lies from a back-off n-gram model of words in the ARPA format, plain
 * or compressed by gzip, of order 8 at most. Words are matched byte by byte with what the acoustic model spells. exact:
 * nonzero keeps probabilities as they are; else they take 8 bits each. info may be NULL. Takes memory of about four
 * times the ARPA file. Errors: ARGUMENT, IO, MODEL (with the line), UNSUPPORTED, MEMORY. Any thread. */
UTTER_API int utter_lm_build(const char *arpa, const char *path, int exact, struct utter_lm_info *info);

/* ---- benchmarks ------------------------------------------------------------------------------------ */

struct utter_benchmark_params {
    size_t struct_size;
    double seconds; /* of sound per row; 0: 20 */
    int batch;      /* rows per forward pass; 0: 8 */
    int repeats;    /* counted runs after one warm-up, medians are reported; 0: 5 */
    int beam;       /* as in utter_session_params */
    int tokens;     /* Whisper: decoded per window; 0: 32 */
};

UTTER_API void utter_benchmark_params_init(struct utter_benchmark_params *params);

struct utter_benchmark {
    size_t struct_size;
    double features_seconds, model_seconds, search_seconds; /* medians for the whole batch */
    double audio_seconds;                                   /* of sound in the batch */
    double model_flops;      /* floating-point operations of the matrix products and convolutions of one pass */
    double matmul_rate;      /* FLOP/s of the library's matrix product alone, on the same shapes in the same
                                precision, weighted as the model uses them, in the same run */
    double activation_bytes; /* arena of one pass */
    /* Whisper: model_seconds is the encoder's time, search_seconds that of all decoder steps. */
    double step_seconds; /* one decoder step, search included; 0 for other families */
    double step_bytes;   /* of weights that a step must read */
    double memory_rate;  /* bytes per second that the device reads memory at, in the same run */
};

/* Times one forward pass on seeded noise, stage by stage. Errors: ARGUMENT, MEMORY, UNSUPPORTED. */
UTTER_API int utter_benchmark_run(utter_model *model, const struct utter_benchmark_params *params,
                                  struct utter_benchmark *result);

#ifdef __cplusplus
}
#endif
#endif
