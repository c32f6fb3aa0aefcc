#include "tests/store/contract.h"

#include <string.h>

#include "base/text.h"
#include "tests/store/lessons.h"

/* What comes back: whom it counts for, and what is learned twice. */

/* Room for what passes between our clock and the store's. */
#define MARGIN_US (60 * SECOND_US)

static int64_t count_of(const struct counters *counters, enum lesson_kind kind)
{
	const int64_t counts[LESSON_KIND_COUNT] = {
		[LESSON_HARD] = counters->hard,
		[LESSON_SOFT] = counters->soft,
		[LESSON_POLICY] = counters->policy,
		[LESSON_COMPLAINT] = counters->complaint,
	};

	return counts[kind];
}

static int64_t counted(struct store *store, const char *account, int64_t from_us)
{
	struct counters counters;

	assert_true(store_counters(store, account, from_us, &counters, NULL));
	return counters.hard + counters.soft + counters.policy + counters.complaint;
}

void test_lessons_by_kind(void **state)
{
	static const struct {
		enum lesson_kind kind;
		enum reason reason, listed;
		enum event_kind event;
		bool counts;
	} cases[] = {
		{ LESSON_HARD, REASON_HARD, REASON_HARD, EVENT_BOUNCE, true },
		{ LESSON_HARD, REASON_NONE, REASON_NONE, EVENT_BOUNCE, true },
		{ LESSON_SOFT, REASON_SOFT, REASON_NONE, EVENT_BOUNCE, true },
		{ LESSON_POLICY, REASON_HARD, REASON_NONE, EVENT_BOUNCE, true },
		{ LESSON_COMPLAINT, REASON_COMPLAINT, REASON_COMPLAINT, EVENT_COMPLAINT,
			true },
		{ LESSON_COMPLAINT, REASON_NONE, REASON_NONE, EVENT_COMPLAINT, true },
		{ LESSON_UNSUBSCRIBE, REASON_UNSUBSCRIBE, REASON_UNSUBSCRIBE,
			EVENT_UNSUBSCRIBE, false },
		{ LESSON_DELIVERED, REASON_NONE, REASON_NONE, EVENT_DELIVERED, false },
		{ LESSON_DELIVERED, REASON_HARD, REASON_NONE, EVENT_DELIVERED, false },
	};

	struct seen_lessons seen = { .count = 0 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const char *name = lesson_names[cases[i].kind];
		struct lesson lesson = lesson_about(cases[i].kind, "a@x.example");
		struct counters before, after;
		struct learned learned;
		struct suppression entry;

		lesson.entry.reason = cases[i].reason;
		lesson.event.kind = cases[i].event;
		forget_list(*state, &lesson);
		assert_true(store_counters(*state, "shop", 0, &before, NULL));
		see_lessons(*state, &seen);
		learned = learn(*state, &lesson);
		CASE_EQUAL_INT(name, learned.repeated, false);
		CASE_EQUAL_INT(name, learned.counted, cases[i].counts);
		CASE_EQUAL_INT(name, learned.change,
			cases[i].listed ? CHANGE_ADDED : CHANGE_UNCHANGED);
		entry.reason = REASON_NONE;
		(void)find_entry(*state, &lesson, &entry);
		CASE_EQUAL_INT(name, entry.reason, cases[i].listed);
		assert_true(store_counters(*state, "shop", 0, &after, NULL));
		CASE_EQUAL_INT(name,
			count_of(&after, cases[i].kind) -
				count_of(&before, cases[i].kind),
			cases[i].counts);
		CASE_EQUAL_INT(name, after.accepted, 0);
		see_lessons(*state, &seen);
		CASE_EQUAL_INT(name, seen.count, 1 + (cases[i].listed != REASON_NONE));
		CASE_EQUAL_INT(name, seen.first.kind, cases[i].event);
	}
}

