#include <math.h>
#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "policy/standing.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_near(const char *name, double got, double want, double tolerance)
{
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%s: got %.9f, want %.9f", name, got, want);
}

static void divides(void **state)
{
	(void)state;
	check_near("one in thirteen", rate_percent(1, 13), 7.6923, 0.0001);
	check_near("all", rate_percent(5, 5), 100, 0);
	check_near("none of some", rate_percent(0, 5), 0, 0);
	check_near("none of none", rate_percent(0, 0), 0, 0);
	check_near("some of none", rate_percent(3, 0), 0, 0);
}

/* WANT from the same formula with the quantile of a table, in arithmetic of 50 digits. */
static void finds_lower_bounds(void **state)
{
	static const struct {
		const char *name;
		int64_t part, whole;
		double confidence, want;
	} cases[] = {
		{ "one in thirteen", 1, 13, 0.95, 1.735231220 },
		{ "all of one", 1, 1, 0.95, 26.986594878 },
		{ "all of a thousand", 1000, 1000, 0.95, 99.730175676 },
		{ "a tenth", 10, 100, 0.95, 6.071866702 },
		{ "a tenth of more", 10000, 100000, 0.95, 9.845036030 },
		{ "a rare complaint", 1, 1000, 0.95, 0.022312384 },
		{ "surer", 10, 100, 0.99, 4.952649512 },
		{ "nearly certain", 10, 100, 0.9999, 3.328670800 },
		{ "even chance is the plain rate", 10, 100, 0.5, 10.000000000 },
		{ "nothing bounced", 0, 1000, 0.95, 0 },
		{ "nothing sent", 0, 0, 0.95, 0 },
		{ "more came back than went", 7, 0, 0.95, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		check_near(cases[i].name,
			rate_lower_bound(
				cases[i].part, cases[i].whole, cases[i].confidence),
			cases[i].want, 1e-6);
}

static void more_reports_than_mail_are_all_of_it(void **state)
{
	(void)state;
	check_near(
		"9 of 5", rate_lower_bound(9, 5, 0.95), rate_lower_bound(5, 5, 0.95), 0);
}

/* The bound is under the rate, grows with what bounces, and nears the rate as mail grows.
 */
static void bounds_are_in_order(void **state)
{
	double before = 0;

	(void)state;
	for (int64_t part = 1; part <= 1000; part++) {
		double bound = rate_lower_bound(part, 1000, 0.95);

		assert_true(bound > before);
		assert_true(bound < rate_percent(part, 1000));
		assert_true(bound < rate_lower_bound(part * 100, 100000, 0.95));
		assert_true(bound > rate_lower_bound(part, 1000, 0.99));
		before = bound;
	}
}

/* ---- the law ---- */

#define NOW (1700000000 * SECOND_US)

static const struct reputation law = {
	.window_us = 7 * DAY_US,
	.bounce = { .warn = 5, .pause = 10, .minimum = 50 },
	.complaint = { .warn = 0.1, .pause = 0.5, .minimum = 500 },
	.confidence = 0.95,
};

static void rates_have_their_own_denominators(void **state)
{
	const struct counters counters = {
		.accepted = 1000, .reporting = 100, .hard = 50, .complaint = 2
	};
	struct rates rates;

	(void)state;
	rates_of(&law, &counters, &rates);
	check_near("bounces", rates.bounce, 5, 0);
	check_near("bounces, low", rates.bounce_low, rate_lower_bound(50, 1000, 0.95), 0);
	check_near("complaints", rates.complaint, 2, 0);
	check_near("complaints, low", rates.complaint_low, rate_lower_bound(2, 100, 0.95),
		0);
}

static void looks_back_a_window_or_to_the_restart(void **state)
{
	static const struct {
		const char *name;
		int64_t restarted_us, want;
	} cases[] = {
		{ "never restarted", 0, NOW - 7 * DAY_US },
		{ "restarted long ago", NOW - 8 * DAY_US, NOW - 7 * DAY_US },
		{ "restarted a window ago", NOW - 7 * DAY_US, NOW - 7 * DAY_US },
		{ "restarted in the window", NOW - 7 * DAY_US + 1, NOW - 7 * DAY_US + 1 },
		{ "restarted just now", NOW, NOW },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct account record = { .restarted_us = cases[i].restarted_us };

		CASE_EQUAL_INT(cases[i].name, reputation_from_us(&law, &record, NOW),
			cases[i].want);
	}
}

#define HEALTHY STANDING_HEALTHY
#define WARNED STANDING_WARNED
#define PAUSED STANDING_PAUSED
#define REINSTATED STANDING_REINSTATED

/*
 * The lower bounds: 115 of 1000 are 9.94 %, 116 are 10.04 %, 8 are 0.45 % and
 * 9 are 0.52 %.
 */
static void judges_rates(void **state)
{
	static const struct {
		const char *name;
		enum standing before;
		int64_t accepted, hard, reporting, complaint;
		enum standing want;
	} cases[] = {
		{ "nothing sent", HEALTHY, 0, 0, 0, 0, HEALTHY },
		{ "nothing came back", HEALTHY, 1000, 0, 1000, 0, HEALTHY },
		{ "one bounce in thirteen", HEALTHY, 13, 1, 13, 0, HEALTHY },
		{ "all bounce, below the minimum", HEALTHY, 49, 49, 49, 0, HEALTHY },
		{ "all bounce, at the minimum", HEALTHY, 50, 50, 50, 0, PAUSED },
		{ "bounces without mail", HEALTHY, 0, 60, 0, 0, HEALTHY },
		{ "more bounces than mail", HEALTHY, 50, 60, 50, 0, PAUSED },
		{ "bounces below the warning", HEALTHY, 100, 4, 100, 0, HEALTHY },
		{ "bounces at the warning", HEALTHY, 100, 5, 100, 0, WARNED },
		{ "just below the warning", HEALTHY, 100001, 5000, 0, 0, HEALTHY },
		{ "the rate at the pause, its bound not", HEALTHY, 100, 10, 100, 0,
			WARNED },
		{ "the bound just below the pause", WARNED, 1000, 115, 1000, 0, WARNED },
		{ "the bound at the pause", WARNED, 1000, 116, 1000, 0, PAUSED },
		{ "from healthy to paused at once", HEALTHY, 60, 30, 60, 0, PAUSED },
		{ "soft ones do not matter", HEALTHY, 100, 0, 100, 0, HEALTHY },
		{ "warned, and better again", WARNED, 101, 5, 101, 0, HEALTHY },
		{ "warned, and no better", WARNED, 100, 5, 100, 0, WARNED },
		{ "warned, and the window is past", WARNED, 0, 0, 0, 0, HEALTHY },
		{ "complaints below their minimum", HEALTHY, 499, 0, 499, 400, HEALTHY },
		{ "complaints at their minimum", HEALTHY, 500, 0, 500, 400, PAUSED },
		{ "complaints below the warning", HEALTHY, 1001, 0, 1001, 1, HEALTHY },
		{ "complaints at the warning", HEALTHY, 1000, 0, 1000, 1, WARNED },
		{ "complaints, the bound below the pause", WARNED, 1000, 0, 1000, 8,
			WARNED },
		{ "complaints, the bound at the pause", WARNED, 1000, 0, 1000, 9,
			PAUSED },
		{ "complaints of those who report", HEALTHY, 100000, 0, 1000, 9, PAUSED },
		{ "few of those who report", HEALTHY, 100000, 0, 499, 10, HEALTHY },
		{ "the worse of both: bounces", HEALTHY, 1000, 200, 1000, 1, PAUSED },
		{ "the worse of both: complaints", HEALTHY, 1000, 50, 1000, 20, PAUSED },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct account record = { .standing = cases[i].before };
		const struct counters counters = {
			.accepted = cases[i].accepted,
			.reporting = cases[i].reporting,
			.hard = cases[i].hard,
			.soft = cases[i].accepted,
			.policy = cases[i].accepted,
			.complaint = cases[i].complaint,
		};

		CASE_EQUAL_INT(cases[i].name,
			standing_judge(&law, &record, &counters, NOW), cases[i].want);
	}
}

/* Where thresholds are 0, one is enough, and none is not. */
static void zero_is_reached_by_one(void **state)
{
	struct reputation strict = law;
	const struct account record = { .standing = STANDING_HEALTHY };
	struct counters counters = { .accepted = 1000, .reporting = 1000 };

	(void)state;
	strict.bounce.warn = strict.bounce.pause = 0;
	CASE_EQUAL_INT("none", standing_judge(&strict, &record, &counters, NOW), HEALTHY);
	counters.hard = 1;
	CASE_EQUAL_INT("one", standing_judge(&strict, &record, &counters, NOW), PAUSED);
}

static void pauses_end(void **state)
{
	static const struct {
		const char *name;
		int64_t resume_us, ago_us;
		bool by_hand;
		enum standing want;
	} cases[] = {
		{ "by hand alone", 0, 365 * DAY_US, false, PAUSED },
		{ "not yet", HOUR_US, HOUR_US - 1, false, PAUSED },
		{ "after its time", HOUR_US, HOUR_US, false, REINSTATED },
		{ "long after", HOUR_US, DAY_US, false, REINSTATED },
		{ "paused by hand", HOUR_US, DAY_US, true, PAUSED },
		{ "the clock went back", HOUR_US, -DAY_US, false, PAUSED },
	};
	/* Good counters do not end a pause, bad ones do not keep one. */
	static const struct counters good = { .accepted = 1000, .reporting = 1000 };
	static const struct counters bad = { .accepted = 1000, .hard = 1000 };

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct reputation ending = law;
		const struct account record = { .standing = STANDING_PAUSED,
			.since_us = NOW - cases[i].ago_us,
			.paused_by_hand = cases[i].by_hand };

		ending.resume_us = cases[i].resume_us;
		CASE_EQUAL_INT(cases[i].name,
			standing_judge(&ending, &record, &good, NOW), cases[i].want);
		CASE_EQUAL_INT(cases[i].name, standing_judge(&ending, &record, &bad, NOW),
			cases[i].want);
		CASE_EQUAL_INT(cases[i].name,
			pause_is_over(ending.resume_us, &record, NOW),
			cases[i].want == STANDING_REINSTATED);
	}
}

static void only_pauses_are_over(void **state)
{
	(void)state;
	for (unsigned standing = 0; standing < STANDING_COUNT; standing++) {
		const struct account record = { .standing = standing };

		CASE_EQUAL_INT(standing_names[standing],
			pause_is_over(HOUR_US, &record, NOW),
			standing == STANDING_PAUSED);
	}
}

static void the_reinstated_are_on_trial(void **state)
{
	static const struct {
		const char *name;
		int64_t ago_us, accepted, hard, reporting, complaint;
		enum standing want;
	} cases[] = {
		{ "just now", 0, 0, 0, 0, 0, REINSTATED },
		{ "not enough mail yet", HOUR_US, 49, 0, 49, 0, REINSTATED },
		{ "not enough, be it bad", HOUR_US, 49, 49, 49, 0, REINSTATED },
		{ "enough good mail", HOUR_US, 50, 0, 50, 0, HEALTHY },
		{ "enough, and few bounces", HOUR_US, 50, 2, 50, 0, HEALTHY },
		{ "enough, and some bounces", HOUR_US, 50, 3, 50, 0, WARNED },
		{ "enough, and many bounces", HOUR_US, 50, 25, 50, 0, PAUSED },
		{ "complaints", HOUR_US, 500, 0, 500, 5, WARNED },
		{ "many complaints", HOUR_US, 500, 0, 500, 50, PAUSED },
		{ "nearly a window", 7 * DAY_US - 1, 0, 0, 0, 0, REINSTATED },
		{ "a window", 7 * DAY_US, 0, 0, 0, 0, HEALTHY },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct account record = { .standing = STANDING_REINSTATED,
			.since_us = NOW - cases[i].ago_us,
			.restarted_us = NOW - cases[i].ago_us };
		const struct counters counters = {
			.accepted = cases[i].accepted,
			.reporting = cases[i].reporting,
			.hard = cases[i].hard,
			.complaint = cases[i].complaint,
		};

		CASE_EQUAL_INT(cases[i].name,
			standing_judge(&law, &record, &counters, NOW), cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divides),
		cmocka_unit_test(finds_lower_bounds),
		cmocka_unit_test(more_reports_than_mail_are_all_of_it),
		cmocka_unit_test(bounds_are_in_order),
		cmocka_unit_test(rates_have_their_own_denominators),
		cmocka_unit_test(looks_back_a_window_or_to_the_restart),
		cmocka_unit_test(judges_rates),
		cmocka_unit_test(zero_is_reached_by_one),
		cmocka_unit_test(pauses_end),
		cmocka_unit_test(only_pauses_are_over),
		cmocka_unit_test(the_reinstated_are_on_trial),
	};

	return cmocka_run_group_tests_name("policy/standing", tests, NULL, NULL);
}
