#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/report.h"
#include "tests/feedback/reports.h"
#include "tests/support/test.h"

#define DSN(fields)                                                                      \
	"From: MAILER-DAEMON@mx.example.com\nTo: sender@example.org\n"                   \
	"Subject: Undelivered Mail Returned to Sender\nAuto-Submitted: auto-replied\n"   \
	"Content-Type: multipart/report; report-type=delivery-status; "                  \
	"boundary=\"b/1\"\n\n"                                                           \
	"This is a MIME-encapsulated message.\n\n--b/1\nContent-Type: text/plain\n\n"    \
	"It could not be delivered.\n\n--b/1\nContent-Type: message/delivery-status\n\n" \
	"Reporting-MTA: dns; mx.example.com\n\n" fields                                  \
	"\n--b/1\nContent-Type: message/rfc822\n\nFrom: sender@example.org\n"            \
	"To: other@example.net\nMessage-ID: <1@example.org>\n\nhello\n\n--b/1--\n"

#define ARF(fields)                                                                      \
	"From: feedback@arf.example.com\nTo: abuse@example.org\nSubject: complaint\n"    \
	"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n"    \
	"--b\nContent-Type: text/plain\n\nThis is an abuse report.\n\n--b\n"             \
	"Content-Type: message/feedback-report\n\n" fields                               \
	"\n--b\nContent-Type: message/rfc822\n\nFrom: sender@example.org\n"              \
	"To: other@example.net\n\nhello\n--b--\n"

