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
 * The same random lessons to the store in memory and to the one in Redis:
 * policy/row.c is the model of store/learn.lua, and all that comes of them must
 * be the same: answers, list, counters, events, totals.  OKITE_TEST_SEED
 * repeats a run, OKITE_TEST_ROUNDS makes a longer one.
 */

enum { MEMORY, REDIS, STORES };
enum { ROUNDS = 20, STEPS = 200, BATCH = 4, IDENTITIES = 400, PEOPLE = 3, ACCOUNTS = 4 };

#define MINUTE_US (60 * SECOND_US)

static const char *const account_names[ACCOUNTS] = { "shop", "b c", "{odd}* [a]", "" };
static const char *const scopes[] = { SCOPE_EVERYONE, "shop", "{odd}* [a]" };
enum { SCOPES = sizeof(scopes) / sizeof(*scopes) };

struct world {
	uint64_t seed, random;
	int round, step;
	struct store *stores[STORES];
	/*
	 * Days and hours are counted from here.  Both stores ask their own clock, so
	 * it must be far from each edge: by half a day, or 17 minutes.
	 */
	int64_t base_us;
	long learned, repeated, counted, listed;
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

/* ---- lessons ---- */

/* A number of whole spans from the base on, and often just before or after. */
static int64_t pick_time(struct world *world, int64_t span_us, int64_t below)
{
	int64_t time_us = world->base_us + pick(world, below) * span_us;

	if (one_in(world, 2))
		time_us += pick(world, 3) - 1;
	if (one_in(world, 4))
		time_us += pick(world, 10 * MINUTE_US) - 5 * MINUTE_US;
	return time_us;
}

static void pick_digest(struct world *world, char digest[DIGEST_TEXT_SIZE])
{
	snprintf(digest, DIGEST_TEXT_SIZE, "%032x", (unsigned)pick(world, PEOPLE) + 1);
}

static void pick_text(struct world *world, char *text, size_t size, const char *words)
{
	text_copy(text, size, one_in(world, 2) ? words : "");
}

static void make_entry(struct world *world, struct suppression *entry)
{
	*entry = (struct suppression){ .reason = (enum reason)pick(world, REASON_COUNT) };
	pick_digest(world, entry->digest);
	text_copy(entry->scope, sizeof(entry->scope), scopes[pick(world, SCOPES)]);
	pick_text(world, entry->source, sizeof(entry->source), "feedback");
	pick_text(world, entry->address, sizeof(entry->address), "a@x.example");
	pick_text(world, entry->note, sizeof(entry->note), "a \"note\"\n");
}

static void make_event(struct world *world, struct event *event)
{
	*event = (struct event){ .kind = EVENT_BOUNCE,
		.time_us = world->base_us + world->step };
	pick_text(world, event->account, sizeof(event->account), "shop");
	pick_text(world, event->recipient, sizeof(event->recipient), "a@x.example");
	pick_text(world, event->sender, sizeof(event->sender), "s@x.example");
	pick_text(world, event->verdict, sizeof(event->verdict), "hard");
	pick_text(world, event->reply, sizeof(event->reply), "550 5.1.1 no\r\n");
	pick_text(world, event->detail, sizeof(event->detail), "by the log");
}

static void make_lesson(struct world *world, struct lesson *lesson)
{
	static const int64_t expires[] = { 0, DAY_US, 14 * DAY_US, 100 * DAY_US,
		400 * DAY_US };

	/* Soft ones above all. */
	*lesson = (struct lesson){ .kind = one_in(world, 2)
						   ? LESSON_SOFT
						   : (enum lesson_kind)pick(
							     world, LESSON_KIND_COUNT),
		.accepted_us = one_in(world, 8) ? 0 : pick_time(world, HOUR_US, 45 * 24),
		.happened_us = pick_time(world, DAY_US, 45),
		.expire_us = expires[pick(world, 5)],
		.row = 1 + pick(world, 4),
		.quiet = one_in(world, 3) };
	if (!one_in(world, 6))
		snprintf(lesson->identity, sizeof(lesson->identity), "%032x",
			(unsigned)pick(world, IDENTITIES));
	text_copy(lesson->account, sizeof(lesson->account),
		account_names[pick(world, ACCOUNTS)]);
	make_entry(world, &lesson->entry);
	if (one_in(world, 10))
		lesson->entry.digest[0] = '\0';
	make_event(world, &lesson->event);
}

static void step_learn(struct world *world)
{
	struct lesson lessons[BATCH];
	struct learned learned[STORES][BATCH];
	size_t count = (size_t)pick(world, BATCH) + 1;
	struct error error = ERROR_NONE;

	for (size_t i = 0; i < count; i++)
		make_lesson(world, &lessons[i]);
	for (size_t i = 0; i < STORES; i++)
		if (!store_learn(world->stores[i], lessons, count, learned[i], &error))
			fail_msg("store %zu: %s", i, error.text);
	for (size_t i = 0; i < count; i++) {
		const struct learned *memory = &learned[MEMORY][i];
		const struct learned *redis = &learned[REDIS][i];

		compare(world, "repeated", i, memory->repeated, redis->repeated);
		compare(world, "counted", i, memory->counted, redis->counted);
		compare(world, "change", i, memory->change, redis->change);
		compare(world, "row", i, memory->row, redis->row);
		world->learned++;
		world->repeated += memory->repeated;
		world->counted += memory->counted;
		world->listed += memory->change == CHANGE_ADDED;
	}
}

/* ---- what else may happen ---- */

static void step_finish(struct world *world)
{
	int64_t accepted = pick(world, 4);
	const struct closing closing = {
		.account = account_names[pick(world, ACCOUNTS - 1)],
		.node = "node",
		.accepted = accepted,
		.reporting = pick(world, accepted + 1),
		.accepted_us = one_in(world, 2)
				       ? 0
				       : pick_time(world, HOUR_US, 20 * 24) + 20 * DAY_US,
	};
	bool returned[STORES];

	for (size_t i = 0; i < STORES; i++)
		assert_true(store_finish(world->stores[i], &closing, &returned[i], NULL));
	compare(world, "returned", 0, returned[MEMORY], returned[REDIS]);
}

static void step_suppress(struct world *world)
{
	struct suppression entry;
	enum change changes[STORES];
	bool found[STORES], add = one_in(world, 2);

	make_entry(world, &entry);
	entry.reason = entry.reason == REASON_NONE ? REASON_MANUAL : entry.reason;
	entry.until_us = one_in(world, 3) ? 0 : world->base_us + 90 * DAY_US;
	for (size_t i = 0; i < STORES; i++) {
		struct store *store = world->stores[i];

		changes[i] = CHANGE_UNCHANGED;
		found[i] = false;
		assert_true(
			add ? store_suppress(store, &entry, 1, NULL, &changes[i], NULL)
			    : store_unsuppress(store, entry.digest, entry.scope, NULL,
				      &found[i], NULL));
	}
	compare(world, "change by command", 0, changes[MEMORY], changes[REDIS]);
	compare(world, "found", 0, found[MEMORY], found[REDIS]);
}

static void step_account(struct world *world)
{
	const char *name = account_names[pick(world, ACCOUNTS - 1)];
	int64_t restarted_us = one_in(world, 2) ? 0 : pick_time(world, HOUR_US, 45 * 24);
	enum standing standing = (enum standing)pick(world, STANDING_COUNT);
	struct account record;
	bool done;

	for (size_t i = 0; i < STORES; i++) {
		assert_true(store_account(world->stores[i], name, &record, &done, NULL));
		record.standing = standing;
		if (restarted_us != 0)
			record.restarted_us = restarted_us;
		assert_true(store_replace_account(
			world->stores[i], &record, NULL, &done, NULL));
		assert_true(done);
	}
}

/* ---- what is left ---- */

enum { LIST_MAX = 2 * PEOPLE * SCOPES, EVENTS_MAX = 2 * STEPS * BATCH, TOTALS_MAX = 30 };
struct left {
	struct suppression entries[LIST_MAX];
	size_t entry_count;
	struct event events[EVENTS_MAX];
	size_t event_count;
	struct total {
		char name[64];
		int64_t value;
	} totals[TOTALS_MAX];
	size_t total_count;
};

static bool take_entry(const struct suppression *entry, void *context)
{
	struct left *left = context;

	assert_true(left->entry_count < LIST_MAX);
	left->entries[left->entry_count++] = *entry;
	return true;
}

static bool take_event(const struct event *event, void *context)
{
	struct left *left = context;

	assert_true(left->event_count < EVENTS_MAX);
	left->events[left->event_count++] = *event;
	return true;
}

static bool take_total(const char *name, int64_t value, void *context)
{
	struct left *left = context;
	struct total *total = &left->totals[left->total_count++];

	assert_true(left->total_count <= TOTALS_MAX);
	text_copy(total->name, sizeof(total->name), name);
	total->value = value;
	return true;
}

static int order_entries(const void *one, const void *other)
{
	const struct suppression *a = one, *b = other;
	int order = strcmp(a->digest, b->digest);

	return order != 0 ? order : strcmp(a->scope, b->scope);
}

static int order_totals(const void *one, const void *other)
{
	const struct total *a = one, *b = other;

	return strcmp(a->name, b->name);
}

static void look(struct store *store, struct left *left)
{
	assert_true(store_each_suppression(store, take_entry, left, NULL));
	assert_true(store_each_event(store, NULL, take_event, left, NULL));
	assert_true(store_each_total(store, take_total, left, NULL));
	qsort(left->entries, left->entry_count, sizeof(*left->entries), order_entries);
	qsort(left->totals, left->total_count, sizeof(*left->totals), order_totals);
}

static void compare_entries(
	const struct world *world, const struct left *memory, const struct left *redis)
{
	compare(world, "entries", 0, (int64_t)memory->entry_count,
		(int64_t)redis->entry_count);
	for (size_t i = 0; i < memory->entry_count; i++) {
		const struct suppression *a = &memory->entries[i];
		const struct suppression *b = &redis->entries[i];

		compare_text(world, "digest", a->digest, b->digest);
		compare_text(world, "scope", a->scope, b->scope);
		compare_text(world, "address", a->address, b->address);
		compare_text(world, "source", a->source, b->source);
		compare_text(world, "note", a->note, b->note);
		compare(world, "reason", i, a->reason, b->reason);
		compare(world, "since", i, a->since_us, b->since_us);
		compare(world, "until", i, a->until_us, b->until_us);
	}
}

static void compare_events(
	const struct world *world, const struct left *memory, const struct left *redis)
{
	for (size_t i = 0; i < memory->event_count && i < redis->event_count; i++) {
		const struct event *a = &memory->events[i], *b = &redis->events[i];

		compare(world, "event", i, a->kind, b->kind);
		compare(world, "event's time", i, a->time_us, b->time_us);
		compare_text(world, "event's account", a->account, b->account);
		compare_text(world, "event's recipient", a->recipient, b->recipient);
		compare_text(world, "event's sender", a->sender, b->sender);
		compare_text(world, "event's verdict", a->verdict, b->verdict);
		compare_text(world, "event's reply", a->reply, b->reply);
		compare_text(world, "event's detail", a->detail, b->detail);
	}
	compare(world, "events", 0, (int64_t)memory->event_count,
		(int64_t)redis->event_count);
}

static void compare_totals(
	const struct world *world, const struct left *memory, const struct left *redis)
{
	for (size_t i = 0; i < memory->total_count && i < redis->total_count; i++) {
		compare_text(
			world, "total", memory->totals[i].name, redis->totals[i].name);
		compare(world, memory->totals[i].name, i, memory->totals[i].value,
			redis->totals[i].value);
	}
	compare(world, "totals", 0, (int64_t)memory->total_count,
		(int64_t)redis->total_count);
}

static void compare_counters(struct world *world)
{
	/* Hours that are older than all windows may have gone or not. */
	int64_t from_us = clock_now_us() - FEEDBACK_MAX_US + pick(world, 30 * DAY_US);
	struct counters counters[STORES];

	for (size_t i = 0; i < ACCOUNTS; i++) {
		const struct counters *a = &counters[MEMORY], *b = &counters[REDIS];

		for (size_t j = 0; j < STORES; j++)
			assert_true(store_counters(world->stores[j], account_names[i],
				from_us, &counters[j], NULL));
		compare(world, "accepted", i, a->accepted, b->accepted);
		compare(world, "reporting", i, a->reporting, b->reporting);
		compare(world, "hard", i, a->hard, b->hard);
		compare(world, "soft", i, a->soft, b->soft);
		compare(world, "policy", i, a->policy, b->policy);
		compare(world, "complaint", i, a->complaint, b->complaint);
	}
}

static void compare_all(struct world *world)
{
	struct left *left = xcalloc(STORES, sizeof(*left));

	for (size_t i = 0; i < STORES; i++)
		look(world->stores[i], &left[i]);
	compare_events(world, &left[MEMORY], &left[REDIS]);
	compare_entries(world, &left[MEMORY], &left[REDIS]);
	compare_totals(world, &left[MEMORY], &left[REDIS]);
	compare_counters(world);
	free(left);
}

/* ---- a round ---- */

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

static void run_round(struct world *world)
{
	static void (*const steps[])(struct world *) = { step_learn, step_learn,
		step_learn, step_learn, step_finish, step_suppress };

	world->base_us = clock_now_us() - 45 * DAY_US - DAY_US / 2 - 17 * MINUTE_US;
	world->stores[MEMORY] = store_open_memory();
	world->stores[REDIS] = open_redis(world);
	for (world->step = 0; world->step < STEPS; world->step++) {
		if (one_in(world, 20))
			step_account(world);
		steps[pick(world, sizeof(steps) / sizeof(*steps))](world);
	}
	compare_all(world);
	for (size_t i = 0; i < STORES; i++)
		store_close(world->stores[i]);
}

static int64_t from_environment(const char *name, int64_t otherwise)
{
	const char *text = getenv(name);
	int64_t number;

	if (text == NULL || !text_to_number(text, 0, INT64_MAX, &number))
		return otherwise;
	return number;
}

static void test_the_stores_learn_the_same(void **state)
{
	struct world *world = xcalloc(1, sizeof(*world));
	int64_t rounds = from_environment("OKITE_TEST_ROUNDS", ROUNDS);

	(void)state;
	world->seed = world->random =
		(uint64_t)from_environment("OKITE_TEST_SEED", clock_now_us());
	printf("# OKITE_TEST_SEED=%" PRIu64 "\n", world->seed);
	fflush(stdout);
	for (world->round = 0; world->round < rounds; world->round++)
		run_round(world);
	printf("# %ld lessons: %ld repeated, %ld counted, %ld put on the list\n",
		world->learned, world->repeated, world->counted, world->listed);
	/* A generator that never comes there would test nothing. */
	assert_true(rounds == 0 ||
		    (world->repeated > 0 && world->counted > 0 && world->listed > 0));
	free(world);
}

/* What automake takes for a test that was skipped. */
enum { SKIPPED = 77 };

int main(void)
{
	static const uint8_t bytes[SECRET_BYTES] = { 1, 2, 3 };
	const struct CMUnitTest tests[] = { cmocka_unit_test(
		test_the_stores_learn_the_same) };
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
