#include "store/store.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "tests/support/redis_server.h"
#include "tests/support/test.h"

/* The contract of store/store.h: the same cases over every kind of store. */

#define NOW (INT64_C(1700000000) * SECOND_US)

static struct redis_server *server;
static struct secret *secret;
static int prefix_number;

/* ---- asking ---- */

enum { PACE, DAY, NEW, MAILS, LIMITS };

#define PER_ACCOUNT (1u << FIELD_ACCOUNT)
static const struct limit limits[LIMITS] = {
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

/* One question, and its answer. */
struct asking {
	const char *account; /* NULL: "shop" */
	int64_t version;
	int64_t now_us;		   /* 0: NOW */
	bool real_clock;	   /* instead of now_us */
	const char *recipients[4]; /* NULL: a@x.example */
	unsigned limits;	   /* bits; every recipient has them all */
	enum beyond beyond;
	bool look_only, verified_wanted, suppressed_count, unverified_count;
	int64_t pending;
	/* in between and afterwards */
	struct recipient known[4];
	struct message message;
	struct demand demand;
	struct facts facts;
	struct limit_fact limit[LIMITS]; /* of facts, by limit */
};

static void name_recipient(struct recipient *recipient, const char *text)
{
	struct address address;

	assert_null(address_parse(&address, text, NULL));
	recipient_set(recipient, &address, secret);
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

static void make_demand(struct asking *asking)
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
			.limit = &limits[i],
			.capacity = limits[i].capacity,
			.beyond = asking->beyond,
			.pending = asking->pending,
			.key = limit_key(&limits[i], &limits[i].capacity,
				&asking->message, &asking->known[0]),
		};
	}
	add_recipients(asking);
}

/* The charges stay in asking.message; done() forgets it all. */
static void ask(struct store *store, struct asking *asking)
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

static void done(struct asking *asking)
{
	facts_clear(&asking->facts);
	demand_clear(&asking->demand);
	message_clear(&asking->message);
}

static bool charges(struct store *store, struct asking asking)
{
	bool charged;

	ask(store, &asking);
	charged = asking.facts.charged;
	done(&asking);
	return charged;
}

/* What is used of the limit at NOW, or when ASKING says. */
static int64_t used_then(struct store *store, size_t limit, struct asking asking)
{
	int64_t used;

	asking.limits = 1u << limit;
	asking.look_only = true;
	ask(store, &asking);
	used = asking.limit[limit].used;
	done(&asking);
	return used;
}

static int64_t used(struct store *store, size_t limit)
{
	return used_then(store, limit, (struct asking){ 0 });
}

static void refund(struct store *store, const struct message *message)
{
	const struct closing closing = {
		.account = message->account,
		.node = "node",
		.refunds = message->charges,
		.refund_count = message->charge_count,
	};

	assert_true(store_finish(store, &closing, NULL));
}

#define ALL_LIMITS ((1u << LIMITS) - 1)
#define ASKING(...) ((struct asking){ __VA_ARGS__ })

/* ---- the path of a message ---- */

static void test_ready(void **state)
{
	struct error error = ERROR_NONE;

	assert_int_equal(store_probe(*state, &error), STORE_READY);
}

static void test_rate_fills_and_regrows(void **state)
{
	struct asking asking = { .limits = 1u << PACE };

	for (int i = 0; i < 5; i++)
		assert_true(charges(*state, asking));
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_true(asking.limit[PACE].full);
	assert_int_equal(asking.limit[PACE].used, 5);
	assert_int_equal(asking.limit[PACE].wanted, 1);
	assert_int_equal(asking.limit[PACE].frees_us, 60 * SECOND_US);
	assert_int_equal(asking.facts.now_us, NOW);
	assert_int_equal(asking.message.charge_count, 0);
	done(&asking);

	asking = ASKING(.limits = 1u << PACE, .now_us = NOW + 60 * SECOND_US - 1000);
	assert_false(charges(*state, asking));
	asking.now_us = NOW + 60 * SECOND_US;
	assert_true(charges(*state, asking));
}

