#include "policy/usage.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "tests/support/test.h"

/* The arithmetic of limits: tables of named steps, and random events held against brute
 * force. */

/* Moments are told from here, in seconds; a start of buckets for every window below. */
#define START (INT64_C(1699920000) * SECOND_US)

enum { EVENTS = 4000 };

struct step {
	const char *name;
	double at_s;
	struct capacity capacity;
	int64_t pending, wanted;
	bool charge; /* if it fits */
	int64_t want_used;
	bool want_full;
	double want_frees_s;
};

static int64_t moment(double seconds)
{
	return START + (int64_t)(seconds * (double)SECOND_US);
}

static void check_fact(const struct step *step, const struct limit_fact *fact)
{
	CASE_EQUAL_INT(step->name, fact->used, step->want_used);
	CASE_EQUAL_INT(step->name, fact->full, step->want_full);
	CASE_EQUAL_INT(
		step->name, fact->frees_us, step->want_frees_s * (double)SECOND_US);
}

#define RATE(amount_, seconds, burst_)                                                   \
	{                                                                                \
		.amount = (amount_), .window_us = (seconds)*SECOND_US, .burst = (burst_) \
	}
#define QUOTA(amount_, seconds)                                                          \
	{                                                                                \
		.amount = (amount_), .window_us = (seconds)*SECOND_US                    \
	}

static void test_rate(void **state)
{
	static const struct step steps[] = {
		{ "fresh: the burst fits", 0, RATE(10, 1, 5), 0, 5, true, 0, false, 0 },
		{ "burst used up", 0, RATE(10, 1, 5), 0, 1, true, 5, true, 0.1 },
		{ "two wait longer", 0, RATE(10, 1, 5), 0, 2, true, 5, true, 0.2 },
		{ "refused: nothing charged", 0.099999, RATE(10, 1, 5), 0, 1, true, 5,
			true, 0.000001 },
		{ "one has regrown", 0.1, RATE(10, 1, 5), 0, 1, true, 4, false, 0 },
		{ "and is used", 0.1, RATE(10, 1, 5), 0, 1, true, 5, true, 0.1 },
		{ "a larger burst counts at once", 0.1, RATE(10, 1, 7), 0, 2, true, 5,
			false, 0 },
		{ "a smaller burst counts at once", 0.1, RATE(10, 1, 5), 0, 1, true, 7,
			true, 0.3 },
		{ "a faster rate counts at once", 0.2, RATE(20, 1, 7), 0, 1, true, 5,
			false, 0 },
		{ "a slower rate counts at once", 0.325, RATE(1, 1, 6), 0, 1, true, 6,
			true, 0.875 },
		{ "the clock goes back: nothing drains", 0.1, RATE(1, 1, 6), 0, 1, false,
			6, true, 1 },
		{ "nothing wanted is never full", 0.1, RATE(1, 1, 2), 0, 0, true, 6,
			false, 0 },
		{ "pending counts", 0.2, RATE(1, 1, 7), 1, 1, false, 7, true, 1 },
		{ "never more than the burst regrows", 1000, RATE(1, 1, 3), 0, 4, true, 0,
			true, 1 },
		{ "the burst is there again", 1000, RATE(1, 1, 3), 0, 3, true, 0, false,
			0 },
	};
	struct rate_usage usage = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct step *step = &steps[i];
		struct limit_fact fact = { 0 };
		struct rate_usage looked = usage;

		rate_look(&looked, &step->capacity, step->pending, step->wanted,
			moment(step->at_s), &fact);
		check_fact(step, &fact);
		if (!step->charge || fact.full)
			continue;
		rate_charge(&looked, step->wanted, moment(step->at_s));
		usage = looked;
	}
}

