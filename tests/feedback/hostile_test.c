#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/memory.h"
#include "feedback/report.h"
#include "tests/feedback/reports.h"
#include "tests/support/test.h"

/*
 * Mails that somebody makes to stop the reader: HEAD, then a PIECE as often
 * as fits, then TAIL.  OKITE_TEST_TIMES=1 shows how long each takes.
 */
struct hostile {
	const char *name, *head, *piece, *tail;
};

#define BOUNCE                                                                           \
	"From: MAILER-DAEMON@example.com\nTo: a@example.org\nSubject: failure notice\n"
#define PARTS "Content-Type: multipart/report; boundary=b\n\n"

static const struct hostile mails[] = {
	{ "header lines", "", "X-A: b\n", "\nhello\n" },
	{ "one header, folded", "Subject:", " =?utf-8?q?a?=\n", "\nhello\n" },
	{ "one header, never ended", "Subject: ", "=?utf-8?b?", "" },
	{ "encoded words", "Subject: ", "=?iso-2022-jp?b?GyRC?= ", "\n\nhello\n" },
	{ "parameters", "Content-Type: multipart/mixed", "; a=b", "\n\nhello\n" },
	{ "failed recipients", BOUNCE "X-Failed-Recipients: ", "a@example.net, ",
		"\n\nhello\n" },
	{ "failed recipients without @", BOUNCE "X-Failed-Recipients: ", "a<",
		"\n\nhello\n" },
	{ "parts", BOUNCE PARTS, "--b\n\nhello\n", "--b--\n" },
	{ "parts without an end", BOUNCE PARTS, "--b\n", "" },
	{ "parts within parts", BOUNCE PARTS,
		"--b\nContent-Type: multipart/mixed; boundary=b\n\n", "" },
	{ "almost boundaries", BOUNCE PARTS, "--bb\n--\n--b-\n", "" },
	{ "base64 without an end", BOUNCE "Content-Transfer-Encoding: base64\n\n", "QUFB",
		"" },
	{ "quoted-printable", BOUNCE "Content-Transfer-Encoding: quoted-printable\n\n",
		"=", "" },
	{ "soft line ends", BOUNCE "Content-Transfer-Encoding: quoted-printable\n\n",
		"=   ", "" },
	{ "bytes that are no UTF-8", BOUNCE "\n", "\xff\xfe", "" },
	{ "bytes that are no Shift_JIS",
		BOUNCE "Content-Type: text/plain; charset=shift_jis\n\n", "\xff", "" },
	{ "escapes", BOUNCE "Content-Type: text/plain; charset=iso-2022-jp\n\n", "\033$B",
		"" },
	{ "tags", BOUNCE "Content-Type: text/html\n\n", "<p>", "" },
	{ "tags without an end", BOUNCE "Content-Type: text/html\n\n", "<p ", "" },
	{ "comments", BOUNCE "Content-Type: text/html\n\n", "<!--", "" },
	{ "styles", BOUNCE "Content-Type: text/html\n\n", "<style></stylee>", "" },
	{ "entities", BOUNCE "Content-Type: text/html\n\n", "&#99", "" },
	{ "recipients", BOUNCE "\nThis is the qmail-send program at x\n",
		"<a@example.net>:\n", "" },
	{ "signs of addresses", BOUNCE "\n", "<", "" },
	{ "@", BOUNCE "\n", "@", "" },
	{ "addresses in sentences", BOUNCE "\n", "deliver to a@example.net ", "" },
	{ "deliver to", BOUNCE "\n", "deliver to <", "" },
	{ "a session", BOUNCE "\n   ----- Transcript of session follows -----\n",
		">>> RCPT To:<a@example.net>\n<<< 550 no\n550 <b@example.net>... no\n",
		"" },
	{ "fields in prose", BOUNCE "\n",
		"Final-Recipient: rfc822; a\nAction: failed\nStatus: 5\n", "" },
	{ "groups", BOUNCE PARTS "--b\nContent-Type: message/delivery-status\n\n",
		"Final-Recipient: rfc822; a@example.net\nAction: failed\nStatus: "
		"5.1.1\n\n",
		"" },
	{ "groups without a name",
		BOUNCE PARTS "--b\nContent-Type: message/delivery-status\n\n",
		"Action: failed\nStatus: 5.1.1\n\n", "--b--" },
	{ "one group with all fields",
		BOUNCE PARTS "--b\nContent-Type: message/delivery-status\n\n",
		"Final-Recipient: x400; a\n", "--b--" },
	{ "a long recipient",
		BOUNCE PARTS
		"--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822; ",
		"a", "@example.net\nAction: failed\nStatus: 5.1.1\n\n--b--" },
	{ "complaints",
		"From: a@example.com\nContent-Type: multipart/report; "
		"report-type=feedback-report; boundary=b\n\n--b\n"
		"Content-Type: message/feedback-report\n\nFeedback-Type: abuse\n",
		"Original-Rcpt-To: a@example.net\n", "--b--" },
	{ "tokens", BOUNCE "\n", "X-Okite-Token: a\n", "" },
	{ "a token folded for ever", BOUNCE "\nX-Okite-Token:", "\n a", "" },
	{ "almost tokens", BOUNCE "\n", "X-Okite-X-", "" },
	{ "dashes", BOUNCE "\n", "x-", "" },
	{ "line ends", BOUNCE "\n", "\r", "\n" },
	{ "line ends in the header", "", "\r\r\n", "" },
	{ "NUL", "", "\0", "\n" },
	{ "blanks", BOUNCE "\n", " ", "<a@example.net>" },
	{ "blanks in fields", BOUNCE "\n", "Final-Recipient: ", "\n" },
	{ "marks", BOUNCE "\n", "--- Below this line is a copy\n", "" },
	{ "marks in sentences", BOUNCE "\n", "a original message ", "" },
	{ "citations", BOUNCE "\n", "> <a@example.net>:\n", "" },
};

