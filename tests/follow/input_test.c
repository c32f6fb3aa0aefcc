#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "follow/tail.h"
#include "tests/follow/steps.h"
#include "tests/support/test.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* What is no log, what may be in one, and waiting for more of it. */

static void refuses_other_paths(void **state)
{
	static const struct {
		const char *path, *state_dir, *want;
	} cases[] = {
		{ "", "state", "is no name of a file" },
		{ "state/", "state", "is no name of a file" },
		{ "lo\ng", "state", "is no name of a file" },
		{ "state", "state", "is not a regular file" },
		{ ".", "state", "is not a regular file" },
		{ "fifo", "state", "is not a regular file" },
		{ "nowhere/log", "state", "its folder: No such file or directory" },
		{ "log", "nowhere", "nowhere: the place in the log cannot be kept" },
		{ "log", "log", "log: the place in the log cannot be kept" },
	};

	(void)state;
	add_to_file("log", -1, "a\n", 2);
	assert_int_equal(mkfifo("fifo", 0644), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error = ERROR_NONE;

		assert_null(follow_open(
			cases[i].path, cases[i].state_dir, NULL, NULL, &error));
		if (strstr(error.text, cases[i].want) == NULL)
			fail_msg("%s: \"%s\", want \"%s\"", cases[i].path, error.text,
				cases[i].want);
	}
}

static void refuses_what_it_may_not_read(void **state)
{
	struct error error = ERROR_NONE;
	uid_t user = geteuid();

	(void)state;
	add_to_file("log", -1, "a\n", 2);
	assert_int_equal(chmod(".", 0755), 0);
	assert_int_equal(chmod("log", 0), 0);
	if (user == 0)
		assert_int_equal(seteuid(65534), 0);
	assert_null(follow_open("log", "state", NULL, NULL, &error));
	assert_int_equal(seteuid(user), 0);
	assert_non_null(strstr(error.text, "/log: cannot be read: Permission denied"));
}

/* ---- what is in a log is nobody's promise ---- */

/* SIZE times BYTE, and the end of a line. */
static void add_line(size_t size, char byte)
{
	char *line = xmalloc(size + 1);

	memset(line, byte, size);
	line[size] = '\n';
	add_to_file("log", -1, line, size + 1);
	free(line);
}

/* The lengths of the lines of the next batch: how many there are. */
static size_t next_lengths(size_t *lengths, size_t room, bool keep)
{
	struct error error = ERROR_NONE;
	const struct span *lines;
	size_t count;
	enum follow_result result = follow_next(now.follow, &lines, &count, &error);

	assert_string_equal(error.text, "");
	assert_int_equal(result, count > 0 ? FOLLOW_LINES : FOLLOW_IDLE);
	for (size_t i = 0; i < count && i < room; i++)
		lengths[i] = lines[i].size;
	if (keep)
		assert_true(follow_keep(now.follow, NULL));
	return count;
}

static void leaves_out_long_lines(void **state)
{
	static const struct {
		const char *name;
		size_t size;
		bool left_out;
	} cases[] = {
		{ "the longest", TAIL_LINE_MAX, false },
		{ "a byte more", TAIL_LINE_MAX + 1, true },
		{ "as long as the window", TAIL_ROOM, true },
		{ "several windows", 3 * TAIL_ROOM + 5, true },
	};
	char got[64];
	uint64_t skipped = 0;

	(void)state;
	assert_true(start_following());
	now.said[0] = '\0';
	for (size_t i = 0; i < COUNT(cases); i++) {
		size_t length = 0;

		add_line(cases[i].size, 'x');
		CASE_EQUAL_INT(cases[i].name, next_lengths(&length, 1, true),
			!cases[i].left_out);
		CASE_EQUAL_INT(
			cases[i].name, length, cases[i].left_out ? 0 : cases[i].size);
		skipped += cases[i].left_out;
		CASE_EQUAL_INT(cases[i].name, follow_skipped(now.follow), skipped);
		add_to_file("log", -1, "a\n", 2);
		read_lines(got, sizeof(got), true);
		CASE_EQUAL_TEXT(cases[i].name, got, "a|");
	}
	assert_non_null(strstr(now.said, "a line of more than 32768 bytes is left out"));
	assert_null(strstr(strchr(now.said, '\n') + 1, "more than"));
}

