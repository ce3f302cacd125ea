/* speak.c - `utter speak`: text to a voice, in a loudspeaker or a file. */
#include "clock.h"
#include "command.h"
#include "json.h"
#include "options.h"
#include "output.h"
#include "speaking.h"
#include "speech_out.h"
#include "stop.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK = 4096, TEXT_BLOCK = 16384 };

struct speak {
    struct speaking speaking;
    const char *file, *output, *format, *marks_path, *device;
    bool ssml, phonemes, pronounce, timings, list;
    int sample_rate;
    struct speech_out *out;
    FILE *marks;
    utter_speech *speech;
    bool failed; /* something was said to the user already */
};

static const char summary[] = "Says a text, in a loudspeaker or into a file.\n";
static const char notes[] =
    "TEXT is what is said; without it and without --file, standard input, each line as it comes. --output's ending "
    "says\n"
    "what the file is: wav, flac, ogg, opus, mp3, au, raw, ulaw, alaw …; --format says so where it does not, as for "
    "'-',\n"
    "standard output. Without --output it is played. --phonemes: \"HH AH0 L OW1 | W ER1 L D .\", or IPA. --marks: a "
    "JSON\n"
    "object a line for each sentence, word and phone, with its times and its bytes in the text. --pronounce writes "
    "how\n"
    "each word would be said, in the form that --lexicon reads, and says nothing. Ctrl-C ends at once.\n"
    "Exit status: 0 done, 1 something failed, 2 wrong usage.";

/* ---- sound and marks out ---- */

static int complain_once(struct speak *work)
{
    if (!work->failed)
        complain("%s", utter_error_message());
    work->failed = true;
    return EXIT_SOME_FAILED;
}

static void json_mark(struct text *line, const struct utter_mark *mark)
{
    static const char *const names[] = {"", "sentence", "word", "phone", "named"};
    json_begin(line, '{');
    json_key_string(line, "mark", names[mark->kind]);
    if (mark->kind != UTTER_MARK_SENTENCE)
        json_key_string(line, "text", mark->text);
    json_key_number(line, "start", mark->start, 4);
    json_key_number(line, "end", mark->end, 4);
    json_key_integer(line, "text_begin", (int64_t)mark->text_begin);
    json_key_integer(line, "text_end", (int64_t)mark->text_end);
    json_end(line, '}');
    text_add(line, "\n");
}

static int write_marks(struct speak *work)
{
    struct utter_mark mark = {.struct_size = sizeof mark};
    int got = 0;
    while (work->marks && (got = utter_speech_next_mark(work->speech, &mark)) > 0) {
        struct text line = {0};
        json_mark(&line, &mark);
        bool written = !line.failed && fputs(line.data, work->marks) >= 0;
        text_free(&line);
        if (!written) {
            complain("%s: %s", work->marks_path, strerror(errno));
            work->failed = true;
            return EXIT_SOME_FAILED;
        }
    }
    return got < 0 ? complain_once(work) : 0;
}

/* Gives out the sound of all text so far. */
static int say(struct speak *work)
{
    static float samples[BLOCK];
    size_t got = 1;
    while (got > 0 && !stopping()) {
        if (utter_speech_read(work->speech, samples, BLOCK, &got) < 0)
            return complain_once(work);
        int status = write_marks(work);
        if (!status && got > 0 && !speech_out_write(work->out, samples, got)) {
            work->failed = true;
            status = EXIT_SOME_FAILED;
        }
        if (status)
            return status;
    }
    return 0;
}

static int give(struct speak *work, const char *text, size_t size)
{
    if (utter_speech_text(work->speech, text, size) < 0) {
        say(work); /* what came before */
        return complain_once(work);
    }
    return 0;
}

static int finish(struct speak *work)
{
    if (utter_speech_finish(work->speech) < 0) {
        say(work);
        return complain_once(work);
    }
    return say(work);
}

/* ---- text in ---- */

static int say_words(struct speak *work, int count, char **words)
{
    int status = 0;
    for (int i = 0; i < count && !status; i++) {
        if (i)
            status = give(work, " ", 1);
        if (!status)
            status = give(work, words[i], strlen(words[i]));
    }
    return status ? status : finish(work);
}

/* A file as one text: sound is given out as it goes. */
static int say_file(struct speak *work, FILE *file)
{
    char block[TEXT_BLOCK];
    size_t count;
    int status = 0;
    while (!status && !stopping() && (count = fread(block, 1, sizeof block, file)) > 0) {
        status = give(work, block, count);
        if (!status)
            status = say(work);
    }
    if (!status && ferror(file)) {
        complain("%s: %s", work->file, strerror(errno));
        return EXIT_SOME_FAILED;
    }
    return status ? status : finish(work);
}

