#include "feedback/maillog.h"

#include <string.h>

#include "feedback/maillog_prefix.h"
#include "feedback/maillog_words.h"

const char *const maillog_kind_names[MAILLOG_KIND_COUNT] = {
	[MAILLOG_OTHER] = "other",
	[MAILLOG_SENT] = "sent",
	[MAILLOG_DEFERRED] = "deferred",
	[MAILLOG_BOUNCED] = "bounced",
	[MAILLOG_EXPIRED] = "expired",
	[MAILLOG_REMOVED] = "removed",
	[MAILLOG_CLIENT] = "client",
	[MAILLOG_LOCAL] = "local",
	[MAILLOG_MESSAGE_ID] = "message-id",
	[MAILLOG_SENDER] = "sender",
	[MAILLOG_NOTICE] = "notice",
	[MAILLOG_REFUSED] = "refused",
};

/* ---- the rest of a message's life ---- */

/* "a@example.com>, size=1024, nrcpt=1 (queue active)": only numbers are behind the address. */
static bool read_sender(struct maillog *event, struct span rest)
{
	static const struct {
		const char *end;
		enum maillog_kind kind;
	} forms[] = {
		{ ">, status=expired, returned to sender", MAILLOG_EXPIRED },
		{ ">, status=force-expired, returned to sender", MAILLOG_EXPIRED },
		{ "(queue active)", MAILLOG_SENDER },
	};
	struct span after = rest;
	const char *end;

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (!maillog_ends(rest, forms[i].end))
			continue;
		event->kind = forms[i].kind;
		event->sender =
			span_between(rest.text, span_end(rest) - strlen(forms[i].end));
	}
	while (event->kind == MAILLOG_SENDER &&
		(end = maillog_find(after, ">, size=")) != NULL) {
		event->sender = span_between(rest.text, end);
		after = span_between(end + 1, span_end(after));
	}
	return event->kind == MAILLOG_EXPIRED ||
	       (event->kind == MAILLOG_SENDER && after.text != rest.text);
}

/* Also "removed (canceled)", of cleanup, in Postfix 3.10. */
static bool read_removed(struct maillog *event, struct span rest)
{
	event->kind = MAILLOG_REMOVED;
	return rest.size == 0 || (maillog_take(&rest, " (") && maillog_ends(rest, ")"));
}

static bool read_client(struct maillog *event, struct span rest)
{
	static const struct maillog_field fields[] = {
		{ "client", offsetof(struct maillog, client) },
		{ "sasl_username", offsetof(struct maillog, login) },
		{ "orig_queue_id", offsetof(struct maillog, original_id) },
	};
	struct span name, value;

	event->kind = MAILLOG_CLIENT;
	while (maillog_take_field(&rest, &name, &value)) {
		/* What the client said of itself (AUTH=): it could say what follows as well. */
		if (maillog_is(name, "sasl_sender"))
			break;
		maillog_keep_field(
			event, fields, sizeof(fields) / sizeof(fields[0]), name, value);
	}
	return event->client.size > 0;
}

/* "uid=1000 from=<a@example.com>", after postsuper -r with " orig_id=4bXk2P1Zyz" behind it. */
static bool read_local(struct maillog *event, struct span rest)
{
	static const char before_id[] = "> orig_id=";
	size_t digits = 0, last;

	while (digits < rest.size && is_digit(rest.text[digits]))
		digits++;
	event->kind = MAILLOG_LOCAL;
	event->user_id = (struct span){ rest.text, digits };
	rest = span_skip(rest, digits);
	if (digits == 0 || !maillog_take(&rest, " from=<"))
		return false;
	/* From the right, where no address is. */
	for (last = rest.size; last > 0 && rest.text[last - 1] != '>'; last--)
		;
	if (last == 0)
		return false;
	event->sender = (struct span){ rest.text, last - 1 };
	rest = span_skip(rest, last - 1);
	if (rest.size == 1)
		return true;
	if (!maillog_take(&rest, before_id) || !maillog_is_queue_id(rest))
		return false;
	event->original_id = rest;
	return true;
}

static bool read_message_id(struct maillog *event, struct span rest)
{
	event->kind = MAILLOG_MESSAGE_ID;
	event->message_id = rest;
	return rest.size > 0;
}

/* "sender non-delivery notification: 4bXk2P1Zyz" */
static bool read_notice(struct maillog *event, struct span rest)
{
	const char *colon = maillog_find(rest, ": ");

	if (colon == NULL)
		return false;
	event->kind = MAILLOG_NOTICE;
	event->text = span_between(rest.text, colon);
	event->new_id = span_between(colon + 2, span_end(rest));
	return maillog_ends(event->text, " notification") &&
	       maillog_is_queue_id(event->new_id);
}

