#include "lists/layouts.h"

#include <string.h>

const char *const format_names[FORMAT_COUNT] = {
	[FORMAT_PLAIN] = "plain",
	[FORMAT_SES] = "ses",
	[FORMAT_SENDGRID] = "sendgrid",
	[FORMAT_MAILGUN] = "mailgun",
	[FORMAT_POSTMARK] = "postmark",
	[FORMAT_SPARKPOST] = "sparkpost",
	[FORMAT_OKITE] = "okite",
};

bool format_find(const char *name, enum format *format)
{
	*format = FORMAT_AUTO;
	if (name == NULL || strcmp(name, "auto") == 0)
		return true;
	for (int i = 0; i < FORMAT_COUNT; i++) {
		if (strcmp(format_names[i], name) == 0) {
			*format = (enum format)i;
			return true;
		}
	}
	return false;
}

const char *const format_arrays[] = { "SuppressedDestinationSummaries", "items",
	"Suppressions", "results", "recipients", NULL };
static const enum format array_owners[] = { FORMAT_SES, FORMAT_MAILGUN, FORMAT_POSTMARK,
	FORMAT_SPARKPOST, FORMAT_SPARKPOST };

enum format format_of_array(size_t index)
{
	return array_owners[index];
}

/* ---- what they say for our reasons ---- */

static const struct word ses_words[] = {
	{ "BOUNCE", REASON_HARD },
	{ "COMPLAINT", REASON_COMPLAINT },
	{ NULL, REASON_NONE },
};

static const struct word postmark_words[] = {
	{ "HardBounce", REASON_HARD },
	{ "SpamComplaint", REASON_COMPLAINT },
	{ "ManualSuppression", REASON_MANUAL },
	{ NULL, REASON_NONE },
};

static const struct word sparkpost_words[] = {
	{ "Spam Complaint", REASON_COMPLAINT },
	{ "List Unsubscribe", REASON_UNSUBSCRIBE },
	{ "Unsubscribe Link", REASON_UNSUBSCRIBE },
	{ "Bounce Rule", REASON_HARD },
	{ "Manually Added", REASON_MANUAL },
	{ "Compliance", REASON_MANUAL },
	{ NULL, REASON_NONE },
};

static const struct word plain_words[] = {
	{ "hard", REASON_HARD },
	{ "soft", REASON_SOFT },
	{ "manual", REASON_MANUAL },
	{ "complaint", REASON_COMPLAINT },
	{ "unsubscribe", REASON_UNSUBSCRIBE },
	{ "bounce", REASON_HARD },
	{ NULL, REASON_NONE },
};

enum reason word_reason(const struct word *words, const char *text)
{
	while (words->text != NULL && strcasecmp(words->text, text) != 0)
		words++;
	return words->reason;
}

bool format_is_ses_reason(const char *text)
{
	return word_reason(ses_words, text) != REASON_NONE;
}

/* ---- checks of their own ---- */

static const char *check_sendgrid(const struct fields *fields, bool decided)
{
	const char *status = field_text(fields, "status");

	/* 4.2.2, 421, 5.7.1: a block, after which SendGrid tries again. */
	if (!decided && status != NULL &&
		(status[0] == '4' || strncmp(status, "5.7", 3) == 0))
		return "a block, by its status, and no bounce: SendGrid sends there "
		       "again; "
		       "--reason hard takes it all the same";
	return NULL;
}

static bool is_false(const char *text)
{
	return text == NULL || text[0] == '\0' || strcasecmp(text, "false") == 0 ||
	       strcmp(text, "0") == 0;
}

static const char *check_sparkpost(const struct fields *fields, bool decided)
{
	const char *transactional = field_text(fields, "transactional"),
		   *other = field_text(fields, "nontransactional");

	(void)decided;
	if ((transactional != NULL || other != NULL) && is_false(transactional) &&
		is_false(other))
		return "neither transactional nor non_transactional: it suppresses "
		       "nothing";
	return NULL;
}

/* ---- the table ---- */

#define ROW LAYOUT_ROW
#define OBJECT LAYOUT_OBJECT
#define BOTH (LAYOUT_ROW | LAYOUT_OBJECT)

#define SES(name, more)                                                                  \
	{                                                                                \
		.format = FORMAT_SES, .shapes = BOTH, .needs = { name, "reason" },       \
		.address = name, .reason = "reason", .words = ses_words,                 \
		.no_word = "the reason is BOUNCE or COMPLAINT",                          \
		.since = { "lastupdatetime" }, more                                      \
	}
#define SENDGRID                                                                         \
	.format = FORMAT_SENDGRID, .shapes = BOTH, .address = "email",                   \
	.since = { "created", "createdat" }
#define MAILGUN                                                                          \
	.format = FORMAT_MAILGUN, .shapes = BOTH, .address = "address",                  \
	.since = { "createdat" }
#define ALLOWLIST                                                                        \
	.format = FORMAT_MAILGUN,                                                        \
	.refusal = "this is Mailgun's allowlist, of those who are never suppressed: "    \
		   "nothing of it belongs on a suppression list"
