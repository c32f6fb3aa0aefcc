#include "base/clock.h"
#include "lists/dates.h"
#include "tests/support/test.h"

static void dates(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* seconds; -1: it is none */
	} cases[] = {
		{ "1775855000", 1775855000 },
		{ "0", 0 },
		{ "99999999999", 99999999999 },
		{ "1775855000123", 1775855000 },
		{ "99999999999001", -1 },
		{ "-1", -1 },
		{ "1775855000.5", -1 },
		{ "2026-04-10T21:03:05Z", 1775854985 },
		{ "2026-04-10T21:03:05.250+00:00", 1775854985 },
		{ "2026-04-10T21:03:05-04:00", 1775869385 },
		{ "2026-04-10 21:03:05", 1775854985 },
		{ "2026-04-10", 1775779200 },
		{ "2026-04-10T21:03", -1 },
		{ "2026-02-30", -1 },
		{ "Fri, 10 Apr 2026 21:03:05 UTC", 1775854985 },
		{ "Fri, 10 Apr 2026 21:03:05 GMT", 1775854985 },
		{ "Fri, 10 Apr 2026 21:03:05 +0000", 1775854985 },
		{ "Fri, 10 Apr 2026 23:03:05 +0200", 1775854985 },
		{ "10 apr 2026 21:03 Z", 1775854980 },
		{ "Mon, 10 Apr 2026 21:03:05", 1775854985 },
		{ "Thu, 1 Jan 1970 00:00:00 GMT", 0 },
		{ "Fri, 31 Apr 2026 21:03:05 UTC", -1 },
		{ "Fri, 10 Apr 2026 25:03:05 UTC", -1 },
		{ "Fri, 10 Avr 2026 21:03:05 UTC", -1 },
		{ "Fri, 10 Apr 2026 21:03:05 CEST", -1 },
		{ "Fri, 10 Apr 2026 21:03:05 UTC x", -1 },
		{ "Fri, 10 Apr 1969 21:03:05 UTC", -1 },
		{ "Fri, 10 Apr 26 21:03:05 UTC", -1 },
		{ "4/10/2026 21:03", -1 },
		{ "yesterday", -1 },
		{ " ", -1 },
		{ "", -1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t moment_us = 0;
		bool good = date_parse(cases[i].text, &moment_us);

		CASE_EQUAL_INT(
			cases[i].text, good ? moment_us / SECOND_US : -1, cases[i].want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(dates) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
