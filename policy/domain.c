#include "policy/address_parts.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <idn2.h>

enum { LABEL_MAX = 63 };

static const char long_domain[] = "a domain of more than 255 bytes";

/* [192.0.2.1], [IPv6:2001:db8::1] (RFC 5321 4.1.3). */
static const char *read_literal(char *domain, const char *text, size_t length)
{
	if (length < 3 || text[length - 1] != ']')
		return "an address literal that is empty or not closed";
	for (size_t i = 0; i < length; i++) {
		bool inner = i > 0 && i < length - 1;

		if (text[i] <= ' ' || text[i] > '~' ||
			(inner && strchr("[]\\@<>\"", text[i]) != NULL))
			return "a character that an address literal cannot have";
		domain[i] = address_lower(text[i]);
	}
	domain[length] = '\0';
	return NULL;
}

/*
 * Lower-case TEXT and look at its characters, without asking what IDNA thinks
 * of them: it refuses underscores and "ab--cd", which the DNS and Postfix
 * take.  Sets UNICODE where IDNA has to be asked.
 */
static const char *read_characters(
	char *domain, const char *text, size_t length, bool *unicode)
{
	*unicode = false;
	for (size_t i = 0; i < length; i++) {
		char byte = address_lower(text[i]);

		domain[i] = byte;
		if ((byte >= 'a' && byte <= 'z') || byte == '.' || byte == '-' ||
			(byte >= '0' && byte <= '9') || byte == '_')
			continue;
		if ((unsigned char)byte >= 0x80)
			*unicode = true;
		else if (address_kind_of(byte) >= KIND_AT &&
			 address_kind_of(byte) != KIND_SPECIAL)
			return address_refuse(address_kind_of(byte));
		else
			return "a character that a domain cannot have";
	}
	domain[length] = '\0';
	return NULL;
}

/* Of what is ASCII now. */
static const char *check_labels(const char *domain)
{
	for (;;) {
		size_t length = strcspn(domain, ".");

		if (length == 0)
			return "an empty label in the domain";
		if (domain[0] == '-' || domain[length - 1] == '-')
			return "a label that begins or ends with a hyphen in the domain";
		if (length > LABEL_MAX)
			return "a label of more than 63 bytes in the domain";
		if (domain[length] == '\0')
			return NULL;
		domain += length + 1;
	}
}

/* What read_characters() has made, with a U-label or an A-label in it, to A-labels. */
static const char *to_a_labels(char domain[DOMAIN_MAX + 1], bool unicode)
{
	uint8_t *looked_up = NULL;
	const char *wrong, *labels;

	if (idn2_lookup_u8((const uint8_t *)domain, &looked_up,
		    IDN2_NFC_INPUT | IDN2_NONTRANSITIONAL) != IDN2_OK)
		/* An A-label that stands for nothing good is a name in the DNS all the
		 * same. */
		return unicode ? "a domain that IDNA 2008 does not allow" : NULL;
	labels = (const char *)looked_up;
	/* The mapping can bring forth an @ or a space (from U+FF20, U+3000 and the like).
	 */
	if (strlen(labels) > DOMAIN_MAX)
		wrong = long_domain;
	else
		wrong = read_characters(domain, labels, strlen(labels), &unicode);
	idn2_free(looked_up);
	return wrong;
}

const char *domain_read(char domain[DOMAIN_MAX + 1], const char *text, size_t length)
{
	const char *wrong;
	bool unicode;

	if (length > 1 && text[length - 1] == '.')
		length--;
	if (length == 0)
		return "no domain after the @";
	if (length > DOMAIN_MAX)
		return long_domain;
	if (text[0] == '[')
		return read_literal(domain, text, length);
	wrong = read_characters(domain, text, length, &unicode);
	if (wrong == NULL && unicode)
		wrong = address_check_utf8(text, length);
	if (wrong == NULL && (unicode || strstr(domain, "xn--") != NULL))
		wrong = to_a_labels(domain, unicode);
	return wrong != NULL ? wrong : check_labels(domain);
}

const char *domain_parse(char domain[DOMAIN_MAX + 1], const char *text)
{
	const char *wrong;

	if (text[0] == '@')
		text++;
	wrong = domain_read(domain, text, strlen(text));
	if (wrong != NULL)
		domain[0] = '\0';
	return wrong;
}
