#include "tests/support/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "reputation/command.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static char output[20000];

static void note(const char *line, void *context)
{
	size_t length = strlen(output);

	(void)context;
	snprintf(output + length, sizeof(output) - length, "%s\n", line);
}

static bool run(const char *command, char *const *variables, int64_t patience_us,
	struct error *error)
{
	const _Atomic int64_t end_us = clock_monotonic_us() + patience_us;

	output[0] = '\0';
	*error = (struct error)ERROR_NONE;
	return command_run(command, variables, &end_us, note, NULL, error);
}

static char *const nothing[] = { NULL };

static void tells_how_it_ended(void **state)
{
	static const struct {
		const char *name, *command;
		const char *output;
		const char *error; /* NULL: it went well */
	} cases[] = {
		{ "good", "true", "", NULL },
		{ "empty", "", "", NULL },
		{ "lines", "echo a; echo b >&2; printf c", "a\nb\nc\n", NULL },
		{ "empty lines", "echo; echo; echo a", "a\n", NULL },
		{ "a failure", "echo why; exit 3", "why\n", "it failed with status 3" },
		{ "no such command", "/no/such/command 2>/dev/null", "",
			"it failed with status 127" },
		{ "a signal", "kill -9 $$", "", "it was killed by signal 9" },
		{ "a line that is an option", "-x 2>/dev/null", "",
			"it failed with status 127" },
		{ "its folder", "pwd", "/\n", NULL },
		{ "nothing to read", "cat", "", NULL },
		{ "a group of its own",
			"read -r pid name state parent group rest </proc/$$/stat;"
			" test $group = $$ && echo own",
			"own\n", NULL },
		{ "it closes its output", "exec >/dev/null 2>&1; exit 4", "",
			"it failed with status 4" },
		{ "one that it leaves behind is not waited for",
			"sleep 30 & echo $! >&2; kill $!; sleep 0", NULL, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error;
		bool ok = run(cases[i].command, nothing, 30 * SECOND_US, &error);

		CASE_EQUAL_INT(cases[i].name, ok, cases[i].error == NULL);
		CASE_EQUAL_TEXT(cases[i].name, error.text,
			cases[i].error == NULL ? "" : cases[i].error);
		if (cases[i].output != NULL)
			CASE_EQUAL_TEXT(cases[i].name, output, cases[i].output);
	}
}

/* The environment is ours and what is added, which comes first. */
static void has_its_variables(void **state)
{
	static const struct {
		const char *name, *command, *output;
	} cases[] = {
		{ "added", "echo \"[$OKITE_A]\"", "[$(touch /x); 'a' \"b\"]\n" },
		{ "added, empty", "echo \"[${OKITE_B-unset}]\"", "[]\n" },
		{ "replaced", "echo \"$OKITE_TEST_OURS\"", "new\n" },
		{ "ours", "echo \"$OKITE_TEST_KEPT\"", "kept\n" },
		{ "a part of a name is none", "echo \"$OKITE_AB\"", "other\n" },
	};
	char *const variables[] = { "OKITE_A=$(touch /x); 'a' \"b\"",
		"OKITE_B=", "OKITE_TEST_OURS=new", NULL };

	(void)state;
	setenv("OKITE_TEST_OURS", "old", 1);
	setenv("OKITE_TEST_KEPT", "kept", 1);
	setenv("OKITE_AB", "other", 1);
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct error error;

		if (!run(cases[i].command, variables, 30 * SECOND_US, &error))
			fail_msg("%s: %s", cases[i].name, error.text);
		CASE_EQUAL_TEXT(cases[i].name, output, cases[i].output);
	}
}

static void finds_commands_without_a_path(void **state)
{
	char *path = strdup(getenv("PATH"));
	struct error error;

	(void)state;
	unsetenv("PATH");
	if (!run("env | grep -c ^PATH=/usr/local/sbin:", nothing, 30 * SECOND_US, &error))
		fail_msg("%s", error.text);
	setenv("PATH", path, 1);
	free(path);
}

