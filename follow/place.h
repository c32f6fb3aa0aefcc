#pragma once

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "follow/mark.h"

/*
 * How far a log was read and all of it kept, in a file of the state folder.
 * The log goes by its absolute path, but what was read is a file, which may
 * have another name by now.
 */
struct place {
	char file[PATH_MAX]; /* its name when it was opened */
	uint64_t device, inode;
	int64_t offset;	     /* where a line begins */
	struct mark mark;    /* at least of all before that */
	int64_t modified_us; /* when it had been written last, as far as was known */
	int64_t kept_us;     /* when this was kept */
};

/* The place of one log.  It is locked: nobody else can open it meanwhile. */
struct place_file;

/* LOG is an absolute path.  NULL, with ERROR set, also when another one follows it. */
struct place_file *place_open(const char *folder, const char *log, struct error *error);
void place_close(struct place_file *file);

enum place_found {
	PLACE_READ,
	PLACE_NONE,    /* nothing was kept yet */
	PLACE_DAMAGED, /* ERROR says how: to begin anew is all that can be done */
	PLACE_FAILED,  /* ERROR says why, and it is for a person to put right */
};
enum place_found place_read(
	const struct place_file *file, struct place *place, struct error *error);

/* All of it or nothing, also if we are killed meanwhile. */
bool place_write(
	const struct place_file *file, const struct place *place, struct error *error);
