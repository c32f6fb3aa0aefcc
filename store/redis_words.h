#pragma once

#include <stddef.h>
#include <stdint.h>

/*
 * The words of a command, or a part of them, copied one behind the other into
 * one piece of memory: a recipient's question has some fifty.
 */
struct words {
	char *bytes; /* each word with its end */
	size_t size, room;
	size_t *starts;
	size_t count, starts_room;
};

void words_add(struct words *words, const char *text);
void words_take(struct words *words, char *text); /* TEXT is copied and freed */
void words_number(struct words *words, int64_t number);
const char *words_text(const struct words *words, size_t index);
/* Those of FROM behind those of TO. */
void words_append(struct words *to, const struct words *from);
void words_clear(struct words *words);
