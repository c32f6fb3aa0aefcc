#include <string.h>

#include "base/text.h"
#include "feedback/mailbox.h"
#include "feedback/report_reading.h"

enum { RECIPIENTS_LOOKED_AT = 32 };

/* ---- by fields ---- */

/*
 * The one that was written to comes first: a report may be about an address
 * that the sender never heard of.
 */
static bool recipient_of(const struct dsn_group *group, struct span *mailbox)
{
	return mailbox_of_field(group->original, mailbox) ||
	       mailbox_of_field(group->final, mailbox) ||
	       mailbox_of_field(group->actual, mailbox);
}

/* delivered, relayed, expanded: no failure.  Without an action the status tells. */
static bool is_success(const struct dsn_group *group)
{
	if (group->action.size == 0)
		return span_starts(group->status, "2.");
	return !span_starts(group->action, "fail") &&
	       !span_starts(group->action, "delay");
}

static void add_success(struct reading_report *reading, const struct dsn_group *group,
	struct span mailbox)
{
	struct outcome *outcome = report_add(reading, KIND_NONE, mailbox);

	if (outcome == NULL)
		return;
	span_copy(outcome->action, ACTION_SIZE, group->action);
	text_lower(outcome->action);
	span_copy(outcome->status, STATUS_SIZE, group->status);
	text_copy(outcome->reason, REASON_SIZE, "delivered");
}

static void add_failure(struct reading_report *reading, const struct dsn_group *group,
	struct span mailbox)
{
	const struct listed *listed = report_listed(reading, mailbox);
	struct span final;
	struct outcome *outcome = report_add(reading, KIND_BOUNCE, mailbox);

	if (outcome == NULL)
		return;
	if (!mailbox_of_field(group->final, &final))
		final = mailbox;
	if (listed == NULL)
		listed = report_listed(reading, final);
	if (listed == NULL && reading->listed_count == 1)
		listed = &reading->listed[0];
	report_judge(reading, outcome, final, group, listed);
}

/* A group that names nobody: the text does, or it is lost. */
static void add_nameless(struct reading_report *reading, const struct dsn_group *group)
{
	struct span mailbox = { "", 0 };
	const struct listed *listed = NULL;

	for (size_t i = 0; i < reading->listed_count && listed == NULL; i++)
		if (!report_has(reading, reading->listed[i].mailbox))
			listed = &reading->listed[i];
	if (listed != NULL)
		mailbox = listed->original.size > 0 ? listed->original : listed->mailbox;
	else if (!mailbox_in(reading->headings.failed_recipients, &mailbox) &&
		 returned_recipients(&reading->returned, &mailbox, 1) == 0)
		mailbox = (struct span){ "", 0 };
	if (!report_has(reading, mailbox))
		add_failure(reading, group, mailbox);
}

static void add_groups(
	struct reading_report *reading, struct span text, bool prose, bool *any)
{
	struct dsn dsn = dsn_of(text);
	struct dsn_group group;
	struct span mailbox;

	while (reading->report->count < OUTCOMES_MAX && dsn_next(&dsn, &group)) {
		bool named = recipient_of(&group, &mailbox);

		/* Read receipts have fields too; in prose only what is complete counts. */
		if (prose && !(named && (group.action.size > 0 || group.status.size > 0)))
			continue;
		*any = true;
		if (named && report_has(reading, mailbox))
			continue;
		if (!named && !is_success(&group))
			add_nameless(reading, &group);
		else if (!named)
			continue;
		else if (is_success(&group))
			add_success(reading, &group, mailbox);
		else
			add_failure(reading, &group, mailbox);
	}
}

bool report_fields(struct reading_report *reading)
{
	bool any = false;

	add_groups(reading, buffer_span(&reading->machine), false, &any);
	if (!any && headings_machine(&reading->headings))
		add_groups(reading, prose_words(&reading->prose), true, &any);
	return any && reading->report->count > 0;
}

