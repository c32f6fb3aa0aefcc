#include "tests/store/contract.h"

#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Questions to a store, for the cases of the contract. */

#define PER_ACCOUNT (1u << FIELD_ACCOUNT)
const struct limit contract_limits[LIMITS] = {
	[PACE] = { .name = "pace",
		.kind = LIMIT_RATE,
		.count = COUNT_RECIPIENTS,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 1, .window_us = 60 * SECOND_US, .burst = 5 } },
	[DAY] = { .name = "day",
		.kind = LIMIT_QUOTA,
		.count = COUNT_RECIPIENTS,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 8, .window_us = DAY_US } },
	[NEW] = { .name = "new",
		.kind = LIMIT_QUOTA,
		.count = COUNT_DISTINCT,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 3, .window_us = DAY_US } },
	[MAILS] = { .name = "mails",
		.kind = LIMIT_QUOTA,
		.count = COUNT_MESSAGES,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 2, .window_us = HOUR_US } },
};

void name_recipient(struct recipient *recipient, const char *text)
{
	struct address address;

	assert_null(address_parse(&address, text, NULL));
	recipient_set(recipient, &address, contract_secret);
}

static void add_recipients(struct asking *asking)
{
	struct demand *demand = &asking->demand;

	if (asking->recipients[0] == NULL)
		asking->recipients[0] = "a@x.example";
	demand->recipients = xcalloc(4, sizeof(*demand->recipients));
	for (size_t i = 0; i < 4 && asking->recipients[i] != NULL; i++) {
		struct demand_recipient *asked = &demand->recipients[i];

		name_recipient(&asking->known[i], asking->recipients[i]);
		asked->recipient = &asking->known[i];
		asked->limits = xcalloc(LIMITS, sizeof(*asked->limits));
		while (asked->limit_count < demand->limit_count) {
			asked->limits[asked->limit_count] = (uint16_t)asked->limit_count;
			asked->limit_count++;
		}
		demand->recipient_count++;
	}
}

void make_demand(struct asking *asking)
{
	struct demand *demand = &asking->demand;

	if (asking->account == NULL)
		asking->account = "shop";
	text_copy(asking->message.account, sizeof(asking->message.account),
		asking->account);
	*demand = (struct demand){
		.account = asking->account,
		.version = asking->version,
		.look_only = asking->look_only,
		.verified_wanted = asking->verified_wanted,
		.suppressed_count = asking->suppressed_count,
		.unverified_count = asking->unverified_count,
		.now_us = asking->real_clock ? 0
			  : asking->now_us   ? asking->now_us
					     : NOW,
		.limits = xcalloc(LIMITS, sizeof(*demand->limits)),
	};
	for (size_t i = 0; i < LIMITS; i++) {
		if ((asking->limits & 1u << i) == 0)
			continue;
		demand->limits[demand->limit_count++] = (struct demand_limit){
			.limit = &contract_limits[i],
			.capacity = contract_limits[i].capacity,
			.beyond = asking->beyond,
			.pending = asking->pending,
			.key = limit_key(&contract_limits[i],
				&contract_limits[i].capacity, &asking->message,
				&asking->known[0]),
		};
	}
	add_recipients(asking);
}

/* The charges stay in asking.message; done() forgets it all. */
void ask(struct store *store, struct asking *asking)
{
	size_t used = 0;

	make_demand(asking);
	facts_init(&asking->facts, &asking->demand);
	store_charge(store, &asking->demand, &asking->facts);
	assert_int_not_equal(asking->facts.status, FACTS_UNKNOWN);
	for (size_t i = 0; i < LIMITS; i++)
		if ((asking->limits & 1u << i) != 0)
			asking->limit[i] = asking->facts.limits[used++];
	facts_remember(&asking->facts, &asking->demand, &asking->message);
}

void done(struct asking *asking)
{
	facts_clear(&asking->facts);
	demand_clear(&asking->demand);
	message_clear(&asking->message);
}

bool charges(struct store *store, struct asking asking)
{
	bool charged;

	ask(store, &asking);
	charged = asking.facts.charged;
	done(&asking);
	return charged;
}

/* What is used of the limit at NOW, or when ASKING says. */
int64_t used_then(struct store *store, size_t limit, struct asking asking)
{
	int64_t used;

	asking.limits = 1u << limit;
	asking.look_only = true;
	ask(store, &asking);
	used = asking.limit[limit].used;
	done(&asking);
	return used;
}

int64_t used(struct store *store, size_t limit)
{
	return used_then(store, limit, (struct asking){ 0 });
}

void refund(struct store *store, const struct message *message)
{
	const struct closing closing = {
		.account = message->account,
		.node = "node",
		.refunds = message->charges,
		.refund_count = message->charge_count,
	};

	assert_true(store_finish(store, &closing, NULL, NULL));
}
