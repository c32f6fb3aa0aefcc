#include "tests/store/contract.h"

#include <string.h>

#include "base/text.h"
#include "tests/store/lessons.h"

/* Totals, and how many accounts stand how. */

struct seen_totals {
	const char *wanted;
	int64_t value; /* -1: there is none */
	size_t count, most;
};

static bool see_total(const char *name, int64_t value, void *context)
{
	struct seen_totals *seen = context;

	if (strcmp(name, seen->wanted) == 0) {
		assert_int_equal(seen->value, -1); /* no name twice */
		seen->value = value;
	}
	return ++seen->count < seen->most;
}

static int64_t total(struct store *store, const char *name)
{
	struct seen_totals seen = { .wanted = name, .value = -1, .most = 1000 };
	struct error error = ERROR_NONE;

	if (!store_each_total(store, see_total, &seen, &error))
		fail_msg("%s", error.text);
	return seen.value;
}

void test_totals(void **state)
{
	static const char *const names[] = { "feedback:bounce:hard:log:yes", "a b {c}" };
	struct seen_totals seen = { .wanted = "", .most = 2 };

	assert_int_equal(total(*state, names[0]), -1);
	assert_true(store_tally(*state, names, 2, NULL));
	assert_true(store_tally(*state, names, 1, NULL));
	assert_true(store_tally(*state, NULL, 0, NULL));
	assert_int_equal(total(*state, names[0]), 2);
	assert_int_equal(total(*state, names[1]), 1);
	assert_true(store_each_total(*state, see_total, &seen, NULL));
	assert_int_equal(seen.count, 2);
}

/* What is added counts, by a lesson or by a command; what changes does not. */
void test_totals_of_the_list(void **state)
{
	struct lesson lesson = lesson_about(LESSON_HARD, "a@x.example");
	enum change change;

	learn(*state, &lesson);
	assert_int_equal(total(*state, "suppressed:hard"), 1);
	assert_true(store_suppress(*state, &lesson.entry, 1, NULL, &change, NULL));
	lesson.entry.reason = REASON_COMPLAINT;
	assert_true(store_suppress(*state, &lesson.entry, 1, NULL, &change, NULL));
	assert_int_equal(change, CHANGE_CHANGED);
	assert_int_equal(total(*state, "suppressed:hard"), 1);
	assert_int_equal(total(*state, "suppressed:complaint"), -1);
	lesson = lesson_about(LESSON_HARD, "b@x.example");
	assert_true(store_suppress(*state, &lesson.entry, 1, NULL, &change, NULL));
	assert_int_equal(total(*state, "suppressed:hard"), 2);
	/* They only grow. */
	assert_true(store_unsuppress(*state, lesson.entry.digest, SCOPE_EVERYONE, NULL,
		&(bool){ false }, NULL));
	assert_int_equal(total(*state, "suppressed:hard"), 2);
}

static void stand(struct store *store, const char *account, enum standing standing)
{
	struct account record;
	bool done;

	assert_true(store_account(store, account, &record, &done, NULL));
	record.standing = standing;
	assert_true(store_replace_account(store, &record, NULL, &done, NULL));
	assert_true(done);
}

static void send_mail(struct store *store, const char *account)
{
	const struct closing closing = {
		.account = account, .node = "node", .accepted = 1
	};

	assert_true(store_finish(store, &closing, NULL, NULL));
}

void test_standings(void **state)
{
	static const struct {
		const char *name, *account;
		enum standing standing;
		int64_t want[STANDING_COUNT]; /* healthy, warned, paused, reinstated */
	} steps[] = {
		{ "a record that says nothing", "a", STANDING_HEALTHY, { 2, 0, 0, 0 } },
		{ "warned", "a", STANDING_WARNED, { 1, 1, 0, 0 } },
		{ "warned still", "a", STANDING_WARNED, { 1, 1, 0, 0 } },
		{ "who has sent", "shop", STANDING_PAUSED, { 0, 1, 1, 0 } },
		{ "who is new", "b {c}", STANDING_PAUSED, { 0, 1, 2, 0 } },
		{ "paused", "a", STANDING_PAUSED, { 0, 0, 3, 0 } },
		{ "reinstated", "a", STANDING_REINSTATED, { 0, 0, 2, 1 } },
		{ "healthy again", "a", STANDING_HEALTHY, { 1, 0, 2, 0 } },
	};
	struct account stale = { .name = "a", .standing = STANDING_PAUSED };
	bool replaced;

	assert_int_equal(total(*state, "accounts:healthy"), 0);
	send_mail(*state, "shop");
	send_mail(*state, "shop");
	assert_int_equal(total(*state, "accounts:healthy"), 1);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		stand(*state, steps[i].account, steps[i].standing);
		for (size_t standing = 0; standing < STANDING_COUNT; standing++) {
			char name[64] = "accounts:";

			strcat(name, standing_names[standing]);
			CASE_EQUAL_INT(steps[i].name, total(*state, name),
				steps[i].want[standing]);
		}
	}
	/* Who comes too late changes nothing. */
	assert_true(store_replace_account(*state, &stale, NULL, &replaced, NULL));
	assert_false(replaced);
	assert_int_equal(total(*state, "accounts:paused"), 2);
}

struct names {
	char text[400];
	size_t count, most;
};

static bool see_name(const char *name, void *context)
{
	struct names *names = context;

	strcat(strcat(names->text, name), "|");
	return ++names->count < names->most;
}

/* Who has sent, who has a record, and of whom something has come back. */
void test_each_account(void **state)
{
	struct lesson lesson = lesson_about(LESSON_HARD, "a@x.example");
	struct names names = { .most = 100 };

	assert_true(store_each_account(*state, see_name, &names, NULL));
	assert_int_equal(names.count, 0);
	send_mail(*state, "{odd}* [a]:sent");
	stand(*state, "two words", STANDING_HEALTHY);
	text_copy(lesson.account, sizeof(lesson.account), "gone%7d");
	learn(*state, &lesson);
	/* What counts for nobody makes no account. */
	lesson = lesson_about(LESSON_HARD, "a@x.example");
	lesson.account[0] = '\0';
	learn(*state, &lesson);
	lesson = lesson_about(LESSON_UNSUBSCRIBE, "a@x.example");
	text_copy(lesson.account, sizeof(lesson.account), "nobody");
	learn(*state, &lesson);

	assert_true(store_each_account(*state, see_name, &names, NULL));
	assert_int_equal(names.count, 3);
	assert_non_null(strstr(names.text, "{odd}* [a]:sent|"));
	assert_non_null(strstr(names.text, "two words|"));
	assert_non_null(strstr(names.text, "gone%7d|"));
	names = (struct names){ .most = 2 };
	assert_true(store_each_account(*state, see_name, &names, NULL));
	assert_int_equal(names.count, 2);
}
