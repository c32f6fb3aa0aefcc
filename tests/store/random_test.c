#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"
#include "store/store.h"
#include "tests/support/redis_server.h"
#include "tests/support/test.h"

/*
 * The same random questions to the store in memory and to the one in Redis:
 * policy/usage.c is the model of store/charge.lua, and every number of every
 * answer must be the same.  OKITE_TEST_SEED repeats a run, OKITE_TEST_ROUNDS
 * makes a longer one.
 */

enum { MEMORY, REDIS, STORES };
enum {
	ROUNDS = 25,
	STEPS = 250,
	ACCOUNTS = 3,
	PEOPLE = 12,
	DOMAINS = 3,
	OPEN_MESSAGES = 6
};

/*
 * Redis forgets a rate by its own clock, which knows nothing of the one here,
 * a second after it has drained at the soonest.  So a round is over before.
 */
#define ROUND_US (900 * INT64_C(1000))

#define PER_ACCOUNT (1u << FIELD_ACCOUNT)
#define PER_DOMAIN (1u << FIELD_RECIPIENT_DOMAIN)
static const struct limit limits[] = {
	{ .name = "rate",
		.kind = LIMIT_RATE,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 14, .window_us = SECOND_US, .burst = 10 } },
	{ .name = "slow",
		.kind = LIMIT_RATE,
		.per = PER_DOMAIN,
		.capacity = { .amount = 7, .window_us = HOUR_US, .burst = 3 } },
	{ .name = "mails",
		.kind = LIMIT_RATE,
		.count = COUNT_MESSAGES,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 1, .window_us = 3 * SECOND_US, .burst = 4 } },
	{ .name = "day",
		.kind = LIMIT_QUOTA,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 60, .window_us = DAY_US } },
	{ .name = "minute",
		.kind = LIMIT_QUOTA,
		.per = PER_ACCOUNT | PER_DOMAIN,
		.capacity = { .amount = 6, .window_us = 60 * SECOND_US } },
	{ .name = "odd",
		.kind = LIMIT_QUOTA,
		.count = COUNT_MESSAGES,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 5, .window_us = 7001 * INT64_C(1000) } },
	{ .name = "new",
		.kind = LIMIT_QUOTA,
		.count = COUNT_DISTINCT,
		.per = PER_ACCOUNT,
		.capacity = { .amount = 6, .window_us = DAY_US } },
	{ .name = "few",
		.kind = LIMIT_QUOTA,
		.count = COUNT_DISTINCT,
		.per = PER_DOMAIN,
		.capacity = { .amount = 3, .window_us = 20 * SECOND_US } },
};
enum { LIMITS = sizeof(limits) / sizeof(*limits) };

static const char *const account_names[ACCOUNTS] = { "shop", "b@x.example",
	"{odd}* [a]" };

/* The two stores, and all that the generator knows. */
struct world {
	uint64_t seed, random;
	int round, step;
	struct store *stores[STORES];
	struct recipient people[PEOPLE];
	int64_t now_us;
	int64_t versions[ACCOUNTS][STORES]; /* each store gives its own */
	struct message open[OPEN_MESSAGES];
	long charged, refused, refunded;
};

static struct redis_server *server;
static struct secret *secret;

