#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "feedback/maillog.h"
#include "feedback/span.h"
#include "follow/mark.h"

/*
 * The lines that are added to a file, read through a window of bounded size
 * that moves over it.  Of a line only whole ones are given, and one longer
 * than TAIL_LINE_MAX is none.  NUL bytes in front of a line are dropped: a
 * writer that does not append leaves a hole when its file is emptied.
 */
enum {
	TAIL_LINE_MAX = MAILLOG_LINE_MAX,
	TAIL_LINES_MAX = 500,
	TAIL_ROOM = 256 << 10,
};

struct tail {
	int file; /* -1: none */
	uint64_t device, inode;
	char *bytes; /* TAIL_ROOM of them: the window */
	size_t size;
	int64_t start;	  /* where in the file it begins */
	struct mark seen; /* the file as far as it was read */
	size_t given;	  /* so much of it was given as lines */
	bool skips;	  /* in the midst of a line that is too long */
	uint64_t skipped; /* such lines */
};

enum tail_state {
	TAIL_MORE,    /* something was read */
	TAIL_END,     /* there is no more now */
	TAIL_CHANGED, /* it was emptied, or written anew: the window is worth nothing */
	TAIL_FAILED,  /* errno says why */
};

void tail_init(struct tail *tail);
void tail_clear(struct tail *tail);

/*
 * From OFFSET of FILE on, where a line begins; MARK is at
 * least of all before that.  FILE is the tail's from now on; the one before is closed.  False,
 * with errno set, when FILE cannot be asked what it is.
 */
bool tail_open(struct tail *tail, int file, int64_t offset, const struct mark *mark);
void tail_close(struct tail *tail);

enum tail_state tail_read(struct tail *tail);

/*
 * The next lines in the window, up to TAIL_LINES_MAX, without their ends; the
 * same again until tail_take().  LAST: nothing is added any more, so what has
 * no end is a line as well.
 */
size_t tail_lines(struct tail *tail, bool last, struct span lines[TAIL_LINES_MAX]);
/* Move behind the lines that were given. */
void tail_take(struct tail *tail);