static bool read_refusal(struct maillog *event, struct span rest)
{
	event->kind = MAILLOG_REFUSED;
	event->text = rest;
	event->ours = maillog_find(rest, MAILLOG_OWN_MARK) != NULL;
	return true;
}

/* ---- which line is which ---- */

enum {
	DELIVERS = 1 << 0,
	QUEUE_MANAGER = 1 << 1,
	CLEANUP = 1 << 2,
	SERVER = 1 << 3,
	PICKUP = 1 << 4,
	BOUNCE = 1 << 5,
	SUPER = 1 << 6,
};

static const struct {
	const char *name;
	unsigned does;
} programs[] = {
	{ "smtp", DELIVERS },
	{ "qmgr", QUEUE_MANAGER },
	{ "cleanup", CLEANUP },
	{ "smtpd", SERVER },
	{ "lmtp", DELIVERS },
	{ "local", DELIVERS },
	{ "virtual", DELIVERS },
	{ "pipe", DELIVERS },
	{ "error", DELIVERS },
	{ "discard", DELIVERS },
	{ "pickup", PICKUP },
	{ "bounce", BOUNCE },
	{ "oqmgr", QUEUE_MANAGER },
	{ "qmqpd", SERVER },
	{ "postsuper", SUPER },
};

static const struct {
	const char *start; /* of what stands behind the queue id */
	unsigned who;
	bool keeps_start; /* it belongs to the text */
	bool (*read)(struct maillog *event, struct span rest);
} lines[] = {
	{ "to=<", DELIVERS | QUEUE_MANAGER | CLEANUP, false, maillog_read_delivery },
	{ "from=<", QUEUE_MANAGER, false, read_sender },
	{ "removed", QUEUE_MANAGER | SUPER | CLEANUP, false, read_removed },
	{ "client=", SERVER, true, read_client },
	{ "uid=", PICKUP, false, read_local },
	{ "message-id=", CLEANUP, false, read_message_id },
	{ "sender ", BOUNCE, true, read_notice },
	{ "postmaster ", BOUNCE, true, read_notice },
	{ "milter-", SERVER | CLEANUP, true, read_refusal },
};

static unsigned what_does(struct span program)
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(programs[0]); i++)
		if (maillog_is(program, programs[i].name))
			return programs[i].does;
	return 0;
}

/* "4bXk2P1Zyz: " or "NOQUEUE: " */
static bool take_queue_id(struct maillog *event, struct span *rest)
{
	const char *colon;

	if (maillog_take(rest, "NOQUEUE: "))
		return true;
	colon = memchr(rest->text, ':', rest->size < 40 ? rest->size : 40);
	if (colon == NULL)
		return false;
	event->queue_id = span_between(rest->text, colon);
	*rest = span_skip(*rest, event->queue_id.size);
	return maillog_is_queue_id(event->queue_id) && maillog_take(rest, ": ");
}

static bool read_message(struct maillog *event, unsigned does, struct span rest)
{
	if (!take_queue_id(event, &rest))
		return false;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct span after = rest;

		if ((lines[i].who & does) == 0 || !maillog_take(&after, lines[i].start))
			continue;
		/* Only who has no message yet has no queue id. */
		if (event->queue_id.size == 0 && (does & SERVER) == 0)
			return false;
		return lines[i].read(event, lines[i].keeps_start ? rest : after);
	}
	return false;
}

bool maillog_read(struct maillog *event, const struct maillog_clock *clock,
	const char *line, size_t size)
{
	struct maillog_prefix prefix;
	unsigned does;

	event->kind = MAILLOG_OTHER;
	if (size > MAILLOG_LINE_MAX ||
		!maillog_prefix_read(&prefix, (struct span){ line, size }))
		return false;
	does = what_does(prefix.program);
	if (does == 0)
		return false;
	*event = (struct maillog){ .kind = MAILLOG_OTHER };
	event->instance = prefix.instance;
	event->program = prefix.program;
	if (!read_message(event, does, span_trim(prefix.message))) {
		*event = (struct maillog){ .kind = MAILLOG_OTHER };
		return false;
	}
	event->time_us = maillog_prefix_time(prefix.time, clock);
	return true;
}

struct span maillog_addressee(const struct maillog *event)
{
	return event->original_recipient.size > 0 ? event->original_recipient
						  : event->recipient;
}
