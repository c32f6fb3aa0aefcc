#include "feedback/returned.h"

#include <string.h>

#include "feedback/header.h"
#include "feedback/mailbox.h"

enum { RETURNED_MAX = 64 << 10 };

static bool is_returned(const struct part *part)
{
	static const char *const types[] = { "message/rfc822", "text/rfc822-headers",
		"message/global", "message/global-headers", "message/partial",
		"text/rfc822-header", "text/rfc822", "message/rfc822-headers",
		"message/rfc2822" };

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (part_is(part, types[i]))
			return true;
	return false;
}

/* The lines up to the first empty one; and what an introduction leaves before them is skipped. */
static struct span header_of(struct span text)
{
	struct span line, rest = text;
	struct header_field field;

	while (span_line(&rest, &line)) {
		if (!field_begins(line, &field)) {
			text = rest;
			continue;
		}
		break;
	}
	rest = text;
	while (span_line(&rest, &line))
		if (span_trim(line).size == 0)
			return span_between(text.text, line.text);
	return text;
}

void returned_read(
	struct returned *returned, const struct mail *mail, const struct prose *prose)
{
	struct span pasted;

	*returned = (struct returned){ .header = { "", 0 } };
	for (size_t i = 0; i < mail->count; i++) {
		struct part part = mail->parts[i];

		if (!is_returned(&part))
			continue;
		if (part.body.size > RETURNED_MAX)
			part.body.size = RETURNED_MAX;
		part_decode(&part, &returned->text);
		returned->header = header_of(buffer_span(&returned->text));
		return;
	}
	pasted = span_skip(buffer_span(&prose->text), prose->end);
	if (pasted.size > 0)
		returned->header = header_of(pasted);
}

void returned_clear(struct returned *returned)
{
	buffer_clear(&returned->text);
}

static size_t add_mailboxes(
	struct span value, struct span *list, size_t count, size_t room)
{
	struct span mailbox;

	if (value.size > 16384)
		value.size = 16384;
	while (count < room && value.size > 0) {
		const char *comma = memchr(value.text, ',', value.size);
		struct span one = comma == NULL ? value : span_between(value.text, comma);

		if (mailbox_in(one, &mailbox))
			list[count++] = mailbox;
		value = span_skip(value, one.size + (comma != NULL));
	}
	return count;
}

size_t returned_recipients(
	const struct returned *returned, struct span *list, size_t room)
{
	struct span rest = returned->header;
	struct header_field field;
	size_t count = 0;

	while (count < room && field_next(&rest, &field)) {
		struct span mailbox;

		if (span_is(field.name, "To") || span_is(field.name, "Cc") ||
			span_is(field.name, "X-ORCPT-TO"))
			count = add_mailboxes(field.value, list, count, room);
		else if (span_is(field.name, "Received") &&
			 mailbox_after(
				 (struct span){ field.value.text,
					 field.value.size > 1000 ? 1000
								 : field.value.size },
				 "for <", &mailbox))
			list[count++] = mailbox;
	}
	return count;
}

/* ---- tokens ---- */

/* Where NAME stands at or after AT, whatever the case of its letters; size for nowhere. */
static size_t find_name(struct span text, const char *name, size_t at)
{
	size_t length = strlen(name);

	while (at < text.size) {
		const char *dash = memchr(text.text + at, '-', text.size - at);
		size_t start;

		if (dash == NULL)
			break;
		start = (size_t)(dash - text.text);
		/* "X-": the name begins a byte before its first dash. */
		if (start > 0 && lower(dash[-1]) == lower(name[0]) &&
			span_starts(span_skip(text, start - 1), name))
			return start - 1 + length;
		at = start + 1;
	}
	return text.size;
}

/*
 * Past the end of a line that the next one continues; 0 where it does not.
 * Citing puts "> " before each line.
 */
static size_t continues(struct span text)
{
	size_t i = 1;

	while (i < text.size && text.text[i] == '>')
		i++;
	if (i > 1 && i < text.size && text.text[i] == ' ')
		i++;
	if (i == text.size || !is_blank(text.text[i]))
		return 0;
	return i;
}

bool returned_token(
	struct span text, const char *name, size_t *at, char *value, size_t size)
{
	size_t used = 0, from = find_name(text, name, *at);

	while (from < text.size && is_blank(text.text[from]))
		from++;
	if (from >= text.size) {
		*at = text.size;
		return false;
	}
	*at = from;
	value[0] = '\0';
	if (text.text[from] != ':')
		return true;
	for (from++; from < text.size && used + 1 < size;) {
		char byte = text.text[from];

		if (byte == '\n') {
			size_t skip = continues(span_skip(text, from));

			if (skip == 0)
				break;
			from += skip;
		} else {
			if (!is_space(byte))
				value[used++] = byte;
			from++;
		}
	}
	*at = from;
	value[used] = '\0';
	return true;
}
