/* bench.c - `utter bench`: what each stage costs, and how near the model comes to the machine's own matrix product. */
#include "bench_live.h"
#include "bench_speak.h"
#include "clock.h"
#include "command.h"
#include "decoding.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "report.h"
#include "setup.h"
#include "stop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_REPEATS = 1000, ROWS = 8, TOKENS = 32 };

struct bench {
    struct setup setup;
    const char *shape, *format, *file;
    double seconds;
    int batch, repeats, beam, tokens;
    bool live, speak;
    int streams;
    struct speaking speaking; /* with speak: its voice */
    const char *voice_activity;
    struct decoding decoding; /* with a file */
    struct utter_decoding_params decoding_params;
};

/* One run over a file, or the medians of several. */
struct passage {
    double audio, decode, features, model, search, total;
};

static const char summary[] =
    "Times the stages of one forward pass on seeded noise, or with --file the whole path from a recording to text.\n";
static const char notes[] =
    "Times are medians over the repeats, after one run that is not counted. GFLOP are those of the matrix products "
    "and\n"
    "convolutions; the matrix-product rate is that of the library's own product alone on the same shapes, in the same\n"
    "precision and the same run. A Whisper's and a transducer's model time is the encoder's, and the search time that "
    "of the "
    "decoder's steps.\n"
    "--live: N streams, each from another point of the recording on, in packets of 20 ms at the pace of speech. How "
    "late a\n"
    "word is: from its end to the first text that has a word in its place, and to the first that has the word that is\n"
    "committed; how late committed text is: after the 0.7 s of silence that end an utterance.\n"
    "Shapes: parakeet-ctc-0.6b, parakeet-ctc-1.1b, default-en; parakeet-tdt-0.6b (also -v2, -v3), parakeet-rnnt-0.6b,\n"
    "transducer-toy; whisper-tiny, -base, -small, -medium (each also .en),\n"
    "-large-v2, -large-v3, -large-v3-turbo, -distil-large-v3, -toy. Whisper's own options count with --file.\n"
    "--speak: some 20 s of speech, and a sentence of ten words alone, whose first sound is waited for. Its shapes:\n"
    "voice-en, fastspeech2-conformer (with HiFi-GAN V1; /v2, /v3), vits-ljs.";

static void add_head(struct report *report, const struct bench *bench)
{
    const struct utter_model_info *info = &bench->setup.info;
    report_text(report, "version", "version", utter_version());
    report_text(report, "model", "model", info->name);
    report_text(report, "family", "family", info->family);
    report_text(report, "precision", "precision", info->precision);
    report_text(report, "device", "device", info->device);
    report_number(report, "threads", "threads", setup_threads(&bench->setup), 0, "");
    report_number(report, "parameters", "parameters", (double)info->parameters, 0, "");
    report_number(report, "weight_mb", "weights in memory", 1e-6 * (double)info->weight_bytes, 1, " MB");
    report_number(report, "load_seconds", "load", bench->setup.load_seconds, 3, " s");
}

static void add_benchmark(struct report *report, const struct bench *bench, const struct utter_benchmark *result)
{
    double total = result->features_seconds + result->model_seconds + result->search_seconds;
    double rate = result->model_seconds > 0 ? result->model_flops / result->model_seconds : 0;
    report_number(report, "batch", "batch", bench->batch ? bench->batch : ROWS, 0, "");
    report_number(report, "row_seconds", "sound per row", bench->seconds, 1, " s");
    report_number(report, "repeats", "repeats", bench->repeats, 0, "");
    report_stage(report, "features_seconds", "features", result->features_seconds, total);
    report_stage(report, "model_seconds", "model", result->model_seconds, total);
    report_stage(report, "search_seconds", "search", result->search_seconds, total);
    report_stage(report, "total_seconds", "total", total, total);
    report_number(report, "real_time_factor_x", "real-time factor", total > 0 ? result->audio_seconds / total : 0, 1,
                  "x");
    report_number(report, "gflop", "work of the model", 1e-9 * result->model_flops, 2, " GFLOP");
    report_number(report, "gflop_per_second", "rate of the model", 1e-9 * rate, 1, " GFLOP/s");
    report_number(report, "matmul_gflop_per_second", "matrix-product rate", 1e-9 * result->matmul_rate, 1, " GFLOP/s");
    report_number(report, "fraction_of_matmul", "fraction of it",
                  result->matmul_rate > 0 ? rate / result->matmul_rate : 0, 3, "");
    if (result->step_seconds > 0) {
        double floor = result->memory_rate > 0 ? result->step_bytes / result->memory_rate : 0;
        report_number(report, "step_ms", "decoder step", 1e3 * result->step_seconds, 2, " ms");
        report_number(report, "memory_gb_per_second", "memory rate", 1e-9 * result->memory_rate, 1, " GB/s");
        report_number(report, "step_floor_ms", "floor of a step", 1e3 * floor, 2, " ms");
        report_number(report, "step_over_floor", "times its floor", floor > 0 ? result->step_seconds / floor : 0, 2,
                      "");
    }
    report_number(report, "activation_mb", "activations", 1e-6 * result->activation_bytes, 1, " MB");
}

