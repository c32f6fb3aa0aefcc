#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * A mail address as SMTP gives it (RFC 5321 4.1.2, RFC 6531), and the one
 * form in which two spellings of the same mailbox are equal:
 *
 *   domain      case-insensitive, in A-labels (IDNA 2008), without a last dot
 *   local part  case-folded (Unicode, NFC), quotes gone where they quote nothing
 *
 * Dots, hyphens and tags in the local part are left alone: john-smith@ is not
 * john@, whatever some provider does.  A source route (RFC 5321 C) is dropped.
 */
enum {
	LOCAL_PART_MAX = 256, /* RFC 5321 says 64; VERP senders and EAI need more */
	DOMAIN_MAX = 255,
	ADDRESS_SIZE = LOCAL_PART_MAX + 1 + DOMAIN_MAX + 1,
};

struct address {
	char text[ADDRESS_SIZE];     /* canonical; "" is the null sender */
	char domain[DOMAIN_MAX + 1]; /* canonical; "" where there is none */
};

/*
 * TEXT with or without <>.  DOMAIN_IF_NONE is put behind a bare local part
 * ("alice"); NULL leaves it bare.  The null sender is a good address with an
 * empty text.  Returns NULL when ADDRESS is set, else what is wrong with
 * TEXT ("a control character", ...).
 */
const char *address_parse(
	struct address *address, const char *text, const char *domain_if_none);

/* A domain alone ("example.com", "@Bücher.example") to its canonical form; the same return. */
const char *domain_parse(char domain[DOMAIN_MAX + 1], const char *text);
