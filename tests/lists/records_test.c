#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "lists/records.h"
#include "tests/lists/list_file.h"
#include "tests/support/test.h"

static const char *const arrays[] = { "items", "results", NULL };

/*
 * What a list is cut into, as text: "LINE:BYTES" of each record and a bar
 * between them, and ! before what has a fault; rows with a bar for commas.
 */
static char *cut(const char *bytes, size_t size, enum shape shape)
{
	struct records *records = xcalloc(1, sizeof(*records));
	struct input input;
	struct record record;
	char *text = NULL;
	size_t text_size = 0;
	FILE *to = open_memstream(&text, &text_size);
	int fd = list_file(bytes, size);

	input_open(&input, fd);
	records_open(records, &input, shape, ',', arrays);
	while (records_next(records, &record)) {
		const char *rest;
		size_t more = 0, piece;

		fprintf(to, "%s%s%lld:", ftell(to) > 0 ? " | " : "",
			record.fault != NULL ? "!" : "", (long long)record.line);
		if (shape == SHAPE_CSV && record.fault == NULL)
			for (size_t i = 0; i < records->csv.count; i++)
				fprintf(to, "%s%s", i > 0 ? ";" : "",
					records->csv.fields[i]);
		else if (record.size < 1000)
			fwrite(record.bytes, 1, record.size, to);
		else
			fprintf(to, "%zu bytes", record.size);
		while (records_rest(records, &rest, &piece))
			more += piece;
		if (more > 0)
			fprintf(to, " and %zu more", more);
	}
	fclose(to);
	assert_int_equal(input.taken, size);
	input_close(&input);
	close(fd);
	free(records);
	return text;
}

struct cut_case {
	const char *name, *bytes, *want;
};

static void check(const struct cut_case *cases, size_t count, enum shape shape)
{
	for (size_t i = 0; i < count; i++) {
		char *got = cut(cases[i].bytes, strlen(cases[i].bytes), shape);

		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
	}
}

#define CHECK(cases, shape) check(cases, sizeof(cases) / sizeof((cases)[0]), shape)

static void lines(void **state)
{
	static const struct cut_case cases[] = {
		{ "nothing", "", "" },
		{ "one", "a\n", "1:a" },
		{ "without an end", "a\nb", "1:a | 2:b" },
		{ "empty ones", "\n\na\n \t\r\n\nb\n\n", "3:a | 6:b" },
		{ "CRLF", "a\r\nb\r\n\r\n", "1:a\r | 2:b\r" },
		{ "CR inside", "a\rb\n", "1:a\rb" },
		{ "comments", "# x\na\n\t#y\n#\nb # z\n", "2:a | 5:b # z" },
		{ "quotes are nothing here", "\"a\nb\"\n", "1:\"a | 2:b\"" },
	};

	(void)state;
	CHECK(cases, SHAPE_LINES);
}

static void rows(void **state)
{
	static const struct cut_case cases[] = {
		{ "nothing", "", "" },
		{ "one", "a,b\n", "1:a;b" },
		{ "without an end", "a,b\nc,d", "1:a;b | 2:c;d" },
		{ "CRLF and blanks", " a , b \r\nc,\td\r\n", "1:a;b | 2:c;d" },
		{ "empty fields", ",a,\n", "1:;a;" },
		{ "empty rows", ",,\n\na\n,\n", "3:a" },
		{ "quoted", "\"a,b\",\"c\"\n", "1:a,b;c" },
		{ "doubled quotes", "\"a \"\"b\"\"\",\"\"\"\"\n", "1:a \"b\";\"" },
		{ "an end of line inside", "\"a\nb\",c\nd\n", "1:a\nb;c | 3:d" },
		{ "CRLF inside", "\"a\r\nb\"\r\nd\r\n", "1:a\r\nb | 3:d" },
		{ "blanks around quotes", " \"a\" ,\"b\"\n", "1:a;b" },
		{ "a quote inside", "a\"b,c\n", "1:a\"b;c" },
		{ "comments", "# x\na\n#b,c\n #\n", "2:a | 3:#b;c" },
		{ "not closed", "\"a\nb,c\n", "!1:\"a | 2:b;c" },
		{ "not closed on the last line", "a\n\"b", "1:a | !2:\"b" },
		{ "closed too late", "\"a\nb,\"c\"\nd\n", "!1:\"a | 2:b;c | 3:d" },
		{ "behind the quote", "\"a\"b,c\nd\n", "!1:\"a\"b,c | 2:d" },
		{ "a quote alone", "\"", "!1:\"" },
		{ "an empty one", "\"\",a\n", "1:;a" },
	};

	(void)state;
	CHECK(cases, SHAPE_CSV);
}

