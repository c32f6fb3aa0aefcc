#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "feedback/maillog.h"
#include "tests/support/test.h"

#define PREFIX "Nov 24 07:46:01 mail "
#define SMTP PREFIX "postfix/smtp[123]: 4bXk2P1Zyzz12: "
#define TO "to=<a@example.net>, "
#define RELAY "relay=mx.example.net[192.0.2.25]:25, delay=1.2, delays=0.1/0/0.5/0.6, "

/* 2026-11-24T12:00:00Z, an hour behind the machine's own clock. */
static const struct maillog_clock noon = { 1795521600 * SECOND_US, 3600 };

static bool read_line(struct maillog *event, const char *line)
{
	return maillog_read(event, &noon, line, strlen(line));
}

/* Texts of a span for messages, cut. */
static const char *show(struct span span, char text[600])
{
	snprintf(text, 600, "%.*s", (int)span.size, span.size == 0 ? "" : span.text);
	return text;
}

#define CASE_EQUAL_SPAN(name, span, want)                                                \
	do {                                                                             \
		char shown_[600];                                                        \
		CASE_EQUAL_TEXT((name), show((span), shown_), (want));                   \
	} while (0)

/* ---- deliveries ---- */

static void reads_deliveries(void **state)
{
	static const struct {
		const char *line;
		enum maillog_kind kind;
		const char *recipient, *original, *relay, *host, *status, *text;
	} cases[] = {
		{ SMTP TO RELAY "dsn=2.0.0, status=sent (250 2.0.0 Ok: queued as 7A1B2C)",
			MAILLOG_SENT, "a@example.net", "",
			"mx.example.net[192.0.2.25]:25", "mx.example.net", "2.0.0",
			"250 2.0.0 Ok: queued as 7A1B2C" },
		{ SMTP TO RELAY
			"dsn=5.1.1, status=bounced (host mx.example.net[192.0.2.25] "
			"said: 550 5.1.1 <a@example.net> (no) such (user) (in "
			"reply to RCPT TO command))",
			MAILLOG_BOUNCED, "a@example.net", "",
			"mx.example.net[192.0.2.25]:25", "mx.example.net", "5.1.1",
			"host mx.example.net[192.0.2.25] said: 550 5.1.1 <a@example.net> "
			"(no) such (user) (in reply to RCPT TO command)" },
		{ SMTP "to=<box@example.net>, orig_to=<Alias@example.org>, relay=none, "
		       "delay=3, delays=1/1/1/0, dsn=4.4.1, status=deferred (connect to "
		       "mx.example.net[2001:db8::1]:25: Connection refused)",
			MAILLOG_DEFERRED, "box@example.net", "Alias@example.org", "none",
			"", "4.4.1",
			"connect to mx.example.net[2001:db8::1]:25: Connection refused" },
		{ PREFIX "postfix/local[9]: A1B2C3D4E5: to=<root@example.net>, "
			 "orig_to=<root>, relay=local, delay=0.1, delays=0/0/0/0.1, "
			 "dsn=5.1.1, status=bounced (unknown user: \"root\")",
			MAILLOG_BOUNCED, "root@example.net", "root", "local", "", "5.1.1",
			"unknown user: \"root\"" },
		{ PREFIX "postfix/lmtp[9]: A1B2C3D4E5: to=<a@example.net>, "
			 "relay=mail[private/dovecot-lmtp], delay=1, delays=0/0/0/1, "
			 "dsn=2.0.0, status=sent (250 2.0.0 <a@example.net> Saved)",
			MAILLOG_SENT, "a@example.net", "", "mail[private/dovecot-lmtp]",
			"mail", "2.0.0", "250 2.0.0 <a@example.net> Saved" },
		{ PREFIX "postfix/qmgr[9]: A1B2C3D4E5: to=<a@example.net>, relay=none, "
			 "delay=1, delays=0/0/0/1, dsn=4.4.2, status=deferred (delivery "
			 "temporarily suspended: lost connection with mx[192.0.2.25])",
			MAILLOG_DEFERRED, "a@example.net", "", "none", "", "4.4.2",
			"delivery temporarily suspended: lost connection with "
			"mx[192.0.2.25]" },
		/* soft_bounce = yes */
		{ SMTP TO RELAY "dsn=4.1.1, status=SOFTBOUNCE (host x said: 550 no)",
			MAILLOG_DEFERRED, "a@example.net", "",
			"mx.example.net[192.0.2.25]:25", "mx.example.net", "4.1.1",
			"host x said: 550 no" },
		{ SMTP TO "relay=none, delay=9, delays=9/0/0/0, dsn=4.4.7, "
			  "status=expired, returned to sender",
			MAILLOG_EXPIRED, "a@example.net", "", "none", "", "4.4.7", "" },
		/* names that are not known yet, another order, commas in values */
		{ SMTP TO "relay=mx.example.net[192.0.2.25]:25, conn_use=2, delay=1, "
			  "delays=0/0/0/1, tls=secured, TLSv1.3 (256/256 bits), "
			  "future=a, b, dsn=2.0.0, status=sent (ok)",
			MAILLOG_SENT, "a@example.net", "",
			"mx.example.net[192.0.2.25]:25", "mx.example.net", "2.0.0",
			"ok" },
		{ SMTP TO "dsn=2.0.0, delay=1, relay=mx.example.net[192.0.2.25]:25, "
			  "status=sent (ok)",
			MAILLOG_SENT, "a@example.net", "",
			"mx.example.net[192.0.2.25]:25", "mx.example.net", "2.0.0",
			"ok" },
		{ SMTP TO "status=sent (ok)", MAILLOG_SENT, "a@example.net", "", "", "",
			"", "ok" },
		/* cut by syslog */
		{ SMTP TO RELAY "dsn=5.1.1, status=bounced (host mx said: 550 5.1.1 us",
			MAILLOG_BOUNCED, "a@example.net", "",
			"mx.example.net[192.0.2.25]:25", "mx.example.net", "5.1.1",
			"host mx said: 550 5.1.1 us" },
		{ SMTP TO RELAY "dsn=2.0.0, status=sent ()", MAILLOG_SENT,
			"a@example.net", "", "mx.example.net[192.0.2.25]:25",
			"mx.example.net", "2.0.0", "" },
		{ SMTP TO RELAY "dsn=2.0.0, status=sent (ok)\r", MAILLOG_SENT,
			"a@example.net", "", "mx.example.net[192.0.2.25]:25",
			"mx.example.net", "2.0.0", "ok" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].line;
		struct maillog event;

		CASE_EQUAL_INT(name, read_line(&event, name), true);
		CASE_EQUAL_INT(name, event.kind, cases[i].kind);
		CASE_EQUAL_SPAN(name, event.recipient, cases[i].recipient);
		CASE_EQUAL_SPAN(name, event.original_recipient, cases[i].original);
		CASE_EQUAL_SPAN(name, maillog_addressee(&event),
			cases[i].original[0] == '\0' ? cases[i].recipient
						     : cases[i].original);
		CASE_EQUAL_SPAN(name, event.relay, cases[i].relay);
		CASE_EQUAL_SPAN(name, event.relay_host, cases[i].host);
		CASE_EQUAL_SPAN(name, event.status, cases[i].status);
		CASE_EQUAL_SPAN(name, event.text, cases[i].text);
		CASE_EQUAL_INT(
			name, event.soft_bounce, strstr(name, "SOFTBOUNCE") != NULL);
	}
}

