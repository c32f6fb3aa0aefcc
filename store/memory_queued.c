#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/memory.h"

/* Whose message a queue id is, and who of it waits. */

static bool queue_is(
	const struct memory_queue *queue, const char *node, const char *queue_id)
{
	return strcmp(queue->node, node) == 0 && strcmp(queue->id, queue_id) == 0;
}

static void name_queue(struct memory_queue *queue, const char *node, const char *queue_id)
{
	text_copy(queue->node, sizeof(queue->node), node);
	text_copy(queue->id, sizeof(queue->id), queue_id);
}

/* Also one whose time is over. */
static struct memory_queued *find_queued(
	const struct memory *memory, const char *node, const char *queue_id)
{
	for (size_t i = 0; i < memory->queued_count; i++)
		if (queue_is(&memory->queued[i].queue, node, queue_id))
			return &memory->queued[i];
	return NULL;
}

/* NULL where it is not known any more. */
static const struct memory_queued *look_up(
	const struct memory *memory, const char *node, const char *queue_id)
{
	const struct memory_queued *queued = find_queued(memory, node, queue_id);

	return queued != NULL && queued->until_us > clock_now_us() ? queued : NULL;
}

void memory_keep_queued(struct memory *memory, const char *node, const char *queue_id,
	const struct queued *what, int64_t now_us)
{
	struct memory_queued *queued = find_queued(memory, node, queue_id);

	if (queued == NULL) {
		memory->queued = xreallocarray(memory->queued, memory->queued_count + 1,
			sizeof(*memory->queued));
		queued = &memory->queued[memory->queued_count++];
		name_queue(&queued->queue, node, queue_id);
	}
	queued->what = *what;
	queued->until_us = now_us + QUEUED_US;
}

bool memory_find_queued(struct store *store, const char *node,
	const char *const *queue_ids, size_t count, struct queued *found,
	struct error *error)
{
	struct memory *memory = memory_lock(store);

	(void)error;
	for (size_t i = 0; i < count; i++) {
		const struct memory_queued *queued = look_up(memory, node, queue_ids[i]);

		found[i] = (struct queued){ .accepted_us = 0 };
		if (queued != NULL)
			found[i] = queued->what;
	}
	memory_unlock(memory);
	return true;
}

bool memory_note_queued(struct store *store, const char *node, const char *queue_id,
	const struct queued *queued, struct error *error)
{
	struct memory *memory = memory_lock(store);

	(void)error;
	if (look_up(memory, node, queue_id) == NULL)
		memory_keep_queued(memory, node, queue_id, queued, clock_now_us());
	memory_unlock(memory);
	return true;
}

/* ---- deferrals ---- */

/* Those of another message that had the same queue id go. */
static void drop_old(struct memory *memory, const struct memory_queued *queued)
{
	size_t kept = 0;

	for (size_t i = 0; i < memory->deferral_count; i++) {
		const struct memory_deferral *deferral = &memory->deferrals[i];

		if (deferral->accepted_us != queued->what.accepted_us &&
			queue_is(&deferral->queue, queued->queue.node, queued->queue.id))
			continue;
		if (kept != i)
			memory->deferrals[kept] = *deferral;
		kept++;
	}
	memory->deferral_count = kept;
}

static struct memory_deferral *find_deferral(const struct memory *memory,
	const struct memory_queue *queue, const char *recipient, size_t *count)
{
	struct memory_deferral *found = NULL;

	*count = 0;
	for (size_t i = 0; i < memory->deferral_count; i++) {
		struct memory_deferral *deferral = &memory->deferrals[i];

		if (!queue_is(&deferral->queue, queue->node, queue->id))
			continue;
		++*count;
		if (strcmp(deferral->what.recipient, recipient) == 0)
			found = deferral;
	}
	return found;
}

bool memory_defer(struct store *store, const char *node, const char *queue_id,
	const struct deferral *what, struct error *error)
{
	struct memory *memory = memory_lock(store);
	const struct memory_queued *queued = look_up(memory, node, queue_id);
	struct memory_deferral *deferral;
	size_t count;

	(void)error;
	if (queued == NULL)
		goto out;
	drop_old(memory, queued);
	deferral = find_deferral(memory, &queued->queue, what->recipient, &count);
	if (deferral == NULL) {
		if (count == DEFERRALS_MAX)
			goto out;
		memory->deferrals = xreallocarray(memory->deferrals,
			memory->deferral_count + 1, sizeof(*memory->deferrals));
		deferral = &memory->deferrals[memory->deferral_count++];
		deferral->queue = queued->queue;
		deferral->accepted_us = queued->what.accepted_us;
	}
	deferral->what = *what;
out:
	memory_unlock(memory);
	return true;
}

bool memory_undefer(struct store *store, const char *node, const char *queue_id,
	const char *recipient, struct error *error)
{
	struct memory *memory = memory_lock(store);
	struct memory_queue queue = { .node = "" };
	struct memory_deferral *deferral;
	size_t count;

	(void)error;
	name_queue(&queue, node, queue_id);
	deferral = find_deferral(memory, &queue, recipient, &count);
	if (deferral != NULL)
		*deferral = memory->deferrals[--memory->deferral_count];
	memory_unlock(memory);
	return true;
}

bool memory_each_deferral(struct store *store, const char *node, const char *queue_id,
	deferral_visitor *visit, void *context, struct error *error)
{
	struct memory *memory = memory_lock(store);
	const struct memory_queued *queued = look_up(memory, node, queue_id);
	struct memory_deferral *deferrals;
	size_t count;

	(void)error;
	if (queued != NULL)
		drop_old(memory, queued);
	count = queued != NULL ? memory->deferral_count : 0;
	deferrals = memory_snapshot(memory->deferrals, count, sizeof(*deferrals));
	memory_unlock(memory);
	for (size_t i = 0; i < count; i++)
		if (queue_is(&deferrals[i].queue, node, queue_id) &&
			!visit(&deferrals[i].what, context))
			break;
	free(deferrals);
	return true;
}
