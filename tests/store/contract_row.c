#include "tests/store/contract.h"

#include <string.h>

#include "base/text.h"
#include "tests/store/lessons.h"

/* What comes back: rows of soft bounces, the entries they make, and when these end. */

#define US INT64_C(1)
#define EXPIRE (100 * DAY_US) /* so that what happened a month ago is not over */

/* Long enough ago for all that happens in a case, and in the middle of a day. */
static int64_t begin_us(void)
{
	return clock_now_us() / DAY_US * DAY_US - 25 * DAY_US + DAY_US / 2;
}

struct step {
	const char *name;
	enum lesson_kind kind;
	int64_t at_us; /* from the begin on */
	const char *recipient, *account, *scope;
	int64_t row;
	enum change change;
};

static void take_steps(struct store *store, const struct step *steps, size_t count)
{
	int64_t begin = begin_us();

	for (size_t i = 0; i < count; i++) {
		const struct step *step = &steps[i];
		struct lesson lesson = lesson_about(step->kind,
			step->recipient != NULL ? step->recipient : "a@x.example");
		struct learned learned;

		lesson.happened_us = begin + step->at_us;
		lesson.expire_us = EXPIRE;
		if (step->account != NULL)
			text_copy(lesson.account, sizeof(lesson.account), step->account);
		if (step->scope != NULL)
			text_copy(lesson.entry.scope, sizeof(lesson.entry.scope),
				step->scope);
		learned = learn(store, &lesson);
		CASE_EQUAL_INT(step->name, learned.row, step->row);
		CASE_EQUAL_INT(step->name, learned.change, step->change);
	}
}

#define STEPS(steps) steps, sizeof(steps) / sizeof(*(steps))

void test_soft_bounces_in_a_row(void **state)
{
	static const struct step steps[] = {
		{ "the first", LESSON_SOFT, 0, .row = 1 },
		{ "a day less a microsecond", LESSON_SOFT, DAY_US - US, .row = 1 },
		{ "a day", LESSON_SOFT, DAY_US, .row = 2 },
		{ "late", LESSON_SOFT, DAY_US / 2, .row = 2 },
		{ "long before", LESSON_SOFT, -3 * DAY_US, .row = 2 },
		{ "of another scope", LESSON_SOFT, 3 * DAY_US, .scope = "shop",
			.row = 1 },
		{ "of another recipient", LESSON_SOFT, 3 * DAY_US,
			.recipient = "b@x.example", .row = 1 },
		{ "of another account, and the last", LESSON_SOFT, 3 * DAY_US,
			.account = "other", .row = 0, .change = CHANGE_ADDED },
		{ "of the same day", LESSON_SOFT, 3 * DAY_US + HOUR_US, .row = 0 },
		{ "a new row", LESSON_SOFT, 4 * DAY_US, .row = 1 },
		{ "its second", LESSON_SOFT, 5 * DAY_US, .row = 2 },
		{ "its last: the end is another", LESSON_SOFT, 6 * DAY_US, .row = 0,
			.change = CHANGE_CHANGED },
	};

	take_steps(*state, STEPS(steps));
}

void test_deliveries_end_rows(void **state)
{
	static const struct step steps[] = {
		{ "of nobody", LESSON_DELIVERED, 0, .row = 0 },
		{ "the first", LESSON_SOFT, 0, .row = 1 },
		{ "the second", LESSON_SOFT, DAY_US, .row = 2 },
		{ "delivered before the second", LESSON_DELIVERED, DAY_US - US,
			.row = 0 },
		{ "and another scope's", LESSON_DELIVERED, 2 * DAY_US, .scope = "shop" },
		{ "and another recipient's", LESSON_DELIVERED, 2 * DAY_US,
			.recipient = "b@x.example" },
		{ "so it goes on", LESSON_SOFT, DAY_US + US, .row = 2 },
		{ "delivered just then", LESSON_DELIVERED, DAY_US, .row = 0 },
		{ "a new row, on the same day", LESSON_SOFT, DAY_US + US, .row = 1 },
		{ "its second", LESSON_SOFT, 2 * DAY_US + US, .row = 2 },
		{ "delivered after it", LESSON_DELIVERED, 2 * DAY_US + 2 * US, .row = 0 },
		{ "a third", LESSON_SOFT, 3 * DAY_US + US, .row = 1 },
		/* Policy is about us. */
		{ "policy", LESSON_POLICY, 4 * DAY_US, .row = 0 },
		{ "its second", LESSON_SOFT, 4 * DAY_US + US, .row = 2 },
		{ "its last", LESSON_SOFT, 5 * DAY_US + US, .row = 0,
			.change = CHANGE_ADDED },
	};

	take_steps(*state, STEPS(steps));
}

