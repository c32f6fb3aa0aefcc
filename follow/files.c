#include "follow/files.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"
#include "follow/rotation.h"

void follow_say(const struct follow *follow, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	follow->notice(text, follow->context);
}

bool follow_write_place(struct follow *follow, struct error *error)
{
	const struct tail *tail = &follow->tail;
	struct place *place = &follow->place;
	struct stat status;

	text_copy(place->file, sizeof(place->file), follow->file);
	place->device = tail->device;
	place->inode = tail->inode;
	place->offset = tail->start;
	place->mark = tail->seen;
	place->kept_us = clock_now_us();
	if (fstat(tail->file, &status) == 0)
		place->modified_us = status_modified_us(&status);
	follow->placed = true;
	return place_write(follow->place_file, place, error);
}

enum follow_result follow_cannot(const char *path, struct error *error)
{
	/* It has been renamed just now, and is found under its new name at once. */
	if (errno == ENOENT || errno == ESTALE)
		return FOLLOW_IDLE;
	error_set(error, "%s: cannot be read: %s", path, strerror(errno));
	return FOLLOW_FAILED;
}

static enum follow_result open_tail(struct follow *follow, int fd, const char *path,
	int64_t offset, const struct mark *mark, struct error *error)
{
	char folder[PATH_MAX];

	if (fd < 0 || !tail_open(&follow->tail, fd, offset, mark))
		return follow_cannot(path, error);
	if (realpath(path, follow->file) == NULL)
		text_copy(follow->file, sizeof(follow->file), path);
	text_copy(folder, sizeof(folder), follow->file);
	strrchr(folder, '/')[1] = '\0';
	watch_add(follow->watch, folder);
	follow->leaves = follow->waits = false;
	return FOLLOW_LINES;
}

/*
 * From its beginning.  That is written down before anything of it is kept: it
 * may be renamed or copied before that, and the file before it may go.
 */
static enum follow_result open_file(
	struct follow *follow, const struct rotated *file, struct error *error)
{
	const struct mark nothing = { 0 };
	enum follow_result result =
		open_tail(follow, rotated_open(file), file->path, 0, &nothing, error);

	if (result != FOLLOW_LINES)
		return result;
	if (tail_read(&follow->tail) == TAIL_CHANGED)
		tail_close(&follow->tail); /* it is looked for again */
	else if (!follow_write_place(follow, error))
		return FOLLOW_FAILED;
	return result;
}

static enum follow_result wait_for_log(struct follow *follow)
{
	if (!follow->waits)
		follow_say(follow, "%s: is not there; it is followed as soon as it is",
			follow->log);
	follow->waits = true;
	return FOLLOW_IDLE;
}

static void say_compressed(const struct follow *follow, int64_t lost_until_us)
{
	char until[CLOCK_TEXT_SIZE];

	if (lost_until_us > 0)
		follow_say(follow,
			"%s: lines until %s are lost: they were compressed before they "
			"could be read",
			follow->log, clock_to_text(until, sizeof(until), lost_until_us));
}

/* The file of the place is gone, or has another content now. */
static enum follow_result go_on_without(
	struct follow *follow, const struct rotation *rotation, struct error *error)
{
	int64_t kept_us = follow->place.kept_us, lost_until_us;
	const struct rotated *next =
		rotation_next(rotation, 0, 0, follow->place.modified_us, &lost_until_us);
	enum follow_result result;
	char kept[CLOCK_TEXT_SIZE];

	if (next == NULL)
		return wait_for_log(follow);
	result = open_file(follow, next, error);
	if (result != FOLLOW_LINES)
		return result;
	follow_say(follow,
		"%s: what was read of it until %s is not there any more; lines that were "
		"added to that afterwards are lost; going on with the beginning of %s",
		follow->log, clock_to_text(kept, sizeof(kept), kept_us), next->path);
	say_compressed(follow, lost_until_us);
	return result;
}

static enum follow_result find_place(
	struct follow *follow, const struct rotation *rotation, struct error *error)
{
	const struct place *place = &follow->place;
	const struct rotated *next;
	enum follow_result result;
	char path[PATH_MAX];
	int64_t lost_until_us;
	int fd;

	/* It was empty: what was written to it since may be in a copy. */
	next = place->mark.size > 0 ? NULL
				    : rotation_next(rotation, 0, 0, place->modified_us,
					      &lost_until_us);
	if (next != NULL && !next->is_log) {
		result = open_file(follow, next, error);
		if (result == FOLLOW_LINES)
			say_compressed(follow, lost_until_us);
		return result;
	}
	fd = rotation_find(rotation, place, path);
	if (fd < 0 && errno == ENOENT)
		return go_on_without(follow, rotation, error);
	return open_tail(follow, fd, path, place->offset, &place->mark, error);
}

enum follow_result follow_find_file(struct follow *follow, struct error *error)
{
	struct rotation rotation;
	enum follow_result result;

	if (!rotation_read(&rotation, follow->log, error))
		return FOLLOW_FAILED;
	if (follow->placed)
		result = find_place(follow, &rotation, error);
	else if (rotation.count > 0 && rotation.files[rotation.count - 1].is_log)
		result = open_file(follow, &rotation.files[rotation.count - 1], error);
	else
		result = wait_for_log(follow);
	rotation_clear(&rotation);
	return result;
}

/*
 * At the end of a file.  After a rotation the writer goes on with the old one
 * for a while: only where something is in the next one it is at its end, and is
 * read once more, since that can have happened just before.
 */
enum follow_result follow_next_file(struct follow *follow, struct error *error)
{
	const struct tail *tail = &follow->tail;
	enum follow_result result = FOLLOW_IDLE;
	const struct rotated *next;
	struct rotation rotation;
	struct stat status;
	int64_t lost_until_us;

	if (stat(follow->log, &status) == 0 && status.st_dev == tail->device &&
		status.st_ino == tail->inode) {
		follow->leaves = false;
		return FOLLOW_IDLE;
	}
	if (fstat(tail->file, &status) != 0)
		return follow_cannot(follow->file, error);
	if (!rotation_read(&rotation, follow->log, error))
		return FOLLOW_FAILED;
	next = rotation_next(&rotation, tail->device, tail->inode,
		status_modified_us(&status), &lost_until_us);
	if (next == NULL || next->size == 0) {
		follow->leaves = false;
	} else if (!follow->leaves) {
		follow->leaves = true;
		result = FOLLOW_LINES;
	} else {
		result = open_file(follow, next, error);
		if (result == FOLLOW_LINES)
			say_compressed(follow, lost_until_us);
	}
	rotation_clear(&rotation);
	return result;
}