/* Bytes up to the end of the last line among them. */
static size_t whole_lines(const char *block, size_t count)
{
    while (count > 0 && block[count - 1] != '\n')
        count--;
    return count;
}

/* Lines are said as they come; markup is one text, whose elements span lines. */
static int say_lines(struct speak *work)
{
    char block[TEXT_BLOCK];
    int64_t count = 0;
    int status = 0;
    while (!status && !stopping() && (count = setup_read_input(NULL, block, sizeof block)) > 0) {
        size_t lines = work->ssml ? 0 : whole_lines(block, (size_t)count);
        status = give(work, block, lines);
        if (!status && lines && utter_speech_flush(work->speech) < 0)
            status = complain_once(work);
        if (!status)
            status = give(work, block + lines, (size_t)count - lines);
        if (!status)
            status = say(work);
    }
    if (!status && count < 0 && !stopping()) {
        complain("standard input: %s", strerror(errno));
        return EXIT_SOME_FAILED;
    }
    return status || stopping() ? status : finish(work);
}

static int say_text(struct speak *work, int count, char **words)
{
    if (count)
        return say_words(work, count, words);
    if (!work->file)
        return say_lines(work);
    if (!strcmp(work->file, "-"))
        return say_file(work, stdin);
    FILE *file = fopen(work->file, "rb");
    if (!file) {
        complain("%s: %s", work->file, strerror(errno));
        return EXIT_SOME_FAILED;
    }
    int status = say_file(work, file);
    fclose(file);
    return status;
}

/* ---- pronunciations ---- */

static int print_word(void *context, const struct utter_pronunciation *word)
{
    struct speak *work = context;
    struct text line = {0};
    text_add_line(&line, word->text);
    text_format(&line, "\t%s\n", word->phones);
    work->failed = !output_text(&line);
    text_free(&line);
    return work->failed;
}

/* All of a file, or NULL after a message. */
static bool read_all(FILE *file, const char *name, struct text *text)
{
    char block[TEXT_BLOCK];
    size_t count;
    while ((count = fread(block, 1, sizeof block, file)) > 0)
        text_add_bytes(text, block, count);
    if (!ferror(file) && !text->failed)
        return true;
    complain("%s: %s", name, text->failed ? "memory ran out" : strerror(errno));
    return false;
}

static bool gather_text(struct speak *work, int count, char **words, struct text *text)
{
    for (int i = 0; i < count; i++) {
        text_add(text, i ? " " : "");
        text_add(text, words[i]);
    }
    if (count)
        return true;
    if (!work->file || !strcmp(work->file, "-"))
        return read_all(stdin, "standard input", text);
    FILE *file = fopen(work->file, "rb");
    if (!file) {
        complain("%s: %s", work->file, strerror(errno));
        return false;
    }
    bool read = read_all(file, work->file, text);
    fclose(file);
    return read;
}

static enum utter_markup markup_of(const struct speak *work)
{
    return work->ssml ? UTTER_MARKUP_SSML : work->phonemes ? UTTER_MARKUP_PHONEMES : UTTER_MARKUP_PLAIN;
}

static int pronounce(struct speak *work, int count, char **words)
{
    struct text text = {0};
    int status = gather_text(work, count, words, &text) ? 0 : EXIT_SOME_FAILED;
    if (!status && text.length &&
        utter_voice_pronounce(work->speaking.opened, markup_of(work), text.data, text.length, print_word, work) < 0)
        status = complain_once(work);
    text_free(&text);
    return status;
}

/* ---- the way there ---- */

static void print_timings(const struct speak *work)
{
    struct utter_speech_timings t = {.struct_size = sizeof t};
    struct text out = {0};
    utter_speech_get_timings(work->speech, &t);
    json_begin(&out, '{');
    json_key_string(&out, "voice", work->speaking.info.name);
    json_key_number(&out, "audio_seconds", t.audio_seconds, 3);
    json_key_number(&out, "load_seconds", work->speaking.load_seconds, 4);
    json_key_number(&out, "text_seconds", t.text_seconds, 4);
    json_key_number(&out, "acoustic_seconds", t.acoustic_seconds, 4);
    json_key_number(&out, "vocoder_seconds", t.vocoder_seconds, 4);
    json_key_number(&out, "first_seconds", t.first_seconds, 4);
    json_key_number(&out, "compute_seconds", t.total_seconds, 4);
    json_key_number(&out, "real_time_factor_x", t.total_seconds > 0 ? t.audio_seconds / t.total_seconds : 0, 1);
    json_key_number(&out, "peak_rss_mb", peak_memory_mb(), 1);
    json_end(&out, '}');
    text_add(&out, "\n");
    if (!out.failed)
        output_message(out.data);
    text_free(&out);
}

