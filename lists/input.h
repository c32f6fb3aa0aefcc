#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The bytes of a list, from a file or a pipe of any size: a window that moves
 * over them, in which a whole record can be looked at before it is taken.
 */
enum { RECORD_MAX = 64 << 10 };

struct input {
	int fd;
	char *bytes;
	size_t start, end; /* of what was read and not yet taken */
	bool ended;
	int failure;   /* errno of the read that failed; it then ends there */
	char line_end; /* \n, or \r in a file that has no other */
	int64_t line;  /* number of the line that the next byte is in; the first is 1 */
	int64_t taken; /* bytes */
};

void input_open(struct input *input, int fd);
void input_close(struct input *input); /* FD stays open */

/* What comes next: at least WANTED bytes (up to RECORD_MAX + 1), or all there are. */
const char *input_look(struct input *input, size_t wanted, size_t *size);
/* Move behind the next COUNT bytes, which were looked at. */
void input_take(struct input *input, size_t count);

/*
 * How long the next line is, without its end, if that is among the next
 * RECORD_MAX + 1 bytes or there is none before the last; else MORE is true
 * and it goes on.
 */
size_t input_line(struct input *input, const char **line, bool *more);
/* Take a line whose first LENGTH bytes are looked at, with its end if that comes next. */
void input_take_line(struct input *input, size_t length);
