#include <string.h>

#include "base/base64.h"
#include "tests/support/test.h"

static void reads_what_it_wrote(void **state)
{
	uint8_t bytes[100], back[100];
	char text[BASE64_SIZE(100)];
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(i * 37);
	for (size_t length = 1; length <= sizeof(bytes); length++) {
		char *end = base64_write(text, bytes, length);

		assert_ptr_equal(end, text + strlen(text));
		assert_true(base64_read(back, sizeof(back), &size, text));
		assert_int_equal(size, length);
		assert_memory_equal(back, bytes, length);
	}
}

static void reads(void **state)
{
	static const struct {
		const char *name, *text;
		bool want;
		const char *bytes;
	} cases[] = {
		{ "whole", "TWFu", true, "Man" },
		{ "one byte less", "TWE=", true, "Ma" },
		{ "two bytes less", "TQ==", true, "M" },
		{ "folded", " TW\r\n\tFu ", true, "Man" },
		{ "fills the room", "TWFuTWFu", true, "ManMan" },
		{ "more than the room", "TWFuTWFuTWFu", false, "" },
		{ "empty", "", false, "" },
		{ "only white space", " \n", false, "" },
		{ "cut", "TWF", false, "" },
		{ "other characters", "TW-u", false, "" },
		{ "too much padding", "T===", false, "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint8_t bytes[6];
		size_t size = 0;
		bool got = base64_read(bytes, sizeof(bytes), &size, cases[i].text);

		CASE_EQUAL_INT(cases[i].name, got, cases[i].want);
		CASE_EQUAL_INT(cases[i].name, size, strlen(cases[i].bytes));
		assert_memory_equal(bytes, cases[i].bytes, size);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_what_it_wrote),
		cmocka_unit_test(reads),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
