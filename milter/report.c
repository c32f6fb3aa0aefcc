#include "milter/report.h"

#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
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
	log_line(LOG_LEVEL_INFO,
		"%sverdict=%s account=%s client=%s from=<%s> accepted=%" PRId64
		" refused=%" PRId64 "%s",
		queue_prefix(session, queue, sizeof(queue)), verdict_names[verdict->kind],
		word(account, sizeof(account), session->message.account),
		client_word(session, client),
		word(from, sizeof(from), session->message.sender.text),
		session->message.accepted, session->refused, rule);
}

static bool is_refusal(const struct verdict *verdict)
{
	return verdict->kind == VERDICT_REJECT || verdict->kind == VERDICT_TEMPFAIL;
}

void report_message(const struct session *session, const struct verdict *verdict)
{
	/* A refusal has its own line. */
	if (!is_refusal(verdict))
		log_message(session, verdict);
	metrics_message(verdict->kind);
	for (int64_t i = 0; i < session->message.accepted; i++)
		metrics_recipient(verdict->kind, verdict->rule);
}

static atomic_bool degraded;
static _Atomic int64_t degraded_since_us, degraded_questions;

static void record_outage(
	const struct runtime *runtime, int64_t since_us, int64_t questions)
{
	struct event events[2] = {
		{ .kind = EVENT_DEGRADED, .time_us = since_us },
		{ .kind = EVENT_RESTORED, .time_us = clock_now_us() },
	};

	snprintf(events[1].detail, sizeof(events[1].detail),
		"Redis was away for %" PRId64 " seconds, %" PRId64
		" questions had no answer",
		(events[1].time_us - since_us) / SECOND_US, questions);
	(void)store_record(runtime->store, events, 2, NULL);
}

static void report_away(const struct runtime *runtime, const char *why)
{
	bool accepts = runtime->conf->policy.when_store_fails == STORE_FAILURE_ACCEPT;

	atomic_fetch_add(&degraded_questions, 1);
	if (atomic_exchange(&degraded, true))
		return;
	degraded_since_us = clock_now_us();
	metrics_degraded(true);
	log_line(LOG_LEVEL_ERROR,
		"redis: %s; until it answers, %s (when_redis_fails = \"%s\")", why,
		accepts ? "mail passes unjudged" : "recipients are answered 451",
		accepts ? "accept" : "tempfail");
}

static void report_back(const struct runtime *runtime)
{
	int64_t since_us, questions;

	if (!atomic_load_explicit(&degraded, memory_order_relaxed) ||
		!atomic_exchange(&degraded, false))
		return;
	since_us = degraded_since_us;
	questions = atomic_exchange(&degraded_questions, 0);
	metrics_degraded(false);
	log_line(LOG_LEVEL_WARNING,
		"redis: answers again after %" PRId64 " seconds; %" PRId64
		" questions had no answer",
		(clock_now_us() - since_us) / SECOND_US, questions);
	record_outage(runtime, since_us, questions);
}

void report_store(
	const struct runtime *runtime, bool answered, const char *why, int64_t spent_us)
{
	metrics_store(spent_us, answered);
	if (answered)
		report_back(runtime);
	else
		report_away(runtime, why);
}
