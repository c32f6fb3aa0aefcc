#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/buffer.h"
#include "feedback/decode.h"
#include "feedback/span.h"

/*
 * One mail taken apart (RFC 5322, RFC 2045) in one pass over its lines:
 * headers and the leaves of its MIME tree.  Messages within it are leaves:
 * what is in them is not this mail's own.  More parts or deeper ones than the
 * bounds are not looked into; a mail that keeps no rule has one part.
 */
enum { PARTS_MAX = 64, DEPTH_MAX = 12, PART_NAME_SIZE = 48 };

struct part {
	struct span header, body;  /* as they stand, lines ended by LF */
	char type[PART_NAME_SIZE]; /* of Content-Type, lower case: "text/plain" */
	char charset[PART_NAME_SIZE];
	enum encoding encoding;
	size_t parent; /* the multipart it is in; the first one's is 0 */
	bool multipart;
};

struct mail {
	char *bytes;	    /* owned, where the lines had to be made LF; else NULL */
	struct span header; /* of the mail itself */
	struct span body;
	char from_line[128]; /* who an mbox's "From " line names, or "" */
	struct part parts[PARTS_MAX];
	size_t count;
};

/* MAIL may point into BYTES. */
void mail_read(struct mail *mail, const char *bytes, size_t size);
void mail_clear(struct mail *mail);

/* Is the part of this type: "text/plain", or "text/" for all of these? */
bool part_is(const struct part *part, const char *type);

/* Its content, decoded, behind what TO holds; UTF-8. */
void part_decode(const struct part *part, struct buffer *to);
