#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/classify.h"
#include "feedback/bounce_reason.h"
#include "tests/support/test.h"

static struct classifier *classifier;

static int make_classifier(void **state)
{
	(void)state;
	classifier = classifier_new(NULL, NULL, NULL);
	return 0;
}

static int free_classifier(void **state)
{
	(void)state;
	classifier_free(classifier);
	return 0;
}

static struct judgement judge(const struct evidence *evidence)
{
	struct judgement judgement;

	classify(classifier, evidence, &judgement);
	return judgement;
}

static struct judgement judge_text(const char *text)
{
	struct evidence evidence = { text, strlen(text), "", "failed", "a@example.com",
		"", "", STAGE_UNKNOWN };

	return judge(&evidence);
}

struct text_case {
	const char *text, *class, *reason;
};

static void check_texts(const struct text_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct judgement judgement = judge_text(cases[i].text);

		CASE_EQUAL_TEXT(cases[i].text, outcome_class_names[judgement.class],
			cases[i].class);
		CASE_EQUAL_TEXT(cases[i].text, judgement.reason, cases[i].reason);
	}
}

/* ---- what servers say ---- */

static void knows_who_is_gone(void **state)
{
	static const struct text_case cases[] = {
		{ "550-5.1.1 The email account that you tried to reach does not exist. "
		  "Please "
		  "try\n550-5.1.1 double-checking the recipient's email address for "
		  "typos or"
		  "\n550 5.1.1 unnecessary spaces. - gsmtp",
			"hard", "userunknown" },
		{ "550 5.5.0 Requested action not taken: mailbox unavailable "
		  "(S2017062302).",
			"hard", "userunknown" },
		{ "550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
			"hard", "userunknown" },
		{ "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by "
		  "SMTP "
		  "address lookup",
			"hard", "userunknown" },
		{ "554 delivery error: dd This user doesn't have a yahoo.com account "
		  "(a@yahoo.com) [0]",
			"hard", "userunknown" },
		{ "552 1 Requested mail action aborted, mailbox not found", "hard",
			"userunknown" },
		{ "550 5.7.1 No such user!", "hard", "userunknown" },
		{ "550 #5.1.0 Address rejected.", "hard", "userunknown" },
		{ "550 5.1.1 Adresse d au moins un destinataire invalide. Invalid "
		  "recipient. "
		  "LPN105_416 [416]",
			"hard", "userunknown" },
		{ "User a (a@example.com) not listed in Domino Directory", "hard",
			"userunknown" },
		{ "unknown user: \"a\"", "hard", "userunknown" },
		{ "550 permanent failure for one or more recipients (a@example.com:550 "
		  "5.1.1 "
		  "User unknown)",
			"hard", "userunknown" },
		{ "550 User (a@example.com) unknown.", "hard", "userunknown" },
		{ "550 5.1.1 Der angegebene Empf\xc3\xa4nger existiert nicht", "hard",
			"userunknown" },
		{ "550 \xd0\x9f\xd0\xbe\xd0\xbb\xd1\x8c\xd0\xb7\xd0\xbe\xd0\xb2\xd0\xb0"
		  "\xd1\x82\xd0\xb5\xd0\xbb\xd1\x8c \xd0\xbd\xd0\xb5 \xd0\xbd\xd0\xb0"
		  "\xd0\xb9\xd0\xb4\xd0\xb5\xd0\xbd",
			"hard", "userunknown" },
		{ "\xe6\x94\xb6\xe4\xbb\xb6\xe4\xba\xba(a@example.com)"
		  "\xe4\xb8\x8d\xe5\xad"
		  "\x98\xe5\x9c\xa8",
			"hard", "userunknown" },
		{ "551 a has moved to b@example.org", "hard", "hasmoved" },
		{ "550 5.7.17 Mailbox owner has changed", "hard", "hasmoved" },
		{ "Host or domain name not found. Name service error for "
		  "name=example.com "
		  "type=AAAA: Host not found",
			"hard", "hostunknown" },
		{ "all relevant MX records point to non-existent hosts", "hard",
			"hostunknown" },
		{ "Domain example.com does not accept mail (nullMX)", "hard",
			"notaccept" },
	};

	(void)state;
	check_texts(cases, sizeof(cases) / sizeof(cases[0]));
}

