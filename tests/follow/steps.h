#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "follow/follow.h"

/*
 * A follower of "log" in a folder of the test's own, with real files, driven
 * step by step.  Each step is a text like "write log a|b|", in which | is the
 * end of a line; the table of verbs is in follow_steps.c.
 */
struct following {
	struct follow *follow; /* NULL: stopped */
	char said[4096];       /* what it said and no step has asked for */
	char error[1024];      /* of the last failure to start */
};
extern struct following now;

/* For cmocka: the folder is the current one; in it is "state". */
int make_folder(void **state);
int remove_folder(void **state);

bool start_following(void);
/* Up to a NULL; nothing may have been said then that was not asked for. */
void run_steps(const char *name, const char *const *steps);

/* At OFFSET, or at the end where that is negative. */
void add_to_file(const char *path, off_t offset, const char *bytes, size_t size);
/* All lines there are, each with a | behind it, or the first batch where they are not kept. */
void read_lines(char *got, size_t size, bool keep);
