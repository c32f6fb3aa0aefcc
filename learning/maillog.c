#include "learning/maillog.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "feedback/maillog.h"
#include "feedback/maillog_outcome.h"
#include "learning/queue_ids.h"

/* A line's time is cut to the second, and Redis's clock may be ahead. */
enum { TIME_SLACK_S = 5 };

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

/* Whose message the event is about; NULL for one that is none of ours. */
static const struct queued *whose(
	const struct log_batch *batch, const struct maillog *event)
{
	const struct queued *queued = queue_ids_find(batch->ids, event->queue_id);

	/* Short ids are used again: then what we noted is of a later message. */
	if (queued != NULL && event->time_us != 0 &&
		event->time_us + TIME_SLACK_S * SECOND_US < queued->accepted_us)
		return NULL;
	return queued;
}

/* Into a content filter: it comes back under another id, and is delivered then. */
static bool is_filtered(const struct maillog *event)
{
	return event->kind == MAILLOG_SENT && event->queued_as.size > 0 &&
	       is_loopback(event->relay);
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

static void take(struct log_batch *batch, const struct queued *queued,
	const struct maillog *event, const struct outcome *outcome)
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

	if (is_filtered(event) || !maillog_outcome(batch->classifier, event, &outcome))
		return true;
	if (event->kind == MAILLOG_DEFERRED)
		return put_off(batch, event, &outcome, error);
	take(batch, queued, event, &outcome);
	span_copy(queue_id, sizeof(queue_id), event->queue_id);
	return store_undefer(learner_store(batch->learner),
		learner_conf(batch->learner)->node, queue_id, outcome.recipient, error);
}

struct expiry {
	struct log_batch *batch;
	const struct queued *queued;
	const struct maillog *event;
};

static bool expire_recipient(const struct deferral *deferral, void *context)
{
	const struct expiry *expiry = context;
	struct outcome outcome = { .kind = KIND_BOUNCE };

	span_copy(outcome.recipient, sizeof(outcome.recipient),
		span_of(deferral->recipient));
	span_copy(outcome.status, sizeof(outcome.status), span_of(deferral->status));
	span_copy(outcome.action, sizeof(outcome.action), span_of("failed"));
	span_copy(
		outcome.diagnostic, sizeof(outcome.diagnostic), span_of(deferral->text));
	maillog_judge(
		expiry->batch->classifier, deferral->refuser, STAGE_UNKNOWN, &outcome);
	take(expiry->batch, expiry->queued, expiry->event, &outcome);
	return true;
}

static bool expire(struct log_batch *batch, const struct queued *queued,
	const struct maillog *event, struct error *error)
{
	struct expiry expiry = { batch, queued, event };
	char queue_id[QUEUE_ID_SIZE];

	span_copy(queue_id, sizeof(queue_id), event->queue_id);
	return store_each_deferral(learner_store(batch->learner),
		learner_conf(batch->learner)->node, queue_id, expire_recipient, &expiry,
		error);
}

static bool take_event(
	struct log_batch *batch, const struct maillog *event, struct error *error)
{
	const struct queued *queued = whose(batch, event);

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
	const struct queued *queued;

	if (is_filtered(event)) {
		queued = whose(batch, event);
		return queued == NULL ||
		       goes_on_as(batch, queued, event->queued_as, error);
	}
	queued = queue_ids_find(batch->ids, event->original_id);
	return queued == NULL || queue_ids_find(batch->ids, event->queue_id) != NULL ||
	       goes_on_as(batch, queued, event->queue_id, error);
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