static void knows_what_passes(void **state)
{
	static const struct text_case cases[] = {
		{ "552-5.2.2 The recipient's inbox is out of storage space and inactive.",
			"soft", "mailboxfull" },
		{ "550 5.1.1 user over quota", "soft", "mailboxfull" },
		{ "552 5.1.1 Message size exceeds fixed maximum message size", "soft",
			"mesgtoobig" },
		{ "550 5.1.1 User unknown: mailbox is full", "soft", "mailboxfull" },
		{ "452 4.3.1 Insufficient system storage", "soft", "systemfull" },
		{ "554 30 Sorry, your message to a@aol.com cannot be delivered. This "
		  "mailbox is "
		  "disabled (554.30).",
			"soft", "suspend" },
		{ "550-5.2.1 The email account that you tried to reach is disabled.",
			"soft", "suspend" },
		{ "450-4.2.1 The user you are trying to contact is receiving email at a "
		  "rate "
		  "that prevents additional messages from being delivered.",
			"soft", "speeding" },
		{ "451 4.7.1 <a@example.com>: Recipient address rejected: Greylisted, "
		  "see "
		  "http://example.com",
			"soft", "blocked" },
		{ "450 4.1.1 <a@example.com>: Recipient address rejected: unverified "
		  "address: "
		  "unknown user",
			"soft", "userunknown" },
		{ "Host or domain name not found. Name service error for "
		  "name=example.com "
		  "type=MX: Host not found, try again",
			"soft", "networkerror" },
		{ "connect to mx.example.com[192.0.2.1]:25: Connection refused", "soft",
			"networkerror" },
		{ "mail for example.com loops back to myself", "soft", "networkerror" },
		{ "retry timeout exceeded", "soft", "expired" },
		{ "Command died with status 1: \"/usr/bin/vacation\"", "soft",
			"mailererror" },
		{ "554 5.0.0 Service unavailable", "soft", "mailererror" },
		{ "500 5.5.1 Command unrecognized", "soft", "syntaxerror" },
		{ "421 4.3.2 All server ports are busy", "soft", "toomanyconn" },
	};

	(void)state;
	check_texts(cases, sizeof(cases) / sizeof(cases[0]));
}

static void knows_what_is_about_us(void **state)
{
	static const struct text_case cases[] = {
		{ "550 5.1.0 <b@example.org>: Sender address rejected: User unknown",
			"policy", "rejected" },
		{ "550 5.1.8 <b@example.org>... Domain of sender address does not exist",
			"policy", "rejected" },
		{ "550 5.1.7 Invalid address", "policy", "rejected" },
		{ "550-Verification failed for <b@example.org> 550-No Such User Here 550 "
		  "Sender "
		  "verify failed",
			"policy", "rejected" },
		{ "450 4.7.1 <mail>: Helo command rejected: Host not found", "policy",
			"requireptr" },
		{ "550 5.1.1 your IP is listed in bl.spamcop.net", "policy", "blocked" },
		{ "421 4.7.0 [TSS04] Messages from 192.0.2.1 temporarily deferred",
			"policy", "badreputation" },
		{ "550 5.7.1 Unauthenticated email from example.org is not accepted due "
		  "to "
		  "domain's DMARC policy",
			"policy", "authfailure" },
		{ "554 5.7.1 <a@example.com>: Relay access denied", "policy",
			"norelaying" },
		{ "554 5.7.1 <a@example.com>: Recipient address rejected: Access denied",
			"policy", "rejected" },
		{ "550 5.2.2 STOREDRV.Submit; submission quota exceeded", "policy",
			"speeding" },
		{ "554 5.7.1 Message rejected under suspicion of SPAM", "policy",
			"spamdetected" },
		{ "554 Reject due to policy restrictions", "policy", "policyviolation" },
		{ "550 The group may not exist, or you may not have permission to post "
		  "messages "
		  "to the group.",
			"policy", "rejected" },
		{ "550 5.1.1 RCP-P2 Refused due to recipient preferences", "policy",
			"filtered" },
		{ "550 5.7.1 a@example.com is suppressed: user unknown "
		  "[okite:suppressed]",
			"policy", "okite" },
	};

	(void)state;
	check_texts(cases, sizeof(cases) / sizeof(cases[0]));
}