static void add_passage(struct report *report, const struct bench *bench, const struct passage *median)
{
    double total = median->total;
    report_text(report, "file", "file", bench->file);
    report_number(report, "audio_seconds", "sound", median->audio, 2, " s");
    report_number(report, "repeats", "repeats", bench->repeats, 0, "");
    report_stage(report, "decode_seconds", "decode", median->decode, total);
    report_stage(report, "features_seconds", "features", median->features, total);
    report_stage(report, "model_seconds", "model", median->model, total);
    report_stage(report, "search_seconds", "search", median->search, total);
    report_stage(report, "total_seconds", "total", total, total);
    report_number(report, "real_time_factor_x", "real-time factor", total > 0 ? median->audio / total : 0, 1, "x");
    report_number(report, "load_to_text_seconds", "load to text", bench->setup.load_seconds + total, 3, " s");
}

static int on_progress(void *context, double done, double total)
{
    (void)context, (void)done, (void)total;
    return stopping();
}

static int transcribe_once(const struct bench *bench, struct passage *passage)
{
    struct utter_transcribe_params params;
    struct utter_source source;
    struct utter_transcript *transcript = NULL;
    utter_transcribe_params_init(&params);
    utter_source_init(&source);
    params.beam = bench->beam;
    params.batch = bench->batch;
    params.decoding = &bench->decoding_params;
    params.progress = on_progress;
    source.path = bench->file;
    double began = clock_now();
    if (utter_transcribe(bench->setup.opened, &source, &params, &transcript) < 0) {
        if (!stopping())
            complain_about(bench->file, utter_error_message());
        return EXIT_SOME_FAILED;
    }
    const struct utter_timings *times = &transcript->timings;
    *passage = (struct passage){transcript->duration, times->decode_seconds, times->features_seconds,
                                times->model_seconds, times->search_seconds, clock_now() - began};
    utter_transcript_free(&transcript);
    return 0;
}

static int time_file(const struct bench *bench, struct passage *median)
{
    static double columns[5][MOST_REPEATS];
    int status = transcribe_once(bench, median);
    for (int i = 0; i < bench->repeats && !status; i++) {
        struct passage once;
        status = transcribe_once(bench, &once);
        if (status)
            break;
        columns[0][i] = once.decode;
        columns[1][i] = once.features;
        columns[2][i] = once.model;
        columns[3][i] = once.search;
        columns[4][i] = once.total;
    }
    if (!status)
        *median = (struct passage){median->audio,
                                   report_median(columns[0], bench->repeats),
                                   report_median(columns[1], bench->repeats),
                                   report_median(columns[2], bench->repeats),
                                   report_median(columns[3], bench->repeats),
                                   report_median(columns[4], bench->repeats)};
    return status;
}

