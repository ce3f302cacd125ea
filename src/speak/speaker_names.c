#include "src/speak/speaker_names.h"

#include "src/base/memory.h"
#include "src/model.h"
#include "src/text_file.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- reading ---- */

static int set_name(struct utter_voice *voice, double speaker, const char *name, struct fault *fault)
{
    if (!(speaker >= 0 && speaker < voice->speakers) || !name || !*name)
        return 0;
    char **place = &voice->speaker_names[(int)speaker];
    free(*place);
    *place = memory_text(name, strlen(name));
    return *place ? 0 : fail_memory(fault, "a voice");
}

static int set_names(struct utter_voice *voice, const cJSON *list, const cJSON *map, struct fault *fault)
{
    double number = 0;
    for (const cJSON *one = list ? list->child : NULL; one && !fault->code; one = one->next)
        set_name(voice, number++, cJSON_GetStringValue(one), fault);
    for (const cJSON *one = map ? map->child : NULL; one && !fault->code; one = one->next)
        set_name(voice, cJSON_GetNumberValue(one), one->string, fault);
    return fault->code;
}

static int read_names(struct utter_voice *voice, const cJSON *root, struct fault *fault)
{
    const cJSON *own = cJSON_GetObjectItemCaseSensitive(root, "utter");
    const cJSON *list = cJSON_GetObjectItemCaseSensitive(own, "speakers");
    const cJSON *map = cJSON_GetObjectItemCaseSensitive(root, "speaker_id_map");
    if (!cJSON_IsArray(list) && !cJSON_IsObject(map))
        return 0;
    voice->speaker_names = memory_new((size_t)voice->speakers, sizeof *voice->speaker_names);
    if (!voice->speaker_names)
        return fail_memory(fault, "a voice");
    return set_names(voice, cJSON_IsArray(list) ? list : NULL, cJSON_IsArray(list) ? NULL : map, fault);
}

int speaker_names_read(struct utter_voice *voice, const char *directory, struct fault *fault)
{
    struct text_file file;
    if (text_file_read(&file, directory, "config.json", MODEL_CONFIG_LIMIT, fault))
        return fault->code;
    cJSON *root = cJSON_ParseWithLength(file.text, file.length);
    read_names(voice, root, fault);
    cJSON_Delete(root);
    text_file_free(&file);
    return fault->code;
}

void speaker_names_free(struct utter_voice *voice)
{
    for (int i = 0; voice->speaker_names && i < voice->speakers; i++)
        free(voice->speaker_names[i]);
    free(voice->speaker_names);
    voice->speaker_names = NULL;
}

/* ---- finding ---- */

static int number_of(const struct utter_voice *voice, const char *name)
{
    char *end;
    long number = strtol(name, &end, 10);
    return name[0] >= '0' && name[0] <= '9' && !*end && number < voice->speakers ? (int)number : -1;
}

/* The names, as far as they fit, and how many more there are: ": anna, carl and 7 more". */
static void list_names(const struct utter_voice *voice, char *list, size_t size)
{
    size_t at = 0;
    int listed = 0, named = 0;
    list[0] = '\0';
    for (int i = 0; voice->speaker_names && i < voice->speakers; i++) {
        const char *name = voice->speaker_names[i];
        named += name != NULL;
        if (!name || named > listed + 1 || at + strlen(name) + 24 > size)
            continue;
        at += (size_t)snprintf(list + at, size - at, "%s%s", listed++ ? ", " : ": ", name);
    }
    if (listed < named)
        snprintf(list + at, size - at, "%s%d more", listed ? " and " : ": ", named - listed);
}

int speaker_find(const struct utter_voice *voice, const char *name, int *speaker, struct fault *fault)
{
    char names[240];
    for (int i = 0; voice->speaker_names && i < voice->speakers; i++)
        if (voice->speaker_names[i] && !strcmp(voice->speaker_names[i], name)) {
            *speaker = i;
            return 0;
        }
    *speaker = number_of(voice, name);
    if (*speaker >= 0)
        return 0;
    list_names(voice, names, sizeof names);
    return fail(fault, UTTER_ERROR_ARGUMENT, "there is no speaker %.60s: the voice %.100s has %d, from 0%s", name,
                voice->name, voice->speakers, names);
}