void test_lessons_count_by_time(void **state)
{
	const int64_t now_us = clock_now_us();
	const int64_t restarted_us = now_us - 5 * DAY_US;
	const struct {
		const char *name, *account;
		int64_t accepted_us;
		bool want;
	} cases[] = {
		{ "now", "shop", now_us, true },
		{ "a time that is still to come", "shop", now_us + 9 * DAY_US, true },
		{ "31 days ago", "shop", now_us - FEEDBACK_MAX_US + MARGIN_US, true },
		{ "before that", "shop", now_us - FEEDBACK_MAX_US - MARGIN_US, false },
		{ "no time", "shop", 0, false },
		{ "nobody", "", now_us, false },
		{ "before the restart", "again", restarted_us - 1, false },
		{ "at the restart", "again", restarted_us, true },
		{ "after it", "again", restarted_us + 1, true },
		{ "restarted and too old", "again", now_us - 40 * DAY_US, false },
	};
	struct account record = { .name = "again", .restarted_us = restarted_us };
	bool replaced;

	assert_true(store_replace_account(*state, &record, NULL, &replaced, NULL));
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lesson lesson = lesson_about(LESSON_HARD, "a@x.example");
		int64_t before = counted(*state, cases[i].account, 0);
		struct learned learned;
		struct suppression entry;

		text_copy(lesson.account, sizeof(lesson.account), cases[i].account);
		lesson.accepted_us = cases[i].accepted_us;
		forget_list(*state, &lesson);
		learned = learn(*state, &lesson);
		CASE_EQUAL_INT(cases[i].name, learned.counted, cases[i].want);
		CASE_EQUAL_INT(cases[i].name,
			counted(*state, cases[i].account, 0) - before, cases[i].want);
		/* Who it counts for or not, the recipient is not there. */
		CASE_EQUAL_INT(cases[i].name, learned.change, CHANGE_ADDED);
		CASE_EQUAL_INT(cases[i].name, find_entry(*state, &lesson, &entry), true);
	}
}

/* A bounce belongs to the hour in which its message was accepted. */
void test_lessons_count_in_their_hour(void **state)
{
	struct lesson lesson = lesson_about(LESSON_SOFT, "a@x.example");
	int64_t hour_us = clock_now_us() / HOUR_US * HOUR_US - 50 * HOUR_US;

	lesson.accepted_us = hour_us + HOUR_US - 1;
	assert_true(learn(*state, &lesson).counted);
	assert_int_equal(counted(*state, "shop", hour_us), 1);
	assert_int_equal(counted(*state, "shop", hour_us + HOUR_US - 1), 1);
	assert_int_equal(counted(*state, "shop", hour_us + HOUR_US), 0);
	assert_int_equal(counted(*state, "shopping", 0), 0);
}

/* Who forges a harmless report about his own mail hides no true one behind it. */
void test_hard_ones_are_told_after_weaker(void **state)
{
	static const struct {
		const char *name;
		enum lesson_kind kind;
		bool repeated;
	} cases[] = {
		{ "as policy", LESSON_POLICY, false },
		{ "and as soft", LESSON_SOFT, true },
		{ "as hard", LESSON_HARD, false },
		{ "and again", LESSON_HARD, true },
		{ "and as policy", LESSON_POLICY, true },
	};
	struct lesson lesson = { .row = 0 };
	struct suppression entry;

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		lesson = lesson_about(cases[i].kind, "a@x.example");
		text_copy(lesson.identity, sizeof(lesson.identity), "the-same");
		CASE_EQUAL_INT(cases[i].name, learn(*state, &lesson).repeated,
			cases[i].repeated);
	}
	assert_int_equal(counted(*state, "shop", 0), 2);
	assert_true(find_entry(*state, &lesson, &entry));
}

void test_repetitions_change_nothing(void **state)
{
	struct lesson first = lesson_about(LESSON_SOFT, "a@x.example"), again;
	struct seen_lessons seen = { .count = 0 };

	first.happened_us -= 10 * DAY_US;
	assert_false(learn(*state, &first).repeated);
	see_lessons(*state, &seen);
	/* However it is told: by the log, by a report, as something else. */
	for (int kind = 0; kind < LESSON_KIND_COUNT; kind++) {
		struct learned learned;

		if (kind == LESSON_HARD)
			continue;
		again = lesson_about((enum lesson_kind)kind, "b@x.example");
		text_copy(again.identity, sizeof(again.identity), first.identity);
		again.happened_us = first.happened_us + 5 * DAY_US;
		learned = learn(*state, &again);
		assert_true(learned.repeated);
		assert_false(learned.counted);
		assert_int_equal(learned.change, CHANGE_UNCHANGED);
		assert_int_equal(learned.row, 0);
	}
	see_lessons(*state, &seen);
	assert_int_equal(seen.count, 0);
	assert_int_equal(counted(*state, "shop", 0), 1);
	assert_false(find_entry(*state, &again, &again.entry));
	/* The row was not touched either. */
	again = lesson_about(LESSON_SOFT, "a@x.example");
	again.happened_us = first.happened_us + DAY_US;
	assert_int_equal(learn(*state, &again).row, 2);

	first.identity[0] = '\0';
	assert_false(learn(*state, &first).repeated);
	assert_false(learn(*state, &first).repeated);
	assert_int_equal(counted(*state, "shop", 0), 4);
}

