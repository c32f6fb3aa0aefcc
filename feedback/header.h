#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/span.h"

/*
 * Header fields (RFC 5322 2.2), and what has their form: the fields of
 * delivery-status (RFC 3464) and feedback-report (RFC 5965).  Tolerant: blanks
 * before the colon, empty values.
 */
struct header_field {
	struct span name;
	struct span value; /* with the lines that continue it, folded as they stand */
};

/*
 * Takes the next field off REST.  A line that is none is left out and ends
 * nothing; an empty line makes a field without a name.  False at the end.
 */
bool field_next(struct span *rest, struct header_field *field);

/* Does the line begin with a field's name and a colon? */
bool field_begins(struct span line, struct header_field *field);

/* The value of the first field of this name in HEADER, or an empty one. */
struct span header_find(struct span header, const char *name);

/* A parameter ("; charset=x") of a field's value, without its quotes. */
struct span header_parameter(struct span value, const char *name);

/* A value of one, at the start of TEXT: a word, or what is between quotes. */
struct span parameter_value(struct span text);
