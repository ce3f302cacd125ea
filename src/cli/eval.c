/* eval.c - `utter eval`: how many words of labelled recordings a model gets wrong. */
#include "clock.h"
#include "command.h"
#include "decoding.h"
#include "formats.h"
#include "jobs.h"
#include "json.h"
#include "manifest.h"
#include "options.h"
#include "output.h"
#include "progress.h"
#include "setup.h"
#include "stop.h"
#include "wer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct score {
    size_t utterances, failed;
    struct wer wer;
    double audio_seconds, wall_seconds;
};

struct answer {
    bool done;
    struct wer wer;
    struct text heard, row;
    char message[512];
    double seconds;
};

struct evaluation {
    struct setup setup;
    struct decoding decoding;
    struct utter_decoding_params decoding_params;
    const char *format, *hypotheses, *language;
    int beam, jobs;
    FILE *hypotheses_file;
    const struct manifest *manifest; /* the set under way */
    struct score score;              /* of it */
    struct answer answers[JOBS_AHEAD];
};

struct current {
    size_t index;
    const char *file;
};

static const char summary[] =
    "Transcribes the recordings that each manifest lists and counts the words that came out wrong.\n"
    "A manifest is a tab-separated file whose first line names its columns, of which file and text are used. Paths\n"
    "start from the folder named like the manifest without .tsv, where there is one, else from the manifest's "
    "folder.\n";
static const char notes[] =
    "Words are compared after lower-casing, deleting apostrophes and all other punctuation, and turning hyphens, "
    "dashes\n"
    "and slashes into spaces; digits are not spelled out. speed is seconds of sound per second of wall time.\n"
    "Exit status: 0 done, 1 some recordings failed (they are named and not counted), 2 wrong usage.";

static int on_progress(void *context, double done, double total)
{
    const struct current *current = context;
    progress_update(current->index, current->file, done, total);
    return stopping();
}

/* Compares what was heard with what was said, and writes the row of the hypotheses' table. */
static int judge(const struct evaluation *work, const struct manifest_row *row, struct answer *answer)
{
    struct text said = {0}, heard = {0}, hypothesis = {0};
    wer_normalize(&said, row->text);
    wer_normalize(&heard, answer->heard.data);
    text_add_line(&hypothesis, answer->heard.data);
    int status = said.failed || heard.failed || wer_count(said.data, heard.data, &answer->wer);
    if (!status && work->hypotheses_file) {
        tsv_field(&answer->row, work->manifest->name);
        text_add(&answer->row, "\t");
        tsv_field(&answer->row, row->file);
        text_format(&answer->row, "\t%zu\t%zu\t%zu\t%zu\t", answer->wer.words, answer->wer.substitutions,
                    answer->wer.deletions, answer->wer.insertions);
        tsv_field(&answer->row, row->text);
        text_add(&answer->row, "\t");
        tsv_field(&answer->row, hypothesis.data ? hypothesis.data : "");
        text_add(&answer->row, "\n");
    }
    text_free(&said);
    text_free(&heard);
    text_free(&hypothesis);
    return status;
}

static void transcribe_one(void *context, size_t index)
{
    struct evaluation *work = context;
    const struct manifest_row *row = &work->manifest->rows[index];
    struct answer *answer = &work->answers[index % JOBS_AHEAD];
    struct current current = {index, row->file};
    struct utter_transcribe_params params;
    struct utter_source source;
    struct utter_transcript *transcript = NULL;
    memset(answer, 0, sizeof *answer);
    utter_transcribe_params_init(&params);
    utter_source_init(&source);
    params.beam = work->beam;
    params.language = work->language;
    params.batch = work->decoding.batch;
    params.decoding = &work->decoding_params;
    params.live = work->decoding.live ? &work->decoding.live_params : NULL;
    params.progress = on_progress;
    params.progress_context = &current;
    source.path = row->path;
    if (utter_transcribe(work->setup.opened, &source, &params, &transcript) < 0) {
        snprintf(answer->message, sizeof answer->message, "%s", utter_error_message());
        return;
    }
    answer->seconds = transcript->duration;
    text_add(&answer->heard, transcript->text);
    if (transcript->warning && *transcript->warning)
        snprintf(answer->message, sizeof answer->message, "%s", transcript->warning);
    else if (answer->heard.failed || judge(work, row, answer))
        snprintf(answer->message, sizeof answer->message, "memory ran out");
    else
        answer->done = true;
    utter_transcript_free(&transcript);
}

