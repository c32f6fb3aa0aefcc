#include <math.h>
#include <stdint.h>

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(divides),
		cmocka_unit_test(finds_lower_bounds),
		cmocka_unit_test(more_reports_than_mail_are_all_of_it),
		cmocka_unit_test(bounds_are_in_order),
	};

	return cmocka_run_group_tests_name("policy/standing", tests, NULL, NULL);
}
