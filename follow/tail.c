#include "follow/tail.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

void tail_init(struct tail *tail)
{
	*tail = (struct tail){ .file = -1, .bytes = xmalloc(TAIL_ROOM) };
}

void tail_clear(struct tail *tail)
{
	tail_close(tail);
	free(tail->bytes);
	tail->bytes = NULL;
}

bool tail_open(struct tail *tail, int file, int64_t offset, const struct mark *mark)
{
	struct stat status;

	tail_close(tail);
	if (fstat(file, &status) != 0) {
		int failure = errno;

		close(file);
		errno = failure;
		return false;
	}
	tail->file = file;
	tail->device = status.st_dev;
	tail->inode = status.st_ino;
	tail->start = offset;
	tail->seen = *mark;
	return true;
}

void tail_close(struct tail *tail)
{
	if (tail->file >= 0)
		close(tail->file);
	tail->file = -1;
	tail->size = tail->given = 0;
	tail->skips = false;
}

/* Move behind the first SIZE bytes of the window. */
static void drop(struct tail *tail, size_t size)
{
	if (size == 0)
		return;
	tail->start += (int64_t)size;
	tail->size -= size;
	memmove(tail->bytes, tail->bytes + size, tail->size);
}

void tail_take(struct tail *tail)
{
	drop(tail, tail->given);
	tail->given = 0;
}

/* ---- bytes ---- */

/*
 * Asked after the bytes were read: had the file been emptied before, they
 * would be of another one.
 */
static bool has_changed(const struct tail *tail)
{
	struct stat status;

	return fstat(tail->file, &status) != 0 ||
	       status.st_size < tail->start + (int64_t)tail->size ||
	       !mark_fits(&tail->seen, tail->file);
}

enum tail_state tail_read(struct tail *tail)
{
	size_t before = tail->size;

	while (tail->size < TAIL_ROOM) {
		ssize_t got = pread(tail->file, tail->bytes + tail->size,
			TAIL_ROOM - tail->size, (off_t)tail->start + (off_t)tail->size);

		if (got == 0)
			break;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return TAIL_FAILED;
		tail->size += (size_t)got;
	}
	mark_add(&tail->seen, tail->start + (int64_t)before, tail->bytes + before,
		tail->size - before);
	if (has_changed(tail))
		return TAIL_CHANGED;
	/* Of a full window it is not known. */
	return tail->size > before || tail->size == TAIL_ROOM ? TAIL_MORE : TAIL_END;
}

/* ---- lines ---- */

/* Into LINES at COUNT, unless it is too long; how many there are then. */
static size_t add_line(
	struct tail *tail, size_t from, size_t to, struct span *lines, size_t count)
{
	while (from < to && tail->bytes[from] == '\0')
		from++;
	if (to - from > TAIL_LINE_MAX) {
		tail->skipped++;
		return count;
	}
	lines[count] = (struct span){ tail->bytes + from, to - from };
	return count + 1;
}

static const char *find_end(const struct tail *tail, size_t from)
{
	return from == tail->size ? NULL
				  : memchr(tail->bytes + from, '\n', tail->size - from);
}

/* What needs no end to be known as no part of a line that is to be given. */
static void drop_useless(struct tail *tail)
{
	size_t zeros = 0;

	if (tail->skips) {
		const char *end = find_end(tail, 0);

		tail->skips = end == NULL;
		drop(tail, end == NULL ? tail->size : (size_t)(end - tail->bytes) + 1);
	}
	while (!tail->skips && zeros < tail->size && tail->bytes[zeros] == '\0')
		zeros++;
	drop(tail, zeros);
	if (tail->size > TAIL_LINE_MAX && find_end(tail, 0) == NULL) {
		tail->skipped++;
		tail->skips = true;
		drop(tail, tail->size);
	}
}

size_t tail_lines(struct tail *tail, bool last, struct span lines[TAIL_LINES_MAX])
{
	size_t count = 0;
	const char *end;

	tail->given = 0;
	drop_useless(tail);
	while (count < TAIL_LINES_MAX && (end = find_end(tail, tail->given)) != NULL) {
		size_t at = (size_t)(end - tail->bytes);

		count = add_line(tail, tail->given, at, lines, count);
		tail->given = at + 1;
	}
	if (last && count == 0 && tail->size > tail->given) {
		count = add_line(tail, tail->given, tail->size, lines, count);
		tail->given = tail->size;
	}
	/* Too long, all of them: nobody has to keep these first. */
	if (count == 0)
		tail_take(tail);
	return count;
}
