#include "feedback/mailbox.h"

#include <string.h>

#include "base/text.h"
#include "feedback/utf8.h"

/* Each "<" and "@" is looked at with what is around it: so not in any length of text. */
enum { FIELD_MAX = 4096 };

static bool is_atom(char byte)
{
	return (unsigned char)byte >= 0x80 || is_letter(byte) || is_digit(byte) ||
	       (byte != '\0' && strchr("!#$%&'*+-/=?^_`{|}~.\\", byte) != NULL);
}

static bool is_domain(char byte)
{
	return (unsigned char)byte >= 0x80 || is_letter(byte) || is_digit(byte) ||
	       byte == '-' || byte == '.' || byte == '_';
}

/*
 * Chinese, Japanese and Korean texts put no space around an address: their
 * brackets and stops end it, and so do the typographic quotes of all others.
 */
static bool mark_at(struct span text, size_t at)
{
	const unsigned char *byte = (const unsigned char *)text.text + at;
	size_t left = text.size - at;

	if (left >= 2 && byte[0] == 0xc2)
		return byte[1] == 0xa0 || byte[1] == 0xab || byte[1] == 0xbb;
	if (left < 3)
		return false;
	if (byte[0] == 0xe2 || byte[0] == 0xe3)
		return byte[1] == 0x80;
	if (byte[0] != 0xef)
		return false;
	/* The wide forms of ASCII, but not its digits and letters. */
	if (byte[1] == 0xbc)
		return byte[2] < 0x90 || (byte[2] > 0x99 && byte[2] < 0xa1) ||
		       byte[2] > 0xba;
	return byte[1] == 0xbd && (byte[2] < 0x81 || byte[2] > 0x9a);
}

/* The first byte of a letter of those languages. */
static bool is_wide(char byte)
{
	return (unsigned char)byte >= 0xe3 && (unsigned char)byte <= 0xed;
}

static size_t local_length(struct span text)
{
	size_t i = 0;

	if (text.size > 0 && text.text[0] == '"') {
		for (i = 1; i < text.size && i <= LOCAL_PART_MAX && text.text[i] != '"';
			i++)
			if (text.text[i] == '\\')
				i++;
			else if (text.text[i] == '\n')
				return 0;
		return i < text.size && text.text[i] == '"' ? i + 1 : 0;
	}
	while (i < text.size && i <= LOCAL_PART_MAX && is_atom(text.text[i]) &&
		!mark_at(text, i))
		i++;
	/* A domain may stand in one, as old routes have it: a%b@c does, a@b@c does not. */
	return i;
}

/* In "a@example.com" with a letter of Chinese behind it, that is not of the domain. */
static size_t without_wide(struct span text, size_t from, size_t end)
{
	size_t label = end;

	while (label > from && text.text[label - 1] != '.')
		label--;
	if (label == end || !is_letter(text.text[label]))
		return end;
	for (size_t i = label; i < end; i++)
		if (is_wide(text.text[i]))
			return i;
	return end;
}

size_t mailbox_length(struct span text)
{
	size_t local = local_length(text), i, last;

	if (local == 0 || local > LOCAL_PART_MAX || local >= text.size ||
		text.text[local] != '@')
		return 0;
	i = local + 1;
	if (i < text.size && text.text[i] == '[') {
		while (i < text.size && i - local <= DOMAIN_MAX && text.text[i] != ']' &&
			!is_space(text.text[i]))
			i++;
		return i < text.size && text.text[i] == ']' ? i + 1 : 0;
	}
	/* Where it was masked, a domain may have * in it. */
	while (i < text.size && i - local <= DOMAIN_MAX + 1 &&
		(is_domain(text.text[i]) || text.text[i] == '*') && !mark_at(text, i))
		i++;
	last = without_wide(text, local + 1, i);
	while (last > local + 1 &&
		(text.text[last - 1] == '.' || text.text[last - 1] == '-'))
		last--;
	return last > local + 1 && i - local <= DOMAIN_MAX ? last : 0;
}

