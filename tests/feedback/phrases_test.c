#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "feedback/reading.h"
#include "tests/support/test.h"

/* ---- the table that okite has ---- */

static char *read_table(size_t *size)
{
	enum { TABLE_MAX = 1 << 20 };
	const char *source = getenv("srcdir");
	char *path = xasprintf("%s/feedback/phrases.txt", source == NULL ? "." : source);
	char *bytes = xmalloc(TABLE_MAX);
	FILE *file = fopen(path, "rb");

	if (file == NULL)
		fail_msg("%s cannot be read", path);
	*size = fread(bytes, 1, TABLE_MAX, file);
	fclose(file);
	free(path);
	return bytes;
}

static void read_text(struct phrases *phrases, const char *text)
{
	struct error error = ERROR_NONE;

	phrases_init(phrases);
	if (!phrases_read(phrases, "table", text, strlen(text), &error) ||
		!phrases_build(phrases, &error))
		fail_msg("%s", error.text);
}

/* What is said of no one in particular: all is in the text. */
static struct evidence plain_evidence(const char *text, size_t size)
{
	return (struct evidence){ text, size, "", "", "", "", "", STAGE_UNKNOWN };
}

static bool row_wins(
	const struct phrases *phrases, size_t line, const char *sample, size_t size)
{
	struct reading *reading = xmalloc(sizeof(*reading));
	struct evidence evidence = plain_evidence(sample, size);
	const struct row *row;
	bool wins;

	reading_make(reading, phrases, &evidence);
	row = reading_best(reading, PART_ALL);
	wins = row != NULL && row->line == line;
	if (!wins)
		print_error("phrases.txt:%zu: line %zu wins for \"%.*s\"\n", line,
			row == NULL ? 0 : row->line, (int)size, sample);
	free(reading);
	return wins;
}

static bool is_reason_row(const struct phrases *phrases, size_t line)
{
	for (size_t i = 0; i < phrases->row_count; i++)
		if (phrases->rows[i].line == line)
			return phrases->sections[phrases->rows[i].section].kind ==
			       SECTION_REASON;
	return false;
}

/* Every row has a sentence that it is there for, and wins there. */
static void every_row_is_reached(void **state)
{
	size_t size, line = 0, faults = 0, rows = 0;
	char *table = read_table(&size);
	struct phrases phrases;
	struct error error = ERROR_NONE;

	(void)state;
	phrases_init(&phrases);
	if (!phrases_read(&phrases, "phrases.txt", table, size, &error) ||
		!phrases_build(&phrases, &error))
		fail_msg("%s", error.text);
	for (char *at = table; at < table + size;) {
		char *end = memchr(at, '\n', (size_t)(table + size - at));
		char *sample;

		assert_non_null(end);
		*end = '\0';
		line++;
		sample = strstr(at, "=> ");
		if (is_reason_row(&phrases, line)) {
			rows++;
			if (sample == NULL) {
				print_error("phrases.txt:%zu: no sample\n", line);
				faults++;
			} else if (!row_wins(&phrases, line, sample + 3,
					   strlen(sample + 3))) {
				faults++;
			}
		}
		at = end + 1;
	}
	print_message("%zu rows\n", rows);
	phrases_clear(&phrases);
	free(table);
	assert_int_equal(faults, 0);
	assert_true(rows > 500);
}
/* ---- reading a table ---- */

