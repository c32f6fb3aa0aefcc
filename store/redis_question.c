#include "store/redis_question.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void question_add(
	struct question *question, int argc, const char **argv, const size_t *lengths)
{
	char *command = NULL;
	/* int in hiredis 0.14, long long in 1.x */
	long long size = redisFormatCommandArgv(&command, argc, argv, lengths);

	if (size < 0)
		abort(); /* out of memory, as in xmalloc() */
	question->bytes = xrealloc(question->bytes, question->size + (size_t)size);
	memcpy(question->bytes + question->size, command, (size_t)size);
	question->size += (size_t)size;
	question->count++;
	redisFreeCommand(command);
}

void question_words(struct question *question, ...)
{
	const char *argv[32];
	int argc = 0;
	va_list words;

	va_start(words, question);
	for (const char *word; (word = va_arg(words, const char *)) != NULL;)
		if (argc < (int)(sizeof(argv) / sizeof(argv[0])))
			argv[argc++] = word;
	va_end(words);
	question_add(question, argc, argv, NULL);
}

void question_forget(struct question *question)
{
	if (question->replies != NULL)
		for (size_t i = 0; i < question->count; i++)
			if (question->replies[i] != NULL)
				freeReplyObject(question->replies[i]);
	free(question->replies);
	question->replies = NULL;
}

void question_clear(struct question *question)
{
	question_forget(question);
	free(question->bytes);
	*question = (struct question)QUESTION_NONE;
}