static void test_quota_fills_and_frees(void **state)
{
	struct asking four = { .limits = 1u << DAY,
		.recipients = {
			"a@x.example", "b@x.example", "c@x.example", "d@x.example" } };
	struct asking one = { .limits = 1u << DAY };

	assert_true(charges(*state, four));
	assert_true(charges(*state, four));
	ask(*state, &one);
	assert_false(one.facts.charged);
	assert_int_equal(one.limit[DAY].used, 8);
	assert_in_range(one.limit[DAY].frees_us, DAY_US, DAY_US + DAY_US / 96);
	four.now_us = NOW + one.limit[DAY].frees_us;
	done(&one);
	assert_int_equal(used_then(*state, DAY, ASKING(.now_us = four.now_us - 1)), 8);
	assert_true(charges(*state, four));
}

static void test_messages_count_once(void **state)
{
	struct asking two = { .limits = 1u << MAILS,
		.recipients = { "a@x.example", "b@x.example" } };

	ask(*state, &two);
	assert_true(two.facts.charged);
	assert_int_equal(two.limit[MAILS].wanted, 1);
	assert_int_equal(two.message.charge_count, 1);
	assert_int_equal(two.message.charges[0].amount, 1);
	done(&two);
	assert_int_equal(used(*state, MAILS), 1);
}

static void test_distinct_counts_recipients_once(void **state)
{
	struct asking asking = { .limits = 1u << NEW,
		.recipients = { "a@x.example", "b@x.example" } };

	assert_true(charges(*state, asking));
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_int_equal(asking.limit[NEW].wanted, 0);
	assert_int_equal(asking.limit[NEW].previous_us, NOW);
	assert_int_equal(asking.message.charge_count, 2);
	done(&asking);
	assert_int_equal(used(*state, NEW), 2);

	asking = ASKING(.limits = 1u << NEW,
		.recipients = { "c@x.example", "d@x.example" },
		.now_us = NOW + SECOND_US);
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_int_equal(asking.limit[NEW].frees_us, DAY_US - SECOND_US);
	done(&asking);
}

static void test_all_limits_or_none(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS };

	assert_true(charges(*state, asking));
	assert_true(charges(*state, asking));
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	for (size_t i = 0; i < LIMITS; i++) {
		assert_int_equal(asking.limit[i].full, i == MAILS);
		assert_false(asking.limit[i].charged);
	}
	done(&asking);
	assert_int_equal(used(*state, DAY), 2);
	assert_int_equal(used(*state, PACE), 2);
}

static void test_beyond(void **state)
{
	struct asking asking = { .limits = 1u << MAILS | 1u << DAY };

	assert_true(charges(*state, asking));
	assert_true(charges(*state, asking));
	asking.beyond = BEYOND_OBSERVE;
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_true(asking.limit[MAILS].full);
	assert_false(asking.limit[MAILS].charged);
	assert_true(asking.limit[DAY].charged);
	done(&asking);
	assert_int_equal(used(*state, MAILS), 2);
	assert_int_equal(used(*state, DAY), 3);

	asking = ASKING(.limits = 1u << MAILS | 1u << DAY, .beyond = BEYOND_CHARGE);
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_true(asking.limit[MAILS].full);
	assert_true(asking.limit[MAILS].charged);
	done(&asking);
	assert_int_equal(used(*state, MAILS), 3);
	assert_int_equal(used(*state, DAY), 4);
}

static void test_a_look_changes_nothing(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS, .look_only = true };

	for (int i = 0; i < 3; i++) {
		ask(*state, &asking);
		assert_int_equal(asking.facts.status, FACTS_KNOWN);
		assert_false(asking.facts.charged);
		for (size_t j = 0; j < LIMITS; j++)
			assert_int_equal(asking.limit[j].used, 0);
		done(&asking);
	}
	asking.pending = 2;
	ask(*state, &asking);
	assert_int_equal(asking.limit[DAY].used, 2);
	assert_true(asking.limit[MAILS].full);
	done(&asking);
}

static void test_accounts_share_nothing(void **state)
{
	struct asking asking = { .limits = 1u << MAILS };

	assert_true(charges(*state, asking));
	assert_true(charges(*state, asking));
	assert_false(charges(*state, asking));
	asking.account = "other";
	assert_true(charges(*state, asking));
}

static void test_the_clock_of_the_store(void **state)
{
	struct asking asking = { .limits = 1u << DAY, .real_clock = true };
	int64_t before = clock_now_us();

	ask(*state, &asking);
	/* Redis tells the time in steps of its own, some milliseconds late. */
	assert_in_range(
		asking.facts.now_us, before - SECOND_US, clock_now_us() + SECOND_US);
	assert_true(asking.facts.charged);
	done(&asking);
}

/* ---- what is refunded ---- */

