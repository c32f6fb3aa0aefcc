#pragma once

#include <stdint.h>
#include <stdio.h>

/*
 * A list from a file or a pipe, line by line: whatever editor or program
 * wrote it, and however long its lines are.
 */
enum { LINE_SIZE = 4096 };

struct lines {
	FILE *from;
	int64_t number; /* of the line that was read last; the first is 1 */
	int64_t bytes;	/* read so far */
};

enum line_end {
	LINE_WHOLE,
	LINE_TOO_LONG, /* longer than LINE_SIZE: its rest is still to come */
	LINE_NONE,     /* the end, or ferror() */
};

/* The next line, without its end.  LENGTH is strlen(LINE) unless it has a NUL byte. */
enum line_end lines_next(struct lines *lines, char line[LINE_SIZE + 1], size_t *length);

/* A byte of the rest of a line that is too long; EOF when there is no more of it. */
int lines_rest(struct lines *lines);

/* LINE without blanks at both ends, the CR of CRLF, and the byte order mark of a file. */
char *lines_trim(const struct lines *lines, char *line);
