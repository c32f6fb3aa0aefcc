#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/span.h"

/*
 * The fields of a delivery status notification (RFC 3464 2, RFC 6533): a
 * group for each recipient, wherever they stand, in a part of their own or in
 * the text.
 */
struct dsn_group {
	/* Original-Recipient, Final-Recipient, X-Actual-Recipient, as they stand. */
	struct span original, final, actual;
	struct span action, status, remote, diagnostic;
};

struct dsn {
	struct span reporter; /* Reporting-MTA */
	struct span text;     /* not yet read */
};

struct dsn dsn_of(struct span text);

/* The next group that has a recipient, or an action and a status; false at the end. */
bool dsn_next(struct dsn *dsn, struct dsn_group *group);