static void test_refund(void **state)
{
	struct asking kept = { .limits = ALL_LIMITS }, gone = kept;

	assert_true(charges(*state, kept));
	gone.now_us = NOW + HOUR_US / 2;
	gone.recipients[0] = "b@x.example";
	ask(*state, &gone);
	refund(*state, &gone.message);
	done(&gone);
	assert_int_equal(used(*state, DAY), 1);
	assert_int_equal(used(*state, MAILS), 1);
	assert_int_equal(used(*state, NEW), 1);
	/* A rate regrows by itself: 30 minutes after the first it is the second that
	 * counts. */
	assert_int_equal(used_then(*state, PACE, ASKING(.now_us = NOW + HOUR_US / 2)), 1);
	/* The bucket that was charged got it: the rest leaves with the first message. */
	assert_int_equal(
		used_then(*state, MAILS, ASKING(.now_us = NOW + HOUR_US + HOUR_US / 90)),
		0);
}

static void test_refund_of_a_mention(void **state)
{
	struct asking first = { .limits = 1u << NEW }, second = first;

	assert_true(charges(*state, first));
	second.now_us = NOW + HOUR_US;
	ask(*state, &second);
	refund(*state, &second.message);
	done(&second);
	/* It is the first mention again that counts. */
	assert_int_equal(used_then(*state, NEW, ASKING(.now_us = NOW + DAY_US - 1)), 1);
	assert_int_equal(used_then(*state, NEW, ASKING(.now_us = NOW + DAY_US)), 0);
}

static void test_refund_twice_is_not_below_zero(void **state)
{
	struct asking asking = { .limits = ALL_LIMITS };

	ask(*state, &asking);
	refund(*state, &asking.message);
	refund(*state, &asking.message);
	done(&asking);
	assert_int_equal(used(*state, DAY), 0);
	assert_int_equal(used(*state, NEW), 0);
	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS)));
	assert_int_equal(used(*state, DAY), 1);
}

static bool collect_name(const char *name, void *context)
{
	strcat(context, name);
	strcat(context, " ");
	return true;
}

static void test_finish_counts_what_was_sent(void **state)
{
	static const struct event event = { .kind = EVENT_REMOVED, .account = "shop" };
	const struct closing closing = { .account = "shop",
		.node = "node",
		.queue_id = "4bXk2P1Zyz",
		.accepted = 7,
		.events = &event,
		.event_count = 1 };
	struct counters counters;
	char names[200] = "";

	assert_true(store_finish(*state, &closing, NULL));
	assert_true(store_finish(*state, &closing, NULL));
	assert_true(
		store_counters(*state, "shop", clock_now_us() - DAY_US, &counters, NULL));
	assert_int_equal(counters.accepted, 14);
	assert_int_equal(
		counters.hard + counters.soft + counters.policy + counters.complaint, 0);
	assert_true(
		store_counters(*state, "shop", clock_now_us() + DAY_US, &counters, NULL));
	assert_int_equal(counters.accepted, 0);
	assert_true(store_counters(*state, "nobody", 0, &counters, NULL));
	assert_int_equal(counters.accepted, 0);
	assert_true(store_each_account(*state, collect_name, names, NULL));
	assert_string_equal(names, "shop ");
}

/* ---- suppressions ---- */

static struct suppression entry_for(
	const char *recipient, const char *scope, enum reason reason)
{
	struct suppression entry = { .reason = reason, .since_us = NOW };
	struct recipient known;

	if (recipient[0] == '@') {
		text_copy(entry.address, sizeof(entry.address), recipient);
		digest_of(secret, recipient, entry.digest);
	} else {
		name_recipient(&known, recipient);
		text_copy(entry.address, sizeof(entry.address), known.address.text);
		text_copy(entry.digest, sizeof(entry.digest), known.digest);
	}
	text_copy(entry.scope, sizeof(entry.scope), scope);
	text_copy(entry.source, sizeof(entry.source), "command");
	return entry;
}

static enum change suppress(struct store *store, struct suppression entry)
{
	enum change change = CHANGE_UNCHANGED;
	struct error error = ERROR_NONE;

	if (!store_suppress(store, &entry, 1, &change, &error))
		fail_msg("%s", error.text);
	return change;
}

