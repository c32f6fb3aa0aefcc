#include <string.h>

#include "base/clock.h"
#include "cli/cli.h"
#include "tests/support/test.h"

static const uint8_t bytes[SECRET_BYTES] = "a secret of thirty-two bytes 123";

#define DATE(days) ((days)*DAY_US)
enum { DAYS_TO_2026_11_24 = 20781 };

static void moments(void **state)
{
	static const struct {
		const char *text;
		int64_t want_us;
	} cases[] = {
		{ "2026-11-24", DATE(DAYS_TO_2026_11_24) },
		{ "1970-01-01T00:00:01Z", SECOND_US },
		{ "2026-11-24T03:56:40Z", DATE(DAYS_TO_2026_11_24) +
						  (3 * 3600 + 56 * 60 + 40) * SECOND_US },
		{ "2026-11-24t03:56:40z", DATE(DAYS_TO_2026_11_24) +
						  (3 * 3600 + 56 * 60 + 40) * SECOND_US },
		{ "2026-11-24 00:00:00.25Z", DATE(DAYS_TO_2026_11_24) + SECOND_US / 4 },
		{ "2026-11-24T01:00:00+01:00", DATE(DAYS_TO_2026_11_24) },
		{ "2026-11-23T22:30:00-01:30", DATE(DAYS_TO_2026_11_24) },
		{ "2028-02-29", DATE(DAYS_TO_2026_11_24 + 462) },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		/* The direction is of durations only. */
		for (int direction = -1; direction <= 1; direction += 2) {
			int64_t got_us = 7;

			CASE_EQUAL_INT(cases[i].text,
				moment_parse(cases[i].text, direction, &got_us), true);
			CASE_EQUAL_INT(cases[i].text, got_us, cases[i].want_us);
		}
	}
}

static void no_moments(void **state)
{
	static const char *const cases[] = {
		"",
		" ",
		"now",
		"never",
		"7",
		"d",
		"-7d",
		"+7d",
		"7 d",
		"7d ",
		" 7d",
		"7D",
		"1.5h",
		"7y",
		"3654d", /* more than ten years */
		"99999999999999999999s",
		"2026",
		"2026-11",
		"1969-12-31", /* moments begin in 1970 */
		"2026-11-24 ",
		"2026-11-24T",
		"2026-11-24T03:56",
		"2026-11-24T03:56:40",
		"2026-11-24T03:56:40.Z",
		"2026-11-24T24:00:00Z",
		"2026-11-24T03:60:00Z",
		"2026-11-24T03:56:40+1:00",
		"2026-13-01",
		"2026-00-01",
		"2026-02-29",
		"2026-11-31",
		"24.11.2026",
		"2026/11/24",
		"20261124",
		"2026-11-24T03:56:40Zulu",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t got_us;

		CASE_EQUAL_INT(cases[i], moment_parse(cases[i], 1, &got_us), false);
		CASE_EQUAL_INT(cases[i], moment_parse(cases[i], -1, &got_us), false);
	}
}

static void durations(void **state)
{
	static const struct {
		const char *text;
		int64_t span_us;
	} cases[] = {
		{ "0s", 0 },
		{ "500ms", SECOND_US / 2 },
		{ "1s", SECOND_US },
		{ "90m", 90 * 60 * SECOND_US },
		{ "24h", DAY_US },
		{ "7d", 7 * DAY_US },
		{ "2w", 14 * DAY_US },
		{ "3653d", 3653 * DAY_US },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int direction = -1; direction <= 1; direction += 2) {
			int64_t before_us = clock_now_us(), after_us, got_us;
			bool ok = moment_parse(cases[i].text, direction, &got_us);

			after_us = clock_now_us();
			CASE_EQUAL_INT(cases[i].text, ok, true);
			got_us -= direction * cases[i].span_us;
			CASE_EQUAL_INT(cases[i].text,
				got_us >= before_us && got_us <= after_us, true);
		}
	}
}

