#include "cli/formats.h"

#include <stdlib.h>
#include <string.h>

#include <unictype.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/cli.h"
#include "lists/dates.h"

static void set_defaults(const struct entry_defaults *defaults, const char *source,
	struct suppression *entry)
{
	*entry = (struct suppression){
		.reason = defaults->reason != REASON_NONE ? defaults->reason
							  : REASON_MANUAL,
		.since_us = defaults->now_us,
	};
	text_copy(entry->scope, sizeof(entry->scope), defaults->scope);
	text_copy(entry->source, sizeof(entry->source), source);
}

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

/* Cut where a character ends: half of one could not be exported again. */
static void copy_text(char *to, size_t size, const char *from)
{
	if (text_copy(to, size, from))
		return;
	size = size - 1;
	while (size > 0 && (from[size] & 0xC0) == 0x80)
		size--;
	to[size] = '\0';
}

/* An address in the words of a server is an address all the same. */
static bool may_keep(const struct entry_defaults *defaults, const char *note)
{
	return defaults->conf->store_addresses || strchr(note, '@') == NULL;
}

static void set_note(const struct entry_defaults *defaults, const char *note,
	struct suppression *entry)
{
	if (may_keep(defaults, note))
		copy_text(entry->note, sizeof(entry->note), note);
}

/* ---- the records of services ---- */

/* What a server said, on one line. */
static void set_foreign_note(const struct entry_defaults *defaults, const char *note,
	struct suppression *entry)
{
	char line[4 * NOTE_SIZE];
	size_t length = 0;

	/* "*": Mailgun's tag for everything. */
	if (!may_keep(defaults, note) || strcmp(note, "*") == 0)
		return;
	for (; *note != '\0' && length < sizeof(line) - 1; note++) {
		bool blank = strchr(" \t\r\n", *note) != NULL;

		if (!blank)
			line[length++] = *note;
		else if (length > 0 && line[length - 1] != ' ')
			line[length++] = ' ';
	}
	line[length] = '\0';
	text_printable_again(entry->note, sizeof(entry->note), line);
}

static const char *first_text(const struct fields *fields, const char *const names[2])
{
	for (size_t i = 0; i < 2 && names[i] != NULL; i++) {
		const char *text = field_text(fields, names[i]);

		if (text != NULL && text[0] != '\0')
			return text;
	}
	return "";
}

static const char *set_reason(const struct entry_defaults *defaults,
	const struct layout *layout, const struct fields *fields,
	struct suppression *entry)
{
	const char *text =
		layout->reason == NULL ? NULL : field_text(fields, layout->reason);
	bool decided = layout->open && defaults->reason != REASON_NONE;

	entry->reason = decided ? defaults->reason : layout->otherwise;
	if (text != NULL) {
		enum reason told = word_reason(layout->words, text);

		if (told != REASON_NONE)
			entry->reason = told;
		else if (layout->no_word != NULL)
			return layout->no_word;
		else
			set_foreign_note(defaults, text, entry);
	}
	return layout->check == NULL ? NULL : layout->check(fields, decided);
}

const char *entry_from_fields(const struct entry_defaults *defaults,
	const struct layout *layout, const struct fields *fields,
	struct suppression *entry, bool *undated)
{
	const char *address = field_text(fields, layout->address),
		   *since = first_text(fields, layout->since),
		   *note = first_text(fields, layout->notes), *fault;

	*undated = false;
	set_defaults(defaults,
		layout->format == FORMAT_PLAIN ? "import" : format_names[layout->format],
		entry);
	if (address == NULL || address[0] == '\0')
		return "no address";
	if (has_invisible(address))
		return "an invisible character";
	fault = set_target(defaults, address, entry);
	if (fault == NULL)
		fault = set_reason(defaults, layout, fields, entry);
	if (fault != NULL)
		return fault;
	if (note[0] != '\0')
		set_foreign_note(defaults, note, entry);
	if (since[0] != '\0')
		*undated = !date_parse(since, &entry->since_us);
	/* Somebody's clock is wrong, and it is not ours. */
	if (*undated || entry->since_us > defaults->now_us)
		entry->since_us = defaults->now_us;
	entry->until_us = suppression_end(defaults->conf, entry->reason, entry->since_us);
	return NULL;
}

/* ---- our own ---- */

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
		copy_text(entry->source, sizeof(entry->source), source);
	set_note(defaults, note, entry);
	fault = read_scope(object, entry);
	if (fault == NULL)
		fault = read_moment(object, "since", &entry->since_us);
	return fault != NULL ? fault : read_moment(object, "until", &entry->until_us);
}

const char *entry_from_okite(const struct entry_defaults *defaults, const json_t *object,
	struct suppression *entry)
{
	set_defaults(defaults, "import", entry);
	return read_members(defaults, object, entry);
}
