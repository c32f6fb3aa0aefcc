#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/fold.h"
#include "tests/support/test.h"

static void folds_text(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "nothing", "", "" },
		{ "case", "User UNKNOWN", "user unknown" },
		{ "white space", " \t a\r\n\n  b\f ", "a b" },
		{ "underscore", "mailbox_full_", "mailbox full" },
		{ "no-break space",
			"a\xc2\xa0\xe3\x80\x80"
			"b",
			"a b" },
		{ "marks",
			"Bo\xc3\xaete \xc5\x81\xc3\xb3"
			"d\xc5\xba",
			"boite lodz" },
		{ "a mark of its own", "e\xcc\x81t\xc3\xa9", "ete" },
		{ "turkish", "KULLANICI bulunamad\xc4\xb1 \xc4\xb0",
			"kullanici bulunamadi i" },
		{ "russian", "\xd0\x9d\xd0\x95\xd0\xa2 \xd0\x81",
			"\xd0\xbd\xd0\xb5\xd1\x82 \xd1\x91" },
		{ "a broken line of chinese", "\xe4\xb8\x8d\n\xe5\xad\x98",
			"\xe4\xb8\x8d\xe5\xad\x98" },
		{ "chinese beside latin", "\xe4\xb8\x8d a", "\xe4\xb8\x8d a" },
		{ "quotes",
			"\xe2\x80\x9c"
			"a\xe2\x80\x9d doesn\xe2\x80\x99t",
			"\"a\" doesn't" },
		{ "no UTF-8", "a\xff\xc3", "a\xff\xc3" },
		{ "address", "to=<Spam.User_1@Quota.Example.com>, x", "to=<@>, x" },
		{ "at the end", "mail to a@example.com.", "mail to @." },
		{ "literal", "a@[192.0.2.1] b", "@ b" },
		{ "two", "a@x b@y", "@ @" },
		{ "behind a colon", "smtp:a@example.com", "smtp:@" },
		{ "behind chinese",
			"\xe7\xae\xb1"
			"a@example.com\xe4\xb8\x8d",
			"\xe7\xae\xb1@\xe4\xb8\x8d" },
		{ "no address", "5 @ home", "5 @ home" },
		{ "nothing before", "@example.com", "@example.com" },
		{ "further lines", "550-5.1.1 no such 550-5.1.1 user 550 5.1.1 here",
			"550 5.1.1 no such user here" },
		{ "without status", "550-no such\r\n550 user", "550 no such user" },
		{ "another reply", "550-no 450 yes", "550 no 450 yes" },
		{ "one line", "550 no 550 yes", "550 no 550 yes" },
		{ "after the last line", "550-a 550 b 550 c", "550 a b 550 c" },
		{ "no reply", "2024-05-01 5501-x", "2024-05-01 5501-x" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char folded[256];
		size_t size = fold(
			folded, sizeof(folded), cases[i].text, strlen(cases[i].text));

		CASE_EQUAL_TEXT(cases[i].name, folded, cases[i].want);
		CASE_EQUAL_INT(cases[i].name, size, strlen(cases[i].want));
	}
}

static void cuts_what_does_not_fit(void **state)
{
	static const struct {
		size_t size;
		const char *want;
	} cases[] = { { 1, "" }, { 2, "5" }, { 4, "550" }, { 5, "550 " }, { 6, "550 a" },
		{ 7, "550 ab" }, { 8, "550 @" } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *folded = xmalloc(cases[i].size); /* the sanitizer watches its end */
		size_t size = fold(folded, cases[i].size, "550-ab@example.com", 18);

		assert_string_equal(folded, cases[i].want);
		assert_int_equal(size, strlen(cases[i].want));
		free(folded);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(folds_text),
		cmocka_unit_test(cuts_what_does_not_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