/* The server furthest on knows best. */
static void the_innermost_reply_counts(void **state)
{
	static const struct text_case cases[] = {
		{ "5.1.0 - Unknown address error 550 '5.2.2 mailbox full'", "soft",
			"mailboxfull" },
		{ "5.1.0 - Unknown address error 554 'oops'", "soft", "onhold" },
		{ "550 5.7.367 Remote server returned not permitted to relay -> 550 "
		  "5.1.1 User "
		  "unknown",
			"hard", "userunknown" },
		{ "550 5.1.351 Remote server returned unknown recipient -> 554 5.7.1 "
		  "blocked",
			"policy", "blocked" },
		{ "Address not found. The response was: 550 5.7.1 no thank you", "policy",
			"securityerror" },
		{ "host a said: 550 5.1.1 User unknown; host b said: 452 4.2.2 Over "
		  "quota",
			"soft", "mailboxfull" },
	};

	(void)state;
	check_texts(cases, sizeof(cases) / sizeof(cases[0]));
}

/* ---- codes, stages, actions ---- */

static void weighs_what_has_no_words(void **state)
{
	static const struct {
		const char *name, *text, *status, *action;
		enum smtp_stage stage;
		const char *class, *reason;
	} cases[] = {
		{ "nothing", "", "", "failed", STAGE_UNKNOWN, "soft", "undefined" },
		{ "5.1.1", "", "5.1.1", "failed", STAGE_UNKNOWN, "hard", "userunknown" },
		{ "5.1.1 in the text", "550 5.1.1", "5.0.0", "failed", STAGE_UNKNOWN,
			"hard", "userunknown" },
		{ "5.0.0", "", "5.0.0", "failed", STAGE_UNKNOWN, "soft", "undefined" },
		{ "550", "550 x", "5.0.0", "failed", STAGE_RCPT, "soft", "onhold" },
		{ "4.1.1", "", "4.1.1", "failed", STAGE_UNKNOWN, "soft", "userunknown" },
		{ "450 beats 5.1.1", "450 x", "5.1.1", "failed", STAGE_UNKNOWN, "soft",
			"userunknown" },
		{ "5.7.1", "", "5.7.1", "failed", STAGE_UNKNOWN, "policy",
			"securityerror" },
		{ "5.7.999", "", "5.7.999", "failed", STAGE_UNKNOWN, "policy",
			"securityerror" },
		{ "5.1.0", "", "5.1.0", "failed", STAGE_UNKNOWN, "hard", "userunknown" },
		{ "5.1.0 of the message", "550 5.1.0 Message rejected", "", "failed",
			STAGE_UNKNOWN, "policy", "rejected" },
		{ "5.9.9", "", "5.9.9", "failed", STAGE_UNKNOWN, "soft", "undefined" },
		{ "no status", "550 Exim 4.92.3 at 10.5.1.1", "", "failed", STAGE_UNKNOWN,
			"soft", "onhold" },
		{ "556", "556 x", "", "failed", STAGE_UNKNOWN, "hard", "notaccept" },
		{ "535", "535 unknown user", "", "failed", STAGE_UNKNOWN, "policy",
			"securityerror" },
		{ "at connect", "554 x", "", "failed", STAGE_CONNECT, "policy",
			"blocked" },
		{ "at connect, for now", "454 x", "", "failed", STAGE_CONNECT, "soft",
			"onhold" },
		{ "5.1.1 at MAIL", "550 5.1.1 x", "", "failed", STAGE_MAIL, "soft",
			"onhold" },
		{ "at MAIL", "550 x", "", "failed", STAGE_MAIL, "policy", "rejected" },
		{ "5.1.1 after DATA", "550 5.1.1 x", "", "failed", STAGE_DATA, "soft",
			"onhold" },
		{ "a user after DATA", "550 User unknown", "", "failed", STAGE_DATA,
			"hard", "userunknown" },
		{ "a domain after DATA", "550 b.example.org does not exist", "", "failed",
			STAGE_DATA, "policy", "rejected" },
		{ "a user at MAIL", "550 User unknown", "", "failed", STAGE_MAIL,
			"policy", "rejected" },
		{ "a mailbox at RCPT", "550 mailbox unavailable", "", "failed",
			STAGE_RCPT, "hard", "userunknown" },
		{ "a mailbox after DATA", "550 mailbox unavailable", "", "failed",
			STAGE_DATA, "soft", "onhold" },
		{ "a mailbox for now", "450 mailbox unavailable", "", "failed",
			STAGE_RCPT, "soft", "onhold" },
		{ "a mailbox and 5.7.1", "550 5.7.1 mailbox unavailable", "", "failed",
			STAGE_RCPT, "policy", "securityerror" },
		{ "no domain, 4.0.0", "DNS Error: Domain name not found", "4.0.0",
			"failed", STAGE_UNKNOWN, "hard", "hostunknown" },
		{ "no domain, 4.4.4", "DNS Error: Domain name not found", "4.4.4",
			"failed", STAGE_UNKNOWN, "soft", "hostunknown" },
		{ "no domain, 5.7.1", "550 5.7.1 b.example.org: domain not found", "",
			"failed", STAGE_UNKNOWN, "policy", "rejected" },
		{ "no domain, 5.1.2", "550 5.1.2 b.example.org: domain not found", "",
			"failed", STAGE_UNKNOWN, "hard", "hostunknown" },
		{ "another owner", "550 5.7.17 x", "", "failed", STAGE_UNKNOWN, "hard",
			"hasmoved" },
		{ "delayed", "550 5.1.1 User unknown", "5.1.1", "delayed", STAGE_UNKNOWN,
			"soft", "userunknown" },
		{ "delayed for policy", "451 4.7.1 x", "4.7.1", "Delayed", STAGE_UNKNOWN,
			"policy", "securityerror" },
		{ "delivered", "250 2.1.5 OK", "2.1.5", "delivered", STAGE_UNKNOWN,
			"none", "delivered" },
		{ "relayed", "", "2.0.0", "Relayed", STAGE_UNKNOWN, "none", "delivered" },
		{ "expanded", "", "", "expanded", STAGE_UNKNOWN, "none", "delivered" },
		{ "2.0.0 without action", "", "2.0.0", "", STAGE_UNKNOWN, "none",
			"delivered" },
		{ "2.0.0 failed", "", "2.0.0", "failed", STAGE_UNKNOWN, "soft",
			"undefined" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence evidence = { cases[i].text, strlen(cases[i].text),
			cases[i].status, cases[i].action, "a@example.com", "", "",
			cases[i].stage };
		struct judgement judgement = judge(&evidence);

		CASE_EQUAL_TEXT(cases[i].name, outcome_class_names[judgement.class],
			cases[i].class);
		CASE_EQUAL_TEXT(cases[i].name, judgement.reason, cases[i].reason);
	}
}

static void takes_the_stage_from_the_text(void **state)
{
	static const struct text_case cases[] = {
		{ "host mx[192.0.2.1] said: 550 5.1.1 x (in reply to RCPT TO command)",
			"hard", "userunknown" },
		{ "host mx[192.0.2.1] said: 550 5.1.1 x (in reply to MAIL FROM command)",
			"soft", "onhold" },
		{ "host mx[192.0.2.1] said: 550 5.1.1 x (in reply to end of DATA "
		  "command)",
			"soft", "onhold" },
		{ "host mx[192.0.2.1] refused to talk to me: 554 x", "policy",
			"blocked" },
		{ "SMTP error from remote mail server after RCPT TO:<a@example.com>: "
		  "host mx: "
		  "550 mailbox unavailable",
			"hard", "userunknown" },
		{ ">>> RCPT To:<a@example.com>\n<<< 250 ok\n>>> DATA\n<<< 550 mailbox "
		  "unavailable",
			"soft", "onhold" },
	};

	(void)state;
	check_texts(cases, sizeof(cases) / sizeof(cases[0]));
}

static void says_the_best_status(void **state)
{
	static const struct {
		const char *text, *status, *want;
	} cases[] = {
		{ "", "", "" },
		{ "", "5.1.1", "5.1.1" },
		{ "550 5.1.1 x", "5.0.0", "5.1.1" },
		{ "550 5.7.1 x", "5.1.1", "5.7.1" },
		{ "550 5.0.0 x", "5.1.1", "5.1.1" },
		{ "550 #5.1.0 x", "5.1.1", "5.1.1" },
		{ "550 5.1.0 x", "5.0.0", "5.1.0" },
		{ "550 5.1.351 -> 452 4.2.2 x", "5.1.351", "4.2.2" },
		{ "550 5.1.351 -> x", "5.0.0", "5.1.351" },
		{ "sorry (#5.7.1).", "", "5.7.1" },
		{ "550 5.7.1.", "", "5.7.1" },
		{ "550 15.7.1 5.7.1.2 5.8.1 5.7.1234 x5.7.1", "", "" },
		{ "x", "bogus", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence evidence = { cases[i].text, strlen(cases[i].text),
			cases[i].status, "", "", "", "", STAGE_UNKNOWN };

		CASE_EQUAL_TEXT(cases[i].text, judge(&evidence).status, cases[i].want);
	}
}

/* NTT docomo and au say so, after DATA, of domains that the customer does not want. */
static void looks_at_who_refuses(void **state)
{
	struct evidence evidence = { "550 Unknown user a@docomo.ne.jp", 31, "5.1.1",
		"failed", "a@docomo.ne.jp", "mfsmax.docomo.ne.jp", "", STAGE_DATA };

	(void)state;
	assert_int_equal(judge(&evidence).class, CLASS_POLICY);
	evidence.stage = STAGE_RCPT;
	assert_int_equal(judge(&evidence).class, CLASS_HARD);
	evidence.stage = STAGE_DATA;
	evidence.recipient = evidence.refuser = "";
	assert_int_equal(judge(&evidence).class, CLASS_HARD);
}

/* The text is not ended by NUL, and of a long one only the beginning counts. */
static void reads_no_further_than_it_may(void **state)
{
	enum { LONG = 1 << 20 };
	static const char unknown[] = "550 user unknown";
	char *text = xmalloc(LONG);
	struct evidence evidence = { text, strlen(unknown), "", "failed", "", "", "",
		STAGE_UNKNOWN };

	(void)state;
	memset(text, 'x', LONG);
	memcpy(text, unknown, strlen(unknown));
	assert_int_equal(judge(&evidence).class, CLASS_HARD);
	evidence.size = strlen(unknown) - 1;
	assert_int_equal(judge(&evidence).class, CLASS_SOFT);
	text[strlen(unknown)] = ' ';
	evidence.size = LONG;
	assert_int_equal(judge(&evidence).class, CLASS_HARD);
	memset(text, 'x', LONG);
	memcpy(text + LONG - strlen(unknown), unknown, strlen(unknown));
	text[LONG - strlen(unknown) - 1] = ' ';
	assert_int_equal(judge(&evidence).class, CLASS_SOFT);
	free(text);
}

static void names_all(void **state)
{
	(void)state;
	for (int i = 0; i < CLASS_COUNT; i++)
		assert_non_null(outcome_class_names[i]);
	assert_string_equal(outcome_class_names[CLASS_HARD], "hard");
	assert_string_equal(outcome_kind_names[KIND_AUTO], "auto");
	for (size_t i = 0; i < bounce_reason_count; i++) {
		assert_true(strlen(bounce_reason_names[i]) < REASON_SIZE);
		assert_ptr_equal(bounce_reason_find(bounce_reason_names[i]),
			bounce_reason_names[i]);
	}
	assert_null(bounce_reason_find("userunkown"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_who_is_gone),
		cmocka_unit_test(knows_what_passes),
		cmocka_unit_test(knows_what_is_about_us),
		cmocka_unit_test(the_innermost_reply_counts),
		cmocka_unit_test(weighs_what_has_no_words),
		cmocka_unit_test(takes_the_stage_from_the_text),
		cmocka_unit_test(says_the_best_status),
		cmocka_unit_test(looks_at_who_refuses),
		cmocka_unit_test(reads_no_further_than_it_may),
		cmocka_unit_test(names_all),
	};

	return cmocka_run_group_tests(tests, make_classifier, free_classifier);
}