bool mailbox_leads(struct span text, struct span *mailbox, struct span *rest)
{
	static const char *const before[] = { "<", "\"", "'", "(", "[",
		"smtp:", "mailto:", "rfc822;", "rfc822:", "“", "«", "‘", "「" };
	size_t length;

	for (size_t steps = 0; steps < 6; steps++) {
		size_t i = 0;

		while (text.size > 0 && is_space(text.text[0]))
			text = span_skip(text, 1);
		while (i < sizeof(before) / sizeof(before[0]) &&
			!span_starts(text, before[i]))
			i++;
		/* A local part may be quoted itself. */
		if (text.size > 0 && text.text[0] == '"' && mailbox_length(text) > 0)
			break;
		if (i == sizeof(before) / sizeof(before[0]))
			break;
		text = span_skip(text, strlen(before[i]));
	}
	/* A source route (RFC 5321 C): "@a,@b:c@d". */
	if (text.size > 0 && text.text[0] == '@') {
		size_t limit = text.size < 512 ? text.size : 512;
		const char *colon = memchr(text.text, ':', limit);

		if (colon != NULL)
			text = span_between(colon + 1, span_end(text));
	}
	length = mailbox_length(text);
	if (length == 0)
		return false;
	*mailbox = (struct span){ text.text, length };
	*rest = span_skip(text, length);
	return true;
}

/* Where the local part before the "@" at AT begins. */
static size_t local_start(struct span text, size_t at)
{
	size_t from = at;

	while (from > 0 && at - from <= LOCAL_PART_MAX && is_atom(text.text[from - 1])) {
		size_t before = from - 1;

		while (before > 0 && at - before <= LOCAL_PART_MAX &&
			((unsigned char)text.text[before] & 0xc0) == 0x80)
			before--;
		if (mark_at(text, before) ||
			(is_wide(text.text[before]) && from < at &&
				(unsigned char)text.text[from] < 0x80))
			break;
		from = before;
	}
	return from;
}

bool mailbox_in(struct span text, struct span *mailbox)
{
	struct span rest;

	if (text.size > FIELD_MAX)
		text.size = FIELD_MAX;
	for (size_t i = 0; i < text.size; i++)
		if (text.text[i] == '<' &&
			mailbox_leads(span_skip(text, i), mailbox, &rest))
			return true;
	for (size_t i = 0; i < text.size; i++) {
		size_t from, length;

		if (text.text[i] != '@')
			continue;
		from = local_start(text, i);
		length = mailbox_length(span_skip(text, from));
		if (length > 0) {
			*mailbox = (struct span){ text.text + from, length };
			return true;
		}
	}
	return false;
}

bool mailbox_of_field(struct span value, struct span *mailbox)
{
	const char *semicolon;
	struct span rest;

	/* The value may be folded within; an address with a blank in it there is one. */
	value = span_trim(value);
	semicolon = memchr(value.text, ';', value.size < 32 ? value.size : 32);
	if (semicolon != NULL && span_starts(value, "x400"))
		return false;
	if (semicolon != NULL)
		value = span_between(semicolon + 1, span_end(value));
	return mailbox_leads(value, mailbox, &rest) || mailbox_in(value, mailbox);
}

bool mailbox_after(struct span text, const char *word, struct span *mailbox)
{
	long at = span_find(text, word);
	struct span rest;

	return at >= 0 &&
	       mailbox_leads(span_skip(text, (size_t)at + strlen(word)), mailbox, &rest);
}

/* The length of "\x{FC}" at TEXT, which it adds as UTF-8; 0 where there is none. */
static size_t take_escape(char *to, size_t *used, struct span text)
{
	unsigned long point = 0;
	size_t i = 3;

	if (!span_starts(text, "\\x{"))
		return 0;
	for (; i < text.size && i < 9 && text.text[i] != '}'; i++) {
		int digit = utf8_hex_digit(text.text[i]);

		if (digit < 0)
			return 0;
		point = point * 16 + (unsigned long)digit;
	}
	if (i == 3 || i == text.size || text.text[i] != '}' || point < 0x80)
		return 0;
	*used += utf8_write(to + *used, point);
	return i + 1;
}

void mailbox_copy(char to[ADDRESS_SIZE], struct span mailbox)
{
	size_t used = 0;

	if (mailbox.size >= ADDRESS_SIZE)
		mailbox.size = 0;
	while (mailbox.size > 0) {
		/* An escape is never shorter than what it stands for. */
		size_t taken = take_escape(to, &used, mailbox);

		if (taken == 0) {
			to[used++] = is_space(mailbox.text[0]) ? ' ' : mailbox.text[0];
			taken = 1;
		}
		mailbox = span_skip(mailbox, taken);
	}
	to[used] = '\0';
	text_lower(to);
}
