/* redact.h - where card, telephone and social-security numbers are in a transcript.
 *
 * A number is a run of digits, said one by one, doubled, in pairs or in hundreds, or written, with at most three words
 * between that are none ("uh", "dash", "and then", "okay") or a homophone ("for", "to"). Runs of two digits and more
 * said one by one are parts of one number, too, where one or two other words are between them, which may have been a
 * digit that was misheard, and either a word names a kind of number or one of the runs is one. What a number is follows
 * from how many digits it has and from the nearest word that names one. Where in doubt it is redacted:
 *   card    13 digits and more, whether or not the check digit holds, since one that was misheard is as secret as its
 *           others; 8 and more near a word as "card", 3 and 4 behind "c v v"
 *   ssn     4 digits and more near "social security"; 9 that may have been issued, and no word as "phone" is near
 *   phone   7 digits and more; where all are in pairs, as years are, only near a word as "phone"
 *   number  any other run of 4 and more that may go on before or behind what is known: at an open edge
 */
#ifndef DECODER_REDACT_H
#define DECODER_REDACT_H

#include "decoder/written/heard.h"

enum redact_kind { REDACT_NONE = 0, REDACT_CARD = 1, REDACT_PHONE = 2, REDACT_SSN = 4, REDACT_NUMBER = 8 };

/* "card", "phone", "ssn", "number"; and in a text: "[CARD]". */
const char *redact_name(enum redact_kind kind);
const char *redact_tag(enum redact_kind kind);

struct redaction {
    enum redact_kind kind;
    size_t first, end; /* words */
};

/* How words end that may go on: in a run of digits, those of the words before counted in (0: in none), with at most two
 * other words behind it. */
struct redact_tail {
    size_t digits, apart;
};

struct redact_setting {
    unsigned wanted;           /* of enum redact_kind, or'ed; numbers that may be one of those are, too */
    enum redact_kind context;  /* what was spoken of before the first word */
    struct redact_tail before; /* of the words before */
    bool open;                 /* more words may follow */
    bool strict;               /* every run of 3 digits and more: of texts whose neighbours are not at hand */
};

/* What is found, and how the words end. */
struct redactions {
    struct redaction *items;
    size_t count, capacity;
    struct redact_tail tail;
    enum redact_kind context; /* what was spoken of last; NONE: nothing */
};

/* Redactions are in order and do not overlap. Errors: MEMORY. Freed with redactions_free, whether or not it fails. */
int redact_find(const struct heard_list *list, const struct redact_setting *setting, struct redactions *out,
                struct fault *fault);
void redactions_free(struct redactions *redactions);

#endif
