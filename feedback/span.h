#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A piece of somebody else's text, not ended by NUL.  It lives as long as
 * that text.  Letters are compared without regard to their case, in ASCII.
 */
struct span {
	const char *text;
	size_t size;
};

#define SPAN_NONE ((struct span){ NULL, 0 })
enum { SPAN_NOT_FOUND = -1 };

struct span span_of(const char *text);
struct span span_between(const char *from, const char *to);
static inline const char *span_end(struct span span)
{
	return span.text + span.size;
}
static inline struct span span_skip(struct span span, size_t size)
{
	return (struct span){ span.text + size, span.size - size };
}

/* Takes the next line off REST, without its LF; false at the end. */
bool span_line(struct span *rest, struct span *line);

/* Without the blanks and line ends at both ends. */
struct span span_trim(struct span span);
bool span_is(struct span span, const char *word);
bool span_equal(struct span one, struct span other);
bool span_starts(struct span span, const char *word);

/* Where WORD stands in it, or SPAN_NOT_FOUND. */
long span_find(struct span span, const char *word);

/*
 * A copy with its end, cut to SIZE (never within a character of UTF-8); runs
 * of white space become one space.
 */
void span_copy(char *to, size_t size, struct span from);

static inline bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t';
}
static inline bool is_space(char byte)
{
	return is_blank(byte) || byte == '\n' || byte == '\r' || byte == '\f' ||
	       byte == '\v';
}
static inline bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}
static inline char lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte + ('a' - 'A')) : byte;
}
static inline bool is_letter(char byte)
{
	return lower(byte) >= 'a' && lower(byte) <= 'z';
}