void test_rows_of_one(void **state)
{
	struct lesson lesson = lesson_about(LESSON_SOFT, "a@x.example");
	struct suppression entry;
	struct learned learned;

	lesson.row = 1;
	learned = learn(*state, &lesson);
	assert_int_equal(learned.row, 0);
	assert_int_equal(learned.change, CHANGE_ADDED);
	assert_true(find_entry(*state, &lesson, &entry));
	assert_int_equal(entry.reason, REASON_SOFT);
	assert_int_equal(entry.until_us, 0);
	assert_int_equal(entry.since_us, lesson.happened_us);
	assert_string_equal(entry.source, "feedback");
	assert_string_equal(entry.address, "a@x.example");

	/* Nobody is to be put on the list, so there is no row either. */
	lesson = lesson_about(LESSON_SOFT, "b@x.example");
	lesson.row = 1;
	lesson.entry.reason = REASON_NONE;
	learned = learn(*state, &lesson);
	assert_true(learned.counted);
	assert_int_equal(learned.change, CHANGE_UNCHANGED);
	assert_false(find_entry(*state, &lesson, &entry));
}

/* One after another; the list has what is not over by now. */
enum { SHORT_DAYS = 10 };
#define SHORT (SHORT_DAYS * DAY_US)

void test_ends_double(void **state)
{
	static const struct {
		const char *name;
		enum lesson_kind kind;
		int64_t at_us, expire_us, want_us; /* 0: for good */
		enum change change;
	} cases[] = {
		{ "the first", LESSON_HARD, 0, EXPIRE, EXPIRE, CHANGE_ADDED },
		{ "of mail that was under way", LESSON_HARD, US, EXPIRE, US + EXPIRE,
			CHANGE_CHANGED },
		{ "late: not nearer", LESSON_UNSUBSCRIBE, -DAY_US, EXPIRE, US + EXPIRE,
			CHANGE_CHANGED },
		{ "longer than the bound", LESSON_COMPLAINT, 0,
			EXPIRE_MAX_US + 2 * DAY_US, EXPIRE_MAX_US + 2 * DAY_US,
			CHANGE_CHANGED },
		{ "for good", LESSON_HARD, DAY_US, 0, 0, CHANGE_CHANGED },
		{ "and not for less again", LESSON_HARD, DAY_US, EXPIRE, 0,
			CHANGE_UNCHANGED },
	};
	int64_t begin = begin_us();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lesson lesson = lesson_about(cases[i].kind, "a@x.example");
		int64_t want_us = cases[i].want_us != 0 ? begin + cases[i].want_us : 0;
		struct suppression entry;

		lesson.happened_us = begin + cases[i].at_us;
		lesson.expire_us = cases[i].expire_us;
		CASE_EQUAL_INT(
			cases[i].name, learn(*state, &lesson).change, cases[i].change);
		assert_true(find_entry(*state, &lesson, &entry));
		CASE_EQUAL_INT(cases[i].name, entry.until_us - want_us, 0);
	}
}

/* After the end of the one before; 0: it is over by now. */
static void check_ends(void **state, const char *recipient, const struct step *steps,
	size_t count, const int64_t *want_us)
{
	int64_t begin = begin_us();

	for (size_t i = 0; i < count; i++) {
		struct lesson lesson = lesson_about(steps[i].kind, recipient);
		struct suppression entry;

		lesson.happened_us = begin + steps[i].at_us;
		lesson.expire_us = SHORT;
		learn(*state, &lesson);
		CASE_EQUAL_INT(steps[i].name, find_entry(*state, &lesson, &entry),
			want_us[i] != 0);
		if (want_us[i] != 0)
			CASE_EQUAL_INT(
				steps[i].name, entry.until_us - begin - want_us[i], 0);
	}
}

