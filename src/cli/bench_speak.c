/* bench_speak.c - see bench_speak.h. */
#include "bench_speak.h"

#include "clock.h"
#include "command.h"
#include "output.h"
#include "stop.h"

#include <stdlib.h>
#include <string.h>

/* Some twenty seconds of speech; and ten words, whose beginning is waited for. */
static const char text[] =
    "The harbour was quiet when the first boats came in. Nobody had expected them before noon, and the market hall was "
    "still closed. A boy ran up the hill to wake the baker, who had slept badly and was in no mood for good news. By "
    "eight o'clock the whole town stood on the quay. They counted forty-two baskets of herring, and not one of them "
    "was "
    "sold for less than three pounds.";
static const char sentence[] = "The last train to the coast leaves at half nine.";

enum { BLOCK = 4096, MEASURES = 6 };

/* Speaks a text to its end. Returns 0, or the error. */
static int speak_once(utter_speech *speech, const char *words, struct utter_speech_timings *timings)
{
    static float samples[BLOCK];
    size_t got = 1;
    int error = utter_speech_reset(speech);
    if (error >= 0)
        error = utter_speech_text(speech, words, strlen(words));
    if (error >= 0)
        error = utter_speech_finish(speech);
    while (error >= 0 && got > 0)
        error = utter_speech_read(speech, samples, BLOCK, &got);
    timings->struct_size = sizeof *timings;
    return error < 0 ? error : utter_speech_get_timings(speech, timings);
}

/* columns [MEASURES][repeats]: audio, text, acoustic model, vocoder, total of the text; first sound of the sentence. */
static int measure(utter_speech *speech, int repeats, double *columns)
{
    struct utter_speech_timings whole = {0}, first = {0};
    for (int run = -1; run < repeats; run++) {
        if (stopping() || speak_once(speech, text, &whole) < 0 || speak_once(speech, sentence, &first) < 0) {
            complain("%s", stopping() ? "interrupted" : utter_error_message());
            return EXIT_SOME_FAILED;
        }
        const double row[MEASURES] = {whole.audio_seconds,   whole.text_seconds,  whole.acoustic_seconds,
                                      whole.vocoder_seconds, whole.total_seconds, first.first_seconds};
        for (int i = 0; run >= 0 && i < MEASURES; i++)
            columns[i * repeats + run] = row[i];
    }
    return 0;
}

static void add_head(struct report *report, const struct speaking *speaking)
{
    const struct utter_voice_info *info = &speaking->info;
    report_text(report, "voice", "voice", info->name);
    report_text(report, "family", "family", info->family);
    report_text(report, "device", "device", info->device);
    report_text(report, "precision", "precision", info->precision);
    report_number(report, "threads", "threads", setup_threads(&speaking->setup), 0, "");
    report_number(report, "parameters_m", "parameters", (double)info->parameters / 1e6, 2, " M");
    report_number(report, "weight_mb", "weights in memory", (double)info->weight_bytes / 1e6, 1, " MB");
    report_number(report, "sample_rate", "sample rate", info->sample_rate, 0, " Hz");
    report_number(report, "load_seconds", "loading", 1e3 * speaking->load_seconds, 1, " ms");
}

static void add_measures(struct report *report, double *columns, int repeats)
{
    double median[MEASURES];
    for (int i = 0; i < MEASURES; i++)
        median[i] = report_median(columns + i * repeats, repeats);
    double total = median[4];
    report_number(report, "audio_seconds", "speech", median[0], 2, " s");
    report_stage(report, "text_seconds", "text", median[1], total);
    report_stage(report, "acoustic_seconds", "acoustic model", median[2], total);
    report_stage(report, "vocoder_seconds", "vocoder", median[3], total);
    report_number(report, "real_time_factor_x", "times real time", total > 0 ? median[0] / total : 0, 1, "");
    report_number(report, "first_seconds", "first sound", 1e3 * median[5], 1, " ms (of a sentence of ten words)");
    report_number(report, "peak_rss_mb", "peak memory", peak_memory_mb(), 1, " MB");
}

int bench_speak(struct speaking *speaking, const char *shape, int repeats, struct report *report)
{
    struct utter_speech_params params;
    utter_speech *speech = NULL;
    double *columns = calloc((size_t)repeats * MEASURES, sizeof *columns);
    int status = columns ? speaking_open(speaking, shape) : EXIT_SOME_FAILED;
    if (status) {
        free(columns);
        return status;
    }
    stop_catch_signals();
    speaking_params(speaking, &params);
    if (utter_speech_open(speaking->opened, &params, &speech) < 0) {
        complain("%s", utter_error_message());
        status = EXIT_SOME_FAILED;
    }
    if (!status)
        status = measure(speech, repeats, columns);
    if (!status) {
        add_head(report, speaking);
        add_measures(report, columns, repeats);
    }
    utter_speech_close(&speech);
    speaking_close(speaking);
    free(columns);
    return stop_status(status);
}