/* The rest of a long line is no line, also after a restart in the midst of it. */
static void a_piece_is_no_line(void **state)
{
	static const char piece[TAIL_LINE_MAX + 1] = "x";
	char got[64];

	(void)state;
	add_to_file("log", -1, "a\n", 2);
	add_to_file("log", -1, piece, sizeof(piece));
	memset(got, 'y', sizeof(got));
	assert_true(start_following());
	read_lines(got, sizeof(got), true);
	assert_string_equal(got, "a|");
	assert_true(start_following());
	add_to_file("log", -1, "rest\nb\n", 7);
	read_lines(got, sizeof(got), true);
	assert_string_equal(got, "b|");
}

static void hands_out_bounded_batches(void **state)
{
	static size_t lengths[TAIL_LINES_MAX + 1];
	size_t bytes = 0, count;

	(void)state;
	for (int i = 0; i < 2 * TAIL_LINES_MAX + 1; i++)
		add_to_file("log", -1, "a\n", 2);
	assert_true(start_following());
	assert_int_equal(next_lengths(NULL, 0, false), TAIL_LINES_MAX);
	assert_int_equal(next_lengths(NULL, 0, true), TAIL_LINES_MAX);
	assert_int_equal(next_lengths(NULL, 0, true), TAIL_LINES_MAX);
	assert_int_equal(next_lengths(NULL, 0, true), 1);
	assert_int_equal(next_lengths(NULL, 0, true), 0);

	for (int i = 0; i < 20; i++)
		add_line(30000, 'x');
	for (int total = 0; total < 20; total += (int)count) {
		count = next_lengths(lengths, COUNT(lengths), true);
		assert_true(count > 0);
		bytes = 0;
		for (size_t i = 0; i < count; i++)
			bytes += lengths[i];
		assert_true(bytes <= TAIL_ROOM);
	}
}

static void any_bytes_may_come(void **state)
{
	static const char bytes[] = "\0\0a\0b\xff\r\n\0\n\x1b[2J\n\xc3\n";
	struct error error = ERROR_NONE;
	const struct span *lines;
	size_t count;

	(void)state;
	add_to_file("log", -1, bytes, sizeof(bytes) - 1);
	assert_true(start_following());
	assert_int_equal(follow_next(now.follow, &lines, &count, &error), FOLLOW_LINES);
	assert_int_equal(count, 4);
	assert_int_equal(lines[0].size, 5); /* zeros in front go, others stay */
	assert_memory_equal(lines[0].text, "a\0b\xff\r", 5);
	assert_int_equal(lines[1].size, 0);
	assert_int_equal(lines[2].size, 4);
	assert_int_equal(lines[3].size, 1);
}

/* ---- waiting ---- */

enum { LONG_US = 100 * SECOND_US };

/* What happened before it waits is no less seen. */
static void wakes_up(void **state)
{
	char got[64];

	(void)state;
	add_to_file("log", -1, "a\n", 2);
	assert_true(start_following());
	read_lines(got, sizeof(got), true);
	for (int i = 0; i < 3; i++) {
		int64_t from_us;

		add_to_file("log", -1, "b\n", 2);
		from_us = clock_monotonic_us();
		follow_wait(now.follow, LONG_US);
		/* Else it looks after a second. */
		assert_true(clock_monotonic_us() - from_us < SECOND_US * 9 / 10);
		read_lines(got, sizeof(got), true);
		assert_string_equal(got, "b|");
	}
}

static void looks_at_last(void **state)
{
	(void)state;
	assert_true(start_following());
	follow_wait(now.follow, SECOND_US / 100);
	follow_wait(now.follow, 0);
	follow_wait(now.follow, -1);
}

/* Also by a signal that came just before. */
static void ends_at_a_signal(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT };
	int status;

	(void)state;
	for (size_t i = 0; i < COUNT(signals); i++) {
		pid_t child = fork();

		assert_true(child >= 0);
		if (child == 0) {
			const struct span *lines;
			size_t count;
			bool good;

			add_to_file("log", -1, "a\n", 2);
			good = start_following();
			interrupt_catch();
			raise(signals[i]);
			follow_wait(now.follow, LONG_US);
			good = good && follow_next(now.follow, &lines, &count, NULL) ==
					       FOLLOW_IDLE;
			if (good)
				interrupt_end();
			_exit(1);
		}
		assert_int_equal(waitpid(child, &status, 0), child);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(WTERMSIG(status), signals[i]);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)
	const struct CMUnitTest tests[] = {
		TEST(refuses_other_paths),
		TEST(refuses_what_it_may_not_read),
		TEST(leaves_out_long_lines),
		TEST(a_piece_is_no_line),
		TEST(hands_out_bounded_batches),
		TEST(any_bytes_may_come),
		TEST(wakes_up),
		TEST(looks_at_last),
		TEST(ends_at_a_signal),
	};
#undef TEST

	return cmocka_run_group_tests_name("follow/follow input", tests, NULL, NULL);
}
