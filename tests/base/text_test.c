#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/text.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void copies_and_cuts(void **state)
{
	char to[4];

	(void)state;
	assert_true(text_copy(to, sizeof(to), "abc"));
	assert_string_equal(to, "abc");
	assert_false(text_copy(to, sizeof(to), "abcd"));
	assert_string_equal(to, "abc");
	assert_true(text_copy(to, 1, ""));
	assert_false(text_copy(to, 1, "a"));
	assert_string_equal(to, "");
}

static void makes_foreign_text_printable(void **state)
{
	static const struct {
		const char *name, *from;
		size_t size;
		const char *want;
	} cases[] = {
		{ "plain", "abc \"'~", 64, "abc \"'~" },
		{ "empty", "", 64, "" },
		{ "line end", "a\r\nb", 64, "a\\x0D\\x0Ab" },
		{ "escape and delete", "\x1b[2J\x7f", 64, "\\x1B[2J\\x7F" },
		{ "backslash", "\\x0A", 64, "\\x5Cx0A" },
		{ "UTF-8",
			"B\xc3\xbc"
			"cher \xf0\x9f\x98\x80",
			64,
			"B\xc3\xbc"
			"cher \xf0\x9f\x98\x80" },
		{ "control of Latin 1", "\xc2\x85", 64, "\\xC2\\x85" },
		{ "first behind them", "\xc2\xa0", 64, "\xc2\xa0" },
		{ "turned writing", "\xe2\x80\xae", 64, "\\xE2\\x80\\xAE" },
		{ "line separator", "\xe2\x80\xa8", 64, "\\xE2\\x80\\xA8" },
		{ "no lead byte", "\x80", 64, "\\x80" },
		{ "overlong", "\xc0\xaf", 64, "\\xC0\\xAF" },
		{ "overlong of three", "\xe0\x80\xaf", 64, "\\xE0\\x80\\xAF" },
		{ "surrogate", "\xed\xa0\x80", 64, "\\xED\\xA0\\x80" },
		{ "beyond Unicode", "\xf4\x90\x80\x80", 64, "\\xF4\\x90\\x80\\x80" },
		{ "cut by its end", "a\xc3", 64, "a\\xC3" },
		{ "fits", "abcdefg", 8, "abcdefg" },
		{ "one too long", "abcdefgh", 8, "abcd..." },
		{ "never half an escape", "abc\nd", 8, "abc..." },
		{ "never half a character", "abc\xc3\xa4xyz", 8, "abc..." },
		{ "no room for dots", "abcd", 3, "" },
		{ "only the dots", "abcd", 4, "..." },
		{ "no room at all", "abcd", 1, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *to = malloc(
			cases[i].size); /* so that a sanitizer sees each byte beyond */

		assert_non_null(to);
		assert_ptr_equal(text_printable(to, cases[i].size, cases[i].from), to);
		CASE_EQUAL_TEXT(cases[i].name, to, cases[i].want);
		free(to);
	}
}

static void printing_again_changes_nothing(void **state)
{
	char once[64], twice[64];

	(void)state;
	text_printable(once, sizeof(once), "a\nb\\\xff");
	text_printable_again(twice, sizeof(twice), once);
	assert_string_equal(twice, "a\\x0Ab\\x5C\\xFF");
	text_printable_again(twice, sizeof(twice), "a\nb\\");
	assert_string_equal(twice, "a\\x0Ab\\");
}

static void lowers_ascii_only(void **state)
{
	char text[] = "@AZ[`az{ \xc3\x84";

	(void)state;
	text_lower(text);
	assert_string_equal(text, "@az[`az{ \xc3\x84");
}

static void matches_wildcards(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool want;
	} cases[] = {
		{ "", "", true },
		{ "", "a", false },
		{ "a", "", false },
		{ "a", "A", false },
		{ "*", "", true },
		{ "**", "anything", true },
		{ "*.example", "a.b.example", true },
		{ "*.example", ".example", true },
		{ "*.example", "example", false },
		{ "*.example", "a.example.com", false },
		{ "news-*@*", "news-1@x", true },
		{ "news-*@*", "news@x", false },
		{ "a*b*c", "aXbXbXc", true },
		{ "a*b*c", "aXcXb", false },
		{ "*aab", "aaab", true },
		{ "a?[b].\\", "a?[b].\\", true },
		{ "a?", "ab", false },
		/* What takes a naive matcher for ever. */
		{ "*a*a*a*a*a*a*a*a*a*a*b",
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
			false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		CASE_EQUAL_INT(cases[i].pattern,
			text_matches(cases[i].pattern, cases[i].text), cases[i].want);
}

static void reads_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "500ms", 500000 },
		{ "0s", 0 },
		{ "1s", SECOND_US },
		{ "007m", 7 * 60 * SECOND_US },
		{ "24h", DAY_US },
		{ "14d", 14 * DAY_US },
		{ "2w", 14 * DAY_US },
		{ "3653d", 3653 * DAY_US },
		{ "3654d", -1 },
		{ "9223372036854775807w", -1 },
		{ "9223372036854775808s", -1 },
		{ "", -1 },
		{ "s", -1 },
		{ "5", -1 },
		{ "-5s", -1 },
		{ "+5s", -1 },
		{ " 5s", -1 },
		{ "5 s", -1 },
		{ "5s ", -1 },
		{ "5S", -1 },
		{ "1.5h", -1 },
		{ "1h30m", -1 },
		{ "5y", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = -2;
		bool read = text_to_duration(cases[i].text, &got);

		CASE_EQUAL_INT(cases[i].text, read, cases[i].want >= 0);
		if (read)
			CASE_EQUAL_INT(cases[i].text, got, cases[i].want);
	}
}