static void test_suppressed_is_left_out(void **state)
{
	struct asking asking = { .limits = 1u << DAY,
		.recipients = { "a@x.example", "b@x.example" } };

	suppress(*state, entry_for("b@x.example", SCOPE_EVERYONE, REASON_HARD));
	ask(*state, &asking);
	assert_true(asking.facts.charged);
	assert_int_equal(asking.facts.recipients[0].suppressed, REASON_NONE);
	assert_int_equal(asking.facts.recipients[1].suppressed, REASON_HARD);
	assert_false(asking.facts.recipients[1].by_domain);
	assert_int_equal(asking.limit[DAY].wanted, 1);
	done(&asking);

	asking = ASKING(.limits = 1u << DAY, .recipients = { "b@x.example" });
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_int_equal(asking.limit[DAY].wanted, 0);
	assert_int_equal(asking.limit[DAY].used, 1);
	done(&asking);
	asking = ASKING(.limits = 1u << DAY, .recipients = { "b@x.example" },
		.suppressed_count = true);
	assert_true(charges(*state, asking));
	assert_int_equal(used(*state, DAY), 2);
}

static void test_the_strongest_reason(void **state)
{
	static const struct {
		const char *name, *entry, *scope;
		enum reason reason, want;
		bool by_domain;
	} steps[] = {
		{ "another account's", "a@x.example", "other", REASON_COMPLAINT,
			REASON_NONE, false },
		{ "another domain", "@y.example", "*", REASON_COMPLAINT, REASON_NONE,
			false },
		{ "domain", "@x.example", "*", REASON_SOFT, REASON_SOFT, true },
		{ "equal", "a@x.example", "shop", REASON_SOFT, REASON_SOFT, false },
		{ "stronger", "@x.example", "shop", REASON_HARD, REASON_HARD, true },
		{ "weaker", "a@x.example", "*", REASON_MANUAL, REASON_HARD, true },
		{ "strongest", "a@x.example", "shop", REASON_COMPLAINT, REASON_COMPLAINT,
			false },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		struct asking asking = { .limits = 0 };

		suppress(*state,
			entry_for(steps[i].entry, steps[i].scope, steps[i].reason));
		ask(*state, &asking);
		CASE_EQUAL_INT(steps[i].name, asking.facts.recipients[0].suppressed,
			steps[i].want);
		CASE_EQUAL_INT(steps[i].name, asking.facts.recipients[0].by_domain,
			steps[i].by_domain);
		done(&asking);
	}
}

static void test_suppressions_end(void **state)
{
	struct suppression entry = entry_for("a@x.example", SCOPE_EVERYONE, REASON_SOFT);
	struct asking asking = { .real_clock = true };
	bool found;

	entry.until_us = clock_now_us() - HOUR_US;
	suppress(*state, entry);
	ask(*state, &asking);
	assert_int_equal(asking.facts.recipients[0].suppressed, REASON_NONE);
	done(&asking);
	assert_true(store_unsuppress(*state, entry.digest, entry.scope, &found, NULL));
	assert_false(found);

	entry.until_us = clock_now_us() + HOUR_US;
	assert_int_equal(suppress(*state, entry), CHANGE_ADDED);
	asking = ASKING(.real_clock = true);
	ask(*state, &asking);
	assert_int_equal(asking.facts.recipients[0].suppressed, REASON_SOFT);
	done(&asking);
}

struct found_entries {
	size_t count, most;
	struct suppression last;
	struct store *ask_again;
};

static bool find_entry(const struct suppression *entry, void *context)
{
	struct found_entries *found = context;
	int64_t nothing;

	found->last = *entry;
	/* A visitor may ask the store. */
	assert_true(store_reset_limits(found->ask_again, "nobody", NULL, &nothing, NULL));
	return ++found->count < found->most;
}

