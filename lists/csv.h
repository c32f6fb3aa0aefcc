#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "lists/input.h"

/*
 * Comma-separated values (RFC 4180), one record at a time: quoted fields with
 * doubled quotes and ends of lines in them.  Blanks around a field are none
 * of it, since people edit such files.
 */
enum { CSV_FIELDS = 64 };

struct csv {
	char delimiter;
	char text[RECORD_MAX + CSV_FIELDS + 1]; /* where the fields are */
	const char *fields[CSV_FIELDS];
	size_t count;
};

enum csv_end {
	CSV_RECORD,
	CSV_UNCLOSED,  /* a quote that is not closed before the end of BYTES */
	CSV_BAD_QUOTE, /* something behind a closing quote */
	CSV_TOO_MANY, /* more than CSV_FIELDS; LENGTH is of the whole record all the same */
};

/*
 * Read the record at BYTES, of which SIZE (at most RECORD_MAX) are there.
 * LENGTH is how long it is without the end of its line, for CSV_RECORD and
 * CSV_TOO_MANY.
 */
enum csv_end csv_read(
	struct csv *csv, const char *bytes, size_t size, char line_end, size_t *length);

/* Of comma, semicolon and tab the one that LINE has most of outside quotes; 0: none. */
char csv_delimiter(const char *line, size_t length);
