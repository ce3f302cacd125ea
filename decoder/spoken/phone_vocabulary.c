#include "decoder/spoken/phone_vocabulary.h"

#include <cjson/cJSON.h>
#include <string.h>

enum { TOKEN_LIMIT = 1 << 20 };

static void clear(struct phone_vocabulary *vocabulary)
{
    for (int i = 0; i < PHONE_COUNT; i++)
        vocabulary->phones[i] = -1;
    for (int i = 0; i < 128; i++)
        vocabulary->marks[i] = -1;
    vocabulary->end = -1;
    vocabulary->size = 0;
}

static int add_token(struct phone_vocabulary *vocabulary, const cJSON *entry, const char *name, struct fault *fault)
{
    double id = cJSON_GetNumberValue(entry);
    if (!(id >= 0 && id < TOKEN_LIMIT))
        return fail(fault, UTTER_ERROR_MODEL, "%s: the token of \"%.20s\" is no number from 0 to %d", name,
                    entry->string, TOKEN_LIMIT - 1);
    size_t length = strlen(entry->string);
    unsigned char phone = phone_find(entry->string, length);
    if (phone != PHONE_NONE)
        vocabulary->phones[phone] = (int)id;
    else if (length == 1 && (unsigned char)*entry->string < 128)
        vocabulary->marks[(unsigned char)*entry->string] = (int)id;
    else if (!strcmp(entry->string, "<sos/eos>"))
        vocabulary->end = (int)id;
    if (id >= vocabulary->size)
        vocabulary->size = (int)id + 1;
    return 0;
}

static void fill_stresses(struct phone_vocabulary *vocabulary)
{
    for (int vowel = 0; vowel < PHONE_VOWELS; vowel++) {
        int *ids = &vocabulary->phones[vowel * PHONE_STRESSES];
        static const int next[PHONE_STRESSES][2] = {{2, 1}, {2, 0}, {1, 0}}; /* the nearest stresses of each */
        int known[PHONE_STRESSES];
        memcpy(known, ids, sizeof known);
        for (int stress = 0; stress < PHONE_STRESSES; stress++)
            for (int i = 0; i < 2 && ids[stress] < 0; i++)
                ids[stress] = known[next[stress][i]];
    }
}

static int check(const struct phone_vocabulary *vocabulary, const char *name, struct fault *fault)
{
    for (unsigned char phone = 0; phone < PHONE_COUNT; phone++)
        if (vocabulary->phones[phone] < 0)
            return fail(fault, UTTER_ERROR_MODEL, "%s: it has no token for the phone %s", name, phone_name(phone));
    if (vocabulary->end < 0)
        return fail(fault, UTTER_ERROR_MODEL, "%s: it has no token <sos/eos>", name);
    return 0;
}

int phone_vocabulary_read(struct phone_vocabulary *vocabulary, const char *json, size_t length, const char *name,
                          struct fault *fault)
{
    clear(vocabulary);
    cJSON *root = cJSON_ParseWithLength(json, length);
    if (!cJSON_IsObject(root))
        fail(fault, UTTER_ERROR_MODEL, "%s: it is no JSON object of tokens", name);
    const cJSON *entry;
    cJSON_ArrayForEach(entry, root)
    {
        if (fault->code || add_token(vocabulary, entry, name, fault))
            break;
    }
    cJSON_Delete(root);
    if (fault->code)
        return fault->code;
    fill_stresses(vocabulary);
    return check(vocabulary, name, fault);
}

void phone_vocabulary_make(struct phone_vocabulary *vocabulary, int size)
{
    static const char marks[] = ",.?!;:-";
    clear(vocabulary);
    int id = 1;
    for (int phone = 0; phone < PHONE_COUNT; phone++)
        vocabulary->phones[phone] = id < size - 1 ? id++ : 1;
    for (const char *mark = marks; *mark; mark++)
        vocabulary->marks[(unsigned char)*mark] = id < size - 1 ? id++ : 1;
    vocabulary->end = size - 1;
    vocabulary->size = size;
}

int phone_vocabulary_mark(const struct phone_vocabulary *vocabulary, char mark)
{
    static const char *const instead[] = {"!.", "?.", ";,.", ":,.", "-,.", ",.", ".,"}; /* each, and what stands in */
    for (size_t i = 0; i < sizeof instead / sizeof *instead; i++)
        for (const char *m = instead[i]; *instead[i] == mark && *m; m++)
            if (vocabulary->marks[(unsigned char)*m] >= 0)
                return vocabulary->marks[(unsigned char)*m];
    return -1;
}