/* A table that somebody has written: only its column of addresses is sure. */
#define PLAIN(name)                                                                      \
	{                                                                                \
		.format = FORMAT_PLAIN, .shapes = ROW, .needs = { name },                \
		.address = name, .reason = "reason", .words = plain_words,               \
		.otherwise = REASON_MANUAL, .open = true, .notes = { "note" },           \
	}

/* The first that fits: those that ask for more stand before those that ask for less. */
static const struct layout layouts[] = {
	{ .format = FORMAT_POSTMARK,
		.shapes = BOTH,
		.needs = { "emailaddress", "suppressionreason" },
		.address = "emailaddress",
		.reason = "suppressionreason",
		.words = postmark_words,
		.no_word = "the reason is HardBounce, SpamComplaint or ManualSuppression",
		.since = { "createdat" } },
	SES("emailaddress", .named = false),
	SES("email", .named = true),
	SES("address", .named = true),
	{ .format = FORMAT_SPARKPOST,
		.shapes = BOTH,
		.needs = { "recipient" },
		.address = "recipient",
		.reason = "source",
		.words = sparkpost_words,
		.otherwise = REASON_MANUAL,
		.open = true,
		.since = { "created", "updated" },
		.notes = { "description" },
		.check = check_sparkpost },
	/* Bounces; but blocks, invalid addresses and spam reports may look like them. */
	{ SENDGRID, .needs = { "email", "created", "status", "reason" },
		.otherwise = REASON_HARD, .open = true, .notes = { "reason", "status" },
		.check = check_sendgrid },
	/* Spam reports: the address of the server that took the message. */
	{ SENDGRID, .needs = { "email", "created", "ip" },
		.otherwise = REASON_COMPLAINT },
	/* Invalid addresses. */
	{ SENDGRID, .exact = true, .needs = { "email", "created", "reason" },
		.otherwise = REASON_HARD, .open = true, .notes = { "reason" } },
	/* Unsubscribed from a group, from everything. */
	{ SENDGRID, .needs = { "email", "groupid" }, .otherwise = REASON_UNSUBSCRIBE,
		.notes = { "groupname" } },
	{ SENDGRID, .exact = true, .needs = { "email", "created" },
		.otherwise = REASON_UNSUBSCRIBE, .open = true },
	{ ALLOWLIST, .shapes = ROW, .needs = { "address", "domain" } },
	{ ALLOWLIST, .shapes = OBJECT, .needs = { "type", "value" } },
	{ MAILGUN, .needs = { "address", "error" }, .otherwise = REASON_HARD,
		.notes = { "error", "code" } },
	{ MAILGUN, .needs = { "address", "code" }, .otherwise = REASON_HARD,
		.notes = { "code" } },
	{ MAILGUN, .needs = { "address", "tag" }, .otherwise = REASON_UNSUBSCRIBE,
		.notes = { "tag" } },
	{ MAILGUN, .needs = { "address", "tags" }, .otherwise = REASON_UNSUBSCRIBE,
		.notes = { "tags" } },
	/* Complaints. */
	{ MAILGUN, .exact = true, .needs = { "address", "createdat" },
		.otherwise = REASON_COMPLAINT },
	/* For these entry_from_okite() is asked, which knows what they mean. */
	{ .format = FORMAT_OKITE, .shapes = OBJECT, .needs = { "digest" } },
	{ .format = FORMAT_OKITE, .shapes = OBJECT, .needs = { "address", "reason" } },
	{ .format = FORMAT_OKITE, .shapes = OBJECT, .needs = { "address", "scope" } },
	{ .format = FORMAT_OKITE, .shapes = OBJECT, .needs = { "address", "account" } },
	{ .format = FORMAT_OKITE,
		.shapes = OBJECT,
		.exact = true,
		.needs = { "address" } },
	{ .format = FORMAT_OKITE, .shapes = OBJECT, .named = true },
	PLAIN("email"),
	PLAIN("emailaddress"),
	PLAIN("address"),
	PLAIN("mail"),
	PLAIN("recipient"),
};
enum { LAYOUT_COUNT = sizeof(layouts) / sizeof(layouts[0]) };

static bool fits(const struct layout *layout, const struct fields *fields, bool by_itself)
{
	size_t needed = 0;

	for (; needed < 4 && layout->needs[needed] != NULL; needed++)
		if (field_text(fields, layout->needs[needed]) == NULL)
			return false;
	return !by_itself ||
	       (!layout->named && (!layout->exact || fields->count == needed));
}

const struct layout *layout_find(
	enum format format, enum layout_shape shape, const struct fields *fields)
{
	for (size_t i = 0; i < LAYOUT_COUNT; i++) {
		const struct layout *layout = &layouts[i];

		if ((format == FORMAT_AUTO || layout->format == format) &&
			(layout->shapes & (int)shape) != 0 &&
			fits(layout, fields, format == FORMAT_AUTO))
			return layout;
	}
	return NULL;
}

const struct layout *layout_headless(void)
{
	static const struct layout layout = SES("emailaddress", .named = true);

	return &layout;
}
