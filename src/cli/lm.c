/* lm.c - `utter lm`: language models for --lm. */
#include "command.h"
#include "options.h"
#include "output.h"
#include "text.h"
#include "utter.h"

#include <inttypes.h>
#include <string.h>

static const char notes[] = "ARPA is a back-off model of words, of any order up to 8, plain or packed by gzip; words "
                            "are matched byte by byte with\n"
                            "what the acoustic model spells, a Whisper's without case and punctuation. OUT is mapped "
                            "by --lm, and used unasked\n"
                            "where it lies as lm.bin in a model's directory.";

static bool report(const char *path, const struct utter_lm_info *info)
{
    struct text out = {0};
    text_add_line(&out, path);
    text_format(&out, ": %" PRId64 " bytes;", info->bytes);
    for (int n = 1; n <= info->order; n++)
        text_format(&out, "%s %" PRId64 " %d-grams", n > 1 ? "," : "", info->counts[n - 1], n);
    text_add(&out, "\n");
    bool written = output_text(&out);
    text_free(&out);
    return written;
}

int command_lm(int argc, char **argv)
{
    bool exact = false;
    const struct option_spec options[] = {
        {"exact", OPTION_FLAG, &exact, NULL, 0, 0, "probabilities as they are, not in 8 bits"},
    };
    const struct usage usage = {"utter lm", "build [--exact] ARPA OUT", "Makes language models.\n", notes, options, 1};
    struct utter_lm_info info = {.struct_size = sizeof info};
    int status, count = options_parse(&usage, argc, argv, &status);
    if (count < 0)
        return status;
    if (count == 0 || strcmp(argv[0], "build") != 0)
        return usage_error(&usage, count ? "no such action: %s" : "build?%s", count ? argv[0] : "");
    if (count != 3)
        return usage_error(&usage, "build takes an ARPA file and the file to write");
    if (utter_lm_build(argv[1], argv[2], exact, &info)) {
        complain("%s", utter_error_message());
        return EXIT_SOME_FAILED;
    }
    return report(argv[2], &info) ? EXIT_DONE : EXIT_SOME_FAILED;
}