static void count_one(void *context, size_t index)
{
    struct evaluation *work = context;
    struct answer *answer = &work->answers[index % JOBS_AHEAD];
    struct score *score = &work->score;
    progress_finish(index, answer->seconds);
    if (answer->done) {
        score->utterances++;
        score->wer.words += answer->wer.words;
        score->wer.substitutions += answer->wer.substitutions;
        score->wer.deletions += answer->wer.deletions;
        score->wer.insertions += answer->wer.insertions;
        score->audio_seconds += answer->seconds;
        if (work->hypotheses_file &&
            fwrite(answer->row.data, 1, answer->row.length, work->hypotheses_file) != answer->row.length)
            stop_now();
    } else if (!stopping()) {
        score->failed++;
        complain_about(work->manifest->rows[index].path, answer->message);
    }
    text_free(&answer->heard);
    text_free(&answer->row);
}

static void add_score(struct score *total, const struct score *score)
{
    total->utterances += score->utterances;
    total->failed += score->failed;
    total->wer.words += score->wer.words;
    total->wer.substitutions += score->wer.substitutions;
    total->wer.deletions += score->wer.deletions;
    total->wer.insertions += score->wer.insertions;
    total->audio_seconds += score->audio_seconds;
    total->wall_seconds += score->wall_seconds;
}

static double speed(const struct score *score)
{
    return score->wall_seconds > 0 ? score->audio_seconds / score->wall_seconds : 0;
}

static void add_line(struct text *out, const char *name, const struct score *score)
{
    text_format(out, "%-26s %10zu %7zu ", name, score->utterances, score->wer.words);
    if (score->wer.words)
        text_format(out, "%7.2f", wer_percent(&score->wer));
    else
        text_format(out, "%7s", "-");
    text_format(out, " %6zu %6zu %6zu %8.1f", score->wer.substitutions, score->wer.deletions, score->wer.insertions,
                speed(score));
    if (score->failed)
        text_format(out, "  (%zu failed)", score->failed);
    text_add(out, "\n");
}

static void add_object(struct text *out, const char *name, const struct score *score)
{
    json_begin(out, '{');
    if (name)
        json_key_string(out, "set", name);
    json_key_integer(out, "utterances", (int64_t)score->utterances);
    json_key_integer(out, "failed", (int64_t)score->failed);
    json_key_integer(out, "words", (int64_t)score->wer.words);
    json_key_number(out, "word_error_rate", wer_percent(&score->wer), 3);
    json_key_integer(out, "substitutions", (int64_t)score->wer.substitutions);
    json_key_integer(out, "deletions", (int64_t)score->wer.deletions);
    json_key_integer(out, "insertions", (int64_t)score->wer.insertions);
    json_key_number(out, "audio_seconds", score->audio_seconds, 3);
    json_key_number(out, "wall_seconds", score->wall_seconds, 3);
    json_key_number(out, "real_time_factor_x", speed(score), 1);
    json_end(out, '}');
}

/* Transcribes one set into work->score. */
static void run_set(struct evaluation *work, const struct manifest *manifest, int jobs)
{
    struct jobs list = {manifest->count, jobs, transcribe_one, count_one, work};
    memset(&work->score, 0, sizeof work->score);
    work->manifest = manifest;
    double began = clock_now();
    progress_open(manifest->count);
    jobs_run(&list);
    progress_close();
    work->score.wall_seconds = clock_now() - began;
}

static bool print_and_clear(struct text *out, bool now)
{
    if (!now)
        return true;
    bool written = output_text(out);
    text_clear(out);
    return written;
}

/* Runs every set; the table's lines appear as the sets end, the JSON object at the end of all. */
static int run_sets(struct evaluation *work, const struct manifest *manifests, int count, int jobs)
{
    struct text out = {0};
    struct score total = {0};
    bool json = strcmp(work->format, "json") == 0, written = true;
    if (json) {
        json_begin(&out, '{');
        json_key_string(&out, "model", work->setup.info.name);
        json_key_string(&out, "precision", work->setup.info.precision);
        json_key_string(&out, "device", work->setup.info.device);
        if (work->beam)
            json_key_integer(&out, "beam", work->beam);
        json_key(&out, "sets");
        json_begin(&out, '[');
    } else {
        text_format(&out, "%-26s %10s %7s %7s %6s %6s %6s %8s\n", "set", "utterances", "words", "WER %", "sub", "del",
                    "ins", "speed x");
    }
    for (int i = 0; i < count && written && !stopping(); i++) {
        run_set(work, &manifests[i], jobs);
        add_score(&total, &work->score);
        if (stopping())
            break;
        if (json)
            json_item(&out);
        (json ? add_object : add_line)(&out, manifests[i].name, &work->score);
        written = print_and_clear(&out, !json);
    }
    if (json) {
        json_end(&out, ']');
        json_key(&out, "total");
        add_object(&out, NULL, &total);
        json_end(&out, '}');
        text_add(&out, "\n");
    } else {
        add_line(&out, "total", &total);
    }
    if (!stopping())
        written = written && output_text(&out);
    text_free(&out);
    return stop_status(written && !total.failed && !stopping() ? EXIT_DONE : EXIT_SOME_FAILED);
}

