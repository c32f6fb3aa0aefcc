#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/ses.h"
#include "tests/support/test.h"

#define MAIL                                                                             \
	"\"mail\":{\"timestamp\":\"2026-11-24T07:46:01.500Z\",\"messageId\":\"m-1\","    \
	"\"source\":\"News <news@shop.example>\",\"destination\":[\"a@example.net\","    \
	"\"b@example.net\"]}"

static void must_read(struct ses *ses, const char *name, const char *text)
{
	if (!ses_read(ses, text, strlen(text)))
		fail_msg("%s: is not read", name);
}

static char *make_bounce(const char *type, const char *subtype, const char *recipient)
{
	return xasprintf(
		"{\"notificationType\":\"Bounce\",\"bounce\":{\"bounceType\":\"%s\","
		"\"bounceSubType\":\"%s\",\"bouncedRecipients\":[%s],"
		"\"timestamp\":\"2026-11-24T07:47:00Z\",\"feedbackId\":\"f-1\"}," MAIL
		"}",
		type, subtype, recipient);
}

/* ---- classes ---- */

static void tells_the_class_of_a_bounce(void **state)
{
	static const struct {
		const char *type, *subtype;
		enum outcome_class class;
		const char *reason;
		bool not_sent;
	} cases[] = {
		{ "Permanent", "General", CLASS_HARD, "undefined", false },
		{ "Permanent", "NoEmail", CLASS_HARD, "userunknown", false },
		{ "Permanent", "Suppressed", CLASS_HARD, "suppressed", false },
		{ "Permanent", "OnAccountSuppressionList", CLASS_HARD, "suppressed",
			true },
		{ "Permanent", "OnTenantSuppressionList", CLASS_HARD, "suppressed",
			true },
		{ "Permanent", "EmailValidationSuppressed", CLASS_HARD, "suppressed",
			true },
		{ "Permanent", "something new", CLASS_HARD, "undefined", false },
		{ "PERMANENT", "", CLASS_HARD, "undefined", false },
		{ "Transient", "General", CLASS_SOFT, "undefined", false },
		{ "Transient", "MailboxFull", CLASS_SOFT, "mailboxfull", false },
		{ "Transient", "MessageTooLarge", CLASS_SOFT, "mesgtoobig", false },
		{ "Transient", "CustomTimeoutExceeded", CLASS_SOFT, "expired", false },
		{ "Transient", "ContentRejected", CLASS_POLICY, "contenterror", false },
		{ "Transient", "AttachmentRejected", CLASS_POLICY, "contenterror",
			false },
		{ "Transient", "something new", CLASS_SOFT, "undefined", false },
		/* A full mailbox and a refused text prove nothing about the address. */
		{ "Permanent", "MailboxFull", CLASS_SOFT, "mailboxfull", false },
		{ "Permanent", "ContentRejected", CLASS_POLICY, "contenterror", false },
		{ "Undetermined", "Undetermined", CLASS_SOFT, "undefined", false },
		{ "", "", CLASS_SOFT, "undefined", false },
		{ "Permanently", "", CLASS_SOFT, "undefined", false },
	};
	/* What stands in the recipient must not decide. */
	static const char recipient[] =
		"{\"emailAddress\":\"a@example.net\",\"status\":\"5.1.1\","
		"\"diagnosticCode\":\"smtp; 550 5.1.1 user unknown\"}";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = make_bounce(cases[i].type, cases[i].subtype, recipient);
		char *name = xasprintf("%s/%s", cases[i].type, cases[i].subtype);
		struct ses ses;

		must_read(&ses, name, text);
		CASE_EQUAL_INT(name, ses.event, SES_BOUNCE);
		CASE_EQUAL_TEXT(name, ses.type, cases[i].type);
		CASE_EQUAL_TEXT(name, ses.subtype, cases[i].subtype);
		CASE_EQUAL_INT(name, ses.count, 1);
		CASE_EQUAL_INT(name, ses.outcomes[0].kind, KIND_BOUNCE);
		CASE_EQUAL_INT(name, ses.outcomes[0].class, cases[i].class);
		CASE_EQUAL_TEXT(name, ses.outcomes[0].reason, cases[i].reason);
		CASE_EQUAL_TEXT(name, ses.outcomes[0].status, "5.1.1");
		CASE_EQUAL_INT(name, ses.not_sent, cases[i].not_sent);
		ses_clear(&ses);
		free(name);
		free(text);
	}
}

