#include "feedback/header.h"

#include <string.h>

/* Longer names exist, but none that mean anything here. */
enum { NAME_MAX_SIZE = 80 };

bool field_begins(struct span line, struct header_field *field)
{
	size_t i = 0, name;

	while (i < line.size && i < NAME_MAX_SIZE && line.text[i] > ' ' &&
		line.text[i] < 127 && line.text[i] != ':')
		i++;
	name = i;
	while (i < line.size && is_blank(line.text[i]))
		i++;
	if (name == 0 || i == line.size || line.text[i] != ':')
		return false;
	field->name = (struct span){ line.text, name };
	field->value = span_skip(line, i + 1);
	return true;
}

bool field_next(struct span *rest, struct header_field *field)
{
	struct span line, ahead;

	for (;;) {
		if (!span_line(rest, &line))
			return false;
		if (span_trim(line).size == 0) {
			field->name = field->value = (struct span){ line.text, 0 };
			return true;
		}
		if (field_begins(line, field))
			break;
	}
	ahead = *rest;
	while (span_line(&ahead, &line) && line.size > 0 && is_blank(line.text[0]) &&
		span_trim(line).size > 0) {
		field->value.size = (size_t)(span_end(line) - field->value.text);
		*rest = ahead;
	}
	return true;
}

struct span header_find(struct span header, const char *name)
{
	struct header_field field;

	while (field_next(&header, &field))
		if (span_is(field.name, name))
			return span_trim(field.value);
	return (struct span){ "", 0 };
}

/* A quoted or bare word at the start of TEXT. */
struct span parameter_value(struct span text)
{
	size_t size = 0;
	const char *quote;

	if (text.size > 0 && text.text[0] == '"') {
		text = span_skip(text, 1);
		quote = memchr(text.text, '"', text.size);
		if (quote != NULL)
			text.size = (size_t)(quote - text.text);
		return text;
	}
	while (size < text.size && !is_space(text.text[size]) && text.text[size] != ';')
		size++;
	return (struct span){ text.text, size };
}

struct span header_parameter(struct span value, const char *name)
{
	size_t length = strlen(name);

	while (value.size > 0) {
		const char *semicolon = memchr(value.text, ';', value.size);
		struct span rest;

		if (semicolon == NULL)
			break;
		value = span_between(semicolon + 1, span_end(value));
		rest = span_trim(value);
		if (!span_starts(rest, name))
			continue;
		rest = span_trim(span_skip(rest, length));
		if (rest.size > 0 && rest.text[0] == '=')
			return parameter_value(span_trim(span_skip(rest, 1)));
	}
	return (struct span){ "", 0 };
}
