#include "policy/address.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unicase.h>
#include <uninorm.h>
#include <unistr.h>

#include "policy/address_parts.h"

/*
 * Nearly every address is plain ASCII: it goes through one loop for the local
 * part and one for the domain, without allocation.  The libraries for Unicode
 * are asked only where there is some.
 */

static const char control_character[] = "a control character";
static const char not_utf8[] = "bytes that are not UTF-8";
static const char no_local_part[] = "no local part before the @";
static const char long_local_part[] = "a local part of more than 256 bytes";

const char *address_refuse(enum address_kind kind)
{
	static const char *const reasons[] = {
		[KIND_DOT] = "a dot in the wrong place",
		[KIND_QUOTE] = "a quote in the wrong place",
		[KIND_AT] = "more than one @",
		[KIND_SPACE] = "a space outside quotes",
		[KIND_SPECIAL] = "a character that must stand in quotes",
		[KIND_CONTROL] = control_character,
	};

	return reasons[kind];
}

const char *address_check_utf8(const char *text, size_t length)
{
	const uint8_t *next = (const uint8_t *)text;

	if (u8_check(next, length) != NULL)
		return not_utf8;
	/* U+0080 to U+009F: after the check, 0xc2 is always a lead byte. */
	for (; length >= 2; next++, length--)
		if (next[0] == 0xc2 && next[1] < 0xa0)
			return control_character;
	return NULL;
}

/* ---- the local part ---- */

/* Its characters, with quotes and backslashes taken away. */
struct local_part {
	char text[LOCAL_PART_MAX + 1];
	size_t length;
	bool foreign; /* not all of it is ASCII */
};

static bool local_part_add(struct local_part *local, char byte)
{
	if (local->length == LOCAL_PART_MAX)
		return false;
	local->text[local->length++] = address_lower(byte);
	local->foreign |= (unsigned char)byte >= 0x80;
	return true;
}

/* *NEXT is behind the opening quote, and moves behind the closing one. */
static const char *read_quoted(
	struct local_part *local, const char **next, const char *end)
{
	for (; *next < end; (*next)++) {
		if (**next == '"') {
			(*next)++;
			return NULL;
		}
		if (**next == '\\' && ++*next == end)
			break;
		if (address_kind_of(**next) == KIND_CONTROL)
			return control_character;
		if (!local_part_add(local, **next))
			return long_local_part;
	}
	return "a quote that is not closed";
}

/* Up to END or the first @ outside quotes, where *NEXT stops. */
static const char *read_local_part(
	struct local_part *local, const char **next, const char *end)
{
	const char *start = *next;
	bool word_starts = true, quoted = false;

	while (*next < end) {
		enum address_kind kind = address_kind_of(**next);
		const char *wrong;

		if (kind == KIND_AT)
			break;
		if (kind >= KIND_SPACE)
			return address_refuse(kind);
		/* A whole word is quoted (RFC 5322 4.4), not the half of it. */
		if (kind == KIND_QUOTE ? !word_starts : quoted && kind != KIND_DOT)
			return "a quote in the middle of a word";
		quoted = kind == KIND_QUOTE;
		word_starts = kind == KIND_DOT;
		if (quoted) {
			(*next)++;
			wrong = read_quoted(local, next, end);
			if (wrong != NULL)
				return wrong;
		} else if (!local_part_add(local, *(*next)++)) {
			return long_local_part;
		}
	}
	return local->foreign ? address_check_utf8(start, (size_t)(*next - start)) : NULL;
}

/*
 * Canonical caseless matching (Unicode 3.13, D145), then NFC.  It may make the
 * text longer, and it may make ASCII of what was none: the Kelvin sign is a k.
 */
static const char *fold_local_part(struct local_part *local)
{
	uint8_t buffer[4 * LOCAL_PART_MAX];
	size_t length = sizeof(buffer);
	uint8_t *folded = u8_casefold((const uint8_t *)local->text, local->length, NULL,
		UNINORM_NFC, buffer, &length);
	const char *wrong = NULL;

	if (folded == NULL)
		return not_utf8;
	if (length > LOCAL_PART_MAX) {
		wrong = long_local_part;
	} else {
		memcpy(local->text, folded, length);
		local->length = length;
	}
	if (folded != buffer)
		free(folded);
	return wrong;
}

/* Could it stand without quotes: words of atoms with single dots between? */
static bool is_dot_string(const struct local_part *local)
{
	bool word_starts = true;

	for (size_t i = 0; i < local->length; i++) {
		enum address_kind kind = address_kind_of(local->text[i]);

		if (kind != KIND_ATOM && (kind != KIND_DOT || word_starts))
			return false;
		word_starts = kind == KIND_DOT;
	}
	return !word_starts;
}

/* Put it behind quotes again if it needs them.  False when it is too long then. */
static bool write_local_part(const struct local_part *local, char *to, size_t *length)
{
	char *next = to;

	if (is_dot_string(local)) {
		memcpy(to, local->text, local->length);
		*length = local->length;
		return true;
	}
	*next++ = '"';
	for (size_t i = 0; i < local->length; i++) {
		bool escaped = local->text[i] == '"' || local->text[i] == '\\';

		/* With the last quote it must still fit. */
		if (next - to + escaped + 2 > LOCAL_PART_MAX)
			return false;
		if (escaped)
			*next++ = '\\';
		*next++ = local->text[i];
	}
	*next++ = '"';
	*length = (size_t)(next - to);
	return true;
}

/* ---- the whole ---- */

/* "@a,@b:user@c" is user@c (RFC 5321 C); a colon in brackets is part of a literal. */
static const char *skip_route(const char **text, const char *end)
{
	bool bracketed = false;

	if (*text == end || **text != '@')
		return NULL;
	for (const char *next = *text; next < end; next++) {
		if (*next == '[' || *next == ']')
			bracketed = *next == '[';
		if (*next == ':' && !bracketed) {
			*text = next + 1;
			return NULL;
		}
	}
	return no_local_part;
}

static const char *parse_mailbox(struct address *address, const char *text,
	const char *end, const char *domain_if_none)
{
	struct local_part local;
	const char *wrong;
	size_t length;

	local.length = 0;
	local.foreign = false;
	wrong = read_local_part(&local, &text, end);
	if (wrong == NULL && local.length == 0)
		wrong = no_local_part;
	if (wrong == NULL && local.foreign)
		wrong = fold_local_part(&local);
	if (wrong == NULL && !write_local_part(&local, address->text, &length))
		wrong = long_local_part;
	if (wrong != NULL)
		return wrong;

	address->domain[0] = '\0';
	if (text < end)
		wrong = domain_read(address->domain, text + 1, (size_t)(end - text) - 1);
	else if (domain_if_none != NULL)
		wrong = domain_parse(address->domain, domain_if_none);
	if (wrong == NULL && address->domain[0] != '\0') {
		address->text[length++] = '@';
		strcpy(address->text + length, address->domain);
	} else {
		address->text[length] = '\0';
	}
	return wrong;
}

const char *address_parse(
	struct address *address, const char *text, const char *domain_if_none)
{
	const char *end = text + strlen(text);
	const char *wrong = NULL;

	if (*text == '<') {
		if (end - text < 2 || end[-1] != '>')
			return "a < without its >";
		text++;
		end--;
	}
	if (text < end) {
		wrong = skip_route(&text, end);
		if (wrong == NULL)
			wrong = parse_mailbox(address, text, end, domain_if_none);
		if (wrong == NULL)
			return NULL;
	}
	address->text[0] = '\0';
	address->domain[0] = '\0';
	return wrong;
}
