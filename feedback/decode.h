#pragma once

#include "feedback/buffer.h"
#include "feedback/span.h"

/*
 * The encodings of mail undone: what comes out is UTF-8.  Nothing here fails:
 * what is broken is taken as it stands, and a byte that is no character
 * becomes U+FFFD.
 */
enum encoding { ENCODING_NONE, ENCODING_BASE64, ENCODING_QUOTED_PRINTABLE };

/* Of a Content-Transfer-Encoding. */
enum encoding encoding_named(struct span name);

void decode_base64(struct buffer *to, struct span from);
void decode_quoted_printable(struct buffer *to, struct span from);

/* FROM in the encoding, in bytes of no matter which character set. */
void decode_transfer(struct buffer *to, struct span from, enum encoding encoding);

/* A header's value with its encoded words (RFC 2047). */
void decode_words(struct buffer *to, struct span from);
