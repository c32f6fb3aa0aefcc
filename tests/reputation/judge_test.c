#include "tests/support/test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "reputation/judge.h"
#include "reputation/notify.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Over the store in memory, with what a message and what comes back really leave there. */
struct world {
	struct store *store;
	struct conf conf;
};

static int open_world(void **state)
{
	static struct world world;
	static char command[] = "", node[] = "mx1";

	world = (struct world){ .store = store_open_memory() };
	world.conf.node = node;
	world.conf.reputation.notify = command;
	world.conf.reputation.law = (struct reputation){
		.window_us = 7 * DAY_US,
		.bounce = { .warn = 5, .pause = 10, .minimum = 50 },
		.complaint = { .warn = 0.1, .pause = 0.5, .minimum = 500 },
		.confidence = 0.95,
	};
	*state = &world;
	return 0;
}

static int close_world(void **state)
{
	struct world *world = *state;

	store_close(world->store);
	return 0;
}

static void deliver(struct world *world, int64_t count)
{
	const struct closing closing = {
		.account = "shop", .node = "mx1", .accepted = count, .reporting = count
	};

	assert_true(store_finish(world->store, &closing, NULL, NULL));
}

static void learn(struct world *world, enum lesson_kind kind, size_t count)
{
	const struct lesson lesson = {
		.kind = kind,
		.account = "shop",
		.accepted_us = clock_now_us(),
		.event = { .kind = EVENT_BOUNCE, .account = "shop" },
	};
	struct learned learned;

	for (size_t i = 0; i < count; i++)
		assert_true(store_learn(world->store, &lesson, 1, &learned, NULL));
}

static void judge(struct world *world)
{
	struct error error = ERROR_NONE;

	if (!judge_account(world->store, &world->conf, "shop", &error))
		fail_msg("%s", error.text);
}

static void read_record(struct world *world, struct account *record)
{
	bool found;

	assert_true(store_account(world->store, "shop", record, &found, NULL));
}

static void check_standing(struct world *world, const char *name, enum standing want)
{
	struct account record;

	judge(world);
	read_record(world, &record);
	CASE_EQUAL_TEXT(name, standing_names[record.standing], standing_names[want]);
}

static bool add_event(const struct event *event, void *context)
{
	char *all = context;
	size_t length = strlen(all);

	if (event->kind != EVENT_BOUNCE)
		snprintf(all + length, 500 - length, "%s ", event_names[event->kind]);
	assert_string_equal(event->account, "shop");
	return true;
}

static void check_events(struct world *world, const char *want)
{
	char got[500] = "";

	assert_true(store_each_event(world->store, NULL, add_event, got, NULL));
	assert_string_equal(got, want);
}

static void an_account_goes_the_whole_way(void **state)
{
	struct world *world = *state;
	struct account record;
	struct judgement judgement;

	check_standing(world, "nothing sent", STANDING_HEALTHY);
	deliver(world, 40);
	learn(world, LESSON_HARD, 30);
	check_standing(world, "below the minimum", STANDING_HEALTHY);
	read_record(world, &record);
	assert_int_equal(record.version, 0);
	deliver(world, 460);
	check_standing(world, "6 %", STANDING_WARNED);
	deliver(world, 200);
	check_standing(world, "4.3 %", STANDING_HEALTHY);
	learn(world, LESSON_HARD, 10);
	check_standing(world, "5.7 %", STANDING_WARNED);
	check_standing(world, "once more", STANDING_WARNED);
	learn(world, LESSON_HARD, 50);
	check_standing(world, "12.9 %", STANDING_PAUSED);
	read_record(world, &record);
	assert_false(record.paused_by_hand);
	assert_int_equal(record.restarted_us, 0);
	check_standing(world, "paused for good", STANDING_PAUSED);
	assert_true(judge_look(
		world->store, &world->conf.reputation.law, &record, &judgement, NULL));
	assert_int_equal(judgement.counters.accepted, 700);
	assert_int_equal(judgement.counters.hard, 90);

	world->conf.reputation.law.resume_us = 1;
	check_standing(world, "its time is over", STANDING_REINSTATED);
	read_record(world, &record);
	assert_int_equal(record.restarted_us, record.since_us);
	assert_true(record.since_us > 0);
	assert_true(judge_look(
		world->store, &world->conf.reputation.law, &record, &judgement, NULL));
	assert_int_equal(judgement.counters.accepted, 0);
	assert_int_equal(judgement.counters.hard, 0);
	deliver(world, 49);
	check_standing(world, "on trial", STANDING_REINSTATED);
	deliver(world, 1);
	check_standing(world, "enough good mail", STANDING_HEALTHY);
	check_events(world, "warned healthy warned paused resumed healthy ");
}

static void complaints_pause_too(void **state)
{
	struct world *world = *state;

	deliver(world, 1000);
	learn(world, LESSON_COMPLAINT, 1);
	check_standing(world, "0.1 %", STANDING_WARNED);
	learn(world, LESSON_COMPLAINT, 10);
	check_standing(world, "1.1 %", STANDING_PAUSED);
	check_events(world, "warned paused ");
}