/* With a window of 96 s a bucket is a second, and leaves 97 s after its start. */
static void test_quota(void **state)
{
	static const struct step steps[] = {
		{ "fresh", 0.5, QUOTA(10, 96), 0, 6, true, 0, false, 0 },
		{ "more than there is room", 1, QUOTA(10, 96), 0, 5, true, 6, true, 96 },
		{ "just the room", 1, QUOTA(10, 96), 0, 4, true, 6, false, 0 },
		{ "full", 2, QUOTA(10, 96), 0, 1, true, 10, true, 95 },
		{ "the second bucket must leave too", 2, QUOTA(10, 96), 0, 7, true, 10,
			true, 96 },
		{ "more than the quota never fits", 2, QUOTA(10, 96), 0, 11, true, 10,
			true, 0 },
		{ "nor what is pending with it", 2, QUOTA(10, 96), 6, 5, true, 16, true,
			0 },
		{ "nothing wanted is never full", 2, QUOTA(5, 96), 0, 0, true, 10, false,
			0 },
		{ "pending counts", 2, QUOTA(12, 96), 2, 1, true, 12, true, 95 },
		{ "a larger quota counts at once", 2, QUOTA(12, 96), 0, 2, false, 10,
			false, 0 },
		{ "a smaller quota counts at once", 2, QUOTA(4, 96), 0, 1, true, 10, true,
			96 },
		{ "window and a bucket less 1 us", 96.999999, QUOTA(10, 96), 0, 1, true,
			10, true, 0.000001 },
		{ "the clock goes back", 0.25, QUOTA(10, 96), 0, 1, true, 10, true,
			96.75 },
		{ "the first bucket has left", 97, QUOTA(10, 96), 0, 6, true, 4, false,
			0 },
		{ "the second has left", 98, QUOTA(10, 96), 0, 4, true, 6, false, 0 },
		{ "long after", 98 + 97, QUOTA(10, 96), 0, 10, true, 0, false, 0 },
	};
	struct quota_usage usage = { .count = 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct step *step = &steps[i];
		struct limit_fact fact = { 0 };
		struct quota_usage looked = usage;

		quota_look(&looked, &step->capacity, step->pending, step->wanted,
			moment(step->at_s), &fact);
		check_fact(step, &fact);
		if (!step->charge || fact.full)
			continue;
		quota_charge(&looked, &step->capacity, step->wanted, moment(step->at_s),
			&fact);
		usage = looked;
	}
}

static int64_t quota_used(
	const struct quota_usage *usage, const struct capacity *capacity, double at_s)
{
	struct quota_usage looked = *usage;
	struct limit_fact fact = { 0 };

	quota_look(&looked, capacity, 0, 1, moment(at_s), &fact);
	return fact.used;
}

static void test_quota_refund(void **state)
{
	static const struct capacity capacity = QUOTA(10, 96);
	struct quota_usage usage = { .count = 0 };
	struct limit_fact first = { 0 }, second = { 0 };

	(void)state;
	quota_charge(&usage, &capacity, 3, moment(0), &first);
	quota_charge(&usage, &capacity, 4, moment(5), &second);
	assert_int_equal(second.bucket, first.bucket + 5);

	quota_refund(&usage, first.bucket, 2);
	assert_int_equal(quota_used(&usage, &capacity, 5), 5);
	/* It was the first bucket that got it: one is left there, four in the other. */
	assert_int_equal(quota_used(&usage, &capacity, 97), 4);
	quota_refund(&usage, first.bucket, 2);
	assert_int_equal(quota_used(&usage, &capacity, 5), 4);
	quota_refund(&usage, first.bucket + 1, 2);
	assert_int_equal(quota_used(&usage, &capacity, 5), 4);

	quota_look(&usage, &capacity, 0, 1, moment(97), &first);
	quota_charge(&usage, &capacity, 1, moment(97), &first);
	quota_refund(&usage, second.bucket - 5, 2);
	assert_int_equal(quota_used(&usage, &capacity, 97), 5);
	quota_refund(&usage, second.bucket, 4);
	assert_int_equal(quota_used(&usage, &capacity, 97), 1);
}

