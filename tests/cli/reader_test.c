#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/reader.h"
#include "conf/conf.h"
#include "tests/lists/list_file.h"
#include "tests/support/test.h"

static const uint8_t bytes[SECRET_BYTES] = "a secret of thirty-two bytes 123";

#define NOW_S INT64_C(1800000000)
#define T "1775855000" /* seconds */
#define T_RFC3339 "2026-04-10T21:03:20Z"
#define T_MAIL "Fri, 10 Apr 2026 21:03:20 GMT"

static struct conf conf = { .store_addresses = true };
static struct secret *secret;

/*
 * A whole list as text: "address reason source since note" of each entry, "!"
 * and the line of what is rejected, "refused: why", and the format at the end.
 */
static char *read_list(
	const char *list, size_t size, const char *format, enum reason reason)
{
	struct entry_defaults defaults = { .secret = secret,
		.conf = &conf,
		.reason = reason,
		.scope = SCOPE_EVERYONE,
		.now_us = NOW_S * SECOND_US };
	struct reader *reader = xcalloc(1, sizeof(*reader));
	struct error error = ERROR_NONE;
	enum reading reading = READING_REFUSED;
	char *text = NULL;
	size_t text_size = 0;
	FILE *to = open_memstream(&text, &text_size);
	int fd = list_file(list, size);
	enum format named;

	assert_true(format_find(format, &named));
	if (reader_open(reader, fd, "list", named, &error))
		do {
			struct suppression entry;
			struct record record;
			bool undated;

			reading = reader_next(
				reader, &defaults, &entry, &undated, &record, &error);
			if (reading == READING_ENTRY)
				fprintf(to, "%s %s %s %lld%s%s%s\n", entry.address,
					reason_names[entry.reason], entry.source,
					(long long)(entry.since_us / SECOND_US),
					undated ? " undated" : "",
					entry.note[0] != '\0' ? " " : "", entry.note);
			else if (reading == READING_REJECTED)
				fprintf(to, "! %lld %s\n", (long long)record.line,
					record.fault);
		} while (reading == READING_ENTRY || reading == READING_REJECTED);
	if (reading == READING_REFUSED)
		fprintf(to, "refused: %s\n", error.text);
	else
		fprintf(to, "%s\n",
			reader->format == FORMAT_AUTO ? "auto"
						      : format_names[reader->format]);
	fclose(to);
	reader_close(reader);
	free(reader);
	close(fd);
	return text;
}

struct list_case {
	const char *name;
	const char *format; /* NULL: auto as well as that which is recognised */
	enum reason reason;
	const char *list, *want;
};

static void check(const struct list_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct list_case *one = &cases[i];
		const char *last;
		char *got =
			read_list(one->list, strlen(one->list), one->format, one->reason);
		char named[32] = "";

		CASE_EQUAL_TEXT(one->name, got, one->want);
		/* The last line names the format: saying so is to come to the same. */
		for (last = got + strlen(got) - 1; last > got && last[-1] != '\n';)
			last--;
		text_copy(named, sizeof(named), last);
		named[strcspn(named, "\n")] = '\0';
		if (one->format == NULL && strstr(got, "refused") == NULL) {
			char *again = read_list(
				one->list, strlen(one->list), named, one->reason);

			CASE_EQUAL_TEXT(one->name, again, one->want);
			free(again);
		}
		free(got);
	}
}

#define CHECK(cases) check(cases, sizeof(cases) / sizeof((cases)[0]))
#define NOW " 1800000000"

