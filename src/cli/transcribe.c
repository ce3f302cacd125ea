/* transcribe.c - `utter transcribe`: recordings in, text out, in the order given. */
#include "clock.h"
#include "command.h"
#include "covering.h"
#include "decoding.h"
#include "formats.h"
#include "jobs.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "setup.h"
#include "stop.h"
#include "writing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What one file came to: kept from the worker that transcribed it until it is its turn to be printed. */
struct result {
    int error; /* of the library, or of writing its output file */
    bool cancelled;
    struct text output;  /* for standard output */
    struct text timings; /* one JSON line, or empty */
    char message[512];   /* "" or why it failed, or what was wrong with it */
    double seconds;      /* of sound */
};

struct transcription {
    struct setup setup;
    struct decoding decoding;
    struct writing writing;
    struct covering covering;
    struct utter_decoding_params decoding_params;
    const struct utter_text_params *text; /* NULL: words as they are heard */
    const char *format_name, *output_dir, *channels, *language;
    bool words, timings;
    int beam, nbest, jobs;
    const struct format *format;
    char **files;
    size_t count;
    struct result results[JOBS_AHEAD];
    bool header_done;
    size_t failed;
};

/* The file under way, for the library's progress callback. */
struct current {
    size_t index;
    const char *file;
};

static const char summary[] = "Writes what is said in recordings. FILE may be - for standard input.\n";
static const char notes[] =
    "txt is one line per file, empty for silence; json one object per line. With more than one FILE, srt, vtt and lrc\n"
    "need --output-dir, which is made if it is missing and gets NAME.EXT for each file. --words adds the time of each\n"
    "word to txt, vtt and lrc, and gives tsv and csv a row per word; json always has them, srt cannot.\n"
    "Exit status: 0 done, 1 some files failed (each is named on standard error), 2 wrong usage, 130 interrupted.";

static char *output_name(const void *context, size_t index)
{
    const struct transcription *work = context;
    const char *file = work->files[index];
    const char *slash = strrchr(file, '/');
    const char *base = strcmp(file, "-") == 0 ? "stdin" : slash ? slash + 1 : file;
    const char *dot = strrchr(base, '.');
    struct text name = {0};
    text_add_bytes(&name, base, dot && dot != base ? (size_t)(dot - base) : strlen(base));
    text_format(&name, ".%s", work->format->name);
    if (name.failed)
        text_free(&name);
    return name.data;
}