static void tells_a_complaint_from_none(void **state)
{
	static const struct {
		const char *name, *members;
		enum outcome_kind kind;
		enum outcome_class class;
		const char *reason;
		bool not_sent;
	} cases[] = {
		{ "abuse", "\"complaintFeedbackType\":\"abuse\",", KIND_COMPLAINT,
			CLASS_COMPLAINT, "abuse", false },
		{ "fraud", "\"complaintFeedbackType\":\"Fraud\",", KIND_COMPLAINT,
			CLASS_COMPLAINT, "fraud", false },
		{ "without a report", "", KIND_COMPLAINT, CLASS_COMPLAINT, "", false },
		{ "no type", "\"complaintFeedbackType\":null,", KIND_COMPLAINT,
			CLASS_COMPLAINT, "", false },
		{ "not spam", "\"complaintFeedbackType\":\"not-spam\",", KIND_NONE,
			CLASS_NONE, "not-spam", false },
		{ "a report of DMARC", "\"complaintFeedbackType\":\"auth-failure\",",
			KIND_NONE, CLASS_NONE, "auth-failure", false },
		{ "of SES's own list",
			"\"complaintSubType\":\"OnAccountSuppressionList\",",
			KIND_COMPLAINT, CLASS_COMPLAINT, "", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *text = xasprintf(
			"{\"eventType\":\"Complaint\",\"complaint\":{%s"
			"\"complainedRecipients\":[{\"emailAddress\":\"a@example.net\"},"
			"{\"emailAddress\":\"b@example.net\"}],\"feedbackId\":\"f-2\"}"
			"," MAIL "}",
			cases[i].members);
		struct ses ses;

		must_read(&ses, cases[i].name, text);
		CASE_EQUAL_INT(cases[i].name, ses.event, SES_COMPLAINT);
		CASE_EQUAL_INT(cases[i].name, ses.count, 2);
		CASE_EQUAL_INT(cases[i].name, ses.not_sent, cases[i].not_sent);
		for (size_t j = 0; j < 2; j++) {
			const struct outcome *outcome = &ses.outcomes[j];

			CASE_EQUAL_INT(cases[i].name, outcome->kind, cases[i].kind);
			CASE_EQUAL_INT(cases[i].name, outcome->class, cases[i].class);
			CASE_EQUAL_TEXT(cases[i].name, outcome->reason, cases[i].reason);
		}
		CASE_EQUAL_TEXT(
			cases[i].name, ses.outcomes[1].recipient, "b@example.net");
		ses_clear(&ses);
		free(text);
	}
}

/* ---- events ---- */

static void tells_what_happened(void **state)
{
	static const struct {
		const char *name, *text;
		enum ses_event event;
		size_t count;
		const char *action, *recipient, *diagnostic;
	} cases[] = {
		{ "delivered",
			"{\"notificationType\":\"Delivery\",\"delivery\":{\"recipients\":"
			"["
			"\"a@example.net\"],\"smtpResponse\":\"250 2.0.0 ok\"}}",
			SES_DELIVERY, 1, "delivered", "a@example.net", "250 2.0.0 ok" },
		{ "delayed",
			"{\"eventType\":\"DeliveryDelay\",\"deliveryDelay\":{"
			"\"delayType\":"
			"\"MailboxFull\",\"delayedRecipients\":[{\"emailAddress\":"
			"\"a@example.net\",\"status\":\"4.2.2\",\"diagnosticCode\":"
			"\"452 full\"}]}}",
			SES_DELAY, 1, "delayed", "a@example.net", "452 full" },
		{ "opened", "{\"eventType\":\"Open\",\"open\":{}}", SES_OTHER, 0, "", "",
			"" },
		{ "not rendered", "{\"eventType\":\"Rendering Failure\",\"failure\":{}}",
			SES_OTHER, 0, "", "", "" },
		{ "refused by SES",
			"{\"eventType\":\"Reject\",\"reject\":{\"reason\":\"Bad\"}}",
			SES_OTHER, 0, "", "", "" },
		{ "a bounce that says nothing", "{\"eventType\":\"Bounce\"}", SES_OTHER,
			0, "", "", "" },
		{ "a bounce of nobody", "{\"eventType\":\"Bounce\",\"bounce\":{}}",
			SES_BOUNCE, 1, "", "", "" },
		{ "a complaint of somebody",
			"{\"eventType\":\"Complaint\",\"complaint\":{"
			"\"complainedRecipients\":[]}}",
			SES_COMPLAINT, 1, "", "", "" },
		{ "recipients that are none",
			"{\"eventType\":\"Bounce\",\"bounce\":{\"bouncedRecipients\":[7]}"
			"}",
			SES_BOUNCE, 1, "", "", "" },
		{ "recipients that are no list",
			"{\"eventType\":\"Delivery\",\"delivery\":{\"recipients\":{}}}",
			SES_DELIVERY, 0, "", "", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ses ses;

		must_read(&ses, cases[i].name, cases[i].text);
		CASE_EQUAL_INT(cases[i].name, ses.event, cases[i].event);
		CASE_EQUAL_INT(cases[i].name, ses.count, cases[i].count);
		if (ses.count > 0) {
			const struct outcome *outcome = &ses.outcomes[0];

			CASE_EQUAL_TEXT(cases[i].name, outcome->action, cases[i].action);
			CASE_EQUAL_TEXT(
				cases[i].name, outcome->recipient, cases[i].recipient);
			CASE_EQUAL_TEXT(
				cases[i].name, outcome->diagnostic, cases[i].diagnostic);
		}
		ses_clear(&ses);
	}
}

static void refuses_what_is_not_of_ses(void **state)
{
	static const char *const cases[] = {
		"",
		"Successfully validated SNS topic for Amazon SES event publishing.",
		"{}",
		"[]",
		"{\"notificationType\":7}",
		"{\"Type\":\"Notification\"}",
		"{\"eventType\":\"Bounce\",\"eventType\":\"Open\"}",
		"{\"eventType\":\"Bounce\"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ses ses;

		CASE_EQUAL_INT(
			cases[i], ses_read(&ses, cases[i], strlen(cases[i])), false);
		ses_clear(&ses);
	}
}

/* ---- recipients ---- */

static void copies_the_recipient(void **state)
{
	static const struct {
		const char *recipient; /* JSON */
		const char *address, *status, *action, *diagnostic;
	} cases[] = {
		{ "{\"emailAddress\":\"a@example.net\",\"action\":\"Failed\","
		  "\"status\":\"5.1.1\",\"diagnosticCode\":\"smtp; 550 no\"}",
			"a@example.net", "5.1.1", "failed", "550 no" },
		{ "{\"emailAddress\":\"a@example.net\"}", "a@example.net", "", "", "" },
		{ "{\"emailAddress\":\"Jane Doe <a@example.net>\"}", "a@example.net", "",
			"", "" },
		{ "{\"emailAddress\":\"<a@example.net>\"}", "a@example.net", "", "", "" },
		/* not b's address */
		{ "{\"emailAddress\":\"\\\"<b@example.org>\\\"@example.net\"}",
			"\"<b@example.org>\"@example.net", "", "", "" },
		{ "{\"emailAddress\":\">\"}", ">", "", "", "" },
		{ "{\"emailAddress\":\"<>\"}", "", "", "", "" },
		{ "{\"emailAddress\":\"\"}", "", "", "", "" },
		{ "{\"status\":\"5.1.1 (bad destination mailbox address)\"}", "", "5.1.1",
			"", "" },
		{ "{\"status\":\"unknown\",\"action\":\"exploded\"}", "", "", "", "" },
		{ "{\"status\":\"9.1.1\"}", "", "", "", "" },
		{ "{\"status\":\"5.1111111111111111\"}", "", "", "", "" },
		{ "{\"status\":5,\"action\":[],\"diagnosticCode\":{}}", "", "", "", "" },
		{ "{\"diagnosticCode\":\"X-Other; 1\"}", "", "", "", "X-Other; 1" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].recipient;
		char *text = make_bounce("Permanent", "General", name);
		struct ses ses;

		must_read(&ses, name, text);
		CASE_EQUAL_TEXT(name, ses.outcomes[0].recipient, cases[i].address);
		CASE_EQUAL_TEXT(name, ses.outcomes[0].status, cases[i].status);
		CASE_EQUAL_TEXT(name, ses.outcomes[0].action, cases[i].action);
		CASE_EQUAL_TEXT(name, ses.outcomes[0].diagnostic, cases[i].diagnostic);
		ses_clear(&ses);
		free(text);
	}
}

/* An address of the given length, whole or none: cut, it would be another one. */
static void never_cuts_an_address(void **state)
{
	static const struct {
		size_t length, want;
	} cases[] = {
		{ ADDRESS_SIZE - 1, ADDRESS_SIZE - 1 },
		{ ADDRESS_SIZE, 0 },
		{ 5000, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char address[5001], *recipient, *text;
		struct ses ses;

		memset(address, 'x', cases[i].length);
		address[cases[i].length] = '\0';
		recipient = xasprintf("{\"emailAddress\":\"%s\"}", address);
		text = make_bounce("Permanent", "General", recipient);
		must_read(&ses, "long", text);
		assert_int_equal(strlen(ses.outcomes[0].recipient), cases[i].want);
		ses_clear(&ses);
		free(text);
		free(recipient);
	}
}

static void takes_so_many_recipients_and_no_more(void **state)
{
	static const char one[] = "{\"emailAddress\":\"a@example.net\"}";
	char *list = xmalloc((SES_OUTCOMES_MAX + 1) * sizeof(one)), *end = list;
	char *text;
	struct ses ses;

	(void)state;
	for (size_t i = 0; i <= SES_OUTCOMES_MAX; i++)
		end += sprintf(end, "%s%s", i == 0 ? "" : ",", one);
	text = make_bounce("Permanent", "General", list);
	must_read(&ses, "many", text);
	assert_int_equal(ses.count, SES_OUTCOMES_MAX);
	assert_string_equal(
		ses.outcomes[SES_OUTCOMES_MAX - 1].recipient, "a@example.net");
	ses_clear(&ses);
	free(text);
	free(list);
}

/* ---- the message ---- */

static void tells_which_message(void **state)
{
	char *text = make_bounce("Permanent", "General", "");
	struct ses ses;

	(void)state;
	must_read(&ses, "a bounce", text);
	assert_string_equal(ses.name, "Bounce");
	assert_string_equal(ses.message_id, "m-1");
	assert_string_equal(ses.feedback_id, "f-1");
	assert_string_equal(ses.source, "news@shop.example");
	assert_int_equal(ses.sent_us, 1795506361 * SECOND_US + SECOND_US / 2);
	assert_int_equal(ses.happened_us, 1795506420 * SECOND_US);
	assert_int_equal(ses.token_count, 0);
	assert_int_equal(ses.tag_count, 0);
	ses_clear(&ses);
	free(text);
}

static void brings_back_tokens_and_tags(void **state)
{
	static const char text[] =
		"{\"eventType\":\"Bounce\",\"bounce\":{},\"mail\":{"
		"\"timestamp\":\"yesterday\",\"headers\":["
		"{\"name\":\"Subject\",\"value\":\"X-Okite-Token: no\"},"
		"{\"name\":\"X-Okite-Token\",\"value\":\"first\\r\\n one\"},"
		"{\"name\":\"x-okite-token\",\"value\":\"second\"},"
		"{\"name\":\"X-Okite-Token\",\"value\":7},{\"name\":\"X-Okite-Token\"},"
		"7,"
		"{\"name\":\"X-SES-CONFIGURATION-SET\",\"value\":\"bulk\"},"
		"{\"name\":\"X-SES-MESSAGE-TAGS\",\"value\":\"a=1, b=,=3,c,d==4\"}],"
		"\"tags\":{\"campaign\":[\"spring\",\"sale\",7],\"odd\":\"x\"}}}";
	static const char *const want[][2] = {
		{ "campaign", "spring" },
		{ "campaign", "sale" },
		{ "ses:configuration-set", "bulk" },
		{ "a", "1" },
		{ "b", "" },
		{ "d", "=4" },
	};
	struct ses ses;

	(void)state;
	must_read(&ses, "a bounce", text);
	assert_int_equal(ses.sent_us, 0);
	assert_int_equal(ses.token_count, 2);
	assert_string_equal(ses.tokens[0], "first\r\n one");
	assert_string_equal(ses.tokens[1], "second");
	assert_int_equal(ses.tag_count, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < ses.tag_count; i++) {
		CASE_EQUAL_TEXT("tag", ses.tags[i].name, want[i][0]);
		CASE_EQUAL_TEXT("tag", ses.tags[i].value, want[i][1]);
	}
	ses_clear(&ses);
}

static void takes_so_many_tokens_and_tags_and_no_more(void **state)
{
	static const char one[] = "{\"name\":\"X-Okite-Token\",\"value\":\"t\"},"
				  "{\"name\":\"X-SES-MESSAGE-TAGS\",\"value\":\"a=1\"}";
	char *text = xmalloc(200 * sizeof(one)), *end = text;
	struct ses ses;

	(void)state;
	end = stpcpy(end, "{\"eventType\":\"Open\",\"mail\":{\"headers\":[");
	for (size_t i = 0; i < 100; i++)
		end += sprintf(end, "%s%s", i == 0 ? "" : ",", one);
	strcpy(end, "]}}");
	must_read(&ses, "many", text);
	assert_int_equal(ses.token_count, SES_TOKENS_MAX);
	assert_int_equal(ses.tag_count, SES_TAGS_MAX);
	ses_clear(&ses);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_class_of_a_bounce),
		cmocka_unit_test(tells_a_complaint_from_none),
		cmocka_unit_test(tells_what_happened),
		cmocka_unit_test(refuses_what_is_not_of_ses),
		cmocka_unit_test(copies_the_recipient),
		cmocka_unit_test(never_cuts_an_address),
		cmocka_unit_test(takes_so_many_recipients_and_no_more),
		cmocka_unit_test(tells_which_message),
		cmocka_unit_test(brings_back_tokens_and_tags),
		cmocka_unit_test(takes_so_many_tokens_and_tags_and_no_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
