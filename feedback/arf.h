#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "feedback/headings.h"
#include "feedback/mail.h"
#include "feedback/outcome.h"

/*
 * Complaints: feedback reports (RFC 5965) with their types, the Microsoft
 * way of the JMRP and of SES, and the opt-outs of Apple.
 */
enum { COMPLAINT_TYPE_SIZE = 24 };

struct complaint {
	char type
		[COMPLAINT_TYPE_SIZE]; /* abuse, fraud, opt-out, auth-failure, not-spam ... */
	bool person;		       /* did one complain? */
	struct buffer text;	       /* the fields, decoded */
	struct span recipients;	       /* those of TEXT that are still to be read */
	struct span redacted;
};

/* Is it one at all? */
bool complaint_read(struct complaint *complaint, const struct headings *headings,
	const struct mail *mail);
void complaint_clear(struct complaint *complaint);

/* The next recipient that the report itself names. */
bool complaint_next(struct complaint *complaint, struct span *recipient);
