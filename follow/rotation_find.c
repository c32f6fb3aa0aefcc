#include "follow/rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

int rotated_open(const struct rotated *file)
{
	/* O_NONBLOCK: what has become a FIFO must not keep us waiting. */
	int fd = open(file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY |
					  (file->is_log ? 0 : O_NOFOLLOW));
	struct stat status;

	if (fd < 0)
		return -1;
	if (fstat(fd, &status) == 0 && status.st_dev == file->device &&
		status.st_ino == file->inode)
		return fd;
	close(fd);
	errno = ESTALE;
	return -1;
}

static bool is_same(const struct rotated *file, uint64_t device, uint64_t inode)
{
	return file->device == device && file->inode == inode;
}

/* Open FILE if PLACE can be in it; else -1, with errno set. */
static int try_place(const struct rotated *file, const struct place *place)
{
	int fd = -1;

	errno = ENOENT;
	if (!file->compressed && file->size >= place->offset)
		fd = rotated_open(file);
	if (fd >= 0 && !mark_fits(&place->mark, fd)) {
		close(fd);
		fd = -1;
		errno = ENOENT;
	}
	return fd;
}

/* Under the name it had: a link that pointed to it may point elsewhere now. */
static int try_old_name(const struct place *place)
{
	struct rotated file = { .path = (char *)(uintptr_t)place->file };
	struct stat status;

	errno = ENOENT;
	if (lstat(file.path, &status) != 0 || !S_ISREG(status.st_mode) ||
		status.st_ino != place->inode)
		return -1;
	file.device = status.st_dev;
	file.inode = status.st_ino;
	file.size = status.st_size;
	return try_place(&file, place);
}

/*
 * Among the files with its numbers, or the others, from the log to the oldest.
 * What cannot be read is a failure only where it is the file itself.
 */
static int try_files(const struct rotation *rotation, const struct place *place,
	bool itself, char path[PATH_MAX])
{
	for (size_t i = rotation->count; i > 0; i--) {
		const struct rotated *file = &rotation->files[i - 1];
		int fd;

		if (is_same(file, place->device, place->inode) != itself)
			continue;
		fd = try_place(file, place);
		text_copy(path, PATH_MAX, file->path);
		if (fd >= 0 || (itself && errno != ENOENT))
			return fd;
	}
	errno = ENOENT;
	return -1;
}

int rotation_find(
	const struct rotation *rotation, const struct place *place, char path[PATH_MAX])
{
	int fd = try_files(rotation, place, true, path);

	if (fd >= 0 || errno != ENOENT)
		return fd;
	/* Where nothing had been seen, everything begins as it did. */
	if (place->mark.size > 0)
		fd = try_files(rotation, place, false, path);
	if (fd >= 0)
		return fd;
	text_copy(path, PATH_MAX, place->file);
	return try_old_name(place);
}

/* It is just being made, and what it is made of is there. */
static bool has_original(const struct rotation *rotation, const struct rotated *file)
{
	size_t length = (size_t)(strrchr(file->path, '.') - file->path);

	for (size_t i = 0; i < rotation->count; i++)
		if (strncmp(rotation->files[i].path, file->path, length) == 0 &&
			rotation->files[i].path[length] == '\0')
			return true;
	return false;
}

const struct rotated *rotation_next(const struct rotation *rotation, uint64_t device,
	uint64_t inode, int64_t since_us, int64_t *lost_until_us)
{
	size_t first = 0;

	*lost_until_us = 0;
	for (size_t i = 0; i < rotation->count; i++)
		if (is_same(&rotation->files[i], device, inode) &&
			rotation->files[i].in_row)
			first = i + 1;
	for (size_t i = first; i < rotation->count; i++) {
		const struct rotated *file = &rotation->files[i];

		if (!file->in_row || is_same(file, device, inode))
			continue;
		if (file->is_log)
			return file;
		if (first == 0 && file->modified_us < since_us)
			continue;
		if (!file->compressed && file->size > 0)
			return file;
		if (file->compressed && file->modified_us > since_us &&
			file->modified_us > *lost_until_us &&
			!has_original(rotation, file))
			*lost_until_us = file->modified_us;
	}
	return NULL;
}
