/* screen.h - the row of a terminal in which text grows while it is spoken: what is certain in the terminal's colour,
 * what is not in grey behind it. It is rewritten in place, never wider than the terminal (then its end is shown), and
 * nothing of it stays. On standard output; there is one. */
#ifndef CLI_SCREEN_H
#define CLI_SCREEN_H

#include "text.h"

/* True where standard output is a terminal that can rewrite a row; the other functions do nothing elsewhere. */
bool screen_open(void);

/* Shows one line of text; label comes first and stays whatever the width, as far as there is room for more. False when
 * it could not be written (output_text). */
bool screen_show(const char *label, const char *certain, const char *tentative);

/* Draws it again where the terminal has another width now. */
bool screen_refresh(void);

/* Takes the row away, before anything else is printed. */
bool screen_hide(void);

/* What the row holds in at most width columns, without cursor movements. Returns the columns that it takes. */
size_t screen_compose(struct text *out, const char *label, const char *certain, const char *tentative, size_t width,
                      bool colour);

#endif
