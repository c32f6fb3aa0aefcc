#pragma once

#include <libmilter/mfapi.h>

#include "milter/session.h"

/* How a verdict is told to the client, and what the MTA tells by macros. */

/*
 * The verdict on an address or a login that is not taken, for the reason FAULT;
 * STATUS is 5.1.3, 5.1.7 or 5.7.1 (RFC 3463).
 */
void reply_to_fault(const struct session *session, struct verdict *verdict,
	const char *fault, const char *status);

/* Tell the client VERDICT, a tempfail or a reject: what the callback returns. */
sfsistat reply_with(SMFICTX *context, const struct verdict *verdict);
/* The same, after it was logged and counted; RECIPIENT is NULL for the message. */
sfsistat reply_refusal(SMFICTX *context, struct session *session,
	const struct recipient *recipient, const struct verdict *verdict,
	const char *stage);

/* A macro's value, "" where the MTA has not told it. */
const char *macro(SMFICTX *context, const char *name);
/*
 * The domain of a bare local part: the one that the MTA has put behind it in NAME,
 * its own form of the address; in Sendmail's there is none, and it is its host.  NULL:
 * not known.
 */
const char *macro_domain(SMFICTX *context, const char *name);