void test_many_lessons_in_one_question(void **state)
{
	enum { MANY = 300 };
	static struct lesson lessons[MANY];
	static struct learned learned[MANY];
	struct error error = ERROR_NONE;

	for (int i = 0; i < MANY; i++) {
		lessons[i] = lesson_about(LESSON_HARD, "a@x.example");
		if (i % 3 == 2)
			memcpy(lessons[i].identity, lessons[i - 1].identity,
				sizeof(lessons[i].identity));
	}
	if (!store_learn(*state, lessons, MANY, learned, &error))
		fail_msg("%s", error.text);
	for (int i = 0; i < MANY; i++) {
		assert_int_equal(learned[i].repeated, i % 3 == 2);
		assert_int_equal(learned[i].counted, i % 3 != 2);
		assert_int_equal(
			learned[i].change, i == 0 ? CHANGE_ADDED : CHANGE_UNCHANGED);
	}
	assert_int_equal(counted(*state, "shop", 0), MANY / 3 * 2);
	assert_true(store_learn(*state, NULL, 0, NULL, NULL));
}

/* ---- what was sent, and what came of it ---- */

static bool finish(struct store *store, struct closing closing)
{
	bool returned = true;

	closing.account = "shop";
	closing.node = "node";
	assert_true(store_finish(store, &closing, &returned, NULL));
	return returned;
}

void test_finish_tells_what_came_back(void **state)
{
	const struct closing sent = { .accepted = 3, .reporting = 2 };
	struct lesson lesson = lesson_about(LESSON_UNSUBSCRIBE, "a@x.example");
	struct counters counters;

	assert_false(finish(*state, sent));
	learn(*state, &lesson);
	assert_false(finish(*state, sent));
	lesson = lesson_about(LESSON_SOFT, "a@x.example");
	learn(*state, &lesson);
	assert_true(finish(*state, sent));
	/* Nothing was sent, so nothing is another now. */
	assert_false(finish(*state, (struct closing){ .accepted = 0 }));
	assert_true(store_counters(*state, "shop", 0, &counters, NULL));
	assert_int_equal(counters.accepted, 9);
	assert_int_equal(counters.reporting, 6);
	assert_int_equal(counters.soft, 1);
}

/* In the hour that the token says, where feedback will count it too. */
void test_finish_counts_in_the_hour_of_the_token(void **state)
{
	int64_t hour_us = clock_now_us() / HOUR_US * HOUR_US, token_us = hour_us - 1;
	struct counters counters;

	finish(*state, (struct closing){ .accepted = 3, .accepted_us = token_us });
	finish(*state, (struct closing){ .accepted = 1, .accepted_us = hour_us });
	/* A clock that is ahead makes no hours that are still to come. */
	finish(*state,
		(struct closing){ .accepted = 1, .accepted_us = hour_us + DAY_US });
	assert_true(store_counters(*state, "shop", token_us, &counters, NULL));
	assert_int_equal(counters.accepted, 5);
	assert_true(store_counters(*state, "shop", hour_us, &counters, NULL));
	assert_int_equal(counters.accepted, 2);
	assert_true(store_counters(
		*state, "shop", clock_now_us() + 2 * HOUR_US, &counters, NULL));
	assert_int_equal(counters.accepted, 0);
}

static void replace(struct store *store, struct account *record)
{
	struct error error = ERROR_NONE;
	bool replaced;

	if (!store_replace_account(store, record, NULL, &replaced, &error))
		fail_msg("%s", error.text);
	assert_true(replaced);
}

void test_a_restart_begins_anew(void **state)
{
	struct account record = { .name = "shop", .restarted_us = 0 };
	struct lesson lesson = lesson_about(LESSON_HARD, "a@x.example");
	int64_t now_us = clock_now_us();
	struct counters counters;

	finish(*state, (struct closing){ .accepted = 3 });
	learn(*state, &lesson);
	/* Another change of the record is no restart. */
	replace(*state, &record);
	assert_true(store_counters(*state, "shop", 0, &counters, NULL));
	assert_int_equal(counters.accepted, 3);
	assert_int_equal(counters.hard, 1);
	record.restarted_us = now_us;
	replace(*state, &record);
	assert_true(store_counters(*state, "shop", 0, &counters, NULL));
	assert_int_equal(counters.accepted + counters.hard, 0);

	/* The same restart once more, and what was under way at it. */
	assert_false(finish(*state, (struct closing){ .accepted = 2 }));
	replace(*state, &record);
	finish(*state,
		(struct closing){ .accepted = 5, .accepted_us = now_us - 2 * HOUR_US });
	assert_true(store_counters(*state, "shop", 0, &counters, NULL));
	assert_int_equal(counters.accepted, 2);
}

/* ---- many at once ---- */

void test_threads_learn_it_once(void **state)
{
	struct store *const stores[] = { *state, *state, *state, *state };

	race_to_learn(stores, 4);
}