static void services(void **state)
{
	static const struct list_case cases[] = {
		{ "ses rows", NULL, REASON_NONE,
			"a@b.example,BOUNCE\r\nC@d.example , complaint\r\n",
			"a@b.example hard ses" NOW "\nc@d.example complaint ses" NOW
			"\nses\n" },
		{ "ses, one row, no end", NULL, REASON_NONE, "a@b.example,BOUNCE",
			"a@b.example hard ses" NOW "\nses\n" },
		{ "ses, a header", NULL, REASON_NONE,
			"EmailAddress,Reason\na@b.example,BOUNCE\n",
			"a@b.example hard ses" NOW "\nses\n" },
		{ "ses, columns the other way", NULL, REASON_NONE,
			"Reason;Email address\nBOUNCE;a@b.example\n",
			"a@b.example hard ses" NOW "\nses\n" },
		{ "ses, a header that says email", "ses", REASON_NONE,
			"email,reason\na@b.example,BOUNCE\n",
			"a@b.example hard ses" NOW "\nses\n" },
		{ "ses, a bad reason", NULL, REASON_NONE,
			"a@b.example,BOUNCE\na@b.example,BOUNCED\nc@d.example\n",
			"a@b.example hard ses" NOW
			"\n! 2 the reason is BOUNCE or COMPLAINT\n"
			"! 3 the reason is BOUNCE or COMPLAINT\nses\n" },
		{ "ses, a reason of one's own counts for nothing", NULL, REASON_MANUAL,
			"a@b.example,BOUNCE\n", "a@b.example hard ses" NOW "\nses\n" },
		{ "ses lines", NULL, REASON_NONE,
			"{\"emailAddress\":\"a@b.example\",\"reason\":\"BOUNCE\"}\n"
			"{\"emailAddress\":\"c@d.example\",\"reason\":\"COMPLAINT\"}\n",
			"a@b.example hard ses" NOW "\nc@d.example complaint ses" NOW
			"\nses\n" },
		{ "ses answer", NULL, REASON_NONE,
			"{\"SuppressedDestinationSummaries\": [\n {\"EmailAddress\": "
			"\"a@b.example\",\n \"Reason\": \"BOUNCE\", \"LastUpdateTime\": "
			"\"" T_RFC3339 "\"} ],\n\"NextToken\": \"x\"}\n",
			"a@b.example hard ses " T "\nses\n" },
		{ "ses answer, seconds", NULL, REASON_NONE,
			"{\"SuppressedDestinationSummaries\":[{\"EmailAddress\":"
			"\"a@b.example\",\"Reason\":\"BOUNCE\",\"LastUpdateTime\":" T
			"}]}",
			"a@b.example hard ses " T "\nses\n" },
		{ "sendgrid bounces", NULL, REASON_NONE,
			"status,reason,email,created\n5.1.1,\"550 5.1.1 no, \"\"never\"\""
			",\nheard of\",a@b.example," T "\n,,c@d.example," T "\n",
			"a@b.example hard sendgrid " T
			" 550 5.1.1 no, \"never\", heard of\nc@d.example hard sendgrid " T
			"\nsendgrid\n" },
		{ "sendgrid blocks", NULL, REASON_NONE,
			"status,reason,email,created\n5.7.1,spam,a@b.example," T
			"\n421,later,c@d.example," T "\n",
			"! 2 a block, by its status, and no bounce: SendGrid sends there "
			"again; --reason hard takes it all the same\n! 3 a block, by its "
			"status, and no bounce: SendGrid sends there again; --reason "
			"hard "
			"takes it all the same\nsendgrid\n" },
		{ "sendgrid, the reason is given", NULL, REASON_COMPLAINT,
			"status,reason,email,created\n5.7.1,spam,a@b.example," T "\n",
			"a@b.example complaint sendgrid " T " spam\nsendgrid\n" },
		{ "sendgrid spam reports", NULL, REASON_HARD,
			"ip,email,created\n192.0.2.1,a@b.example," T "\n",
			"a@b.example complaint sendgrid " T "\nsendgrid\n" },
		{ "sendgrid invalid", NULL, REASON_NONE,
			"reason,email,created\nMail domain mentioned in email address is "
			"unknown,a@b.example," T "\n",
			"a@b.example hard sendgrid " T " Mail domain mentioned in email "
			"address is unknown\nsendgrid\n" },
		{ "sendgrid unsubscribes", NULL, REASON_NONE,
			"email,created\na@b.example," T "\n",
			"a@b.example unsubscribe sendgrid " T "\nsendgrid\n" },
		{ "sendgrid answer", NULL, REASON_NONE,
			"[{\"created\":" T ",\"email\":\"a@b.example\",\"reason\":\"no\","
			"\"status\":\"5.1.1\"}]",
			"a@b.example hard sendgrid " T " no\nsendgrid\n" },
		{ "mailgun bounces", NULL, REASON_NONE,
			"address,code,error,created_at\na@b.example,550,\"no, "
			"never\",\"" T_MAIL "\"\nc@d.example,550,,\n",
			"a@b.example hard mailgun " T " no, never\nc@d.example hard "
			"mailgun" NOW " 550\nmailgun\n" },
		{ "mailgun unsubscribes", NULL, REASON_HARD,
			"address,tags,created_at\na@b.example,*,\"" T_MAIL
			"\"\nc@d.example,news,\n",
			"a@b.example unsubscribe mailgun " T
			"\nc@d.example unsubscribe mailgun" NOW " news\nmailgun\n" },
		{ "mailgun complaints", NULL, REASON_NONE,
			"address,created_at\na@b.example,\"" T_MAIL "\"\n",
			"a@b.example complaint mailgun " T "\nmailgun\n" },
		{ "mailgun allowlist", NULL, REASON_NONE,
			"address,domain\na@b.example,\n,d.example\n",
			"refused: list: this is Mailgun's allowlist, of those who are "
			"never suppressed: nothing of it belongs on a suppression "
			"list\n" },
		{ "mailgun allowlist by name", "mailgun", REASON_NONE,
			"domain,address,reason,createdAt\n,a@b.example,x,\n",
			"refused: list: this is Mailgun's allowlist, of those who are "
			"never suppressed: nothing of it belongs on a suppression "
			"list\n" },
		{ "mailgun allowlist answer", NULL, REASON_NONE,
			"{\"items\":[{\"type\":\"address\",\"value\":\"a@b.example\"}]}",
			"refused: list: this is Mailgun's allowlist, of those who are "
			"never suppressed: nothing of it belongs on a suppression "
			"list\n" },
		{ "mailgun answer", NULL, REASON_NONE,
			"{\"items\":[{\"address\":\"a@b.example\",\"code\":\"550\","
			"\"error\":"
			"\"no\",\"created_at\":\"" T_MAIL
			"\"},{\"address\":\"c@d.example\","
			"\"code\":550},{\"address\":\"e@f.example\",\"tags\":[\"a\","
			"\"b\"],"
			"\"created_at\":\"" T_MAIL "\"}],\"paging\":{\"next\":\"x\"}}",
			"a@b.example hard mailgun " T
			"\x20no\nc@d.example hard mailgun" NOW
			" 550\ne@f.example unsubscribe mailgun " T " a, b\nmailgun\n" },
		{ "mailgun, what nobody can tell", "mailgun", REASON_NONE,
			"[{\"address\":\"a@b.example\"}]",
			"! 1 no members by which this format tells an address and "
			"why\nmailgun\n" },
		{ "postmark", NULL, REASON_NONE,
			"{\"Suppressions\":[{\"EmailAddress\":\"a@b.example\","
			"\"SuppressionReason\":\"HardBounce\",\"Origin\":\"Recipient\","
			"\"CreatedAt\":\"" T_RFC3339
			"\"},{\"EmailAddress\":\"c@d.example\","
			"\"SuppressionReason\":\"SpamComplaint\",\"CreatedAt\":"
			"\"2026-04-10T17:03:20-04:00\"},{\"EmailAddress\":\"e@f."
			"example\","
			"\"SuppressionReason\":\"ManualSuppression\"},{\"EmailAddress\":"
			"\"g@h.example\",\"SuppressionReason\":\"Other\"}]}",
			"a@b.example hard postmark " T
			"\nc@d.example complaint postmark " T
			"\ne@f.example manual postmark" NOW
			"\n! 1 the reason is HardBounce, SpamComplaint or "
			"ManualSuppression\npostmark\n" },
		{ "sparkpost lines", NULL, REASON_NONE,
			"{\"recipient\":\"a@b.example\",\"source\":\"Bounce Rule\","
			"\"description\":\"550 no\",\"created\":\"" T_RFC3339 "\"}\n"
			"{\"recipient\":\"c@d.example\",\"source\":\"Spam Complaint\"}\n"
			"{\"recipient\":\"e@f.example\",\"source\":\"List "
			"Unsubscribe\"}\n"
			"{\"recipient\":\"g@h.example\",\"source\":\"Unsubscribe "
			"Link\"}\n"
			"{\"recipient\":\"i@j.example\",\"source\":\"Compliance\"}\n"
			"{\"recipient\":\"k@l.example\",\"type\":\"transactional\"}\n",
			"a@b.example hard sparkpost " T
			" 550 no\nc@d.example complaint sparkpost" NOW
			"\ne@f.example unsubscribe sparkpost" NOW
			"\ng@h.example unsubscribe sparkpost" NOW
			"\ni@j.example manual sparkpost" NOW
			"\nk@l.example manual sparkpost" NOW "\nsparkpost\n" },
		{ "sparkpost answer", NULL, REASON_UNSUBSCRIBE,
			"{\"results\":[{\"recipient\":\"a@b.example\",\"source\":"
			"\"Bounce "
			"Rule\",\"updated\":\"" T_RFC3339
			"\"},{\"recipient\":\"c@d.example\"}],\"links\":[{\"href\":\"x\"}"
			"],"
			"\"total_count\":2}",
			"a@b.example hard sparkpost " T
			"\nc@d.example unsubscribe sparkpost" NOW "\nsparkpost\n" },
		{ "sparkpost rows", NULL, REASON_NONE,
			"recipient,transactional,non_transactional,description,"
			"subaccount_id\na@b.example,true,false,x,0\nc@d.example,false,"
			"true,,"
			"\ne@f.example,false,false,,\n",
			"a@b.example manual sparkpost" NOW
			" x\nc@d.example manual sparkpost" NOW
			"\n! 4 neither transactional nor non_transactional: it "
			"suppresses "
			"nothing\nsparkpost\n" },
		{ "sparkpost booleans", NULL, REASON_NONE,
			"[{\"recipient\":\"a@b.example\",\"transactional\":true},"
			"{\"recipient\":\"c@d.example\",\"non_transactional\":false}]",
			"a@b.example manual sparkpost" NOW
			"\n! 1 neither transactional nor non_transactional: it "
			"suppresses "
			"nothing\nsparkpost\n" },
	};

	(void)state;
	CHECK(cases);
}

