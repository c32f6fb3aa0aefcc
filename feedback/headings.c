#include "feedback/headings.h"

#include <string.h>

#include "feedback/decode.h"
#include "feedback/header.h"

struct wanted {
	const char *name;
	size_t place;
};
#define WANTED(name, member)                                                             \
	{                                                                                \
		name, offsetof(struct headings, member)                                  \
	}
static const struct wanted wanted[] = {
	WANTED("From", from),
	WANTED("To", to),
	WANTED("Subject", subject),
	WANTED("Return-Path", return_path),
	WANTED("Content-Type", content_type),
	WANTED("Message-ID", message_id),
	WANTED("Auto-Submitted", auto_submitted),
	WANTED("Precedence", precedence),
	WANTED("X-Failed-Recipients", failed_recipients),
};

/* Fields that say it by being there; with a value only where one is given. */
static const struct {
	const char *name, *value;
	size_t place;
} signs[] = {
	{ "X-Autoreply", NULL, offsetof(struct headings, autoreply) },
	{ "X-Autorespond", NULL, offsetof(struct headings, autoreply) },
	{ "X-Autoresponder", NULL, offsetof(struct headings, autoreply) },
	{ "X-Auto-Reply", NULL, offsetof(struct headings, autoreply) },
	{ "X-Auto-Reply-From", NULL, offsetof(struct headings, autoreply) },
	{ "X-Mail-Autoreply", NULL, offsetof(struct headings, autoreply) },
	{ "X-Vacation", NULL, offsetof(struct headings, autoreply) },
	{ "X-Away", NULL, offsetof(struct headings, autoreply) },
	{ "X-FC-MachineGenerated", "true", offsetof(struct headings, autoreply) },
	{ "X-Apple-Action", "vacation", offsetof(struct headings, autoreply) },
	{ "X-Apple-Unsubscribe", "true", offsetof(struct headings, apple_unsubscribe) },
	{ "X-MS-Exchange-Message-Is-Ndr", NULL, offsetof(struct headings, exchange_ndr) },
	{ "List-Id", NULL, offsetof(struct headings, bulk) },
	{ "List-Unsubscribe", NULL, offsetof(struct headings, bulk) },
};

static void take_field(struct headings *headings, const struct header_field *field)
{
	char *base = (char *)headings;

	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		struct span *place = (struct span *)(base + wanted[i].place);

		if (span_is(field->name, wanted[i].name)) {
			if (place->size == 0)
				*place = span_trim(field->value);
			return;
		}
	}
	if (lower(field->name.text[0]) != 'x' && lower(field->name.text[0]) != 'l')
		return;
	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (span_is(field->name, signs[i].name) &&
			(signs[i].value == NULL ||
				span_starts(span_trim(field->value), signs[i].value)))
			*(bool *)(base + signs[i].place) = true;
}

static bool sender_is(const struct headings *headings, const struct formats *formats,
	const struct mail *mail, enum mark mark)
{
	return formats_mark_text(formats, headings->from, mark) ||
	       formats_mark_text(formats, headings->return_path, mark) ||
	       formats_mark_text(formats, span_of(mail->from_line), mark);
}

static bool begins_as_reply(struct span title)
{
	static const char *const starts[] = { "re:", "fw:", "fwd:", "aw:", "wg:", "tr:",
		"rv:", "sv:", "vs:", "antw:", "回复", "答复", "转发", "re :" };

	for (size_t i = 0; i < sizeof(starts) / sizeof(starts[0]); i++)
		if (span_starts(title, starts[i]))
			return true;
	return false;
}

static void read_title(struct headings *headings, const struct formats *formats)
{
	struct buffer title = { 0 };
	struct span subject = headings->subject, text;

	if (subject.size > 4096)
		subject.size = 4096;
	decode_words(&title, subject);
	text = span_trim(buffer_span(&title));
	if (text.size > 0)
		span_copy(headings->title, sizeof(headings->title), text);
	buffer_clear(&title);
	text = span_of(headings->title);
	/* "Mail delivery problems?", asks a person. */
	headings->says_bounce = formats_mark_text(formats, text, MARK_SUBJECT) &&
				(text.size == 0 || text.text[text.size - 1] != '?');
	headings->says_away = formats_mark_text(formats, text, MARK_AWAY);
	headings->says_notice = formats_mark_text(formats, text, MARK_NOTICE);
	headings->is_reply = begins_as_reply(text);
}

void headings_read(
	struct headings *headings, const struct formats *formats, const struct mail *mail)
{
	struct span rest = mail->header;
	struct header_field field;

	*headings = (struct headings){ 0 };
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		*(struct span *)((char *)headings + wanted[i].place) =
			(struct span){ "", 0 };
	while (field_next(&rest, &field))
		if (field.name.size > 0)
			take_field(headings, &field);
	headings->null_path = span_is(headings->return_path, "<>");
	headings->from_daemon = sender_is(headings, formats, mail, MARK_DAEMON);
	headings->from_machine = sender_is(headings, formats, mail, MARK_MACHINE);
	read_title(headings, formats);
}

bool headings_machine(const struct headings *headings)
{
	return headings->from_daemon || headings->from_machine || headings->null_path ||
	       headings->exchange_ndr || headings->failed_recipients.size > 0 ||
	       (headings->says_bounce && !headings->is_reply) ||
	       (headings->auto_submitted.size > 0 &&
		       !span_starts(headings->auto_submitted, "no"));
}

bool headings_away(const struct headings *headings)
{
	if (headings->autoreply || headings->says_away)
		return true;
	if (span_starts(headings->precedence, "auto_reply") ||
		span_starts(headings->precedence, "auto-reply"))
		return true;
	return span_starts(headings->auto_submitted, "auto-replied");
}
