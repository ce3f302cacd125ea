/* text_file.h - small files read whole: configurations and tokenizers. */
#ifndef SRC_TEXT_FILE_H
#define SRC_TEXT_FILE_H

#include "src/base/error.h"

#include <stdbool.h>

/* A file's bytes with a NUL after them, freed with text_file_free. */
struct text_file {
    char *text;
    size_t length;
    char *path; /* as messages call it */
};

/* Reads directory/name. Errors: IO (not there, unreadable), MODEL (larger than limit bytes), MEMORY. */
int text_file_read(struct text_file *file, const char *directory, const char *name, size_t limit, struct fault *fault);
int text_file_read_path(struct text_file *file, const char *path, size_t limit, struct fault *fault);
/* The same where there is such a file; *there says whether. Errors: IO (unreadable), MODEL, MEMORY. */
int text_file_read_if_there(struct text_file *file, const char *directory, const char *name, size_t limit, bool *there,
                            struct fault *fault);
void text_file_free(struct text_file *file);

/* "directory/name" in memory of the caller's (free); NULL when memory ran out. */
char *path_join(const char *directory, const char *name);

bool path_is_directory(const char *path);
bool path_exists(const char *path);

#endif