static bool same_file(const char *a, const char *b)
{
    struct stat first, second;
    return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

static void write_file(const struct transcription *work, size_t index, struct result *result)
{
    struct text path = {0};
    char *name = output_name(work, index);
    bool written = false;
    text_format(&path, "%s/%s", work->output_dir, name ? name : "");
    if (!name || path.failed)
        snprintf(result->message, sizeof result->message, "memory ran out");
    else if (same_file(path.data, work->files[index]))
        snprintf(result->message, sizeof result->message, "%s: the output would overwrite the recording", path.data);
    else
        written = output_file(work->output_dir, name, &result->output, result->message, sizeof result->message);
    if (!written)
        result->error = UTTER_ERROR_IO;
    text_clear(&result->output);
    text_free(&path);
    free(name);
}

static void write_timings(const struct transcription *work, const char *file, const struct utter_transcript *transcript,
                          struct text *out)
{
    double compute = transcript->timings.total_seconds;
    json_begin(out, '{');
    json_key_string(out, "file", file);
    json_key_number(out, "audio_seconds", transcript->duration, 3);
    json_key_number(out, "load_seconds", work->setup.load_seconds, 4);
    json_key_number(out, "compute_seconds", compute, 4);
    json_key_number(out, "real_time_factor_x", compute > 0 ? transcript->duration / compute : 0, 1);
    json_key_number(out, "peak_rss_mb", peak_memory_mb(), 1);
    json_end(out, '}');
    text_add(out, "\n");
}

static void render(const struct transcription *work, size_t index, const struct utter_transcript *transcript,
                   struct result *result)
{
    bool split = strcmp(work->channels, "split") == 0 && transcript->channel_count > 1;
    struct recording recording = {work->files[index], work->setup.info.name, transcript, work->words, split};
    if (work->output_dir && work->format->header)
        work->format->header(&result->output, work->words);
    work->format->body(&result->output, &recording);
    if (work->timings)
        write_timings(work, work->files[index], transcript, &result->timings);
    snprintf(result->message, sizeof result->message, "%s", transcript->warning ? transcript->warning : "");
    result->seconds = transcript->duration;
    if (work->output_dir)
        write_file(work, index, result);
}

static int on_progress(void *context, double done, double total)
{
    const struct current *current = context;
    progress_update(current->index, current->file, done, total);
    return stopping();
}

static void transcribe_one(void *context, size_t index)
{
    struct transcription *work = context;
    struct result *result = &work->results[index % JOBS_AHEAD];
    struct current current = {index, work->files[index]};
    struct utter_transcribe_params params;
    struct utter_source source;
    struct utter_transcript *transcript = NULL;
    int descriptor = -1;
    utter_transcribe_params_init(&params);
    utter_source_init(&source);
    params.channels = strcmp(work->channels, "split") == 0 ? UTTER_CHANNELS_SPLIT : UTTER_CHANNELS_MIX;
    params.beam = work->beam;
    params.nbest = work->nbest;
    params.language = work->language;
    params.batch = work->decoding.batch;
    params.decoding = &work->decoding_params;
    params.text = work->text;
    params.live = work->decoding.live ? &work->decoding.live_params : NULL;
    params.progress = on_progress;
    params.progress_context = &current;
    if (strcmp(current.file, "-") == 0)
        setup_standard_input(&source);
    else
        setup_path(&source, current.file, &descriptor);
    result->seconds = 0;
    result->message[0] = '\0';
    result->error = utter_transcribe(work->setup.opened, &source, &params, &transcript);
    result->cancelled = result->error < 0 && stopping();
    if (result->error < 0) {
        snprintf(result->message, sizeof result->message, "%s", utter_error_message());
    } else {
        render(work, index, transcript, result);
        if (work->covering.path)
            covering_write(&work->covering, &source, transcript, params.channels, result->message,
                           sizeof result->message);
    }
    if (descriptor >= 0)
        close(descriptor);
    utter_transcript_free(&transcript);
}

static void print_one(void *context, size_t index)
{
    struct transcription *work = context;
    struct result *result = &work->results[index % JOBS_AHEAD];
    struct text header = {0};
    progress_finish(index, result->seconds);
    if (result->message[0] && !result->cancelled)
        complain_about(strcmp(work->files[index], "-") == 0 ? "standard input" : work->files[index], result->message);
    work->failed += result->message[0] != '\0';
    if (result->error == 0 && !work->output_dir) {
        if (work->format->header && !work->header_done)
            work->format->header(&header, work->words);
        work->header_done = true;
        text_add_bytes(&header, result->output.data, result->output.length);
        header.failed = header.failed || result->output.failed;
        if (!output_text(&header)) {
            work->failed++;
            stop_now();
        }
    }
    if (result->error == 0 && result->timings.length) {
        progress_hide();
        fwrite(result->timings.data, 1, result->timings.length, stderr);
    }
    text_free(&header);
    text_free(&result->output);
    text_free(&result->timings);
}

/* Says no, in one sentence, to what this version cannot do and to what makes no sense. */
static int check_request(const struct usage *usage, struct transcription *work)
{
    size_t inputs = 0;
    for (size_t i = 0; i < work->count; i++)
        inputs += strcmp(work->files[i], "-") == 0;
    work->format = format_find(work->format_name);
    if (work->words && !work->format->words)
        return usage_error(usage, "--words: %s has no word times; txt, json, vtt, tsv, csv and lrc do",
                           work->format->name);
    if (work->nbest && strcmp(work->format->name, "json") != 0)
        return usage_error(usage, "--nbest: only --format json says what else was heard");
    if (work->count == 0)
        return usage_error(usage, "no recordings given");
    if (inputs > 1)
        return usage_error(usage, "- can be given once only: standard input can be read once");
    if (work->count > 1 && !work->format->many && !work->output_dir)
        return usage_error(usage, "--format %s of more than one file needs --output-dir", work->format->name);
    int status = writing_check_kinds(usage, &work->writing);
    if (!status)
        status = covering_check(usage, &work->covering, work->files, work->count);
    return status ? status : setup_check(usage, &work->setup);
}

static int prepare_directory(const struct usage *usage, const struct transcription *work)
{
    if (!work->output_dir)
        return 0;
    int status = output_check_names(usage, work->output_dir, output_name, work, work->count);
    return status ? status : output_directory(work->output_dir);
}

static int run(const struct usage *usage, struct transcription *work)
{
    int jobs = work->jobs ? work->jobs : jobs_default(work->count, setup_threads(&work->setup));
    if ((size_t)jobs > work->count)
        jobs = (int)work->count;
    int status = setup_open(&work->setup, jobs, NULL);
    if (!status)
        status = decoding_check(usage, &work->decoding, &work->setup.info);
    if (!status)
        status = setup_check_language(&work->setup, work->language);
    work->text = writing_params(&work->writing);
    if (!status)
        status = writing_check(&work->writing, work->setup.opened, work->language);
    /* JSON always has the words' times, so they are to be true. */
    decoding_params(&work->decoding, work->words || strcmp(work->format->name, "json") == 0, &work->decoding_params);
    if (!status)
        status = decoding_check_files(usage, &work->decoding, work->beam, work->setup.opened, &work->decoding_params);
    if (!status) {
        struct jobs list = {work->count, jobs, transcribe_one, print_one, work};
        stop_catch_signals();
        progress_open(work->count);
        jobs_run(&list);
        progress_close();
        status = stop_status(work->failed ? EXIT_SOME_FAILED : EXIT_DONE);
    }
    setup_close(&work->setup);
    return status;
}

int command_transcribe(int argc, char **argv)
{
    static struct transcription work; /* large, and one per process */
    work.format_name = "txt";
    work.channels = "mix";
    const struct option_spec options[] = {
        SETUP_OPTIONS(work.setup),
        {"format", OPTION_CHOICE, &work.format_name, FORMAT_NAMES, 0, 0, "how to write it (default: txt)"},
        {"output-dir", OPTION_TEXT, &work.output_dir, "D", 0, 0, "write a file per recording into D"},
        {"channels", OPTION_CHOICE, &work.channels, "mix|split", 0, 0, "all channels as one (default), or each alone"},
        {"language", OPTION_TEXT, &work.language, "L", 0, 0, "the language spoken, as en"},
        {"beam", OPTION_INTEGER, &work.beam, "N", 1, 256,
         "width of the beam search (default: 64 with a language model, 32 with phrases or a grammar alone, else 1, "
         "greedy; Whisper, "
         "transducers: at most "
         "64)"},
        {"nbest", OPTION_INTEGER, &work.nbest, "N", 1, 256,
         "with json: the N likeliest texts, at most the beam, and their tokens"},
        {"words", OPTION_FLAG, &work.words, NULL, 0, 0, "the time of each word"},
        {"timings", OPTION_FLAG, &work.timings, NULL, 0, 0, "a JSON line per file on standard error"},
        {"jobs", OPTION_INTEGER, &work.jobs, "N", 1, 64, "files at once (default: by their number and the threads)"},
        LM_OPTIONS(work.decoding),
        GRAMMAR_OPTIONS(work.decoding),
        BOOST_OPTIONS(work.decoding),
        NO_SPEECH_OPTION(work.decoding),
        BATCH_OPTION(work.decoding),
        LIVE_OPTION(work.decoding),
        WRITING_OPTIONS(work.writing),
        COVERING_OPTIONS(work.covering),
        DECODING_OPTIONS(work.decoding),
    };
    const struct usage usage = {
        "utter transcribe", "[options] FILE|- ...", summary, notes, options, sizeof options / sizeof *options};
    int status;
    int count = options_parse(&usage, argc, argv, &status);
    if (count < 0)
        return status;
    work.files = argv;
    work.count = (size_t)count;
    if (work.covering.path && !work.writing.redact)
        work.writing.redact = "";
    status = check_request(&usage, &work);
    if (!status)
        status = prepare_directory(&usage, &work);
    if (!status)
        status = covering_prepare(&usage, &work.covering, work.files, work.count);
    return status ? status : run(&usage, &work);
}
