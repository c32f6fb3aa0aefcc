#include "feedback/ses.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <jansson.h>

#include "base/memory.h"
#include "base/text.h"
#include "feedback/object.h"
#include "feedback/ses_mail.h"
#include "feedback/span.h"

/* ---- what SES says, and what it means to us ---- */

/* Where an event tells of its recipients; what is not here has none to act on. */
static const struct event {
	const char *name;
	enum ses_event event;
	const char *member;
	const char *recipients;
	const char *type;
	const char *subtype;
	const char *action; /* of each recipient; "": as it says itself */
} events[] = {
	{ "Bounce", SES_BOUNCE, "bounce", "bouncedRecipients", "bounceType",
		"bounceSubType", "" },
	{ "Complaint", SES_COMPLAINT, "complaint", "complainedRecipients",
		"complaintFeedbackType", "complaintSubType", "" },
	{ "Delivery", SES_DELIVERY, "delivery", "recipients", "", "", "delivered" },
	{ "DeliveryDelay", SES_DELAY, "deliveryDelay", "delayedRecipients", "delayType",
		"", "delayed" },
};

/*
 * What SES made of an answer counts more than the status beside it, which may
 * be 5.1.1 with a message that was taken for spam.  The first row that
 * matches; "" matches all.  A subtype about the message or the mailbox is no
 * proof against the address, whatever it comes with.
 */
static const struct bounce {
	const char *type, *subtype;
	enum outcome_class class;
	const char *reason;
	bool not_sent;
} bounces[] = {
	{ "", "ContentRejected", CLASS_POLICY, "contenterror", false },
	{ "", "AttachmentRejected", CLASS_POLICY, "contenterror", false },
	{ "", "MailboxFull", CLASS_SOFT, "mailboxfull", false },
	{ "", "MessageTooLarge", CLASS_SOFT, "mesgtoobig", false },
	{ "", "CustomTimeoutExceeded", CLASS_SOFT, "expired", false },
	{ "Permanent", "NoEmail", CLASS_HARD, "userunknown", false },
	/* The list of all customers: SES counts it as a bounce of this message. */
	{ "Permanent", "Suppressed", CLASS_HARD, "suppressed", false },
	{ "Permanent", "OnAccountSuppressionList", CLASS_HARD, "suppressed", true },
	{ "Permanent", "OnTenantSuppressionList", CLASS_HARD, "suppressed", true },
	{ "Permanent", "EmailValidationSuppressed", CLASS_HARD, "suppressed", true },
	{ "Permanent", "", CLASS_HARD, "undefined", false },
	/* An out-of-office reply comes as Transient, General and nothing else, too. */
	{ "", "", CLASS_SOFT, "undefined", false },
};

/* Types of feedback by which nobody says that mail was not wanted (RFC 6430, RFC 6591). */
static const char *const no_complaints[] = { "not-spam", "auth-failure" };

static const char *const actions[] = { "failed", "delayed", "delivered", "relayed",
	"expanded" };

static bool matches(const char *pattern, const char *text)
{
	return pattern[0] == '\0' || strcasecmp(pattern, text) == 0;
}

static void judge_bounce(struct ses *ses, struct outcome *outcome)
{
	const struct bounce *row = bounces;

	while (!matches(row->type, ses->type) || !matches(row->subtype, ses->subtype))
		row++;
	outcome->kind = KIND_BOUNCE;
	outcome->class = row->class;
	text_copy(outcome->reason, sizeof(outcome->reason), row->reason);
	ses->not_sent = row->not_sent;
}

static void judge_complaint(struct ses *ses, struct outcome *outcome)
{
	outcome->kind = KIND_COMPLAINT;
	outcome->class = CLASS_COMPLAINT;
	for (size_t i = 0; i < sizeof(no_complaints) / sizeof(no_complaints[0]); i++) {
		if (strcasecmp(ses->type, no_complaints[i]) == 0) {
			outcome->kind = KIND_NONE;
			outcome->class = CLASS_NONE;
		}
	}
	span_copy(outcome->reason, sizeof(outcome->reason), span_of(ses->type));
	text_lower(outcome->reason);
	ses->not_sent = strcasecmp(ses->subtype, "OnAccountSuppressionList") == 0 ||
			strcasecmp(ses->subtype, "OnTenantSuppressionList") == 0;
}

