#include "cli/formats.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <unictype.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"

static const char *set_target(const struct entry_defaults *defaults, const char *text,
	struct suppression *entry)
{
	struct target target;
	const char *fault = target_parse(&target, text, defaults->secret);

	if (fault != NULL)
		return fault;
	text_copy(entry->digest, sizeof(entry->digest), target.digest);
	if (defaults->conf->store_addresses)
		text_copy(entry->address, sizeof(entry->address), target.address);
	return NULL;
}

/* The character at TEXT, LENGTH bytes long; what is no UTF-8 address_parse() tells. */
static ucs4_t read_character(const char *text, size_t *length)
{
	const unsigned char *bytes = (const unsigned char *)text;
	ucs4_t character = bytes[0];

	*length = character < 0xC0 ? 1 : character < 0xE0 ? 2 : character < 0xF0 ? 3 : 4;
	if (*length == 1)
		return character;
	character &= 0x7FU >> *length;
	for (size_t i = 1; i < *length; i++) {
		if ((bytes[i] & 0xC0) != 0x80) {
			*length = i;
			return 0;
		}
		character = character << 6 | (bytes[i] & 0x3F);
	}
	return character;
}

/*
 * Format characters (Unicode Cf) in the local part: a byte order mark where two
 * lists were joined, a soft hyphen or a zero-width space from a web page.  The
 * address looks right and is nobody's.  In a domain IDNA sees to them.
 */
static bool has_invisible(const char *address)
{
	const char *end = strrchr(address, '@');
	size_t length;

	for (; end != NULL && address < end; address += length)
		if (uc_is_general_category(read_character(address, &length), UC_FORMAT))
			return true;
	return false;
}

static const char *read_plain(const struct entry_defaults *defaults, const char *line,
	struct suppression *entry)
{
	if (has_invisible(line))
		return "an invisible character";
	entry->until_us =
		suppression_end(defaults->conf, entry->reason, defaults->now_us);
	return set_target(defaults, line, entry);
}

/* The text of a member: "" where there is none or null, NULL where it is something else.
 */
static const char *member_text(const json_t *object, const char *name)
{
	const json_t *member = json_object_get(object, name);

	if (member == NULL || json_is_null(member))
		return "";
	return json_string_value(member);
}

static const char *read_scope(const json_t *object, struct suppression *entry)
{
	const char *scope = member_text(object, "scope");
	const char *account = member_text(object, "account");

	if (scope == NULL || account == NULL)
		return "scope and account are texts";
	/* The account is told apart, since one may be called "everyone". */
	if (account[0] != '\0')
		scope = account;
	else if (strcmp(scope, "everyone") == 0)
		scope = SCOPE_EVERYONE;
	if (scope[0] != '\0' && !account_name(entry->scope, scope))
		return "the scope is longer than any account's name";
	return NULL;
}

static const char *read_moment(const json_t *object, const char *name, int64_t *moment_us)
{
	const char *text = member_text(object, name);

	if (text == NULL || (text[0] != '\0' && !clock_from_text(text, moment_us)))
		return "since and until are times like 2026-11-24T03:56:40Z, or null";
	return NULL;
}

static const char *read_members(const struct entry_defaults *defaults,
	const json_t *object, struct suppression *entry)
{
	const char *address = member_text(object, "address");
	const char *digest = member_text(object, "digest");
	const char *reason = member_text(object, "reason");
	const char *source = member_text(object, "source");
	const char *note = member_text(object, "note");
	struct target target;
	const char *fault;

	if (address == NULL || digest == NULL || reason == NULL || source == NULL ||
		note == NULL)
		return "address, digest, reason, source and note are texts or null";
	if (address[0] != '\0') {
		fault = set_target(defaults, address, entry);
		if (fault != NULL)
			return fault;
	} else if (target_from_digest(&target, digest)) {
		text_copy(entry->digest, sizeof(entry->digest), target.digest);
	} else {
		return "neither an address nor a digest of 32 hexadecimal digits";
	}
	if (reason[0] != '\0')
		entry->reason = reason_from_text(reason);
	if (entry->reason == REASON_NONE)
		return "the reason is hard, soft, complaint, unsubscribe or manual";
	if (source[0] != '\0')
		text_copy(entry->source, sizeof(entry->source), source);
	text_copy(entry->note, sizeof(entry->note), note);
	fault = read_scope(object, entry);
	if (fault == NULL)
		fault = read_moment(object, "since", &entry->since_us);
	return fault != NULL ? fault : read_moment(object, "until", &entry->until_us);
}

static const char *read_okite(const struct entry_defaults *defaults, const char *line,
	struct suppression *entry)
{
	json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	const char *fault = "not a JSON object";

	if (json_is_object(object))
		fault = read_members(defaults, object, entry);
	json_decref(object);
	return fault;
}

static const struct format formats[] = {
	{ "plain", read_plain },
	{ "okite", read_okite },
};
enum { FORMAT_COUNT = sizeof(formats) / sizeof(formats[0]) };

bool format_find(const char *name, const struct format **format)
{
	*format = NULL;
	if (name == NULL || strcmp(name, "auto") == 0)
		return true;
	for (size_t i = 0; i < FORMAT_COUNT; i++)
		if (strcmp(formats[i].name, name) == 0)
			*format = &formats[i];
	return *format != NULL;
}

const struct format *format_guess(const char *line)
{
	return &formats[line[0] == '{'];
}

const char *format_read(const struct format *format,
	const struct entry_defaults *defaults, const char *line,
	struct suppression *entry)
{
	*entry = (struct suppression){
		.reason = defaults->reason,
		.since_us = defaults->now_us,
	};
	text_copy(entry->scope, sizeof(entry->scope), defaults->scope);
	text_copy(entry->source, sizeof(entry->source), "import");
	return format->read(defaults, line, entry);
}
