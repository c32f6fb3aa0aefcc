#include "follow/rotation.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/text.h"

/* Far more than anybody keeps; a folder that has them is not one of logs. */
enum { FILES_MAX = 4096, TRIES_MAX = 20 };

int64_t status_modified_us(const struct stat *status)
{
	return status->st_mtim.tv_sec * SECOND_US + status->st_mtim.tv_nsec / 1000;
}

/* ---- which there are ---- */

static bool is_compressed(const char *name)
{
	static const char *const ends[] = {
		".gz",
		".xz",
		".zst",
		".bz2",
		".lz4",
		".lzma",
		".Z",
	};
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		size_t end = strlen(ends[i]);

		if (length > end && strcmp(name + length - end, ends[i]) == 0)
			return true;
	}
	return false;
}

/* Larger numbers are dates. */
static long number_of(const char *suffix)
{
	char *end;
	long number;

	if (suffix[0] != '.' || !isdigit((unsigned char)suffix[1]))
		return -1;
	number = strtol(suffix + 1, &end, 10);
	return (*end == '\0' || *end == '.') && number < 100000 ? number : -1;
}

static void add_file(struct rotation *rotation, const char *path, const char *suffix,
	const struct stat *status)
{
	rotation->files = xreallocarray(
		rotation->files, rotation->count + 1, sizeof(*rotation->files));
	rotation->files[rotation->count++] = (struct rotated){
		.path = xstrdup(path),
		.device = status->st_dev,
		.inode = status->st_ino,
		.size = status->st_size,
		.modified_us = status_modified_us(status),
		.number = number_of(suffix),
		.in_row = suffix[0] == '\0' || ((suffix[0] == '.' || suffix[0] == '-') &&
						       isdigit((unsigned char)suffix[1])),
		.compressed = is_compressed(suffix),
		.is_log = suffix[0] == '\0',
	};
}

/* All but the log itself. */
static bool read_folder(struct rotation *rotation, const char *log, struct error *error)
{
	const char *base = strrchr(log, '/') + 1;
	char *folder = xasprintf("%.*s", (int)(base - log), log);
	DIR *directory = opendir(folder);
	const struct dirent *entry;
	struct stat status;

	bool good = directory != NULL;

	if (!good)
		error_set(error, "%s: the folder of the log cannot be read: %s", folder,
			strerror(errno));
	while (good && (entry = readdir(directory)) != NULL) {
		const char *suffix = entry->d_name + strlen(base);
		char *path;

		if (strncmp(entry->d_name, base, strlen(base)) != 0 || *suffix == '\0' ||
			fstatat(dirfd(directory), entry->d_name, &status,
				AT_SYMLINK_NOFOLLOW) != 0 ||
			!S_ISREG(status.st_mode))
			continue;
		path = xasprintf("%s%s", folder, entry->d_name);
		add_file(rotation, path, suffix, &status);
		free(path);
		good = rotation->count < FILES_MAX ||
		       error_set(error,
			       "%s: has more than %d files whose names begin with that "
			       "of "
			       "the log",
			       folder, FILES_MAX);
	}
	if (directory != NULL)
		closedir(directory);
	free(folder);
	return good;
}

static bool add_log(struct rotation *rotation, const char *log, struct error *error)
{
	struct stat status;

	if (stat(log, &status) == 0) {
		if (!S_ISREG(status.st_mode))
			return error_set(error,
				"%s: is not a regular file: only one that a log is "
				"written to can be followed",
				log);
		add_file(rotation, log, "", &status);
	} else if (errno != ENOENT) {
		return error_set(
			error, "%s: cannot be looked at: %s", log, strerror(errno));
	}
	return true;
}

static bool read_once(struct rotation *rotation, const char *log, struct error *error)
{
	char target[PATH_MAX];
	struct stat status;
	bool linked = lstat(log, &status) == 0 && S_ISLNK(status.st_mode) &&
		      realpath(log, target) != NULL && strcmp(target, log) != 0;

	*rotation = (struct rotation){ NULL, 0 };
	return read_folder(rotation, log, error) &&
	       (!linked || read_folder(rotation, target, error)) &&
	       add_log(rotation, log, error);
}

void rotation_clear(struct rotation *rotation)
{
	for (size_t i = 0; i < rotation->count; i++)
		free(rotation->files[i].path);
	free(rotation->files);
	*rotation = (struct rotation){ NULL, 0 };
}

static bool same_files(const struct rotation *one, const struct rotation *other)
{
	bool same = one->count == other->count;

	for (size_t i = 0; same && i < one->count; i++)
		same = one->files[i].inode == other->files[i].inode &&
		       one->files[i].device == other->files[i].device &&
		       strcmp(one->files[i].path, other->files[i].path) == 0;
	return same;
}

/* ---- in which order ---- */

enum order { BY_NUMBER, BY_NAME, BY_TIME };

static int compare(const void *left, const void *right, void *context)
{
	const struct rotated *one = left, *other = right;
	enum order order = *(const enum order *)context;

	if (one->is_log != other->is_log)
		return one->is_log ? 1 : -1;
	if (order == BY_NUMBER && one->number != other->number)
		return one->number > other->number ? -1 : 1;
	if (order == BY_TIME && one->modified_us != other->modified_us)
		return one->modified_us < other->modified_us ? -1 : 1;
	return strcmp(one->path, other->path);
}

static void sort(struct rotation *rotation)
{
	size_t numbers = 0, names = 0;
	enum order order;

	for (size_t i = 0; i < rotation->count; i++) {
		const struct rotated *file = &rotation->files[i];

		if (file->in_row && !file->is_log)
			(*(file->number >= 0 ? &numbers : &names))++;
	}
	order = names == 0 ? BY_NUMBER : numbers == 0 ? BY_NAME : BY_TIME;
	if (rotation->count > 0)
		qsort_r(rotation->files, rotation->count, sizeof(*rotation->files),
			compare, &order);
}

/*
 * Read until it is the same twice: files that are renamed meanwhile show up
 * twice, or not at all.
 */
bool rotation_read(struct rotation *rotation, const char *log, struct error *error)
{
	struct rotation before;
	bool good = read_once(rotation, log, error), same = false;

	for (int i = 0; good && !same && i < TRIES_MAX; i++) {
		before = *rotation;
		good = read_once(rotation, log, error);
		same = good && same_files(rotation, &before);
		rotation_clear(&before);
	}
	if (good)
		sort(rotation);
	else
		rotation_clear(rotation);
	return good;
}
