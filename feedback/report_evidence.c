#include <string.h>

#include "base/text.h"
#include "feedback/mailbox.h"
#include "feedback/report_reading.h"
#include "feedback/session.h"

/* Fewer letters than these are no reason: "smtp; 550 Error". */
enum { LETTERS_MIN = 8 };

static bool says_something(struct span text)
{
	size_t letters = 0;

	for (size_t i = 0; i < text.size && letters < LETTERS_MIN; i++)
		letters += is_letter(text.text[i]) || (unsigned char)text.text[i] >= 0x80;
	return letters == LETTERS_MIN;
}

static void add_evidence(struct reading_report *reading, struct span text)
{
	struct buffer *evidence = &reading->evidence;

	text = span_trim(text);
	if (evidence->size >= EVIDENCE_MAX)
		return;
	if (text.size > EVIDENCE_MAX - evidence->size)
		text.size = EVIDENCE_MAX - evidence->size;
	if (text.size == 0)
		return;
	if (evidence->size > 0)
		buffer_add(evidence, "\n", 1);
	buffer_add(evidence, text.text, text.size);
}

/* "smtp; 550 ..." without its type. */
static struct span without_type(struct span value)
{
	size_t i = 0;

	while (i < value.size && i < 24 &&
		(is_letter(value.text[i]) || is_digit(value.text[i]) ||
			value.text[i] == '-'))
		i++;
	while (i < value.size && is_blank(value.text[i]))
		i++;
	if (i > 0 && i < value.size && value.text[i] == ';')
		return span_trim(span_skip(value, i + 1));
	return value;
}

/* "5.1.1 (bad destination mailbox address)": what is within (). */
static struct span status_comment(struct span status)
{
	const char *open = memchr(status.text, '(', status.size);

	return open == NULL ? (struct span){ "", 0 }
			    : span_between(open, span_end(status));
}

/* "5.1.1" at the start of a Status field. */
static void take_status(char *to, struct span value)
{
	size_t size = 0;

	while (size < value.size && size < STATUS_SIZE - 1 &&
		(is_digit(value.text[size]) || value.text[size] == '.'))
		size++;
	if (size >= 5 && value.text[1] == '.' && is_digit(value.text[size - 1]))
		span_copy(to, STATUS_SIZE, (struct span){ value.text, size });
}

static void take_action(char *to, struct span value)
{
	size_t size = 0;

	while (size < value.size && is_letter(value.text[size]))
		size++;
	span_copy(to, ACTION_SIZE, (struct span){ value.text, size });
	text_lower(to);
}

/*
 * The host that refused: of "dns; mx.example.com (192.0.2.1)", or of
 * "host mx.example.com[...] said".
 */
static void find_refuser(char *to, size_t size, struct span remote, struct span text)
{
	static const char *const before[] = { "while talking to ", "host ",
		"host: ", "server ", " by ", "connect to " };
	struct span name = without_type(remote);

	if (text.size > 1000)
		text.size = 1000;
	for (size_t i = 0; name.size == 0 && i < sizeof(before) / sizeof(before[0]);
		i++) {
		long at = span_find(text, before[i]);
		size_t dots = 0, length = 0;

		if (at < 0)
			continue;
		name = span_skip(text, (size_t)at + strlen(before[i]));
		while (length < name.size &&
			(is_letter(name.text[length]) || is_digit(name.text[length]) ||
				name.text[length] == '.' || name.text[length] == '-'))
			dots += name.text[length++] == '.';
		name.size = dots > 0 ? length : 0;
	}
	for (size_t i = 0; i < name.size; i++)
		if (is_space(name.text[i]) || name.text[i] == '[' || name.text[i] == '(')
			name.size = i;
	while (name.size > 0 && name.text[name.size - 1] == '.')
		name.size--;
	span_copy(to, size, name);
}

static bool has_session(const struct reading_report *reading)
{
	struct span words = prose_words(&reading->prose);

	if (words.size > SESSION_MAX)
		words.size = SESSION_MAX;
	return memmem(words.text, words.size, "<<< ", 4) != NULL ||
	       memmem(words.text, words.size, "<-- ", 4) != NULL ||
	       memmem(words.text, words.size, "eceived >>> ", 12) != NULL ||
	       memmem(words.text, words.size, "\n Out: ", 7) != NULL ||
	       memmem(words.text, words.size, ">... ", 5) != NULL;
}