static int time_noise(const struct bench *bench, struct utter_benchmark *result)
{
    struct utter_benchmark_params params;
    utter_benchmark_params_init(&params);
    params.seconds = bench->seconds;
    params.batch = bench->batch ? bench->batch : ROWS;
    params.repeats = bench->repeats;
    params.beam = bench->beam;
    params.tokens = bench->tokens ? bench->tokens : TOKENS;
    memset(result, 0, sizeof *result);
    result->struct_size = sizeof *result;
    if (utter_benchmark_run(bench->setup.opened, &params, result) == 0)
        return 0;
    complain("%s", utter_error_message());
    return EXIT_SOME_FAILED;
}

static void add_quantiles(struct report *report, const char *key, const char *label, const struct quantiles *q)
{
    if (report->json) {
        json_key(&report->out, key);
        json_begin(&report->out, '{');
        json_key_integer(&report->out, "count", (long long)q->count);
        json_key_number(&report->out, "median", q->median, 6);
        json_key_number(&report->out, "p95", q->p95, 6);
        json_key_number(&report->out, "most", q->most, 6);
        json_end(&report->out, '}');
    } else {
        text_format(&report->out, "%-22s median %.0f ms, 95 %% within %.0f ms, all %.0f ms (%zu)\n", label,
                    1e3 * q->median, 1e3 * q->p95, 1e3 * q->most, q->count);
    }
}

static void add_live(struct report *report, const struct bench *bench, const struct bench_live_result *result)
{
    report_text(report, "file", "file", bench->file);
    report_number(report, "streams", "streams", bench->streams, 0, "");
    report_number(report, "stream_seconds", "sound of each", bench->seconds, 1, " s");
    add_quantiles(report, "word_seconds", "word to tentative text", &result->word);
    add_quantiles(report, "same_word_seconds", "… to the right one", &result->same);
    add_quantiles(report, "commit_seconds", "end-point to committed", &result->commit);
    report_number(report, "late_seconds", "latest packet", 1e3 * result->late, 0, " ms");
    report_number(report, "processor_share", "share of the cores", 100 * result->processor_share, 1, " %");
    report_number(report, "stream_mb", "memory of a stream", result->megabytes_a_stream, 2, " MB");
    double busy = result->features_seconds + result->model_seconds + result->search_seconds;
    report_stage(report, "features_seconds", "features", result->features_seconds, busy);
    report_stage(report, "model_seconds", "model", result->model_seconds, busy);
    report_stage(report, "search_seconds", "search", result->search_seconds, busy);
}

static int time_live(const struct bench *bench, struct bench_live_result *result)
{
    const int cores = setup_threads(&bench->setup);
    const struct bench_live live = {.file = bench->file,
                                    .streams = bench->streams,
                                    .feeders = bench->streams < cores ? bench->streams : cores,
                                    .seconds = bench->seconds,
                                    .decoding = &bench->decoding_params,
                                    .beam = bench->beam,
                                    .voice_activity = bench->voice_activity};
    return bench_live_run(bench->setup.opened, &live, result);
}

static int run(const struct usage *usage, struct bench *bench)
{
    struct report report = {.json = strcmp(bench->format, "json") == 0};
    struct utter_benchmark result;
    struct passage median;
    struct bench_live_result live;
    const int cores = setup_threads(&bench->setup);
    int jobs = !bench->live ? 1 : bench->streams < cores ? bench->streams : cores;
    int status = setup_open(&bench->setup, jobs, bench->shape);
    if (!status && (status = decoding_check(usage, &bench->decoding, &bench->setup.info)))
        setup_close(&bench->setup);
    if (status)
        return status;
    decoding_params(&bench->decoding, false, &bench->decoding_params);
    if (report.json)
        json_begin(&report.out, '{');
    add_head(&report, bench);
    if (bench->live) {
        stop_catch_signals();
        status = time_live(bench, &live);
        if (!status)
            add_live(&report, bench, &live);
    } else if (bench->file) {
        stop_catch_signals(); /* a pass over noise has no callback: there, a signal may end the program */
        status = time_file(bench, &median);
        if (!status)
            add_passage(&report, bench, &median);
    } else {
        status = time_noise(bench, &result);
        if (!status)
            add_benchmark(&report, bench, &result);
    }
    report_number(&report, "peak_rss_mb", "peak memory", peak_memory_mb(), 1, " MB");
    if (report.json) {
        json_end(&report.out, '}');
        text_add(&report.out, "\n");
    }
    if (!status && !output_text(&report.out))
        status = EXIT_SOME_FAILED;
    text_free(&report.out);
    setup_close(&bench->setup);
    return stop_status(status);
}

