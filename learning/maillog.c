#include "learning/maillog.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/maillog.h"
#include "feedback/maillog_outcome.h"
#include "learning/queue_ids.h"

/* One batch of lines on their way through. */
struct log_batch {
	struct learner *learner;
	const struct classifier *classifier;
	struct queue_ids *ids;
	struct maillog *events;
	size_t count;
};

static bool is_loopback(struct span relay)
{
	return span_find(relay, "[127.") != SPAN_NOT_FOUND ||
	       span_find(relay, "[::1]") != SPAN_NOT_FOUND;
}

/* Is it to this address that we let the message pass?  A copy (always_bcc) is none of ours. */
static bool was_sent_to(
	const struct log_batch *batch, const struct queued *queued, const char *recipient)
{
	struct address address;
	struct recipient known;

	if (strcmp(queued->recipients, RECIPIENTS_ANY) == 0)
		return true;
	if (address_parse(&address, recipient, NULL) != NULL)
		return false;
	recipient_set(&known, &address, learner_secret(batch->learner));
	for (const char *one = queued->recipients; *one != '\0'; one += QUEUED_DIGITS)
		if (strncmp(one, known.digest, QUEUED_DIGITS) == 0)
			return true;
	return false;
}

/* As it was written to, or as Postfix tried it: okite may have judged either. */
static bool take_recipient(const struct log_batch *batch, const struct queued *queued,
	const struct maillog *event, struct outcome *outcome)
{
	if (was_sent_to(batch, queued, outcome->recipient))
		return true;
	span_copy(outcome->recipient, sizeof(outcome->recipient), event->recipient);
	return was_sent_to(batch, queued, outcome->recipient);
}

/* Into a content filter: it comes back under another id, and is delivered then. */
static bool is_filtered(const struct log_batch *batch, const struct queued *queued,
	const struct maillog *event)
{
	const struct queued *next = queue_ids_find(batch->ids, event->queued_as);

	if (event->kind != MAILLOG_SENT || event->queued_as.size == 0)
		return false;
	/* One on another host has told us its id in the line of the client. */
	return is_loopback(event->relay) ||
	       (next != NULL && next->accepted_us == queued->accepted_us &&
		       strcmp(next->account, queued->account) == 0);
}

static bool goes_on_as(struct log_batch *batch, const struct queued *queued,
	struct span queue_id, struct error *error)
{
	char id[QUEUE_ID_SIZE];

	span_copy(id, sizeof(id), queue_id);
	queue_ids_set(batch->ids, queue_id, queued);
	return store_note_queued(learner_store(batch->learner),
		learner_conf(batch->learner)->node, id, queued, error);
}

/* A line "expired" may be a thousand recipients, so not all of a batch waits for its end. */
static bool take(struct log_batch *batch, const struct queued *queued,
	const struct maillog *event, const struct outcome *outcome, struct error *error)
{
	char queue_id[QUEUE_ID_SIZE];
	struct news news = {
		.source = SOURCE_LOG,
		.outcome = outcome,
		.proof = { .token = PROOF_VALID, .accepted_us = queued->accepted_us },
		.believed = true,
		.quiet = event->kind == MAILLOG_SENT,
		.queue_id = queue_id,
		.happened_us = event->time_us,
	};

	span_copy(queue_id, sizeof(queue_id), event->queue_id);
	span_copy(
		news.proof.account, sizeof(news.proof.account), span_of(queued->account));
	learner_take(batch->learner, &news);
	return !learner_is_full(batch->learner) || learner_flush(batch->learner, error);
}

static bool put_off(struct log_batch *batch, const struct maillog *event,
	const struct outcome *outcome, struct error *error)
{
	struct deferral deferral;
	char queue_id[QUEUE_ID_SIZE];

	span_copy(queue_id, sizeof(queue_id), event->queue_id);
	span_copy(deferral.recipient, sizeof(deferral.recipient),
		span_of(outcome->recipient));
	span_copy(deferral.status, sizeof(deferral.status), event->status);
	span_copy(deferral.text, sizeof(deferral.text), event->text);
	span_copy(deferral.refuser, sizeof(deferral.refuser), event->refuser);
	return store_defer(learner_store(batch->learner),
		learner_conf(batch->learner)->node, queue_id, &deferral, error);
}

static bool deliver(struct log_batch *batch, const struct queued *queued,
	const struct maillog *event, struct error *error)
{
	char queue_id[QUEUE_ID_SIZE];
	struct outcome outcome;

	if (is_filtered(batch, queued, event) ||
		!maillog_outcome(batch->classifier, event, &outcome) ||
		!take_recipient(batch, queued, event, &outcome))
		return true;
	if (event->kind == MAILLOG_DEFERRED)
		return put_off(batch, event, &outcome, error);
	if (!take(batch, queued, event, &outcome, error))
		return false;
	span_copy(queue_id, sizeof(queue_id), event->queue_id);
	return store_undefer(learner_store(batch->learner),
		learner_conf(batch->learner)->node, queue_id, outcome.recipient, error);
}

