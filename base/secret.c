#include "base/secret.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "base/memory.h"

/* The folder that PATH is in; to be freed. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return xasprintf("%.*s", slash == path ? 1 : (int)(slash - path), path);
}

/* The group first: until then nobody else may read the file. */
static bool fill_secret_file(int file, gid_t group)
{
	uint8_t bytes[SECRET_BYTES];
	struct stat status;
	bool done;

	if (RAND_priv_bytes(bytes, sizeof(bytes)) != 1)
		abort(); /* to go on without would be worse */
	done = fstat(file, &status) == 0 &&
	       /* A group that we are not in cannot be given; ours then is the right one. */
	       (status.st_gid == group || fchown(file, (uid_t)-1, group) == 0 ||
		       errno == EPERM) &&
	       fchmod(file, 0640) == 0 &&
	       write(file, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes) &&
	       fsync(file) == 0;
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return done;
}

/*
 * Written beside, then linked to its name: whoever finds the file finds all
 * of it, and where two make it at once, both go on with that of the first.
 */
static bool make_secret_file(const char *path, struct error *error)
{
	char *folder = folder_of(path);
	char *temporary = xasprintf("%s.XXXXXX", path);
	int directory = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = -1;
	struct stat status;
	bool done = false;

	if (directory < 0 || fstat(directory, &status) != 0)
		goto out;
	file = mkostemp(temporary, O_CLOEXEC); /* O_CREAT | O_EXCL, mode 0600 */
	if (file < 0)
		goto out;
	done = fill_secret_file(file, status.st_gid) &&
	       (link(temporary, path) == 0 || errno == EEXIST) && fsync(directory) == 0;
out:
	if (!done)
		error_set(error,
			"%s: the secret cannot be made: %s; let this user write to the "
			"folder, or "
			"copy the secret of another node there",
			path, strerror(errno));
	if (file >= 0) {
		unlink(temporary);
		close(file);
	}
	if (directory >= 0)
		close(directory);
	free(temporary);
	free(folder);
	return done;
}

static bool check_secret_file(
	const char *path, const struct stat *status, struct error *error)
{
	if (!S_ISREG(status->st_mode))
		return error_set(error, "%s: the secret is not a regular file", path);
	if ((status->st_mode & S_IRWXO) != 0)
		return error_set(error,
			"%s: the secret can be read or changed by everybody: chmod 0640 "
			"it",
			path);
	if (status->st_size != SECRET_BYTES)
		return error_set(error,
			"%s: the secret has %lld bytes, not %d: copy it from another "
			"node, or, where "
			"none has it, remove the file and a new one is made",
			path, (long long)status->st_size, SECRET_BYTES);
	return true;
}

/* O_NONBLOCK: a FIFO of that name must not keep us waiting. */
static int open_secret_file(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

static bool read_secret_file(
	const char *path, int file, uint8_t bytes[SECRET_BYTES], struct error *error)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return error_set(error, "%s: the secret cannot be read: %s", path,
			strerror(errno));
	return check_secret_file(path, &status, error) &&
	       (read(file, bytes, SECRET_BYTES) == SECRET_BYTES ||
		       error_set(error, "%s: the secret cannot be read whole", path));
}

struct secret *secret_read(const char *path, bool make, struct error *error)
{
	uint8_t bytes[SECRET_BYTES];
	struct secret *secret = NULL;
	int file = open_secret_file(path);

	if (file < 0 && errno == ENOENT && make) {
		if (!make_secret_file(path, error))
			return NULL;
		file = open_secret_file(path);
	}
	if (file < 0 && errno == ENOENT && !make)
		error_set(error,
			"%s: there is no secret: okited makes one at its first start; on "
			"a further node of a fleet copy that of another node there first",
			path);
	else if (file < 0)
		error_set(error, "%s: the secret cannot be read: %s", path,
			strerror(errno));
	else if (read_secret_file(path, file, bytes, error))
		secret = secret_new(bytes);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	if (file >= 0)
		close(file);
	return secret;
}
