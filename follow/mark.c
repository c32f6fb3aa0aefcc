#include "follow/mark.h"

#include <assert.h>
#include <errno.h>
#include <unistd.h>

void mark_add(struct mark *mark, int64_t offset, const char *bytes, size_t size)
{
	const uint64_t basis = UINT64_C(0xcbf29ce484222325);
	const uint64_t prime = UINT64_C(0x100000001b3);

	assert(offset <= mark->size || mark->size == MARK_MAX);
	if (mark->size == 0)
		mark->hash = basis;
	while (mark->size < MARK_MAX && mark->size - offset < (int64_t)size) {
		unsigned char byte = (unsigned char)bytes[mark->size - offset];

		mark->hash = (mark->hash ^ byte) * prime;
		mark->size++;
	}
}

/* From the beginning, all of them; false where there are fewer. */
static bool read_beginning(int file, char *bytes, size_t size)
{
	size_t have = 0;

	while (have < size) {
		ssize_t got = pread(file, bytes + have, size - have, (off_t)have);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		have += got > 0 ? (size_t)got : 0;
	}
	return true;
}

bool mark_fits(const struct mark *mark, int file)
{
	char bytes[MARK_MAX];
	struct mark found = { 0 };

	if (mark->size == 0)
		return true;
	if (mark->size > MARK_MAX || !read_beginning(file, bytes, mark->size))
		return false;
	mark_add(&found, 0, bytes, mark->size);
	return found.hash == mark->hash;
}
