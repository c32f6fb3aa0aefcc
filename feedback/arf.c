#include "feedback/arf.h"

#include <string.h>

#include "base/text.h"
#include "feedback/header.h"
#include "feedback/mailbox.h"

/* What is no complaint of a person (RFC 6591, RFC 6430). */
static const char *const not_persons[] = { "auth-failure", "not-spam", "dmarc", "dkim",
	"spf" };

/* Who sends complaints that have no part for machines: Microsoft's JMRP, SES. */
static const char *const complainers[] = { "staff@hotmail.com", "staff@outlook.com",
	"complaints@email-abuse.amazonses.com",
	"complaints@us-west-2.email-abuse.amazonses.com" };

static void set_type(struct complaint *complaint, struct span type)
{
	for (size_t i = 0; i < type.size; i++)
		if (is_space(type.text[i]) || type.text[i] == ';' || type.text[i] == '(')
			type.size = i;
	span_copy(complaint->type, sizeof(complaint->type), type);
	text_lower(complaint->type);
	complaint->person = true;
	for (size_t i = 0; i < sizeof(not_persons) / sizeof(not_persons[0]); i++)
		if (strcmp(complaint->type, not_persons[i]) == 0)
			complaint->person = false;
}

static bool read_fields(struct complaint *complaint, const struct part *part)
{
	struct span type;

	complaint->text.size = 0;
	part_decode(part, &complaint->text);
	complaint->recipients = buffer_span(&complaint->text);
	type = header_find(complaint->recipients, "Feedback-Type");
	if (type.size > 0)
		set_type(complaint, type);
	return type.size > 0;
}

static bool is_from(const struct headings *headings, const char *who)
{
	return span_find(headings->from, who) >= 0;
}

static bool has_returned(const struct mail *mail)
{
	for (size_t i = 0; i < mail->count; i++)
		if (part_is(&mail->parts[i], "message/rfc822") ||
			part_is(&mail->parts[i], "text/rfc822-headers"))
			return true;
	return false;
}

bool complaint_read(struct complaint *complaint, const struct headings *headings,
	const struct mail *mail)
{
	bool report = span_is(header_parameter(headings->content_type, "report-type"),
		"feedback-report");

	*complaint = (struct complaint){ .recipients = { "", 0 } };
	for (size_t i = 0; i < mail->count; i++)
		if (part_is(&mail->parts[i], "message/feedback-report")) {
			/* One that says no type is one of abuse. */
			if (!read_fields(complaint, &mail->parts[i]))
				set_type(complaint, span_of("abuse"));
			return true;
		}
	for (size_t i = 0; report && i < mail->count; i++)
		if (part_is(&mail->parts[i], "text/plain") &&
			read_fields(complaint, &mail->parts[i]))
			return true;
	complaint->recipients = (struct span){ "", 0 };
	for (size_t i = 0; i < sizeof(complainers) / sizeof(complainers[0]); i++)
		if (is_from(headings, complainers[i]) && has_returned(mail)) {
			set_type(complaint, span_of("abuse"));
			return true;
		}
	if (span_starts(headings->subject, "complaint about message from") &&
		has_returned(mail)) {
		set_type(complaint, span_of("abuse"));
		return true;
	}
	if (headings->apple_unsubscribe) {
		set_type(complaint, span_of("opt-out"));
		return true;
	}
	return false;
}

void complaint_clear(struct complaint *complaint)
{
	buffer_clear(&complaint->text);
}

bool complaint_next(struct complaint *complaint, struct span *recipient)
{
	struct header_field field;

	while (field_next(&complaint->recipients, &field))
		if (span_is(field.name, "Original-Rcpt-To") ||
			span_is(field.name, "Original-Rcpt") ||
			span_is(field.name, "Removal-Recipient") ||
			span_is(field.name, "Original-Recipient") ||
			span_is(field.name, "Final-Recipient"))
			if (mailbox_of_field(field.value, recipient))
				return true;
	return false;
}