static const struct report_case cases[] = {
	{ "the fields of a recipient",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\nStatus: "
		    "5.1.1\n"
		    "Diagnostic-Code: smtp; 550 5.1.1 <alice@example.net>: User "
		    "unknown\n"),
		"bounce hard alice@example.net failed\n" },
	{ "the address that was written to",
		DSN("Original-Recipient: rfc822;alice@example.net\n"
		    "Final-Recipient: rfc822; carol@example.com\nAction: failed\nStatus: "
		    "5.1.1\n"
		    "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n"),
		"bounce hard alice@example.net failed\n" },
	{ "an original that is no address",
		DSN("Original-Recipient: rfc822;alice\nFinal-Recipient: rfc822; "
		    "alice@example.net\n"
		    "Action: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 User "
		    "unknown\n"),
		"bounce hard alice@example.net failed\n" },
	{ "fates of their own",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\nStatus: "
		    "5.1.1\n"
		    "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
		    "Final-Recipient: rfc822; bob@example.net\nAction: delayed\nStatus: "
		    "4.4.1\n"
		    "Diagnostic-Code: smtp; connection timed out\n\n"
		    "Final-Recipient: rfc822; carol@example.net\nAction: delivered\n"
		    "Status: 2.0.0\n"),
		"bounce hard alice@example.net failed\nbounce soft bob@example.net "
		"delayed\n"
		"none none carol@example.net delivered\n" },
	{ "no empty line between two",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\nStatus: "
		    "5.1.1\n"
		    "Diagnostic-Code: smtp; 550 User unknown\n"
		    "Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: "
		    "5.2.2\n"
		    "Diagnostic-Code: smtp; 552 Mailbox full\n"),
		"bounce hard alice@example.net failed\nbounce soft bob@example.net "
		"failed\n" },
	{ "blanks, case, folding, no type",
		DSN("FINAL-RECIPIENT :\n <Alice@Example.NET>\nACTION : Failed (twice)\n"
		    "status:5.1.1 (no such)\nDiagnostic-code :\n smtp; 550\n  User "
		    "unknown\n"),
		"bounce hard alice@example.net failed\n" },
	{ "X.400: the text has to tell",
		"From: MAILER-DAEMON@mx.example.com\nTo: sender@example.org\n"
		"Subject: Delivery Report (failure)\n"
		"Content-Type: multipart/report; report-type=delivery-status; "
		"boundary=b\n\n"
		"--b\n\n  Recipient: alice@example.net\n\n--b\n"
		"Content-Type: message/delivery-status\n\nReporting-MTA: x400; mta\n\n"
		"Final-Recipient: x400; /S=alice/O=example/\nAction: failed\nStatus: "
		"5.1.1\n"
		"Diagnostic-Code: smtp; 550 User unknown\n\n--b--\n",
		"bounce hard alice@example.net failed\n" },
	{ "base64, and a type for SMTPUTF8",
		"From: MAILER-DAEMON@mx.example.com\nTo: sender@example.org\nSubject: x\n"
		"Content-Type: multipart/report; report-type=delivery-status; "
		"boundary=b\n\n"
		"--b\nContent-Type: message/global-delivery-status\n"
		"Content-Transfer-Encoding: base64\n\n"
		"UmVwb3J0aW5nLU1UQTogZG5zOyBteC5leGFtcGxlLmNvbQoKRmluYWwtUmVjaXBpZW50OiB1"
		"dGYt\n"
		"ODsgasO8cmdlbkBleGFtcGxlLm5ldApBY3Rpb246IGZhaWxlZApTdGF0dXM6IDUuMS4xCkRp"
		"YWdu\n"
		"b3N0aWMtQ29kZTogc210cDsgNTUwIFVzZXIgdW5rbm93bgo=\n\n--b--\n",
		"bounce hard jürgen@example.net failed\n" },
	{ "a boundary that was rewritten in the header",
		"From: MAILER-DAEMON@mx.example.com\nTo: sender@example.org\nSubject: x\n"
		"Content-Type: multipart/report; boundary=other\n\n--b\nContent-Type: "
		"text/plain\n"
		"\nsorry\n--b\nContent-Type: message/delivery-status\n\n"
		"Final-Recipient: rfc822; alice@example.net\nAction: failed\nStatus: "
		"5.1.1\n"
		"Diagnostic-Code: smtp; 550 User unknown\n\n--b--\n",
		"bounce hard alice@example.net failed\n" },
	{ "only what was delivered",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: "
		    "relayed\nStatus: 2.0.0\n"),
		"none none alice@example.net relayed\n" },
	{ "the returned message has fields too",
		"From: MAILER-DAEMON@mx.example.com\nTo: sender@example.org\nSubject: x\n"
		"Content-Type: multipart/report; report-type=delivery-status; "
		"boundary=b\n\n--b\n"
		"Content-Type: message/delivery-status\n\nReporting-MTA: dns; "
		"mx.example.com\n\n"
		"Final-Recipient: rfc822; alice@example.net\nAction: failed\nStatus: "
		"5.1.1\n"
		"Diagnostic-Code: smtp; 550 User unknown\n\n--b\nContent-Type: "
		"message/rfc822\n\n"
		"From: MAILER-DAEMON@mx.example.org\n"
		"Content-Type: multipart/report; report-type=delivery-status; "
		"boundary=c\n\n--c\n"
		"Content-Type: message/delivery-status\n\n"
		"Final-Recipient: rfc822; bob@example.net\nAction: failed\nStatus: "
		"5.1.1\n\n--c--\n"
		"\n--b--\n",
		"bounce hard alice@example.net failed\n" },
	{ "a complaint",
		ARF("Feedback-Type: abuse\nUser-Agent: test/1\nVersion: 1\n"
		    "Original-Rcpt-To: alice@example.net\n"),
		"complaint complaint alice@example.net \n" },
	{ "a complaint of several, one twice",
		ARF("Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: "
		    "<alice@example.net>\n"
		    "Original-Rcpt-To: bob@example.net\nOriginal-Rcpt-To: "
		    "alice@example.net\n"),
		"complaint complaint alice@example.net \ncomplaint complaint "
		"bob@example.net \n" },
	{ "a hidden recipient",
		ARF("Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: "
		    "redacted@example.net\n"),
		"complaint complaint  \n" },
	{ "no recipient: not that of the returned message",
		ARF("Feedback-Type: abuse\nVersion: 1\n"), "complaint complaint  \n" },
	{ "an opt-out",
		ARF("Feedback-Type: opt-out\nVersion: 1\nRemoval-Recipient: "
		    "alice@example.net\n"),
		"complaint complaint alice@example.net \n" },
	{ "not spam",
		ARF("Feedback-Type: not-spam\nVersion: 1\nOriginal-Rcpt-To: "
		    "a@example.net\n"),
		"none none a@example.net \n" },
	{ "a report of DMARC",
		ARF("Feedback-Type: auth-failure\nVersion: 1\nOriginal-Rcpt-To: "
		    "a@example.net\n"),
		"none none a@example.net \n" },
	{ "Microsoft's junk mail reporting",
		"From: staff@hotmail.com\nTo: abuse@example.org\n"
		"Subject: complaint about message from 192.0.2.1\n"
		"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: "
		"message/rfc822\n\n"
		"X-HmXmrOriginalRecipient: alice@example.net\nFrom: sender@example.org\n"
		"To: other@example.net\n\nhello\n--b--\n",
		"complaint complaint alice@example.net \n" },
	{ "Apple's unsubscribing",
		"From: alice@example.net\nTo: leave@example.org\nSubject: unsubscribe\n"
		"Auto-Submitted: auto-replied\nX-Apple-Unsubscribe: "
		"true\n\nunsubscribe\n",
		"complaint complaint alice@example.net \n" },
	{ "an automatic reply",
		"From: Alice <alice@example.net>\nTo: sender@example.org\nSubject: away\n"
		"Auto-Submitted: auto-replied (vacation)\n\nI am on a trip.\n",
		"auto auto alice@example.net \n" },
	{ "one that only its subject tells",
		"From: Alice <alice@example.net>\nTo: sender@example.org\n"
		"Subject: =?iso-8859-1?Q?R=E9ponse_automatique?= : hello\n\nbonjour\n",
		"auto auto alice@example.net \n" },
	{ "one with an empty sender",
		"Return-Path: <>\nFrom: Alice <alice@example.net>\nTo: "
		"sender@example.org\n"
		"Subject: Out of office: hello\n\nMy mailbox is full, so write to "
		"bob@example.net\n",
		"auto auto alice@example.net \n" },
	{ "a person",
		"From: Alice <alice@example.net>\nTo: sender@example.org\nSubject: Re: "
		"hello\n"
		"Auto-Submitted: no\n\nThe user bob@example.net does not exist.\n",
		"" },
	{ "a shop",
		"From: Shop <noreply@example.com>\nTo: sender@example.org\nSubject: your "
		"parcel\n"
		"List-Unsubscribe: <https://example.com/u>\n\nIt could not be delivered "
		"to you.\n",
		"" },
	{ "a read receipt",
		"From: Alice <alice@example.net>\nTo: sender@example.org\nSubject: Read: "
		"hello\n"
		"Content-Type: multipart/report; report-type=disposition-notification; "
		"boundary=b\n\n--b\n\nread\n--b\nContent-Type: "
		"message/disposition-notification\n\n"
		"Final-Recipient: rfc822;alice@example.net\n"
		"Disposition: manual-action/MDN-sent-manually; displayed\n\n--b--\n",
		"" },
	{ "a report of TLS",
		"From: tls@example.com\nTo: tls@example.org\nSubject: Report Domain: "
		"example.org\n"
		"Content-Type: multipart/report; report-type=tlsrpt; "
		"boundary=b\n\n--b\n\nhello\n"
		"--b\nContent-Type: application/tlsrpt+gzip\n\nx\n--b--\n",
		"" },
	{ "an empty mail", "", "" },
	{ "no header", "hello\n", "" },
	{ "a header only", "From: alice@example.net\n", "" },
	{ "a code of the reporter's own beside words of refusal",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\n"
		    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 denied\n"),
		"bounce policy alice@example.net failed\n" },
	{ "the same code said by who refused",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\n"
		    "Status: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 denied\n"),
		"bounce hard alice@example.net failed\n" },
	{ "a server that asked back for the sender",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\n"
		    "Status: 5.0.0\nDiagnostic-Code: smtp; 550 <sender@example.org>: no "
		    "such user\n"),
		"bounce policy alice@example.net failed\n" },
	{ "a recipient beside the sender",
		DSN("Final-Recipient: rfc822; alice@example.net\nAction: failed\n"
		    "Status: 5.0.0\nDiagnostic-Code: smtp; 550 sender@example.org to "
		    "alice@example.net: no such user\n"),
		"bounce hard alice@example.net failed\n" },
};