static void test_suppressions_merge(void **state)
{
	struct suppression entry = entry_for("a@x.example", "shop", REASON_HARD);
	struct found_entries found = { .most = 100, .ask_again = *state };

	text_copy(entry.note, sizeof(entry.note), "550 5.1.1 \"no\" \\ such\nuser");
	entry.until_us = clock_now_us() + DAY_US;
	assert_int_equal(suppress(*state, entry), CHANGE_ADDED);
	assert_int_equal(suppress(*state, entry), CHANGE_UNCHANGED);
	entry.reason = REASON_SOFT;
	assert_int_equal(suppress(*state, entry), CHANGE_UNCHANGED);
	entry.until_us = 0;
	assert_int_equal(suppress(*state, entry), CHANGE_CHANGED);
	entry.reason = REASON_COMPLAINT;
	entry.until_us = clock_now_us() + DAY_US;
	assert_int_equal(suppress(*state, entry), CHANGE_CHANGED);

	assert_true(
		store_find_suppressions(*state, entry.digest, find_entry, &found, NULL));
	assert_int_equal(found.count, 1);
	assert_int_equal(found.last.reason, REASON_COMPLAINT);
	assert_int_equal(found.last.until_us, 0);
	assert_int_equal(found.last.since_us, NOW);
	assert_string_equal(found.last.digest, entry.digest);
	assert_string_equal(found.last.address, "a@x.example");
	assert_string_equal(found.last.scope, "shop");
	assert_string_equal(found.last.source, "command");
	assert_string_equal(found.last.note, entry.note);
}

static void test_suppressions_of_one_digest(void **state)
{
	const struct suppression everyone =
		entry_for("a@x.example", SCOPE_EVERYONE, REASON_HARD);
	struct found_entries found = { .most = 100, .ask_again = *state };
	bool there;

	suppress(*state, everyone);
	suppress(*state, entry_for("a@x.example", "shop", REASON_SOFT));
	suppress(*state, entry_for("a@x.example", "{w:eird}* [account]?", REASON_SOFT));
	suppress(*state, entry_for("b@x.example", "shop", REASON_SOFT));
	assert_true(store_find_suppressions(
		*state, everyone.digest, find_entry, &found, NULL));
	assert_int_equal(found.count, 3);

	assert_true(
		store_unsuppress(*state, everyone.digest, SCOPE_EVERYONE, &there, NULL));
	assert_true(there);
	assert_true(
		store_unsuppress(*state, everyone.digest, SCOPE_EVERYONE, &there, NULL));
	assert_false(there);
	assert_true(store_unsuppress(
		*state, everyone.digest, "{w:eird}* [account]?", &there, NULL));
	assert_true(there);
	found.count = 0;
	assert_true(store_find_suppressions(
		*state, everyone.digest, find_entry, &found, NULL));
	assert_int_equal(found.count, 1);
	assert_string_equal(found.last.scope, "shop");
}

static void test_each_suppression(void **state)
{
	enum { MANY = 700 };
	struct suppression *entries = xcalloc(MANY, sizeof(*entries));
	enum change changes[MANY];
	struct found_entries found = { .most = 10 * MANY, .ask_again = *state };
	char address[64];

	for (int i = 0; i < MANY; i++) {
		snprintf(address, sizeof(address), "user%d@x.example", i % (MANY - 1));
		entries[i] = entry_for(address, SCOPE_EVERYONE, REASON_SOFT);
	}
	assert_true(store_suppress(*state, entries, MANY, changes, NULL));
	for (int i = 0; i < MANY; i++)
		assert_int_equal(
			changes[i], i < MANY - 1 ? CHANGE_ADDED : CHANGE_UNCHANGED);
	assert_true(store_each_suppression(*state, find_entry, &found, NULL));
	assert_in_range(found.count, MANY - 1, MANY + 100);
	found.count = 0;
	found.most = 5;
	assert_true(store_each_suppression(*state, find_entry, &found, NULL));
	assert_int_equal(found.count, 5);
	free(entries);
}

/* ---- verified recipients ---- */

static bool collect_address(const struct verified *entry, void *context)
{
	assert_int_equal(entry->since_us, NOW);
	strcat(context, entry->address);
	strcat(context, " ");
	return true;
}

static struct verified verified_for(const char *recipient)
{
	const struct suppression like = entry_for(recipient, "*", REASON_NONE);
	struct verified entry = { .since_us = NOW };

	text_copy(entry.digest, sizeof(entry.digest), like.digest);
	text_copy(entry.address, sizeof(entry.address), like.address);
	return entry;
}

