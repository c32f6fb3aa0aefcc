#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Text as people write it in a configuration, and text of strangers on its
 * way to a log.  Nothing here allocates; every destination has a size and is
 * always terminated.
 */

/* Copy, cut to SIZE - 1 bytes.  False when it had to be cut. */
bool text_copy(char *to, size_t size, const char *from);

/*
 * The same for foreign text on its way to a log or a terminal: control
 * characters, bytes that are no UTF-8 and backslashes become \xNN, and what
 * is cut ends in "...".  Returns TO.
 */
char *text_printable(char *to, size_t size, const char *from);
/* The same, but backslashes stay: for a line parts of which went through text_printable() already. */
char *text_printable_again(char *to, size_t size, const char *from);

/* ASCII letters to lower case, in place; other bytes stay. */
void text_lower(char *text);

/* Does TEXT match PATTERN, in which * stands for any run of bytes?  Nothing else is special. */
bool text_matches(const char *pattern, const char *text);

/*
 * A span of time: a whole number and ms, s, m, h, d or w ("500ms", "24h").
 * False for anything else, and for more than ten years.
 */
bool text_to_duration(const char *text, int64_t *microseconds);

/* The shortest exact form ("24h", "90s"); back to text_to_duration() it is the same. */
char *text_from_duration(char *to, size_t size, int64_t microseconds);

/* A number of bytes: a whole number and nothing, K, M or G (of 1024). */
bool text_to_bytes(const char *text, int64_t *bytes);

/*
 * So many in such a time: "14/s", "50000/24h", "30/m".  AMOUNT is from 0 to
 * 10^12, the unit alone stands for one of it.
 */
bool text_to_ratio(const char *text, int64_t *amount, int64_t *window_us);

/* A decimal number from MINIMUM to MAXIMUM and nothing else. */
bool text_to_number(const char *text, int64_t minimum, int64_t maximum, int64_t *number);