static void objects(void **state)
{
	static const struct cut_case cases[] = {
		{ "nothing", " \n", "" },
		{ "one a line", "{\"a\":1}\n{\"b\":2}\r\n", "1:{\"a\":1} | 2:{\"b\":2}" },
		{ "one behind the other", "{}{} {\n}", "1:{} | 1:{} | 1:{\n}" },
		{ "commas behind lines", "{},\n{},\n", "1:{} | 2:{}" },
		{ "comments", "# x\n{}\n#{}\n{}", "2:{} | 4:{}" },
		{ "an array", "[{},\n{\"a\":[{}]} ]", "1:{} | 2:{\"a\":[{}]}" },
		{ "two arrays", "[{\"a\":1}]\n[{\"b\":1}]", "1:{\"a\":1} | 2:{\"b\":1}" },
		{ "not only objects", "[1, \"a\", null, [{}], {}]",
			"1:1 | 1:\"a\" | 1:null | 1:[{}] | 1:{}" },
		{ "an answer", "{\"next\":{\"items\":[1]},\"items\":[{},\n{}],\"n\":1}",
			"1:{} | 2:{}" },
		{ "an answer of nothing", "{\"items\":[]}", "" },
		{ "two answers", "{\"items\":[{\"a\":1}]}{\"results\":[{\"b\":2}]}",
			"1:{\"a\":1} | 1:{\"b\":2}" },
		{ "two arrays in one",
			"{\"items\":[{\"a\":1}],\"links\":[{}],\"results\":[{\"b\":2}]}",
			"1:{\"a\":1} | 1:{\"b\":2}" },
		{ "answers in an array", "[{\"items\":[{\"a\":1}]},{\"items\":[{}]}]",
			"1:{\"a\":1} | 1:{}" },
		{ "items that are none", "{\"items\":3}", "1:{\"items\":3}" },
		{ "braces in texts", "{\"a\":\"}{\\\"\"}{\"b\":\"\\\\\"}",
			"1:{\"a\":\"}{\\\"\"} | 1:{\"b\":\"\\\\\"}" },
		{ "rubbish between", "{}\nx y\n{}\n", "1:{} | !2:x y | 3:{}" },
		{ "rubbish behind", "{} x\n{}\n", "1:{} | !1:x | 2:{}" },
		{ "a brace is missing", "{\"a\":1\n{\"b\":2}\n",
			"!1:{\"a\":1 | 2:{\"b\":2}" },
		{ "a quote is missing", "{\"a\":\"b}\n{\"b\":2}\n",
			"!1:{\"a\":\"b} | 2:{\"b\":2}" },
		{ "a colon is missing", "{\"a\" 1}\n{}\n", "!1:{\"a\" 1} | 2:{}" },
		{ "a bracket for a brace", "{\"a\":1]\n{}\n", "!1:{\"a\":1] | 2:{}" },
		{ "broken in an array", "[{\"a\":1},{\"b\" 2},{\"c\":3}]",
			"1:{\"a\":1} | !1:{\"b\" 2}, | 1:{\"c\":3}" },
		{ "broken over lines", "[\n{\"a\"\n:\n},\n{\"b\":2}\n]",
			"!2:{\"a\"\n:\n},\n | 5:{\"b\":2}" },
		{ "broken and the last", "[{\"a\":1},{\"b\" 2}]\n",
			"1:{\"a\":1} | !1:{\"b\" 2}]\n" },
		{ "the end is missing", "[{},{\"a\":1},", "1:{} | 1:{\"a\":1} | !1:" },
		{ "cut off inside", "[{},{\"a\":1", "1:{} | !1:{\"a\":1" },
		{ "a line cut off", "{}\n{\"a\":1", "1:{} | !2:{\"a\":1" },
		{ "an answer cut off", "{\"items\":[{}],\"n\"", "1:{} | !1:\"n\"" },
		{ "ends that nobody opened", "]\n}\n{}\n", "!1:] | !2:} | 3:{}" },
		{ "deep",
			"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]"
			"]]]"
			"]]]]]}\n",
			"1:{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]"
			"]]]]]"
			"]]]]]}" },
		{ "too deep",
			"{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]"
			"]]]"
			"]]]]]]]}\n{}",
			"!1:{\"a\":[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]"
			"]]]]]]"
			"]]]]]]]} | 2:{}" },
		{ "answers too deep",
			"[{\"items\":[{\"items\":[{\"items\":[{\"items\":[1]}]}]}]}]\n{}",
			"!1:{\"items\":[1]}]}]}]}] | 2:{}" },
	};

	(void)state;
	CHECK(cases, SHAPE_JSON);
}

