#include "feedback/span.h"

#include <string.h>

struct span span_of(const char *text)
{
	return (struct span){ text, strlen(text) };
}

struct span span_between(const char *from, const char *to)
{
	return (struct span){ from, to > from ? (size_t)(to - from) : 0 };
}

bool span_line(struct span *rest, struct span *line)
{
	const char *end;

	if (rest->size == 0)
		return false;
	end = memchr(rest->text, '\n', rest->size);
	if (end == NULL) {
		*line = *rest;
		*rest = span_skip(*rest, rest->size);
		return true;
	}
	*line = span_between(rest->text, end);
	*rest = span_skip(*rest, line->size + 1);
	return true;
}

struct span span_trim(struct span span)
{
	while (span.size > 0 && is_space(span.text[0]))
		span = span_skip(span, 1);
	while (span.size > 0 && is_space(span.text[span.size - 1]))
		span.size--;
	return span;
}

bool span_starts(struct span span, const char *word)
{
	for (size_t i = 0; word[i] != '\0'; i++)
		if (i == span.size || lower(span.text[i]) != lower(word[i]))
			return false;
	return true;
}

bool span_is(struct span span, const char *word)
{
	return span.size == strlen(word) && span_starts(span, word);
}

bool span_equal(struct span one, struct span other)
{
	if (one.size != other.size)
		return false;
	for (size_t i = 0; i < one.size; i++)
		if (lower(one.text[i]) != lower(other.text[i]))
			return false;
	return true;
}

long span_find(struct span span, const char *word)
{
	char first = lower(word[0]);

	for (size_t i = 0; i < span.size; i++)
		if (lower(span.text[i]) == first && span_starts(span_skip(span, i), word))
			return (long)i;
	return SPAN_NOT_FOUND;
}

/* SIZE without a character at the end that is not whole. */
static size_t whole_characters(const char *text, size_t size)
{
	size_t lead = size, length;
	unsigned char first;

	while (lead > 0 && size - lead < 3 &&
		((unsigned char)text[lead - 1] & 0xc0) == 0x80)
		lead--;
	if (lead == 0 || (first = (unsigned char)text[lead - 1]) < 0xc0)
		return size;
	length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	return size - (lead - 1) < length ? lead - 1 : size;
}

void span_copy(char *to, size_t size, struct span from)
{
	size_t used = 0;
	bool space = false;

	from = span_trim(from);
	for (size_t i = 0; i < from.size; i++) {
		if (is_space(from.text[i])) {
			space = true;
			continue;
		}
		if (used + 1 + space >= size) {
			used = whole_characters(to, used);
			break;
		}
		if (space)
			to[used++] = ' ';
		space = false;
		to[used++] = from.text[i];
	}
	to[used] = '\0';
}
