/* spoken_lists.h - what English words are, to the splitter and the rules: lists and characters. All compare without
 * regard to case unless said otherwise. */
#ifndef DECODER_SPOKEN_LISTS_H
#define DECODER_SPOKEN_LISTS_H

#include <stdbool.h>
#include <stddef.h>

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

static inline bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static inline bool is_alpha(char c)
{
    return is_upper(c) || is_lower(c);
}

static inline bool is_alnum(char c)
{
    return is_alpha(c) || is_digit(c);
}

static inline char to_lower(char c)
{
    return is_upper(c) ? (char)(c - 'A' + 'a') : c;
}

/* Whether a list, as " the he she ", has the word. */
bool list_has(const char *list, const char *word, size_t length);

/* How an abbreviation with its point is read. */
enum abbreviation_kind {
    ABBREVIATION_PLAIN,  /* always; a sentence may end with it */
    ABBREVIATION_WITHIN, /* always; no sentence ends with it: "e.g." */
    ABBREVIATION_TITLE,  /* "Dr.": before a name; `otherwise` after one */
    ABBREVIATION_STREET, /* "Ave.": after a name; else it is no abbreviation */
    ABBREVIATION_NUMBER, /* "No.": before a number; else it is no abbreviation */
    ABBREVIATION_CAPITAL /* "Mon.", "Jan.": with a capital; else it is no abbreviation */
};

struct abbreviation {
    const char *name; /* lower case, without the last point */
    const char *said;
    const char *otherwise; /* TITLE: "drive", or NULL */
    enum abbreviation_kind kind;
    bool bare; /* also without a point */
};

/* NULL where there is none. */
const struct abbreviation *find_abbreviation(const char *word, size_t length);

/* Words that begin sentences and seldom follow an abbreviation inside one: "The", "He". */
bool begins_sentences(const char *word, size_t length);

/* 1 to 12 for the name of a month, whole or cut ("Nov", "Sept"), with or without its point; 0 for anything else. */
int month_number(const char *word, size_t length);
/* "november", 1 to 12 */
const char *month_name(int month);

#endif
