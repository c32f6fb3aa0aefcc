#include "setup/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

bool file_read(const char *path, struct bytes *bytes, struct error *error)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat status;
	ssize_t got = 0;

	*bytes = (struct bytes){ NULL, 0 };
	if (file < 0 || fstat(file, &status) != 0) {
		error_set(error, "%s: it cannot be read: %s", path, strerror(errno));
		goto out;
	}
	if (!S_ISREG(status.st_mode) || status.st_size > FILE_SIZE_MAX) {
		error_set(error, "%s: it is no file of a reasonable size", path);
		goto out;
	}
	bytes->data = xmalloc((size_t)status.st_size + 1);
	while (bytes->size < (size_t)status.st_size &&
		(got = read(file, bytes->data + bytes->size,
			 (size_t)status.st_size - bytes->size)) > 0)
		bytes->size += (size_t)got;
	bytes->data[bytes->size] = '\0';
	if (bytes->size < (size_t)status.st_size) {
		error_set(error, "%s: it cannot be read whole", path);
		bytes_clear(bytes);
	}
out:
	if (file >= 0)
		close(file);
	return bytes->data != NULL;
}

bool bytes_equal(const struct bytes *one, const struct bytes *other)
{
	return one->data != NULL && other->data != NULL && one->size == other->size &&
	       memcmp(one->data, other->data, one->size) == 0;
}

void bytes_clear(struct bytes *bytes)
{
	free(bytes->data);
	*bytes = (struct bytes){ NULL, 0 };
}

/* ---- in its place ---- */

static bool write_all(int file, const struct bytes *bytes)
{
	size_t written = 0;

	while (written < bytes->size) {
		ssize_t put = write(file, bytes->data + written, bytes->size - written);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			return false;
		written += (size_t)put;
	}
	return true;
}

bool replacement_write(struct replacement *replacement, const char *path,
	const struct bytes *bytes, struct error *error)
{
	struct stat status;
	bool done = false;
	int file = -1;

	*replacement = (struct replacement){ realpath(path, NULL), NULL };
	if (replacement->target == NULL || stat(replacement->target, &status) != 0)
		goto out;
	replacement->temporary = xasprintf("%s.XXXXXX", replacement->target);
	file = mkostemp(replacement->temporary, O_CLOEXEC); /* mode 0600 */
	if (file < 0) {
		free(replacement->temporary);
		replacement->temporary = NULL;
		goto out;
	}
	done = fchown(file, status.st_uid, status.st_gid) == 0 &&
	       fchmod(file, status.st_mode & 07777) == 0 && write_all(file, bytes) &&
	       fsync(file) == 0;
out:
	if (!done) {
		error_set(error, "%s: it cannot be changed: %s", path, strerror(errno));
		replacement_drop(replacement);
	}
	if (file >= 0)
		close(file);
	return done;
}

bool replacement_install(struct replacement *replacement, struct error *error)
{
	bool done = rename(replacement->temporary, replacement->target) == 0;

	if (!done)
		error_set(error, "%s: it cannot be changed: %s", replacement->target,
			strerror(errno));
	else
		replacement->temporary[0] = '\0';
	replacement_drop(replacement);
	return done;
}

void replacement_drop(struct replacement *replacement)
{
	if (replacement->temporary != NULL && replacement->temporary[0] != '\0')
		unlink(replacement->temporary);
	free(replacement->temporary);
	free(replacement->target);
	*replacement = (struct replacement){ NULL, NULL };
}
