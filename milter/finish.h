#pragma once

#include <libmilter/mfapi.h>

#include "milter/session.h"

/*
 * The end of a message: what is added to it and taken from it, what is noted
 * of it, and what was to be noted of its recipients.
 */

/*
 * End of message, judged where it was not yet.  VERDICT is what the client is
 * told; a message that is not accepted is given up, so that nothing stays
 * charged.
 */
void finish_message(SMFICTX *context, struct session *session, struct verdict *verdict);

/* A recipient was refused, or is accepted and gets nothing: the events of that. */
void finish_refused(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict);
void finish_discarded(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict);
