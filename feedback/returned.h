#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/buffer.h"
#include "feedback/mail.h"
#include "feedback/prose.h"

/*
 * The message that came back with a report, whole or its header, as a part or
 * pasted into the text.
 */
struct returned {
	struct buffer text; /* of the first part that is one, cut to what headers take */
	struct span header;
};

void returned_read(
	struct returned *returned, const struct mail *mail, const struct prose *prose);
void returned_clear(struct returned *returned);

/* Whom it was sent to, by To, Cc and "for" in Received: up to ROOM. */
size_t returned_recipients(
	const struct returned *returned, struct span *list, size_t room);

/*
 * The next value of a header of this NAME ("X-Okite-Token") anywhere in what
 * came back, unfolded and without blanks, though somebody encoded, folded or
 * cited it anew.  AT is 0 at first; false at the end.
 */
bool returned_token(
	struct span text, const char *name, size_t *at, char *value, size_t size);
