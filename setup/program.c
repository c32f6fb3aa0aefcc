#include "setup/program.h"

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
#include "base/text.h"

extern char **environ;

enum { DEADLINE_S = 60, COMPLAINTS_MAX = 8192, CHUNK = 65536 };

/* ---- finding it ---- */

static char *find_in(const char *path, const char *name)
{
	while (path != NULL && *path != '\0') {
		size_t length = strcspn(path, ":");
		char *file = xasprintf("%.*s/%s", (int)length, path, name);

		/* Relative folders in PATH are not for root. */
		if (file[0] == '/' && access(file, X_OK) == 0)
			return file;
		free(file);
		path += length + (path[length] == ':');
	}
	return NULL;
}

static char *find_program(const char *name)
{
	char *file = find_in(getenv("PATH"), name);

	return file != NULL ? file : find_in("/usr/sbin:/usr/local/sbin:/usr/bin", name);
}

/* ---- what it says ---- */

struct stream {
	int file; /* -1: ended */
	char *text;
	size_t length, most;
	bool cut; /* there was more than MOST */
};

static void stream_read(struct stream *stream)
{
	char chunk[CHUNK];
	ssize_t got = read(stream->file, chunk, sizeof(chunk));
	size_t room = stream->most - stream->length;

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		close(stream->file);
		stream->file = -1;
		return;
	}
	if ((size_t)got > room) {
		stream->cut = true;
		got = (ssize_t)room;
	}
	stream->text = xrealloc(stream->text, stream->length + (size_t)got + 1);
	memcpy(stream->text + stream->length, chunk, (size_t)got);
	stream->length += (size_t)got;
	stream->text[stream->length] = '\0';
}

/* False: it took too long, or said too much. */
static bool read_both(struct stream streams[2])
{
	int64_t end_us = clock_monotonic_us() + DEADLINE_S * SECOND_US, left_us;

	while (streams[0].file >= 0 || streams[1].file >= 0) {
		struct pollfd polled[2] = { { streams[0].file, POLLIN, 0 },
			{ streams[1].file, POLLIN, 0 } };

		left_us = end_us - clock_monotonic_us();
		if (left_us <= 0 || streams[0].cut)
			return false;
		if (poll(polled, 2, (int)(left_us / 1000) + 1) < 0 && errno != EINTR)
			return false;
		for (size_t i = 0; i < 2; i++)
			if (polled[i].fd >= 0 && polled[i].revents != 0)
				stream_read(&streams[i]);
	}
	return !streams[0].cut;
}

/* ---- running it ---- */

/* 0, or errno.  SIGPIPE, which okite ignores, is as usual for the program. */
static int spawn(
	const char *file, const char *const *words, const int outputs[2], pid_t *process)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t signals;
	int failure;

	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(
		&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, outputs[0], STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&actions, outputs[1], STDERR_FILENO);
	sigemptyset(&signals);
	sigaddset(&signals, SIGPIPE);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setsigdefault(&attributes, &signals);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
	failure = posix_spawn(process, file, &actions, &attributes,
		(char *const *)(uintptr_t)words, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failure;
}

/* Start FILE; the streams are what it says.  0, or errno. */
static int start(const char *file, const char *const *words, struct stream streams[2],
	pid_t *process)
{
	int output[2] = { -1, -1 }, complaints[2] = { -1, -1 }, failure = 0;

	if (pipe2(output, O_CLOEXEC) != 0 || pipe2(complaints, O_CLOEXEC) != 0)
		failure = errno;
	else
		failure =
			spawn(file, words, (int[2]){ output[1], complaints[1] }, process);
	close(output[1]);
	close(complaints[1]);
	streams[0].file = output[0];
	streams[1].file = complaints[0];
	return failure;
}

static int wait_for(pid_t process)
{
	int status = 0;

	while (waitpid(process, &status, 0) < 0 && errno == EINTR)
		continue;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void close_streams(struct stream streams[2])
{
	for (size_t i = 0; i < 2; i++)
		if (streams[i].file >= 0)
			close(streams[i].file);
}

bool program_run(const char *const *words, size_t most, struct program_result *result,
	struct error *error)
{
	struct stream streams[2] = { { -1, xstrdup(""), 0, most, false },
		{ -1, xstrdup(""), 0, COMPLAINTS_MAX, false } };
	char *file = find_program(words[0]);
	pid_t process = -1;
	bool done = false;
	int failure;

	*result = (struct program_result){ 0, NULL, NULL };
	if (file == NULL) {
		error_set(error,
			"%s: there is no such program in PATH or /usr/sbin: is Postfix "
			"installed?",
			words[0]);
		goto out;
	}
	failure = start(file, words, streams, &process);
	if (failure != 0) {
		error_set(error, "%s: it cannot be run: %s", file, strerror(failure));
		goto out;
	}
	done = read_both(streams);
	if (!done) {
		kill(process, SIGKILL);
		error_set(error, "%s: it %s", file,
			streams[0].cut ? "says too much" : "takes too long");
	}
	result->status = wait_for(process);
out:
	close_streams(streams);
	result->output = streams[0].text;
	result->complaints = streams[1].text;
	free(file);
	return done;
}

/* The last line of TEXT, which loses its end. */
static const char *last_line(char *text)
{
	size_t length = strlen(text);
	const char *end;

	while (length > 0 && text[length - 1] == '\n')
		text[--length] = '\0';
	end = strrchr(text, '\n');
	return end != NULL ? end + 1 : text;
}

bool program_succeed(const char *const *words, size_t most, struct program_result *result,
	struct error *error)
{
	char said[400];

	if (!program_run(words, most, result, error))
		return false;
	if (result->status == 0)
		return true;
	/* What ended it, it says last. */
	text_printable(said, sizeof(said), last_line(result->complaints));
	return error_set(error, "%s fails (%d): %s", words[0], result->status, said);
}

void program_result_clear(struct program_result *result)
{
	free(result->output);
	free(result->complaints);
	*result = (struct program_result){ 0, NULL, NULL };
}