static void says_what_is_wrong(void **state)
{
	static const struct {
		const char *name, *text, *want;
	} cases[] = {
		{ "no section", "user unknown\n",
			"t:1: \"user unknown\": stands before" },
		{ "no end", "\n[70 hard userunknown\n",
			"t:2: \"[70 hard userunknown\": has no ]" },
		{ "no rank", "[hard userunknown]\n",
			"t:1: \"hard userunknown\": is no head" },
		{ "rank 0", "[0 hard userunknown]\n",
			"t:1: \"0 hard userunknown\": is no head" },
		{ "rank 100", "[100 hard okite]\n",
			"t:1: \"100 hard okite\": is no head" },
		{ "too many words", "[70 hard okite x]\n",
			"t:1: \"70 hard okite x\": is no head" },
		{ "class", "[70 harsh userunknown]\n", "t:1: \"harsh\": is no class" },
		{ "reason", "[70 hard userunkown]\n",
			"t:1: \"userunkown\": is not one of our" },
		{ "stage", "[stage quit]\n", "t:1: \"quit\": is no stage" },
		{ "at what", "[9 soft onhold, at quit]\n", "t:1: \"quit\": is no stage" },
		{ "condition", "[9 soft onhold, if x]\n",
			"t:1: \"if x\": is no condition" },
		{ "empty condition", "[9 soft onhold,]\n", "t:1: \"\": is no condition" },
		{ "empty reply", "[9 soft onhold, reply ]\n",
			"t:1: \"\": has no room here" },
		{ "long status", "[9 soft onhold, status 5.1.1.1.1.1.1.10]\n",
			"t:1: \"5.1.1.1.1.1.1.10\": has no room here" },
		{ "five conditions",
			"[9 soft onhold, reply 5, reply 5, reply 5, reply 5, reply 5]\n",
			"t:1: \"reply 5\": a section has at most four" },
		{ "one letter", "[9 soft onhold]\n\nx\n",
			"t:3: \"x\": a phrase has at least" },
		{ "only stars", "[9 soft onhold]\n**\n",
			"t:2: \"*\": a phrase has at least" },
		{ "a list without a name", "[words ]\n", "t:1: \"\": a list has a name" },
		{ "a list with a long name", "[words 123456789012345678901234]\n",
			"t:1: \"123456789012345678901234\": a list has a name" },
		{ "no list", "[9 soft onhold]\nab {}\n", "t:2: \"\": a list has a name" },
		{ "half a gap", "[9 soft onhold]\nab ... *\n",
			"t:2: \"\": a phrase has at least" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error = ERROR_NONE;
		struct phrases phrases;

		phrases_init(&phrases);
		if (phrases_read(
			    &phrases, "t", cases[i].text, strlen(cases[i].text), &error))
			fail_msg("%s: taken", cases[i].name);
		if (strncmp(error.text, cases[i].want, strlen(cases[i].want)) != 0)
			fail_msg("%s: got \"%s\"", cases[i].name, error.text);
		phrases_clear(&phrases);
	}
}

static void bounds_lines_phrases_and_table(void **state)
{
	enum { LINE = 1024, ROWS = PATTERNS_MAX + 1 };
	char *text = xmalloc(ROWS * 16 + 64);
	struct error error = ERROR_NONE;
	struct phrases phrases;
	size_t size;

	(void)state;
	memset(text, 'x', LINE);
	text[LINE] = '\n';
	phrases_init(&phrases);
	assert_false(phrases_read(&phrases, "t", text, LINE + 1, &error));
	assert_non_null(
		strstr(error.text, "t:1: \"the line\": is longer than 1023 bytes"));
	phrases_clear(&phrases);

	size = (size_t)sprintf(text, "[9 soft onhold]\n");
	memset(text + size, 'x', PHRASE_MAX + 1);
	phrases_init(&phrases);
	assert_true(phrases_read(&phrases, "t", text, size + PHRASE_MAX, &error));
	assert_false(phrases_read(&phrases, "t", text, size + PHRASE_MAX + 1, &error));
	phrases_clear(&phrases);

	for (int i = 0; i < ROWS; i++)
		size += (size_t)sprintf(text + size, "phrase %d\n", i);
	phrases_init(&phrases);
	assert_false(phrases_read(&phrases, "t", text, size, &error));
	assert_non_null(strstr(
		error.text, "t:4098: \"phrase 4096\": that is one phrase too many"));
	phrases_clear(&phrases);
	free(text);
}

/* ---- what wins ---- */

static const char small_table[] = "[inner]\n"
				  "*->\n"
				  "[stage data]\n"
				  "after data\n"
				  "[50 policy spamdetected]\n"
				  "spam\n"
				  "*hash*\n"
				  "[70 hard userunknown]\n"
				  "unknown\n"
				  "user ... gone\n"
				  "[80 soft mailboxfull, without ham]\n"
				  "full\n"
				  "[90 policy filtered, at data, from example.jp]\n"
				  "unknown\n"
				  "[91 soft suspend, by exchange]\n"
				  "unknown\n"
				  "[92 policy blocked, status 5.7, reply 55]\n"
				  "unknown\n"
				  "[93 soft onhold, with magic]\n"
				  "unknown\n";

static const char *reason_of(const struct phrases *phrases,
	const struct evidence *evidence, enum reading_part part)
{
	struct reading *reading = xmalloc(sizeof(*reading));
	const struct row *row;

	reading_make(reading, phrases, evidence);
	row = reading_best(reading, part);
	free(reading);
	return row == NULL ? "" : phrases->sections[row->section].reason;
}

static void the_best_row_wins(void **state)
{
	static const struct {
		const char *name, *text, *status, *recipient, *refuser, *reporter, *want;
	} cases[] = {
		{ "one", "spam", "", "", "", "", "spamdetected" },
		{ "none", "ham", "", "", "", "", "" },
		{ "the rank", "spam from an unknown", "", "", "", "", "userunknown" },
		{ "case and space", "full\n  UNKNOWN", "", "", "", "", "mailboxfull" },
		{ "without", "full of ham, unknown", "", "", "", "", "userunknown" },
		{ "with", "magic, unknown", "", "", "", "", "onhold" },
		{ "no word", "spammer", "", "", "", "", "" },
		{ "no word before", "xspam", "", "", "", "", "" },
		{ "a host is no reason", "spam.example.com", "", "", "", "", "" },
		{ "nor its end", "no.spam", "", "", "", "", "" },
		{ "a full stop is none", "spam. ", "", "", "", "", "spamdetected" },
		{ "open at both ends", "xhashy", "", "", "", "", "spamdetected" },
		{ "a gap", "user a@example.com is gone", "", "", "", "", "userunknown" },
		{ "no gap", "user gone", "", "", "", "", "userunknown" },
		{ "the wrong way round", "gone user", "", "", "", "", "" },
		{ "a gap too wide",
			"user 123456789 123456789 123456789 123456789 123456789 "
			"123456789 "
			"123456789 123456789 gone",
			"", "", "", "", "" },
		{ "stage alone", "after DATA: unknown", "", "", "", "", "userunknown" },
		{ "stage and refuser", "after DATA: unknown", "", "", "mx.example.jp", "",
			"filtered" },
		{ "stage and recipient", "after DATA: unknown", "", "a@example.jp", "",
			"", "filtered" },
		{ "stage and mention", "mx.example.jp after DATA: unknown", "", "", "",
			"", "filtered" },
		{ "another domain", "after DATA: unknown", "", "a@badexample.jp", "", "",
			"userunknown" },
		{ "its end only", "after DATA: unknown", "", "a@example.jp.org", "", "",
			"userunknown" },
		{ "the reporter", "unknown", "", "", "", "exchange", "suspend" },
		{ "status and reply", "550 unknown", "5.7.1", "", "", "", "blocked" },
		{ "status only", "unknown", "5.7.1", "", "", "", "userunknown" },
		{ "another status", "550 unknown", "5.1.1", "", "", "", "userunknown" },
	};
	struct phrases phrases;

	(void)state;
	read_text(&phrases, small_table);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence evidence = { cases[i].text, strlen(cases[i].text),
			cases[i].status, "", cases[i].recipient, cases[i].refuser,
			cases[i].reporter, STAGE_UNKNOWN };

		CASE_EQUAL_TEXT(cases[i].name, reason_of(&phrases, &evidence, PART_ALL),
			cases[i].want);
	}
	phrases_clear(&phrases);
}

