#pragma once

#include <stddef.h>

#include "feedback/span.h"

/*
 * Bytes that grow.  What is decoded from a mail is never much longer than the
 * mail (the worst, a byte that is no UTF-8, becomes three), so there is no
 * bound here.  A fresh one is all zeros; what it holds moves when it grows.
 */
struct buffer {
	char *bytes;
	size_t size, room;
};

/* Room for SIZE more bytes behind what is there; the caller writes them and adds to size. */
char *buffer_reserve(struct buffer *buffer, size_t size);
void buffer_add(struct buffer *buffer, const char *bytes, size_t size);
void buffer_clear(struct buffer *buffer);

static inline struct span buffer_span(const struct buffer *buffer)
{
	return (struct span){ buffer->bytes == NULL ? "" : buffer->bytes, buffer->size };
}
