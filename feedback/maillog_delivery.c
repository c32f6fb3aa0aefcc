#include "feedback/maillog_words.h"

#include <string.h>

/* Where in TEXT an address ends: at a ">" and a name that Postfix writes behind it; or NULL. */
static const char *find_end(struct span text)
{
	static const char *const names[] = { ">, orig_to=<", ">, relay=", ">, conn_use=",
		">, delay=", ">, delays=", ">, tls=", ">, dsn=", ">, status=" };
	const char *end;

	while ((end = maillog_find(text, ">, ")) != NULL) {
		text = span_between(end, span_end(text));
		for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
			struct span rest = text;

			if (maillog_take(&rest, names[i]))
				return end;
		}
		text = span_skip(text, 1);
	}
	return NULL;
}

static size_t count_ends(struct span text)
{
	const char *end;
	size_t count = 0;

	for (; (end = find_end(text)) != NULL; count++)
		text = span_between(end + 1, span_end(text));
	return count;
}

/* Behind a local part in quotes; where it is none, TEXT as it is. */
static struct span skip_quoted(struct span text)
{
	if (text.size == 0 || text.text[0] != '"')
		return text;
	for (size_t i = 1; i < text.size; i++) {
		if (text.text[i] == '\\')
			i++;
		else if (text.text[i] == '"')
			return span_skip(text, i + 1);
	}
	return text;
}

static bool take_address(struct span *rest, struct span *address)
{
	const char *end = find_end(skip_quoted(*rest));

	/* A quote that is no more than a character of the address. */
	if (end == NULL)
		end = find_end(*rest);
	if (end == NULL)
		return false;
	*address = span_between(rest->text, end);
	*rest = span_between(end + strlen(">, "), span_end(*rest));
	return true;
}

/*
 * To whom.  Postfix writes addresses so that special characters are in quotes
 * (info_log_address_format = external), or, when it is told so or is older
 * than 3.5, as they are: then "a>, status=bounced (x)"@example.com could write
 * the rest of the line.  In either form a line has such an end of an address
 * as often as it has addresses; where it has more, nobody can tell which is
 * the true one.  Only ">, orig_to=<" in an address that is not in quotes
 * cannot be told from a true one: what then passes for the addressee has the
 * domain that was written to.
 */
static bool take_recipients(struct maillog *event, struct span *rest)
{
	size_t ends = count_ends(*rest), taken = 1;

	if (!take_address(rest, &event->recipient))
		return false;
	if (maillog_take(rest, "orig_to=<")) {
		if (!take_address(rest, &event->original_recipient))
			return false;
		taken++;
	}
	return ends == taken;
}

static const struct {
	const char *word;
	enum maillog_kind kind;
	bool soft_bounce;
} statuses[] = {
	{ "sent", MAILLOG_SENT, false }, { "deferred", MAILLOG_DEFERRED, false },
	{ "bounced", MAILLOG_BOUNCED, false }, { "SOFTBOUNCE", MAILLOG_DEFERRED, true },
	{ "expired", MAILLOG_EXPIRED, false },
	{ "force-expired", MAILLOG_EXPIRED, false },
	/* deliverable, undeliverable: nobody sent anything, Postfix probes an address */
};

/* "bounced (text)": the text may have parentheses, and ends where the line was cut. */
static bool read_status(struct maillog *event, struct span rest)
{
	struct span word = { rest.text, 0 };
	const char *close;

	while (word.size < rest.size &&
		(is_letter(rest.text[word.size]) || rest.text[word.size] == '-'))
		word.size++;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++) {
		if (!maillog_is(word, statuses[i].word))
			continue;
		event->kind = statuses[i].kind;
		event->soft_bounce = statuses[i].soft_bounce;
	}
	rest = span_skip(rest, word.size);
	if (maillog_take(&rest, " (")) {
		close = memrchr(rest.text, ')', rest.size);
		event->text =
			span_between(rest.text, close == NULL ? span_end(rest) : close);
	}
	return event->kind != MAILLOG_OTHER;
}

