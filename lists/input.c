#include "lists/input.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/interrupt.h"
#include "base/memory.h"

/* Several records, so that few bytes are moved to the front. */
enum { ROOM = 8 * RECORD_MAX };

void input_open(struct input *input, int fd)
{
	*input = (struct input){
		.fd = fd,
		.bytes = xmalloc(ROOM),
		.line_end = '\n',
		.line = 1,
	};
}

void input_close(struct input *input)
{
	free(input->bytes);
	input->bytes = NULL;
}

static void read_more(struct input *input)
{
	ssize_t got = read(input->fd, input->bytes + input->end, ROOM - input->end);

	if (got > 0) {
		input->end += (size_t)got;
	} else if (got == 0) {
		input->ended = true;
	} else if (errno != EINTR || interrupt_came()) {
		input->failure = errno;
		input->ended = true;
	}
}

const char *input_look(struct input *input, size_t wanted, size_t *size)
{
	if (input->end - input->start < wanted && input->start > 0 && !input->ended) {
		memmove(input->bytes, input->bytes + input->start,
			input->end - input->start);
		input->end -= input->start;
		input->start = 0;
	}
	while (input->end - input->start < wanted && !input->ended)
		read_more(input);
	*size = input->end - input->start;
	return input->bytes + input->start;
}

void input_take(struct input *input, size_t count)
{
	const char *next = input->bytes + input->start, *end = next + count;

	while ((next = memchr(next, input->line_end, (size_t)(end - next))) != NULL) {
		input->line++;
		next++;
	}
	input->start += count;
	input->taken += (int64_t)count;
}

size_t input_line(struct input *input, const char **line, bool *more)
{
	size_t size;
	const char *end;

	/* What is there already is enough for most lines. */
	for (size_t wanted = 1;; wanted = RECORD_MAX + 1) {
		*line = input_look(input, wanted, &size);
		end = size == 0 ? NULL : memchr(*line, input->line_end, size);
		if (end != NULL || input->ended || wanted > 1)
			break;
	}
	if (end != NULL)
		size = (size_t)(end - *line);
	*more = size > RECORD_MAX;
	return *more ? RECORD_MAX : size;
}

void input_take_line(struct input *input, size_t length)
{
	const char *next;
	size_t size;

	input_take(input, length);
	next = input_look(input, 1, &size);
	if (size > 0 && *next == input->line_end)
		input_take(input, 1);
}