/* The clock goes back by days, with every bucket in use: nothing is lost. */
static void test_quota_clock_far_back(void **state)
{
	static const struct capacity capacity = QUOTA(1000, 96);
	struct quota_usage usage = { .count = 0 };
	struct limit_fact fact = { 0 };

	(void)state;
	for (int i = 0; i < 190; i++)
		quota_charge(&usage, &capacity, i < 97 ? 1 : 2,
			moment(i < 97 ? i : i - 1000), &fact);
	assert_int_equal(usage.count, QUOTA_BUCKETS + 2);
	quota_look(&usage, &capacity, 0, 1, moment(-808), &fact);
	assert_int_equal(fact.used, 97 + 2 * 93);
	quota_refund(&usage, fact.bucket, 2);
	assert_int_equal(quota_used(&usage, &capacity, -808), 97 + 2 * 92);
}

/* One event of the past, for brute force. */
struct past {
	int64_t at_us, amount;
};

static int64_t sum_since(const struct past *past, size_t count, int64_t from_us)
{
	int64_t sum = 0;

	for (size_t i = count; i-- > 0 && past[i].at_us >= from_us;)
		sum += past[i].amount;
	return sum;
}

/*
 * It fits exactly when it says, and not a microsecond before; two where the
 * window has no whole 96th, and the moment is rounded.
 */
static void check_quota_frees(const struct quota_usage *usage,
	const struct capacity *capacity, int64_t wanted, int64_t now_us, int64_t frees_us)
{
	struct limit_fact fact = { 0 };
	struct quota_usage then = *usage, before = *usage;
	int64_t rounded = capacity->window_us % QUOTA_BUCKETS != 0;

	if (frees_us == 0) {
		assert_true(wanted > capacity->amount);
		return;
	}
	quota_look(&before, capacity, 0, wanted, now_us + frees_us - 1 - rounded, &fact);
	assert_true(fact.full);
	quota_look(&then, capacity, 0, wanted, now_us + frees_us, &fact);
	assert_false(fact.full);
}

static void try_quota(const struct capacity *capacity, int64_t longest_pause_us)
{
	struct past *past = xcalloc(EVENTS, sizeof(*past));
	struct quota_usage usage = { .count = 0 };
	double width_us = (double)capacity->window_us / QUOTA_BUCKETS;
	int64_t now_us = START + random() % SECOND_US;
	size_t count = 0;

	for (int i = 0; i < EVENTS; i++) {
		int64_t wanted =
			1 + random() % (random() % 8 == 0 ? capacity->amount + 1 : 3);
		struct limit_fact fact = { 0 };

		now_us += random() % longest_pause_us;
		quota_look(&usage, capacity, 0, wanted, now_us, &fact);
		if (fact.full) {
			int64_t strict_us =
				now_us - capacity->window_us - (int64_t)width_us - 1;

			check_quota_frees(
				&usage, capacity, wanted, now_us, fact.frees_us);
			assert_true(sum_since(past, count, strict_us) + wanted >
				    capacity->amount);
			continue;
		}
		quota_charge(&usage, capacity, wanted, now_us, &fact);
		past[count++] = (struct past){ now_us, wanted };
		/* The window that ends here, both its ends included. */
		assert_true(sum_since(past, count, now_us - capacity->window_us) <=
			    capacity->amount);
	}
	free(past);
}