static void test_verified(void **state)
{
	const struct verified address = verified_for("a@x.example");
	const struct verified domain = verified_for("@y.example");
	struct asking asking = { .limits = 1u << DAY,
		.verified_wanted = true,
		.recipients = { "a@x.example", "z@y.example" } };
	char seen[200] = "";
	bool changed;

	assert_false(charges(*state, asking));
	assert_true(store_verify(*state, &address, &changed, NULL));
	assert_true(changed);
	assert_true(store_verify(*state, &address, &changed, NULL));
	assert_false(changed);
	ask(*state, &asking);
	assert_false(asking.facts.charged);
	assert_true(asking.facts.recipients[0].verified);
	assert_false(asking.facts.recipients[1].verified);
	done(&asking);
	asking.unverified_count = true;
	assert_true(charges(*state, asking));
	asking.unverified_count = false;
	assert_true(store_verify(*state, &domain, &changed, NULL));
	assert_true(charges(*state, asking));

	assert_true(store_each_verified(*state, collect_address, seen, NULL));
	assert_int_equal(strlen(seen), strlen("a@x.example @y.example "));
	assert_non_null(strstr(seen, "a@x.example "));
	assert_non_null(strstr(seen, "@y.example "));
	assert_true(store_unverify(*state, domain.digest, &changed, NULL));
	assert_true(changed);
	assert_true(store_unverify(*state, domain.digest, &changed, NULL));
	assert_false(changed);
	assert_false(charges(*state, asking));
}

/* ---- accounts ---- */

static void test_account_record(void **state)
{
	struct account record, again;
	struct asking asking = { .limits = 1u << DAY };
	bool found, replaced;

	assert_true(store_account(*state, "shop", &record, &found, NULL));
	assert_false(found);
	assert_string_equal(record.name, "shop");
	assert_int_equal(record.version, 0);
	store_recall(*state, "shop", &again);
	assert_int_equal(again.version, 0);
	assert_string_equal(again.name, "shop");

	text_copy(record.plan, sizeof(record.plan), "sandbox");
	text_copy(record.note, sizeof(record.note), "two\nlines \"quoted\"");
	record.plan_until_us = NOW + 1;
	record.standing = STANDING_PAUSED;
	record.since_us = NOW;
	record.pause_rejects = true;
	record.override_count = 2;
	record.overrides[0] = (struct override){ "day", "100/24h", NOW + 5 };
	record.overrides[1] = (struct override){ "pace", "none", 0 };
	assert_true(store_replace_account(*state, &record, &replaced, NULL));
	assert_true(replaced);
	assert_true(record.version > NOW);

	assert_true(store_account(*state, "shop", &again, &found, NULL));
	assert_true(found);
	assert_int_equal(again.version, record.version);
	assert_string_equal(again.name, "shop");
	assert_string_equal(again.plan, "sandbox");
	assert_string_equal(again.note, record.note);
	assert_int_equal(again.plan_until_us, NOW + 1);
	assert_int_equal(again.standing, STANDING_PAUSED);
	assert_int_equal(again.since_us, NOW);
	assert_true(again.pause_rejects);
	assert_int_equal(again.override_count, 2);
	for (size_t i = 0; i < 2; i++) {
		assert_string_equal(again.overrides[i].limit, record.overrides[i].limit);
		assert_string_equal(again.overrides[i].value, record.overrides[i].value);
		assert_int_equal(
			again.overrides[i].until_us, record.overrides[i].until_us);
	}

	/* A demand made from no record is stale now, and charges nothing. */
	ask(*state, &asking);
	assert_int_equal(asking.facts.status, FACTS_STALE);
	assert_int_equal(asking.facts.account.version, record.version);
	assert_string_equal(asking.facts.account.plan, "sandbox");
	assert_string_equal(asking.facts.account.name, "shop");
	assert_false(asking.facts.charged);
	done(&asking);
	store_recall(*state, "shop", &again);
	assert_int_equal(again.version, record.version);
	assert_int_equal(used_then(*state, DAY, ASKING(.version = record.version)), 0);
	assert_true(
		charges(*state, ASKING(.limits = 1u << DAY, .version = record.version)));
}

static void test_account_without_record_is_stale_too(void **state)
{
	struct asking asking = { .version = 17, .account = "gone" };

	ask(*state, &asking);
	assert_int_equal(asking.facts.status, FACTS_STALE);
	assert_int_equal(asking.facts.account.version, 0);
	assert_string_equal(asking.facts.account.name, "gone");
	done(&asking);
}

static void test_account_is_replaced_once(void **state)
{
	struct account mine = { .name = "shop" }, theirs = mine;
	bool replaced;
	int64_t version;
	char names[200] = "";

	assert_true(store_replace_account(*state, &mine, &replaced, NULL));
	assert_true(replaced);
	text_copy(theirs.note, sizeof(theirs.note), "lost");
	assert_true(store_replace_account(*state, &theirs, &replaced, NULL));
	assert_false(replaced);
	version = mine.version;
	assert_true(store_replace_account(*state, &mine, &replaced, NULL));
	assert_true(replaced);
	assert_true(mine.version > version);
	assert_true(store_account(*state, "shop", &mine, &replaced, NULL));
	assert_string_equal(mine.note, "");
	assert_true(store_each_account(*state, collect_name, names, NULL));
	assert_string_equal(names, "shop ");
}

