#pragma once

#include "milter/session.h"

/*
 * Demand, charge, judge: what becomes of a recipient or of a message.  The
 * store is asked once, and again, twice at most, when the account's record has
 * changed.
 */

/* Over SMTP, at RCPT. */
void decide_recipient(struct session *session, const struct recipient *recipient,
	struct verdict *verdict);

/*
 * At end of message, for mail from sendmail(1): all that is listed.  Marks
 * those that are taken out; WHOLE is the verdict on the message.
 */
void decide_whole(struct session *session, struct verdict *whole);
