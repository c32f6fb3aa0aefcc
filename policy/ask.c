#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "policy/policy.h"
#include "policy/standing.h"

/* What must be asked of the store about a message: policy_demand(), see policy.h. */

void policy_capacity(const struct limit *limit, const struct account *account,
	int64_t now_us, struct capacity *capacity)
{
	int64_t two_seconds;

	*capacity = limit->capacity;
	for (size_t i = 0; i < account->override_count; i++) {
		const struct override *override = &account->overrides[i];

		if (strcmp(override->limit, limit->name) != 0 ||
			(override->until_us != 0 && override->until_us <= now_us) ||
			!capacity_parse(capacity, override->value))
			continue;
		if (capacity->lifted || limit->kind != LIMIT_RATE)
			return;
		/* A faster rate wants a larger burst, or the burst would be what limits.
		 */
		two_seconds = 2000000 * capacity->amount / capacity->window_us;
		if (capacity->burst < two_seconds)
			capacity->burst = two_seconds;
		return;
	}
}

/* One that is over need not wait until the record says so. */
static bool is_paused(
	const struct policy *policy, const struct account *account, int64_t now_us)
{
	return account->standing == STANDING_PAUSED &&
	       !pause_is_over(policy->resume_us, account, now_us);
}

/* What happens where the limit is full; the verdict is judge.c's, here it is what gets
 * charged. */
static enum beyond find_beyond(const struct policy *policy, const struct message *message,
	const struct demand *demand, const struct limit *limit)
{
	if (policy->observe_only || limit->action == LIMIT_OBSERVE)
		return BEYOND_OBSERVE;
	if (limit->action == LIMIT_HOLD)
		return BEYOND_CHARGE;
	if (!message->judged_whole)
		return BEYOND_REFUSE;
	/* Mail from sendmail(1) that is held is charged: nobody judges it when it is
	 * released. */
	if (demand->paused || (limit->action == LIMIT_TEMPFAIL &&
				      policy->local_submission == LIMIT_HOLD))
		return BEYOND_CHARGE;
	return BEYOND_REFUSE;
}

/*
 * The keys of a demand by their hash: a message to thousands may have
 * thousands of keys.  Slots hold an index plus one, so that 0 is empty; at
 * most half of them are taken.
 */
struct key_index {
	uint32_t *slots;
	size_t room; /* a power of two */
};

/* FNV-1a: keys need only be spread. */
static uint32_t hash_of(const char *key)
{
	uint32_t hash = 2166136261U;

	for (; *key != '\0'; key++)
		hash = (hash ^ (unsigned char)*key) * 16777619U;
	return hash;
}

/* The slot that KEY has, or would get. */
static uint32_t *find_slot(
	const struct key_index *index, const struct demand *demand, const char *key)
{
	for (size_t i = hash_of(key);; i++) {
		uint32_t *slot = &index->slots[i & (index->room - 1)];

		if (*slot == 0 || strcmp(demand->limits[*slot - 1].key, key) == 0)
			return slot;
	}
}

static void grow_index(struct key_index *index, const struct demand *demand)
{
	if (2 * (demand->limit_count + 1) < index->room)
		return;
	free(index->slots);
	index->room = index->room == 0 ? 16 : 2 * index->room;
	index->slots = xcalloc(index->room, sizeof(*index->slots));
	for (size_t i = 0; i < demand->limit_count; i++)
		*find_slot(index, demand, demand->limits[i].key) = (uint32_t)i + 1;
}

/* The index of the limit with KEY, which is taken over. */
static uint32_t add_limit(
	struct demand *demand, struct key_index *index, const struct demand_limit *asked)
{
	uint32_t *slot;

	grow_index(index, demand);
	slot = find_slot(index, demand, asked->key);
	if (*slot != 0) {
		free(asked->key);
		return *slot - 1;
	}
	/* Grown when the count is a power of two. */
	if ((demand->limit_count & (demand->limit_count - 1)) == 0)
		demand->limits = xreallocarray(demand->limits,
			demand->limit_count == 0 ? 1 : 2 * demand->limit_count,
			sizeof(*demand->limits));
	demand->limits[demand->limit_count++] = *asked;
	*slot = (uint32_t)demand->limit_count;
	return *slot - 1;
}

static void add_limits(const struct policy *policy, const struct plan *plan,
	const struct message *message, const struct account *account, int64_t now_us,
	struct demand *demand, struct key_index *index, struct demand_recipient *asked)
{
	asked->limits = xcalloc(plan->limit_count + 1, sizeof(*asked->limits));
	for (size_t i = 0; i < plan->limit_count; i++) {
		const struct limit *limit = &plan->limits[i];
		struct demand_limit found = { .limit = limit };

		if (!limit_applies(limit, message, asked->recipient))
			continue;
		policy_capacity(limit, account, now_us, &found.capacity);
		if (found.capacity.lifted)
			continue;
		found.beyond = find_beyond(policy, message, demand, limit);
		found.key = limit_key(limit, &found.capacity, message, asked->recipient);
		if (limit->count == COUNT_MESSAGES &&
			message_charge(message, found.key) != NULL) {
			free(found.key);
			continue;
		}
		asked->limits[asked->limit_count++] = add_limit(demand, index, &found);
	}
}

void policy_demand(const struct policy *policy, const struct message *message,
	const struct recipient *const *recipients, size_t count,
	const struct account *account, int64_t now_us, struct demand *demand)
{
	const struct plan *plan = policy_plan(policy, account, now_us);
	struct key_index index = { NULL, 0 };
	bool paused = is_paused(policy, account, now_us);
	/* A paused account is refused whatever its limits say; its version is asked all the same. */
	bool limited = !paused || message->judged_whole || policy->observe_only;

	*demand = (struct demand){
		.account = message->account,
		.version = account->version,
		.paused = paused,
		.others = message->internal > 0,
		.verified_wanted = plan->verified_recipients_only,
		.unverified_count = policy->observe_only,
		.suppressed_count = policy->observe_only ||
				    policy->suppression_action == SUPPRESSION_OBSERVE,
		.recipients = xcalloc(count, sizeof(*demand->recipients)),
		.recipient_count = count,
	};
	for (size_t i = 0; i < count; i++) {
		demand->recipients[i].recipient = recipients[i];
		if (limited)
			add_limits(policy, plan, message, account, now_us, demand, &index,
				&demand->recipients[i]);
	}
	free(index.slots);
}