static void test_quota_brute_force(void **state)
{
	static const struct {
		struct capacity capacity;
		int64_t longest_pause_us;
	} cases[] = {
		{ { .amount = 50, .window_us = 96 * SECOND_US }, 3 * SECOND_US },
		{ { .amount = 5, .window_us = 96 * SECOND_US }, 20 * SECOND_US },
		{ { .amount = 200, .window_us = SECOND_US }, SECOND_US / 100 },
		{ { .amount = 40, .window_us = 7001 * 1000 }, SECOND_US / 3 },
		{ { .amount = 300, .window_us = DAY_US }, HOUR_US / 4 },
		{ { .amount = 30, .window_us = 86399999 * INT64_C(1000) }, 2 * HOUR_US },
		{ { .amount = 1, .window_us = 3600 * SECOND_US }, 5 * HOUR_US },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		try_quota(&cases[i].capacity, cases[i].longest_pause_us);
}

/* In no time T more than burst + T * rate; and where it is refused, it fits when it says.
 */
static void try_rate(const struct capacity *capacity, int64_t longest_pause_us)
{
	double slack_us = 1e-6 * (double)capacity->window_us / (double)capacity->amount;
	struct rate_usage usage = { 0 };
	int64_t now_us = START, passed = 0;

	for (int i = 0; i < EVENTS; i++) {
		int64_t wanted = 1 + random() % capacity->burst;
		struct rate_usage looked = usage, then = usage, before = usage;
		struct limit_fact fact = { 0 };
		double most;

		now_us += random() % longest_pause_us;
		rate_look(&looked, capacity, 0, wanted, now_us, &fact);
		if (!fact.full) {
			rate_charge(&looked, wanted, now_us);
			usage = looked;
			passed += wanted;
			most = (double)capacity->burst +
			       (double)(now_us - START) * (double)capacity->amount /
				       (double)capacity->window_us;
			assert_true((double)passed <= most + 1e-3);
			continue;
		}
		now_us += fact.frees_us;
		rate_look(&then, capacity, 0, wanted, now_us, &fact);
		assert_false(fact.full);
		rate_look(&before, capacity, 0, wanted, now_us - 2 - (int64_t)slack_us,
			&fact);
		assert_true(fact.full || fact.used == 0);
	}
}

static void test_rate_brute_force(void **state)
{
	static const struct capacity capacities[] = {
		RATE(14, 1, 50),
		RATE(1, 1, 1),
		RATE(1, 3600, 3),
		RATE(7, 60, 20),
		RATE(100000, 1, 1000),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(capacities) / sizeof(*capacities); i++)
		try_rate(&capacities[i],
			2 * capacities[i].window_us / capacities[i].amount + 1);
}

struct mention_step {
	const char *name;
	double at_s;
	int64_t amount;
	const char *members[4];
	int64_t pending;
	bool charge;
	int64_t want_used, want_wanted;
	bool want_full;
	double want_frees_s;
	double want_previous_s; /* -1: none; looked at when it was charged */
};

/* A window of 100 s. */
static void test_distinct(void **state)
{
	static const struct mention_step steps[] = {
		{ "fresh", 0, 3, { "a" }, 0, true, 0, 1, false, 0, -1 },
		{ "another", 10, 3, { "b" }, 0, true, 1, 1, false, 0, -1 },
		{ "the same again adds nothing", 20, 3, { "a" }, 0, true, 2, 0, false, 0,
			0 },
		{ "twice in one demand is one", 20, 3, { "c", "c" }, 0, true, 2, 1, false,
			0, -1 },
		{ "full: the oldest mention leaves", 30, 3, { "d" }, 0, true, 3, 1, true,
			80, 0 },
		{ "a known one fits always", 30, 3, { "c" }, 0, true, 3, 0, false, 0,
			20 },
		{ "also in a smaller quota", 30, 1, { "c" }, 0, false, 3, 0, false, 0,
			0 },
		{ "a smaller quota counts at once", 30, 2, { "d" }, 0, true, 3, 1, true,
			90, 0 },
		{ "a larger quota counts at once", 30, 4, { "d" }, 0, false, 3, 1, false,
			0, 0 },
		{ "pending counts", 30, 4, { "d" }, 1, false, 4, 1, true, 80, 0 },
		{ "more than the quota never fits", 30, 3, { "e", "f", "g", "h" }, 0,
			true, 3, 4, true, 0, 0 },
		{ "its own mention is no help", 30, 3, { "b", "d" }, 0, true, 3, 1, true,
			90, 0 },
		{ "window less 1 us", 109.999999, 3, { "d" }, 0, true, 3, 1, true,
			0.000001, 0 },
		{ "the window after", 110, 3, { "d" }, 0, true, 2, 1, false, 0, -1 },
		{ "last mention, not first", 119.999999, 3, { "e" }, 0, true, 3, 1, true,
			0.000001, 0 },
		{ "and then it leaves", 120, 3, { "e" }, 0, true, 2, 1, false, 0, -1 },
		{ "the clock goes back", 115, 3, { "f" }, 0, true, 3, 1, true, 15, 0 },
		{ "out of the window: no mention before", 500, 3, { "a" }, 0, true, 0, 1,
			false, 0, -1 },
	};
	struct distinct_usage usage = { 0 };

	(void)state;
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		const struct mention_step *step = &steps[i];
		const struct capacity capacity = QUOTA(step->amount, 100);
		struct limit_fact fact = { 0 };
		size_t count = 0;

		while (count < 4 && step->members[count] != NULL)
			count++;
		distinct_look(&usage, &capacity, step->pending, step->members, count,
			moment(step->at_s), &fact);
		CASE_EQUAL_INT(step->name, fact.used, step->want_used);
		CASE_EQUAL_INT(step->name, fact.wanted, step->want_wanted);
		CASE_EQUAL_INT(step->name, fact.full, step->want_full);
		CASE_EQUAL_INT(step->name, fact.frees_us,
			step->want_frees_s * (double)SECOND_US);
		if (!step->charge || fact.full)
			continue;
		distinct_charge(&usage, &capacity, step->members, count,
			moment(step->at_s), &fact);
		CASE_EQUAL_INT(step->name, fact.previous_us,
			step->want_previous_s < 0 ? 0 : moment(step->want_previous_s));
	}
	distinct_clear(&usage);
}

