#include "store/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"

void *memory_snapshot(const void *array, size_t count, size_t size)
{
	void *copy = xcalloc(count, size);

	if (count > 0)
		memcpy(copy, array, count * size);
	return copy;
}

void limit_state_clear(struct limit_state *state)
{
	free(state->key);
	distinct_clear(&state->distinct);
	*state = (struct limit_state){ 0 };
}

/* ---- events ---- */

void memory_add_event(struct memory *memory, const struct event *event, int64_t now_us)
{
	struct event *new;

	if (event == NULL)
		return;
	if (memory->event_count < MEMORY_EVENTS_MAX) {
		/* Doubled when the count is a power of two: there are many, and large ones. */
		if ((memory->event_count & (memory->event_count - 1)) == 0)
			memory->events = xreallocarray(memory->events,
				memory->event_count == 0 ? 1 : 2 * memory->event_count,
				sizeof(*memory->events));
		new = &memory->events[memory->event_count++];
	} else {
		new = &memory->events[memory->first_event];
		memory->first_event = (memory->first_event + 1) % MEMORY_EVENTS_MAX;
	}
	memory->last_event =
		now_us > memory->last_event ? now_us : memory->last_event + 1;
	*new = *event;
	snprintf(new->id, sizeof(new->id), "%" PRId64 "-0", memory->last_event);
	if (new->time_us == 0)
		new->time_us = now_us;
}

static bool memory_record(struct store *store, const struct event *events, size_t count,
	struct error *error)
{
	struct memory *memory = memory_lock(store);
	int64_t now_us = clock_now_us();

	(void)error;
	for (size_t i = 0; i < count; i++)
		memory_add_event(memory, &events[i], now_us);
	memory_unlock(memory);
	return true;
}

static bool memory_each_event(struct store *store, const char *after,
	event_visitor *visit, void *context, struct error *error)
{
	struct memory *memory = memory_lock(store);
	size_t count = memory->event_count, first = memory->first_event;
	struct event *events = memory_snapshot(memory->events, count, sizeof(*events));
	long long last = after != NULL ? atoll(after) : 0;

	(void)error;
	memory_unlock(memory);
	for (size_t i = 0; i < count; i++) {
		const struct event *event = &events[(first + i) % count];

		if (atoll(event->id) > last && !visit(event, context))
			break;
	}
	free(events);
	return true;
}

/* ---- the store itself ---- */

static int64_t memory_clock_us(struct store *store)
{
	(void)store;
	return clock_now_us();
}

static enum store_state memory_probe(struct store *store, struct error *error)
{
	(void)store;
	(void)error;
	return STORE_READY;
}

static void memory_check(struct store *store, health_visitor *visit, void *context)
{
	(void)store;
	visit(0, "store", "everything is kept in memory and forgotten at the end",
		context);
}

static void memory_close(struct store *store)
{
	struct memory *memory = (struct memory *)store;

	for (size_t i = 0; i < memory->limit_count; i++)
		limit_state_clear(&memory->limits[i]);
	for (size_t i = 0; i < memory->account_count; i++)
		free(memory->accounts[i].hours);
	free(memory->learned);
	free(memory->rows);
	free(memory->queued);
	free(memory->deferrals);
	free(memory->totals);
	free(memory->limits);
	free(memory->accounts);
	free(memory->suppressions);
	free(memory->verified);
	free(memory->events);
	pthread_mutex_destroy(&memory->mutex);
	free(memory);
}

static const struct store_backend memory_backend = {
	.close = memory_close,
	.probe = memory_probe,
	.recall = memory_recall,
	.clock_us = memory_clock_us,
	.charge = memory_charge,
	.finish = memory_finish,
	.learn = memory_learn,
	.find_queued = memory_find_queued,
	.note_queued = memory_note_queued,
	.defer = memory_defer,
	.undefer = memory_undefer,
	.each_deferral = memory_each_deferral,
	.tally = memory_tally,
	.each_total = memory_each_total,
	.suppress = memory_suppress,
	.unsuppress = memory_unsuppress,
	.find_suppressions = memory_find_suppressions,
	.each_suppression = memory_each_suppression,
	.verify = memory_verify,
	.unverify = memory_unverify,
	.each_verified = memory_each_verified,
	.account = memory_account,
	.replace_account = memory_replace_account,
	.counters = memory_counters,
	.each_account = memory_each_account,
	.reset_limits = memory_reset_limits,
	.each_limit_key = memory_each_limit_key,
	.record = memory_record,
	.each_event = memory_each_event,
	.check = memory_check,
};

struct store *store_open_memory(void)
{
	struct memory *memory = xcalloc(1, sizeof(*memory));

	memory->store.backend = &memory_backend;
	pthread_mutex_init(&memory->mutex, NULL);
	return &memory->store;
}
