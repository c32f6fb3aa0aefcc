#include "feedback/session.h"

#include "feedback/mailbox.h"

static const struct {
	const char *sign;
	bool sent;
} signs[] = {
	{ ">>> ", true },
	{ "<<< ", false },
	{ "--> ", true },
	{ "<-- ", false },
	{ "sent >>> ", true },
	{ "sent <<< ", true },
	{ "received <<< ", false },
	{ "received >>> ", false },
	{ "in: ", true },
	{ "out: ", false },
	{ "-> ", true },
	{ "<- ", false },
};

static const struct {
	const char *name;
	enum smtp_stage stage;
} commands[] = {
	{ "rcpt", STAGE_RCPT },
	{ "mail", STAGE_MAIL },
	{ "data", STAGE_DATA },
	{ ".", STAGE_DATA },
	{ "ehlo", STAGE_HELO },
	{ "helo", STAGE_HELO },
	{ "bdat", STAGE_DATA },
};

static bool is_arrow(struct span text)
{
	static const char *const arrows[] = { "<-- ", "--> ", "<<< ", ">>> " };

	for (size_t i = 0; i < sizeof(arrows) / sizeof(arrows[0]); i++)
		if (span_starts(text, arrows[i]))
			return true;
	return false;
}

/* Some write the time before it: "Tue 2025-03-04 09:12:03: <-- 550 ...". */
enum { TIME_MAX = 48 };

static struct span without_time(struct span text)
{
	bool digits = false;

	if (text.size == 0 || is_arrow(text))
		return text;
	for (size_t i = 1; i < text.size && i < TIME_MAX; i++) {
		char byte = text.text[i];

		digits = digits || is_digit(byte);
		if (digits && (byte == '<' || byte == '-' || byte == '>') &&
			is_blank(text.text[i - 1]) && is_arrow(span_skip(text, i)))
			return span_skip(text, i);
	}
	return text;
}

static int reply_code(struct span text)
{
	if (text.size < 3 || text.text[0] < '2' || text.text[0] > '5' ||
		!is_digit(text.text[1]) || !is_digit(text.text[2]) ||
		(text.size > 3 && is_digit(text.text[3])))
		return 0;
	return (text.text[0] - '0') * 100 + (text.text[1] - '0') * 10 + text.text[2] -
	       '0';
}

/* "<a@b>... User unknown", with a code before it or none. */
static bool own_words(struct span text, struct session_line *line)
{
	struct span rest, mailbox;

	line->code = reply_code(text);
	if (line->code > 0) {
		size_t i = 3;

		/* "550 5.1.1 <a@b>..." */
		while (i < text.size &&
			(is_digit(text.text[i]) || text.text[i] == '.' ||
				is_blank(text.text[i]) || text.text[i] == '-'))
			i++;
		rest = span_skip(text, i);
	} else {
		rest = text;
	}
	if (mailbox_leads(rest, &mailbox, &rest)) {
		if (rest.size > 0 && rest.text[0] == '>')
			rest = span_skip(rest, 1);
		if (span_starts(rest, "..."))
			line->mailbox = mailbox;
	}
	return line->code > 0 || line->mailbox.size > 0;
}

bool session_next(struct span *rest, struct session_line *line)
{
	struct span text, left;

	while (span_line(rest, &text)) {
		*line = (struct session_line){ .text = { "", 0 }, .mailbox = { "", 0 } };
		text = without_time(span_trim(text));
		for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
			if (!span_starts(text, signs[i].sign))
				continue;
			for (size_t skip = 0; signs[i].sign[skip] != '\0'; skip++)
				text = span_skip(text, 1);
			line->sent = signs[i].sent;
			line->reply = !signs[i].sent;
			break;
		}
		line->text = span_trim(text);
		if (line->reply) {
			line->code = reply_code(line->text);
			return true;
		}
		if (!line->sent) {
			if (own_words(line->text, line))
				return true;
			continue;
		}
		for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
			if (span_starts(line->text, commands[i].name))
				line->stage = commands[i].stage;
		if (span_starts(line->text, "rcpt to:"))
			mailbox_leads(span_skip(line->text, 8), &line->mailbox, &left);
		return true;
	}
	return false;
}

/* A reply to a command that is none of RCPT concerns all; 503 is but its echo. */
static bool concerns(const struct session_line *command, const struct session_line *reply,
	struct span mailbox)
{
	if (reply->code < 400 || reply->code == 503)
		return false;
	return command->stage != STAGE_RCPT || span_equal(command->mailbox, mailbox);
}

static void add_line(struct buffer *to, struct span line)
{
	buffer_add(to, line.text, line.size);
	buffer_add(to, "\n", 1);
}

static void add_reply(struct buffer *to, struct span line)
{
	if (span_starts(line, "<<< "))
		line = span_skip(line, 4);
	if (!span_starts(line, "503 "))
		add_line(to, line);
}

/* Sendmail's "550 5.1.1 <a@b>... User unknown" is its word for any 550 that it got. */
static bool is_own_words(struct span text)
{
	struct session_line line = { .mailbox = { "", 0 } };

	return own_words(text, &line) && line.mailbox.size > 0;
}

/* The lines of TEXT but for commands and headings: replies, and what local mailers said. */
static void add_said(struct buffer *to, struct span text)
{
	size_t start = to->size;
	struct span line;
	bool refused = false;

	while (span_line(&text, &line)) {
		line = span_trim(line);
		if (span_starts(line, "<<< 4") || span_starts(line, "<<< 5"))
			refused = true;
		if (refused && is_own_words(line))
			continue;
		/* Another host: what the one before said was of others. */
		if (span_starts(line, "while talking to") ||
			span_starts(line, "... while talking to"))
			to->size = start;
		else if (line.size > 0 && !span_starts(line, ">>> ") &&
			 !span_starts(line, "-----"))
			add_reply(to, line);
	}
}

/*
 * Sendmail ends what it tells of a recipient with its own words on it:
 * "550 <a@b>... User unknown".  What stands before, down to the last such
 * line, is why.
 */
static bool told_at_end(
	struct span text, struct span mailbox, struct buffer *to, enum smtp_stage *stage)
{
	const char *pending = text.text;
	struct session_line line;
	enum smtp_stage command = STAGE_UNKNOWN;
	bool found = false;

	while (session_next(&text, &line)) {
		if (line.sent)
			command = line.stage;
		if (line.sent || line.reply || line.mailbox.size == 0)
			continue;
		if (span_equal(line.mailbox, mailbox)) {
			add_said(to, span_between(pending, text.text));
			/* With PIPELINING the replies to RCPT come behind DATA. */
			*stage = command == STAGE_DATA ? STAGE_RCPT : command;
			found = true;
		}
		pending = text.text;
		command = STAGE_UNKNOWN;
	}
	return found;
}

void session_replies(
	struct span text, struct span mailbox, struct buffer *to, enum smtp_stage *stage)
{
	struct session_line line,
		command = { .stage = STAGE_UNKNOWN, .mailbox = { "", 0 } };
	long start = span_find(text, "ranscript of session");

	if (start > 0)
		text = span_skip(text, (size_t)start);
	if (text.size > SESSION_MAX)
		text.size = SESSION_MAX;
	if (told_at_end(text, mailbox, to, stage))
		return;
	while (session_next(&text, &line)) {
		if (line.sent) {
			command = line;
		} else if (line.reply && concerns(&command, &line, mailbox)) {
			add_line(to, line.text);
			if (*stage == STAGE_UNKNOWN)
				*stage = command.stage;
		}
	}
}
