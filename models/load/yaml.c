#include "models/load/yaml.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

struct span {
    const char *at, *end;
};

/* What belongs to a key: the rest of its line, and the lines below it. */
struct found {
    struct span value, below;
};

static struct span next_line(struct span *rest)
{
    const char *newline = rest->at < rest->end ? memchr(rest->at, '\n', (size_t)(rest->end - rest->at)) : NULL;
    struct span line = {rest->at, newline ? newline : rest->end};
    rest->at = newline ? newline + 1 : rest->end;
    return line;
}

static int indent_of(struct span line)
{
    int indent = 0;
    while (line.at + indent < line.end && line.at[indent] == ' ' && indent < INT_MAX)
        indent++;
    return indent;
}

static struct span trim(struct span s)
{
    while (s.at < s.end && (*s.at == ' ' || *s.at == '\t'))
        s.at++;
    while (s.at < s.end && strchr(" \t\r", s.end[-1]))
        s.end--;
    return s;
}

static bool empty(struct span line)
{
    line = trim(line);
    return line.at == line.end || *line.at == '#';
}

static bool is_item(struct span line)
{
    line = trim(line);
    return line.at < line.end && *line.at == '-' && (line.at + 1 == line.end || line.at[1] == ' ');
}

/* The lines that are deeper than a key's, or items of a list on its own level. */
static struct span lines_below(struct span rest, int level)
{
    struct span below = {rest.at, rest.at};
    while (rest.at < rest.end) {
        struct span line = next_line(&rest);
        int indent = indent_of(line);
        if (!empty(line) && (indent < level || (indent == level && !is_item(line))))
            break;
        below.end = line.end;
    }
    return below;
}

/* A key on the first level of the lines. */
static bool find_key(struct span lines, const char *key, size_t length, struct found *found)
{
    int level = -1;
    while (lines.at < lines.end) {
        struct span line = next_line(&lines);
        if (empty(line))
            continue;
        int indent = indent_of(line);
        level = level < 0 ? indent : level;
        const char *at = line.at + indent;
        if (indent != level || (size_t)(line.end - at) <= length || memcmp(at, key, length) != 0 || at[length] != ':')
            continue;
        found->value = trim((struct span){at + length + 1, line.end});
        found->below = lines_below(lines, level);
        return true;
    }
    return false;
}

static bool find_path(const char *yaml, size_t length, const char *path, struct found *found)
{
    struct span lines = {yaml, yaml + length};
    for (;;) {
        size_t key = strcspn(path, ".");
        if (!find_key(lines, path, key, found))
            return false;
        if (!path[key])
            return true;
        path += key + 1;
        lines = found->below;
    }
}

bool yaml_text(const char *yaml, size_t length, const char *path, char *out, size_t size)
{
    struct found found;
    if (!find_path(yaml, length, path, &found))
        return false;
    struct span v = found.value;
    if (v.end - v.at >= 2 && (*v.at == '\'' || *v.at == '"') && v.end[-1] == *v.at) {
        v.at++;
        v.end--;
    }
    size_t count = (size_t)(v.end - v.at);
    if (!count || count >= size || memchr(v.at, 0, count))
        return false;
    memcpy(out, v.at, count);
    out[count] = 0;
    return true;
}

/* ---- lists ---- */

static bool read_number(struct span s, int *out)
{
    char digits[16], *end;
    s = trim(s);
    size_t count = (size_t)(s.end - s.at);
    if (!count || count >= sizeof digits)
        return false;
    memcpy(digits, s.at, count);
    digits[count] = 0;
    long value = strtol(digits, &end, 10);
    *out = (int)value;
    return !*end && value >= INT_MIN && value <= INT_MAX;
}

/* "[0, 1, 2]" */
static int read_flow(struct span s, int *out, int capacity)
{
    int count = 0;
    if (s.end - s.at < 2 || s.end[-1] != ']')
        return -1;
    s.at++;
    s.end--;
    while (s.at < s.end && count < capacity) {
        const char *comma = memchr(s.at, ',', (size_t)(s.end - s.at));
        if (!read_number((struct span){s.at, comma ? comma : s.end}, &out[count++]))
            return -1;
        s.at = comma ? comma + 1 : s.end;
    }
    return count;
}

int yaml_numbers(const char *yaml, size_t length, const char *path, int *out, int capacity)
{
    struct found found;
    int count = 0;
    if (!find_path(yaml, length, path, &found))
        return -1;
    if (found.value.at < found.value.end)
        return *found.value.at == '[' ? read_flow(found.value, out, capacity) : -1;
    while (found.below.at < found.below.end && count < capacity) {
        struct span line = trim(next_line(&found.below));
        if (empty(line))
            continue;
        if (!is_item(line) || !read_number((struct span){line.at + 1, line.end}, &out[count++]))
            return -1;
    }
    return count ? count : -1;
}