void test_ends_double_after_the_end(void **state)
{
	static const struct step steps[] = {
		{ .name = "over by now", .kind = LESSON_HARD, .at_us = 0 },
		{ .name = "just before its end",
			.kind = LESSON_HARD,
			.at_us = SHORT - 1 },
		{ .name = "at the end of that",
			.kind = LESSON_HARD,
			.at_us = 2 * SHORT - 1 },
		{ .name = "under way", .kind = LESSON_HARD, .at_us = 2 * SHORT + DAY_US },
	};
	static const int64_t want_us[] = { 0, 0, 4 * SHORT - 1, 4 * SHORT + DAY_US };

	check_ends(state, "a@x.example", steps, sizeof(steps) / sizeof(*steps), want_us);
}

void test_deliveries_end_the_doubling(void **state)
{
	static const struct step steps[] = {
		{ .name = "over by now", .kind = LESSON_HARD, .at_us = 0 },
		{ .name = "a delivery", .kind = LESSON_DELIVERED, .at_us = SHORT },
		{ .name = "not doubled", .kind = LESSON_HARD, .at_us = 2 * SHORT },
	};
	static const int64_t want_us[] = { 0, 0, 3 * SHORT };

	check_ends(state, "a@x.example", steps, sizeof(steps) / sizeof(*steps), want_us);
}

/* A report that comes when all is over already. */
void test_what_is_over_changes_nothing(void **state)
{
	struct lesson lesson = lesson_about(LESSON_HARD, "a@x.example");
	struct seen_lessons seen = { .count = 0 };
	struct suppression entry;

	lesson.happened_us = clock_now_us() - DAY_US;
	lesson.expire_us = DAY_US - 60 * SECOND_US;
	lesson.event.kind = EVENT_BOUNCE;
	assert_int_equal(learn(*state, &lesson).change, CHANGE_UNCHANGED);
	assert_false(find_entry(*state, &lesson, &entry));
	see_lessons(*state, &seen);
	assert_int_equal(seen.count, 1);
	/* But it was one time. */
	lesson = lesson_about(LESSON_HARD, "a@x.example");
	lesson.happened_us = clock_now_us() - 30 * SECOND_US;
	lesson.expire_us = DAY_US - 60 * SECOND_US;
	assert_int_equal(learn(*state, &lesson).change, CHANGE_ADDED);
	assert_true(find_entry(*state, &lesson, &entry));
	assert_int_equal(entry.until_us, lesson.happened_us + 2 * lesson.expire_us);
}

/* The store's clock is the latest that something can have happened. */
void test_nothing_happens_in_the_future(void **state)
{
	static const int64_t times_us[] = { 0, 9 * DAY_US };

	for (size_t i = 0; i < sizeof(times_us) / sizeof(*times_us); i++) {
		struct lesson lesson =
			lesson_about(LESSON_HARD, i == 0 ? "a@x.example" : "b@x.example");
		int64_t before_us = clock_now_us() - SECOND_US;
		struct suppression entry;

		lesson.happened_us = times_us[i] != 0 ? before_us + times_us[i] : 0;
		lesson.expire_us = DAY_US;
		assert_int_equal(learn(*state, &lesson).change, CHANGE_ADDED);
		assert_true(find_entry(*state, &lesson, &entry));
		assert_in_range(entry.since_us, before_us, clock_now_us() + SECOND_US);
		assert_int_equal(entry.until_us, entry.since_us + DAY_US);
	}
}

/* ---- merging, and events ---- */

/* As `okite suppress` does: a stronger reason is never weakened. */
void test_lessons_merge_into_the_list(void **state)
{
	struct lesson lesson = lesson_about(LESSON_COMPLAINT, "a@x.example");
	struct suppression entry;

	text_copy(lesson.entry.note, sizeof(lesson.entry.note), "said \"spam\"\nonce");
	assert_int_equal(learn(*state, &lesson).change, CHANGE_ADDED);
	lesson = lesson_about(LESSON_HARD, "a@x.example");
	text_copy(lesson.entry.source, sizeof(lesson.entry.source), "log");
	assert_int_equal(learn(*state, &lesson).change, CHANGE_UNCHANGED);
	assert_true(find_entry(*state, &lesson, &entry));
	assert_int_equal(entry.reason, REASON_COMPLAINT);
	assert_string_equal(entry.source, "feedback");
	assert_string_equal(entry.note, "said \"spam\"\nonce");
}

