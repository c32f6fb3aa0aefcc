#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "cli/formats.h"
#include "conf/conf.h"
#include "tests/support/test.h"

static const uint8_t bytes[SECRET_BYTES] = "a secret of thirty-two bytes 123";

#define NOW (INT64_C(1700000000) * SECOND_US)
#define DIGEST "0123456789abcdef0123456789abcdef"

static const struct conf conf = {
	.store_addresses = true,
	.expire_us = { [REASON_SOFT] = 14 * DAY_US },
};
static const struct conf secretive = { .store_addresses = false };
static struct secret *secret;

static struct entry_defaults make_defaults(void)
{
	return (struct entry_defaults){
		.secret = secret,
		.conf = &conf,
		.scope = SCOPE_EVERYONE,
		.now_us = NOW,
	};
}

/* As the reader does it, for one line in the format "plain" or "okite". */
static const char *read_line(const char *format, const struct entry_defaults *defaults,
	const char *line, struct suppression *entry)
{
	struct fields fields;
	const char *fault = "not a JSON object";
	json_t *object;
	bool undated;

	if (strcmp(format, "plain") == 0) {
		fields_one(&fields, "address", line);
		return entry_from_fields(defaults,
			layout_find(FORMAT_PLAIN, LAYOUT_ROW, &fields), &fields, entry,
			&undated);
	}
	object = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	if (json_is_object(object))
		fault = entry_from_okite(defaults, object, entry);
	json_decref(object);
	return fault;
}

static void names(void **state)
{
	static const struct {
		const char *name;
		bool known;
		enum format want;
	} cases[] = {
		{ "plain", true, FORMAT_PLAIN },
		{ "ses", true, FORMAT_SES },
		{ "sendgrid", true, FORMAT_SENDGRID },
		{ "mailgun", true, FORMAT_MAILGUN },
		{ "postmark", true, FORMAT_POSTMARK },
		{ "sparkpost", true, FORMAT_SPARKPOST },
		{ "okite", true, FORMAT_OKITE },
		{ "auto", true, FORMAT_AUTO },
		{ NULL, true, FORMAT_AUTO },
		{ "", false, FORMAT_AUTO },
		{ "Plain", false, FORMAT_AUTO },
		{ "plain ", false, FORMAT_AUTO },
		{ "xml", false, FORMAT_AUTO },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].name != NULL ? cases[i].name : "none given";
		enum format format;

		CASE_EQUAL_INT(name, format_find(cases[i].name, &format), cases[i].known);
		CASE_EQUAL_INT(name, format, cases[i].want);
	}
}