static void what_was_paused_by_hand_stays(void **state)
{
	struct world *world = *state;
	struct account record;
	bool replaced;

	world->conf.reputation.law.resume_us = 1;
	read_record(world, &record);
	judge_change(&record, STANDING_PAUSED, clock_now_us() - DAY_US);
	record.paused_by_hand = true;
	record.pause_rejects = true;
	assert_true(store_replace_account(world->store, &record, NULL, &replaced, NULL));
	check_standing(world, "by hand", STANDING_PAUSED);
	check_events(world, "");
}

static void changes_what_belongs_to_a_standing(void **state)
{
	static const struct {
		const char *name;
		enum standing before, after;
		int64_t since_us, restarted_us;
		bool by_hand;
	} cases[] = {
		{ "warned", STANDING_HEALTHY, STANDING_WARNED, 900, 50, true },
		{ "paused", STANDING_WARNED, STANDING_PAUSED, 900, 50, true },
		{ "paused again", STANDING_PAUSED, STANDING_PAUSED, 100, 50, true },
		{ "resumed", STANDING_PAUSED, STANDING_REINSTATED, 900, 900, false },
		{ "healthy", STANDING_REINSTATED, STANDING_HEALTHY, 900, 50, true },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct account record = { .standing = cases[i].before,
			.since_us = 100,
			.restarted_us = 50,
			.paused_by_hand = true,
			.pause_rejects = true };

		judge_change(&record, cases[i].after, 900);
		CASE_EQUAL_INT(cases[i].name, record.standing, cases[i].after);
		CASE_EQUAL_INT(cases[i].name, record.since_us, cases[i].since_us);
		CASE_EQUAL_INT(cases[i].name, record.restarted_us, cases[i].restarted_us);
		CASE_EQUAL_INT(cases[i].name, record.paused_by_hand, cases[i].by_hand);
		CASE_EQUAL_INT(cases[i].name, record.pause_rejects, cases[i].by_hand);
	}
}

/* Whoever comes too late looks again: one event and one change, not two. */
static void two_at_once_change_it_once(void **state)
{
	struct world *world = *state;
	struct account record;
	bool replaced;

	deliver(world, 100);
	learn(world, LESSON_HARD, 6);
	read_record(world, &record);
	check_standing(world, "the one", STANDING_WARNED);
	judge_change(&record, STANDING_WARNED, clock_now_us());
	assert_true(store_replace_account(world->store, &record, NULL, &replaced, NULL));
	assert_false(replaced);
	check_standing(world, "the other", STANDING_WARNED);
	check_events(world, "warned ");
}

/* ---- notify ---- */

/* The last test, since nothing is notified after it. */
static void the_command_gets_the_facts(void **state)
{
	static const char *const facts[] = { "OKITE_ACCOUNT=shop",
		"OKITE_STANDING=paused", "OKITE_STANDING_BEFORE=healthy", "OKITE_SENT=61",
		"OKITE_HARD=30", "OKITE_COMPLAINT=0", "OKITE_BOUNCE_RATE=49.18",
		"OKITE_BOUNCE_RATE_LOW=38", "OKITE_COMPLAINT_RATE=0.000",
		"OKITE_COMPLAINT_RATE_LOW=0.000", "OKITE_NODE=mx1", "OKITE_TIME=20",
		"OKITE_WINDOW=7d" };
	struct world *world = *state;
	char path[] = "/tmp/okite-judge-XXXXXX", command[100], text[65536];
	FILE *file = fdopen(mkstemp(path), "r");

	assert_non_null(file);
	/* First two that fail, which is of no consequence. */
	world->conf.reputation.notify = strcpy(command, "exit 1");
	deliver(world, 60);
	learn(world, LESSON_HARD, 3);
	check_standing(world, "it fails", STANDING_WARNED);
	deliver(world, 1);
	check_standing(world, "it fails again", STANDING_HEALTHY);
	snprintf(command, sizeof(command), "env >%s", path);
	learn(world, LESSON_HARD, 27);
	check_standing(world, "told", STANDING_PAUSED);
	notify_finish(NOTIFY_MAX_US);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	remove(path);
	for (size_t i = 0; i < COUNT(facts); i++)
		if (strstr(text, facts[i]) == NULL)
			fail_msg("%s is not in\n%s", facts[i], text);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, open_world, close_world)
	const struct CMUnitTest tests[] = {
		TEST(an_account_goes_the_whole_way),
		TEST(complaints_pause_too),
		TEST(what_was_paused_by_hand_stays),
		cmocka_unit_test(changes_what_belongs_to_a_standing),
		TEST(two_at_once_change_it_once),
		TEST(the_command_gets_the_facts),
	};
#undef TEST

	return cmocka_run_group_tests_name("reputation/judge", tests, NULL, NULL);
}
