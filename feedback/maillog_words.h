#pragma once

#include "feedback/maillog.h"

/*
 * The words of a line, for feedback/maillog*.c alone.  Unlike those of
 * feedback/span.h these tell capitals from small letters, as Postfix does.
 */

/* What okite's own words end in: [okite:RULE]. */
#define MAILLOG_OWN_MARK "[okite:"

/* Moves TEXT behind WORD when it begins so. */
bool maillog_take(struct span *text, const char *word);
bool maillog_is(struct span text, const char *word);
bool maillog_ends(struct span text, const char *word);

/* Where WORD stands in it first; NULL where it does not. */
const char *maillog_find(struct span text, const char *word);

bool maillog_is_queue_id(struct span id);

/*
 * The next "name=value" of a list with commas.  A comma inside a value
 * belongs to it unless another name follows.
 */
bool maillog_take_field(struct span *rest, struct span *name, struct span *value);

/* A name, and where in a struct maillog its value goes. */
struct maillog_field {
	const char *name;
	size_t offset;
};
void maillog_keep_field(struct maillog *event, const struct maillog_field *fields,
	size_t count, struct span name, struct span value);

/* The line of a delivery, behind "to=<": feedback/maillog_delivery.c. */
bool maillog_read_delivery(struct maillog *event, struct span rest);
