#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "milter/session.h"

/*
 * What is told of decisions: the log, the events, the metrics.  The names in
 * the log are part of the contract with users: okited(8), LOG.
 */

/*
 * A recipient, or with RECIPIENT NULL the message, was refused at STAGE
 * ("mail", "rcpt", "eom"): a line, and if it was not only observed, an event.
 */
void report_refused(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict, const char *stage);

/* The same for a recipient of an accepted message who gets nothing. */
void report_removed(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict, const char *stage);

/* What became of a message, at its end or when it is refused before: counted, with its recipients. */
void report_message(const struct session *session, const struct verdict *verdict);
