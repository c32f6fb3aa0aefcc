#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "cli/formats.h"
#include "lists/records.h"

/*
 * A suppression list as it comes from a file or a pipe: finds out what it is,
 * and hands out one entry after the other, or what cannot be one.  The memory
 * that it takes does not depend on the list.
 */
struct reader {
	const char *name; /* of the list, for messages */
	struct input input;
	struct records records;
	enum format format; /* FORMAT_AUTO: not known yet, or the list was empty */
	const struct layout *layout; /* of all rows */
	struct fields fields;
	char *header; /* the first row, where it tells the columns; else NULL */
	size_t header_size;
};

/* False, with ERROR set, when the list as a whole cannot be read: nothing of it then. */
bool reader_open(struct reader *reader, int fd, const char *name, enum format format,
	struct error *error);
void reader_close(struct reader *reader);

enum reading {
	READING_ENTRY,
	READING_REJECTED, /* RECORD has its fault */
	READING_REFUSED,  /* all of the list, with ERROR set */
	READING_END,	  /* of the list, or where its input failed */
};

enum reading reader_next(struct reader *reader, const struct entry_defaults *defaults,
	struct suppression *entry, bool *undated, struct record *record,
	struct error *error);