static void test_reset_limits(void **state)
{
	int64_t count;

	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS)));
	assert_true(charges(*state, ASKING(.limits = ALL_LIMITS, .account = "shop2")));
	assert_true(store_reset_limits(*state, "shop", "da", &count, NULL));
	assert_int_equal(count, 0);
	assert_true(store_reset_limits(*state, "shop", "day", &count, NULL));
	assert_int_equal(count, 1);
	assert_int_equal(used(*state, DAY), 0);
	assert_int_equal(used(*state, MAILS), 1);
	assert_true(store_reset_limits(*state, "shop", NULL, &count, NULL));
	assert_int_equal(count, 3);
	assert_int_equal(used(*state, MAILS), 0);
	assert_int_equal(used_then(*state, DAY, ASKING(.account = "shop2")), 1);
}

/* ---- events ---- */

struct seen_events {
	struct event last;
	size_t count, most;
	bool in_order;
};

static bool see_event(const struct event *event, void *context)
{
	struct seen_events *seen = context;

	/* The test records them with growing times. */
	seen->in_order = seen->in_order && event->time_us > seen->last.time_us &&
			 strcmp(event->id, seen->last.id) != 0;
	seen->last = *event;
	return ++seen->count < seen->most;
}

static void test_events(void **state)
{
	struct event events[3] = { 0 };
	struct seen_events seen = { .most = 2, .in_order = true };
	char after[EVENT_ID_SIZE];

	for (int i = 0; i < 3; i++) {
		events[i].kind = EVENT_REFUSED;
		events[i].time_us = NOW + i;
	}
	events[2] = (struct event){ .kind = EVENT_RESTORED,
		.time_us = NOW + 2,
		.account = "shop",
		.recipient = "a@x.example",
		.sender = "s@x.example",
		.rule = "day",
		.verdict = "tempfail",
		.reply = "451 4.7.1 \"later\"\r\n",
		.queue_id = "4bXk2P1Zyz",
		.detail = "used=8/8" };
	assert_true(store_each_event(*state, NULL, see_event, &seen, NULL));
	assert_int_equal(seen.count, 0);
	assert_true(store_record(*state, events, 3, NULL));
	assert_true(store_each_event(*state, NULL, see_event, &seen, NULL));
	assert_int_equal(seen.count, 2);
	text_copy(after, sizeof(after), seen.last.id);
	seen.most = 100;
	assert_true(store_each_event(*state, after, see_event, &seen, NULL));
	assert_int_equal(seen.count, 3);
	assert_true(seen.in_order);
	assert_int_equal(seen.last.kind, EVENT_RESTORED);
	assert_string_equal(seen.last.account, "shop");
	assert_string_equal(seen.last.recipient, "a@x.example");
	assert_string_equal(seen.last.sender, "s@x.example");
	assert_string_equal(seen.last.rule, "day");
	assert_string_equal(seen.last.verdict, "tempfail");
	assert_string_equal(seen.last.reply, events[2].reply);
	assert_string_equal(seen.last.queue_id, "4bXk2P1Zyz");
	assert_string_equal(seen.last.detail, "used=8/8");
	text_copy(after, sizeof(after), seen.last.id);
	assert_true(store_each_event(*state, after, see_event, &seen, NULL));
	assert_int_equal(seen.count, 3);

	events[0].time_us = 0;
	assert_true(store_record(*state, events, 1, NULL));
	assert_true(store_each_event(*state, after, see_event, &seen, NULL));
	assert_int_equal(seen.count, 4);
	assert_in_range(seen.last.time_us, clock_now_us() - 60 * SECOND_US,
		clock_now_us() + SECOND_US);
}

static void count_finding(int level, const char *where, const char *text, void *context)
{
	assert_in_range(level, 0, 2);
	assert_true(where[0] != '\0' && text[0] != '\0');
	++*(int *)context;
}

static void test_check(void **state)
{
	int findings = 0;

	store_check(*state, count_finding, &findings);
	assert_true(findings > 0);
}

/* ---- many at once ---- */

