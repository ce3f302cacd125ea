/* manifest.c - see manifest.h. */
#include "manifest.h"

#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static char *read_whole(const char *path, char *message, size_t size)
{
    struct text content = {0};
    char piece[65536];
    size_t count;
    FILE *file = fopen(path, "rb");
    if (!file) {
        snprintf(message, size, "%s: cannot be opened: %s", path, strerror(errno));
        return NULL;
    }
    errno = 0;
    text_add(&content, "");
    while (!content.failed && (count = fread(piece, 1, sizeof piece, file)) > 0)
        text_add_bytes(&content, piece, count);
    if (ferror(file) || content.failed) {
        snprintf(message, size, "%s: cannot be read: %s", path, content.failed ? "memory ran out" : strerror(errno));
        text_free(&content);
    } else if (memchr(content.data, '\0', content.length)) {
        snprintf(message, size, "%s: not a text file", path);
        text_free(&content);
    }
    fclose(file);
    return content.data;
}

/* Field number index of a line whose end is NUL, ended in place by a NUL; NULL when the line is shorter. */
static char *field(char *line, int index)
{
    for (; index > 0; index--) {
        line = strchr(line, '\t');
        if (!line)
            return NULL;
        line++;
    }
    return line;
}

static int find_column(char *header, const char *name)
{
    size_t length = strlen(name);
    char *at = header;
    for (int i = 0; at; i++, at = field(at, 1))
        if (strncmp(at, name, length) == 0 && (at[length] == '\t' || at[length] == '\0'))
            return i;
    return -1;
}

static char *next_line(char **rest)
{
    char *line = *rest;
    size_t length = strcspn(line, "\n");
    *rest = line[length] ? line + length + 1 : line + length;
    line[length] = '\0';
    if (length && line[length - 1] == '\r')
        line[length - 1] = '\0';
    return line;
}

static char *join(const char *folder, const char *file)
{
    struct text path = {0};
    if (*file != '/')
        text_format(&path, "%s/", folder);
    text_add(&path, file);
    if (path.failed)
        text_free(&path);
    return path.data;
}

/* The folder that relative paths start from, and on the way the manifest's name. */
static char *find_folder(const char *path, struct manifest *manifest)
{
    struct stat there;
    size_t length = strlen(path);
    struct text folder = {0};
    text_add_bytes(&folder, path, length > 4 && strcmp(path + length - 4, ".tsv") == 0 ? length - 4 : length);
    if (folder.failed)
        return NULL;
    char *slash = strrchr(folder.data, '/');
    manifest->name = strdup(slash ? slash + 1 : folder.data);
    if (stat(folder.data, &there) == 0 && S_ISDIR(there.st_mode))
        return folder.data;
    slash = strrchr(folder.data, '/');
    if (slash && slash != folder.data)
        *slash = '\0';
    else
        strcpy(folder.data, slash ? "/" : "."); /* a path is at least one byte long */
    return folder.data;
}

static int read_rows(const char *path, const char *folder, struct manifest *manifest, char *message, size_t size)
{
    char *rest = manifest->content;
    size_t capacity = 1;
    for (const char *at = rest; (at = strchr(at, '\n')); at++)
        capacity++;
    manifest->rows = calloc(capacity, sizeof *manifest->rows);
    if (strncmp(rest, "\xef\xbb\xbf", 3) == 0)
        rest += 3;
    char *header = next_line(&rest);
    int file = find_column(header, "file"), text = find_column(header, "text");
    if (file < 0 || text < 0) {
        snprintf(message, size, "%s: its first line must name the columns file and text", path);
        return -1;
    }
    for (size_t line = 2; manifest->rows && *rest; line++) {
        char *at = next_line(&rest);
        struct manifest_row *row = &manifest->rows[manifest->count];
        if (!*at)
            continue;
        char *name = field(at, file), *said = field(at, text);
        if (!name || !said || *name == '\t' || *name == '\0') {
            snprintf(message, size, "%s: line %zu has no file or no text", path, line);
            return -1;
        }
        name[strcspn(name, "\t")] = '\0';
        said[strcspn(said, "\t")] = '\0';
        *row = (struct manifest_row){name, join(folder, name), said};
        if (!row->path)
            break;
        manifest->count++;
    }
    if (*rest || !manifest->rows) {
        snprintf(message, size, "%s: memory ran out", path);
        return -1;
    }
    return 0;
}

int manifest_read(const char *path, struct manifest *manifest, char *message, size_t size)
{
    memset(manifest, 0, sizeof *manifest);
    manifest->content = read_whole(path, message, size);
    if (!manifest->content)
        return -1;
    int status = -1;
    char *folder = find_folder(path, manifest);
    if (folder && manifest->name)
        status = read_rows(path, folder, manifest, message, size);
    else
        snprintf(message, size, "%s: memory ran out", path);
    free(folder);
    if (status)
        manifest_free(manifest);
    return status;
}

void manifest_free(struct manifest *manifest)
{
    for (size_t i = 0; i < manifest->count; i++)
        free(manifest->rows[i].path);
    free(manifest->rows);
    free(manifest->content);
    free(manifest->name);
    memset(manifest, 0, sizeof *manifest);
}
