#include "follow/files.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/interrupt.h"
#include "base/memory.h"
#include "base/text.h"
#include "follow/rotation.h"

/* Where the system tells nothing of a change, it is seen so much later. */
#define LOOK_US SECOND_US

/* ---- opening ---- */

/* The folder without links, and in it the name as it is, which may be a link. */
static char *make_absolute(const char *path, struct error *error)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash == NULL ? path : slash + 1;
	char *folder = slash == NULL ? xstrdup(".")
				     : xasprintf("%.*s", (int)(name - path), path);
	char found[PATH_MAX], *log = NULL;
	bool good = name[0] != '\0';

	for (const char *next = path; *next != '\0'; next++)
		good = good && (unsigned char)*next >= ' ';
	if (!good)
		error_set(error, "%.200s: is no name of a file", path);
	else if (realpath(folder, found) == NULL)
		error_set(error, "%.200s: cannot be followed: its folder: %s", path,
			strerror(errno));
	else if (strlen(found) + strlen(name) + 2 > PATH_MAX)
		error_set(error, "%.200s...: is too long a name", path);
	else
		log = xasprintf("%s/%s", strcmp(found, "/") == 0 ? "" : found, name);
	free(folder);
	return log;
}

/* Said now, and not when there is something to read. */
static bool check_log(const char *log, struct error *error)
{
	struct rotation rotation;
	bool good;
	int fd = -1;

	if (!rotation_read(&rotation, log, error))
		return false;
	errno = ENOENT;
	if (rotation.count > 0 && rotation.files[rotation.count - 1].is_log)
		fd = rotated_open(&rotation.files[rotation.count - 1]);
	good = fd >= 0 || errno == ENOENT || errno == ESTALE ||
	       error_set(error, "%s: cannot be read: %s", log, strerror(errno));
	if (fd >= 0)
		close(fd);
	rotation_clear(&rotation);
	return good;
}

static bool open_place(struct follow *follow, const char *state_dir, struct error *error)
{
	enum place_found found;

	follow->place_file = place_open(state_dir, follow->log, error);
	if (follow->place_file == NULL)
		return false;
	found = place_read(follow->place_file, &follow->place, error);
	follow->placed = found == PLACE_READ;
	if (found == PLACE_DAMAGED)
		follow_say(follow, "%s; %s is read from its beginning", error->text,
			follow->log);
	return found != PLACE_FAILED;
}

struct follow *follow_open(const char *path, const char *state_dir, follow_notice *notice,
	void *context, struct error *error)
{
	struct follow *follow = xcalloc(1, sizeof(*follow));
	struct error local = ERROR_NONE;
	char *folder;

	error = error != NULL ? error : &local;
	follow->notice = notice;
	follow->context = context;
	tail_init(&follow->tail);
	follow->log = make_absolute(path, error);
	if (follow->log == NULL || !check_log(follow->log, error) ||
		!open_place(follow, state_dir, error)) {
		follow_close(follow);
		return NULL;
	}
	folder = xstrdup(follow->log);
	strrchr(folder, '/')[1] = '\0';
	follow->watch = watch_open(folder, strrchr(follow->log, '/') + 1);
	free(folder);
	return follow;
}

void follow_close(struct follow *follow)
{
	if (follow == NULL)
		return;
	place_close(follow->place_file);
	watch_close(follow->watch);
	tail_clear(&follow->tail);
	free(follow->log);
	free(follow);
}

/* ---- lines ---- */

bool follow_keep(struct follow *follow, struct error *error)
{
	if (follow->tail.given == 0)
		return true;
	tail_take(&follow->tail);
	return follow_write_place(follow, error);
}

static void say_skipped(struct follow *follow)
{
	if (follow->tail.skipped == 0 || follow->said_skipped)
		return;
	follow->said_skipped = true;
	follow_say(follow,
		"%s: a line of more than %d bytes is left out, and so will be further "
		"ones",
		follow->file, TAIL_LINE_MAX);
}

enum follow_result follow_next(struct follow *follow, const struct span **lines,
	size_t *count, struct error *error)
{
	struct tail *tail = &follow->tail;

	*lines = follow->lines;
	*count = 0;
	while (!interrupt_came()) {
		enum follow_result result = FOLLOW_LINES;
		enum tail_state state;

		if (tail->file < 0) {
			result = follow_find_file(follow, error);
			if (result != FOLLOW_LINES)
				return result;
			continue;
		}
		state = tail_read(tail);
		if (state == TAIL_FAILED)
			return follow_cannot(follow->file, error);
		if (state == TAIL_CHANGED) {
			tail_close(tail);
			continue;
		}
		/* By that it is known again, also if nothing of it is ever kept. */
		if (follow->place.mark.size == 0 && tail->seen.size > 0 &&
			!follow_write_place(follow, error))
			return FOLLOW_FAILED;
		*count = tail_lines(
			tail, state == TAIL_END && follow->leaves, follow->lines);
		say_skipped(follow);
		if (*count > 0)
			return FOLLOW_LINES;
		if (state == TAIL_END)
			result = follow_next_file(follow, error);
		if (result != FOLLOW_LINES)
			return result;
	}
	return FOLLOW_IDLE;
}

void follow_wait(struct follow *follow, int64_t longest_us)
{
	watch_wait(follow->watch, longest_us < LOOK_US ? longest_us : LOOK_US);
}

uint64_t follow_skipped(const struct follow *follow)
{
	return follow->tail.skipped;
}