static void nul_bytes(void **state)
{
	static const char bytes[] = "a\0b\nc\n# \0d\n";
	char *text = cut(bytes, sizeof(bytes) - 1, SHAPE_LINES);

	(void)state;
	assert_memory_equal(text, "!1:a", 4);
	free(text);
	text = cut(bytes, sizeof(bytes) - 1, SHAPE_CSV);
	assert_memory_equal(text, "!1:a", 4);
	free(text);
}

/* FRONT, then SIZE bytes in all of x, then BACK. */
static void long_records(void **state)
{
	static const struct {
		const char *name;
		enum shape shape;
		const char *front;
		size_t size;
		const char *back, *want;
	} cases[] = {
		{ "a line that fits", SHAPE_LINES, "", RECORD_MAX, "\nb\n",
			"1:65536 bytes | 2:b" },
		{ "at the end", SHAPE_LINES, "", RECORD_MAX, "", "1:65536 bytes" },
		{ "one too many", SHAPE_LINES, "", RECORD_MAX + 1, "\nb\n",
			"!1:65536 bytes and 1 more | 2:b" },
		{ "one too many at the end", SHAPE_LINES, "", RECORD_MAX + 1, "",
			"!1:65536 bytes and 1 more" },
		{ "a comment of that length", SHAPE_LINES, "#", RECORD_MAX + 1, "\nb\n",
			"!1:65536 bytes and 2 more | 2:b" },
		{ "twenty times as long", SHAPE_LINES, "", 20 * RECORD_MAX, "\nb\n",
			"!1:65536 bytes and 1245184 more | 2:b" },
		{ "a row", SHAPE_CSV, "a,", RECORD_MAX + 1, "\nb\n",
			"!1:65536 bytes and 3 more | 2:b" },
		{ "a quoted row of two lines", SHAPE_CSV, "\"\n", RECORD_MAX + 1,
			"\"\nb\n", "!1:\" | !2:65536 bytes and 2 more | 3:b" },
		{ "a row of two lines, long behind the quote", SHAPE_CSV, "\"a\nb\",",
			RECORD_MAX + 1, "\nc\n", "!1:65536 bytes and 7 more | 3:c" },
		{ "an object", SHAPE_JSON, "{\"a\":\"", RECORD_MAX, "\"}\n{}\n",
			"!1:65536 bytes and 8 more | 2:{}" },
		{ "an object that fits", SHAPE_JSON, "{\"a\":\"", RECORD_MAX - 8,
			"\"}\n{}", "1:65536 bytes | 2:{}" },
		{ "in an array", SHAPE_JSON, "[{},{\"a\":\"", 3 * RECORD_MAX, "\"},{}]",
			"1:{} | !1:65536 bytes | 1:{}" },
		{ "behind an array", SHAPE_JSON, "{\"items\":[{}],\"a\":\"",
			3 * RECORD_MAX, "\"}\n{}\n",
			"1:{} | !1:65536 bytes and 131079 more | 2:{}" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t front = strlen(cases[i].front), back = strlen(cases[i].back),
		       size = front + cases[i].size + back;
		char *bytes = xmalloc(size + 1), *got;

		memset(bytes, 'x', size);
		memcpy(bytes, cases[i].front, front);
		memcpy(bytes + size - back, cases[i].back, back + 1);
		got = cut(bytes, size, cases[i].shape);
		CASE_EQUAL_TEXT(cases[i].name, got, cases[i].want);
		free(got);
		free(bytes);
	}
}

static void fields_of_a_row(void **state)
{
	char row[2 * (CSV_FIELDS + 2)] = "", *got;

	(void)state;
	for (size_t i = 0; i < CSV_FIELDS; i++)
		strcat(row, i == 0 ? "x" : ",x");
	got = cut(row, strlen(row), SHAPE_CSV);
	assert_memory_equal(got, "1:x;", 4);
	free(got);
	strcat(row, ",y");
	got = cut(row, strlen(row), SHAPE_CSV);
	assert_memory_equal(got, "!1:x,", 5);
	free(got);
}

static void delimiters(void **state)
{
	static const struct {
		const char *line;
		char want;
	} cases[] = {
		{ "a,b", ',' },
		{ "a;b", ';' },
		{ "a\tb", '\t' },
		{ "a", '\0' },
		{ "", '\0' },
		{ "\"a;b;c\",d", ',' },
		{ "a;b,c;d", ';' },
		{ "a,b;c", ',' },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		CASE_EQUAL_INT(cases[i].line,
			csv_delimiter(cases[i].line, strlen(cases[i].line)),
			cases[i].want);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(rows),
		cmocka_unit_test(objects),
		cmocka_unit_test(nul_bytes),
		cmocka_unit_test(long_records),
		cmocka_unit_test(fields_of_a_row),
		cmocka_unit_test(delimiters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