static int open_marks(struct speak *work)
{
    if (!work->marks_path)
        return 0;
    work->marks = fopen(work->marks_path, "w");
    if (work->marks)
        return 0;
    complain("%s: %s", work->marks_path, strerror(errno));
    return EXIT_SOME_FAILED;
}

static int close_marks(struct speak *work, int status)
{
    if (!work->marks || fclose(work->marks) == 0 || status)
        return status;
    complain("%s: %s", work->marks_path, strerror(errno));
    return EXIT_SOME_FAILED;
}

static int open_speech(struct speak *work)
{
    struct utter_speech_params params;
    speaking_params(&work->speaking, &params);
    params.markup = markup_of(work);
    params.marks = work->marks != NULL;
    if (utter_speech_open(work->speaking.opened, &params, &work->speech) == 0)
        return 0;
    return complain_once(work);
}

/* Speaks; the sound's end is heard, or written, before this returns. */
static int speak(struct speak *work, int count, char **words)
{
    struct speech_out_params out = {.path = work->output,
                                    .format = work->format,
                                    .device = work->device,
                                    .sample_rate = work->speaking.info.sample_rate,
                                    .output_rate = work->sample_rate};
    int status = open_marks(work);
    if (!status)
        status = open_speech(work);
    if (!status)
        status = speech_out_open(&work->out, &out);
    if (!status)
        status = say_text(work, count, words);
    if (work->out && !speech_out_close(&work->out, status != 0 || stopping()) && !status)
        status = EXIT_SOME_FAILED;
    if (work->speech && work->timings)
        print_timings(work);
    utter_speech_close(&work->speech);
    return close_marks(work, status);
}

static int check(const struct usage *usage, const struct speak *work, int count)
{
    if (count && work->file)
        return usage_error(usage, "text is given both as words and with --file");
    if (work->ssml && work->phonemes)
        return usage_error(usage, "--ssml and --phonemes exclude each other");
    if (work->output && work->device)
        return usage_error(usage, "--output writes what --player would play");
    if (work->format && !work->output)
        return usage_error(usage, "--format is of a file: --output FILE");
    if (work->sample_rate && !work->output)
        return usage_error(usage, "--sample-rate is of a file: --output FILE");
    return setup_check(usage, &work->speaking.setup);
}

int command_speak(int argc, char **argv)
{
    static struct speak work;
    const struct option_spec options[] = {
        {"file,f", OPTION_TEXT, &work.file, "FILE|-", 0, 0, "the text, instead of TEXT"},
        {"output,o", OPTION_TEXT, &work.output, "FILE|-", 0, 0, "a sound file, instead of a loudspeaker"},
        {"format", OPTION_TEXT, &work.format, "NAME", 0, 0,
         "of the sound file, where its ending does not say (default: wav)"},
        {"sample-rate", OPTION_INTEGER, &work.sample_rate, "HZ", 8000, 192000,
         "of the sound file (default: the voice's)"},
        {"player", OPTION_TEXT, &work.device, "NAME|N", 0, 0, "the loudspeaker (default: the system's)"},
        {"list", OPTION_FLAG, &work.list, NULL, 0, 0, "the loudspeakers that there are"},
        SPEAKING_OPTIONS(work.speaking),
        {"ssml", OPTION_FLAG, &work.ssml, NULL, 0, 0, "the text is SSML"},
        {"phonemes", OPTION_FLAG, &work.phonemes, NULL, 0, 0, "the text is phones"},
        {"pronounce", OPTION_FLAG, &work.pronounce, NULL, 0, 0, "write how words would be said, and say nothing"},
        {"marks", OPTION_TEXT, &work.marks_path, "FILE", 0, 0, "when each sentence, word and phone is said, as JSON"},
        {"timings", OPTION_FLAG, &work.timings, NULL, 0, 0, "a JSON line on standard error, at the end"},
    };
    const struct usage usage = {
        "utter speak", "[options] [TEXT …]", summary, notes, options, sizeof options / sizeof *options};
    int status;
    int count = options_parse(&usage, argc, argv, &status);
    if (count < 0)
        return status;
    if (work.list)
        return speech_out_list();
    status = check(&usage, &work, count);
    if (!status)
        status = speaking_open(&work.speaking, NULL);
    if (status)
        return status;
    stop_catch_signals();
    status = work.pronounce ? pronounce(&work, count, argv) : speak(&work, count, argv);
    speaking_close(&work.speaking);
    return stop_status(status);
}