static void our_own(void **state)
{
	static const struct list_case cases[] = {
		{ "empty", NULL, REASON_NONE, "", "plain\n" },
		{ "plain", NULL, REASON_NONE,
			"\n# x\na@b.example\n\n@D.example\r\nrubbish\n\"e f\"@g.example",
			"a@b.example manual import" NOW "\n@d.example manual import" NOW
			"\n! 6 neither an address (user@example.com) nor a domain "
			"(@example.com)\n\"e f\"@g.example manual import" NOW
			"\nplain\n" },
		{ "rubbish first", NULL, REASON_HARD, "rubbish\na@b.example\n",
			"! 1 neither an address (user@example.com) nor a domain "
			"(@example.com)\na@b.example hard import" NOW "\nplain\n" },
		{ "a comma in the first address", NULL, REASON_NONE,
			"\"a,b\"@c.example\nd@e.example\n",
			"\"a,b\"@c.example manual import" NOW
			"\nd@e.example manual import" NOW "\nplain\n" },
		{ "a header", NULL, REASON_NONE, "E-mail\na@b.example\n\"c@d.example\"\n",
			"a@b.example manual import" NOW "\nc@d.example manual import" NOW
			"\nplain\n" },
		{ "a table", NULL, REASON_NONE,
			"Name;Reason;Email;Note\nBob;hard;a@b.example;x\nEve;not "
			"nice;c@d.example\n",
			"a@b.example hard import" NOW " x\nc@d.example manual import" NOW
			" not nice\nplain\n" },
		{ "tabs", NULL, REASON_SOFT, "name\taddress\nBob\ta@b.example\n",
			"a@b.example soft import" NOW "\nplain\n" },
		{ "plain that looks like ses", "plain", REASON_NONE,
			"a@b.example,BOUNCE\n",
			"! 1 a character that a domain cannot have\nplain\n" },
		{ "okite", NULL, REASON_NONE,
			"{\"address\":\"a@b.example\",\"digest\":null,\"reason\":"
			"\"soft\","
			"\"scope\":\"everyone\",\"since\":\"" T_RFC3339
			"\",\"until\":null,\"source\":\"command\",\"note\":\"x\"}\n",
			"a@b.example soft command " T " x\nokite\n" },
		{ "okite, bad ones first", NULL, REASON_NONE,
			"{\"address\":\n[]\n{\"address\":\"a@b.example\"}\n",
			"! 1 not JSON\na@b.example manual import" NOW "\nokite\n" },
		{ "named twice", "okite", REASON_NONE,
			"{\"address\":\"a@b.example\",\"address\":\"c@d.example\"}\n",
			"! 1 not a JSON object\nokite\n" },
		{ "okite that is none", "okite", REASON_NONE, "a@b.example\n",
			"! 1 not JSON\nokite\n" },
	};

	(void)state;
	CHECK(cases);
}