/* ---- by text ---- */

static void add_listed(
	struct reading_report *reading, struct span mailbox, const struct listed *listed)
{
	struct outcome *outcome;

	if (report_has(reading, mailbox))
		return;
	outcome = report_add(reading, KIND_BOUNCE, mailbox);
	if (outcome != NULL)
		report_judge(reading, outcome, listed == NULL ? mailbox : listed->mailbox,
			NULL, listed);
}

/* Exim and Gmail name in the header whom the sender wrote to; the text has the reasons. */
static void add_failed_recipients(struct reading_report *reading)
{
	struct span rest = reading->headings.failed_recipients;

	while (rest.size > 0 && reading->report->count < OUTCOMES_MAX) {
		const char *comma = memchr(rest.text, ',', rest.size);
		struct span one = comma == NULL ? rest : span_between(rest.text, comma),
			    mailbox;
		const struct listed *listed;

		rest = span_skip(rest, one.size + (comma != NULL));
		if (!mailbox_in(one, &mailbox))
			continue;
		listed = report_listed(reading, mailbox);
		if (listed == NULL && reading->listed_count == 1)
			listed = &reading->listed[0];
		add_listed(reading, mailbox, listed);
	}
}

static bool is_own(const struct reading_report *reading, struct span mailbox)
{
	struct span own;

	return (mailbox_in(reading->headings.to, &own) && span_equal(own, mailbox)) ||
	       (mailbox_in(reading->headings.from, &own) && span_equal(own, mailbox));
}

static bool is_among(struct span mailbox, const struct span *list, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (span_equal(list[i], mailbox))
			return true;
	return false;
}

/* How much an address has to be one of a recipient, from most to least. */
enum belief { SENT_TO, NOT_OWN, ANY_ADDRESS };

static bool believed(const struct reading_report *reading, struct span mailbox,
	enum belief belief, const struct span *sent_to, size_t sent_count)
{
	if (belief == SENT_TO)
		return is_among(mailbox, sent_to, sent_count);
	if (is_own(reading, mailbox))
		return belief == ANY_ADDRESS;
	/* "Ask postmaster@example.com": one that was but seen somewhere. */
	return !reading->guessed || !span_starts(mailbox, "postmaster@");
}

/*
 * Where no format is known, an address may stand in the text for any reason:
 * one that the returned message was sent to is better than others, the
 * sender's and that of the report itself are worse.
 */
static void add_guessed(struct reading_report *reading)
{
	struct span sent_to[RECIPIENTS_LOOKED_AT];
	size_t sent_count =
		returned_recipients(&reading->returned, sent_to, RECIPIENTS_LOOKED_AT);
	bool certain = reading->prose.format != FORMAT_ANY && !reading->guessed;
	int last = reading->guessed ? NOT_OWN : ANY_ADDRESS;

	for (int belief = certain ? ANY_ADDRESS : SENT_TO;
		belief <= last && reading->report->count == 0; belief++)
		for (size_t i = 0; i < reading->listed_count; i++) {
			const struct listed *listed = &reading->listed[i];

			if (!believed(reading, listed->mailbox, (enum belief)belief,
				    sent_to, sent_count))
				continue;
			add_listed(reading,
				listed->original.size > 0 ? listed->original
							  : listed->mailbox,
				listed);
			if (reading->guessed && belief == NOT_OWN)
				break;
		}
}

void report_text(struct reading_report *reading)
{
	struct span mailbox[2];
	size_t count;

	add_failed_recipients(reading);
	if (reading->report->count == 0)
		add_guessed(reading);
	if (reading->report->count > 0)
		return;
	/* No address anywhere: whom was the returned message for? */
	count = returned_recipients(&reading->returned, mailbox, 2);
	if (count == 2 && span_equal(mailbox[0], mailbox[1]))
		count = 1;
	add_listed(reading, count == 1 ? mailbox[0] : (struct span){ "", 0 }, NULL);
}
