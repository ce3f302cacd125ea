/* bench_live.h - `utter bench --live`: how late text is, and how many streams there is time for. */
#ifndef CLI_BENCH_LIVE_H
#define CLI_BENCH_LIVE_H

#include "utter.h"

struct bench_live {
    const char *file;     /* what the streams say, each from another point on */
    int streams, feeders; /* feeders: threads that the streams are shared out to */
    double seconds;       /* of every stream */
    const struct utter_decoding_params *decoding;
    int beam;
    const char *voice_activity;
};

/* The p-th part of the values lies below. */
struct quantiles {
    double median, p95, most; /* seconds */
    size_t count;
};

struct bench_live_result {
    struct quantiles word;   /* from a word's end to the first text that has a word in its place */
    struct quantiles same;   /* … and to the first that has the same word */
    struct quantiles commit; /* from the end of the end-point silence to the utterance's last text */
    double late;             /* the latest that a packet came, behind its time */
    double processor_share;  /* of the feeders' cores */
    double megabytes_a_stream;
    double model_seconds, features_seconds, search_seconds; /* of all streams */
};

/* Feeds the streams at the pace of speech, in packets of 20 ms. Returns 0, or an exit status after a message. */
int bench_live_run(utter_model *model, const struct bench_live *bench, struct bench_live_result *result);

#endif