/* The options say which engine once, for models and voices alike. */
static int speak(struct bench *bench)
{
    struct report report = {.json = strcmp(bench->format, "json") == 0};
    bench->speaking.setup = bench->setup;
    if (report.json)
        json_begin(&report.out, '{');
    int status = bench_speak(&bench->speaking, bench->shape, bench->repeats, &report);
    if (report.json) {
        json_end(&report.out, '}');
        text_add(&report.out, "\n");
    }
    if (!status && !output_text(&report.out))
        status = EXIT_SOME_FAILED;
    text_free(&report.out);
    return status;
}

int command_bench(int argc, char **argv)
{
    static struct bench bench = {.format = "txt", .seconds = 20, .repeats = 5, .streams = 1};
    const struct option_spec options[] = {
        SETUP_OPTIONS(bench.setup),
        {"shape", OPTION_TEXT, &bench.shape, "NAME", 0, 0, "random weights of a published shape instead of a model"},
        {"seconds", OPTION_NUMBER, &bench.seconds, "S", 0.1, 3600,
         "of sound per row, or of each live stream (default: 20)"},
        {"batch", OPTION_INTEGER, &bench.batch, "B", 1, 1024,
         "rows per forward pass (default: 8; with --file its own)"},
        {"repeats", OPTION_INTEGER, &bench.repeats, "R", 1, MOST_REPEATS, "runs that count (default: 5)"},
        {"file", OPTION_TEXT, &bench.file, "SOUND", 0, 0, "time a recording from file to text"},
        {"live", OPTION_FLAG, &bench.live, NULL, 0, 0, "with --file: as live streams, at the pace of speech"},
        {"speak", OPTION_FLAG, &bench.speak, NULL, 0, 0, "a voice instead of a model: text to sound"},
        {"voice", OPTION_TEXT, &bench.speaking.voice, "NAME|PATH", 0, 0, "with --speak (default: voice-en)"},
        {"vocoder", OPTION_TEXT, &bench.speaking.vocoder, "PATH", 0, 0, "with --speak: instead of the voice's own"},
        {"streams", OPTION_INTEGER, &bench.streams, "N", 1, 10000, "live streams at once (default: 1)"},
        {"voice-activity", OPTION_TEXT, &bench.voice_activity, "energy|PATH", 0, 0, "live: what tells where speech is"},
        {"beam", OPTION_INTEGER, &bench.beam, "N", 1, 256, "width of the beam search (default: as in transcribe)"},
        {"tokens", OPTION_INTEGER, &bench.tokens, "N", 1, 224, "Whisper: decoded per row of noise (default: 32)"},
        {"format", OPTION_CHOICE, &bench.format, "txt|json", 0, 0, "a table (default), or one JSON object"},
        DECODING_OPTIONS(bench.decoding),
    };
    const struct usage usage = {"utter bench", "[options]", summary, notes, options, sizeof options / sizeof *options};
    int status;
    int count = options_parse(&usage, argc, argv, &status);
    if (count < 0)
        return status;
    if (count > 0)
        return usage_error(&usage, "'%s' is no option; a recording is given with --file", argv[0]);
    if (bench.live && !bench.file)
        return usage_error(&usage, "--live needs a recording: --file SOUND");
    if (bench.shape && bench.setup.model)
        return usage_error(&usage, "--model and --shape exclude each other");
    if (bench.speak && (bench.live || bench.file || bench.setup.model))
        return usage_error(&usage, "--speak is not of models or recordings: --voice or --shape go with it");
    if (!bench.speak && (bench.speaking.voice || bench.speaking.vocoder))
        return usage_error(&usage, "--voice and --vocoder go with --speak");
    status = setup_check(&usage, &bench.setup);
    if (status)
        return status;
    return bench.speak ? speak(&bench) : run(&usage, &bench);
}