static int close_hypotheses(struct evaluation *work, int status)
{
    if (!work->hypotheses_file)
        return status;
    bool failed = ferror(work->hypotheses_file) != 0;
    failed |= fclose(work->hypotheses_file) != 0;
    if (failed)
        complain("%s: cannot be written", work->hypotheses);
    return failed && !status ? EXIT_SOME_FAILED : status;
}

static int run(const struct usage *usage, struct evaluation *work, const struct manifest *manifests, int count)
{
    size_t most = 0;
    for (int i = 0; i < count; i++)
        most = manifests[i].count > most ? manifests[i].count : most;
    int jobs = work->jobs ? work->jobs : jobs_default(most, setup_threads(&work->setup));
    int status = setup_open(&work->setup, jobs, NULL);
    if (!status)
        status = decoding_check(usage, &work->decoding, &work->setup.info);
    if (!status)
        status = setup_check_language(&work->setup, work->language);
    decoding_params(&work->decoding, false, &work->decoding_params);
    if (!status)
        status = decoding_check_files(usage, &work->decoding, work->beam, work->setup.opened, &work->decoding_params);
    if (!status && work->hypotheses) {
        work->hypotheses_file = fopen(work->hypotheses, "w");
        if (work->hypotheses_file) {
            fputs("set\tfile\twords\tsubstitutions\tdeletions\tinsertions\treference\thypothesis\n",
                  work->hypotheses_file);
        } else {
            complain("%s: cannot be opened: %s", work->hypotheses, strerror(errno));
            status = EXIT_SOME_FAILED;
        }
    }
    if (!status) {
        stop_catch_signals();
        status = run_sets(work, manifests, count, jobs);
    }
    status = close_hypotheses(work, status);
    setup_close(&work->setup);
    return status;
}

int command_eval(int argc, char **argv)
{
    enum { MOST_SETS = 256 };
    static struct evaluation work;
    static struct manifest manifests[MOST_SETS];
    work.format = "txt";
    const struct option_spec options[] = {
        SETUP_OPTIONS(work.setup),
        {"beam", OPTION_INTEGER, &work.beam, "N", 1, 256, "width of the beam search (default: as in transcribe)"},
        {"language", OPTION_TEXT, &work.language, "L", 0, 0, "the language spoken, as en"},
        {"format", OPTION_CHOICE, &work.format, "txt|json", 0, 0, "a table (default), or one JSON object"},
        {"hypotheses", OPTION_TEXT, &work.hypotheses, "FILE", 0, 0, "write what was said and heard as TSV"},
        {"jobs", OPTION_INTEGER, &work.jobs, "N", 1, 64, "files at once (default: by their number and the threads)"},
        LM_OPTIONS(work.decoding),
        GRAMMAR_OPTIONS(work.decoding),
        BOOST_OPTIONS(work.decoding),
        NO_SPEECH_OPTION(work.decoding),
        BATCH_OPTION(work.decoding),
        LIVE_OPTION(work.decoding),
        DECODING_OPTIONS(work.decoding),
    };
    const struct usage usage = {"utter eval", "[options] MANIFEST.tsv ...",    summary, notes,
                                options,      sizeof options / sizeof *options};
    char message[512];
    int status, read = 0;
    int count = options_parse(&usage, argc, argv, &status);
    if (count < 0)
        return status;
    if (count == 0 || count > MOST_SETS)
        return usage_error(&usage, count ? "too many manifests" : "no manifests given");
    status = setup_check(&usage, &work.setup);
    for (; !status && read < count; read++)
        if (manifest_read(argv[read], &manifests[read], message, sizeof message)) {
            complain("%s", message);
            status = EXIT_SOME_FAILED;
        }
    if (!status)
        status = run(&usage, &work, manifests, count);
    for (int i = 0; i < read; i++)
        manifest_free(&manifests[i]);
    return status;
}
