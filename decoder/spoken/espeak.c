#include "decoder/spoken/espeak.h"

#include "src/base/memory.h"

#include <dlfcn.h>
#include <locale.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* ---- the library: its few functions that we call, as its documentation declares them ---- */

enum {
    SYNCHRONOUS = 2,    /* of espeak_Initialize: nothing is played */
    DONT_EXIT = 0x8000, /* where its data are missing */
    CHARACTERS_UTF8 = 1,
    PHONEMES_IPA = 2
};

static struct {
    pthread_mutex_t lock;
    bool tried, open;
    int (*set_voice)(const char *name);
    const char *(*to_phonemes)(const void **text, int characters, int phonemes);
    locale_t kept[2]; /* see begin_in_locale */
} library = {.lock = PTHREAD_MUTEX_INITIALIZER};

typedef int initialize(int output, int buffer, const char *path, int options);

/* POSIX gives functions as data; a union of both is what C has for it. */
static bool find(void *handle, const char *name, void *function)
{
    void *found = dlsym(handle, name);
    memcpy(function, &found, sizeof found);
    return found != NULL;
}

/* espeak_Initialize of espeak-ng 1.51 sets LC_CTYPE of the whole process to C.UTF-8, and nothing else in that library
 * does. Its phones do not need it (they are the same in C), so it is put back at once. In the moment between, another
 * thread may read either locale: copies of both are kept, so that their tables are never freed under it.
 *
 * It cannot be kept from that: the call has no option for it, setlocale does not look at uselocale, and there is no
 * beginning without it. By dlmopen the library would get a libc of its own and leave the process alone, but that libc's
 * tables of characters are there in the thread that loaded it alone (glibc 2.36): any other crashes. */
static bool begin_in_locale(initialize *begin)
{
    const char *now = setlocale(LC_CTYPE, NULL);
    char *before = now ? memory_text(now, strlen(now)) : NULL;
    if (!before)
        return false;
    library.kept[0] = duplocale(LC_GLOBAL_LOCALE);
    const bool begun = begin(SYNCHRONOUS, 0, NULL, DONT_EXIT) > 0;
    library.kept[1] = duplocale(LC_GLOBAL_LOCALE);
    setlocale(LC_CTYPE, before);
    free(before);
    return begun;
}

/* With the lock held. */
static bool open_library(void)
{
    initialize *begin = NULL;
    if (library.tried)
        return library.open;
    library.tried = true;
    void *handle = dlopen("libespeak-ng.so.1", RTLD_NOW | RTLD_LOCAL); /* for as long as the process lives */
    library.open = handle && find(handle, "espeak_Initialize", &begin) &&
                   find(handle, "espeak_SetVoiceByName", &library.set_voice) &&
                   find(handle, "espeak_TextToPhonemes", &library.to_phonemes) && begin_in_locale(begin);
    return library.open;
}

bool espeak_is_there(void)
{
    pthread_mutex_lock(&library.lock);
    bool open = open_library();
    pthread_mutex_unlock(&library.lock);
    return open;
}

/* ---- phones and punctuation ---- */

/* Length of the mark at the beginning of text, 0 where there is none. A point or comma between digits is part of the
 * number. */
static size_t mark_at(const char *text, size_t at, size_t length)
{
    static const char *const marks[] = {";", ":", ",", ".", "!", "?", "¡", "¿", "—", "…", "\"",
                                        "«", "»", "“", "”", "(", ")", "{", "}", "[", "]"};
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t own = strlen(marks[i]);
        if (own > length - at || memcmp(text + at, marks[i], own) != 0)
            continue;
        bool inside = at > 0 && at + 1 < length && text[at - 1] >= '0' && text[at - 1] <= '9' && text[at + 1] >= '0' &&
                      text[at + 1] <= '9';
        return inside ? 0 : own;
    }
    return 0;
}

static bool is_space(char c)
{
    return (unsigned char)c <= ' ';
}

/* Appends one clause's phones without the notes of a change of language that stand in brackets, "(en)". */
static void add_clause(struct text *out, const char *phones)
{
    while (is_space(*phones) && *phones)
        phones++;
    for (bool note = false; *phones; phones++) {
        note |= *phones == '(';
        if (!note && *phones != '_')
            text_add(out, is_space(*phones) ? " " : phones, 1);
        note &= *phones != ')';
    }
    while (out->length && out->bytes[out->length - 1] == ' ')
        out->length--;
}

/* A stretch without marks. The library takes it clause by clause. */
static void add_stretch(struct text *out, const char *text, size_t length)
{
    char *copy = memory_text(text, length);
    const void *rest = copy;
    bool first = true;
    out->failed |= !copy;
    while (copy && rest) {
        const char *phones = library.to_phonemes(&rest, CHARACTERS_UTF8, PHONEMES_IPA);
        if (!phones || !*phones)
            continue;
        if (!first)
            text_add_string(out, " ");
        add_clause(out, phones);
        first = false;
    }
    free(copy);
}

/* Blanks and marks as they stand, each run of blanks as one; where they end. */
static size_t add_marks(struct text *out, const char *text, size_t at, size_t length)
{
    for (size_t size; at < length; at += size) {
        size = mark_at(text, at, length);
        if (size)
            text_add(out, text + at, size);
        else if (is_space(text[at]) && out->length && out->bytes[out->length - 1] != ' ')
            text_add_string(out, " ");
        if (!size && !is_space(text[at]))
            break;
        size = size ? size : 1;
    }
    return at;
}

/* The end of the words that begin here, blanks behind them not counted. */
static size_t end_of_words(const char *text, size_t at, size_t length)
{
    size_t end = at;
    for (; at < length && !mark_at(text, at, length); at++)
        end = is_space(text[at]) ? end : at + 1;
    return end;
}

static void add_text(struct text *out, const char *text, size_t length)
{
    size_t begin = out->length;
    for (size_t at = 0; at < length;) {
        at = add_marks(out, text, at, length);
        size_t end = end_of_words(text, at, length);
        if (end > at)
            add_stretch(out, text + at, end - at);
        at = end;
    }
    while (out->length > begin && out->bytes[out->length - 1] == ' ')
        out->length--;
}

/* Well-formed, and without NUL, which would end it for the library. */
static void clean(struct text *clean, const char *text, size_t length)
{
    utf8_add_lossy(clean, text, length);
    for (size_t i = 0; i < clean->length; i++)
        if (clean->bytes[i] == '\0')
            clean->bytes[i] = ' ';
}

/* The library takes names for paths of voice files, too. */
static bool is_name(const char *language)
{
    size_t length = strspn(language, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_+");
    return length > 0 && length <= 40 && language[length] == '\0';
}

int espeak_ipa(const char *text, size_t length, const char *language, struct text *out, struct fault *fault)
{
    struct text checked = {0};
    int code = 0;
    clean(&checked, text, length);
    pthread_mutex_lock(&library.lock);
    if (!open_library())
        code =
            fail(fault, UTTER_ERROR_UNSUPPORTED,
                 "the library espeak-ng (libespeak-ng.so.1), which this voice's text goes through, is not installed");
    else if (!is_name(language) || library.set_voice(language) != 0)
        code = fail(fault, UTTER_ERROR_UNSUPPORTED, "espeak-ng knows no language '%.40s'", language);
    else if (!checked.failed)
        add_text(out, checked.bytes, checked.length);
    pthread_mutex_unlock(&library.lock);
    if (!code && (checked.failed || out->failed))
        code = fail_memory(fault, "phones");
    text_free(&checked);
    return code;
}
