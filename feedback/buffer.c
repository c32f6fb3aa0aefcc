#include "feedback/buffer.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

char *buffer_reserve(struct buffer *buffer, size_t size)
{
	if (buffer->room - buffer->size < size || buffer->bytes == NULL) {
		buffer->room = buffer->size + size + buffer->room / 2 + 64;
		buffer->bytes = xrealloc(buffer->bytes, buffer->room);
	}
	return buffer->bytes + buffer->size;
}

void buffer_add(struct buffer *buffer, const char *bytes, size_t size)
{
	if (size == 0)
		return;
	memcpy(buffer_reserve(buffer, size), bytes, size);
	buffer->size += size;
}

void buffer_clear(struct buffer *buffer)
{
	free(buffer->bytes);
	*buffer = (struct buffer){ 0 };
}
