/* json.h - JSON (RFC 8259) written onto a growing string. Commas are the writer's business: json_key and json_item
 * put one wherever something came before. */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include "text.h"

void json_begin(struct text *text, char bracket); /* '{' or '[' */
void json_end(struct text *text, char bracket);   /* '}' or ']' */
void json_key(struct text *text, const char *key);
void json_item(struct text *text); /* before each element of an array */

/* Control characters are escaped, UTF-8 passes, bytes that are not UTF-8 become U+FFFD. NULL is written as "". */
void json_string(struct text *text, const char *string);

/* At most that many decimals, without trailing zeros; null for what is not finite, which JSON cannot say. */
void json_number(struct text *text, double value, int decimals);
void json_integer(struct text *text, int64_t value);

void json_key_string(struct text *text, const char *key, const char *string);
void json_key_number(struct text *text, const char *key, double value, int decimals);
void json_key_integer(struct text *text, const char *key, int64_t value);

#endif
