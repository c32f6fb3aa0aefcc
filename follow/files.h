#pragma once

#include <limits.h>

#include "follow/follow.h"
#include "follow/place.h"
#include "follow/tail.h"
#include "follow/watch.h"

/* Which file of the log is read, and how far: the inner half of follow/follow. */
struct follow {
	char *log;
	struct place_file *place_file;
	struct place place;
	bool placed; /* there is a place */
	struct watch *watch;
	struct tail tail;
	char file[PATH_MAX]; /* name of the tail's file when it was opened */
	/* There is a next file; this one is read to its end once more, and left then. */
	bool leaves;
	bool waits; /* the log was not there, and that was said */
	bool said_skipped;
	follow_notice *notice;
	void *context;
	struct span lines[TAIL_LINES_MAX];
};

void follow_say(const struct follow *follow, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* Note how far the tail is. */
bool follow_write_place(struct follow *follow, struct error *error);

/*
 * Have a file to read, where there is none yet; and at its end go on with the
 * next one.  FOLLOW_LINES means that there may be lines to read now.
 */
enum follow_result follow_find_file(struct follow *follow, struct error *error);
enum follow_result follow_next_file(struct follow *follow, struct error *error);
/* PATH could not be opened or read, for errno's reason. */
enum follow_result follow_cannot(const char *path, struct error *error);