static char *make(const struct hostile *mail, size_t size, size_t *used)
{
	size_t head = strlen(mail->head), piece = strlen(mail->piece),
	       tail = strlen(mail->tail);
	char *bytes;

	if (piece == 0)
		piece = 1; /* NUL */
	bytes = xmalloc(head + size + piece + tail);
	memcpy(bytes, mail->head, head);
	for (*used = head; *used < head + size; *used += piece)
		memcpy(bytes + *used, mail->piece, piece);
	memcpy(bytes + *used, mail->tail, tail);
	*used += tail;
	return bytes;
}

/* Processor time, so that other work on the machine does not matter. */
static double seconds_for(const struct hostile *mail, size_t size)
{
	size_t used;
	char *bytes = make(mail, size, &used);
	clock_t start = clock();
	struct report report;

	report_parse(reports_classifier(), bytes, used, &report);
	assert_true(report.count <= OUTCOMES_MAX);
	assert_true(report.token_count <= TOKENS_MAX);
	report_clear(&report);
	free(bytes);
	return (double)(clock() - start) / CLOCKS_PER_SEC;
}

static void reads_hostile_mails(void **state)
{
	/* With the sanitizers on a slow machine; what is quadratic takes minutes. */
	enum { SIZE = 1 << 20, SECONDS_MAX = 10 };

	(void)state;
	for (size_t i = 0; i < COUNT(mails); i++) {
		double seconds = seconds_for(&mails[i], SIZE);

		if (getenv("OKITE_TEST_TIMES") != NULL)
			printf("%8.3f s  %s\n", seconds, mails[i].name);
		if (seconds > SECONDS_MAX)
			fail_msg("%s: %.1f s for %d bytes", mails[i].name, seconds, SIZE);
	}
}

/* The bound holds: what is beyond it is not read. */
static void reads_no_more_than_its_bound(void **state)
{
	struct hostile mail = { "long", BOUNCE "\n", "hello\n", "X-Okite-Token: a\n" };
	size_t used;
	char *bytes = make(&mail, REPORT_SIZE_MAX, &used);
	struct report report;

	(void)state;
	report_parse(reports_classifier(), bytes, used, &report);
	assert_int_equal(report.token_count, 0);
	report_clear(&report);
	free(bytes);
}

/* Any nesting: the recipient of the outermost report is found. */
static void reads_deep_nesting(void **state)
{
	char *mail = xmalloc(1 << 20);
	size_t used = 0;
	struct report report;

	(void)state;
	used += (size_t)sprintf(mail,
		BOUNCE "Content-Type: multipart/report; boundary=b\n\n--b\n"
		       "Content-Type: message/delivery-status\n\n"
		       "Final-Recipient: rfc822; alice@example.net\nAction: "
		       "failed\nStatus: 5.1.1\n\n");
	for (int i = 0; i < 1000; i++)
		used += (size_t)sprintf(mail + used,
			"--%s\nContent-Type: multipart/mixed; boundary=b%d\n\n",
			i == 0 ? "b" : "", i);
	report_parse(reports_classifier(), mail, used, &report);
	assert_int_equal(report.count, 1);
	assert_string_equal(report.outcomes[0].recipient, "alice@example.net");
	report_clear(&report);
	free(mail);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_hostile_mails),
		cmocka_unit_test(reads_no_more_than_its_bound),
		cmocka_unit_test(reads_deep_nesting),
	};

	return cmocka_run_group_tests(tests, reports_open, reports_close);
}
