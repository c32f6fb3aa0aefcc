#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * How a file begins: how many bytes were looked at, and a hash of them.  By
 * that a log is known again under another name, and one that was emptied and
 * has grown since is known to be another.  Nobody gains by forging it, so the
 * hash is a plain one.  All zero is the mark of nothing, which every file has.
 */
enum { MARK_MAX = 4096 };

struct mark {
	uint32_t size; /* up to MARK_MAX */
	uint64_t hash; /* FNV-1a */
};

/*
 * BYTES are at OFFSET of the file, which is not behind what was looked at
 * before: what is new of them counts, as far as MARK_MAX.
 */
void mark_add(struct mark *mark, int64_t offset, const char *bytes, size_t size);

/* Does the file begin so?  It does not where it cannot be read. */
bool mark_fits(const struct mark *mark, int file);