/* The same for all recipients: what an event says of them together. */
static void judge(struct ses *ses, const struct event *event, struct outcome *outcome)
{
	*outcome = (struct outcome){ .kind = KIND_NONE, .class = CLASS_NONE };
	text_copy(outcome->action, sizeof(outcome->action), event->action);
	if (event->event == SES_BOUNCE)
		judge_bounce(ses, outcome);
	else if (event->event == SES_COMPLAINT)
		judge_complaint(ses, outcome);
}

/* ---- recipients ---- */

/* "5.1.1", also of "5.1.1 (bad destination mailbox address)". */
static void copy_status(char to[STATUS_SIZE], const char *text)
{
	size_t length = text == NULL ? 0 : strspn(text, "0123456789.");

	if (length > 0 && length < STATUS_SIZE && strchr("245", text[0]) != NULL)
		memcpy(to, text, length);
}

static void copy_action(char to[ACTION_SIZE], const char *text)
{
	for (size_t i = 0; i < sizeof(actions) / sizeof(actions[0]); i++)
		if (text != NULL && strcasecmp(text, actions[i]) == 0)
			text_copy(to, ACTION_SIZE, actions[i]);
}

/* Without the type of the diagnosis (RFC 3464 2.3.6), where it is that of SMTP. */
static void copy_diagnostic(char to[DIAGNOSTIC_SIZE], const char *text)
{
	static const char type[] = "smtp;";

	if (text == NULL)
		return;
	if (strncasecmp(text, type, strlen(type)) == 0) {
		text += strlen(type);
		text += strspn(text, " \t");
	}
	span_copy(to, DIAGNOSTIC_SIZE, span_of(text));
}

/* A recipient is an object, in a delivery the address alone. */
static void read_recipient(struct outcome *outcome, const json_t *recipient)
{
	const char *address = json_string_value(recipient);

	if (address == NULL)
		address = object_text(recipient, "emailAddress");
	ses_copy_address(outcome->recipient, address);
	copy_status(outcome->status, object_text(recipient, "status"));
	copy_action(outcome->action, object_text(recipient, "action"));
	copy_diagnostic(outcome->diagnostic, object_text(recipient, "diagnosticCode"));
}

static void read_recipients(
	struct ses *ses, const struct event *event, const json_t *detail)
{
	const json_t *list = json_object_get(detail, event->recipients);
	size_t count = json_array_size(list);
	struct outcome common;

	judge(ses, event, &common);
	copy_diagnostic(common.diagnostic, object_text(detail, "smtpResponse"));
	/* It happened to somebody, though it hides to whom: the token may tell. */
	if (count == 0)
		count = event->event == SES_BOUNCE || event->event == SES_COMPLAINT;
	if (count > SES_OUTCOMES_MAX)
		count = SES_OUTCOMES_MAX;
	ses->outcomes = xcalloc(count + 1, sizeof(*ses->outcomes));
	ses->count = count;
	for (size_t i = 0; i < count; i++) {
		ses->outcomes[i] = common;
		read_recipient(&ses->outcomes[i], json_array_get(list, i));
	}
}

static void read_event(struct ses *ses, const json_t *object)
{
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		const json_t *detail = json_object_get(object, events[i].member);

		if (strcasecmp(ses->name, events[i].name) != 0 || !json_is_object(detail))
			continue;
		ses->event = events[i].event;
		object_copy(ses->type, sizeof(ses->type), detail, events[i].type);
		object_copy(
			ses->subtype, sizeof(ses->subtype), detail, events[i].subtype);
		object_copy(
			ses->feedback_id, sizeof(ses->feedback_id), detail, "feedbackId");
		ses->happened_us = ses_moment(detail);
		read_recipients(ses, &events[i], detail);
	}
}

bool ses_read(struct ses *ses, const char *bytes, size_t size)
{
	struct json_t *object = object_read(bytes, size);
	const char *name = object_text(object, "notificationType");

	*ses = (struct ses){ .event = SES_OTHER };
	if (name == NULL)
		name = object_text(object, "eventType");
	if (name != NULL) {
		span_copy(ses->name, sizeof(ses->name), span_of(name));
		read_event(ses, object);
		ses_read_mail(ses, json_object_get(object, "mail"));
	}
	object_free(object);
	return name != NULL;
}

void ses_clear(struct ses *ses)
{
	for (size_t i = 0; i < ses->token_count; i++)
		free(ses->tokens[i]);
	free(ses->tags);
	free(ses->outcomes);
	*ses = (struct ses){ .event = SES_OTHER };
}
