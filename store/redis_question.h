#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <hiredis/hiredis.h>

/*
 * Commands that go to Redis in one write and whose replies come back
 * together.  It belongs to one thread; replies live until question_clear().
 */
struct question {
	char *bytes; /* in Redis's protocol */
	size_t size;
	size_t count;	      /* of commands */
	redisReply **replies; /* one a command, once asked; NULL where none came */
	bool once; /* must not be asked again when it may have been heard already */
};

#define QUESTION_NONE                                                                    \
	{                                                                                \
		NULL, 0, 0, NULL, false                                                  \
	}

void question_add(
	struct question *question, int argc, const char **argv, const size_t *lengths);
/* The same for words that are C strings; the last is NULL. */
void question_words(struct question *question, ...) __attribute__((sentinel));
void question_clear(struct question *question);
/* Only the replies, so that it can be asked again. */
void question_forget(struct question *question);
