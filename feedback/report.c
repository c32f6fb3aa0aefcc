#include "feedback/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "feedback/codes.h"
#include "feedback/header.h"
#include "feedback/mailbox.h"
#include "feedback/report_reading.h"
#include "policy/token.h"

/* ---- outcomes ---- */

struct outcome *report_add(
	struct reading_report *reading, enum outcome_kind kind, struct span recipient)
{
	struct report *report = reading->report;
	struct outcome *outcome;

	if (report->count == OUTCOMES_MAX)
		return NULL;
	/* Most reports have one. */
	if ((report->count & (report->count - 1)) == 0)
		report->outcomes = xreallocarray(report->outcomes,
			report->count == 0 ? 1 : 2 * report->count, sizeof(*outcome));
	outcome = &report->outcomes[report->count++];
	memset(outcome, 0, sizeof(*outcome));
	outcome->kind = kind;
	mailbox_copy(outcome->recipient, recipient);
	return outcome;
}

bool report_has(const struct reading_report *reading, struct span recipient)
{
	char copy[ADDRESS_SIZE];

	mailbox_copy(copy, recipient);
	for (size_t i = 0; i < reading->report->count; i++)
		if (strcmp(copy, reading->report->outcomes[i].recipient) == 0)
			return true;
	return false;
}

/* ---- kinds ---- */

/* A hidden address is none: "redacted@example.net", "<Undisclosed Recipients>". */
static bool is_redacted(struct span mailbox)
{
	return span_starts(mailbox, "redacted") || span_starts(mailbox, "undisclosed") ||
	       span_starts(mailbox, "removed@") || span_starts(mailbox, "xxx");
}

static void add_complaint(
	struct reading_report *reading, struct span recipient, bool person)
{
	struct outcome *outcome;

	if (is_redacted(recipient))
		recipient = (struct span){ "", 0 };
	if (report_has(reading, recipient))
		return;
	outcome = report_add(reading, person ? KIND_COMPLAINT : KIND_NONE, recipient);
	if (outcome == NULL)
		return;
	outcome->class = person ? CLASS_COMPLAINT : CLASS_NONE;
	text_copy(outcome->reason, REASON_SIZE, "feedback");
}

static bool take_complaint(struct reading_report *reading)
{
	struct complaint complaint;
	struct span recipient;
	bool is = complaint_read(&complaint, &reading->headings, &reading->mail);

	if (!is)
		goto out;
	text_copy(reading->report->feedback_type, sizeof(reading->report->feedback_type),
		complaint.type);
	while (reading->report->count < OUTCOMES_MAX &&
		complaint_next(&complaint, &recipient))
		add_complaint(reading, recipient, complaint.person);
	if (reading->report->count > 0)
		goto out;
	if (!mailbox_in(header_find(reading->returned.header, "X-HmXmrOriginalRecipient"),
		    &recipient) &&
		!(reading->headings.apple_unsubscribe &&
			mailbox_in(reading->headings.from, &recipient)))
		recipient = (struct span){ "", 0 };
	add_complaint(reading, recipient, complaint.person);
out:
	complaint_clear(&complaint);
	return is;
}

static bool has_part(const struct mail *mail, const char *type)
{
	for (size_t i = 0; i < mail->count; i++)
		if (part_is(&mail->parts[i], type))
			return true;
	return false;
}

/* What has a form of its own and is no failure. */
static bool is_something_else(const struct reading_report *reading)
{
	static const char *const types[] = { "message/disposition-notification",
		"message/tracking-status", "application/tlsrpt+gzip",
		"application/tlsrpt+json", "text/calendar" };

	if (reading->machine.size > 0)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (has_part(&reading->mail, types[i]))
			return true;
	return reading->headings.says_notice;
}

/* A code of SMTP in it, or a message that comes back with it. */
static bool shows_failure(const struct reading_report *reading)
{
	enum { LOOKED_AT = 4096 };
	char text[LOOKED_AT + 1];
	struct span words = prose_words(&reading->prose);
	struct codes codes;

	if (reading->returned.header.size > 0)
		return true;
	if (words.size > LOOKED_AT)
		words.size = LOOKED_AT;
	memcpy(text, words.text, words.size);
	text[words.size] = '\0';
	codes_find(text, &codes);
	return codes.reply != 0 || codes.status[0] != '\0';
}

/* Does the text say of itself that it is a bounce? */
static bool speaks_of_failure(const struct reading_report *reading)
{
	const struct headings *headings = &reading->headings;
	const struct prose *prose = &reading->prose;
	bool said;

	if (headings->failed_recipients.size > 0)
		return true;
	if (!headings_machine(headings))
		return false;
	if (prose->format != FORMAT_ANY)
		return true;
	if ((headings->from_daemon || headings->null_path || headings->exchange_ndr) &&
		headings->says_bounce)
		return true;
	/* "Your parcel could not be delivered, ask help@example.com", says a shop. */
	said = prose_find(prose, MARK_SIGN, 0, prose->end) != NULL && !headings->bulk &&
	       (headings->null_path || !reading->guessed || shows_failure(reading));
	return said && (headings->says_bounce || headings->from_daemon ||
			       headings->null_path || headings->exchange_ndr);
}

