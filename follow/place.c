#include "follow/place.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"

#define VERSION_LINE "okite place 1"

/* Two paths and some numbers. */
enum { TEXT_MAX = 2 * PATH_MAX + 1024, NAME_LENGTH = 64 };

struct place_file {
	int folder;
	int lock;
	char *log;
	char *path; /* for people */
	char *name, *new_name;
};

/* ---- opening ---- */

/*
 * "feedback-mail.log-8f3a5c0d12e4b697": the last part of the path, as far as
 * it is harmless, for people, and all of it, as a hash, for us.
 */
static char *make_name(const char *log)
{
	const char *slash = strrchr(log, '/');
	char last[NAME_LENGTH + 1];
	struct mark mark = { 0 };
	size_t length = 0;

	for (const char *next = slash + 1; *next != '\0' && length < NAME_LENGTH; next++)
		last[length++] =
			isalnum((unsigned char)*next) || *next == '.' || *next == '_'
				? *next
				: '-';
	last[length] = '\0';
	mark_add(&mark, 0, log, strlen(log));
	return xasprintf("feedback-%s-%016" PRIx64, last, mark.hash);
}

/*
 * Mode 0640 whatever the umask is, and the group of the folder where we may: what
 * root has followed once the service can go on with.
 */
static bool give_rights(const struct place_file *file, int fd)
{
	struct stat status;

	return fstat(file->folder, &status) == 0 && fchmod(fd, 0640) == 0 &&
	       (fchown(fd, (uid_t)-1, status.st_gid) == 0 || errno == EPERM);
}

