#pragma once

#include <stddef.h>

#include "policy/address.h"

/*
 * What the two halves of the address parser share: address.c reads the whole
 * and its local part, domain.c the domain.  Nobody else includes this.
 * Functions return NULL, or what is wrong.
 */
enum address_kind {
	KIND_ATOM, /* atext of RFC 5322 3.2.3, and what is not ASCII (RFC 6531 3.3) */
	KIND_DOT,
	KIND_QUOTE,
	KIND_AT,
	KIND_SPACE,
	KIND_SPECIAL, /* only in quotes */
	KIND_CONTROL,
};

static inline enum address_kind address_kind_of(char character)
{
	unsigned char byte = (unsigned char)character;

	if ((byte >= 'a' && byte <= 'z') || byte >= 0x80)
		return KIND_ATOM;
	if (byte < 0x20 || byte == 0x7f)
		return KIND_CONTROL;
	switch (byte) {
	case '.':
		return KIND_DOT;
	case '"':
		return KIND_QUOTE;
	case '@':
		return KIND_AT;
	case ' ':
		return KIND_SPACE;
	case '(':
	case ')':
	case '<':
	case '>':
	case '[':
	case ']':
	case ':':
	case ';':
	case ',':
	case '\\':
		return KIND_SPECIAL;
	default:
		return KIND_ATOM;
	}
}

static inline char address_lower(char byte)
{
	return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

/* Why a character of KIND may not stand where it does, outside quotes. */
const char *address_refuse(enum address_kind kind);

/* LENGTH bytes of foreign text: are they UTF-8, without the control characters of Latin
 * 1? */
const char *address_check_utf8(const char *text, size_t length);

/* LENGTH bytes of TEXT, without a leading @, to a canonical domain. */
const char *domain_read(char domain[DOMAIN_MAX + 1], const char *text, size_t length);
