#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "store/memory.h"

/* Totals for metrics, and how many accounts stand how. */

void memory_count_total(struct memory *memory, const char *head, const char *tail)
{
	struct memory_total *total;
	char name[sizeof(total->name)];

	snprintf(name, sizeof(name), "%s%s", head, tail);
	for (size_t i = 0; i < memory->total_count; i++)
		if (strcmp(memory->totals[i].name, name) == 0) {
			memory->totals[i].value++;
			return;
		}
	memory->totals = xreallocarray(
		memory->totals, memory->total_count + 1, sizeof(*memory->totals));
	total = &memory->totals[memory->total_count++];
	*total = (struct memory_total){ .value = 1 };
	memcpy(total->name, name, sizeof(name));
}

bool memory_tally(
	struct store *store, const char *const *names, size_t count, struct error *error)
{
	struct memory *memory = memory_lock(store);

	(void)error;
	for (size_t i = 0; i < count; i++)
		memory_count_total(memory, names[i], "");
	memory_unlock(memory);
	return true;
}

static void count_standings(const struct memory *memory, int64_t counts[STANDING_COUNT])
{
	for (size_t i = 0; i < memory->account_count; i++)
		if (memory_account_is_known(&memory->accounts[i]))
			counts[memory->accounts[i].record.standing]++;
}

bool memory_each_total(
	struct store *store, total_visitor *visit, void *context, struct error *error)
{
	struct memory *memory = memory_lock(store);
	size_t count = memory->total_count;
	struct memory_total *totals =
		memory_snapshot(memory->totals, count, sizeof(*totals));
	int64_t standings[STANDING_COUNT] = { 0 };
	bool more = true;

	(void)error;
	count_standings(memory, standings);
	memory_unlock(memory);
	for (size_t i = 0; more && i < count; i++)
		more = visit(totals[i].name, totals[i].value, context);
	for (size_t i = 0; more && i < STANDING_COUNT; i++) {
		char name[40];

		snprintf(name, sizeof(name), "accounts:%s", standing_names[i]);
		more = visit(name, standings[i], context);
	}
	free(totals);
	return true;
}
