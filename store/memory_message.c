#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "policy/usage.h"
#include "store/memory.h"

/* The path of a message through the store in memory: store_charge() and store_finish().
 */

/* One limit while it is asked about, with a copy of its state. */
struct trial {
	struct limit_state state; /* without its key */
	const char **members;	  /* of the recipients that take part */
	size_t member_count;
	bool is_known; /* there is a state already */
	int64_t asked; /* how many are to be charged */
};

static struct limit_state *find_limit(const struct memory *memory, const char *key)
{
	for (size_t i = 0; i < memory->limit_count; i++) {
		if (strcmp(memory->limits[i].key, key) == 0)
			return &memory->limits[i];
	}
	return NULL;
}

static void copy_state(struct limit_state *to, const struct limit_state *from)
{
	*to = *from;
	to->key = NULL;
	to->distinct.mentions = memory_snapshot(from->distinct.mentions,
		from->distinct.count, sizeof(*from->distinct.mentions));
}

/* The state of the trial becomes the one that is kept. */
static void keep_state(struct memory *memory, const char *key, struct limit_state *state)
{
	struct limit_state *kept = find_limit(memory, key);

	if (kept == NULL) {
		memory->limits = xreallocarray(
			memory->limits, memory->limit_count + 1, sizeof(*memory->limits));
		kept = &memory->limits[memory->limit_count++];
		state->key = xstrdup(key);
	} else {
		state->key = kept->key;
		kept->key = NULL;
		limit_state_clear(kept);
	}
	*kept = *state;
	*state = (struct limit_state){ 0 };
}

static void look_up_recipient(const struct memory *memory, const struct demand *demand,
	const struct recipient *recipient, int64_t now_us, struct recipient_fact *fact)
{
	enum reason address =
		memory_suppressed(memory, recipient->digest, demand->account, now_us);
	enum reason domain = memory_suppressed(
		memory, recipient->domain_digest, demand->account, now_us);

	fact->by_domain = domain > address;
	fact->suppressed = fact->by_domain ? domain : address;
	fact->verified = demand->verified_wanted &&
			 (memory_verified(memory, recipient->digest) ||
				 memory_verified(memory, recipient->domain_digest));
}

static void try_limit(const struct memory *memory, const struct demand *demand,
	size_t index, struct facts *facts, struct trial *trial)
{
	const struct demand_limit *limit = &demand->limits[index];
	const struct limit_state *state = find_limit(memory, limit->key);
	struct limit_fact *fact = &facts->limits[index];

	trial->is_known = state != NULL;
	if (trial->is_known)
		copy_state(&trial->state, state);
	trial->members = xcalloc(demand->recipient_count, sizeof(*trial->members));
	for (size_t i = 0; i < demand->recipient_count; i++) {
		if (demand_takes_part(demand, facts, i, index))
			trial->members[trial->member_count++] =
				demand->recipients[i].recipient->digest;
	}
	trial->asked = (int64_t)trial->member_count;
	if (limit->limit->count == COUNT_MESSAGES && trial->asked > 1)
		trial->asked = 1;

	if (limit->limit->kind == LIMIT_RATE)
		rate_look(&trial->state.rate, &limit->capacity, limit->pending,
			trial->asked, facts->now_us, fact);
	else if (limit->limit->count == COUNT_DISTINCT)
		distinct_look(&trial->state.distinct, &limit->capacity, limit->pending,
			trial->members, trial->member_count, facts->now_us, fact);
	else
		quota_look(&trial->state.quota, &limit->capacity, limit->pending,
			trial->asked, facts->now_us, fact);
}

static void charge_limit(const struct demand *demand, size_t index, struct facts *facts,
	struct trial *trial)
{
	const struct demand_limit *limit = &demand->limits[index];
	struct limit_fact *fact = &facts->limits[index];

	if (trial->asked == 0 || (fact->full && limit->beyond == BEYOND_OBSERVE))
		return;
	fact->charged = true;
	if (limit->limit->kind == LIMIT_RATE)
		rate_charge(&trial->state.rate, trial->asked, facts->now_us);
	else if (limit->limit->count == COUNT_DISTINCT)
		distinct_charge(&trial->state.distinct, &limit->capacity, trial->members,
			trial->member_count, facts->now_us, fact);
	else
		quota_charge(&trial->state.quota, &limit->capacity, trial->asked,
			facts->now_us, fact);
}