static void tells_kinds(void **state)
{
	(void)state;
	reports_check(cases, COUNT(cases));
}

static void tells_details(void **state)
{
	static const char mail[] = "Message-ID: <r1@mx.example.com>\n" DSN(
		"Final-Recipient: rfc822; alice@example.net\nAction: failed\n"
		"Status: 5.2.2\nDiagnostic-Code: smtp; 552 5.2.2 Mailbox\n full\n");
	struct report report;

	(void)state;
	report_parse(reports_classifier(), mail, sizeof(mail) - 1, &report);
	assert_int_equal(report.count, 1);
	assert_string_equal(report.message_id, "<r1@mx.example.com>");
	assert_string_equal(report.outcomes[0].status, "5.2.2");
	assert_string_equal(report.outcomes[0].reason, "mailboxfull");
	assert_string_equal(report.outcomes[0].diagnostic, "552 5.2.2 Mailbox full");
	report_clear(&report);
	assert_int_equal(report.count, 0);
}

/* ---- tokens ---- */

static void finds_tokens(void **state)
{
	static const struct {
		const char *name, *mail, *want; /* tokens, each with a line end */
	} tokens[] = {
		{ "folded",
			"From: a@example.com\n\nX-Okite-Token: AbC1\n\t+/23\n  ==\nTo: "
			"b@example.com\n",
			"AbC1+/23==\n" },
		{ "on the line below, in small letters",
			"From: a@example.com\n\nx-okite-token:\n AbC1\n\nhello\n",
			"AbC1\n" },
		{ "two, one twice",
			"From: a@example.com\n\nX-Okite-Token: one\nX-Okite-Token: "
			"two\n\n"
			"X-Okite-Token: one\n",
			"one\ntwo\n" },
		{ "cited",
			"From: a@example.com\n\n> X-Okite-Token: AbC\n>  123\n> To: b\n",
			"AbC123\n" },
		{ "quoted-printable",
			"From: a@example.com\nContent-Transfer-Encoding: "
			"quoted-printable\n\n"
			"X-Okite-Tok=\nen: AbC=3D=\n=3D\n",
			"AbC==\n" },
		{ "base64",
			"From: a@example.com\nContent-Type: multipart/mixed; "
			"boundary=b\n\n--b\n"
			"Content-Type: text/rfc822-headers\nContent-Transfer-Encoding: "
			"base64\n\n"
			"WC1Pa2l0ZS1Ub2tlbjogQWJD\nCiAxMjMKVG86IGIK\n--b--\n",
			"AbC123\n" },
		{ "in the report's own header",
			"X-Okite-Token: AbC\nFrom: a@example.com\n\nhello\n", "" },
		{ "empty", "From: a@example.com\n\nX-Okite-Token:\nTo: b\n", "" },
		{ "no colon", "From: a@example.com\n\nX-Okite-Token AbC\n", "" },
		{ "at the end", "From: a@example.com\n\nX-Okite-Token", "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(tokens); i++) {
		struct report report;
		char got[256] = "";

		report_parse(reports_classifier(), tokens[i].mail, strlen(tokens[i].mail),
			&report);
		for (size_t t = 0; t < report.token_count; t++) {
			strcat(got, report.tokens[t]);
			strcat(got, "\n");
		}
		report_clear(&report);
		CASE_EQUAL_TEXT(tokens[i].name, got, tokens[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_kinds),
		cmocka_unit_test(tells_details),
		cmocka_unit_test(finds_tokens),
	};

	return cmocka_run_group_tests(tests, reports_open, reports_close);
}