#define TOLD                                                                             \
	"refused: list: it cannot be told whose format this is; say --format plain, "    \
	"ses, sendgrid, mailgun, postmark, sparkpost or okite\n"

static void refused(void **state)
{
	static const struct list_case cases[] = {
		{ "two fields", NULL, REASON_NONE, "a@b.example,foo\n", TOLD },
		{ "two addresses", NULL, REASON_NONE, "a@b.example, c@d.example\n",
			TOLD },
		{ "another table", NULL, REASON_NONE, "name,phone\nBob,1\n", TOLD },
		{ "another object", NULL, REASON_NONE, "{\"message\":\"Forbidden\"}",
			TOLD },
		{ "anybody's objects", NULL, REASON_NONE,
			"[{\"email\":\"a@b.example\",\"name\":\"x\",\"created\":1}]",
			TOLD },
		{ "no header", "sendgrid", REASON_NONE, "5.1.1,no,a@b.example," T "\n",
			"refused: list: its first line does not name the columns as "
			"sendgrid does (export it with its header, or see --format in "
			"okite(1))\n" },
		{ "another's header", "mailgun", REASON_NONE, "email,created\n",
			"refused: list: its first line does not name the columns as "
			"mailgun does (export it with its header, or see --format in "
			"okite(1))\n" },
	};

	(void)state;
	CHECK(cases);
}