/* Neither ours nor those of a library that forgets O_CLOEXEC. */
static void leaks_no_descriptor(void **state)
{
	int leaky = open("/dev/null", O_RDONLY), higher = fcntl(leaky, F_DUPFD, 700);
	struct error error;

	(void)state;
	assert_true(leaky > STDERR_FILENO && higher >= 700);
	if (!run("for fd in /proc/self/fd/*; do test -e $fd && echo ${fd##*/}; done; "
		 "true",
		    nothing, 30 * SECOND_US, &error))
		fail_msg("%s", error.text);
	CASE_EQUAL_TEXT("descriptors", output, "0\n1\n2\n");
	close(leaky);
	close(higher);
}

/* What we ignore or block it does not. */
static void has_signals_as_they_are_by_default(void **state)
{
	struct error error;
	sigset_t all, before;

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	/* 32 and 33 are the C library's own. */
	if (!run("while read -r name bits; do case $name in Sig[BI][lg][kn]:) "
		 "echo $name $((0x$bits & 0x7fffffff));; esac; done </proc/self/status",
		    nothing, 30 * SECOND_US, &error))
		fail_msg("%s", error.text);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	signal(SIGPIPE, SIG_DFL);
	CASE_EQUAL_TEXT("signals", output, "SigBlk: 0\nSigIgn: 0\n");
}

static void shows_no_more_than_so_much(void **state)
{
	struct error error;
	size_t lines = 0;

	(void)state;
	assert_true(run("seq 1 100000", nothing, 60 * SECOND_US, &error));
	for (const char *c = output; *c != '\0'; c++)
		lines += *c == '\n';
	CASE_EQUAL_INT("lines", lines, 21);
	assert_non_null(strstr(output, "\n20\nand more, which is not shown\n"));
	assert_true(run("head -c 1200 /dev/zero | tr '\\0' x; head -c 9 /dev/zero",
		nothing, 60 * SECOND_US, &error));
	CASE_EQUAL_INT("a long line in parts", strlen(output), 1200 + 3);
}

/* With all that it started, as long as these stay in its group. */
static void is_killed_in_the_end(void **state)
{
	static const struct {
		const char *name, *command;
	} cases[] = {
		{ "waiting", "sleep 600 & echo $! && wait" },
		{ "ignoring signals",
			"trap '' TERM INT HUP; sleep 600 & echo $! && wait" },
		{ "printing for ever", "sleep 600 & echo $!; exec yes" },
		{ "with its output closed",
			"sleep 600 & echo $!; exec >/dev/null 2>&1; wait" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		int64_t began_us = clock_monotonic_us(), child;
		struct error error;

		CASE_EQUAL_INT(cases[i].name,
			run(cases[i].command, nothing, SECOND_US / 4, &error), false);
		CASE_EQUAL_TEXT(cases[i].name, error.text,
			"it did not end in time and was killed");
		assert_true(clock_monotonic_us() - began_us < 20 * SECOND_US);
		output[strcspn(output, "\n")] = '\0';
		assert_true(text_to_number(output, 2, INT32_MAX, &child));
		/* Its parent is gone, too: init may take a while to reap it. */
		for (int tries = 0; kill((pid_t)child, 0) == 0 && tries < 10000;
			tries++) {
			char path[64], status[512] = "";
			FILE *file;

			snprintf(path, sizeof(path), "/proc/%d/stat", (int)child);
			file = fopen(path, "r");
			if (file == NULL || fgets(status, sizeof(status), file) == NULL ||
				strstr(status, ") Z ") != NULL)
				tries = 10000;
			if (file != NULL)
				fclose(file);
			if (tries == 9999)
				fail_msg("%s: %s lives on", cases[i].name, output);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_how_it_ended),
		cmocka_unit_test(has_its_variables),
		cmocka_unit_test(finds_commands_without_a_path),
		cmocka_unit_test(leaks_no_descriptor),
		cmocka_unit_test(has_signals_as_they_are_by_default),
		cmocka_unit_test(shows_no_more_than_so_much),
		cmocka_unit_test(is_killed_in_the_end),
	};

	return cmocka_run_group_tests_name("reputation/command", tests, NULL, NULL);
}