static void the_innermost_reply_is_apart(void **state)
{
	static const char text[] = "unknown -> oh -> spam";
	struct evidence evidence = plain_evidence(text, strlen(text));
	struct phrases phrases;

	(void)state;
	read_text(&phrases, small_table);
	assert_string_equal(reason_of(&phrases, &evidence, PART_INNER), "spamdetected");
	assert_string_equal(reason_of(&phrases, &evidence, PART_ALL), "userunknown");
	phrases_clear(&phrases);
}

static void a_list_is_any_of_its_words(void **state)
{
	static const char table[] = "[words who]\nuser\nmail box\n"
				    "[words thing]\nrule\nuser rule\n"
				    "[words gone]\nunknown\nnot found\n"
				    "[70 hard userunknown]\n"
				    "{who} ... {gone}\nno such {who}\nmissing {gone}\n"
				    "[71 soft systemerror]\n"
				    "{thing} ... {gone}\n";
	static const struct {
		const char *text, *want;
	} cases[] = {
		{ "user a is unknown", "userunknown" },
		{ "mail box a: not found", "userunknown" },
		{ "unknown user", "" },
		{ "box not found", "" },
		{ "no such mail box", "userunknown" },
		{ "no such \"user\"", "userunknown" },
		{ "no such old user", "" },
		{ "missing not found", "userunknown" },
		{ "user a: rule not found", "systemerror" },
		{ "rule 7: user not found", "userunknown" },
		{ "user rule not found", "systemerror" },
		{ "user 123456789 123456789 123456789 123456789 123456789 123456789 "
		  "123456789 123456789 not found",
			"" },
	};
	struct phrases phrases;

	(void)state;
	read_text(&phrases, table);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct evidence evidence =
			plain_evidence(cases[i].text, strlen(cases[i].text));

		CASE_EQUAL_TEXT(cases[i].text, reason_of(&phrases, &evidence, PART_ALL),
			cases[i].want);
	}
	phrases_clear(&phrases);
}

