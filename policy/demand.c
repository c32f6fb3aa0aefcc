#include "policy/demand.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void demand_clear(struct demand *demand)
{
	for (size_t i = 0; i < demand->limit_count; i++)
		free(demand->limits[i].key);
	for (size_t i = 0; i < demand->recipient_count; i++)
		free(demand->recipients[i].limits);
	free(demand->limits);
	free(demand->recipients);
	memset(demand, 0, sizeof(*demand));
}

bool demand_takes_part(const struct demand *demand, const struct facts *facts,
	size_t recipient, size_t limit)
{
	const struct demand_recipient *who = &demand->recipients[recipient];

	if (facts->recipients[recipient].suppressed != REASON_NONE &&
		!demand->suppressed_count)
		return false;
	for (size_t i = 0; i < who->limit_count; i++) {
		if (who->limits[i] == limit)
			return true;
	}
	return false;
}

void facts_init(struct facts *facts, const struct demand *demand)
{
	memset(facts, 0, sizeof(*facts));
	facts->limits = xcalloc(demand->limit_count, sizeof(*facts->limits));
	facts->recipients = xcalloc(demand->recipient_count, sizeof(*facts->recipients));
}

void facts_clear(struct facts *facts)
{
	free(facts->limits);
	free(facts->recipients);
	memset(facts, 0, sizeof(*facts));
}

/*
 * Of several members, which only a message that is judged whole has, the store
 * tells the mention before of the first: the others are not given back.
 */
static void remember_member(const struct facts *facts, const struct demand *demand,
	size_t limit, struct charge charge, struct message *message)
{
	size_t i = 0;

	while (i < demand->recipient_count && !demand_takes_part(demand, facts, i, limit))
		i++;
	if (i == demand->recipient_count)
		return;
	charge.amount = 1;
	charge.key = xstrdup(demand->limits[limit].key);
	memcpy(charge.member, demand->recipients[i].recipient->digest,
		sizeof(charge.member));
	message_add_charge(message, &charge);
}

void facts_remember(
	const struct facts *facts, const struct demand *demand, struct message *message)
{
	for (size_t i = 0; i < demand->limit_count; i++) {
		const struct limit_fact *fact = &facts->limits[i];
		const struct limit *limit = demand->limits[i].limit;
		struct charge charge = {
			.kind = limit->kind,
			.count = limit->count,
			.bucket = fact->bucket,
			.amount = fact->wanted,
			.set_us = facts->now_us,
			.previous_us = fact->previous_us,
		};

		/* A rate regrows by itself, but a message must not be counted twice. */
		if (!fact->charged ||
			(limit->kind != LIMIT_QUOTA && limit->count != COUNT_MESSAGES))
			continue;
		if (limit->count == COUNT_DISTINCT) {
			remember_member(facts, demand, i, charge, message);
			continue;
		}
		charge.key = xstrdup(demand->limits[i].key);
		message_add_charge(message, &charge);
	}
}