static void writes_durations(void **state)
{
	static const struct {
		int64_t span;
		const char *want;
	} cases[] = {
		{ 0, "0s" },
		{ SECOND_US / 1000, "1ms" },
		{ SECOND_US / 2, "500ms" },
		{ 1001000, "1001ms" },
		{ SECOND_US, "1s" },
		{ 60 * SECOND_US, "1m" },
		{ 90 * SECOND_US, "90s" },
		{ 90 * 60 * SECOND_US, "90m" },
		{ HOUR_US, "1h" },
		{ 23 * HOUR_US, "23h" },
		{ DAY_US, "24h" },
		{ 36 * HOUR_US, "36h" },
		{ 2 * DAY_US, "2d" },
		{ 14 * DAY_US, "14d" },
		{ 3653 * DAY_US, "3653d" },
	};
	char text[32];
	int64_t back;

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		text_from_duration(text, sizeof(text), cases[i].span);
		CASE_EQUAL_TEXT(cases[i].want, text, cases[i].want);
		assert_true(text_to_duration(text, &back));
		CASE_EQUAL_INT(cases[i].want, back, cases[i].span);
	}
}

static void reads_bytes(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "0", 0 },
		{ "1000", 1000 },
		{ "1K", 1024 },
		{ "10M", 10485760 },
		{ "2G", INT64_C(2147483648) },
		{ "9223372036854775807", INT64_MAX },
		{ "9223372036854775808", -1 },
		{ "8589934591G", INT64_C(8589934591) << 30 },
		{ "8589934592G", -1 },
		{ "", -1 },
		{ "M", -1 },
		{ "10m", -1 },
		{ "10MB", -1 },
		{ "10 M", -1 },
		{ "-1", -1 },
		{ "1T", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = -2;
		bool read = text_to_bytes(cases[i].text, &got);

		CASE_EQUAL_INT(cases[i].text, read, cases[i].want >= 0);
		if (read)
			CASE_EQUAL_INT(cases[i].text, got, cases[i].want);
	}
}