static void *charge_often(void *context)
{
	struct asking asking = { .limits = 1u << DAY | 1u << PACE };
	intptr_t charged = 0;

	for (int i = 0; i < 50; i++) {
		make_demand(&asking);
		/* The rate is the wider one here. */
		asking.demand.limits[0].capacity.burst = 1000;
		facts_init(&asking.facts, &asking.demand);
		store_charge(context, &asking.demand, &asking.facts);
		charged += asking.facts.charged;
		done(&asking);
	}
	/* NOLINTNEXTLINE: a small number in a pointer, as threads give back */
	return (void *)charged;
}

static void test_threads_share_a_quota(void **state)
{
	enum { THREADS = 6 };
	pthread_t threads[THREADS];
	void *charged;
	intptr_t total = 0;

	for (int i = 0; i < THREADS; i++)
		assert_int_equal(
			pthread_create(&threads[i], NULL, charge_often, *state), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &charged), 0);
		total += (intptr_t)charged;
	}
	assert_int_equal(total, limits[DAY].capacity.amount);
	assert_int_equal(used(*state, DAY), limits[DAY].capacity.amount);
}

/* ---- the same for each store ---- */

static const struct CMUnitTest cases[] = {
	cmocka_unit_test(test_ready),
	cmocka_unit_test(test_rate_fills_and_regrows),
	cmocka_unit_test(test_quota_fills_and_frees),
	cmocka_unit_test(test_messages_count_once),
	cmocka_unit_test(test_distinct_counts_recipients_once),
	cmocka_unit_test(test_all_limits_or_none),
	cmocka_unit_test(test_beyond),
	cmocka_unit_test(test_a_look_changes_nothing),
	cmocka_unit_test(test_accounts_share_nothing),
	cmocka_unit_test(test_the_clock_of_the_store),
	cmocka_unit_test(test_refund),
	cmocka_unit_test(test_refund_of_a_mention),
	cmocka_unit_test(test_refund_twice_is_not_below_zero),
	cmocka_unit_test(test_finish_counts_what_was_sent),
	cmocka_unit_test(test_suppressed_is_left_out),
	cmocka_unit_test(test_the_strongest_reason),
	cmocka_unit_test(test_suppressions_end),
	cmocka_unit_test(test_suppressions_merge),
	cmocka_unit_test(test_suppressions_of_one_digest),
	cmocka_unit_test(test_each_suppression),
	cmocka_unit_test(test_verified),
	cmocka_unit_test(test_account_record),
	cmocka_unit_test(test_account_without_record_is_stale_too),
	cmocka_unit_test(test_account_is_replaced_once),
	cmocka_unit_test(test_reset_limits),
	cmocka_unit_test(test_events),
	cmocka_unit_test(test_check),
	cmocka_unit_test(test_threads_share_a_quota),
};
enum { CASES = sizeof(cases) / sizeof(*cases) };

static int open_memory(void **state)
{
	*state = store_open_memory();
	return 0;
}

/* Each case has keys of its own. */
static int open_redis(void **state)
{
	struct redis_settings settings = {
		.url = xstrdup(redis_server_url(server)),
		.user = xstrdup(""),
		.password_file = xstrdup(""),
		.prefix = xasprintf("case%d:", ++prefix_number),
		.timeout_us = 10 * SECOND_US,
	};
	struct error error = ERROR_NONE;

	*state = store_open_redis(&settings, secret, &error);
	free(settings.url);
	free(settings.user);
	free(settings.password_file);
	free(settings.prefix);
	if (*state == NULL)
		print_error("%s\n", error.text);
	return *state == NULL;
}

static int close_store(void **state)
{
	store_close(*state);
	return 0;
}

static int run_cases(const char *name, CMFixtureFunction open)
{
	struct CMUnitTest tests[CASES];

	for (size_t i = 0; i < CASES; i++) {
		tests[i] = cases[i];
		tests[i].setup_func = open;
		tests[i].teardown_func = close_store;
	}
	return cmocka_run_group_tests_name(name, tests, NULL, NULL);
}

int main(void)
{
	static const uint8_t bytes[SECRET_BYTES] = { 1, 2, 3 };
	int failed;

	secret = secret_new(bytes);
	failed = run_cases("memory", open_memory);
	server = redis_server_start();
	if (server != NULL)
		failed += run_cases("redis", open_redis);
	redis_server_stop(server);
	secret_free(secret);
	return failed;
}
