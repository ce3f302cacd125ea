#include "decoder/spoken/arpabet.h"

#include "src/base/memory.h"

#include <stdlib.h>
#include <string.h>

static const char names[PHONE_COUNT][4] = {
    "AA0", "AA1", "AA2", "AE0", "AE1", "AE2", "AH0", "AH1", "AH2", "AO0", "AO1", "AO2", "AW0", "AW1",
    "AW2", "AY0", "AY1", "AY2", "EH0", "EH1", "EH2", "ER0", "ER1", "ER2", "EY0", "EY1", "EY2", "IH0",
    "IH1", "IH2", "IY0", "IY1", "IY2", "OW0", "OW1", "OW2", "OY0", "OY1", "OY2", "UH0", "UH1", "UH2",
    "UW0", "UW1", "UW2", "B",   "CH",  "D",   "DH",  "F",   "G",   "HH",  "JH",  "K",   "L",   "M",
    "N",   "NG",  "P",   "R",   "S",   "SH",  "T",   "TH",  "V",   "W",   "Y",   "Z",   "ZH"};

static const char reduced[] = "AH"; /* the vowel that seldom bears the stress */

/* ---- lists ---- */

void phones_add(struct phones *phones, unsigned char phone)
{
    phones_add_all(phones, &phone, 1);
}

void phones_add_all(struct phones *phones, const unsigned char *ids, size_t count)
{
    void *items = phones->ids;
    if (count == 0 || phones->failed)
        return;
    phones->failed = !memory_grow(&items, &phones->capacity, phones->count + count, 1);
    phones->ids = items;
    if (phones->failed)
        return;
    memcpy(phones->ids + phones->count, ids, count);
    phones->count += count;
}

void phones_free(struct phones *phones)
{
    free(phones->ids);
    *phones = (struct phones){0};
}

void phones_stress(struct phones *phones, size_t begin)
{
    size_t first = phones->count, best = phones->count;
    for (size_t i = phones->count; i-- > begin;) {
        unsigned char phone = phones->ids[i];
        if (!phone_is_vowel(phone))
            continue;
        if (phone_stress(phone) > 0)
            return;
        first = i;
        if (memcmp(names[phone], reduced, 2) != 0)
            best = i;
    }
    size_t bears = best < phones->count ? best : first;
    if (bears < phones->count)
        phones->ids[bears] = phone_stressed(phones->ids[bears], 1);
}

/* ---- names ---- */

const char *phone_name(unsigned char phone)
{
    return phone < PHONE_COUNT ? names[phone] : NULL;
}

unsigned char phone_find(const char *name, size_t length)
{
    bool plain = length == 2 && name[1] >= 'A'; /* "AE", or "CH" */
    if (length < 1 || length > 3)
        return PHONE_NONE;
    for (unsigned char i = 0; i < PHONE_COUNT; i++) {
        size_t own = strlen(names[i]);
        if (memcmp(names[i], name, length) == 0 && (own == length || (plain && phone_stress(i) == 0)))
            return i;
    }
    return PHONE_NONE;
}

/* The next word at *at, past blanks; its length, 0 at the end. */
static size_t next_name(const char *text, size_t length, size_t *at)
{
    static const char blanks[] = " \t\r\n";
    while (*at < length && strchr(blanks, text[*at]) && text[*at])
        ++*at;
    size_t end = *at;
    while (end < length && !(strchr(blanks, text[end]) && text[end]))
        end++;
    return end - *at;
}

int arpabet_read(const char *text, size_t length, struct phones *phones, struct fault *fault)
{
    size_t at = 0, size, begin = phones->count;
    bool marked = false;
    while ((size = next_name(text, length, &at)) > 0) {
        unsigned char phone = phone_find(text + at, size);
        if (phone == PHONE_NONE)
            return fail(fault, UTTER_ERROR_ARGUMENT, "'%.*s' is no phone", size < 16 ? (int)size : 16, text + at);
        phones_add(phones, phone);
        marked |= phone_is_vowel(phone) && size == 3;
        at += size;
    }
    if (!marked)
        phones_stress(phones, begin);
    return phones->failed ? fail_memory(fault, "phones") : 0;
}

bool arpabet_is(const char *text, size_t length)
{
    size_t at = 0, size, found = 0;
    for (; (size = next_name(text, length, &at)) > 0; at += size, found++)
        if (phone_find(text + at, size) == PHONE_NONE)
            return false;
    return found > 0;
}
