/* manifest.h - a list of recordings and what is said in them: tab-separated values whose first line names the
 * columns, of which "file" and "text" are read. */
#ifndef CLI_MANIFEST_H
#define CLI_MANIFEST_H

#include <stddef.h>

struct manifest_row {
    const char *file; /* as written in the manifest */
    char *path;       /* where to find it */
    const char *text;
};

struct manifest {
    char *name; /* the file's own, without .tsv */
    struct manifest_row *rows;
    size_t count;
    char *content; /* what file and text point into */
};

/* Reads a manifest. Relative paths start from the folder named like the manifest without ".tsv" where there is one,
 * else from the manifest's own folder. Returns 0, or -1 with one sentence in message. */
int manifest_read(const char *path, struct manifest *manifest, char *message, size_t size);
void manifest_free(struct manifest *manifest);

#endif