/* How a text ends says at which command it was said: what stands before is the other server's. */
static const struct {
	const char *end;
	enum smtp_stage stage;
} stages[] = {
	{ "(in reply to RCPT TO command)", STAGE_RCPT },
	{ "(in reply to MAIL FROM command)", STAGE_MAIL },
	{ "(in reply to DATA command)", STAGE_DATA },
	{ "(in reply to end of DATA command)", STAGE_DATA },
	{ "(in reply to BDAT command)", STAGE_DATA },
	{ "(in reply to HELO command)", STAGE_HELO },
	{ "(in reply to EHLO command)", STAGE_HELO },
	{ "(in reply to LHLO command)", STAGE_HELO },
	{ "(in reply to STARTTLS command)", STAGE_HELO },
	{ "(in reply to AUTH command)", STAGE_HELO },
	{ "while receiving the initial server greeting", STAGE_CONNECT },
	{ "while performing the HELO handshake", STAGE_HELO },
	{ "while performing the EHLO handshake", STAGE_HELO },
	{ "while performing the LHLO handshake", STAGE_HELO },
	{ "while sending MAIL FROM", STAGE_MAIL },
	{ "while sending RCPT TO", STAGE_RCPT },
	{ "while sending DATA command", STAGE_DATA },
	{ "while sending message body", STAGE_DATA },
	{ "while sending end of data -- message may be sent more than once", STAGE_DATA },
};

static void read_stage(struct maillog *event)
{
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		if (maillog_ends(event->text, stages[i].end))
			event->stage = stages[i].stage;
}

/* "host mx.example.net[192.0.2.25] said: ...", "... refused to talk to me: ..." */
static void read_refuser(struct maillog *event)
{
	struct span rest = event->text;
	const char *bracket;

	(void)maillog_take(&rest, "delivery temporarily suspended: ");
	if (maillog_take(&rest, "connect to ")) {
		event->stage = STAGE_CONNECT;
		return;
	}
	if (!maillog_take(&rest, "host "))
		return;
	bracket = maillog_find(rest, "[");
	if (bracket == NULL)
		return;
	event->refuser = span_between(rest.text, bracket);
	rest = span_between(bracket, span_end(rest));
	bracket = maillog_find(rest, "] ");
	if (bracket == NULL)
		return;
	rest = span_between(bracket + 2, span_end(rest));
	if (maillog_take(&rest, "refused to talk to me: "))
		event->stage = STAGE_CONNECT;
}

static void read_queued_as(struct maillog *event)
{
	static const char words[] = "queued as ";
	struct span id = event->text;
	const char *next;

	while ((next = maillog_find(id, words)) != NULL)
		id = span_between(next + strlen(words), span_end(id));
	if (id.text != event->text.text && maillog_is_queue_id(id))
		event->queued_as = id;
}

static void read_delivery_text(struct maillog *event)
{
	const char *bracket = maillog_find(event->relay, "[");

	if (bracket != NULL)
		event->relay_host = span_between(event->relay.text, bracket);
	event->ours = maillog_find(event->text, MAILLOG_OWN_MARK) != NULL;
	read_stage(event);
	read_refuser(event);
	if (event->kind == MAILLOG_SENT)
		read_queued_as(event);
}

bool maillog_read_delivery(struct maillog *event, struct span rest)
{
	static const struct maillog_field fields[] = {
		{ "relay", offsetof(struct maillog, relay) },
		{ "dsn", offsetof(struct maillog, status) },
	};
	struct span name, value;

	if (!take_recipients(event, &rest))
		return false;
	/* The status comes last, and what is behind it is not ours to split. */
	while (!maillog_take(&rest, "status=")) {
		if (!maillog_take_field(&rest, &name, &value))
			return false;
		maillog_keep_field(
			event, fields, sizeof(fields) / sizeof(fields[0]), name, value);
	}
	if (!read_status(event, rest))
		return false;
	read_delivery_text(event);
	return true;
}