void test_events_of_lessons(void **state)
{
	struct lesson lesson = lesson_about(LESSON_HARD, "a@x.example");
	struct seen_lessons seen = { .count = 0 };
	char end[CLOCK_TEXT_SIZE], want[64];

	lesson.expire_us = EXPIRE;
	lesson.event = (struct event){ .kind = EVENT_BOUNCE,
		.time_us = NOW,
		.account = "shop",
		.recipient = "a@x.example",
		.sender = "news@shop.example",
		.rule = "bounce",
		.verdict = "hard",
		.reply = "550 5.1.1 \"no\" \\ such\nuser",
		.queue_id = "4bXk2P1Zyz",
		.detail = "by the log" };
	learn(*state, &lesson);
	see_lessons(*state, &seen);
	assert_int_equal(seen.count, 2);
	assert_int_equal(seen.first.kind, EVENT_BOUNCE);
	assert_int_equal(seen.first.time_us, NOW);
	assert_string_equal(seen.first.reply, lesson.event.reply);
	assert_string_equal(seen.first.detail, "by the log");
	assert_int_equal(seen.second.kind, EVENT_SUPPRESSED);
	assert_string_equal(seen.second.account, "shop");
	assert_string_equal(seen.second.recipient, "a@x.example");
	assert_string_equal(seen.second.sender, "news@shop.example");
	assert_string_equal(seen.second.rule, "bounce");
	assert_string_equal(seen.second.queue_id, "4bXk2P1Zyz");
	assert_string_equal(seen.second.verdict, "");
	assert_string_equal(seen.second.reply, "");
	clock_to_text(end, sizeof(end), lesson.happened_us + EXPIRE);
	text_copy(want, sizeof(want), "hard until ");
	assert_string_equal(strcat(want, end), seen.second.detail);

	/* Another one of the same kind for good: the list changed. */
	lesson = lesson_about(LESSON_HARD, "a@x.example");
	learn(*state, &lesson);
	see_lessons(*state, &seen);
	assert_int_equal(seen.count, 2);
	assert_string_equal(seen.second.detail, "hard");
	/* And again: now it does not. */
	lesson = lesson_about(LESSON_HARD, "a@x.example");
	learn(*state, &lesson);
	see_lessons(*state, &seen);
	assert_int_equal(seen.count, 1);
}

void test_quiet_lessons(void **state)
{
	static const struct {
		const char *name;
		enum lesson_kind kind;
		int64_t at_us;
		size_t want;
	} cases[] = {
		{ "delivered, and nothing was known", LESSON_DELIVERED, 0, 0 },
		{ "policy", LESSON_POLICY, 0, 0 },
		{ "soft", LESSON_SOFT, 0, 1 },
		{ "soft, on the same day", LESSON_SOFT, HOUR_US, 0 },
		{ "delivered before", LESSON_DELIVERED, -US, 0 },
		{ "delivered", LESSON_DELIVERED, DAY_US, 1 },
		{ "delivered again", LESSON_DELIVERED, DAY_US, 0 },
		{ "hard", LESSON_HARD, DAY_US, 2 },
		{ "hard again", LESSON_HARD, DAY_US, 0 },
	};
	struct seen_lessons seen = { .count = 0 };
	int64_t begin = begin_us();

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct lesson lesson = lesson_about(cases[i].kind, "a@x.example");

		lesson.happened_us = begin + cases[i].at_us;
		lesson.quiet = true;
		learn(*state, &lesson);
		see_lessons(*state, &seen);
		CASE_EQUAL_INT(cases[i].name, seen.count, cases[i].want);
	}
}

/* An address that hides: the account is known, the recipient is not. */
void test_lessons_without_a_digest(void **state)
{
	for (int kind = 0; kind < LESSON_KIND_COUNT; kind++) {
		struct lesson lesson =
			lesson_about((enum lesson_kind)kind, "a@x.example");

		lesson.entry.digest[0] = '\0';
		lesson.row = 1;
		assert_int_equal(learn(*state, &lesson).change, CHANGE_UNCHANGED);
		assert_false(find_entry(*state, &lesson, &lesson.entry));
	}
}