static void account_names(void **state)
{
	char longest[ACCOUNT_SIZE], too_long[ACCOUNT_SIZE + 1];
	const struct {
		const char *name, *text, *want; /* NULL: it is none */
	} cases[] = {
		{ "plain", "shop", "shop" },
		{ "capitals", "News@Shop.EXAMPLE", "news@shop.example" },
		{ "other letters stay", "J\xc3\x96RG", "j\xc3\x96rg" },
		{ "an address of IPv6", "2001:DB8::/64", "2001:db8::/64" },
		{ "a star", "*", "*" },
		{ "a blank", " ", " " },
		{ "the longest", longest, longest },
		{ "too long", too_long, NULL },
		{ "empty", "", NULL },
	};

	(void)state;
	memset(longest, 'a', sizeof(longest));
	longest[sizeof(longest) - 1] = '\0';
	memset(too_long, 'a', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = '\0';
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char name[ACCOUNT_SIZE];

		CASE_EQUAL_INT(cases[i].name, account_name(name, cases[i].text),
			cases[i].want != NULL);
		if (cases[i].want != NULL)
			CASE_EQUAL_TEXT(cases[i].name, name, cases[i].want);
	}
}

static void targets(void **state)
{
	static const struct {
		const char *text, *want, *domain; /* WANT NULL: it is none */
	} cases[] = {
		{ "a@b.example", "a@b.example", "@b.example" },
		{ "<A@B.example>", "a@b.example", "@b.example" },
		{ "\"a\"@b.example.", "a@b.example", "@b.example" },
		{ "a@B\xc3\xbc"
		  "cher.example",
			"a@xn--bcher-kva.example", "@xn--bcher-kva.example" },
		{ "@b.example", "@b.example", "" },
		{ "@B.Example.", "@b.example", "" },
		{ "", NULL, NULL },
		{ "<>", NULL, NULL },
		{ "a", NULL, NULL },
		{ "@", NULL, NULL },
		{ "a@", NULL, NULL },
		{ "a b@c.example", NULL, NULL },
		{ "a@b@c.example", NULL, NULL },
		{ "@b..example", NULL, NULL },
		{ "a@b.example\n", NULL, NULL },
		{ "*@b.example,c@d.example", NULL, NULL },
	};
	struct secret *secret = secret_new(bytes);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char digest[DIGEST_TEXT_SIZE] = "", domain[DIGEST_TEXT_SIZE] = "";
		struct target target;
		const char *fault = target_parse(&target, cases[i].text, secret);

		CASE_EQUAL_INT(cases[i].text, fault == NULL, cases[i].want != NULL);
		if (cases[i].want == NULL)
			continue;
		digest_of(secret, cases[i].want, digest);
		if (cases[i].domain[0] != '\0')
			digest_of(secret, cases[i].domain, domain);
		CASE_EQUAL_TEXT(cases[i].text, target.address, cases[i].want);
		CASE_EQUAL_TEXT(cases[i].text, target.digest, digest);
		CASE_EQUAL_TEXT(cases[i].text, target.domain_digest, domain);
	}
	secret_free(secret);
}

static void targets_by_digest(void **state)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "0123456789abcdef0123456789abcdef",
			"0123456789abcdef0123456789abcdef" },
		{ "0123456789ABCDEF0123456789ABCDEF",
			"0123456789abcdef0123456789abcdef" },
		{ "", NULL },
		{ "0123456789abcdef0123456789abcde", NULL },
		{ "0123456789abcdef0123456789abcdef0", NULL },
		{ "0123456789abcdef0123456789abcdeg", NULL },
		{ " 123456789abcdef0123456789abcdef", NULL },
		{ "a@b.example", NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct target target;

		CASE_EQUAL_INT(cases[i].text, target_from_digest(&target, cases[i].text),
			cases[i].want != NULL);
		if (cases[i].want == NULL)
			continue;
		CASE_EQUAL_TEXT(cases[i].text, target.digest, cases[i].want);
		CASE_EQUAL_TEXT(cases[i].text, target.address, "");
		CASE_EQUAL_TEXT(cases[i].text, target.domain_digest, "");
	}
}

static void ends(void **state)
{
	const struct conf conf = { .expire_us = { [REASON_SOFT] = 14 * DAY_US } };

	(void)state;
	assert_int_equal(suppression_end(&conf, REASON_SOFT, DAY_US), 15 * DAY_US);
	assert_int_equal(suppression_end(&conf, REASON_HARD, DAY_US), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(moments),
		cmocka_unit_test(no_moments),
		cmocka_unit_test(durations),
		cmocka_unit_test(account_names),
		cmocka_unit_test(targets),
		cmocka_unit_test(targets_by_digest),
		cmocka_unit_test(ends),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