/* By the names alone; columns and members are told apart where it matters. */
static void layouts(void **state)
{
	static const struct {
		const char *names[5];
		enum format named; /* FORMAT_AUTO: nothing is said */
		enum layout_shape shape;
		enum format want; /* FORMAT_COUNT: none */
		enum reason reason;
	} cases[] = {
		{ { "emailAddress", "reason" }, FORMAT_AUTO, LAYOUT_OBJECT, FORMAT_SES,
			REASON_NONE },
		{ { "EmailAddress", "Reason", "LastUpdateTime" }, FORMAT_AUTO,
			LAYOUT_OBJECT, FORMAT_SES, REASON_NONE },
		{ { "Email Address", "REASON" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_SES,
			REASON_NONE },
		{ { "email", "reason" }, FORMAT_SES, LAYOUT_ROW, FORMAT_SES,
			REASON_NONE },
		{ { "email", "reason" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_PLAIN,
			REASON_MANUAL },
		{ { "email", "reason" }, FORMAT_AUTO, LAYOUT_OBJECT, FORMAT_COUNT,
			REASON_NONE },
		{ { "status", "reason", "email", "created" }, FORMAT_AUTO, LAYOUT_ROW,
			FORMAT_SENDGRID, REASON_HARD },
		{ { "created", "email", "reason", "status", "x" }, FORMAT_AUTO,
			LAYOUT_OBJECT, FORMAT_SENDGRID, REASON_HARD },
		{ { "email", "created" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_SENDGRID,
			REASON_UNSUBSCRIBE },
		{ { "email", "created", "ip" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_SENDGRID,
			REASON_COMPLAINT },
		{ { "reason", "email", "created" }, FORMAT_AUTO, LAYOUT_ROW,
			FORMAT_SENDGRID, REASON_HARD },
		{ { "email", "group_id", "created_at" }, FORMAT_AUTO, LAYOUT_OBJECT,
			FORMAT_SENDGRID, REASON_UNSUBSCRIBE },
		/* Anybody's table: no unsubscribes of SendGrid. */
		{ { "email", "created", "name" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_PLAIN,
			REASON_MANUAL },
		{ { "email", "created", "name" }, FORMAT_AUTO, LAYOUT_OBJECT,
			FORMAT_COUNT, REASON_NONE },
		{ { "email", "created", "name" }, FORMAT_SENDGRID, LAYOUT_OBJECT,
			FORMAT_SENDGRID, REASON_UNSUBSCRIBE },
		{ { "address", "code", "error", "created_at" }, FORMAT_AUTO, LAYOUT_ROW,
			FORMAT_MAILGUN, REASON_HARD },
		{ { "address", "code" }, FORMAT_AUTO, LAYOUT_OBJECT, FORMAT_MAILGUN,
			REASON_HARD },
		{ { "address", "tag", "created_at" }, FORMAT_AUTO, LAYOUT_ROW,
			FORMAT_MAILGUN, REASON_UNSUBSCRIBE },
		{ { "created_at", "tags", "address" }, FORMAT_AUTO, LAYOUT_ROW,
			FORMAT_MAILGUN, REASON_UNSUBSCRIBE },
		{ { "address", "created_at" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_MAILGUN,
			REASON_COMPLAINT },
		{ { "address", "createdAt" }, FORMAT_AUTO, LAYOUT_OBJECT, FORMAT_MAILGUN,
			REASON_COMPLAINT },
		{ { "address", "domain" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_MAILGUN,
			REASON_NONE },
		{ { "value", "type", "reason" }, FORMAT_AUTO, LAYOUT_OBJECT,
			FORMAT_MAILGUN, REASON_NONE },
		{ { "EmailAddress", "SuppressionReason", "Origin" }, FORMAT_AUTO,
			LAYOUT_OBJECT, FORMAT_POSTMARK, REASON_NONE },
		{ { "recipient", "type", "source" }, FORMAT_AUTO, LAYOUT_OBJECT,
			FORMAT_SPARKPOST, REASON_MANUAL },
		{ { "recipient", "transactional", "non_transactional" }, FORMAT_AUTO,
			LAYOUT_ROW, FORMAT_SPARKPOST, REASON_MANUAL },
		{ { "address", "digest", "reason" }, FORMAT_AUTO, LAYOUT_OBJECT,
			FORMAT_OKITE, REASON_NONE },
		{ { "address" }, FORMAT_AUTO, LAYOUT_OBJECT, FORMAT_OKITE, REASON_NONE },
		{ { "address" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_PLAIN, REASON_MANUAL },
		{ { "E-Mail" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_PLAIN, REASON_MANUAL },
		{ { "name", "phone" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_COUNT,
			REASON_NONE },
		{ { "" }, FORMAT_AUTO, LAYOUT_ROW, FORMAT_COUNT, REASON_NONE },
		{ { "email", "created" }, FORMAT_MAILGUN, LAYOUT_ROW, FORMAT_COUNT,
			REASON_NONE },
		{ { "colour" }, FORMAT_OKITE, LAYOUT_OBJECT, FORMAT_OKITE, REASON_NONE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[100];
		struct fields fields;
		const struct layout *got;
		size_t count = 0;

		while (count < 5 && cases[i].names[count] != NULL)
			count++;
		fields_head(&fields, cases[i].names, count);
		got = layout_find(cases[i].named, cases[i].shape, &fields);
		snprintf(name, sizeof(name), "%zu: %s %s", i, cases[i].names[0],
			count > 1 ? cases[i].names[1] : "");
		CASE_EQUAL_INT(
			name, got == NULL ? FORMAT_COUNT : got->format, cases[i].want);
		if (got != NULL)
			CASE_EQUAL_INT(name, got->otherwise, cases[i].reason);
	}
}

static void plain(void **state)
{
	static const struct {
		const char *line;
		const char *want; /* NULL: there is something wrong with it */
	} cases[] = {
		{ "a@b.example", "a@b.example" },
		{ "A@B.Example", "a@b.example" },
		{ "<a@b.example>", "a@b.example" },
		{ "\"a\"@b.example", "a@b.example" },
		{ "\"a b\"@c.example", "\"a b\"@c.example" },
		{ "@b.example", "@b.example" },
		{ "", NULL },
		{ "a", NULL },
		{ "<>", NULL },
		{ "@", NULL },
		{ "a@b.example, c@d.example", NULL },
		{ "a@b.example;hard", NULL },
		{ "\"a@b.example\"", NULL },
		{ "a@b.example # a comment", NULL },
		{ "a@b.example\r", NULL },
		{ "Bob <a@b.example>", NULL },
		{ "{\"address\":\"a@b.example\"}", NULL },
		{ "a\xff@b.example", NULL },
	};
	struct entry_defaults defaults = make_defaults();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char digest[DIGEST_TEXT_SIZE];
		struct suppression entry;
		const char *fault = read_line("plain", &defaults, cases[i].line, &entry);

		CASE_EQUAL_INT(cases[i].line, fault == NULL, cases[i].want != NULL);
		if (cases[i].want == NULL)
			continue;
		digest_of(secret, cases[i].want, digest);
		CASE_EQUAL_TEXT(cases[i].line, entry.address, cases[i].want);
		CASE_EQUAL_TEXT(cases[i].line, entry.digest, digest);
		CASE_EQUAL_TEXT(cases[i].line, entry.scope, SCOPE_EVERYONE);
		CASE_EQUAL_TEXT(cases[i].line, entry.source, "import");
		CASE_EQUAL_TEXT(cases[i].line, entry.note, "");
		CASE_EQUAL_INT(cases[i].line, entry.reason, REASON_MANUAL);
		CASE_EQUAL_INT(cases[i].line, entry.since_us, NOW);
		CASE_EQUAL_INT(cases[i].line, entry.until_us, 0);
	}
}

/* What looks like an address that it is not. */
static void plain_refuses_the_invisible(void **state)
{
	static const struct {
		const char *name, *line;
		bool want; /* is it one? */
	} cases[] = {
		{ "a byte order mark",
			"\xEF\xBB\xBF"
			"a@b.example",
			true },
		{ "in the middle",
			"a\xE2\x80\x8B"
			"c@b.example",
			true },
		{ "before the @", "a\xE2\x81\xA0@b.example", true },
		{ "a soft hyphen",
			"a\xC2\xAD"
			"c@b.example",
			true },
		{ "a tag of four bytes", "a\xF3\xA0\x80\xA0@b.example", true },
		{ "in angle brackets",
			"<\xEF\xBB\xBF"
			"a@b.example>",
			true },
		{ "before a domain", "\xEF\xBB\xBF@b.example", true },
		{ "letters", "\xC3\xA9\xE4\xB8\xAD@b.example", false },
		{ "four bytes", "\xF0\x9F\x98\x80@b.example", false },
		{ "no UTF-8", "a\xEF\xBB@b.example", false },
		{ "half a character at the end", "a\xEF", false },
	};
	struct entry_defaults defaults = make_defaults();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct suppression entry;
		const char *fault = read_line("plain", &defaults, cases[i].line, &entry);

		CASE_EQUAL_INT(cases[i].name,
			fault != NULL && strcmp(fault, "an invisible character") == 0,
			cases[i].want);
	}
}

static void plain_takes_the_defaults(void **state)
{
	struct entry_defaults defaults = make_defaults();
	struct suppression entry;

	(void)state;
	defaults.reason = REASON_SOFT;
	text_copy(defaults.scope, sizeof(defaults.scope), "shop");
	assert_null(read_line("plain", &defaults, "a@b.example", &entry));
	assert_int_equal(entry.reason, REASON_SOFT);
	assert_string_equal(entry.scope, "shop");
	assert_int_equal(entry.until_us, NOW + 14 * DAY_US);
}

/* Lines of the format "okite" that are good, and what differs from the defaults. */
static void okite(void **state)
{
	static const struct {
		const char *name, *line;
		struct suppression want; /* "" and 0: the default */
	} cases[] = {
		{ "an address alone", "{\"address\":\"A@b.example\"}",
			{ .address = "a@b.example" } },
		{ "a domain", "{\"address\":\"@B.example\"}",
			{ .address = "@b.example" } },
		{ "a digest", "{\"digest\":\"" DIGEST "\"}", { .digest = DIGEST } },
		{ "a digest, with null for the address",
			"{\"address\":null,\"digest\":"
			"\"0123456789ABCDEF0123456789abcdef\"}",
			{ .digest = DIGEST } },
		/* It may be of another secret. */
		{ "the address rather than the digest",
			"{\"address\":\"a@b.example\",\"digest\":\"" DIGEST "\"}",
			{ .address = "a@b.example" } },
		{ "blanks, an unknown member and an escape",
			" { \"address\" : \"a\\u0040b.example\", \"colour\": [1] } ",
			{ .address = "a@b.example" } },
		{ "all members",
			"{\"address\":\"a@b.example\",\"reason\":\"hard\",\"scope\":"
			"\"shop\","
			"\"account\":\"shop\",\"since\":\"1970-01-02T00:00:00Z\","
			"\"until\":\"1970-01-03\",\"source\":\"command\",\"note\":\"a "
			"\\\"b\\\"\"}",
			{ .address = "a@b.example",
				.reason = REASON_HARD,
				.scope = "shop",
				.since_us = DAY_US,
				.until_us = 2 * DAY_US,
				.source = "command",
				.note = "a \"b\"" } },
		{ "null for all that may be open",
			"{\"address\":\"a@b.example\",\"reason\":null,\"scope\":null,"
			"\"account\":null,\"since\":null,\"until\":null,\"source\":null,"
			"\"note\":null}",
			{ .address = "a@b.example" } },
		{ "everyone", "{\"address\":\"a@b.example\",\"scope\":\"everyone\"}",
			{ .address = "a@b.example", .scope = SCOPE_EVERYONE } },
		{ "an account named everyone",
			"{\"address\":\"a@b.example\",\"scope\":\"everyone\","
			"\"account\":\"everyone\"}",
			{ .address = "a@b.example", .scope = "everyone" } },
		{ "an account in capitals",
			"{\"address\":\"a@b.example\",\"scope\":\"SHOP\"}",
			{ .address = "a@b.example", .scope = "shop" } },
		{ "in the past and with an offset",
			"{\"address\":\"a@b.example\",\"until\":\"1970-01-02T01:00:00+01:"
			"00\"}",
			{ .address = "a@b.example", .until_us = DAY_US } },
	};
	struct entry_defaults defaults = make_defaults();

	(void)state;
	text_copy(defaults.scope, sizeof(defaults.scope), "default");
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct suppression *want = &cases[i].want;
		char digest[DIGEST_TEXT_SIZE] = DIGEST;
		struct suppression entry;
		const char *fault = read_line("okite", &defaults, cases[i].line, &entry);

		if (fault != NULL)
			fail_msg("%s: %s", cases[i].name, fault);
		if (want->address[0] != '\0')
			digest_of(secret, want->address, digest);
		CASE_EQUAL_TEXT(cases[i].name, entry.address, want->address);
		CASE_EQUAL_TEXT(cases[i].name, entry.digest, digest);
		CASE_EQUAL_INT(cases[i].name, entry.reason,
			want->reason != REASON_NONE ? want->reason : REASON_MANUAL);
		CASE_EQUAL_TEXT(cases[i].name, entry.scope,
			want->scope[0] != '\0' ? want->scope : "default");
		CASE_EQUAL_INT(cases[i].name, entry.since_us,
			want->since_us != 0 ? want->since_us : NOW);
		CASE_EQUAL_INT(cases[i].name, entry.until_us, want->until_us);
		CASE_EQUAL_TEXT(cases[i].name, entry.source,
			want->source[0] != '\0' ? want->source : "import");
		CASE_EQUAL_TEXT(cases[i].name, entry.note, want->note);
	}
}

#define WITH(members) "{\"address\":\"a@b.example\"," members "}"

static void okite_refuses(void **state)
{
	static const struct {
		const char *line, *fault; /* some words of it */
	} cases[] = {
		{ "", "not a JSON object" },
		{ "a@b.example", "not a JSON object" },
		{ "{", "not a JSON object" },
		{ "{}}", "not a JSON object" },
		{ "[]", "not a JSON object" },
		{ "\"a@b.example\"", "not a JSON object" },
		{ "null", "not a JSON object" },
		{ "[{\"address\":\"a@b.example\"}]", "not a JSON object" },
		{ "{'address':'a@b.example'}", "not a JSON object" },
		{ "{\"address\":\"a@b.example\",}", "not a JSON object" },
		{ "{\"address\":\"a@b.example\"} x", "not a JSON object" },
		{ "{\"address\":\"a@b.example\",\"address\":\"c@d.example\"}",
			"not a JSON object" },
		{ "{\"address\":\"a\\u0000@b.example\"}", "not a JSON object" },
		{ "{\"address\":\"a\xff@b.example\"}", "not a JSON object" },
		{ "\xEF\xBB\xBF{\"address\":\"a@b.example\"}", "not a JSON object" },
		{ "{}", "neither" },
		{ "{\"address\":\"\"}", "neither" },
		{ "{\"address\":null,\"digest\":null}", "neither" },
		{ "{\"digest\":\"0123\"}", "neither" },
		{ "{\"digest\":\"" DIGEST "0\"}", "neither" },
		{ "{\"address\":\"nobody\"}", "neither" },
		{ "{\"address\":\"a b@c.example\"}", "" },
		{ "{\"address\":7}", "texts" },
		{ "{\"address\":[\"a@b.example\"]}", "texts" },
		{ "{\"digest\":true}", "texts" },
		{ WITH("\"reason\":3"), "texts" },
		{ WITH("\"source\":{}"), "texts" },
		{ WITH("\"note\":false"), "texts" },
		{ WITH("\"scope\":1"), "texts" },
		{ WITH("\"account\":[]"), "texts" },
		{ WITH("\"reason\":\"boredom\""), "the reason is" },
		{ WITH("\"reason\":\"Hard\""), "the reason is" },
		{ WITH("\"since\":1700000000"), "times" },
		{ WITH("\"until\":\"7d\""), "times" },
		{ WITH("\"until\":\"never\""), "times" },
		{ WITH("\"since\":\"2026-02-30\""), "times" },
	};
	struct entry_defaults defaults = make_defaults();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct suppression entry;
		const char *fault = read_line("okite", &defaults, cases[i].line, &entry);

		if (fault == NULL || strstr(fault, cases[i].fault) == NULL)
			fail_msg("%s: got \"%s\", want something of \"%s\"",
				cases[i].line, fault != NULL ? fault : "no fault",
				cases[i].fault);
	}
}

/* A member of as many bytes as WANT says fits, one more does not. */
static void long_members(void **state)
{
	static const struct {
		const char *member;
		size_t most;
		bool cut; /* else it is a fault */
	} cases[] = {
		{ "scope", ACCOUNT_SIZE - 1, false },
		{ "account", ACCOUNT_SIZE - 1, false },
		{ "source", SOURCE_SIZE - 1, true },
		{ "note", NOTE_SIZE - 1, true },
	};
	struct entry_defaults defaults = make_defaults();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t more = 0; more <= 1; more++) {
			char value[512] = "", line[700];
			struct suppression entry;
			const char *fault;

			memset(value, 'x', cases[i].most + more);
			snprintf(line, sizeof(line), WITH("\"%s\":\"%s\""),
				cases[i].member, value);
			fault = read_line("okite", &defaults, line, &entry);
			CASE_EQUAL_INT(cases[i].member, fault == NULL,
				more == 0 || cases[i].cut);
			if (cases[i].cut)
				CASE_EQUAL_INT(cases[i].member,
					strlen(entry.source) == cases[i].most ||
						strlen(entry.note) == cases[i].most,
					true);
		}
	}
}

static void long_addresses(void **state)
{
	struct entry_defaults defaults = make_defaults();
	char line[2 * ADDRESS_SIZE + 32], json[sizeof(line) + 32];
	struct suppression entry;

	(void)state;
	memset(line, 'a', 2 * ADDRESS_SIZE);
	strcpy(line + 2 * ADDRESS_SIZE, "@b.example");
	snprintf(json, sizeof(json), "{\"address\":\"%s\"}", line);
	assert_non_null(read_line("plain", &defaults, line, &entry));
	assert_non_null(read_line("okite", &defaults, json, &entry));
}

static void addresses_that_are_not_stored(void **state)
{
	struct entry_defaults defaults = make_defaults();
	char digest[DIGEST_TEXT_SIZE];
	struct suppression entry;

	(void)state;
	defaults.conf = &secretive;
	digest_of(secret, "a@b.example", digest);
	assert_null(read_line("plain", &defaults, "a@b.example", &entry));
	assert_string_equal(entry.address, "");
	assert_string_equal(entry.digest, digest);
	assert_null(
		read_line("okite", &defaults, "{\"address\":\"a@b.example\"}", &entry));
	assert_string_equal(entry.address, "");
	assert_string_equal(entry.digest, digest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names),
		cmocka_unit_test(layouts),
		cmocka_unit_test(plain),
		cmocka_unit_test(plain_refuses_the_invisible),
		cmocka_unit_test(plain_takes_the_defaults),
		cmocka_unit_test(okite),
		cmocka_unit_test(okite_refuses),
		cmocka_unit_test(long_members),
		cmocka_unit_test(long_addresses),
		cmocka_unit_test(addresses_that_are_not_stored),
	};
	int failed;

	secret = secret_new(bytes);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	secret_free(secret);
	return failed;
}
