#include "store/redis_words.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* What a question about one recipient needs, so that it is not grown. */
enum { FIRST_ROOM = 2048, FIRST_COUNT = 64 };

void words_add(struct words *words, const char *text)
{
	size_t size = strlen(text) + 1;

	if (words->count == words->starts_room) {
		words->starts_room =
			words->starts_room == 0 ? FIRST_COUNT : 2 * words->starts_room;
		words->starts = xreallocarray(
			words->starts, words->starts_room, sizeof(*words->starts));
	}
	if (words->room - words->size < size) {
		words->room = 2 * words->room + size + FIRST_ROOM;
		words->bytes = xrealloc(words->bytes, words->room);
	}
	words->starts[words->count++] = words->size;
	memcpy(words->bytes + words->size, text, size);
	words->size += size;
}

void words_take(struct words *words, char *text)
{
	words_add(words, text);
	free(text);
}

void words_number(struct words *words, int64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRId64, number);
	words_add(words, text);
}

const char *words_text(const struct words *words, size_t index)
{
	return words->bytes + words->starts[index];
}

void words_append(struct words *to, const struct words *from)
{
	for (size_t i = 0; i < from->count; i++)
		words_add(to, words_text(from, i));
}

void words_clear(struct words *words)
{
	free(words->bytes);
	free(words->starts);
	*words = (struct words){ 0 };
}
