#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Configuration files, whole. */
struct bytes {
	char *data; /* a NUL byte follows */
	size_t size;
};

enum { FILE_SIZE_MAX = 16 << 20 };

bool file_read(const char *path, struct bytes *bytes, struct error *error);
bool bytes_equal(const struct bytes *one, const struct bytes *other);
void bytes_clear(struct bytes *bytes);

/* A file that is still beside the one whose place it will take. */
struct replacement {
	char *target;	 /* where PATH leads to, past symbolic links */
	char *temporary; /* in the same folder */
};

/*
 * Write BYTES beside PATH, which has to be there, with its owner and mode.
 * Then either put it in its place, which is one step, or drop it.
 */
bool replacement_write(struct replacement *replacement, const char *path,
	const struct bytes *bytes, struct error *error);
bool replacement_install(struct replacement *replacement, struct error *error);
void replacement_drop(struct replacement *replacement);
