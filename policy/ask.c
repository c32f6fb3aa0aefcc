#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "policy/policy.h"

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

static bool is_paused(const struct account *account)
{
	return account->standing == STANDING_PAUSED;
}

/* What happens where the limit is full; the verdict is judge.c's, here it is what gets
 * charged. */
static enum beyond find_beyond(const struct policy *policy, const struct message *message,
	const struct account *account, const struct limit *limit)
{
	if (policy->observe_only || limit->action == LIMIT_OBSERVE)
		return BEYOND_OBSERVE;
	if (limit->action == LIMIT_HOLD)
		return BEYOND_CHARGE;
	if (!message->judged_whole)
		return BEYOND_REFUSE;
	/* Mail from sendmail(1) that is held is charged: nobody judges it when it is
	 * released. */
	if (is_paused(account) || (limit->action == LIMIT_TEMPFAIL &&
					  policy->local_submission == LIMIT_HOLD))
		return BEYOND_CHARGE;
	return BEYOND_REFUSE;
}

/* The index of the limit with KEY, which is taken over. */
static size_t add_limit(struct demand *demand, const struct limit *limit,
	const struct capacity *capacity, enum beyond beyond, char *key)
{
	for (size_t i = 0; i < demand->limit_count; i++) {
		if (strcmp(demand->limits[i].key, key) == 0) {
			free(key);
			return i;
		}
	}
	demand->limits = xreallocarray(
		demand->limits, demand->limit_count + 1, sizeof(*demand->limits));
	demand->limits[demand->limit_count] = (struct demand_limit){
		.limit = limit,
		.capacity = *capacity,
		.beyond = beyond,
		.key = key,
	};
	return demand->limit_count++;
}

static void add_limits(const struct policy *policy, const struct plan *plan,
	const struct message *message, const struct account *account, int64_t now_us,
	struct demand *demand, struct demand_recipient *asked)
{
	asked->limits = xcalloc(plan->limit_count + 1, sizeof(*asked->limits));
	for (size_t i = 0; i < plan->limit_count; i++) {
		const struct limit *limit = &plan->limits[i];
		struct capacity capacity;
		char *key;

		if (!limit_applies(limit, message, asked->recipient))
			continue;
		policy_capacity(limit, account, now_us, &capacity);
		if (capacity.lifted)
			continue;
		key = limit_key(limit, &capacity, message, asked->recipient);
		if (limit->count == COUNT_MESSAGES &&
			message_charge(message, key) != NULL) {
			free(key);
			continue;
		}
		asked->limits[asked->limit_count++] = (uint16_t)add_limit(demand, limit,
			&capacity, find_beyond(policy, message, account, limit), key);
	}
}

void policy_demand(const struct policy *policy, const struct message *message,
	const struct recipient *const *recipients, size_t count,
	const struct account *account, int64_t now_us, struct demand *demand)
{
	const struct plan *plan = policy_plan(policy, account, now_us);
	/* A paused account is refused whatever its limits say; the version is asked all
	 * the same. */
	bool limited =
		!is_paused(account) || message->judged_whole || policy->observe_only;

	*demand = (struct demand){
		.account = message->account,
		.version = account->version,
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
			add_limits(policy, plan, message, account, now_us, demand,
				&demand->recipients[i]);
	}
}