/* All or nothing: may this demand be charged? */
static bool is_allowed(const struct demand *demand, const struct facts *facts)
{
	size_t left = 0;

	for (size_t i = 0; i < demand->recipient_count; i++) {
		const struct recipient_fact *fact = &facts->recipients[i];

		if (fact->suppressed != REASON_NONE && !demand->suppressed_count)
			continue;
		left++;
		if (demand->verified_wanted && !demand->unverified_count &&
			!fact->verified)
			return false;
	}
	for (size_t i = 0; i < demand->limit_count; i++) {
		if (facts->limits[i].full && demand->limits[i].beyond == BEYOND_REFUSE)
			return false;
	}
	return left > 0;
}

/*
 * Beside what was charged: what has left a window is gone for good, even
 * should the clock go back.  A rate that drains in one step is more exact.
 */
static bool is_kept(const struct demand *demand, size_t index, const struct facts *facts,
	const struct trial *trial)
{
	if (facts->limits[index].charged)
		return true;
	return !demand->look_only && trial->is_known &&
	       demand->limits[index].limit->kind == LIMIT_QUOTA;
}

static void ask(struct memory *memory, const struct demand *demand, struct facts *facts)
{
	struct trial *trials = xcalloc(demand->limit_count, sizeof(*trials));

	for (size_t i = 0; i < demand->recipient_count; i++)
		look_up_recipient(memory, demand, demand->recipients[i].recipient,
			facts->now_us, &facts->recipients[i]);
	for (size_t i = 0; i < demand->limit_count; i++)
		try_limit(memory, demand, i, facts, &trials[i]);

	facts->charged = !demand->look_only && is_allowed(demand, facts);
	for (size_t i = 0; i < demand->limit_count; i++) {
		if (facts->charged)
			charge_limit(demand, i, facts, &trials[i]);
		if (is_kept(demand, i, facts, &trials[i]))
			keep_state(memory, demand->limits[i].key, &trials[i].state);
		limit_state_clear(&trials[i].state);
		free(trials[i].members);
	}
	free(trials);
}

void memory_charge(struct store *store, const struct demand *demand, struct facts *facts)
{
	struct memory *memory = memory_lock(store);
	struct account record;

	memory_copy_record(memory, demand->account, &record);
	facts->now_us = demand->now_us != 0 ? demand->now_us : clock_now_us();
	facts->status = record.version == demand->version ? FACTS_KNOWN : FACTS_STALE;
	if (facts->status == FACTS_KNOWN)
		ask(memory, demand, facts);
	else
		facts->account = record;
	memory_unlock(memory);
}

static void refund(struct memory *memory, const struct charge *charge)
{
	struct limit_state *state = find_limit(memory, charge->key);

	if (state == NULL || charge->kind != LIMIT_QUOTA)
		return;
	if (charge->count == COUNT_DISTINCT)
		distinct_refund(&state->distinct, charge->member, charge->set_us,
			charge->previous_us);
	else
		quota_refund(&state->quota, charge->bucket, charge->amount);
}

static void keep_queued(struct memory *memory, const struct closing *closing,
	int64_t accepted_us, int64_t now_us)
{
	struct queued queued = { .accepted_us = accepted_us };

	text_copy(queued.account, sizeof(queued.account), closing->account);
	text_copy(queued.recipients, sizeof(queued.recipients),
		closing->recipients != NULL ? closing->recipients : RECIPIENTS_ANY);
	memory_keep_queued(memory, closing->node, closing->queue_id, &queued, now_us);
}

static void count_accepted(
	struct memory *memory, const struct closing *closing, int64_t now_us)
{
	int64_t accepted_us = closing->accepted_us != 0 ? closing->accepted_us : now_us;
	struct counters *counters =
		memory_hour(memory, closing->account, accepted_us, now_us);

	counters->accepted += closing->accepted;
	counters->reporting += closing->reporting;
	if (closing->queue_id != NULL && *closing->queue_id != '\0')
		keep_queued(memory, closing, accepted_us, now_us);
}

bool memory_finish(struct store *store, const struct closing *closing, bool *returned,
	struct error *error)
{
	struct memory *memory = memory_lock(store);
	int64_t now_us = clock_now_us();
	bool back = false;

	(void)error;
	if (closing->accepted > 0) {
		count_accepted(memory, closing, now_us);
		back = memory_account_make(memory, closing->account)->returned;
	}
	for (size_t i = 0; i < closing->refund_count; i++)
		refund(memory, &closing->refunds[i]);
	for (size_t i = 0; i < closing->event_count; i++)
		memory_add_event(memory, &closing->events[i], now_us);
	memory_unlock(memory);
	if (returned != NULL)
		*returned = back;
	return true;
}