static void take_away(struct reading_report *reading)
{
	struct span sender = { "", 0 };
	struct outcome *outcome;

	if (!mailbox_in(reading->headings.from, &sender))
		sender = (struct span){ "", 0 };
	outcome = report_add(reading, KIND_AUTO, sender);
	outcome->class = CLASS_AUTO;
	text_copy(outcome->reason, REASON_SIZE, "vacation");
}

static void take_kind(struct reading_report *reading)
{
	const struct headings *headings = &reading->headings;
	bool strong = headings->autoreply || headings->says_away;

	if (take_complaint(reading) || is_something_else(reading))
		return;
	reading->listed_count = listing_read(
		&reading->prose, reading->listed, LISTED_MAX, &reading->guessed);
	if (reading->machine.size > 0 || !strong || headings->from_daemon)
		if (report_fields(reading))
			return;
	if (reading->machine.size > 0 ||
		(speaks_of_failure(reading) &&
			(!strong || reading->prose.format != FORMAT_ANY)))
		report_text(reading);
	else if (headings_away(headings))
		take_away(reading);
}

/* ---- tokens ---- */

static bool known_token(const struct report *report, const char *value)
{
	for (size_t i = 0; i < report->token_count; i++)
		if (strcmp(report->tokens[i], value) == 0)
			return true;
	return false;
}

static void take_tokens(struct report *report, struct span text)
{
	char value[TOKEN_TEXT_MAX];
	size_t at = 0;

	while (report->token_count < TOKENS_MAX &&
		returned_token(text, TOKEN_HEADER, &at, value, sizeof(value))) {
		if (value[0] == '\0' || known_token(report, value))
			continue;
		report->tokens = xreallocarray(report->tokens, report->token_count + 1,
			sizeof(report->tokens[0]));
		report->tokens[report->token_count++] = xstrdup(value);
	}
}

static void find_tokens(struct reading_report *reading)
{
	for (size_t i = 0; i < reading->mail.count; i++) {
		const struct part *part = &reading->mail.parts[i];
		struct buffer decoded = { 0 };

		if (part->multipart)
			continue;
		if (part->encoding == ENCODING_NONE) {
			take_tokens(reading->report, part->body);
			continue;
		}
		decode_transfer(&decoded, part->body, part->encoding);
		if (decoded.size > 0)
			take_tokens(reading->report, buffer_span(&decoded));
		buffer_clear(&decoded);
	}
}

/* ---- the whole ---- */

static void read_machine(struct reading_report *reading)
{
	for (size_t i = 0; i < reading->mail.count; i++) {
		const struct part *part = &reading->mail.parts[i];

		if (!part_is(part, "message/delivery-status") &&
			!part_is(part, "message/global-delivery-status") &&
			!part_is(part, "text/delivery-status"))
			continue;
		part_decode(part, &reading->machine);
		buffer_add(&reading->machine, "\n\n", 2);
	}
}

void report_parse(const struct classifier *classifier, const char *bytes, size_t size,
	struct report *report)
{
	struct reading_report *reading = xmalloc(sizeof(*reading));
	const struct formats *formats = classifier_formats(classifier);

	memset(report, 0, sizeof(*report));
	reading->classifier = classifier;
	reading->report = report;
	reading->machine = reading->evidence = (struct buffer){ 0 };
	reading->listed = xreallocarray(NULL, LISTED_MAX, sizeof(reading->listed[0]));
	reading->listed_count = 0;
	reading->guessed = false;
	if (size > REPORT_SIZE_MAX)
		size = REPORT_SIZE_MAX;
	mail_read(&reading->mail, bytes, size);
	headings_read(&reading->headings, formats, &reading->mail);
	prose_read(&reading->prose, formats, &reading->mail);
	returned_read(&reading->returned, &reading->mail, &reading->prose);
	read_machine(reading);
	reading->delayed =
		prose_find(&reading->prose, MARK_DELAY, 0, reading->prose.end) != NULL;
	reading->reporter = reading->prose.format == FORMAT_ANY
				    ? ""
				    : formats_at(formats, reading->prose.format)->name;
	span_copy(report->message_id, sizeof(report->message_id),
		reading->headings.message_id);
	take_kind(reading);
	find_tokens(reading);

	buffer_clear(&reading->machine);
	buffer_clear(&reading->evidence);
	returned_clear(&reading->returned);
	prose_clear(&reading->prose);
	mail_clear(&reading->mail);
	free(reading->listed);
	free(reading);
}

void report_clear(struct report *report)
{
	for (size_t i = 0; i < report->token_count; i++)
		free(report->tokens[i]);
	free(report->tokens);
	free(report->outcomes);
	memset(report, 0, sizeof(*report));
}
