#include "milter/report.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "milter/metrics.h"

/* Foreign text in key=value: printable, cut, and without the space that would end it. */
static const char *word(char *to, size_t size, const char *text)
{
	text_printable(to, size, text);
	for (char *c = to; *c != '\0'; c++)
		if (*c == ' ')
			*c = '_';
	return to;
}

enum { WORD_SIZE = 200 };

static const char *client_word(const struct session *session, char text[CLIENT_TEXT_SIZE])
{
	if (session->client.family == AF_UNSPEC)
		return "none";
	return client_to_text(&session->client, text);
}

/* "4bXk2P1Zyz: ", once the MTA has told it. */
static const char *queue_prefix(const struct session *session, char *text, size_t size)
{
	char id[QUEUE_ID_SIZE];

	text[0] = '\0';
	if (session->queue_id[0] != '\0')
		snprintf(text, size, "%s: ", word(id, sizeof(id), session->queue_id));
	return text;
}

/* " used=200/200 retry=312", of a limit. */
static const char *limit_words(const struct verdict *verdict, char *text, size_t size)
{
	text[0] = '\0';
	if (verdict->allowed > 0)
		snprintf(text, size, " used=%" PRId64 "/%" PRId64 " retry=%" PRId64,
			verdict->used, verdict->allowed, verdict->retry_s);
	return text;
}

static void log_refusal(const struct session *session, const struct recipient *recipient,
	const struct verdict *verdict, const char *stage)
{
	char account[WORD_SIZE], from[WORD_SIZE], queue[QUEUE_ID_SIZE + 4];
	char address[WORD_SIZE], to[WORD_SIZE + 8] = "", limit[96];
	char client[CLIENT_TEXT_SIZE];

	/* Without a recipient it is the message. */
	if (recipient != NULL)
		snprintf(to, sizeof(to), " to=<%s>",
			word(address, sizeof(address), recipient->address.text));
	log_line(LOG_LEVEL_INFO,
		"%sverdict=%s stage=%s rule=%s account=%s client=%s from=<%s>%s%s%s",
		queue_prefix(session, queue, sizeof(queue)), verdict_names[verdict->kind],
		stage, verdict->rule,
		word(account, sizeof(account), session->message.account),
		client_word(session, client),
		word(from, sizeof(from), session->message.sender.text), to,
		limit_words(verdict, limit, sizeof(limit)),
		verdict->observed ? " observed=yes" : "");
}

/* The simulator's addresses act out what real mail would bring. */
static enum event_kind event_of(const struct recipient *recipient,
	const struct verdict *verdict, enum event_kind kind)
{
	const char *simulated;

	if (recipient == NULL || strcmp(verdict->rule, "simulator") != 0 ||
		(simulated = policy_simulated(recipient)) == NULL)
		return kind;
	if (strcmp(simulated, "success") == 0)
		return EVENT_DELIVERED;
	return strcmp(simulated, "complaint") == 0 ? EVENT_COMPLAINT : EVENT_BOUNCE;
}

static void report(struct session *session, enum event_kind kind,
	const struct recipient *recipient, const struct verdict *verdict,
	const char *stage)
{
	log_refusal(session, recipient, verdict, stage);
	if (verdict->observed)
		return;
	session_event(session, event_of(recipient, verdict, kind), recipient, verdict);
	if (recipient == NULL)
		return;
	session->refused++;
	metrics_recipient(verdict->kind, verdict->rule);
}

void report_refused(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict, const char *stage)
{
	report(session, EVENT_REFUSED, recipient, verdict, stage);
}

void report_removed(struct session *session, const struct recipient *recipient,
	const struct verdict *verdict, const char *stage)
{
	report(session, EVENT_REMOVED, recipient, verdict, stage);
}

static void log_message(const struct session *session, const struct verdict *verdict)
{
	char account[WORD_SIZE], from[WORD_SIZE], queue[QUEUE_ID_SIZE + 4];
	char client[CLIENT_TEXT_SIZE], rule[RULE_SIZE + 8] = "";

	if (verdict->rule[0] != '\0')
		snprintf(rule, sizeof(rule), " rule=%s", verdict->rule);
	else if (session->unjudged > 0)
		snprintf(rule, sizeof(rule), " rule=redis");
	log_line(LOG_LEVEL_INFO,
		"%sverdict=%s account=%s client=%s from=<%s> accepted=%" PRId64
		" refused=%" PRId64 "%s",
		queue_prefix(session, queue, sizeof(queue)), verdict_names[verdict->kind],
		word(account, sizeof(account), session->message.account),
		client_word(session, client),
		word(from, sizeof(from), session->message.sender.text),
		session->message.accepted, session->refused, rule);
}

void report_message(const struct session *session, const struct verdict *verdict)
{
	/* A refusal has its own line. */
	if (!verdict_is_refusal(verdict))
		log_message(session, verdict);
	metrics_message(verdict->kind);
	for (int64_t i = 0; i < session->message.accepted; i++)
		metrics_recipient(
			verdict->kind, i < session->unjudged && verdict->rule[0] == '\0'
					       ? "redis"
					       : verdict->rule);
}