/* splitmix64 (Steele, Lea, Flood 2014): the same on every machine. */
static uint64_t draw(struct world *world)
{
	uint64_t z = world->random += 0x9e3779b97f4a7c15;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

/* From 0 to BELOW - 1. */
static int64_t pick(struct world *world, int64_t below)
{
	return (int64_t)(draw(world) % (uint64_t)below);
}

static bool one_in(struct world *world, int64_t many)
{
	return pick(world, many) == 0;
}

static void compare(const struct world *world, const char *what, size_t index,
	int64_t memory, int64_t redis)
{
	if (memory != redis)
		fail_msg("seed %" PRIu64 " round %d step %d: %s %zu: memory has %" PRId64
			 ", Redis %" PRId64,
			world->seed, world->round, world->step, what, index, memory,
			redis);
}

static void compare_text(const struct world *world, const char *what, const char *memory,
	const char *redis)
{
	if (strcmp(memory, redis) != 0)
		fail_msg("seed %" PRIu64
			 " round %d step %d: %s: memory has \"%s\", Redis \"%s\"",
			world->seed, world->round, world->step, what, memory, redis);
}

/* Mostly on, sometimes not, seldom far, sometimes a little back. */
static void move_clock(struct world *world)
{
	static const int64_t farthest_us[] = { 1, 1, 1, 1000, SECOND_US, SECOND_US,
		10 * SECOND_US, 60 * SECOND_US, HOUR_US, 2 * HOUR_US };

	world->now_us += pick(world, farthest_us[pick(world, 10)]);
	if (one_in(world, 60))
		world->now_us += pick(world, 3 * DAY_US);
	if (one_in(world, 12))
		world->now_us -= pick(world, one_in(world, 4) ? HOUR_US : 3 * SECOND_US);
}

/* ---- demands ---- */

static struct capacity make_capacity(struct world *world, const struct limit *limit)
{
	struct capacity capacity = limit->capacity;

	if (one_in(world, 4))
		capacity.amount = pick(world, 2 * capacity.amount + 1);
	if (limit->kind == LIMIT_RATE && one_in(world, 4))
		capacity.burst = 1 + pick(world, 2 * capacity.burst);
	return capacity;
}

static void add_limit(struct world *world, const struct message *message,
	const struct limit *limit, const struct recipient *recipient,
	struct demand *demand)
{
	struct demand_limit *added = &demand->limits[demand->limit_count++];

	*added = (struct demand_limit){
		.limit = limit,
		.capacity = make_capacity(world, limit),
		.beyond = one_in(world, 3) ? (enum beyond)pick(world, 3) : BEYOND_REFUSE,
		.pending = one_in(world, 6) ? pick(world, 4) : 0,
	};
	added->key = limit_key(limit, &added->capacity, message, recipient);
}

static void add_recipient(struct world *world, struct demand *demand)
{
	struct demand_recipient *added = &demand->recipients[demand->recipient_count++];

	added->recipient = &world->people[pick(world, PEOPLE)];
	added->limits = xcalloc(LIMITS, sizeof(*added->limits));
	for (size_t i = 0; i < demand->limit_count; i++)
		if (!one_in(world, 5))
			added->limits[added->limit_count++] = (uint16_t)i;
}

static void make_demand(struct world *world, size_t account,
	const struct message *message, struct demand *demand)
{
	int64_t recipients = one_in(world, 4) ? 1 + pick(world, 6) : 1;
	const struct recipient *first = &world->people[pick(world, PEOPLE)];

	*demand = (struct demand){
		.account = account_names[account],
		.look_only = one_in(world, 6),
		.verified_wanted = one_in(world, 8),
		.suppressed_count = one_in(world, 8),
		.unverified_count = one_in(world, 8),
		.limits = xcalloc(LIMITS, sizeof(*demand->limits)),
		.recipients = xcalloc((size_t)recipients, sizeof(*demand->recipients)),
	};
	for (size_t i = 0; i < LIMITS; i++)
		if (one_in(world, 3))
			add_limit(world, message, &limits[i], first, demand);
	while (recipients-- > 0)
		add_recipient(world, demand);
}

static void compare_facts(const struct world *world, const struct demand *demand,
	const struct facts *memory, const struct facts *redis)
{
#define SAME(what, index, field)                                                         \
	compare(world, what " " #field, index, memory->field, redis->field)
	SAME("facts", 0, status);
	SAME("facts", 0, charged);
	SAME("facts", 0, now_us);
	for (size_t i = 0; memory->status == FACTS_KNOWN && i < demand->limit_count;
		i++) {
		SAME("limit", i, limits[i].full);
		SAME("limit", i, limits[i].charged);
		SAME("limit", i, limits[i].used);
		SAME("limit", i, limits[i].wanted);
		SAME("limit", i, limits[i].frees_us);
		/* What was not charged cannot be given back. */
		if (!memory->limits[i].charged)
			continue;
		if (demand->limits[i].limit->count == COUNT_DISTINCT)
			SAME("limit", i, limits[i].previous_us);
		else if (demand->limits[i].limit->kind == LIMIT_QUOTA)
			SAME("limit", i, limits[i].bucket);
	}
	for (size_t i = 0; memory->status == FACTS_KNOWN && i < demand->recipient_count;
		i++) {
		SAME("recipient", i, recipients[i].suppressed);
		SAME("recipient", i, recipients[i].by_domain);
		SAME("recipient", i, recipients[i].verified);
	}
#undef SAME
	if (memory->status == FACTS_STALE) {
		compare_text(world, "account", memory->account.name, redis->account.name);
		compare_text(world, "account's plan", memory->account.plan,
			redis->account.plan);
	}
}

/* The same question to both stores, at the time that it is now. */
static void ask_both(struct world *world, size_t account, struct demand *demand,
	struct facts facts[STORES])
{
	int64_t wrong = one_in(world, 30);

	demand->now_us = world->now_us;
	for (size_t i = 0; i < STORES; i++) {
		facts_init(&facts[i], demand);
		demand->version = world->versions[account][i] + wrong;
		store_charge(world->stores[i], demand, &facts[i]);
		if (facts[i].status == FACTS_UNKNOWN)
			fail_msg("store %zu: %s", i, facts[i].why);
	}
	compare_facts(world, demand, &facts[MEMORY], &facts[REDIS]);
	world->charged += facts[MEMORY].charged;
	world->refused += !facts[MEMORY].charged && !demand->look_only;
}

/* How long until the first full limit says that it fits; 0: none is, or it is too long.
 */
static int64_t find_wait(const struct demand *demand, const struct facts *facts)
{
	for (size_t i = 0; i < demand->limit_count; i++)
		if (facts->limits[i].frees_us > 0 &&
			facts->limits[i].frees_us < 2 * DAY_US)
			return facts->limits[i].frees_us;
	return 0;
}

static void step_charge(struct world *world)
{
	struct message *message = &world->open[pick(world, OPEN_MESSAGES)];
	size_t account = (size_t)pick(world, ACCOUNTS);
	int64_t wait_us;
	struct demand demand;
	struct facts facts[STORES];

	text_copy(message->account, sizeof(message->account), account_names[account]);
	make_demand(world, account, message, &demand);
	do {
		ask_both(world, account, &demand, facts);
		facts_remember(&facts[MEMORY], &demand, message);
		/* Often again just when it is said to fit, or right before. */
		wait_us = one_in(world, 2) ? find_wait(&demand, &facts[MEMORY]) : 0;
		world->now_us += wait_us > 0 ? wait_us - pick(world, 2) : 0;
		for (size_t i = 0; i < STORES; i++)
			facts_clear(&facts[i]);
	} while (wait_us > 0);
	demand_clear(&demand);
}

/* ---- what else may happen ---- */

/* Given back now and then twice: nothing more must happen. */
static void step_finish(struct world *world)
{
	struct message *message = &world->open[pick(world, OPEN_MESSAGES)];
	const struct closing closing = {
		.account = message->account,
		.node = "node",
		.queue_id = one_in(world, 2) ? "4bXk2P1Zyz" : NULL,
		.accepted = pick(world, 3),
		.refunds = message->charges,
		.refund_count = one_in(world, 3) ? 0 : message->charge_count,
	};
	struct error error = ERROR_NONE;

	if (message->account[0] == '\0')
		return;
	world->refunded += (long)closing.refund_count;
	for (size_t i = 0; i < STORES; i++)
		if (!store_finish(world->stores[i], &closing, NULL, &error))
			fail_msg("store %zu: %s", i, error.text);
	if (!one_in(world, 8))
		message_clear(message);
}

static void pick_digest(struct world *world, char digest[DIGEST_TEXT_SIZE])
{
	const struct recipient *person = &world->people[pick(world, PEOPLE)];

	text_copy(digest, DIGEST_TEXT_SIZE,
		one_in(world, 3) ? person->domain_digest : person->digest);
}

static const char *pick_scope(struct world *world)
{
	return one_in(world, 2) ? SCOPE_EVERYONE : account_names[pick(world, ACCOUNTS)];
}

/* Ends are far away: Redis takes them from its own clock. */
static void step_suppress(struct world *world)
{
	struct suppression entry = {
		.reason = (enum reason)(1 + pick(world, REASON_COUNT - 1)),
		.since_us = world->now_us,
		.until_us = one_in(world, 2) ? 0
					     : (int64_t)4000000000 * SECOND_US +
						       pick(world, 5) * DAY_US,
	};
	enum change changes[STORES];

	pick_digest(world, entry.digest);
	text_copy(entry.scope, sizeof(entry.scope), pick_scope(world));
	text_copy(entry.source, sizeof(entry.source),
		one_in(world, 2) ? "import" : "command");
	text_copy(entry.address, sizeof(entry.address),
		one_in(world, 2) ? "" : "a@x.example");
	text_copy(entry.note, sizeof(entry.note), one_in(world, 2) ? "" : "a note");
	for (size_t i = 0; i < STORES; i++)
		assert_true(store_suppress(
			world->stores[i], &entry, 1, NULL, &changes[i], NULL));
	compare(world, "change", 0, changes[MEMORY], changes[REDIS]);
}

static void step_unsuppress(struct world *world)
{
	char digest[DIGEST_TEXT_SIZE];
	const char *scope = pick_scope(world);
	bool found[STORES];

	pick_digest(world, digest);
	for (size_t i = 0; i < STORES; i++)
		assert_true(store_unsuppress(
			world->stores[i], digest, scope, NULL, &found[i], NULL));
	compare(world, "unsuppressed", 0, found[MEMORY], found[REDIS]);
}

static void step_verify(struct world *world)
{
	struct verified entry = { .address = "somebody", .since_us = world->now_us };
	bool add = one_in(world, 2), changed[STORES];

	pick_digest(world, entry.digest);
	for (size_t i = 0; i < STORES; i++)
		assert_true(
			add ? store_verify(world->stores[i], &entry, &changed[i], NULL)
			    : store_unverify(
				      world->stores[i], entry.digest, &changed[i], NULL));
	compare(world, "verified", 0, changed[MEMORY], changed[REDIS]);
}

static void step_account(struct world *world)
{
	size_t account = (size_t)pick(world, ACCOUNTS);
	struct account record = { .plan_until_us = pick(world, 1000) };
	bool replaced, wrong = one_in(world, 4);

	text_copy(record.name, sizeof(record.name), account_names[account]);
	snprintf(record.plan, sizeof(record.plan), "plan%" PRId64, pick(world, 1000));
	for (size_t i = 0; i < STORES; i++) {
		record.version = world->versions[account][i] + (wrong ? 7 : 0);
		assert_true(store_replace_account(
			world->stores[i], &record, NULL, &replaced, NULL));
		compare(world, "replaced", i, !wrong, replaced);
		if (replaced)
			world->versions[account][i] = record.version;
	}
}

static void step_reset(struct world *world)
{
	const char *account = account_names[pick(world, ACCOUNTS)];
	const char *name = one_in(world, 3) ? NULL : limits[pick(world, LIMITS)].name;
	int64_t count;

	for (size_t i = 0; i < STORES; i++)
		assert_true(store_reset_limits(
			world->stores[i], account, name, &count, NULL));
}

/* ---- a round ---- */

enum { LIST_MAX = 4 * (PEOPLE + DOMAINS) * (ACCOUNTS + 1) };
struct list {
	struct suppression entries[LIST_MAX];
	size_t count;
};

static bool collect(const struct suppression *entry, void *context)
{
	struct list *list = context;

	assert_true(list->count < LIST_MAX);
	list->entries[list->count++] = *entry;
	return true;
}

static int compare_entries(const void *one, const void *other)
{
	const struct suppression *a = one, *b = other;
	int order = strcmp(a->digest, b->digest);

	return order != 0 ? order : strcmp(a->scope, b->scope);
}

static void compare_lists(struct world *world)
{
	struct list *lists = xcalloc(STORES, sizeof(*lists));

	for (size_t i = 0; i < STORES; i++) {
		struct list *list = &lists[i];

		assert_true(
			store_each_suppression(world->stores[i], collect, list, NULL));
		qsort(list->entries, list->count, sizeof(*list->entries),
			compare_entries);
	}
	compare(world, "suppressions", 0, (int64_t)lists[MEMORY].count,
		(int64_t)lists[REDIS].count);
	for (size_t i = 0; i < lists[MEMORY].count; i++) {
		const struct suppression *memory = &lists[MEMORY].entries[i];
		const struct suppression *redis = &lists[REDIS].entries[i];

		compare_text(world, "digest", memory->digest, redis->digest);
		compare_text(world, "scope", memory->scope, redis->scope);
		compare_text(world, "address", memory->address, redis->address);
		compare_text(world, "source", memory->source, redis->source);
		compare_text(world, "note", memory->note, redis->note);
		compare(world, "reason", i, memory->reason, redis->reason);
		compare(world, "since", i, memory->since_us, redis->since_us);
		compare(world, "until", i, memory->until_us, redis->until_us);
	}
	free(lists);
}

static struct store *open_redis(const struct world *world)
{
	char none[] = "", prefix[32];
	struct redis_settings settings = {
		.url = xstrdup(redis_server_url(server)),
		.user = none,
		.password_file = none,
		.prefix = prefix,
		.timeout_us = 10 * SECOND_US,
	};
	struct error error = ERROR_NONE;
	struct store *store;

	snprintf(prefix, sizeof(prefix), "round%d:", world->round);
	store = store_open_redis(&settings, secret, true, &error);
	free(settings.url);
	if (store == NULL)
		fail_msg("%s", error.text);
	return store;
}

static void (*const steps[])(struct world *) = { step_finish, step_finish, step_finish,
	step_suppress, step_unsuppress, step_verify, step_account, step_reset };

/* How many steps there was time for. */
static int run_round(struct world *world)
{
	int64_t start_us;

	world->now_us = INT64_C(1700000000) * SECOND_US + pick(world, 100 * DAY_US);
	world->stores[MEMORY] = store_open_memory();
	world->stores[REDIS] = open_redis(world);
	memset(world->versions, 0, sizeof(world->versions));
	assert_int_equal(store_probe(world->stores[REDIS], NULL), STORE_READY);
	start_us = clock_monotonic_us();
	for (world->step = 0; world->step < STEPS; world->step++) {
		if (clock_monotonic_us() - start_us > ROUND_US)
			break;
		move_clock(world);
		if (one_in(world, 4))
			steps[pick(world, sizeof(steps) / sizeof(*steps))](world);
		else
			step_charge(world);
	}
	compare_lists(world);
	for (size_t i = 0; i < STORES; i++)
		store_close(world->stores[i]);
	for (size_t i = 0; i < OPEN_MESSAGES; i++)
		message_clear(&world->open[i]);
	return world->step;
}

static int64_t from_environment(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	int64_t number;

	if (text == NULL || !text_to_number(text, 0, INT64_MAX, &number))
		return otherwise;
	return number;
}

static void name_people(struct world *world)
{
	struct address address;
	char text[64];

	for (int i = 0; i < PEOPLE; i++) {
		snprintf(text, sizeof(text), "user%d@d%d.example", i, i % DOMAINS);
		assert_null(address_parse(&address, text, NULL));
		recipient_set(&world->people[i], &address, secret);
	}
}

static void test_the_stores_agree(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));
	int64_t rounds = from_environment("OKITE_TEST_ROUNDS", ROUNDS);
	long taken = 0;

	(void)state;
	world->seed = world->random =
		(uint64_t)from_environment("OKITE_TEST_SEED", clock_now_us());
	printf("# OKITE_TEST_SEED=%" PRIu64 "\n", world->seed);
	fflush(stdout);
	name_people(world);
	for (world->round = 0; world->round < rounds; world->round++)
		taken += run_round(world);
	printf("# %ld steps of %" PRId64 ": %ld charged, %ld refused, %ld given back\n",
		taken, rounds * STEPS, world->charged, world->refused, world->refunded);
	/* A machine so slow that nothing was compared has tested nothing. */
	assert_true(taken > rounds * STEPS / 20);
	free(world);
}

/* What automake takes for a test that was skipped. */
enum { SKIPPED = 77 };

int main(void)
{
	static const uint8_t bytes[SECRET_BYTES] = { 1, 2, 3 };
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_stores_agree) };
	int failed;

	server = redis_server_start();
	if (server == NULL)
		return SKIPPED;
	secret = secret_new(bytes);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	redis_server_stop(server);
	secret_free(secret);
	return failed;
}
