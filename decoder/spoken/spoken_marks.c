#include "decoder/spoken/spoken_marks.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

bool mark_list_add(struct mark_list *list, const char *name, size_t at)
{
    char *copy = memory_text(name, strlen(name));
    if (!copy || !memory_grow((void **)&list->marks, &list->capacity, list->count + 1, sizeof *list->marks)) {
        free(copy);
        return false;
    }
    list->marks[list->count++] = (struct spoken_mark){copy, at};
    return true;
}

void mark_list_drop(struct mark_list *list)
{
    for (size_t i = 0; i < list->taken; i++)
        free(list->marks[i].name);
    list->count -= list->taken;
    if (list->taken && list->count)
        memmove(list->marks, list->marks + list->taken, list->count * sizeof *list->marks);
    list->taken = 0;
}

void mark_list_take(struct mark_list *list, size_t end, struct spoken_sentence *sentence)
{
    mark_list_drop(list);
    while (list->taken < list->count && list->marks[list->taken].at < end)
        list->taken++;
    sentence->marks = list->marks;
    sentence->mark_count = list->taken;
}

void mark_list_free(struct mark_list *list)
{
    list->taken = list->count;
    mark_list_drop(list);
    free(list->marks);
    *list = (struct mark_list){0};
}
