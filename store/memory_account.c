#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/memory.h"

/* Accounts: their records, their counters, the state of their limits. */

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

bool memory_account_is_known(const struct memory_account *account)
{
	return account->record.version != 0 || account->hour_count > 0;
}

/* Hours that are older than all windows go. */
static void clean_hours(struct memory_account *account, int64_t now_us)
{
	int64_t oldest_us = now_us - now_us % HOUR_US - FEEDBACK_MAX_US;
	size_t kept = 0;

	account->returned = false;
	for (size_t i = 0; i < account->hour_count; i++) {
		const struct hour hour = account->hours[i];

		if (hour.start_us < oldest_us)
			continue;
		if (hour.counters.hard + hour.counters.soft + hour.counters.policy +
				hour.counters.complaint >
			0)
			account->returned = true;
		account->hours[kept++] = hour;
	}
	account->hour_count = kept;
}

struct counters *memory_hour(
	struct memory *memory, const char *name, int64_t time_us, int64_t now_us)
{
	struct memory_account *account = memory_account_make(memory, name);
	int64_t start_us = time_us < now_us ? time_us : now_us;

	start_us -= start_us % HOUR_US;
	for (size_t i = 0; i < account->hour_count; i++)
		if (account->hours[i].start_us == start_us)
			return &account->hours[i].counters;
	clean_hours(account, now_us);
	account->hours = xreallocarray(
		account->hours, account->hour_count + 1, sizeof(*account->hours));
	account->hours[account->hour_count] = (struct hour){ .start_us = start_us };
	return &account->hours[account->hour_count++].counters;
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

void memory_recall(struct store *store, const char *name, struct account *record)
{
	struct memory *memory = memory_lock(store);

	memory_copy_record(memory, name, record);
	memory_unlock(memory);
}

bool memory_account(struct store *store, const char *name, struct account *record,
	bool *found, struct error *error)
{
	(void)error;
	memory_recall(store, name, record);
	*found = record->version != 0;
	return true;
}

static void keep_record(
	struct memory *memory, const struct account *record, int64_t restarted_us)
{
	struct memory_account *account = memory_account_make(memory, record->name);

	account->record = *record;
	if (record->restarted_us > restarted_us) {
		account->hour_count = 0;
		account->returned = false;
	}
}

bool memory_replace_account(struct store *store, struct account *record,
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
		keep_record(memory, record, old.restarted_us);
		memory_add_event(memory, event, now_us);
	}
	memory_unlock(memory);
	return true;
}

bool memory_counters(struct store *store, const char *name, int64_t from_us,
	struct counters *counters, struct error *error)
{
	struct memory *memory = memory_lock(store);
	const struct memory_account *account = memory_account_find(memory, name);

	(void)error;
	*counters = (struct counters){ 0 };
	/* Mail that was under way at the restart is of an hour before it, at times. */
	if (account != NULL && from_us < account->record.restarted_us)
		from_us = account->record.restarted_us;
	for (size_t i = 0; account != NULL && i < account->hour_count; i++) {
		const struct hour *hour = &account->hours[i];

		if (hour->start_us + HOUR_US <= from_us)
			continue;
		counters->accepted += hour->counters.accepted;
		counters->reporting += hour->counters.reporting;
		counters->hard += hour->counters.hard;
		counters->soft += hour->counters.soft;
		counters->policy += hour->counters.policy;
		counters->complaint += hour->counters.complaint;
	}
	memory_unlock(memory);
	return true;
}

bool memory_each_account(
	struct store *store, account_visitor *visit, void *context, struct error *error)
{
	struct memory *memory = memory_lock(store);
	size_t count = memory->account_count;
	struct memory_account *accounts =
		memory_snapshot(memory->accounts, count, sizeof(*accounts));
	bool more = true;

	(void)error;
	memory_unlock(memory);
	for (size_t i = 0; more && i < count; i++)
		if (memory_account_is_known(&accounts[i]))
			more = visit(accounts[i].record.name, context);
	free(accounts);
	return true;
}

bool memory_reset_limits(struct store *store, const char *account, const char *limit_name,
	int64_t *count, struct error *error)
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

bool memory_each_limit_key(struct store *store, const char *account,
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
