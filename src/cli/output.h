/* output.h - standard output, files that appear whole or not at all, and messages for people. */
#ifndef CLI_OUTPUT_H
#define CLI_OUTPUT_H

#include "text.h"

#include <stdbool.h>

/* Writes all of a text to standard output at once, unbuffered. False when it could not be written: the reason was
 * said on standard error the first time, except for a reader that went away (EPIPE), which is nobody's fault. */
bool output_text(const struct text *text);

/* Bytes that are no text, in the same way, but nothing is said: errno has the reason. */
bool output_bytes(const void *bytes, size_t count);

/* Writes a file under another name and renames it, so that it is never seen half written. False with one sentence in
 * message, of size bytes; nothing is left behind then. Any thread. */
bool output_file(const char *directory, const char *name, const struct text *text, char *message, size_t size);

struct usage;

/* Files to be written to a folder: says no, in one sentence, where two names are the same, which only the user can put
 * right. name_of: the name in the folder of the file so numbered, in memory that is freed here; NULL: memory ran out.
 * Returns 0 or an exit status. */
int output_check_names(const struct usage *usage, const char *directory,
                       char *(*name_of)(const void *context, size_t index), const void *context, size_t count);

/* Makes a folder where there is none. Returns 0, or EXIT_SOME_FAILED after a message. */
int output_directory(const char *path);

/* "utter: …" on standard error; a progress bar is taken away first. */
void complain(const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 1, 2)))
#endif
    ;

/* Text as it is, where complain() writes. */
void output_message(const char *text);

/* From here on only complain() and output_message() reach standard error: PortAudio writes there of its own accord. */
void output_own_messages(void);

/* False when the reader of standard output has gone, which a write would only find out later. */
bool output_is_wanted(void);

/* complain() about a thing, naming it only where the message does not name it already. */
void complain_about(const char *thing, const char *message);

/* Called once, first of all. Makes sure that descriptors 0 to 2 are open, so that a file opened later never becomes
 * standard output; ignores the signals that would end the program where a failed write can be reported; and learns
 * the mode of new files, which no thread can do by itself. */
void output_prepare(void);

#endif