static int64_t distinct_used(
	struct distinct_usage *usage, const struct capacity *capacity, double at_s)
{
	struct limit_fact fact = { 0 };

	distinct_look(usage, capacity, 0, NULL, 0, moment(at_s), &fact);
	return fact.used;
}

static void test_distinct_refund(void **state)
{
	static const struct capacity capacity = QUOTA(10, 100);
	const char *const a[] = { "a" }, *const b[] = { "b" };
	struct distinct_usage usage = { 0 };
	struct limit_fact fact = { 0 };

	(void)state;
	distinct_charge(&usage, &capacity, a, 1, moment(0), &fact);
	distinct_charge(&usage, &capacity, b, 1, moment(10), &fact);
	distinct_refund(&usage, "b", moment(10), fact.previous_us);
	assert_int_equal(distinct_used(&usage, &capacity, 10), 1);
	distinct_refund(&usage, "b", moment(10), 0);
	distinct_refund(&usage, "nobody", moment(10), 0);
	assert_int_equal(distinct_used(&usage, &capacity, 10), 1);

	distinct_charge(&usage, &capacity, a, 1, moment(50), &fact);
	distinct_refund(&usage, "a", moment(0), 0);
	assert_int_equal(distinct_used(&usage, &capacity, 50), 1);
	distinct_refund(&usage, "a", moment(50), fact.previous_us);
	assert_int_equal(distinct_used(&usage, &capacity, 99.999999), 1);
	assert_int_equal(distinct_used(&usage, &capacity, 100), 0);
	distinct_clear(&usage);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_rate_brute_force),
		cmocka_unit_test(test_quota),
		cmocka_unit_test(test_quota_refund),
		cmocka_unit_test(test_quota_clock_far_back),
		cmocka_unit_test(test_quota_brute_force),
		cmocka_unit_test(test_distinct),
		cmocka_unit_test(test_distinct_refund),
	};

	srandom(1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
