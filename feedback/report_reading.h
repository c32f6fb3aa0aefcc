#pragma once

#include "feedback/arf.h"
#include "feedback/classify.h"
#include "feedback/dsn.h"
#include "feedback/headings.h"
#include "feedback/listing.h"
#include "feedback/mail.h"
#include "feedback/prose.h"
#include "feedback/report.h"
#include "feedback/returned.h"

/*
 * A report while it is read: what it was taken apart into, and where its
 * outcomes go.  For feedback/report*.c.
 */
enum { LISTED_MAX = OUTCOMES_MAX, EVIDENCE_MAX = 4096 };

struct reading_report {
	const struct classifier *classifier;
	struct mail mail;
	struct prose prose;
	struct headings headings;
	struct returned returned;
	struct buffer machine;	/* the parts of delivery-status, decoded */
	struct buffer evidence; /* of the recipient at hand */
	struct listed *listed;
	size_t listed_count;
	bool guessed; /* what is listed may be any address */
	bool delayed; /* a warning */
	const char *reporter;
	struct report *report;
};

/* One more outcome of the report; NULL when there are too many. */
struct outcome *report_add(
	struct reading_report *reading, enum outcome_kind kind, struct span recipient);
bool report_has(const struct reading_report *reading, struct span recipient);

/* Bounces by their fields for machines.  False when no recipient of a failure is named in them. */
bool report_fields(struct reading_report *reading);
/* Bounces by their text. */
void report_text(struct reading_report *reading);

/* ---- report_evidence.c ---- */

/* Judges OUTCOME by what is said of MAILBOX: GROUP and LISTED may be NULL. */
void report_judge(struct reading_report *reading, struct outcome *outcome,
	struct span mailbox, const struct dsn_group *group, const struct listed *listed);

/* What was listed of MAILBOX; NULL for nothing. */
const struct listed *report_listed(
	const struct reading_report *reading, struct span mailbox);