/* An address can have in it what a line has behind one. */
static void is_not_fooled_by_addresses(void **state)
{
	static const struct {
		const char *line;
		enum maillog_kind kind; /* MAILLOG_OTHER: nobody can tell */
		const char *recipient;	/* the one that was written to */
	} cases[] = {
		{ SMTP "to=<a, status=sent (x)@b.example>, " RELAY
		       "dsn=5.1.1, status=bounced (no)",
			MAILLOG_BOUNCED, "a, status=sent (x)@b.example" },
		{ SMTP "to=<\"a, status=sent (x)\"@b.example>, " RELAY
		       "dsn=5.1.1, status=bounced (no)",
			MAILLOG_BOUNCED, "\"a, status=sent (x)\"@b.example" },
		{ SMTP "to=<\"a\\\", b>\"@b.example>, " RELAY
		       "dsn=2.0.0, status=sent (ok)",
			MAILLOG_SENT, "\"a\\\", b>\"@b.example" },
		{ SMTP "to=<a>b@b.example>, " RELAY "dsn=2.0.0, status=sent (ok)",
			MAILLOG_SENT, "a>b@b.example" },
		{ SMTP "to=<v@victim.example>, xx=y@b.example>, " RELAY
		       "dsn=5.1.1, status=bounced (no)",
			MAILLOG_BOUNCED, "v@victim.example>, xx=y@b.example" },
		/* Written as they are, these two are the same line: */
		{ SMTP "to=<v@victim.example>, relay=none, dsn=5.1.1, status=bounced "
		       "(no)@b.example>, " RELAY "dsn=2.0.0, status=sent (ok)",
			MAILLOG_OTHER, "" },
		{ SMTP "to=<\"v@victim.example>, status=bounced (no)\"@b.example>, " RELAY
		       "dsn=2.0.0, status=sent (ok)",
			MAILLOG_OTHER, "" },
		{ SMTP "to=<v@victim.example>, orig_to=<w@victim.example>, relay=none, "
		       "status=bounced (no)@b.example>, " RELAY "status=sent (ok)",
			MAILLOG_OTHER, "" },
		{ SMTP "to=<a@example.net>, orig_to=<v@victim.example>, status=bounced "
		       "(x)@b.example>, " RELAY "status=sent (ok)",
			MAILLOG_OTHER, "" },
		{ SMTP "to=<\"x>, orig_to=<v\"@victim.example>, " RELAY
		       "dsn=5.1.1, status=bounced (no)",
			MAILLOG_OTHER, "" },
		/* Whatever stands before it, the last is who was written to. */
		{ SMTP "to=<v@victim.example>, orig_to=<x@b.example>, " RELAY
		       "dsn=5.1.1, status=bounced (no)",
			MAILLOG_BOUNCED, "x@b.example" },
		{ SMTP "to=<\"unfinished@b.example>, " RELAY "status=sent (\"ok\")",
			MAILLOG_SENT, "\"unfinished@b.example" },
		{ SMTP "to=<>, " RELAY "status=sent (ok)", MAILLOG_SENT, "" },
		/* What the other server says begins behind the status. */
		{ SMTP TO RELAY "dsn=5.1.1, status=bounced (550 x), status=sent (250 ok)",
			MAILLOG_BOUNCED, "a@example.net" },
		{ SMTP TO RELAY
			"dsn=5.1.1, status=bounced (550 <v@victim.example>, relay=x)",
			MAILLOG_OTHER, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maillog event;

		CASE_EQUAL_INT(cases[i].line, read_line(&event, cases[i].line),
			cases[i].kind != MAILLOG_OTHER);
		CASE_EQUAL_INT(cases[i].line, event.kind, cases[i].kind);
		CASE_EQUAL_SPAN(
			cases[i].line, maillog_addressee(&event), cases[i].recipient);
	}
}

static void tells_who_refused_and_where(void **state)
{
	static const struct {
		const char *text;
		enum smtp_stage stage;
		const char *refuser;
		bool ours;
	} cases[] = {
		{ "host mx.example.net[192.0.2.25] said: 550 no (in reply to RCPT TO "
		  "command)",
			STAGE_RCPT, "mx.example.net", false },
		{ "host mx.example.net[192.0.2.25] said: 550 no (in reply to MAIL FROM "
		  "command)",
			STAGE_MAIL, "mx.example.net", false },
		{ "host mx.example.net[2001:db8::1] said: 552 big (in reply to end of "
		  "DATA command)",
			STAGE_DATA, "mx.example.net", false },
		{ "host mx.example.net[192.0.2.25] said: 554 no (in reply to DATA "
		  "command)",
			STAGE_DATA, "mx.example.net", false },
		{ "host mx.example.net[192.0.2.25] refused to talk to me: 554 no",
			STAGE_CONNECT, "mx.example.net", false },
		{ "delivery temporarily suspended: host mx.example.net[192.0.2.25] "
		  "refused to talk to me: 421 busy",
			STAGE_CONNECT, "mx.example.net", false },
		{ "connect to mx.example.net[192.0.2.25]:25: Connection timed out",
			STAGE_CONNECT, "", false },
		{ "lost connection with mx.example.net[192.0.2.25] while receiving the "
		  "initial server greeting",
			STAGE_CONNECT, "", false },
		{ "conversation with mx.example.net[192.0.2.25] timed out while sending "
		  "RCPT TO",
			STAGE_RCPT, "", false },
		/* Only what Postfix writes itself, at the end, counts. */
		{ "host mx.example.net[192.0.2.25] said: 550 (in reply to RCPT TO "
		  "command) (in reply to end of DATA command)",
			STAGE_DATA, "mx.example.net", false },
		{ "host mx.example.net[192.0.2.25] said: 550 refused to talk to me: x",
			STAGE_UNKNOWN, "mx.example.net", false },
		{ "Host or domain name not found. Name service error for name=x "
		  "type=AAAA: Host not found",
			STAGE_UNKNOWN, "", false },
		{ "host x", STAGE_UNKNOWN, "", false },
		{ "host x[", STAGE_UNKNOWN, "x", false },
		{ "host relay.example[192.0.2.1] said: 550 5.1.1 a@example.net bounced "
		  "before [okite:suppressed] (in reply to RCPT TO command)",
			STAGE_RCPT, "relay.example", true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[1000];
		struct maillog event;

		snprintf(line, sizeof(line),
			SMTP TO RELAY "dsn=5.0.0, status=bounced (%s)", cases[i].text);
		CASE_EQUAL_INT(cases[i].text, read_line(&event, line), true);
		CASE_EQUAL_SPAN(cases[i].text, event.text, cases[i].text);
		CASE_EQUAL_INT(cases[i].text, event.stage, cases[i].stage);
		CASE_EQUAL_SPAN(cases[i].text, event.refuser, cases[i].refuser);
		CASE_EQUAL_INT(cases[i].text, event.ours, cases[i].ours);
	}
}

static void tells_the_next_id(void **state)
{
	static const struct {
		const char *text, *id;
	} cases[] = {
		{ "250 2.0.0 Ok: queued as 4bXk2P1Zyzz12", "4bXk2P1Zyzz12" },
		{ "250 2.0.0 from MTA(smtp:[127.0.0.1]:10025): 250 2.0.0 Ok: queued as "
		  "A1B2C3D4E5",
			"A1B2C3D4E5" },
		{ "250 queued as A1B2C3D4E5 queued as F1F2F3F4F5", "F1F2F3F4F5" },
		{ "250 queued as A1B2C3D4E5 today", "" },
		{ "250 queued as ../../x", "" },
		{ "250 ok", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char line[1000];
		struct maillog event;

		snprintf(line, sizeof(line), SMTP TO RELAY "dsn=2.0.0, status=sent (%s)",
			cases[i].text);
		CASE_EQUAL_INT(cases[i].text, read_line(&event, line), true);
		CASE_EQUAL_SPAN(cases[i].text, event.queued_as, cases[i].id);
	}
}

/* ---- the life of a message ---- */

#define QUEUE_MANAGER PREFIX "postfix/qmgr[1]: A1B2C3D4E5: "
#define SERVER PREFIX "postfix/submission/smtpd[1]: A1B2C3D4E5: "

static void reads_whose_message_it_is(void **state)
{
	static const struct {
		const char *line;
		enum maillog_kind kind;
		size_t offset; /* of the piece that matters */
		const char *want;
	} cases[] = {
		{ SERVER "client=host.example[192.0.2.1]", MAILLOG_CLIENT,
			offsetof(struct maillog, client), "host.example[192.0.2.1]" },
		{ SERVER "client=host.example[192.0.2.1]:4711, sasl_method=PLAIN, "
			 "sasl_username=shop@example.com",
			MAILLOG_CLIENT, offsetof(struct maillog, login),
			"shop@example.com" },
		{ SERVER "client=localhost[127.0.0.1], orig_queue_id=F1F2F3F4F5, "
			 "orig_client=host.example[192.0.2.1]",
			MAILLOG_CLIENT, offsetof(struct maillog, original_id),
			"F1F2F3F4F5" },
		{ SERVER "client=host.example[192.0.2.1], sasl_sender_x=1, "
			 "orig_queue_id=F1F2F3F4F5",
			MAILLOG_CLIENT, offsetof(struct maillog, original_id),
			"F1F2F3F4F5" },
		/* The client said so itself. */
		{ SERVER "client=host.example[192.0.2.1], sasl_method=PLAIN, "
			 "sasl_username=a, sasl_sender=x, orig_queue_id=F1F2F3F4F5",
			MAILLOG_CLIENT, offsetof(struct maillog, original_id), "" },
		{ PREFIX "postfix/smtpd[1]: NOQUEUE: client=host.example[192.0.2.1]",
			MAILLOG_CLIENT, offsetof(struct maillog, queue_id), "" },
		{ PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=1000 from=<www-data>",
			MAILLOG_LOCAL, offsetof(struct maillog, user_id), "1000" },
		{ PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=1000 from=<a>b@x>",
			MAILLOG_LOCAL, offsetof(struct maillog, sender), "a>b@x" },
		{ PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=0 from=<>", MAILLOG_LOCAL,
			offsetof(struct maillog, sender), "" },
		{ PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=0 from=<a@x> "
			 "orig_id=F1F2F3F4F5",
			MAILLOG_LOCAL, offsetof(struct maillog, original_id),
			"F1F2F3F4F5" },
		{ PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=0 from=<a> "
			 "orig_id=F1F2F3F4F5@x>",
			MAILLOG_LOCAL, offsetof(struct maillog, original_id), "" },
		{ PREFIX "postfix/cleanup[1]: A1B2C3D4E5: removed (canceled)",
			MAILLOG_REMOVED, offsetof(struct maillog, queue_id),
			"A1B2C3D4E5" },
		{ PREFIX "postfix/cleanup[1]: A1B2C3D4E5: message-id=<x@example.com>",
			MAILLOG_MESSAGE_ID, offsetof(struct maillog, message_id),
			"<x@example.com>" },
		{ QUEUE_MANAGER "from=<a@example.com>, size=10, nrcpt=1 (queue active)",
			MAILLOG_SENDER, offsetof(struct maillog, sender),
			"a@example.com" },
		{ QUEUE_MANAGER "from=<>, size=10, nrcpt=1 (queue active)",
			MAILLOG_SENDER, offsetof(struct maillog, sender), "" },
		{ QUEUE_MANAGER "from=<a>, size=1, nrcpt=1@b>, size=10, nrcpt=1 (queue "
				"active)",
			MAILLOG_SENDER, offsetof(struct maillog, sender),
			"a>, size=1, nrcpt=1@b" },
		{ QUEUE_MANAGER
			"from=<a@example.com>, status=expired, returned to sender",
			MAILLOG_EXPIRED, offsetof(struct maillog, sender),
			"a@example.com" },
		{ QUEUE_MANAGER
			"from=<a@example.com>, status=force-expired, returned to sender",
			MAILLOG_EXPIRED, offsetof(struct maillog, sender),
			"a@example.com" },
		{ QUEUE_MANAGER
			"from=<a>, status=expired, returned to sender@b>, size=10, "
			"nrcpt=1 (queue active)",
			MAILLOG_SENDER, offsetof(struct maillog, sender),
			"a>, status=expired, returned to sender@b" },
		{ QUEUE_MANAGER "removed", MAILLOG_REMOVED,
			offsetof(struct maillog, queue_id), "A1B2C3D4E5" },
		{ PREFIX "postfix/postsuper[1]: A1B2C3D4E5: removed", MAILLOG_REMOVED,
			offsetof(struct maillog, queue_id), "A1B2C3D4E5" },
		{ PREFIX "postfix/bounce[1]: A1B2C3D4E5: sender non-delivery "
			 "notification: F1F2F3F4F5",
			MAILLOG_NOTICE, offsetof(struct maillog, new_id), "F1F2F3F4F5" },
		{ PREFIX "postfix/bounce[1]: A1B2C3D4E5: sender delay notification: "
			 "F1F2F3F4F5",
			MAILLOG_NOTICE, offsetof(struct maillog, text),
			"sender delay notification" },
		{ PREFIX "postfix/bounce[1]: A1B2C3D4E5: postmaster non-delivery "
			 "notification: F1F2F3F4F5",
			MAILLOG_NOTICE, offsetof(struct maillog, text),
			"postmaster non-delivery notification" },
		{ PREFIX "postfix-out/smtpd[1]: NOQUEUE: milter-reject: RCPT from "
			 "host[192.0.2.1]: 550 5.7.1 no; from=<a@b> to=<c@d> proto=ESMTP",
			MAILLOG_REFUSED, offsetof(struct maillog, instance),
			"postfix-out" },
		{ SERVER "client=host[192.0.2.1]", MAILLOG_CLIENT,
			offsetof(struct maillog, instance), "postfix" },
		{ SERVER "milter-hold: END-OF-MESSAGE from host[192.0.2.1]: milter "
			 "triggers HOLD action; from=<a@b> to=<c@d>",
			MAILLOG_REFUSED, offsetof(struct maillog, program), "smtpd" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *name = cases[i].line;
		struct maillog event;
		struct span got;

		CASE_EQUAL_INT(name, read_line(&event, name), true);
		CASE_EQUAL_INT(name, event.kind, cases[i].kind);
		memcpy(&got, (const char *)&event + cases[i].offset, sizeof(got));
		CASE_EQUAL_SPAN(name, got, cases[i].want);
		CASE_EQUAL_INT(name, event.ours, false);
	}
}

static void knows_its_own_words(void **state)
{
	static const char *const cases[] = {
		SERVER
		"milter-reject: RCPT from host[192.0.2.1]: 550 5.1.1 a@example.net "
		"bounced before [okite:suppressed]; from=<a@b> to=<c@d>",
		PREFIX
		"postfix/cleanup[1]: A1B2C3D4E5: milter-reject: END-OF-MESSAGE from "
		"localhost[127.0.0.1]: 5.7.1 [okite:paused]; from=<a@b>",
		PREFIX "postfix/cleanup[1]: A1B2C3D4E5: to=<c@example.net>, relay=none, "
		       "delay=0, delays=0/0/0/0, dsn=5.7.1, status=bounced (5.1.1 gone "
		       "[okite:suppressed])",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maillog event;

		CASE_EQUAL_INT(cases[i], read_line(&event, cases[i]), true);
		CASE_EQUAL_INT(cases[i], event.ours, true);
	}
}

static void passes_over_the_rest(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"<",
		"<22>",
		"<22>1 ",
		"postfix/smtp",
		"Nov 24 07:46:01",
		"Nov 24 07:46:01 ",
		"Nov 24 07:46:01 mail",
		PREFIX "postfix/smtp",
		PREFIX "postfix/smtp[123]",
		PREFIX "postfix/smtp[123]: ",
		PREFIX "postfix/smtp[x]: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "postfix/smtp: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "/smtp[1]: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "smtp[1]: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "kernel: postfix/smtp[1]: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "shop[1]: postfix/smtp[1]: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "mail postfix/smtp[1]: 4bXk2P1Zyzz12: " TO "status=sent (ok)",
		PREFIX "postfix/master[1]: daemon started",
		PREFIX "postfix/smtpd[1]: connect from host[192.0.2.1]",
		PREFIX "postfix/smtpd[1]: warning: A1B2C3D4E5: client=x",
		PREFIX "postfix/smtpd[1]: NOQUEUE: reject: RCPT from x: 450 4.1.2 no",
		PREFIX "postfix/smtp[1]: NOQUEUE: " TO "status=sent (ok)",
		PREFIX "postfix/anvil[1]: statistics: max cache size 1",
		/* ids that are none */
		PREFIX "postfix/smtp[1]: A1B2C: " TO "status=sent (ok)",
		PREFIX "postfix/smtp[1]: warning: " TO "status=sent (ok)",
		PREFIX "postfix/smtp[1]: 4bXk2P1Zya12: " TO "status=sent (ok)",
		PREFIX "postfix/smtp[1]: bXk2P1Zyz: " TO "status=sent (ok)",
		PREFIX "postfix/smtp[1]: A1B2C3D4E5 " TO "status=sent (ok)",
		/* lines of a program that does not write them */
		PREFIX "postfix/smtpd[1]: A1B2C3D4E5: " TO "status=sent (ok)",
		PREFIX "postfix/smtp[1]: A1B2C3D4E5: removed",
		PREFIX
		"postfix/smtp[1]: A1B2C3D4E5: from=<a>, status=expired, returned to "
		"sender",
		PREFIX "postfix/cleanup[1]: A1B2C3D4E5: client=host[192.0.2.1]",
		/* probes of an address */
		SMTP TO RELAY "dsn=2.1.5, status=deliverable (250 ok)",
		SMTP TO RELAY "dsn=5.1.1, status=undeliverable (550 no)",
		/* not whole */
		SMTP TO RELAY "dsn=5.1.1, status=",
		SMTP TO RELAY "dsn=5.1.1, status=bouncedx (no)",
		SMTP TO RELAY "dsn=5.1.1",
		SMTP "to=<a@example.net",
		SMTP "to=<a@example.net>",
		SMTP "enabling PIX workarounds: disable_esmtp for mx[192.0.2.25]:25",
		SMTP "host mx.example.net[192.0.2.25] said: 450 4.7.1 later (in reply to "
		     "RCPT TO command)",
		PREFIX "postfix/cleanup[1]: A1B2C3D4E5: message-id=",
		PREFIX "postfix/cleanup[1]: A1B2C3D4E5: warning: header Subject: to=<a>, "
		       "relay=x, status=sent (ok) from local; from=<a> to=<b>",
		QUEUE_MANAGER "removed x",
		QUEUE_MANAGER "from=<a>, size=1",
		QUEUE_MANAGER "from=<a> (queue active)",
		PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid= from=<a>",
		PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=1 from=<a",
		PREFIX "postfix/pickup[1]: A1B2C3D4E5: uid=1 from=<a> orig_id=x",
		PREFIX
		"postfix/bounce[1]: A1B2C3D4E5: sender non-delivery notification: x",
		SERVER "client=",
	};
	static const struct maillog nothing = { .kind = MAILLOG_OTHER };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maillog event = nothing;

		CASE_EQUAL_INT(cases[i], read_line(&event, cases[i]), false);
		CASE_EQUAL_INT(cases[i], event.kind, MAILLOG_OTHER);
		CASE_EQUAL_INT(cases[i], event.recipient.size, 0);
	}
}

static void takes_no_line_without_an_end(void **state)
{
	static const char line[] = SMTP TO RELAY "dsn=2.0.0, status=sent (ok";
	static char text[MAILLOG_LINE_MAX + 1];
	struct maillog event;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, line, strlen(line));
	assert_true(maillog_read(&event, &noon, text, MAILLOG_LINE_MAX));
	assert_false(maillog_read(&event, &noon, text, MAILLOG_LINE_MAX + 1));
}

/* ---- what syslog puts in front ---- */

#define DELIVERY ": 4bXk2P1Zyzz12: " TO "relay=none, dsn=2.0.0, status=sent (ok)"
#define TIME(text) text " mail postfix/smtp[1]" DELIVERY

static void tells_the_time(void **state)
{
	/* The machine is at 13:00 of November 24, 2026, an hour ahead of UTC. */
	static const struct {
		const char *line, *want;
	} cases[] = {
		{ TIME("Nov 24 07:46:01"), "2026-11-24T06:46:01Z" },
		{ TIME("Nov  4 07:46:01"), "2026-11-04T06:46:01Z" },
		{ TIME("Nov 04 07:46:01"), "2026-11-04T06:46:01Z" },
		{ TIME("Nov 24 07:46:01.999"), "2026-11-24T06:46:01Z" },
		{ TIME("<22>Nov 24 07:46:01"), "2026-11-24T06:46:01Z" },
		{ TIME("Nov 25 13:00:00"), "2026-11-25T12:00:00Z" },
		{ TIME("Nov 25 13:00:01"), "2025-11-25T12:00:01Z" },
		{ TIME("Dec 31 23:59:59"), "2025-12-31T22:59:59Z" },
		{ TIME("Jan  1 00:00:00"), "2025-12-31T23:00:00Z" },
		{ TIME("Feb 29 12:00:00"), "2024-02-29T11:00:00Z" },
		{ TIME("Feb 30 12:00:00"), "" },
		{ TIME("Xxx 24 07:46:01"), "" },
		{ TIME("Nov 24 25:46:01"), "" },
		{ TIME("2026-11-24T07:46:01Z"), "2026-11-24T07:46:01Z" },
		{ TIME("2026-11-24T07:46:01.123456+01:00"), "2026-11-24T06:46:01Z" },
		{ TIME("2026-11-24T07:46:01-0130"), "2026-11-24T09:16:01Z" },
		{ TIME("<22>2026-11-24T07:46:01+01:00"), "2026-11-24T06:46:01Z" },
		{ TIME("2026-11-24T07:46:01"), "" },
		{ TIME("2026-13-24T07:46:01Z"), "" },
		{ "<22>1 2026-11-24T07:46:01Z mail postfix/smtp 1 - - 4bXk2P1Zyzz12: " TO
		  "status=sent (ok)",
			"2026-11-24T07:46:01Z" },
		{ "<22>1 2026-11-24T07:46:01Z mail postfix/smtp 1 - -  \xEF\xBB\xBF"
		  "4bXk2P1Zyzz12: " TO "status=sent (ok)",
			NULL },
		{ "<22>1 2026-11-24T07:46:01Z mail postfix/smtp 1 - - \xEF\xBB\xBF"
		  "4bXk2P1Zyzz12: " TO "status=sent (ok)",
			"2026-11-24T07:46:01Z" },
		{ "<22>1 2026-11-24T07:46:01Z mail postfix/smtp - - - 4bXk2P1Zyzz12: " TO
		  "status=sent (ok)",
			NULL },
		{ "postfix/smtp[1]" DELIVERY, "" },
		{ "<22>postfix/smtp[1]" DELIVERY, "" },
		{ TIME("yesterday"), NULL },
		{ TIME("2026/11/24 07:46:01"), NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[CLOCK_TEXT_SIZE];
		struct maillog event;

		CASE_EQUAL_INT(cases[i].line, read_line(&event, cases[i].line),
			cases[i].want != NULL);
		if (cases[i].want == NULL)
			continue;
		CASE_EQUAL_SPAN(cases[i].line, event.queue_id, "4bXk2P1Zyzz12");
		clock_to_text(text, sizeof(text), event.time_us);
		CASE_EQUAL_TEXT(cases[i].line, text, cases[i].want);
	}
}

static void tells_no_time_without_a_clock(void **state)
{
	static const struct maillog_clock none = { 0, 0 };
	static const char old[] = TIME("Nov 24 07:46:01"),
			  new[] = TIME("2026-11-24T07:46:01Z");
	struct maillog event;

	(void)state;
	assert_true(maillog_read(&event, &none, old, strlen(old)));
	assert_int_equal(event.time_us, 0);
	assert_true(maillog_read(&event, &none, new, strlen(new)));
	assert_int_equal(event.time_us, 1795506361 * SECOND_US);
}

/* At the turn of the year a line may be of the year that comes, or of the last. */
static void knows_the_turn_of_the_year(void **state)
{
	static const struct {
		const char *line;
		int64_t now_s;
		const char *want;
	} cases[] = {
		{ TIME("Jan  1 00:00:01"), 1798761599, "2027-01-01T00:00:01Z" },
		{ TIME("Dec 31 23:59:59"), 1798761601, "2026-12-31T23:59:59Z" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct maillog_clock clock = { cases[i].now_s * SECOND_US, 0 };
		char text[CLOCK_TEXT_SIZE];
		struct maillog event;

		assert_true(maillog_read(
			&event, &clock, cases[i].line, strlen(cases[i].line)));
		clock_to_text(text, sizeof(text), event.time_us);
		CASE_EQUAL_TEXT(cases[i].line, text, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_deliveries),
		cmocka_unit_test(is_not_fooled_by_addresses),
		cmocka_unit_test(tells_who_refused_and_where),
		cmocka_unit_test(tells_the_next_id),
		cmocka_unit_test(reads_whose_message_it_is),
		cmocka_unit_test(knows_its_own_words),
		cmocka_unit_test(passes_over_the_rest),
		cmocka_unit_test(takes_no_line_without_an_end),
		cmocka_unit_test(tells_the_time),
		cmocka_unit_test(tells_no_time_without_a_clock),
		cmocka_unit_test(knows_the_turn_of_the_year),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
