#include "milter/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "milter/judging.h"
#include "milter/outage.h"

/* Events of one message that are kept; the log has every refusal. */
enum { EVENTS_MAX = 200 };

static pthread_mutex_t sessions_lock = PTHREAD_MUTEX_INITIALIZER;
static struct session *sessions;
static bool stopping; /* sessions that come now are stopped from the start */

struct session *session_open(void)
{
	struct session *session = xcalloc(1, sizeof(*session));

	pthread_mutex_init(&session->lock, NULL);
	session->runtime = runtime_hold();
	pthread_mutex_lock(&sessions_lock);
	session->stopped = stopping;
	session->next = sessions;
	session->link = &sessions;
	if (sessions != NULL)
		sessions->link = &session->next;
	sessions = session;
	pthread_mutex_unlock(&sessions_lock);
	return session;
}

static void forget_message(struct session *session)
{
	for (size_t i = 0; i < session->listed_count; i++) {
		free(session->listed[i].envelope);
		free(session->listed[i].destination);
	}
	free(session->listed);
	destinations_clear(&session->destinations);
	free(session->events);
	session->listed = NULL;
	session->events = NULL;
	session->listed_count = session->event_count = session->events_left_out = 0;
	session->refused = session->bytes = session->unjudged = 0;
	session->standing = STANDING_HEALTHY;
	session->accepted_us = 0;
	session->fault = NULL;
	session->queue_id[0] = '\0';
	session->hold = (struct verdict){ .kind = VERDICT_ACCEPT };
	session->in_message = false;
	message_clear(&session->message);
}

void session_close(struct session *session)
{
	/* Given back while it is still listed, so that the program waits for it at its end. */
	pthread_mutex_lock(&session->lock);
	session_give_up(session);
	pthread_mutex_unlock(&session->lock);

	pthread_mutex_lock(&sessions_lock);
	*session->link = session->next;
	if (session->next != NULL)
		session->next->link = session->link;
	pthread_mutex_unlock(&sessions_lock);

	runtime_release(session->runtime);
	pthread_mutex_destroy(&session->lock);
	free(session);
}

void session_begin(struct session *session)
{
	session_give_up(session);
	if (!runtime_is_current(session->runtime)) {
		runtime_release(session->runtime);
		session->runtime = runtime_hold();
	}
	session->in_message = true;
}

/* Of those that count as sent: who is with a provider that reports complaints. */
static int64_t count_reporting(const struct session *session)
{
	int64_t count = 0;

	for (size_t i = 0; i < session->listed_count; i++)
		if (session->listed[i].counts &&
			policy_reports_complaints(&session->runtime->conf->policy,
				&session->listed[i].recipient))
			count++;
	return count;
}

/* Of the same, as struct queued has them. */
static void write_recipients(const struct session *session,
	char text[QUEUED_RECIPIENTS_MAX * QUEUED_DIGITS + 1])
{
	size_t count = 0;

	for (size_t i = 0; i < session->listed_count; i++) {
		if (!session->listed[i].counts)
			continue;
		if (count == QUEUED_RECIPIENTS_MAX) {
			strcpy(text, RECIPIENTS_ANY);
			return;
		}
		memcpy(text + count++ * QUEUED_DIGITS,
			session->listed[i].recipient.digest, QUEUED_DIGITS);
	}
	text[count * QUEUED_DIGITS] = '\0';
}

/*
 * What was sent may change the standing: where something has come back, since
 * the minimum may be reached only now, and of those who are not healthy, who
 * may be so again.
 */
static void note_sent(const struct session *session, bool returned)
{
	if (returned || session->standing != STANDING_HEALTHY)
		judging_add(session->message.account);
}

/* One question to the store at the end of a message, if there is anything to tell it. */
static void finish(struct session *session, int64_t accepted)
{
	struct message *message = &session->message;
	char recipients[QUEUED_RECIPIENTS_MAX * QUEUED_DIGITS + 1];
	struct closing closing = {
		.account = message->account,
		.node = session->runtime->conf->node,
		.queue_id = session->queue_id,
		.accepted_us = session->accepted_us,
		.accepted = accepted,
		.reporting = accepted > 0 ? count_reporting(session) : 0,
		.refunds = accepted > 0 ? NULL : message->charges,
		.refund_count = accepted > 0 ? 0 : message->charge_count,
		.events = session->events,
		.event_count = session->event_count,
	};
	struct error error = ERROR_NONE;
	int64_t began_us = clock_monotonic_us();
	bool ok, returned = false;

	if (accepted == 0 && closing.refund_count == 0 && closing.event_count == 0)
		return;
	/* Where nothing was sent no queue id is noted. */
	if (accepted > 0) {
		write_recipients(session, recipients);
		closing.recipients = recipients;
	}
	for (size_t i = 0; i < session->event_count; i++)
		text_copy(session->events[i].queue_id,
			sizeof(session->events[i].queue_id), session->queue_id);
	if (session->events_left_out > 0)
		snprintf(session->events[EVENTS_MAX - 1].detail,
			sizeof(session->events[0].detail),
			"and %zu more of this message, see the log",
			session->events_left_out);
	ok = store_finish(session->runtime->store, &closing, &returned, &error);
	outage_note(session->runtime, ok, error.text, clock_monotonic_us() - began_us);
	if (ok && accepted > 0)
		note_sent(session, returned);
}

void session_commit(struct session *session)
{
	finish(session, session->message.accepted);
	forget_message(session);
}

void session_give_up(struct session *session)
{
	if (session->in_message)
		finish(session, 0);
	forget_message(session);
}

struct listed *session_list(
	struct session *session, const struct recipient *recipient, const char *envelope)
{
	struct listed *listed;

	/* Doubled when the count is a power of two: a message may have a thousand. */
	if ((session->listed_count & (session->listed_count - 1)) == 0)
		session->listed = xreallocarray(session->listed,
			session->listed_count == 0 ? 1 : 2 * session->listed_count,
			sizeof(*session->listed));
	listed = &session->listed[session->listed_count++];
	*listed =
		(struct listed){ .recipient = *recipient, .envelope = xstrdup(envelope) };
	return listed;
}

void session_event(struct session *session, enum event_kind kind,
	const struct recipient *recipient, const struct verdict *verdict)
{
	struct event *event;

	if (session->event_count == EVENTS_MAX) {
		session->events_left_out++;
		return;
	}
	session->events = xreallocarray(
		session->events, session->event_count + 1, sizeof(*session->events));
	event = &session->events[session->event_count++];
	*event = (struct event){ .time_us = store_clock_us(session->runtime->store),
		.kind = kind };
	text_copy(event->account, sizeof(event->account), session->message.account);
	text_copy(event->sender, sizeof(event->sender), session->message.sender.text);
	if (recipient != NULL)
		text_copy(event->recipient, sizeof(event->recipient),
			session->runtime->conf->store_addresses ? recipient->address.text
								: recipient->digest);
	text_copy(event->rule, sizeof(event->rule), verdict->rule);
	text_copy(event->verdict, sizeof(event->verdict), verdict_names[verdict->kind]);
	if (verdict->code != 0)
		verdict_reply(verdict, event->reply, sizeof(event->reply));
}

void sessions_stop(void)
{
	pthread_mutex_lock(&sessions_lock);
	stopping = true;
	for (struct session *session = sessions; session != NULL;
		session = session->next) {
		pthread_mutex_lock(&session->lock);
		session_give_up(session);
		session->stopped = true;
		pthread_mutex_unlock(&session->lock);
	}
	pthread_mutex_unlock(&sessions_lock);
}