/* The lock is a file of its own, since that of the place is another with every change. */
static bool take_lock(struct place_file *file, const char *folder, struct error *error)
{
	char *name = xasprintf("%s.lock", file->name);
	bool done = false;

	file->lock = openat(file->folder, name,
		O_RDONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
	if (file->lock < 0)
		error_set(error, "%s/%s: the lock cannot be made: %s", folder, name,
			strerror(errno));
	else if (flock(file->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
		error_set(error,
			"%s: is followed by another okite already, which holds %s/%s",
			file->log, folder, name);
	else if (flock(file->lock, LOCK_EX | LOCK_NB) != 0)
		error_set(error, "%s/%s: cannot be locked: %s", folder, name,
			strerror(errno));
	else
		done = true;
	if (done)
		(void)give_rights(file, file->lock); /* another's has them already */
	free(name);
	return done;
}

struct place_file *place_open(const char *folder, const char *log, struct error *error)
{
	struct place_file *file = xcalloc(1, sizeof(*file));
	char *stem = make_name(log);

	file->lock = -1;
	file->log = xstrdup(log);
	file->name = xasprintf("%s.place", stem);
	file->new_name = xasprintf("%s.place.new", stem);
	file->path = xasprintf("%s/%s.place", folder, stem);
	free(stem);
	file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (file->folder < 0)
		error_set(error,
			"%s: the place in the log cannot be kept there: %s; see "
			"state_dir in okite.conf(5)",
			folder, strerror(errno));
	if (file->folder < 0 || !take_lock(file, folder, error)) {
		place_close(file);
		return NULL;
	}
	return file;
}

void place_close(struct place_file *file)
{
	if (file == NULL)
		return;
	if (file->lock >= 0)
		close(file->lock);
	if (file->folder >= 0)
		close(file->folder);
	free(file->log);
	free(file->path);
	free(file->name);
	free(file->new_name);
	free(file);
}

/* ---- reading ---- */

/* Takes the next line, which begins with WORD and a space, off TEXT; NULL: there is none such. */
static char *take_value(char **text, const char *word)
{
	size_t length = strlen(word);
	char *value = *text, *end = strchr(*text, '\n');

	if (end == NULL || strncmp(value, word, length) != 0 || value[length] != ' ')
		return NULL;
	*end = '\0';
	*text = end + 1;
	return value + length + 1;
}

/* Digits and nothing else. */
static bool read_number(const char *text, uint64_t most, uint64_t *number)
{
	char *end;

	if (text == NULL || !isdigit((unsigned char)text[0]))
		return false;
	errno = 0;
	*number = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *number <= most;
}

static bool take_number(char **text, const char *word, uint64_t most, uint64_t *number)
{
	return read_number(take_value(text, word), most, number);
}

static bool take_moment(char **text, const char *word, int64_t *moment)
{
	uint64_t number = 0;
	bool good = take_number(text, word, INT64_MAX, &number);

	*moment = (int64_t)number;
	return good;
}

/* TEXT is what follows on the log's path. */
static bool read_values(char *text, struct place *place)
{
	const char *file = take_value(&text, "file");
	uint64_t mark_size;

	if (file == NULL || file[0] != '/' || strlen(file) >= sizeof(place->file))
		return false;
	memcpy(place->file, file, strlen(file) + 1);
	if (!take_number(&text, "device", UINT64_MAX, &place->device) ||
		!take_number(&text, "inode", UINT64_MAX, &place->inode) ||
		!take_moment(&text, "offset", &place->offset) ||
		!take_number(&text, "beginning", MARK_MAX, &mark_size) ||
		!take_number(&text, "hash", UINT64_MAX, &place->mark.hash) ||
		!take_moment(&text, "modified", &place->modified_us) ||
		!take_moment(&text, "kept", &place->kept_us))
		return false;
	place->mark.size = (uint32_t)mark_size;
	/* All that comes before the place is in its mark, as far as that reaches. */
	return *text == '\0' &&
	       (mark_size == MARK_MAX || (int64_t)mark_size >= place->offset);
}

static enum place_found read_text(const struct place_file *file, char *text,
	struct place *place, struct error *error)
{
	const char *version = take_value(&text, "okite"), *log;

	if (version != NULL && strncmp(version, "place ", 6) == 0 &&
		strcmp(version, &VERSION_LINE[sizeof("okite ") - 1]) != 0) {
		error_set(error,
			"%s: was written by another version of okite; remove it to begin "
			"anew",
			file->path);
		return PLACE_FAILED;
	}
	log = version == NULL ? NULL : take_value(&text, "log");
	if (log != NULL && strcmp(log, file->log) != 0) {
		error_set(error,
			"%s: is the place in another log, %.200s; remove it to begin "
			"anew",
			file->path, log);
		return PLACE_FAILED;
	}
	if (log != NULL && read_values(text, place))
		return PLACE_READ;
	error_set(error, "%s: is damaged, it does not say how far the log was read",
		file->path);
	return PLACE_DAMAGED;
}

enum place_found place_read(
	const struct place_file *file, struct place *place, struct error *error)
{
	int fd = openat(
		file->folder, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char text[TEXT_MAX];
	struct stat status;
	ssize_t size = -1;

	*place = (struct place){ .offset = 0 };
	if (fd < 0 && errno == ENOENT)
		return PLACE_NONE;
	errno = fd < 0 ? errno : EINVAL;
	if (fd >= 0 && fstat(fd, &status) == 0 && S_ISREG(status.st_mode))
		size = read(fd, text, sizeof(text) - 1);
	if (size < 0)
		error_set(error, "%s: cannot be read: %s", file->path, strerror(errno));
	if (fd >= 0)
		close(fd);
	if (size < 0)
		return PLACE_FAILED;
	text[size] = '\0'; /* a zero in it ends it sooner */
	return read_text(file, text, place, error);
}

/* ---- writing ---- */

static char *make_text(const struct place_file *file, const struct place *place)
{
	/* A link's target may be called anything; the name is but a hint. */
	bool good = place->file[strcspn(place->file, "\n")] == '\0';

	return xasprintf(VERSION_LINE "\n"
				      "log %s\n"
				      "file %s\n"
				      "device %" PRIu64 "\n"
				      "inode %" PRIu64 "\n"
				      "offset %" PRId64 "\n"
				      "beginning %" PRIu32 "\n"
				      "hash %" PRIu64 "\n"
				      "modified %" PRId64 "\n"
				      "kept %" PRId64 "\n",
		file->log, good ? place->file : file->log, place->device, place->inode,
		place->offset, place->mark.size, place->mark.hash, place->modified_us,
		place->kept_us);
}

/* The rest of one who was killed is in the way; nobody else writes here while we hold the lock. */
static int open_new(const struct place_file *file)
{
	if (unlinkat(file->folder, file->new_name, 0) != 0 && errno != ENOENT)
		return -1;
	return openat(file->folder, file->new_name,
		O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
}

bool place_write(
	const struct place_file *file, const struct place *place, struct error *error)
{
	char *text = make_text(file, place);
	ssize_t size = (ssize_t)strlen(text);
	int fd = open_new(file);
	bool done;

	errno = fd < 0 ? errno : ENOSPC; /* a write that is cut short sets none */
	/* Of a file that has its name before its content a power failure leaves an empty one. */
	done = fd >= 0 && give_rights(file, fd) &&
	       write(fd, text, (size_t)size) == size && fdatasync(fd) == 0 &&
	       renameat(file->folder, file->new_name, file->folder, file->name) == 0;
	if (!done) {
		error_set(error, "%s: the place in the log cannot be written: %s",
			file->path, strerror(errno));
		(void)unlinkat(file->folder, file->new_name, 0);
	}
	if (fd >= 0)
		close(fd);
	free(text);
	return done;
}