static void bounds_lists(void **state)
{
	char text[(LISTS_MAX + 1) * 16];
	struct error error = ERROR_NONE;
	struct phrases phrases;
	size_t size = 0;

	(void)state;
	for (int i = 0; i < LISTS_MAX; i++)
		size += (size_t)sprintf(text + size, "[words l%d]\n", i);
	phrases_init(&phrases);
	assert_true(phrases_read(&phrases, "t", text, size, &error));
	size += (size_t)sprintf(text + size, "[words more]\n");
	assert_false(phrases_read(&phrases, "t", text, size, &error));
	assert_non_null(strstr(error.text, "t:33: \"more\": that is one list too many"));
	phrases_clear(&phrases);
}

/* A postmaster's own table comes behind ours. */
static void the_later_table_wins(void **state)
{
	static const char own[] = "[70 soft suspend]\nUnknown\n";
	struct evidence evidence = plain_evidence("unknown", 7);
	struct error error = ERROR_NONE;
	struct phrases phrases;

	(void)state;
	phrases_init(&phrases);
	assert_true(
		phrases_read(&phrases, "ours", small_table, strlen(small_table), &error));
	assert_true(phrases_read(&phrases, "own", own, strlen(own), &error));
	assert_true(phrases_build(&phrases, &error));
	assert_string_equal(reason_of(&phrases, &evidence, PART_ALL), "suspend");
	phrases_clear(&phrases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_is_reached),
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(bounds_lines_phrases_and_table),
		cmocka_unit_test(the_best_row_wins),
		cmocka_unit_test(the_innermost_reply_is_apart),
		cmocka_unit_test(a_list_is_any_of_its_words),
		cmocka_unit_test(bounds_lists),
		cmocka_unit_test(the_later_table_wins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
