#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/error.h"
#include "follow/place.h"

/*
 * A log and what its rotation has left of it: the files of its folder whose
 * names begin with its own.  Those in whose names then comes "." or "-" and a
 * digit (mail.log.1, mail.log-20261124, mail.log.2.gz) make a row, from the
 * oldest to the log itself.  Numbers grow with age, dates do not, and where
 * both are there it is the time of the last change that tells.
 */
struct rotated {
	char *path;
	uint64_t device, inode;
	int64_t size;
	int64_t modified_us;
	long number; /* "12" of mail.log.12.gz; -1: none */
	bool in_row;
	bool compressed;
	bool is_log; /* the last one of the row */
};

struct rotation {
	struct rotated *files;
	size_t count;
};

/*
 * LOG is an absolute path, and may be a symbolic link: then what has been left
 * of its target counts as well.  False, with ERROR set, when the folder cannot
 * be read, or LOG is there but no regular file.
 */
bool rotation_read(struct rotation *rotation, const char *log, struct error *error);
void rotation_clear(struct rotation *rotation);

/*
 * Open the file that PLACE is in, whatever its name is now.  A copy of it that
 * goes as far will do (copytruncate).  -1 with errno set: ENOENT where it is not
 * there any more, ESTALE where it is being renamed.
 */
int rotation_find(
	const struct rotation *rotation, const struct place *place, char path[PATH_MAX]);

/*
 * The first one after the file with these numbers that can be read and is not
 * empty, or the log; NULL: there is none yet.  Where no file has these numbers
 * any more, the first of those that were changed since SINCE_US.  What was
 * compressed meanwhile is lost to us: LOST_UNTIL_US is when the last one of
 * these was changed, or 0.
 */
const struct rotated *rotation_next(const struct rotation *rotation, uint64_t device,
	uint64_t inode, int64_t since_us, int64_t *lost_until_us);

/* When it was written last. */
int64_t status_modified_us(const struct stat *status);

/* Read it, if it is still that file: -1, with errno set. */
int rotated_open(const struct rotated *file);