static void encodings(void **state)
{
	static const struct {
		const char *name, *list;
		size_t size;
		const char *want; /* some words of it */
	} cases[] = {
		{ "a byte order mark",
			"\xEF\xBB\xBF"
			"a@b.example\n",
			15, "a@b.example manual" },
		{ "a byte order mark before a header",
			"\xEF\xBB\xBF"
			"email\na@b.example\n",
			21, "a@b.example manual" },
		{ "a byte order mark before JSON",
			"\xEF\xBB\xBF{\"address\":\"a@b.example\"}\n", 30,
			"a@b.example manual" },
		{ "a byte order mark alone", "\xEF\xBB\xBF", 3, "plain" },
		{ "two of them",
			"\xEF\xBB\xBF\xEF\xBB\xBF"
			"a@b.example\n",
			18, "! 1 an invisible character" },
		{ "UTF-16 of Excel",
			"\xFF\xFE"
			"a\0@\0",
			6, "UTF-16, as Excel" },
		{ "UTF-16 the other way", "\xFE\xFF\0a\0@", 6, "UTF-16" },
		{ "UTF-16 without a mark", "a\0@\0b\0", 6, "UTF-16LE" },
		{ "UTF-16 without a mark, the other way", "\0a\0@\0b", 6, "UTF-16BE" },
		{ "UTF-32", "\xFF\xFE\0\0a\0\0\0", 8, "UTF-32" },
		{ "a NUL byte", "a\0@b.example\nc@d.example\n", 25,
			"! 1 a NUL byte\nc@d.example" },
		{ "gzip", "\x1F\x8B\x08\0", 4, "gzip" },
		{ "a spreadsheet", "PK\x03\x04", 4, "ZIP" },
		{ "lines of old", "# x\ra@b.example\rc@d.example\r", 28,
			"a@b.example manual import" NOW "\nc@d.example manual" },
		{ "rows of old", "email,created\ra@b.example," T "\r", 37,
			"a@b.example unsubscribe sendgrid " T },
		{ "Latin-1", "caf\xE9@b.example\n", 15, "! 1 " },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *got = read_list(cases[i].list, cases[i].size, "auto", REASON_NONE);

		if (strstr(got, cases[i].want) == NULL)
			fail_msg("%s: got \"%s\", want something of \"%s\"",
				cases[i].name, got, cases[i].want);
		free(got);
	}
}

