#include <string.h>

#include "cli/lines.h"
#include "tests/support/test.h"

static struct lines open_bytes(const char *bytes, size_t size)
{
	struct lines lines = { .from = tmpfile() };

	assert_non_null(lines.from);
	assert_int_equal(fwrite(bytes, 1, size, lines.from), size);
	rewind(lines.from);
	return lines;
}

static void whole_lines(void **state)
{
	static const struct {
		const char *name, *bytes;
		const char *want[4]; /* as they come, then trimmed; NULL: the end */
		const char *trimmed[4];
	} cases[] = {
		{ "nothing", "", { NULL }, { NULL } },
		{ "one", "a\n", { "a" }, { "a" } },
		{ "without an end", "a\nb", { "a", "b" }, { "a", "b" } },
		{ "empty ones", "\n\na\n\n", { "", "", "a", "" }, { "", "", "a", "" } },
		{ "CRLF", "a\r\nb\r\n\r\n", { "a\r", "b\r", "\r" }, { "a", "b", "" } },
		{ "CR inside", "a\rb\n", { "a\rb" }, { "a\rb" } },
		{ "blanks", " \ta b\t \n   \n", { " \ta b\t ", "   " }, { "a b", "" } },
		{ "a byte order mark", "\xEF\xBB\xBFx\ny\n", { "\xEF\xBB\xBFx", "y" },
			{ "x", "y" } },
		{ "a byte order mark alone", "\xEF\xBB\xBF", { "\xEF\xBB\xBF" }, { "" } },
		{ "a byte order mark and blanks", "\xEF\xBB\xBF x\r\n",
			{ "\xEF\xBB\xBF x\r" }, { "x" } },
		{ "two of them", "\xEF\xBB\xBF\xEF\xBB\xBFx\n",
			{ "\xEF\xBB\xBF\xEF\xBB\xBFx" }, { "\xEF\xBB\xBFx" } },
		{ "one on the second line", "x\n\xEF\xBB\xBFy\n",
			{ "x", "\xEF\xBB\xBFy" }, { "x", "\xEF\xBB\xBFy" } },
		{ "half a byte order mark", "\xEF\xBB\n", { "\xEF\xBB" },
			{ "\xEF\xBB" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lines lines = open_bytes(cases[i].bytes, strlen(cases[i].bytes));
		char line[LINE_SIZE + 1];
		size_t length, count = 0;

		for (; count < 4 && cases[i].want[count] != NULL; count++) {
			CASE_EQUAL_INT(cases[i].name, lines_next(&lines, line, &length),
				LINE_WHOLE);
			CASE_EQUAL_INT(cases[i].name, lines.number, count + 1);
			CASE_EQUAL_INT(cases[i].name, length, strlen(line));
			CASE_EQUAL_TEXT(cases[i].name, line, cases[i].want[count]);
			CASE_EQUAL_TEXT(cases[i].name, lines_trim(&lines, line),
				cases[i].trimmed[count]);
		}
		CASE_EQUAL_INT(
			cases[i].name, lines_next(&lines, line, &length), LINE_NONE);
		CASE_EQUAL_INT(
			cases[i].name, lines_next(&lines, line, &length), LINE_NONE);
		CASE_EQUAL_INT(cases[i].name, lines.number, count);
		fclose(lines.from);
	}
}

static void long_lines(void **state)
{
	static const struct {
		const char *name;
		size_t size; /* of the first line */
		const char *end;
		enum line_end want;
		size_t rest;
	} cases[] = {
		{ "one less", LINE_SIZE - 1, "\nb\n", LINE_WHOLE, 0 },
		{ "just fits", LINE_SIZE, "\nb\n", LINE_WHOLE, 0 },
		{ "just fits, at the end", LINE_SIZE, "", LINE_WHOLE, 0 },
		{ "one too many", LINE_SIZE + 1, "\nb\n", LINE_TOO_LONG, 1 },
		{ "one too many, at the end", LINE_SIZE + 1, "", LINE_TOO_LONG, 1 },
		{ "three times as long", 3 * LINE_SIZE, "\nb\n", LINE_TOO_LONG,
			2 * LINE_SIZE },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char bytes[3 * LINE_SIZE + 8], line[LINE_SIZE + 1];
		size_t length, rest = 0, size = cases[i].size + strlen(cases[i].end);
		struct lines lines;

		memset(bytes, 'a', sizeof(bytes));
		memcpy(bytes + cases[i].size, cases[i].end, strlen(cases[i].end));
		lines = open_bytes(bytes, size);
		CASE_EQUAL_INT(
			cases[i].name, lines_next(&lines, line, &length), cases[i].want);
		CASE_EQUAL_INT(cases[i].name, length, cases[i].size - cases[i].rest);
		while (cases[i].want == LINE_TOO_LONG && lines_rest(&lines) != EOF)
			rest++;
		CASE_EQUAL_INT(cases[i].name, rest, cases[i].rest);
		/* What is left over is no line of its own. */
		if (cases[i].end[0] != '\0') {
			CASE_EQUAL_INT(cases[i].name, lines_next(&lines, line, &length),
				LINE_WHOLE);
			CASE_EQUAL_TEXT(cases[i].name, line, "b");
			CASE_EQUAL_INT(cases[i].name, lines.number, 2);
			CASE_EQUAL_INT(cases[i].name, lines.bytes, size);
		}
		CASE_EQUAL_INT(
			cases[i].name, lines_next(&lines, line, &length), LINE_NONE);
		fclose(lines.from);
	}
}

static void nul_bytes(void **state)
{
	static const char bytes[] = "a\0b\nc\n";
	struct lines lines = open_bytes(bytes, sizeof(bytes) - 1);
	char line[LINE_SIZE + 1];
	size_t length;

	(void)state;
	assert_int_equal(lines_next(&lines, line, &length), LINE_WHOLE);
	assert_int_equal(length, 3);
	assert_int_not_equal(strlen(line), length);
	assert_int_equal(lines_next(&lines, line, &length), LINE_WHOLE);
	assert_string_equal(line, "c");
	fclose(lines.from);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole_lines),
		cmocka_unit_test(long_lines),
		cmocka_unit_test(nul_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
