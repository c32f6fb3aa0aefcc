#include "cli/rejected.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

enum { TOLD = 20, PLACE_SIZE = 512, PIECE = 1024 };

/*
 * For its owner alone, and nothing but a file of its own: a link that somebody
 * has put there would lead to another one.
 */
static FILE *open_file(const char *path)
{
	int fd = open(
		path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	struct stat facts;

	if (fd < 0)
		return NULL;
	if (fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode) && facts.st_nlink == 1) {
		if (ftruncate(fd, 0) == 0)
			return fdopen(fd, "w");
	} else {
		errno = EEXIST;
	}
	close(fd);
	return NULL;
}

static FILE *open_rejected(const struct rejected *rejected)
{
	char *path;
	FILE *to;

	if (!rejected->beside)
		return stderr;
	path = xasprintf("%s.rejected", rejected->name);
	to = open_file(path);
	if (to == NULL)
		fprintf(stderr,
			"okite: %s cannot be written (%s), the bad lines follow here\n",
			path, strerror(errno));
	free(path);
	return to != NULL ? to : stderr;
}

static void write_printable(FILE *to, const char *bytes, size_t size)
{
	char piece[PIECE + 1], printable[4 * PIECE + 1];

	while (size > 0) {
		size_t length = size < PIECE ? size : PIECE;

		memcpy(piece, bytes, length);
		piece[length] = '\0';
		/* What is behind a NUL byte is not for a terminal. */
		fputs(text_printable(printable, sizeof(printable), piece), to);
		bytes += length;
		size -= length;
	}
}

/* An element of a document becomes a line: what ends lines is white space there. */
static void write_joined(FILE *to, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		putc(bytes[i] == '\n' || bytes[i] == '\r' ? ' ' : bytes[i], to);
}

static void write_bytes(const struct rejected *rejected, const struct reader *reader,
	const char *bytes, size_t size)
{
	if (rejected->to == stderr && isatty(STDERR_FILENO) == 1)
		write_printable(rejected->to, bytes, size);
	else if (reader->records.shape == SHAPE_JSON)
		write_joined(rejected->to, bytes, size);
	else
		fwrite(bytes, 1, size, rejected->to);
}

/* "list.csv:7: no address": NAME, where in it, and what is wrong. */
static void make_message(char message[PLACE_SIZE], const struct rejected *rejected,
	const struct reader *reader, const struct record *record)
{
	char name[PLACE_SIZE / 2], entry[40] = "";

	/* A whole answer may be on one line. */
	if (reader->records.shape == SHAPE_JSON && reader->records.depth > 0)
		snprintf(entry, sizeof(entry), "entry %" PRId64 ": ",
			reader->records.number);
	snprintf(message, PLACE_SIZE, "%s:%" PRId64 ": %s%s",
		text_printable(name, sizeof(name), rejected->name), record->line, entry,
		record->fault);
}

void rejected_add(
	struct rejected *rejected, struct reader *reader, const struct record *record)
{
	char message[PLACE_SIZE];
	const char *bytes;
	size_t size;

	make_message(message, rejected, reader, record);
	if (rejected->to == NULL) {
		rejected->to = open_rejected(rejected);
		if (rejected->to != stderr && reader->header != NULL) {
			fwrite(reader->header, 1, reader->header_size, rejected->to);
			putc('\n', rejected->to);
		}
	}
	if (rejected->to == stderr || rejected->count < TOLD)
		fprintf(stderr, "okite: %s\n", message);
	rejected->count++;
	if (rejected->to != stderr)
		fprintf(rejected->to, "# %s\n", message);
	write_bytes(rejected, reader, record->bytes, record->size);
	while (records_rest(&reader->records, &bytes, &size))
		write_bytes(rejected, reader, bytes, size);
	putc('\n', rejected->to);
}

/* Those of an earlier import are imported by now, or gone from the list. */
static void remove_file(const struct rejected *rejected)
{
	char *path;

	if (!rejected->beside)
		return;
	path = xasprintf("%s.rejected", rejected->name);
	if (unlink(path) != 0 && errno != ENOENT && errno != ENOTDIR)
		fprintf(stderr,
			"okite: %s, of an earlier import, cannot be removed: %s\n", path,
			strerror(errno));
	free(path);
}

bool rejected_finish(struct rejected *rejected)
{
	bool good;

	if (rejected->to == NULL) {
		remove_file(rejected);
		return true;
	}
	if (rejected->to == stderr)
		return true;
	if (rejected->count > TOLD)
		fprintf(stderr, "okite: %s: %" PRId64 " more that are bad\n",
			rejected->name, rejected->count - TOLD);
	fprintf(stderr, "okite: what is bad is in %s.rejected, each with its reason\n",
		rejected->name);
	good = !ferror(rejected->to);
	good = fclose(rejected->to) == 0 && good;
	if (!good)
		fprintf(stderr, "okite: %s.rejected could not be written whole: %s\n",
			rejected->name, strerror(errno));
	rejected->to = NULL;
	return good;
}