static void times_and_ends(void **state)
{
	static const struct list_case cases[] = {
		{ "in the future: now", NULL, REASON_NONE,
			"email,created\na@b.example,1900000000\n",
			"a@b.example unsubscribe sendgrid" NOW "\nsendgrid\n" },
		{ "no time at all: now, and told", NULL, REASON_NONE,
			"email,created\na@b.example,4/10/2026 21:03\n",
			"a@b.example unsubscribe sendgrid" NOW " undated\nsendgrid\n" },
	};

	(void)state;
	CHECK(cases);
}

/* Entries of services end so long after their time, not after the import. */
static void ends(void **state)
{
	struct entry_defaults defaults = { .secret = secret,
		.conf = &conf,
		.scope = SCOPE_EVERYONE,
		.now_us = NOW_S * SECOND_US };
	static const char *const names[] = { "email", "created" };
	static const char *const values[] = { "a@b.example", T };
	struct suppression entry;
	struct fields fields;
	bool undated;

	(void)state;
	conf.expire_us[REASON_UNSUBSCRIBE] = 30 * DAY_US;
	fields_head(&fields, names, 2);
	fields_row(&fields, values, 2);
	assert_null(entry_from_fields(&defaults,
		layout_find(FORMAT_SENDGRID, LAYOUT_ROW, &fields), &fields, &entry,
		&undated));
	assert_int_equal(entry.until_us, 1775855000 * SECOND_US + 30 * DAY_US);
	conf.expire_us[REASON_UNSUBSCRIBE] = 0;
}

static void notes(void **state)
{
	static const char list[] = "address,error\na@b.example,\" 550\t<x@y.example>\r\n "
				   "no\x1b[31m \xFF\"\n";
	char *got = read_list(list, strlen(list), "auto", REASON_NONE);

	(void)state;
	assert_string_equal(got, "a@b.example hard mailgun" NOW
				 " 550 <x@y.example> no\\x1B[31m \\xFF\nmailgun\n");
	free(got);
	/* Where addresses are not kept, those in notes are not either. */
	conf.store_addresses = false;
	got = read_list(list, strlen(list), "auto", REASON_NONE);
	assert_string_equal(got, " hard mailgun" NOW "\nmailgun\n");
	free(got);
	conf.store_addresses = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(services),
		cmocka_unit_test(our_own),
		cmocka_unit_test(refused),
		cmocka_unit_test(encodings),
		cmocka_unit_test(times_and_ends),
		cmocka_unit_test(ends),
		cmocka_unit_test(notes),
	};
	int failed;

	secret = secret_new(bytes);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	secret_free(secret);
	return failed;
}