struct expiry {
	struct log_batch *batch;
	const struct queued *queued;
	const struct maillog *event;
	struct error *error;
	bool ok;
};

static bool expire_recipient(const struct deferral *deferral, void *context)
{
	struct expiry *expiry = context;
	struct outcome outcome = { .kind = KIND_BOUNCE };

	span_copy(outcome.recipient, sizeof(outcome.recipient),
		span_of(deferral->recipient));
	span_copy(outcome.status, sizeof(outcome.status), span_of(deferral->status));
	span_copy(outcome.action, sizeof(outcome.action), span_of("failed"));
	span_copy(
		outcome.diagnostic, sizeof(outcome.diagnostic), span_of(deferral->text));
	maillog_judge(
		expiry->batch->classifier, deferral->refuser, STAGE_UNKNOWN, &outcome);
	expiry->ok = take(
		expiry->batch, expiry->queued, expiry->event, &outcome, expiry->error);
	return expiry->ok;
}

static bool expire(struct log_batch *batch, const struct queued *queued,
	const struct maillog *event, struct error *error)
{
	struct expiry expiry = { batch, queued, event, error, true };
	char queue_id[QUEUE_ID_SIZE];

	span_copy(queue_id, sizeof(queue_id), event->queue_id);
	return store_each_deferral(learner_store(batch->learner),
		       learner_conf(batch->learner)->node, queue_id, expire_recipient,
		       &expiry, error) &&
	       expiry.ok;
}

static bool take_event(
	struct log_batch *batch, const struct maillog *event, struct error *error)
{
	const struct queued *queued = queue_ids_find(batch->ids, event->queue_id);

	if (queued == NULL)
		return true;
	if (event->kind == MAILLOG_EXPIRED)
		return expire(batch, queued, event, error);
	return deliver(batch, queued, event, error);
}

/* A message that changes its id.  Before all else: its delivery may be logged first. */
static bool take_id(
	struct log_batch *batch, const struct maillog *event, struct error *error)
{
	bool sent = event->kind == MAILLOG_SENT;
	struct span before = sent ? event->queue_id : event->original_id;
	struct span after = sent ? event->queued_as : event->queue_id;
	const struct queued *queued = queue_ids_find(batch->ids, before);

	return queued == NULL || queue_ids_find(batch->ids, after) != NULL ||
	       (sent && !is_filtered(batch, queued, event)) ||
	       goes_on_as(batch, queued, after, error);
}

/* ---- a batch ---- */

static bool is_wanted(const struct maillog *event)
{
	if (event->queue_id.size == 0)
		return false;
	return event->kind == MAILLOG_SENT || event->kind == MAILLOG_DEFERRED ||
	       event->kind == MAILLOG_BOUNCED || event->kind == MAILLOG_EXPIRED ||
	       event->original_id.size > 0;
}

static void read_lines(struct log_batch *batch, const struct span *lines, size_t count)
{
	struct maillog_clock clock = { .now_us = clock_now_us() };
	time_t now = (time_t)(clock.now_us / SECOND_US);
	struct tm local;

	localtime_r(&now, &local);
	clock.ahead_s = (int32_t)local.tm_gmtoff;
	for (size_t i = 0; i < count; i++) {
		struct maillog *event = &batch->events[batch->count];

		if (!maillog_read(event, &clock, lines[i].text, lines[i].size) ||
			!is_wanted(event))
			continue;
		batch->count++;
		queue_ids_add(batch->ids, event->queue_id);
		queue_ids_add(batch->ids, event->original_id);
		queue_ids_add(batch->ids, event->queued_as);
	}
}

bool learn_log(struct learner *learner, const struct classifier *classifier,
	const struct span *lines, size_t count, struct error *error)
{
	struct log_batch batch = {
		.learner = learner,
		.classifier = classifier,
		.ids = queue_ids_new(),
		.events = xcalloc(count, sizeof(*batch.events)),
	};
	bool ok;

	read_lines(&batch, lines, count);
	ok = queue_ids_look_up(
		batch.ids, learner_store(learner), learner_conf(learner)->node, error);
	for (size_t i = 0; ok && i < batch.count; i++)
		ok = take_id(&batch, &batch.events[i], error);
	for (size_t i = 0; ok && i < batch.count; i++)
		ok = take_event(&batch, &batch.events[i], error);
	queue_ids_free(batch.ids);
	free(batch.events);
	return ok;
}