/* What a text says without fields: below the recipient, for all, or anywhere. */
static void add_text_evidence(struct reading_report *reading, const struct listed *listed)
{
	const struct format *format =
		formats_at(reading->prose.formats, reading->prose.format);
	struct span cause;

	if (listed != NULL && (format->reasons & REASON_BELOW) != 0) {
		/* Exchange names it twice: for people, then for administrators. */
		for (size_t i = 0; i < reading->listed_count; i++)
			if (span_equal(reading->listed[i].mailbox, listed->mailbox))
				add_evidence(reading, reading->listed[i].below);
		if (says_something(buffer_span(&reading->evidence)))
			return;
	}
	/* What is said of all may be said of another one. */
	if (listed == NULL && reading->listed_count > 1 && !reading->guessed)
		return;
	cause = listing_cause(&reading->prose);
	if ((format->reasons & REASON_ALL) == 0 && says_something(cause)) {
		add_evidence(reading, cause);
		return;
	}
	add_evidence(reading, prose_words(&reading->prose));
}

/* Does MAILBOX stand in TEXT? */
static bool names(struct span text, struct span mailbox)
{
	const char *at = memchr(mailbox.text, '@', mailbox.size), *here;
	size_t local = at == NULL ? 0 : (size_t)(at - mailbox.text);

	if (at == NULL)
		return false;
	for (struct span rest = text; (here = memchr(rest.text, '@', rest.size)) != NULL;
		rest = span_between(here + 1, span_end(text)))
		if ((size_t)(here - text.text) >= local &&
			(size_t)(span_end(text) - here) >= mailbox.size - local &&
			span_equal((struct span){ here - local, mailbox.size }, mailbox))
			return true;
	return false;
}

/*
 * "550 <a@b>: no such user", where that is who sent the message and gets the
 * report: servers ask back whether the sender exists (callouts).
 */
static bool names_sender(const struct reading_report *reading, struct span mailbox)
{
	struct span text = buffer_span(&reading->evidence), sender;

	return mailbox_in(reading->headings.to, &sender) && names(text, sender) &&
	       !names(text, mailbox);
}

/* All that is said of MAILBOX, and the stage of SMTP where a session shows it. */
static void gather(struct reading_report *reading, struct span mailbox,
	const struct dsn_group *group, const struct listed *listed,
	enum smtp_stage *stage)
{
	bool told;

	reading->evidence.size = 0;
	if (has_session(reading)) {
		struct buffer replies = { 0 };

		session_replies(prose_words(&reading->prose), mailbox, &replies, stage);
		add_evidence(reading, buffer_span(&replies));
		buffer_clear(&replies);
	}
	if (group->diagnostic.size > 0)
		add_evidence(reading, without_type(group->diagnostic));
	told = says_something(buffer_span(&reading->evidence));
	if (!told)
		add_text_evidence(reading, listed);
	/* Whatever it was said to, it is what is said to MAIL. */
	if ((told || reading->prose.format != FORMAT_ANY) &&
		names_sender(reading, mailbox))
		*stage = STAGE_MAIL;
	if (reading->evidence.size == 0)
		add_evidence(reading, status_comment(group->status));
}

void report_judge(struct reading_report *reading, struct outcome *outcome,
	struct span mailbox, const struct dsn_group *group, const struct listed *listed)
{
	static const struct dsn_group none = { .status = { "", 0 }, .remote = { "", 0 } };
	struct evidence evidence = { .reporter = reading->reporter };
	struct judgement judgement = { .reason = "", .status = "" };
	char refuser[256], status[STATUS_SIZE] = "";

	if (group == NULL)
		group = &none;
	take_status(status, group->status);
	if (group->action.size > 0)
		take_action(outcome->action, group->action);
	else
		text_copy(outcome->action, ACTION_SIZE,
			reading->delayed ? "delayed" : "failed");
	gather(reading, mailbox, group, listed, &evidence.stage);
	evidence.text = buffer_span(&reading->evidence).text;
	evidence.size = reading->evidence.size;
	find_refuser(
		refuser, sizeof(refuser), group->remote, buffer_span(&reading->evidence));
	evidence.status = status;
	evidence.action = outcome->action;
	evidence.recipient = outcome->recipient;
	evidence.refuser = refuser;
	classify(reading->classifier, &evidence, &judgement);
	outcome->class = judgement.class;
	/* A warning proves nothing of the recipient: it is still tried. */
	if (outcome->class == CLASS_HARD && strcmp(outcome->action, "delayed") == 0)
		outcome->class = CLASS_SOFT;
	text_copy(outcome->reason, REASON_SIZE, judgement.reason);
	text_copy(outcome->status, STATUS_SIZE, judgement.status);
	span_copy(outcome->diagnostic, DIAGNOSTIC_SIZE, buffer_span(&reading->evidence));
}

const struct listed *report_listed(
	const struct reading_report *reading, struct span mailbox)
{
	for (size_t i = 0; i < reading->listed_count; i++)
		if (span_equal(reading->listed[i].mailbox, mailbox) ||
			span_equal(reading->listed[i].original, mailbox))
			return &reading->listed[i];
	return NULL;
}
