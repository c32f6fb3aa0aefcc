#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/reader.h"

/*
 * What could not be imported, and why: told on stderr, and kept in
 * NAME.rejected in a form that can be put right and imported.  Where there is
 * no file for it to be beside, or it cannot be written, stderr has it all.
 */
struct rejected {
	const char *name;
	bool beside; /* keep it in a file */
	FILE *to;    /* made with the first of them */
	int64_t count;
};

void rejected_add(
	struct rejected *rejected, struct reader *reader, const struct record *record);
/*
 * At the end: a file of an earlier import goes where nothing was bad.  False
 * when not all could be written.
 */
bool rejected_finish(struct rejected *rejected);
