#include "store/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

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

/* ---- accounts ---- */

struct memory_account *memory_account_find(const struct memory *memory, const char *name)
{
	for (size_t i = 0; i < memory->account_count; i++) {
		if (strcmp(memory->accounts[i].record.name, name) == 0)
			return &memory->accounts[i];
	}
	return NULL;
}

struct memory_account *memory_account_make(struct memory *memory, const char *name)
{
	struct memory_account *account = memory_account_find(memory, name);

	if (account != NULL)
		return account;
	memory->accounts = xreallocarray(
		memory->accounts, memory->account_count + 1, sizeof(*memory->accounts));
	account = &memory->accounts[memory->account_count++];
	*account = (struct memory_account){ 0 };
	text_copy(account->record.name, sizeof(account->record.name), name);
	return account;
}

void memory_copy_record(
	const struct memory *memory, const char *name, struct account *record)
{
	const struct memory_account *account = memory_account_find(memory, name);

	*record = (struct account){ 0 };
	if (account != NULL)
		*record = account->record;
	else
		text_copy(record->name, sizeof(record->name), name);
}

static int64_t memory_clock_us(struct store *store)
{
	(void)store;
	return clock_now_us();
}

static void memory_recall(struct store *store, const char *name, struct account *record)
{
	struct memory *memory = memory_lock(store);

	memory_copy_record(memory, name, record);
	memory_unlock(memory);
}

static bool memory_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error)
{
	(void)error;
	memory_recall(store, name, record);
	*found = record->version != 0;
	return true;
}

static bool memory_replace_account(struct store *store, struct account *record,
	const struct event *event, bool *replaced, struct error *error)
{
	struct memory *memory = memory_lock(store);
	struct account old;
	int64_t now_us = clock_now_us();

	(void)error;
	memory_copy_record(memory, record->name, &old);
	*replaced = old.version == record->version;
	if (*replaced) {
		record->version = old.version + 1 > now_us ? old.version + 1 : now_us;
		memory_account_make(memory, record->name)->record = *record;
		memory_add_event(memory, event, now_us);
	}
	memory_unlock(memory);
	return true;
}

static bool memory_counters(struct store *store, const char *name, int64_t from_us,
	struct counters *counters, struct error *error)
{
	struct memory *memory = memory_lock(store);
	const struct memory_account *account = memory_account_find(memory, name);

	(void)error;
	*counters = (struct counters){ 0 };
	for (size_t i = 0; account != NULL && i < account->hour_count; i++) {
		const struct hour *hour = &account->hours[i];

		if (hour->start_us + HOUR_US <= from_us)
			continue;
		counters->accepted += hour->counters.accepted;
		counters->hard += hour->counters.hard;
		counters->soft += hour->counters.soft;
		counters->policy += hour->counters.policy;
		counters->complaint += hour->counters.complaint;
	}
	memory_unlock(memory);
	return true;
}

static bool memory_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error)
{
	struct memory *memory = memory_lock(store);
	size_t count = memory->account_count;
	struct memory_account *accounts =
		memory_snapshot(memory->accounts, count, sizeof(*accounts));

	(void)error;
	memory_unlock(memory);
	for (size_t i = 0; i < count && visit(accounts[i].record.name, context); i++)
		continue;
	free(accounts);
	return true;
}

static bool memory_reset_limits(struct store *store, const char *account,
	const char *limit_name, int64_t *count, struct error *error)
{
	struct memory *memory = memory_lock(store);
	char *prefix = limit_key_prefix(account, limit_name);
	size_t kept = 0;

	(void)error;
	for (size_t i = 0; i < memory->limit_count; i++) {
		struct limit_state *state = &memory->limits[i];

		if (strncmp(state->key, prefix, strlen(prefix)) == 0)
			limit_state_clear(state);
		else
			memory->limits[kept++] = *state;
	}
	*count = (int64_t)(memory->limit_count - kept);
	memory->limit_count = kept;
	free(prefix);
	memory_unlock(memory);
	return true;
}

static bool memory_each_limit_key(struct store *store, const char *account,
	const char *limit_name, limit_key_visitor *visit, void *context,
	struct error *error)
{
	struct memory *memory = memory_lock(store);
	char *prefix = limit_key_prefix(account, limit_name);
	char **keys = xcalloc(memory->limit_count, sizeof(*keys));
	size_t count = 0;
	bool more = true;

	(void)error;
	for (size_t i = 0; i < memory->limit_count; i++)
		if (strncmp(memory->limits[i].key, prefix, strlen(prefix)) == 0)
			keys[count++] = xstrdup(memory->limits[i].key);
	memory_unlock(memory);
	for (size_t i = 0; i < count; i++) {
		more = more && visit(keys[i], context);
		free(keys[i]);
	}
	free(keys);
	free(prefix);
	return true;
}

/* ---- events ---- */

void memory_add_event(struct memory *memory, const struct event *event, int64_t now_us)
{
	struct event *new;

	if (event == NULL)
		return;
	if (memory->event_count < MEMORY_EVENTS_MAX) {
		memory->events = xreallocarray(
			memory->events, memory->event_count + 1, sizeof(*memory->events));
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
