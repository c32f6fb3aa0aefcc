#include "reputation/command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

/* What is shown of a command's output; the rest is read and thrown away. */
enum { LINES_MAX = 20, LINE_SIZE = 500 };

/* How long we sleep at most before we look whether it has ended, or shall end. */
enum { LOOK_MS = 100, LOOK_SOON_MS = 5 };

/* Where sh(1) looks where nobody says so: a daemon may have no PATH. */
#define STANDARD_PATH "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct lines {
	command_visitor *visit;
	void *context;
	char text[LINE_SIZE];
	size_t length;
	size_t count;
};

struct running {
	pid_t pid;
	int output; /* what it prints; -1 after its end */
	struct lines lines;
};

/* ---- the environment ---- */

static bool is_set_in(char *const *variables, const char *variable)
{
	size_t length = strcspn(variable, "=") + 1;

	for (; *variables != NULL; variables++)
		if (strncmp(*variables, variable, length) == 0)
			return true;
	return false;
}

/* Ours, with VARIABLES in place of those of the same name.  Only the array is to be freed. */
static char **make_environment(char *const *variables)
{
	size_t ours = 0, added = 0, count = 0;
	char **environment;

	while (environ[ours] != NULL)
		ours++;
	while (variables[added] != NULL)
		added++;
	environment = xcalloc(ours + added + 2, sizeof(*environment));
	for (size_t i = 0; i < ours; i++)
		if (!is_set_in(variables, environ[i]))
			environment[count++] = environ[i];
	if (!is_set_in(environ, STANDARD_PATH))
		environment[count++] = (char *)(uintptr_t)STANDARD_PATH;
	memcpy(environment + count, variables, added * sizeof(*environment));
	return environment;
}

/* ---- its start ---- */

static int prepare(
	posix_spawnattr_t *attributes, posix_spawn_file_actions_t *actions, int output)
{
	sigset_t none, all;
	int wrong;

	sigemptyset(&none);
	sigfillset(&all);
	wrong = posix_spawnattr_setsigmask(attributes, &none);
	if (wrong == 0)
		wrong = posix_spawnattr_setsigdefault(attributes, &all);
	if (wrong == 0)
		wrong = posix_spawnattr_setflags(
			attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
					    POSIX_SPAWN_SETSIGDEF);
	if (wrong == 0)
		wrong = posix_spawn_file_actions_addopen(
			actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (wrong == 0)
		wrong = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
	if (wrong == 0)
		wrong = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
	/* Those of our libraries, too, which may not know of O_CLOEXEC. */
	if (wrong == 0)
		wrong = posix_spawn_file_actions_addclosefrom_np(
			actions, STDERR_FILENO + 1);
	if (wrong == 0)
		wrong = posix_spawn_file_actions_addchdir_np(actions, "/");
	return wrong;
}

/* 0, or the number of what went wrong. */
static int spawn(const char *command, char *const *environment, int output,
	struct running *running)
{
	char *const words[] = { (char *)(uintptr_t) "sh", (char *)(uintptr_t) "-c",
		(char *)(uintptr_t) "--", (char *)(uintptr_t)command, NULL };
	posix_spawnattr_t attributes;
	posix_spawn_file_actions_t actions;
	int wrong;

	if (posix_spawnattr_init(&attributes) != 0)
		return ENOMEM;
	if (posix_spawn_file_actions_init(&actions) != 0) {
		posix_spawnattr_destroy(&attributes);
		return ENOMEM;
	}
	wrong = prepare(&attributes, &actions, output);
	if (wrong == 0)
		wrong = posix_spawn(&running->pid, "/bin/sh", &actions, &attributes,
			words, environment);
	posix_spawn_file_actions_destroy(&actions);
	posix_spawnattr_destroy(&attributes);
	return wrong;
}

static bool start(const char *command, char *const *variables, struct running *running,
	struct error *error)
{
	char **environment;
	int ends[2], wrong;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return error_set(error, "no pipe for its output: %s", strerror(errno));
	environment = make_environment(variables);
	wrong = spawn(command, environment, ends[1], running);
	free(environment);
	close(ends[1]);
	if (wrong != 0) {
		close(ends[0]);
		return error_set(error, "/bin/sh cannot be run: %s", strerror(wrong));
	}
	running->output = ends[0];
	(void)fcntl(running->output, F_SETFL, O_NONBLOCK);
	return true;
}

/* ---- its output ---- */

static void end_line(struct lines *lines)
{
	lines->text[lines->length] = '\0';
	if (lines->length > 0 && lines->count < LINES_MAX)
		lines->visit(lines->text, lines->context);
	else if (lines->length > 0 && lines->count == LINES_MAX)
		lines->visit("and more, which is not shown", lines->context);
	lines->count += lines->length > 0;
	lines->length = 0;
}

static void take(struct lines *lines, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '\n' || lines->length == LINE_SIZE - 1)
			end_line(lines);
		if (bytes[i] != '\n' && bytes[i] != '\0')
			lines->text[lines->length++] = bytes[i];
	}
}

/* What is there now, or a part of it where there is more and more. */
static void read_output(struct running *running)
{
	char bytes[4096];

	for (int i = 0; i < 16 && running->output >= 0; i++) {
		ssize_t size = read(running->output, bytes, sizeof(bytes));

		if (size > 0) {
			take(&running->lines, bytes, (size_t)size);
		} else if (size == 0) {
			close(running->output);
			running->output = -1;
		} else if (errno != EINTR) {
			return;
		}
	}
}

/* ---- its end ---- */

/* Also where nobody can say how, since our caller ignores SIGCHLD: then it was good. */
static bool has_ended(struct running *running, int *status)
{
	pid_t got = waitpid(running->pid, status, WNOHANG);

	if (got < 0 && errno != EINTR) {
		*status = 0;
		return true;
	}
	return got == running->pid;
}

/* False when END_US comes first. */
static bool wait_for_end(
	struct running *running, const _Atomic int64_t *end_us, int *status)
{
	for (;;) {
		bool ended = has_ended(running, status);
		struct pollfd output = { .fd = running->output, .events = POLLIN };

		/* Only now: what it printed before its end is there. */
		read_output(running);
		if (ended)
			return true;
		if (clock_monotonic_us() >= atomic_load(end_us))
			return false;
		poll(&output, 1, running->output >= 0 ? LOOK_MS : LOOK_SOON_MS);
	}
}

/* One that does not even die waits for the system: it is not waited for. */
static void kill_group(struct running *running)
{
	const _Atomic int64_t soon_us = clock_monotonic_us() + SECOND_US;
	int status;

	kill(-running->pid, SIGKILL);
	(void)wait_for_end(running, &soon_us, &status);
}

static bool judge_status(int status, struct error *error)
{
	if (WIFSIGNALED(status))
		return error_set(error, "it was killed by signal %d", WTERMSIG(status));
	if (WEXITSTATUS(status) != 0)
		return error_set(error, "it failed with status %d", WEXITSTATUS(status));
	return true;
}

bool command_run(const char *command, char *const *variables,
	const _Atomic int64_t *end_us, command_visitor *visit, void *context,
	struct error *error)
{
	struct running running = { .output = -1,
		.lines = { .visit = visit, .context = context } };
	int status = 0;
	bool ok;

	if (!start(command, variables, &running, error))
		return false;
	ok = wait_for_end(&running, end_us, &status);
	if (ok) {
		ok = judge_status(status, error);
	} else {
		kill_group(&running);
		error_set(error, "it did not end in time and was killed");
	}
	end_line(&running.lines);
	if (running.output >= 0)
		close(running.output);
	return ok;
}
