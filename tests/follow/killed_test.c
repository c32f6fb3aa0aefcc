#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "tests/follow/steps.h"
#include "tests/support/test.h"

/*
 * A follower that is killed a hundred times at any moment, while the log grows
 * and is rotated: no line is missed, and none is torn.
 */
enum { KILLS = 100, LINES_A_ROUND = 120, PATIENCE_S = 60, RECORD_SIZE = 32 };

static struct {
	unsigned seed;
	bool copies; /* rotation copies and empties; else it renames */
	int next;    /* number of the next line */
	int rotated;
} writer;

/* The same row of numbers everywhere, from 0 to LIMIT - 1. */
static int chance(unsigned *seed, int limit)
{
	*seed = *seed * 1103515245U + 12345U;
	return (int)((*seed >> 16) % (unsigned)limit);
}

/* ---- the follower, in a process of its own ---- */

/*
 * Each line, in "got", and it is on the disk before it counts as kept.  A write
 * that a signal breaks off ends with a page, and so with one of these records.
 */
static void receive(const struct span *lines, size_t count)
{
	int got = open("got", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	char *text = xmalloc(count * RECORD_SIZE + 1);
	size_t size = 0;

	if (got < 0)
		_exit(2);
	for (size_t i = 0; i < count; i++, size += RECORD_SIZE)
		snprintf(text + size, RECORD_SIZE + 1, "%-*.*s", RECORD_SIZE,
			(int)lines[i].size, lines[i].text);
	if (write(got, text, size) != (ssize_t)size || fsync(got) != 0)
		_exit(2);
	close(got);
	free(text);
}

static void say_nothing(const char *text, void *context)
{
	(void)context;
	/* Nothing here is ever lost. */
	if (strstr(text, "lost") != NULL)
		add_to_file("said", -1, text, strlen(text));
}

/* Kills itself now and then, between the receipt and the keeping too. */
static void maybe_die(unsigned *seed)
{
	if (*seed != 0 && chance(seed, 12) == 0)
		raise(SIGKILL);
}

static void follow_until_killed(unsigned seed)
{
	struct error error = ERROR_NONE;
	struct follow *follow = follow_open("log", "state", say_nothing, NULL, &error);
	enum follow_result result = FOLLOW_IDLE;
	const struct span *lines;
	size_t count;

	interrupt_catch();
	while (follow != NULL && result != FOLLOW_FAILED && !interrupt_came()) {
		result = follow_next(follow, &lines, &count, &error);
		if (result == FOLLOW_IDLE) {
			follow_wait(follow, SECOND_US);
			continue;
		}
		maybe_die(&seed);
		receive(lines, count);
		maybe_die(&seed);
		if (!follow_keep(follow, &error))
			break;
	}
	follow_close(follow);
	if (error.text[0] != '\0')
		add_to_file("said", -1, error.text, strlen(error.text));
	_exit(error.text[0] != '\0');
}

static pid_t start_follower(unsigned seed)
{
	pid_t child = fork();

	assert_true(child >= 0);
	if (child == 0) {
		/* When the test fails it must not stay. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		follow_until_killed(seed);
	}
	return child;
}

/* ---- the writer ---- */

/* Older ones get higher numbers, as logrotate does it. */
static void shift_numbers(void)
{
	char from[32], to[32];

	for (int i = writer.rotated++; i > 0; i--) {
		snprintf(from, sizeof(from), "log.%d", i);
		snprintf(to, sizeof(to), "log.%d", i + 1);
		assert_int_equal(rename(from, to), 0);
	}
}

static void copy_log(void)
{
	char bytes[8192];
	int log = open("log", O_RDONLY), copy = open("log.1", O_WRONLY | O_CREAT, 0644);
	ssize_t size;

	while ((size = read(log, bytes, sizeof(bytes))) > 0)
		assert_int_equal(write(copy, bytes, (size_t)size), size);
	close(copy);
	close(log);
	assert_int_equal(truncate("log", 0), 0);
}

static void rotate(void)
{
	shift_numbers();
	if (writer.copies) {
		copy_log();
		return;
	}
	assert_int_equal(rename("log", "log.1"), 0);
	/* The writer has not heard of it yet. */
	if (chance(&writer.seed, 2) == 0) {
		char line[32];
		int size = snprintf(line, sizeof(line), "line %d end\n", writer.next++);

		add_to_file("log", -1, "", 0);
		add_to_file("log.1", -1, line, (size_t)size);
	}
}

/* In two pieces now and then. */
static void write_line(void)
{
	char line[32];
	int size = snprintf(line, sizeof(line), "line %d end\n", writer.next++);
	int cut = chance(&writer.seed, 4) == 0 ? chance(&writer.seed, size) : 0;

	add_to_file("log", -1, line, (size_t)cut);
	add_to_file("log", -1, line + cut, (size_t)(size - cut));
}

/* ---- what came of it ---- */

/* How often each line was received; fails where one is torn. */
static int *count_lines(int *received)
{
	int *counts = xcalloc((size_t)writer.next, sizeof(*counts));
	FILE *got = fopen("got", "r");
	char text[RECORD_SIZE + 1] = "", want[RECORD_SIZE + 1], line[32];
	int number;

	*received = 0;
	while (got != NULL && fread(text, RECORD_SIZE, 1, got) == 1) {
		if (sscanf(text, "line %d", &number) != 1 || number < 0 ||
			number >= writer.next)
			fail_msg("torn: \"%s\"", text);
		snprintf(line, sizeof(line), "line %d end", number);
		snprintf(want, sizeof(want), "%-*s", RECORD_SIZE, line);
		CASE_EQUAL_TEXT("torn", text, want);
		*received += counts[number]++ == 0;
	}
	if (got != NULL)
		fclose(got);
	return counts;
}

static int count_received(void)
{
	int received;

	free(count_lines(&received));
	return received;
}

static off_t size_of_got(void)
{
	struct stat status;

	return stat("got", &status) == 0 ? status.st_size : 0;
}

/* A millisecond, for who looks again and again. */
static void pause_briefly(void)
{
	(void)poll(NULL, 0, 1);
}

/* Until something more is received than BEFORE, or CHILD has ended. */
static void wait_for_receipt(off_t before, pid_t child)
{
	int64_t end_us = clock_monotonic_us() + PATIENCE_S * SECOND_US;
	siginfo_t ended = { 0 };

	while (size_of_got() == before) {
		assert_int_equal(
			waitid(P_PID, (id_t)child, &ended, WEXITED | WNOHANG | WNOWAIT),
			0);
		if (ended.si_pid == child)
			return;
		assert_true(clock_monotonic_us() < end_us);
		pause_briefly();
	}
}

static void one_round(int number)
{
	pid_t child = start_follower((unsigned)number + 1);
	off_t before = size_of_got();
	int lines = 1 + chance(&writer.seed, LINES_A_ROUND), status;

	for (int i = 0; i < lines; i++) {
		write_line();
		if (chance(&writer.seed, LINES_A_ROUND) == 0)
			rotate();
		/* Half of them live long enough to receive something. */
		if (i == lines / 2 && number % 2 == 0)
			wait_for_receipt(before, child);
	}
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, &status, 0), child);
	if (!WIFSIGNALED(status))
		fail_msg("round %d: the follower ended by itself, with %d", number,
			WEXITSTATUS(status));
}

static void finish(void)
{
	int64_t end_us = clock_monotonic_us() + PATIENCE_S * SECOND_US;
	pid_t child = start_follower(0);
	int status;

	while (count_received() < writer.next && clock_monotonic_us() < end_us)
		pause_briefly();
	kill(child, SIGTERM);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void check_received(void)
{
	int received, again = 0;
	int *counts = count_lines(&received);

	for (int i = 0; i < writer.next; i++) {
		if (counts[i] == 0)
			fail_msg("line %d of %d was never received", i, writer.next);
		again += counts[i] - 1;
	}
	free(counts);
	assert_int_equal(access("said", F_OK), -1);
	print_message("%d lines, %d rotations, %d received again\n", writer.next,
		writer.rotated, again);
}

static void kill_often(bool copies)
{
	pid_t first;

	writer.seed = 20261124;
	writer.copies = copies;
	writer.next = writer.rotated = 0;
	/* From the first line on: a log that was rotated before is nobody's. */
	first = start_follower(0);
	write_line();
	wait_for_receipt(0, first);
	kill(first, SIGKILL);
	assert_int_equal(waitpid(first, NULL, 0), first);
	for (int i = 0; i < KILLS; i++)
		one_round(i);
	finish();
	check_received();
}

static void misses_nothing_when_renamed(void **state)
{
	(void)state;
	kill_often(false);
}

static void misses_nothing_when_copied(void **state)
{
	(void)state;
	kill_often(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			misses_nothing_when_renamed, make_folder, remove_folder),
		cmocka_unit_test_setup_teardown(
			misses_nothing_when_copied, make_folder, remove_folder),
	};

	return cmocka_run_group_tests_name("follow/killed", tests, NULL, NULL);
}
