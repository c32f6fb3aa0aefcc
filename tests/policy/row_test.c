#include "policy/row.h"
#include "tests/support/test.h"

#define T (INT64_C(1700000000) * SECOND_US)
#define EXPIRE (14 * DAY_US)

static void soft_ones_count_once_a_day(void **state)
{
	static const struct {
		const char *name;
		int64_t last_us, happened_us;
		bool want;
	} cases[] = {
		{ "the first", 0, T, true },
		{ "the same again", T, T, false },
		{ "a day less a microsecond", T, T + DAY_US - 1, false },
		{ "a day", T, T + DAY_US, true },
		{ "much later", T, T + 29 * DAY_US, true },
		{ "before the last", T, T - 1, false },
		{ "days before the last", T, T - 9 * DAY_US, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct row row = { .row = 1,
			.last_us = cases[i].last_us,
			.until_us = cases[i].last_us + ROW_KEPT_US };
		struct row old = row;

		CASE_EQUAL_INT(cases[i].name, row_add(&row, cases[i].happened_us),
			cases[i].want);
		CASE_EQUAL_INT(cases[i].name, row.row, 1 + cases[i].want);
		CASE_EQUAL_INT(cases[i].name, row.last_us,
			cases[i].want ? cases[i].happened_us : old.last_us);
		CASE_EQUAL_INT(cases[i].name, row.until_us, row.last_us + ROW_KEPT_US);
	}
}

static void ends_double_up_to_a_bound(void **state)
{
	static const struct {
		const char *name;
		int64_t expire_us, times, want_us;
	} cases[] = {
		{ "the first time", EXPIRE, 0, EXPIRE },
		{ "the second", EXPIRE, 1, 2 * EXPIRE },
		{ "the third", EXPIRE, 2, 4 * EXPIRE },
		{ "the last below the bound", EXPIRE, 4, 16 * EXPIRE },
		{ "beyond the bound", EXPIRE, 5, EXPIRE_MAX_US },
		{ "far beyond", EXPIRE, 1000000, EXPIRE_MAX_US },
		{ "a microsecond, often", 1, INT64_MAX - 1, EXPIRE_MAX_US },
		{ "just the bound", EXPIRE_MAX_US, 3, EXPIRE_MAX_US },
		{ "longer than the bound", EXPIRE_MAX_US + 1, 0, EXPIRE_MAX_US + 1 },
		{ "and no longer", EXPIRE_MAX_US + 1, 9, EXPIRE_MAX_US + 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct row row = { .times = cases[i].times };

		CASE_EQUAL_INT(cases[i].name, row_put(&row, cases[i].expire_us, T),
			T + cases[i].want_us);
		CASE_EQUAL_INT(cases[i].name, row.times, cases[i].times + 1);
		CASE_EQUAL_INT(
			cases[i].name, row.until_us, T + cases[i].want_us + ROW_KEPT_US);
		CASE_EQUAL_INT(cases[i].name, row.last_us, T);
	}
}

static void it_doubles_only_after_the_end(void **state)
{
	struct row row = { 0 };

	(void)state;
	assert_int_equal(row_put(&row, EXPIRE, T), T + EXPIRE);
	assert_int_equal(row_put(&row, EXPIRE, T + EXPIRE - 1), T + 2 * EXPIRE - 1);
	assert_int_equal(row.times, 1);
	assert_int_equal(row_put(&row, EXPIRE, T + 2 * EXPIRE - 1), T + 4 * EXPIRE - 1);
	assert_int_equal(row.times, 2);
}

static void an_entry_for_good_has_no_end(void **state)
{
	struct row row = { .row = 2, .last_us = T + 1, .until_us = T + ROW_KEPT_US + 1 };

	(void)state;
	assert_int_equal(row_put(&row, 0, T), 0);
	assert_int_equal(row.times, 1);
	/* Late: neither comes nearer. */
	assert_int_equal(row.last_us, T + 1);
	assert_int_equal(row.until_us, T + ROW_KEPT_US + 1);
}

static void deliveries_end_it(void **state)
{
	const struct row row = { .row = 1, .last_us = T };

	(void)state;
	assert_false(row_ends(&row, T - 1));
	assert_true(row_ends(&row, T));
	assert_true(row_ends(&row, T + 1));
}

static void is_forgotten(void **state)
{
	const struct row row = { .row = 1, .last_us = T, .until_us = T + ROW_KEPT_US };
	const struct row none = { 0 };

	(void)state;
	assert_true(row_is_kept(&row, T + ROW_KEPT_US - 1));
	assert_false(row_is_kept(&row, T + ROW_KEPT_US));
	assert_false(row_is_kept(&none, T));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(soft_ones_count_once_a_day),
		cmocka_unit_test(ends_double_up_to_a_bound),
		cmocka_unit_test(it_doubles_only_after_the_end),
		cmocka_unit_test(an_entry_for_good_has_no_end),
		cmocka_unit_test(deliveries_end_it),
		cmocka_unit_test(is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