static void reads_ratios(void **state)
{
	static const struct {
		const char *text;
		int64_t amount, window; /* amount -1: refused */
	} cases[] = {
		{ "14/s", 14, SECOND_US },
		{ "30/m", 30, 60 * SECOND_US },
		{ "50000/24h", 50000, DAY_US },
		{ "1/500ms", 1, SECOND_US / 2 },
		{ "0/d", 0, DAY_US },
		{ "1000000000000/w", INT64_C(1000000000000), 7 * DAY_US },
		{ "1000000000001/w", -1, 0 },
		{ "14", -1, 0 },
		{ "14/", -1, 0 },
		{ "/s", -1, 0 },
		{ "14/0s", -1, 0 },
		{ "14/-1s", -1, 0 },
		{ "14/24", -1, 0 },
		{ "14 / s", -1, 0 },
		{ "-1/s", -1, 0 },
		{ "1.5/s", -1, 0 },
		{ "14/s/s", -1, 0 },
		{ "14/20y", -1, 0 },
		{ "none", -1, 0 },
		{ "", -1, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t amount = -2, window = -2;
		bool read = text_to_ratio(cases[i].text, &amount, &window);

		CASE_EQUAL_INT(cases[i].text, read, cases[i].amount >= 0);
		if (!read)
			continue;
		CASE_EQUAL_INT(cases[i].text, amount, cases[i].amount);
		CASE_EQUAL_INT(cases[i].text, window, cases[i].window);
	}
}

static void reads_numbers(void **state)
{
	static const struct {
		const char *text;
		int64_t minimum, maximum;
		bool want;
	} cases[] = {
		{ "1", 1, 10, true },
		{ "10", 1, 10, true },
		{ "0", 1, 10, false },
		{ "11", 1, 10, false },
		{ "-5", -5, 5, true },
		{ "-6", -5, 5, false },
		{ "9223372036854775807", 0, INT64_MAX, true },
		{ "9223372036854775808", 0, INT64_MAX, false },
		{ "", 0, 10, false },
		{ "-", -5, 5, false },
		{ "--1", -5, 5, false },
		{ "+1", 0, 10, false },
		{ "1 ", 0, 10, false },
		{ " 1", 0, 10, false },
		{ "0x1", 0, 10, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = -99;
		bool read = text_to_number(
			cases[i].text, cases[i].minimum, cases[i].maximum, &got);

		CASE_EQUAL_INT(cases[i].text, read, cases[i].want);
		if (read)
			CASE_EQUAL_INT(
				cases[i].text, got, strtoll(cases[i].text, NULL, 10));
	}
}

static void writes_times(void **state)
{
	static const struct {
		int64_t moment;
		const char *want;
	} cases[] = {
		{ 0, "" },
		{ 1, "1970-01-01T00:00:00Z" },
		{ -1, "1969-12-31T23:59:59Z" },
		{ INT64_C(1795492600) * SECOND_US, "2026-11-24T03:56:40Z" },
		{ INT64_C(1795492600) * SECOND_US + 999999, "2026-11-24T03:56:40Z" },
	};
	char text[CLOCK_TEXT_SIZE];

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++)
		CASE_EQUAL_TEXT(cases[i].want,
			clock_to_text(text, sizeof(text), cases[i].moment),
			cases[i].want);
	assert_string_equal(clock_to_text(text, 5, SECOND_US), "");
}

static void reads_times(void **state)
{
	static const struct {
		const char *text;
		int64_t want; /* -1: refused */
	} cases[] = {
		{ "2026-11-24T03:56:40Z", INT64_C(1795492600000000) },
		{ "2026-11-24t03:56:40z", INT64_C(1795492600000000) },
		{ "2026-11-24 03:56:40Z", INT64_C(1795492600000000) },
		{ "2026-11-24T03:56:40.5Z", INT64_C(1795492600500000) },
		{ "2026-11-24T03:56:40.123456789Z", INT64_C(1795492600123456) },
		{ "2026-11-24T04:56:40+01:00", INT64_C(1795492600000000) },
		{ "2026-11-23T22:26:40-05:30", INT64_C(1795492600000000) },
		{ "2026-11-24T03:56:60Z", INT64_C(1795492620000000) },
		{ "2026-11-24", INT64_C(1795478400000000) },
		{ "2024-02-29", INT64_C(1709164800000000) },
		{ "", 0 },
		{ "2026-02-29", -1 },
		{ "2100-02-29", -1 },
		{ "2026-11-31", -1 },
		{ "2026-13-01", -1 },
		{ "2026-00-01", -1 },
		{ "2026-1-1", -1 },
		{ "2026-11-24T", -1 },
		{ "2026-11-24T03:56Z", -1 },
		{ "2026-11-24T24:00:00Z", -1 },
		{ "2026-11-24T03:60:40Z", -1 },
		{ "2026-11-24T03:56:61Z", -1 },
		{ "2026-11-24T03:56:40", -1 },
		{ "2026-11-24T03:56:40.Z", -1 },
		{ "2026-11-24T03:56:40+1:00", -1 },
		{ "2026-11-24T03:56:40+24:00", -1 },
		{ "2026-11-24T03:56:40Zx", -1 },
		{ " 2026-11-24", -1 },
		{ "yesterday", -1 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t got = -2;
		bool read = clock_from_text(cases[i].text, &got);

		CASE_EQUAL_INT(cases[i].text, read, cases[i].want >= 0);
		if (read)
			CASE_EQUAL_INT(cases[i].text, got, cases[i].want);
	}
}

static void errors_are_cut_not_overrun(void **state)
{
	struct error error = ERROR_NONE;
	char text[2 * sizeof(error.text)];

	(void)state;
	assert_string_equal(error.text, "");
	assert_false(error_set(&error, "%s:%d: wrong", "okite.conf", 12));
	assert_string_equal(error.text, "okite.conf:12: wrong");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_false(error_set(&error, "%s", text));
	assert_int_equal(strlen(error.text), sizeof(error.text) - 1);
	assert_false(error_set(NULL, "%s", "nobody listens"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(copies_and_cuts),
		cmocka_unit_test(makes_foreign_text_printable),
		cmocka_unit_test(printing_again_changes_nothing),
		cmocka_unit_test(lowers_ascii_only),
		cmocka_unit_test(matches_wildcards),
		cmocka_unit_test(reads_durations),
		cmocka_unit_test(writes_durations),
		cmocka_unit_test(reads_bytes),
		cmocka_unit_test(reads_ratios),
		cmocka_unit_test(reads_numbers),
		cmocka_unit_test(writes_times),
		cmocka_unit_test(reads_times),
		cmocka_unit_test(errors_are_cut_not_overrun),
	};

	return cmocka_run_group_tests_name("base/text", tests, NULL, NULL);
}
